"""The book: append-only, idempotent on the source of a fact, bitemporal. Corrections are reversals.

A row is written once however often its source sends it. PostgreSQL itself refuses to change or delete one (migration 0002).
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from tongxin.foundation import clock, prepared
from tongxin.foundation.access import Viewer, system
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.people.facts import BY_CODE
from tongxin.people.models import Customer, Deed, Subject
from tongxin.people.rules import DeedIn, Written
from tongxin.people.terms import Verification
from tongxin.stores.models import Store

BATCH = 10_000

_INSERT = """
INSERT INTO people_deed (person_id, kind, counterpart_id, subject_id, store_id, community, occurred_at, known_at,
    weight, verification, value, device, source_system, source_id)
SELECT * FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::timestamptz[],
    %s::timestamptz[], %s::smallint[], %s::text[], %s::smallint[], %s::text[], %s::text[], %s::text[])
ON CONFLICT (source_system, source_id) DO NOTHING
"""
# One alone, as most acts write: without fourteen arrays of one value each.
_INSERT_ONE = """
INSERT INTO people_deed (person_id, kind, counterpart_id, subject_id, store_id, community, occurred_at, known_at,
    weight, verification, value, device, source_system, source_id)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (source_system, source_id) DO NOTHING
"""


def record(
    *,
    viewer: Viewer,
    person: Customer | int,
    kind: str,
    occurred_at: datetime,
    source: tuple[str, str],
    subject: Subject | int | None = None,
    store: Store | int | None = None,
    counterpart: Customer | int | None = None,
    community: int | None = None,
    value: int | None = None,
    verification: Verification | None = None,
    device: str = "",
) -> Deed:
    """Write one deed down; the same source again answers the row that is there.

    Belongs into the transaction of the act it tells of, whose own trail names the viewer. Refuses `people.unknown_deed`.
    """
    del viewer  # named by every caller; the act's trail carries it
    system_name, key = source
    row = DeedIn(
        person=_id(person),
        kind=kind,
        occurred_at=occurred_at,
        source_system=system_name,
        source_id=key,
        subject=_maybe(subject),
        store=_maybe(store),
        counterpart=_maybe(counterpart),
        community=community,
        value=value,
        verification=verification,
        device=device,
    )
    with transaction.atomic():
        _insert([row], clock.now())
        return Deed.objects.get(source_system=system_name, source_id=key)


def write(rows: list[DeedIn]) -> int:
    """Write deeds down in one statement, inside the transaction of the act they tell of, whose trail names who acts.

    The same source again changes nothing; answers how many were new. Refuses `people.unknown_deed`.
    """
    return _insert(rows, clock.now())


def record_many(rows: Iterable[DeedIn], *, viewer: Viewer | None = None) -> Written:
    """Write many deeds down in one transaction; repeating changes nothing. Refuses `people.unknown_deed`, then nothing is written."""
    new = seen = 0
    at = clock.now()
    with transaction.atomic():
        for batch in _batches(rows):
            new += _insert(batch, at)
            seen += len(batch)
        if new:
            trail(
                viewer=viewer or system("book"),
                act="people.deeds_recorded",
                subject=("people", "book", "deeds"),
                after={"new": new, "same": seen - new},
            )
    return Written(new=new, same=seen - new)


def _batches(rows: Iterable[DeedIn]) -> Iterator[list[DeedIn]]:
    source = iter(rows)
    while batch := list(islice(source, BATCH)):
        yield batch


def _insert(rows: list[DeedIn], now: datetime) -> int:
    for kind in {row.kind for row in rows}:
        if kind not in BY_CODE:
            raise Refused("people.unknown_deed", kind=kind[:24])
    columns: list[Any] = [
        [row.person for row in rows],
        [row.kind for row in rows],
        [row.counterpart for row in rows],
        [row.subject for row in rows],
        [row.store for row in rows],
        [row.community for row in rows],
        [clock.as_utc(row.occurred_at) for row in rows],
        [row.known_at or now for row in rows],
        [BY_CODE[row.kind].weight for row in rows],
        [str(row.verification or BY_CODE[row.kind].verification) for row in rows],
        [row.value for row in rows],
        [row.device for row in rows],
        [row.source_system for row in rows],
        [row.source_id for row in rows],
    ]
    if len(rows) == 1:
        return prepared.do(_INSERT_ONE, [value for (value,) in columns])
    return prepared.do(_INSERT, columns)


def _id(thing: Customer | Subject | Store | int) -> int:
    return thing if isinstance(thing, int) else thing.pk


def _maybe(thing: Customer | Subject | Store | int | None) -> int | None:
    return None if thing is None else _id(thing)


def reverse(*, viewer: Viewer, deed_id: int, reason: str) -> Deed:
    """Take a deed back by a row of its own; the old one stays. Refuses `absent`, `people.already_reversed`."""
    with transaction.atomic():
        deed = Deed.objects.select_for_update().filter(pk=deed_id, reverses=None).first()
        if deed is None:
            raise Refused("absent")
        if Deed.objects.filter(reverses=deed).exists():
            raise Refused("people.already_reversed")
        entry = Deed.objects.create(
            person_id=deed.person_id,
            kind=deed.kind,
            counterpart_id=deed.counterpart_id,
            subject_id=deed.subject_id,
            store_id=deed.store_id,
            community=deed.community,
            occurred_at=deed.occurred_at,
            known_at=clock.now(),
            weight=-deed.weight,
            verification=Verification.SYSTEM if viewer.account is None else Verification.STAFF,
            source_system="book",
            source_id=f"reverse:{deed.pk}",
            reverses=deed,
        )
        trail(
            viewer=viewer,
            act="people.deed_reversed",
            subject=("people", "deed", deed.pk),
            before={"kind": deed.kind},
            reason=reason,
        )
    return entry


def copied(to: Path, *, before: date, zone: str = clock.SHANGHAI) -> dict[date, Path]:
    """The copies of all days before `before` that the book knows of, by day; what is missing is copied now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(known_at) FROM people_deed")
        (first,) = cursor.fetchone()
    if first is None:
        return {}
    day, found = clock.business_day(first, zone), {}
    while day < before:
        file = to / f"known_on={day.isoformat()}.parquet"
        found[day] = file if file.exists() else copy_day(day, to, zone=zone)
        day += timedelta(days=1)
    return found


