"""The calendar of a store, a region, the brand: a page of occurrences with their places, clashes and tired weeks; or counts a day.

Three statements for a page, two for an overview, however many rows. The order is a key (start, id), so a long month is turned
like pages.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from tongxin.events.queries.access import READERS
from tongxin.events.rules.fatigue import Load, Tired, tired
from tongxin.foundation import clock, pages
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.stores.models import Region, Store

LONGEST = timedelta(days=62)
MOST = 500


@dataclass(frozen=True)
class CalendarLine:
    """One occurrence in a calendar."""

    id: int
    public_id: UUID
    store: int
    store_name: str
    region_name: str
    title: str
    theme: str
    kind: str
    format: str
    state: str
    starts_at: datetime
    ends_at: datetime
    place: str
    online: bool
    series: bool
    detached: bool
    simulated: bool
    size: int
    taken: int
    held: int
    waiting: int

    @property
    def left(self) -> int:
        """Places that nobody has or is offered."""
        return max(0, self.size - self.taken - self.held)


@dataclass(frozen=True)
class Clash:
    """An event that wishes for a thing or a person that another one has."""

    event: int
    what: str
    with_title: str
    starts_at: datetime


@dataclass(frozen=True)
class Calendar:
    """A page of a calendar; `clashes` and `tired` are of the whole span, `cursor` None is the end."""

    lines: tuple[CalendarLine, ...]
    clashes: tuple[Clash, ...]
    tired: tuple[Tired, ...]
    cursor: str | None


@dataclass(frozen=True)
class Cell:
    """What a day of one store (or region) holds."""

    place: int | None
    place_name: str
    day: date
    events: int
    size: int
    taken: int


def month_span(day: date, zone: str = clock.SHANGHAI) -> tuple[datetime, datetime]:
    """From the first instant of the month of a day to the first of the next."""
    first = clock.month_start(day)
    return clock.day_start(first, zone), clock.day_start(clock.month_start(first + timedelta(days=31)), zone)


def week_span(day: date, zone: str = clock.SHANGHAI) -> tuple[datetime, datetime]:
    """From the Monday of the week of a day to the next."""
    monday = clock.week_start(day)
    return clock.day_start(monday, zone), clock.day_start(monday + timedelta(weeks=1), zone)


_LINES = """
SELECT o.id, o.public_id, o.store_id, s.name, coalesce(r.name, ''), o.title, o.theme, o.kind, o.format, o.state, o.starts_at,
    o.ends_at, o.place, o.online_url <> '', o.series_id IS NOT NULL, o.detached, o.simulated, p.size, p.taken, p.held,
    CASE WHEN p.waited = 0 THEN 0 ELSE
        (SELECT count(*) FROM events_registration g WHERE g.occurrence_id = o.id AND g.state = 'waiting') END
FROM events_occurrence o
JOIN stores_store s ON s.id = o.store_id
LEFT JOIN stores_region r ON r.id = s.region_id
CROSS JOIN LATERAL (
    SELECT coalesce(sum(size), 0) AS size, coalesce(sum(taken), 0) AS taken, coalesce(sum(held), 0) AS held,
        coalesce(sum(waited), 0) AS waited
    FROM events_pool WHERE occurrence_id = o.id) p
WHERE o.starts_at >= %(begin)s AND o.starts_at < %(end)s AND o.state <> 'cancelled'
    AND (%(stores)s::bigint[] IS NULL OR o.store_id = ANY(%(stores)s))
    AND (%(at)s::timestamptz IS NULL OR (o.starts_at, o.id) > (%(at)s, %(after)s))
ORDER BY o.starts_at, o.id LIMIT %(limit)s
"""

_CLASHES = """
SELECT DISTINCT ON (w.starts_at, w.id) w.occurrence_id, coalesce(t.name, f.code), other.title, w.starts_at
FROM events_booking w
JOIN events_occurrence o ON o.id = w.occurrence_id AND o.state <> 'cancelled'
JOIN events_booking b ON b.firm AND b.starts_at < w.ends_at AND b.ends_at > w.starts_at
    AND (b.resource_id = w.resource_id OR b.staff_id = w.staff_id)
JOIN events_occurrence other ON other.id = b.occurrence_id
LEFT JOIN stores_storeresource t ON t.id = w.resource_id
LEFT JOIN stores_staff f ON f.id = w.staff_id
WHERE NOT w.firm AND w.starts_at >= %(begin)s AND w.starts_at < %(end)s
    AND (%(stores)s::bigint[] IS NULL OR o.store_id = ANY(%(stores)s))
