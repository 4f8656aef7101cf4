"""Placing a whole chain: evidence from the book's copy as columns, the verdict on columns, and only what changes written. Job worker only.

Whoever moves, or is told that she will, is decided once more row by row by the rule itself: that gives the reasons with the rows
they cite, and proves the columns right. Calm people cost nothing but their numbers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connection

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.locks import advisory
from tongxin.people import ledger
from tongxin.rings import rules
from tongxin.rings.actions.periods import open_periods
from tongxin.rings.actions.policy import LOCK, ensure_policy
from tongxin.rings.actions.recomputing import Plan, Summary, decide_some, leave, past, summed_up, write
from tongxin.rings.models import Override, Run, Standing
from tongxin.rings.queries import body_of
from tongxin.rings.rules import words
from tongxin.rings.rules.traces import week
from tongxin.rings.terms import ORDER, Cause, Move, Ring, RunState
from tongxin.stores.models import Brand
from tongxin.stores.queries import the_brand

if TYPE_CHECKING:
    import numpy as np

    from tongxin.rings.bulk.numbers import Numbers
    from tongxin.rings.bulk.pages import Places
    from tongxin.rings.bulk.verdicts import State
    from tongxin.rings.queries.whole import Everybody, Stood

SLICE = 20_000  # people whose rows are held at a time
SPARE = 7  # days of pages kept beyond the longest window


@dataclass(frozen=True)
class Evidence:
    """What is known at an instant: of everybody as columns, and the files to look up what some did. `anew`: no page was at hand."""

    at: datetime
    on: date
    people: Everybody
    found: Numbers
    files: tuple[Path, ...]
    places: Places
    anew: bool


def place_everybody(*, viewer: Viewer, anew: bool = False) -> Summary:
    """Place everybody as the book is known now, from its copy and today's rows. Repeating changes nothing.

    `anew` makes the pages from the whole copy again; the answer is the same, as the day pages only add up.
    """
    brand, policy = the_brand(), ensure_policy(viewer=viewer)
    with evidence(brand, body_of(policy), anew=anew) as known, advisory(LOCK):
        if Run.objects.filter(brand=brand, whole=True, state=RunState.DONE, as_of__gte=known.at).exists():
            return past(viewer, policy, known.at)
        run = Run.objects.create(
            brand=brand,
            as_of=known.at,
            week=week(known.on.toordinal()),
            policy=policy,
            state=RunState.RUNNING,
            whole=True,
            started_at=known.at,
        )
        plan, disagreed = _placed(viewer, known, run)
        summary = summed_up(plan, policy, known.at)
        run.state, run.summary, run.finished_at = RunState.DONE, summary.as_json(), clock.now()
        run.save(update_fields=["state", "summary", "finished_at"])
        trail(
            viewer=viewer,
            act="rings.recomputed",
            subject=("rings", "run", run.pk),
            after={
                "as_of": known.at.isoformat(),
                "people": summary.people,
                "version": policy.version,
                "anew": known.anew,
                "disagreed": disagreed,
            },
        )
    return summary


@contextmanager
def evidence(brand: Brand, body: rules.PolicyBody, *, anew: bool = False) -> Iterator[Evidence]:
    """The numbers of everybody as of now. Kept pages of all days before today, and today's rows as they are."""
    from tongxin.rings.bulk import pages  # noqa: PLC0415  # slow: brings Arrow
    from tongxin.rings.bulk.numbers import numbers  # noqa: PLC0415  # slow
    from tongxin.rings.queries import whole  # noqa: PLC0415  # slow

    at = clock.now()
    today, lake = clock.business_day(at, brand.zone), Path(settings.TONGXIN_LAKE)
    on, places = today.toordinal(), whole.places_of(brand)
    if anew:
        (lake / "rings" / pages.MANIFEST).unlink(missing_ok=True)
    with TemporaryDirectory(prefix="tongxin-rings-") as name:
        copies = ledger.copied(lake / "book", before=today, zone=brand.zone)
        shelf, made = pages.bring_up(lake / "rings", copies, places, on - body.look_back - SPARE)
        tail = ledger.copy_day(today, Path(name), zone=brand.zone)
        until = whole.since_1970(at) + 1
        more = pages.made_of([tail], shelf, copies, places, until=until).pages
        people = whole.everybody(brand, at, at - timedelta(days=body.look_back + 1))
        days = sorted({*shelf.days(), *more})
        found = numbers(pages.with_more(shelf, more, days), people.who, body, on)
        first = date.fromordinal(on - body.look_back - 2)
        files = tuple(file for day, file in sorted(copies.items()) if day >= first)
        yield Evidence(at, today, people, found, (*files, tail), places, made)


