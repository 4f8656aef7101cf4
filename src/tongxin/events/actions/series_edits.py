"""Editing a series: all coming dates, or one and those after it (then the series is split there), in one pass over the rows.

What is past or has begun never moves. A date that somebody changed by hand keeps its change and is named in the answer.
Registrations stay on their rows; those whose date the new rule does not know are called off, told and refunded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q

from tongxin.events import queries
from tongxin.events.actions import (
    bookings,
    calling_off,
    claims,
    kit_links,
    pricing,
    publishing,
    series_letters,
    series_rows,
    waiting,
)
from tongxin.events.actions.bookings import Taken
from tongxin.events.actions.series import check, checked_each, locked, subject_of
from tongxin.events.actions.series_sorting import COUNTED, PLAN, TOLD, WHEN, WHO, Work, day_of, sorted_rows
from tongxin.events.models import Occurrence, Pool, Series
from tongxin.events.queries.series import turns_of
from tongxin.events.rules import recurrence
from tongxin.events.rules.recurrence import Holidays
from tongxin.events.rules.rota import Host
from tongxin.events.terms import State
from tongxin.foundation import clock
from tongxin.foundation.access import Verb, Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused

DAY = timedelta(days=1)
FIXED = frozenset({"fee_fen", "voucher_fen", "voucher_days", "admission", "allotments", "simulated", "kit"})


@dataclass(frozen=True)
class Edited:
    """What an edit did. `series` is the new one when the old was split; `kept` are dates changed by hand, left as they are."""

    series: Series
    changed: tuple[UUID, ...]
    moved: tuple[UUID, ...]
    cancelled: tuple[UUID, ...]
    added: tuple[UUID, ...]
    kept: tuple[UUID, ...]
    clashes: tuple[Taken, ...]


def change_series(
    *,
    viewer: Viewer,
    series_id: UUID,
    version: int,
    from_event: UUID | None = None,
    firm_only: bool = True,
    **edits: Any,
) -> Edited:
    """Change all coming dates, or `from_event` and those after it.

    `edits`: title, rule, until, holidays, start_time, minutes, themes, hosts, places, and what every date starts from (`EACH`;
    fees and what else a registration relies on only for dates still to be made). Refuses `absent`, `edit.stale`, `events.state`,
    `events.past` for a date that has begun, `events.rule`, `events.format`, `events.size_below_taken`, `events.clash`, `input.bad`,
    `commerce.second_person_needed` when it promises more vouchers than who opened the series may alone.
    """
    _known(edits)
    with transaction.atomic():
        old = locked(viewer, series_id)
        if old.version != version:
            raise Refused("edit.stale", version=old.version)
        if old.ended_at is not None:
            raise Refused("events.state")
        split = _split_at(old, from_event, edits)
        ahead = _ahead(old, split)
        target = old if split is None else _split(viewer, old, split, edits)
        _apply(target, edits)
        if split is not None:
            kit_links.cut(old, target, ahead)
        kit_links.series_said(target, ahead, edits)
        themes = ({"theme": theme} for theme in edits.get("themes", ()))
        kit_links.looked_at(target.defaults.get("kit", ""), edits, *themes)
        work = sorted_rows(old, target, ahead, edits)
        if target.published_at is not None and {"places", "voucher_fen"} & set(edits):
            dates = len(work.changed) + len(work.missing)
            pricing.let_out_all(viewer=viewer, series=target, first=old.made_by, dates=dates)
        added, clashes = _write(viewer, target, work, edits, firm_only=firm_only, split=split is not None)
        old.version += 1
        old.save()
        if split is not None:
            target.save()
        trail(
            viewer=viewer,
            act="events.series_changed",
            subject=subject_of(target),
            after={
                "fields": sorted(edits),
                "changed": len(work.changed),
                "moved": len(work.moved),
                "cancelled": len(work.vanished),
                "added": len(added),
                "kept": len(work.kept),
            },
        )
        return Edited(
            target,
            changed=_ids(work.changed),
            moved=_ids(work.moved),
            cancelled=_ids(work.vanished),
            added=_ids(added),
            kept=_ids(work.kept),
            clashes=tuple(clashes),
        )


def _ids(rows: Sequence[Occurrence]) -> tuple[UUID, ...]:
    return tuple(row.public_id for row in rows)


def change_one(
    *,
    viewer: Viewer,
    event_id: UUID,
    version: int,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    **words: Any,
) -> Occurrence:
    """Change one date only: it is on its own from now on, and later edits of the series leave it alone.

    Refuses what `change` and `move` refuse, and `input.bad` when only one of start and end is given.
    """
    if (starts_at is None) is not (ends_at is None):
        raise Refused("input.bad", field="ends_at", reason="starts_at")
    with transaction.atomic():
        found = Occurrence.objects.select_for_update(no_key=True, of=("self",)).get(
            pk=queries.access_event(viewer, event_id, Verb.CHANGE).pk
        )
        if words:
            found = publishing.change(viewer=viewer, event_id=event_id, version=version, **words)
            version = found.version
        if starts_at is not None and ends_at is not None:
            found = publishing.move(
                viewer=viewer, event_id=event_id, version=version, starts_at=starts_at, ends_at=ends_at
            )
        if found.series_id is not None and not found.detached and (words or starts_at is not None):
            found.detached = True
            found.save(update_fields=["detached"])
        return found


def _known(edits: Mapping[str, Any]) -> None:
    fine = {"title", *WHEN, *WHO, *COUNTED, *FIXED, *TOLD, "opens_hours", "closes_hours"}
    wrong = sorted(set(edits) - fine)
    if wrong or not edits:
        raise Refused("input.bad", field=wrong[0] if wrong else "edits", reason="/".join(sorted(fine)))
    if "rule" in edits:
        edits["rule"] = recurrence.parse(edits["rule"]).text()  # type: ignore[index]  # keyword arguments of our caller: a dict of its own


def _split_at(old: Series, from_event: UUID | None, edits: Mapping[str, Any]) -> Occurrence | None:
    """Where the series is cut: at `from_event`; for another plan of all coming dates at the first of them. None: nothing before."""
    rows = Occurrence.objects.filter(series=old)
    if from_event is not None:
        found = rows.filter(public_id=from_event).first()
        if found is None:
            raise Refused("absent")
        if found.starts_at <= clock.now():
            raise Refused("events.past")
    elif PLAN & set(edits):
        found = rows.filter(starts_at__gt=clock.now()).order_by("original_start").first()
    else:
        return None
    if found is None or not rows.filter(original_start__lt=found.original_start).exists():
        return None
    return found


def _ahead(old: Series, split: Occurrence | None) -> list[Occurrence]:
    """The rows an edit is about, locked: what has not begun, from the cut on; cancelled ones too, whose place in the plan counts."""
    rows = (
        Occurrence.objects.select_for_update(no_key=True, of=("self",))
        .select_related("store")
        .filter(series=old)
    )
    rows = rows.filter(Q(starts_at__gt=clock.now()) | Q(original_start__gt=clock.now())).exclude(
        state=State.ENDED
    )
    if split is not None:
        rows = rows.filter(original_start__gte=split.original_start)
    return list(rows.order_by("id"))


def _split(viewer: Viewer, old: Series, at: Occurrence, edits: Mapping[str, Any]) -> Series:
    """A new series from a date on; the old one stops the day before. COUNT goes on being counted."""
    day = day_of(old, at.original_start)
    before = [turn for turn in turns_of(old, old.store, day) if turn.ruled < day]
    rule = recurrence.parse(old.rule)
    rest = rule if rule.count is None else replace(rule, count=max(1, rule.count - len(before)))
    made = Series.objects.get(pk=old.pk)
    made.pk, made.public_id = None, Series._meta.get_field("public_id").get_default()  # noqa: SLF001 (Django's public name for it)
    made._state.adding = True  # noqa: SLF001 (Django's way of copying a row)
    made.store, made.split_from, made.version = old.store, old, 1
    made.rule, made.starts_on = rest.text(), day
    # A plan of its own begins a round of its own; the same plan goes on where the old one stopped.
    made.rotation = 0 if "themes" in edits or "hosts" in edits else old.rotation + len(before)
    made.made_by, made.made_at = viewer.name, clock.now()
    made.save(force_insert=True)
    old.until = day - DAY
    old.planned_to = min(old.planned_to or old.until, old.until)
    trail(
        viewer=viewer, act="events.series_split", subject=subject_of(old), after={"new": str(made.public_id)}
    )
    return made


def _apply(target: Series, edits: Mapping[str, Any]) -> None:
    """The series itself as it is from now on. Refuses what opening one refuses."""
    for name in ("title", "rule", "until", "start_time", "minutes"):
        if name in edits:
            setattr(target, name, edits[name])
    if "holidays" in edits:
        target.holidays = Holidays(edits["holidays"])
    if "themes" in edits:
        target.themes = list(edits["themes"])
    if "hosts" in edits:
        hosts: Sequence[Host] = edits["hosts"]
        series_rows.check_hosts(target.store, hosts)
        target.hosts = [{"staff": h.staff, "member": h.member} for h in hosts]
    each = {name: value for name, value in edits.items() if name in target.defaults}
    target.defaults = checked_each({**target.defaults, **each})
    check(target.format, target.minutes, target.defaults)


def _write(
    viewer: Viewer, target: Series, work: Work, edits: Mapping[str, Any], *, firm_only: bool, split: bool
) -> tuple[list[Occurrence], list[Taken]]:
    """The pass over the rows. As many statements for one row as for a thousand (people who have to be told are rows, too)."""
    calling_off.call_off(viewer=viewer, rows=work.vanished, reason="series_changed")
    if split or WHEN & set(edits):
        series_rows.rename([*work.named, *work.kept, *work.vanished], target)
    series_rows.save_rows(work.changed, target)
    clashes: list[Taken] = []
    if work.moved:
        _move_pools(work)
    if "places" in edits:
        _resize(viewer, target, work.changed)
    things = None
    if "resources" in edits:
        wanted = [UUID(key) for key in target.defaults["resources"]]
        things = [thing.pk for thing in bookings.things_of(target.store_id, wanted)]
    if work.moved or work.hosts or things is not None:
        touched = [
            row for row in work.changed if things is not None or row.pk in work.shifts or row.pk in work.hosts
        ]
        clashes += bookings.move_many(
            occurrences=touched, firm_only=firm_only, hosts=work.hosts, things=things
        )
    visible = [row for row in work.changed if row.state == State.PUBLISHED]
    if visible and (work.moved or "title" in edits):
        series_rows.noted(visible)
    kit_links.moved(viewer, work.moved)
    series_letters.moved(viewer=viewer, rows=[row for row in work.moved if row.state == State.PUBLISHED])
    added: list[Occurrence] = []
    if work.missing:
        added, more = series_rows.lay(target, target.store, work.missing, firm_only=firm_only, viewer=viewer)
        clashes += more
        if target.published_at is not None:
            series_rows.publish_rows(added)
            kit_links.opened(viewer, added)
    return added, clashes


_POOLS = """
UPDATE events_pool p SET schedule = v.schedule, release_at = p.release_at + v.shift
FROM unnest(%s::bigint[], %s::int[], %s::interval[]) AS v(id, schedule, shift) WHERE p.occurrence_id = v.id
"""


def _move_pools(work: Work) -> None:
    claims.lock_pools([row.pk for row in work.moved])
    with connection.cursor() as cursor:
        cursor.execute(
            _POOLS,
            [
                [row.pk for row in work.moved],
                [row.schedule for row in work.moved],
                [work.shifts[row.pk] for row in work.moved],
            ],
        )


def _resize(viewer: Viewer, target: Series, rows: Sequence[Occurrence]) -> None:
    """As many seats for everyone on each date. Refuses `events.size_below_taken` when one has more taken."""
    size = target.defaults["places"] - sum(a["size"] for a in target.defaults["allotments"])
    pools = Pool.objects.filter(occurrence__in=[row.pk for row in rows], audience="")
    claims.lock_pools([row.pk for row in rows])
    found = list(pools)
    most = max((pool.taken + pool.held for pool in found), default=0)
    if most > size:
        raise Refused("events.size_below_taken", taken=most)
    grown = {pool.occurrence_id for pool in found if pool.size < size and pool.waited}
    pools.update(size=size)
    for row in rows:
        if row.pk in grown:
            waiting.pass_on(viewer=viewer, occurrence=row)