_COPIED = (
    "id", "person", "kind", "counterpart", "subject", "subject_kind", "subject_key", "store_code", "community", "occurred_at",
    "known_at", "weight", "verification", "value", "reverses",
)  # fmt: skip

_COPY = """
SELECT d.id, d.person_id, d.kind, d.counterpart_id, d.subject_id, coalesce(j.kind, ''),
    coalesce(j.room || ':' || j.key, ''), coalesce(s.code, ''), d.community, d.occurred_at, d.known_at, d.weight, d.verification,
    d.value, d.reverses_id
FROM people_deed d
LEFT JOIN people_subject j ON j.id = d.subject_id
LEFT JOIN stores_store s ON s.id = d.store_id
WHERE d.known_at >= %s AND d.known_at < %s
ORDER BY d.id
"""


def copy_day(day: date, to: Path, *, zone: str = clock.SHANGHAI) -> Path:
    """Copy what the book learned on `day` to `to/known_on=<day>.parquet` for the engine; may be redone at any time.

    No device, no source number: the copy holds opaque ids of entries only, so an erasure need not touch it. Readers look up who
    stands for an entry today: a merge and its undoing hold for the days before them too.
    """
    import pyarrow as pa  # noqa: PLC0415  # slow: a web worker never needs it
    import pyarrow.parquet as pq  # noqa: PLC0415  # slow

    stamp = pa.timestamp("us", tz="UTC")
    types = {
        "kind": pa.string(), "subject_kind": pa.string(), "subject_key": pa.string(), "store_code": pa.string(),
        "occurred_at": stamp, "known_at": stamp, "weight": pa.int16(), "verification": pa.string(), "value": pa.int16(),
    }  # fmt: skip
    schema = pa.schema([(name, types.get(name, pa.int64())) for name in _COPIED])
    to.mkdir(parents=True, exist_ok=True)
    file = to / f"known_on={day.isoformat()}.parquet"
    partial = file.with_suffix(".partial")
    with connection.cursor() as cursor, pq.ParquetWriter(partial, schema, compression="zstd") as writer:
        cursor.execute(_COPY, [clock.day_start(day, zone), clock.day_end(day, zone)])
        while rows := cursor.fetchmany(BATCH):
            columns = list(zip(*rows, strict=True))
            writer.write_table(
                pa.table({n: pa.array(c, f.type) for n, c, f in zip(_COPIED, columns, schema, strict=True)})
            )
    partial.replace(file)
    return file
