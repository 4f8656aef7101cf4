# ruff: noqa: S608 - only SQL and names of ours are put together; values are bound
"""Tables out: what an analyst takes away. Codes instead of members' names, no phones; importable again as they are."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from django.db import connection, transaction

from tongxin.commerce.actions import connect_lake
from tongxin.commerce.lake_layout import LAKE
from tongxin.compass.tables import TABLES, Column
from tongxin.connect.files.cells import ARROW
from tongxin.connect.files.report import BadFile, Fault
from tongxin.connect.files.runs import speaking_of_space
from tongxin.connect.files.writing import FORMATS, SHEET, cell, replacing, write_csv, write_xlsx
from tongxin.foundation.access import SYSTEM, Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused

EXPORTERS = frozenset({SYSTEM, "admin", "hq_editor"})
BATCH = 50_000

Row = Sequence[Any]


@dataclass(frozen=True)
class Exported:
    """One table that was written."""

    table: str
    file: str
    rows: int


def export_tables(
    *, viewer: Viewer, tables: Sequence[str], to: Path, form: str = "parquet", source: str = ""
) -> list[Exported]:
    """Write canonical tables into a folder, `<table>.<form>` each; an existing file is replaced when the new one is whole.

    `source` limits to what came from one source. Raises BadFile for an unknown table or format and for a sheet that would be
    too long; refuses `connect.no_reach`, `no_space`. Names of members and phones are never written.
    """
    if not viewer.roles & EXPORTERS:
        raise Refused("connect.no_reach")
    unknown = [name for name in tables if name not in TABLES]
    if unknown or not tables:
        raise BadFile(*(Fault("export", 0, "TABLE", name, ", ".join(TABLES)) for name in unknown or [""]))
    if form not in FORMATS:
        raise BadFile(Fault("export", 0, "--format", form, ", ".join(FORMATS)))
    done = []
    with speaking_of_space():
        to.mkdir(parents=True, exist_ok=True)
        for name in dict.fromkeys(tables):
            columns, rows = _rows(name, source)
            file = to / f"{name}.{form}"
            done.append(Exported(name, file.name, _write(file, form, name, columns, rows)))
    with transaction.atomic():
        trail(
            viewer=viewer,
            act="connect.exported",
            subject=("connect", "export", form),
            after={"tables": {one.table: one.rows for one in done}, "source": source},
        )
    return done


def _write(file: Path, form: str, table: str, columns: Sequence[Column], rows: Iterable[Row]) -> int:
    if form == "parquet":
        return _write_parquet(file, columns, rows)
    headers = [column.name for column in columns]
    shown = ([cell(value, column) for value, column in zip(row, columns, strict=True)] for row in rows)
    if form == "csv":
        return write_csv(file, headers, shown)
    try:
        return write_xlsx(file, headers, shown)
    except ValueError as fault:
        raise BadFile(
            Fault(file.name, 0, table, f"more than {SHEET} rows", "--format csv or parquet")
        ) from fault


def _write_parquet(file: Path, columns: Sequence[Column], rows: Iterable[Row]) -> int:
    schema = pa.schema([(column.stored, ARROW[column.kind]) for column in columns])
    count = 0
    source = iter(rows)
    with replacing(file) as fresh, pq.ParquetWriter(fresh, schema, compression="zstd") as writer:
        while batch := list(itertools.islice(source, BATCH)):
            count += len(batch)
            lists = zip(*batch, strict=True)
            arrays = [pa.array(values, field.type) for values, field in zip(lists, schema, strict=True)]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
    return count


def _rows(table: str, source: str) -> tuple[list[Column], Iterator[Row]]:
    if table in LAKE:
        return list(TABLES[table].columns), _from_lake(table, source)
    names, sql = _SQL[table]
    columns = [TABLES[table].column(name) for name in names]
    return columns, _from_database(sql, source)


def _from_lake(table: str, source: str) -> Iterator[Row]:
    spec = LAKE[table]
    con = connect_lake(memory="512MB")
    try:
        # Session zone UTC: values come back as UTC instants.
        con.execute("SET TimeZone = 'UTC'")
        given = f"{table}_given" if not spec.by_month else table
        where = "WHERE source = $source" if source else ""
        order = ", ".join(key for key in spec.key if key != "line_key")
        found = con.execute(
            f"SELECT {', '.join(spec.given)} FROM {given} {where} ORDER BY {order}",
            {"source": source} if source else None,
        )
        for batch in found.to_arrow_reader(BATCH):  # fetching times as rows would need pytz
            yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)
    finally:
        con.close()


def _from_database(sql: str, source: str) -> Iterator[Row]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"source": source})
        while batch := cursor.fetchmany(BATCH):
            yield from batch


_CODE = """(SELECT min(i.lookup) FROM people_identity i WHERE i.kind = 'member_code' AND i.customer_id = {who}
    AND (%(source)s = '' OR i.source = %(source)s))"""

_ANSWER = """(SELECT s.granted FROM people_consent s WHERE s.customer_id = c.id AND s.purpose = '{purpose}'
    AND s.companion IS NULL ORDER BY s.at DESC, s.id DESC LIMIT 1)"""

#: deeds that are statuses of taking part, and live: neither reversals nor reversed
_LIVE = """d.reverses_id IS NULL AND NOT EXISTS (SELECT 1 FROM people_deed r WHERE r.reverses_id = d.id)
    AND (%(source)s = '' OR d.source_system = left('import:' || %(source)s, 32))"""

#: table → its columns and where they come from. Names of members and phones are not among them.
_SQL: dict[str, tuple[tuple[str, ...], str]] = {
    "stores": (
        ("store_code", "name", "region", "city", "district", "address", "lat", "lng", "opened_on", "closed_on", "format", "timezone"),
        """SELECT s.code, s.name, r.name, nullif(s.city, ''), nullif(s.district, ''), nullif(s.address, ''), s.lat, s.lng,
                  s.opened_on, s.closed_on, nullif(s.format, ''), s.zone
           FROM stores_store s LEFT JOIN stores_region r ON r.id = s.region_id ORDER BY s.code""",
    ),
    "staff": (
        ("staff_code", "name", "store_code", "role"),
        """SELECT f.code, f.name, s.code, nullif(f.role_word, '') FROM stores_staff f
           JOIN stores_store s ON s.id = f.store_id WHERE f.active ORDER BY f.code""",
    ),
    "members": (
        ("member_code", "gender", "birth_year", "registered_at", "home_store_code", "tier", "is_paid", "consent_marketing",
         "consent_measurement", "source_channel"),
        f"""SELECT i.lookup, nullif(c.gender, ''), c.birth_year, c.registered_at, s.code, nullif(c.tier, ''), c.is_paid,
                   {_ANSWER.format(purpose="group_message")}, {_ANSWER.format(purpose="measurement")}, nullif(c.source_channel, '')
            FROM people_identity i JOIN people_customer c ON c.id = i.customer_id
            LEFT JOIN stores_store s ON s.id = c.home_store_id
            WHERE i.kind = 'member_code' AND c.state <> 'erased' AND (%(source)s = '' OR i.source = %(source)s)
            ORDER BY i.lookup, i.source""",
    ),
    "memberships": (
        ("member_code", "program", "status", "started_at", "ended_at", "fee", "auto_renew"),
        f"""SELECT * FROM (SELECT {_CODE.format(who="m.customer_id")} AS code, m.program, m.status, m.started_at, m.ended_at, m.fee_fen,
                   m.auto_renew FROM commerce_membership m WHERE %(source)s = '' OR m.source = %(source)s) t
            WHERE code IS NOT NULL ORDER BY code, program, started_at""",
    ),
    "participation": (
        ("member_code", "what", "what_code", "status", "happened_at", "store_code", "kit_code"),
        f"""SELECT * FROM (SELECT {_CODE.format(who="d.person_id")} AS code, j.kind, regexp_replace(j.key, '^' || j.kind || ':', ''),
                   d.kind AS status, d.occurred_at, s.code AS store, nullif(j.type, '')
            FROM people_deed d JOIN people_subject j ON j.id = d.subject_id LEFT JOIN stores_store s ON s.id = d.store_id
            WHERE j.kind IN ('event', 'ritual', 'campaign', 'challenge', 'panel')
              AND d.kind IN ('registered', 'waitlisted', 'lost_draw', 'checked_in', 'no_show', 'cancelled') AND {_LIVE}) t
            WHERE code IS NOT NULL ORDER BY 5, 1, 3, 4""",
    ),
    "surveys": (
        ("member_code", "answered_at", "kind", "score", "what_code", "store_code", "sampled"),
        f"""SELECT * FROM (SELECT {_CODE.format(who="d.person_id")} AS code, d.occurred_at, j.type, d.value,
                   nullif(split_part(j.key, ':', 3), ''), s.code AS store, nullif(split_part(j.key, ':', 4), '')
            FROM people_deed d JOIN people_subject j ON j.id = d.subject_id LEFT JOIN stores_store s ON s.id = d.store_id
            WHERE j.kind = 'survey' AND d.kind = 'survey_answered' AND {_LIVE}) t
            WHERE code IS NOT NULL ORDER BY 2, 1""",
    ),
    "ties": (
        ("from_member_code", "to_member_code", "kind", "at"),
        f"""SELECT * FROM (SELECT
                CASE WHEN d.kind = 'answer_accepted' THEN {_CODE.format(who="d.counterpart_id")} ELSE {_CODE.format(who="d.person_id")} END AS a,
                CASE WHEN d.kind = 'answer_accepted' THEN {_CODE.format(who="d.person_id")} ELSE {_CODE.format(who="d.counterpart_id")} END AS b,
                CASE d.kind WHEN 'replied' THEN 'reply' WHEN 'answered' THEN 'answer' WHEN 'answer_accepted' THEN 'accepted'
                            WHEN 'reacted' THEN 'like' ELSE 'referral' END, d.occurred_at
            FROM people_deed d WHERE d.counterpart_id IS NOT NULL
              AND d.kind IN ('replied', 'answered', 'answer_accepted', 'reacted', 'referral_verified') AND {_LIVE}) t
            WHERE a IS NOT NULL AND b IS NOT NULL ORDER BY 4, 1, 2, 3""",
    ),
}  # fmt: skip