def _placed(viewer: Viewer, known: Evidence, run: Run) -> tuple[Plan, int]:
    import numpy as np  # noqa: PLC0415  # slow: job worker only

    from tongxin.rings.bulk import verdicts  # noqa: PLC0415  # slow, as above
    from tongxin.rings.queries import whole  # noqa: PLC0415  # slow

    body, now, people = body_of(run.policy), whole.moment(known.at), known.people
    stood = whole.stood(people.who.ids)
    spoken = stood.since >= now  # a person has spoken since; history is not rewritten
    usable = people.usable
    flags = verdicts.Flags(people.staff, people.consented, usable, ~spoken)
    after = verdicts.decide(known.found, stood.state, flags, body, week=run.week, now=now)
    by_hand = (stood.set_to >= 0) & usable & (stood.set_until > now)
    ends = (stood.set_to >= 0) & ~by_hand & ~spoken
    ring = np.where(by_hand, stood.set_to, after.ring)
    told = (after.announced != stood.state.announced) & (after.announced == now)
    moves = ~people.staff & ~spoken & ((ring != stood.ring) | told | ends)
    bare = moves & (stood.period == 0) & (ring == verdicts.OUTER) & ~ends & ~told & (stood.set_to < 0)
    plan, disagreed = Plan(), 0
    chosen = people.who.ids[moves & ~bare]
    for begin in range(0, len(chosen), SLICE):
        some = chosen[begin : begin + SLICE]
        part = Plan()
        _row_by_row(part, known, some, run)
        disagreed += _differ(part, some, people.who.ids, ring)
        write(viewer, part, run)
        _add(plan, part)
    gone = Plan()
    _gone(gone, people, stood)
    write(viewer, gone, run)
    _add(plan, gone)
    calm = ~people.staff & ~spoken & ~(moves & ~bare)
    changed = calm & (after.changed(stood.state) | ~stood.kept)
    _standings(people.who.ids[changed], after, changed)
    _arrive(people.who.ids[bare], usable[bare], run)
    _count(plan, people, after, stood, calm=calm, spoken=spoken, ring=ring, by_hand=by_hand, bare=bare)
    return plan, disagreed


def _row_by_row(plan: Plan, known: Evidence, some: np.ndarray, run: Run) -> None:
    from tongxin.rings.queries.cited import traces_from  # noqa: PLC0415  # slow: job worker only

    ids, body = some.tolist(), body_of(run.policy)
    decide_some(
        plan,
        traces_from(known.files, some, known.people, known.places, policy=body, at=known.at),
        kept=Standing.objects.in_bulk(ids),
        overrides={row.customer_id: row for row in Override.objects.filter(ended_at=None, customer__in=ids)},
        places=open_periods(ids),
        run=run,
        on=known.on,
        cite=True,
    )


def _differ(plan: Plan, some: np.ndarray, ids: np.ndarray, ring: np.ndarray) -> int:
    """For how many the rule, row by row, says another ring than the columns did. The rule holds; the trail tells how many."""
    import numpy as np  # noqa: PLC0415  # slow: job worker only

    said = dict(zip(some.tolist(), ring[np.searchsorted(ids, some)].tolist(), strict=True))
    begun = {row.customer_id: Ring(row.ring).step for row in plan.begun}
    return sum(said[person] != step for person, step in begun.items())


def _gone(plan: Plan, people: Everybody, stood: Stood) -> None:
    """Who works here now, and who was merged or erased, is placed nowhere any more."""
    works = people.staff & (stood.kept | (stood.period > 0) | (stood.set_to >= 0))
    ids = [*people.who.ids[works].tolist(), *stood.gone.tolist()]
    places, overrides = open_periods(ids) if ids else {}, {}
    for row in Override.objects.filter(ended_at=None, customer__in=ids):
        overrides[row.customer_id] = row
    for person in ids:
        leave(plan, person, places.get(person), overrides.get(person))


