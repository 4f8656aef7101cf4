"""A month of a store, a region or the chain: what is on, what stands in its way, who is asked too often. Four statements, however many."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from tongxin.events import free_days
from tongxin.events.queries.access import READERS
from tongxin.events.rules.marks import Mark, Policy, Slot, Wish, marks
from tongxin.events.rules.recurrence import Days
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.stores.models import Region, Store


@dataclass(frozen=True)
class MonthLine:
    """One event of the month."""

    slot: Slot
    public_id: UUID
    title: str
    state: str
    store_name: str

    @property
    def id(self) -> int:
        """The event's own number."""
        return self.slot.id


@dataclass(frozen=True)
class Busy:
    """A week in which people of a store have more places than the policy thinks good for anybody."""

    store_name: str
    week: date
    people: int


@dataclass(frozen=True)
class Month:
    """Everything that begins in a span of days, with its warnings and the calendar of holidays."""

    lines: tuple[MonthLine, ...]
    marks: tuple[Mark, ...]
    busy: tuple[Busy, ...]
    days: Days


_LINES = """
SELECT o.id, o.store_id, o.kind, o.starts_at, o.ends_at, (o.starts_at AT TIME ZONE s.zone)::date, o.online_url <> '',
    o.public_id, o.title, o.state, s.name
FROM events_occurrence o JOIN stores_store s ON s.id = o.store_id
WHERE o.starts_at >= %(begin)s AND o.starts_at < %(end)s AND o.state <> 'cancelled'
    AND (%(stores)s::bigint[] IS NULL OR o.store_id = ANY(%(stores)s))
ORDER BY o.starts_at, o.id
"""
_WISHES = """
SELECT DISTINCT w.occurrence_id, b.occurrence_id, w.staff_id IS NOT NULL
FROM events_booking w
JOIN events_occurrence o ON o.id = w.occurrence_id AND o.state <> 'cancelled'
JOIN events_booking b ON b.firm AND b.starts_at < w.ends_at AND b.ends_at > w.starts_at
    AND (b.resource_id = w.resource_id OR b.staff_id = w.staff_id)
WHERE NOT w.firm AND o.starts_at >= %(begin)s AND o.starts_at < %(end)s
    AND (%(stores)s::bigint[] IS NULL OR o.store_id = ANY(%(stores)s))
ORDER BY 1, 2
"""
# Nobody has more than so many places in a week at a store that has no more events in it: most weeks need no look at who registered.
_BUSY = """
WITH o AS MATERIALIZED (
    SELECT id, store_id, week FROM (
        SELECT o.id, o.store_id, w.week, count(*) OVER (PARTITION BY o.store_id, w.week) AS events
        FROM events_occurrence o JOIN stores_store z ON z.id = o.store_id
        CROSS JOIN LATERAL (SELECT date_trunc('week', o.starts_at AT TIME ZONE z.zone)::date AS week) w
        WHERE o.starts_at >= %(begin)s AND o.starts_at < %(end)s AND o.state IN ('published', 'ended')
            AND (%(stores)s::bigint[] IS NULL OR o.store_id = ANY(%(stores)s))) every
    WHERE events > %(places)s
)
SELECT s.name, w.week, count(*) FROM (
    SELECT o.store_id, o.week, g.person_id FROM o CROSS JOIN LATERAL (
        SELECT person_id FROM events_registration WHERE occurrence_id = o.id AND state IN ('confirmed', 'offered') OFFSET 0) g
    GROUP BY 1, 2, 3 HAVING count(*) > %(places)s) w
JOIN stores_store s ON s.id = w.store_id GROUP BY 1, 2 ORDER BY 3 DESC, 2, 1 LIMIT 20
"""


def month(
    viewer: Viewer,
    begin: datetime,
    end: datetime,
    *,
    zone: str,
    store: Store | None = None,
    region: Region | None = None,
    policy: Policy | None = None,
) -> Month:
    """What begins in a span in the stores in reach, drafts included, with every mark. Refuses `absent` for a store out of reach."""
    held = policy or Policy()
    asked = {
        "begin": begin, "end": end, "stores": _stores(viewer, store, region), "places": held.places,
    }  # fmt: skip
    lines = tuple(MonthLine(Slot(*row[:7]), *row[7:]) for row in _rows(_LINES, asked))
    wishes = [Wish(*row) for row in _rows(_WISHES, asked)]
    days = free_days.days_for(zone, {begin.year, end.year})
    told = marks((line.slot for line in lines), days=days, wishes=wishes, policy=held)
    return Month(lines, told, tuple(Busy(*row) for row in _rows(_BUSY, asked)), days)


def _stores(viewer: Viewer, store: Store | None, region: Region | None) -> list[int] | None:
    places = viewer.places(READERS)
    if store is not None:
        if places is not None and store.pk not in places:
            raise Refused("absent")
        return [store.pk]
    if region is not None:
        inside = set(Store.objects.filter(region=region).values_list("pk", flat=True))
        return sorted(inside if places is None else inside & places)
    return None if places is None else sorted(places)


def _rows(text: str, asked: dict[str, Any]) -> Sequence[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(text, asked)
        return list(cursor.fetchall())
