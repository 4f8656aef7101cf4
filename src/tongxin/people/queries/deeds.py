"""Reading the book: what counts, of whom, as it was known at an instant."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection, transaction


class DeedRow(NamedTuple):
    """One deed that counts. `person` and `counterpart` are surviving entries.

    `counterpart` is None where there is none, where it is staff or erased, and where a merge has made it the person themselves:
    none of these recognises anybody.
    """

    id: int
    person: int
    kind: str
    counterpart: int | None
    subject: int | None
    store: int | None
    community: int | None
    occurred_at: datetime
    known_at: datetime
    weight: int
    verification: str
    value: int | None
    device: str


_LIVE = """
WITH staff AS MATERIALIZED (
    SELECT coalesce(survivor_id, id) AS id FROM people_customer WHERE is_staff
)
SELECT d.id, coalesce(c.survivor_id, c.id) AS person, d.kind,
    CASE WHEN o.id IS NULL OR o.state = 'erased' OR coalesce(o.survivor_id, o.id) = coalesce(c.survivor_id, c.id)
        OR coalesce(o.survivor_id, o.id) IN (SELECT id FROM staff)
        THEN NULL ELSE coalesce(o.survivor_id, o.id) END,
    d.subject_id, d.store_id, d.community, d.occurred_at, d.known_at, d.weight, d.verification, d.value, d.device
FROM people_deed d
JOIN people_customer c ON c.id = d.person_id
LEFT JOIN people_customer o ON o.id = d.counterpart_id
WHERE d.occurred_at >= %(since)s AND d.occurred_at <= %(as_of)s AND d.known_at <= %(as_of)s
    AND d.reverses_id IS NULL
    AND NOT EXISTS (SELECT 1 FROM people_deed r WHERE r.reverses_id = d.id AND r.known_at <= %(as_of)s)
    AND c.state <> 'erased'
    AND coalesce(c.survivor_id, c.id) NOT IN (SELECT id FROM staff)
"""
_SOME = """ AND d.person_id IN (SELECT id FROM people_customer
    WHERE id = ANY(%(persons)s::bigint[]) OR survivor_id = ANY(%(persons)s::bigint[]))"""
_ORDER = " ORDER BY person, d.occurred_at, d.id"


def _ask(as_of: datetime, since: datetime, persons: Iterable[int] | None) -> tuple[str, dict[str, Any]]:
    some = "" if persons is None else _SOME
    return _LIVE + some + _ORDER, {
        "as_of": as_of,
        "since": since,
        "persons": None if persons is None else list(persons),
    }


def live_deeds(as_of: datetime, since: datetime, persons: Iterable[int] | None = None) -> list[DeedRow]:
    """The deeds from `since` to `as_of` that were known at `as_of`, by person and time.

    Reversed ones are left out as soon as the reversal was known; staff and erased people always. For rules and measurement, which
    show nothing of a single person without asking `access_customer` first.
    """
    with connection.cursor() as cursor:
        cursor.execute(*_ask(as_of, since, persons))
        return [DeedRow._make(row) for row in cursor.fetchall()]


def iterate_live_deeds(as_of: datetime, since: datetime, *, batch: int = 10_000) -> Iterator[DeedRow]:
    """The same as a stream, for a whole chain: a worker holds one batch at a time, not the book."""
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(*_ask(as_of, since, None))
        while rows := cursor.fetchmany(batch):
            for row in rows:
                yield DeedRow._make(row)
