"""The chain's week in a few statements: how many events and places, by what they are called, and who came where.

Read by headquarters' first page; the number of statements does not grow with the stores.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from tongxin.events.queries.access import READERS
from tongxin.foundation.access import Viewer


@dataclass(frozen=True)
class Week:
    """What a span of time holds in the stores in reach: events by kind, in how many stores, places and who wants them."""

    brand_events: int
    rituals: int
    stores: int
    size: int
    taken: int
    waiting: int

    @property
    def events(self) -> int:
        """All of them."""
        return self.brand_events + self.rituals

    @property
    def left(self) -> int:
        """Places that nobody has."""
        return max(0, self.size - self.taken)


@dataclass(frozen=True)
class Together:
    """Events of the span that have one name: in how many stores, when the first begins, places; `only` where there is one."""

    title: str
    kind: str
    starts_at: datetime
    events: int
    stores: int
    draws: int
    size: int
    taken: int
    waiting: int
    only: UUID | None
    store_name: str


@dataclass(frozen=True)
class Turnout:
    """A store's week: who had a place at events that are over, and who came."""

    store: int
    week: date
    registered: int
    came: int


_SEATS = """
FROM events_occurrence o
CROSS JOIN LATERAL (SELECT coalesce(sum(size), 0) AS size, coalesce(sum(taken + held), 0) AS taken,
    coalesce(sum(waited), 0) AS waited FROM events_pool WHERE occurrence_id = o.id) p
CROSS JOIN LATERAL (SELECT CASE WHEN p.waited = 0 THEN 0 ELSE (SELECT count(*) FROM events_registration g
    WHERE g.occurrence_id = o.id AND g.state = 'waiting') END AS waiting) w
WHERE o.starts_at >= %(begin)s AND o.starts_at < %(end)s AND o.state IN ('published', 'ended')
    AND (%(stores)s::bigint[] IS NULL OR o.store_id = ANY(%(stores)s))
"""
_WEEK = f"""
SELECT count(*) FILTER (WHERE o.kind = 'brand_event'), count(*) FILTER (WHERE o.kind = 'ritual'), count(DISTINCT o.store_id),
    coalesce(sum(p.size), 0)::bigint, coalesce(sum(p.taken), 0)::bigint, coalesce(sum(w.waiting), 0)::bigint {_SEATS}
"""
_TOGETHER = f"""
SELECT g.*, s.name FROM (
    SELECT o.title, o.kind, min(o.starts_at) AS first, count(*) AS events, count(DISTINCT o.store_id) AS stores,
        count(*) FILTER (WHERE o.admission = 'lottery') AS draws, sum(p.size)::bigint, sum(p.taken)::bigint,
        sum(w.waiting)::bigint, CASE WHEN count(*) = 1 THEN min(o.public_id::text)::uuid END, min(o.store_id) AS store {_SEATS}
    GROUP BY 1, 2) g
JOIN stores_store s ON s.id = g.store ORDER BY g.events DESC, g.first, g.title LIMIT %(limit)s
"""  # noqa: S608 - nothing of anybody's input is in it
# Event by event, each count from an index: joined all at once, PostgreSQL reads every registration and every scan there ever was.
# Whoever was let in without a place of their own does not make it more than everybody.
_TURNOUT = """
WITH o AS MATERIALIZED (
    SELECT id, store_id, date_trunc('week', starts_at AT TIME ZONE %(zone)s)::date AS week FROM events_occurrence
    WHERE starts_at >= %(begin)s AND ends_at < %(end)s AND starts_at < %(end)s AND state IN ('published', 'ended')
        AND (%(stores)s::bigint[] IS NULL OR store_id = ANY(%(stores)s))
), n AS MATERIALIZED (
    SELECT o.store_id, o.week,
        (SELECT count(*) FROM events_registration g WHERE g.occurrence_id = o.id AND g.state = 'confirmed') AS had,
        (SELECT count(*) FROM events_attendance a WHERE a.occurrence_id = o.id AND a.counted IS NOT NULL) AS came
    FROM o
)
SELECT store_id, week, sum(had)::int, sum(least(had, came))::int FROM n WHERE had > 0 GROUP BY 1, 2
"""


def week_in(viewer: Viewer, begin: datetime, end: datetime) -> Week:
    """What begins in a span of time in the stores in reach, drafts and cancelled ones left out."""
    return Week(*_rows(_WEEK, viewer, begin, end)[0])


def together_in(viewer: Viewer, begin: datetime, end: datetime, *, limit: int = 5) -> list[Together]:
    """The same by name: what most stores do first."""
    rows = _rows(_TOGETHER, viewer, begin, end, limit=limit)
    return [Together(*row[:10], *row[11:]) for row in rows]


def turnout(viewer: Viewer, begin: datetime, end: datetime, zone: str) -> list[Turnout]:
    """Per store in reach and week (Mondays in `zone`) who had a place at what is over, and who came."""
    return [Turnout(*row) for row in _rows(_TURNOUT, viewer, begin, end, zone=zone)]


def _rows(
    text: str, viewer: Viewer, begin: datetime, end: datetime, **more: Any
) -> Sequence[tuple[Any, ...]]:
    places = viewer.places(READERS)
    asked = {"begin": begin, "end": end, "stores": None if places is None else sorted(places), **more}
    with connection.cursor() as cursor:
        cursor.execute(text, asked)
        return list(cursor.fetchall())
