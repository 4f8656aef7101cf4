"""Who was in a plan to the quiet with a holdout, in which arm, and what they did in the days after. Job worker only; reads, never writes.

Only members who agree to be measured are looked at, in both arms alike; staff and erased people never.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Q

from tongxin.measure.rules_waking import WINDOW, Watched
from tongxin.measure.tracing import purchases
from tongxin.outreach import sequencing
from tongxin.outreach.models import Enrolment, Holdout, Send
from tongxin.outreach.models import Sequence as Plan
from tongxin.outreach.rules import held_out
from tongxin.outreach.terms_plans import Arm, SequenceKind, Target
from tongxin.people.models import Customer

LOOK_BACK = timedelta(days=366)
MOST = 50  # plans of either kind, the newest first
QUIET = (":at_risk", ":dormant")  # how the key of an audience of quiet people ends
LASTS = timedelta(days=WINDOW)


@dataclass(frozen=True)
class Cohort:
    """One plan and those of its people whose days are over. `entered` are all, `redrawn` those whose arm does not follow from the
    seed: there must be none. `kind` says whether it is a sequence or a single message."""

    plan: UUID
    kind: str
    title: str
    entered: int
    waiting: int
    redrawn: int
    people: tuple[Watched, ...]


@dataclass(frozen=True)
class _Entry:
    """A person and when they entered a plan, told or held out; `drawn` is whether the arm follows from the seed."""

    person: int
    at: datetime
    held: bool
    drawn: bool = True


@dataclass(frozen=True)
class _Source:
    """A plan and everybody who entered it, the first entry first."""

    plan: UUID
    kind: str
    title: str
    since: datetime
    entries: tuple[_Entry, ...]


def gather(*, as_of: datetime, stores: frozenset[int] | None) -> tuple[list[Cohort], bool]:
    """Every plan to the quiet with a holdout that was started within a year; and whether anything of it is simulated."""
    sources = [*_sequences(as_of, stores), *_messages(as_of, stores)]
    if not sources:
        return [], False
    orders, agreed, simulated = purchases(min(one.since for one in sources), as_of)
    bought: dict[int, list[tuple[datetime, int]]] = defaultdict(list)
    for order in orders:
        if order.person is not None and order.net_fen > 0:
            bought[order.person].append((order.at, order.net_fen))
    found = []
    for source in sources:
        entries = _once(source.entries, agreed)
        over = [one for one in entries if one.at + LASTS <= as_of]
        found.append(
            Cohort(
                plan=source.plan,
                kind=source.kind,
                title=source.title,
                entered=len(entries),
                waiting=len(entries) - len(over),
                redrawn=sum(not one.drawn for one in source.entries),
                people=tuple(_watched(over, bought)),
            )
        )
        some = [one.person for one in entries[:1]]
        simulated |= Customer.objects.filter(pk__in=some, simulated=True).exists()
    return found, simulated


def _sequences(as_of: datetime, stores: frozenset[int] | None) -> Iterator[_Source]:
    plans = Plan.objects.filter(
        kind=SequenceKind.REACTIVATION,
        target=Target.PERSONS,
        held_permille__gt=0,
        started_at__gt=as_of - LOOK_BACK,
    )
    for plan in plans.order_by("-id")[:MOST]:
        rows = Enrolment.objects.filter(sequence=plan, person__isnull=False)
        if stores is not None:
            rows = rows.filter(person__home_store__in=stores)
        columns = ("person", "person__survivor", "person__public_id", "arm", "entered_at")
        entries = []
        for person, survivor, name, arm, at in rows.order_by("entered_at", "id").values_list(*columns):
            arms = {"arms": plan.arms, "held_permille": plan.held_permille}
            fits = sequencing.arm_of(plan.seed, str(name), **arms) == arm
            entries.append(_Entry(survivor or person or 0, at, arm == Arm.HELD, fits))
        yield _Source(
            plan.public_id, "sequence", plan.title, plan.started_at or plan.created_at, tuple(entries)
        )


def _messages(as_of: datetime, stores: frozenset[int] | None) -> Iterator[_Source]:
    """Single messages to the quiet of a community: their arm is written nowhere, it is drawn anew from the seed."""
    wanted = Q(message__audience_key__endswith=QUIET[0]) | Q(message__audience_key__endswith=QUIET[1])
    holds = Holdout.objects.filter(wanted, message__due_at__gt=as_of - LOOK_BACK).select_related("message")
    for hold in holds.order_by("-id")[:MOST]:
        message = hold.message
        if message is None:
            continue
        rows = Send.objects.filter(message=message)
        if stores is not None:
            rows = rows.filter(person__home_store__in=stores)
        columns = ("person", "person__survivor", "person__public_id")
        entries = tuple(
            _Entry(survivor or person, message.due_at, held_out(hold.seed, [str(name)], hold.share_permille))
            for person, survivor, name in rows.order_by("id").values_list(*columns)
        )
        yield _Source(message.public_id, "message", message.title, message.due_at, entries)


def _once(entries: Iterable[_Entry], agreed: frozenset[int]) -> list[_Entry]:
    """First entries of those who agree to be measured; whoever entered twice into different arms stands in neither."""
    first: dict[int, _Entry] = {}
    both: set[int] = set()
    for one in entries:
        if one.person in agreed and first.setdefault(one.person, one).held is not one.held:
            both.add(one.person)
    return [one for person, one in first.items() if person not in both]


_BACK = """
SELECT w.root FROM unnest(%(roots)s::bigint[], %(since)s::timestamptz[]) AS w(root, since)
WHERE EXISTS (
    SELECT 1 FROM people_customer c JOIN people_deed d ON d.person_id = c.id
    WHERE (c.id = w.root OR c.survivor_id = w.root) AND d.weight > 0 AND d.reverses_id IS NULL
        AND d.occurred_at > w.since AND d.occurred_at <= w.since + make_interval(days => %(days)s)
        AND NOT EXISTS (SELECT 1 FROM people_deed x WHERE x.reverses_id = d.id))
"""


def _watched(entries: Sequence[_Entry], bought: dict[int, list[tuple[datetime, int]]]) -> Iterable[Watched]:
    if not entries:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _BACK,
            {
                "roots": [one.person for one in entries],
                "since": [one.at for one in entries],
                "days": WINDOW,
            },
        )
        back = {row[0] for row in cursor.fetchall()}
    for one in entries:
        mine = [net for at, net in bought.get(one.person, ()) if one.at < at <= one.at + LASTS]
        yield Watched(one.held, one.person in back or bool(mine), len(mine), sum(mine))
