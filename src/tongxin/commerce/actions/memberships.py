"""Paid-membership periods, taken in from files."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from tongxin.commerce.models import Membership
from tongxin.commerce.rules.memberships import MembershipRow, Span, clash, turned_round
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.locks import advisory
from tongxin.people.queries.customers import people_by_code

MEMBERSHIPS = "commerce.memberships"


@dataclass(frozen=True)
class Taken:
    """What an import of periods did; `unknown` and `clashing` hold the places of rows that were not taken, in the order given."""

    new: int = 0
    changed: int = 0
    same: int = 0
    unknown: tuple[int, ...] = ()
    clashing: tuple[int, ...] = ()
    turned: tuple[int, ...] = ()


def upsert_memberships(*, viewer: Viewer, rows: Sequence[MembershipRow], source: str) -> Taken:
    """Take paid periods in, by (member code, program, start). A period that overlaps another of its program is not taken."""
    with advisory(MEMBERSHIPS):
        people = people_by_code({row.member_code for row in rows}, source=source)
        held = _held(set(people.values()))
        fresh: list[Membership] = []
        moved: list[Membership] = []
        same = 0
        unknown, clashing, turned = [], [], []
        for place, row in enumerate(rows):
            if row.member_code not in people:
                unknown.append(place)
                continue
            if turned_round(Span(row.started_at, row.ended_at)):
                turned.append(place)
                continue
            key = f"{row.member_code}|{row.program}|{clock.as_utc(row.started_at).isoformat()}"
            periods = held[people[row.member_code], row.program]
            kept = next((m for m in periods if (m.source, m.source_id) == (source, key)), None)
            others = [Span(m.started_at, m.ended_at) for m in periods if m is not kept]
            if clash(Span(row.started_at, row.ended_at), others):
                clashing.append(place)
                continue
            if kept is None:
                kept = Membership(customer_id=people[row.member_code], source=source, source_id=key)
                periods.append(kept)
                fresh.append(kept)
                _set(kept, row)
            elif _set(kept, row):
                if kept.pk is not None and kept not in moved:
                    moved.append(kept)
            else:
                same += 1
        Membership.objects.bulk_update(moved, _PERIOD, batch_size=2000)
        Membership.objects.bulk_create(fresh, batch_size=2000)
        if fresh or moved:
            trail(
                viewer=viewer,
                act="commerce.memberships_imported",
                subject=("commerce", "source", source),
                after={"new": len(fresh), "changed": len(moved), "same": same},
            )
    return Taken(len(fresh), len(moved), same, tuple(unknown), tuple(clashing), tuple(turned))


_PERIOD = ["program", "status", "started_at", "ended_at", "fee_fen", "auto_renew"]


def _held(customers: set[int]) -> defaultdict[tuple[int, str], list[Membership]]:
    held: defaultdict[tuple[int, str], list[Membership]] = defaultdict(list)
    for period in Membership.objects.filter(customer__in=customers):
        held[period.customer_id, period.program].append(period)
    return held


def _set(period: Membership, row: MembershipRow) -> bool:
    values = {name: getattr(row, name) for name in _PERIOD}
    moved = {name: value for name, value in values.items() if getattr(period, name) != value}
    for name, value in moved.items():
        setattr(period, name, value)
    return bool(moved)