def _add(plan: Plan, part: Plan) -> None:
    plan.moves.update(part.moves)
    plan.seen.update(part.seen)
    plan.announced += part.announced


def _count(
    plan: Plan, people: Everybody, after: State, stood: Stood, *, calm: np.ndarray, spoken: np.ndarray,
    ring: np.ndarray, by_hand: np.ndarray, bare: np.ndarray,
) -> None:  # fmt: skip
    for one in ORDER:
        plan.seen[one.value] += int(
            (calm & (ring == one.step)).sum() + (spoken & (stood.ring == one.step)).sum()
        )
    plan.seen["candidates"] += int((calm & after.candidate).sum())
    plan.seen["overridden"] += int((calm & by_hand).sum())
    plan.seen["staff"] += int(people.staff.sum())
    plan.moves[Move.ARRIVED] += int(bare.sum())


_TOLD = """
    CREATE TEMP TABLE rings_told (customer_id bigint, ring text, since timestamptz, low_runs int, low_week int,
        reviewed_at timestamptz, announced_at timestamptz, candidate boolean) ON COMMIT DROP
"""
_KEEP = """
    INSERT INTO rings_standing (customer_id, ring, since, low_runs, low_week, reviewed_at, announced_at, candidate)
    SELECT * FROM rings_told
    ON CONFLICT (customer_id) DO UPDATE SET ring = excluded.ring, since = excluded.since, low_runs = excluded.low_runs,
        low_week = excluded.low_week, reviewed_at = excluded.reviewed_at, announced_at = excluded.announced_at,
        candidate = excluded.candidate
"""


def _standings(ids: np.ndarray, after: State, which: np.ndarray) -> None:
    """Write what the rule remembers of many, in one statement."""
    from tongxin.rings.bulk.verdicts import NEVER  # noqa: PLC0415  # slow: job worker only
    from tongxin.rings.queries.whole import EPOCH  # noqa: PLC0415  # slow

    if not len(ids):
        return

    def when(at: int) -> datetime | None:
        return None if at == NEVER else EPOCH + timedelta(microseconds=at)

    names = ("ring", "since", "low_runs", "low_week", "reviewed", "announced", "candidate")
    columns = [getattr(after, name)[which].tolist() for name in names]
    with connection.cursor() as cursor:
        cursor.execute(_TOLD)
        with cursor.copy("COPY rings_told FROM STDIN") as copy:
            for person, ring, since, runs, low_week, reviewed, announced, candidate in zip(
                ids.tolist(), *columns, strict=True
            ):
                copy.write_row(
                    (person, ORDER[ring].value, when(since), runs, low_week, when(reviewed), when(announced), candidate)
                )  # fmt: skip
        cursor.execute(_KEEP)
        cursor.execute("DROP TABLE rings_told")


_ARRIVE = """
    INSERT INTO rings_placement (customer_id, ring, period, cause, reasons, policy_id, run_id, moved_from, by_name)
    SELECT id, %(ring)s, tstzrange(%(at)s, NULL, '[)'), %(cause)s, %(reasons)s::jsonb, %(policy)s, %(run)s, '', ''
    FROM unnest(%(ids)s::bigint[]) AS id
"""


def _arrive(ids: np.ndarray, usable: np.ndarray, run: Run) -> None:
    """Newcomers at the edge: one reason for all of them, and what is needed to decide it again. Their lines are worked out when asked for."""
    verdict = rules.decide(rules.blank(run.as_of.date()), body_of(run.policy), run.as_of)
    assert verdict.ring is Ring.OUTER
    told = words.bare_json(verdict, rules.FRESH, run.as_of)
    with connection.cursor() as cursor:
        for which, codes in ((usable, []), (~usable, ["blank_profile"])):
            if which.any():
                reasons = told | {"codes": [*codes, *told["codes"]]}
                cursor.execute(
                    _ARRIVE,
                    {
                        "ring": Ring.OUTER.value,
                        "at": run.as_of,
                        "cause": Cause.AUTO.value,
                        "reasons": json.dumps(reasons),
                        "policy": run.policy_id,
                        "run": run.pk,
                        "ids": ids[which].tolist(),
                    },
                )