ORDER BY w.starts_at, w.id, b.starts_at LIMIT %(limit)s
"""

_LOADS = """
SELECT o.store_id, date_trunc('week', o.starts_at AT TIME ZONE s.zone)::date, p.audience, count(*)
FROM events_occurrence o
JOIN stores_store s ON s.id = o.store_id
JOIN events_pool p ON p.occurrence_id = o.id
WHERE o.starts_at >= %(begin)s AND o.starts_at < %(end)s AND o.state IN ('published', 'ended')
    AND (%(stores)s::bigint[] IS NULL OR o.store_id = ANY(%(stores)s))
GROUP BY 1, 2, 3 HAVING count(*) > %(least)s ORDER BY 2, 1, 3
"""


def calendar(
    viewer: Viewer,
    begin: datetime,
    end: datetime,
    *,
    store: Store | None = None,
    region: Region | None = None,
    limit: int = 200,
    cursor: str | None = None,
) -> Calendar:
    """What begins in a span of time in the stores in reach, drafts included, cancelled ones not.

    Refuses `input.bad` for a span over two months, a limit outside 1–500 or a foreign cursor, `absent` for a store or region out
    of reach.
    """
    if not timedelta(0) < end - begin <= LONGEST:
        raise Refused("input.bad", field="end", reason=f"≤ {LONGEST.days}")
    if not 1 <= limit <= MOST:
        raise Refused("input.bad", field="limit", reason=f"1–{MOST}")
    at, after = _place(cursor)
    asked: dict[str, Any] = {
        "begin": begin, "end": end, "stores": _stores(viewer, store, region), "at": at, "after": after, "limit": limit + 1,
        "least": 3,
    }  # fmt: skip
    rows = _rows(_LINES, asked)
    lines = tuple(CalendarLine(*row) for row in rows[:limit])
    more = len(rows) > limit
    loads = (Load(*row) for row in _rows(_LOADS, asked))
    return Calendar(
        lines,
        tuple(Clash(*row) for row in _rows(_CLASHES, asked | {"limit": MOST})),
        tuple(mark for load in loads if (mark := tired(load)) is not None),
        pages.encode([lines[-1].starts_at.isoformat(), lines[-1].id]) if more else None,
    )


_CELLS = """
SELECT {place}, {name}, (o.starts_at AT TIME ZONE s.zone)::date, count(DISTINCT o.id), sum(p.size), sum(p.taken)
FROM events_occurrence o
JOIN stores_store s ON s.id = o.store_id
LEFT JOIN stores_region r ON r.id = s.region_id
JOIN events_pool p ON p.occurrence_id = o.id
WHERE o.starts_at >= %(begin)s AND o.starts_at < %(end)s AND o.state <> 'cancelled'
    AND (%(stores)s::bigint[] IS NULL OR o.store_id = ANY(%(stores)s))
GROUP BY 1, 2, 3 ORDER BY 2, 1, 3
"""
_BY_STORE = _CELLS.format(place="s.id", name="s.name")
_BY_REGION = _CELLS.format(place="s.region_id", name="coalesce(r.name, '')")


def overview(
    viewer: Viewer,
    begin: datetime,
    end: datetime,
    *,
    by_region: bool = False,
    region: Region | None = None,
) -> list[Cell]:
    """How much each store (or region) has on each day: counts only, for a chain that is too big for lines.

    Refuses `input.bad` for a span over two months, `absent` for a region out of reach.
    """
    if not timedelta(0) < end - begin <= LONGEST:
        raise Refused("input.bad", field="end", reason=f"≤ {LONGEST.days}")
    asked = {"begin": begin, "end": end, "stores": _stores(viewer, None, region)}
    return [Cell(*row) for row in _rows(_BY_REGION if by_region else _BY_STORE, asked)]


def _stores(viewer: Viewer, store: Store | None, region: Region | None) -> list[int] | None:
    """The stores an answer may speak of; None is all of them."""
    places = viewer.places(READERS)
    if store is not None:
        if places is not None and store.pk not in places:
            raise Refused("absent")
        return [store.pk]
    if region is not None:
        inside = set(Store.objects.filter(region=region).values_list("pk", flat=True))
        shown = inside if places is None else inside & places
        if not shown and places is not None:
            raise Refused("absent")
        return sorted(shown)
    return None if places is None else sorted(places)


def _place(cursor: str | None) -> tuple[datetime | None, int]:
    if cursor is None:
        return None, 0
    at, after = pages.decode(cursor, 2)
    try:
        return datetime.fromisoformat(str(at)), int(after)
    except ValueError:
        raise Refused("input.bad", field="cursor", reason="?") from None


def _rows(text: str, asked: dict[str, Any]) -> Sequence[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(text, asked)
        return list(cursor.fetchall())
