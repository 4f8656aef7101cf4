# ruff: noqa: S608 - only names and numbers of our own are put into SQL
"""Preparing the sheet: the book's Parquet copy, the till and what is known of members, one row each. Job worker only.

Days are counted back from the end of a day, so a window of 28 days is the day itself and the 27 before it.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tongxin.measure.segments import sheet as sheets
from tongxin.measure.segments.words import WINDOWS

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

VERSION = 1
KEPT = 2  # sheets that stay: the newest, and the one that somebody may be reading
GROUP = 50_000


@dataclass(frozen=True)
class Given:
    """What a sheet is made of.

    `book` are files of the book's copy, `people` one row a member (person, usable, store, ring, tenure, paid, consent_…), `roots`
    entry → surviving entry, `orders` and `bought` relations of the connection (or None): (person, at, net_fen) and
    (person, category, order_no, at).
    """

    book: tuple[Path, ...]
    people: pa.Table
    roots: pa.Table
    words: Mapping[str, Mapping[str, str]]
    orders: str | None = None
    bought: str | None = None


def prepare(
    con: duckdb.DuckDBPyConnection, given: Given, home: Path, *, ends: datetime, now: datetime
) -> sheets.Sheet:
    """Write a sheet as of the end of a day and make it the current one; the old stay until the next but one."""
    folder = home / uuid.uuid4().hex
    folder.mkdir(parents=True)
    con.register("people_given", given.people)
    con.register("roots_given", given.roots)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE who AS SELECT row_number() OVER (ORDER BY person) - 1 AS row, * FROM people_given"
    )
    con.execute("SET VARIABLE ends = ?", [ends.timestamp()])
    _deeds(con, given)
    _till(con, given)
    count = _people_file(con, folder)
    _counts_file(con, folder)
    (folder / sheets.DICTIONARY).write_text(
        json.dumps({k: dict(v) for k, v in given.words.items()}, ensure_ascii=False), "utf-8"
    )
    kept = {
        "folder": folder.name,
        "as_of": ends.isoformat(),
        "prepared_at": now.isoformat(),
        "people": count,
        "fingerprint": _fingerprint(folder),
    }
    partial = home / f"{sheets.CURRENT}.{folder.name}"
    partial.write_text(json.dumps(kept), "utf-8")
    partial.replace(home / sheets.CURRENT)
    _tidy(home, folder)
    found = sheets.current(home)
    assert found is not None
    return found


_AGO = "CAST(floor((getvariable('ends') - epoch({at})) / 86400) AS INTEGER)"


def _deeds(con: duckdb.DuckDBPyConnection, given: Given) -> None:
    """Live deeds of the last year, a row for each person, kind and day; joined and left decide who is in a community."""
    files = [str(file) for file in given.book]
    if not files:
        con.execute(
            "CREATE OR REPLACE TEMP TABLE done (row BIGINT, kind VARCHAR, ago INTEGER, n BIGINT, weight INTEGER)"
        )
        con.execute("CREATE OR REPLACE TEMP TABLE inside (row BIGINT, community BIGINT)")
        return
    con.execute(
        f"CREATE OR REPLACE TEMP VIEW book AS SELECT * FROM read_parquet({files!r}, union_by_name = true)"
    )
    # DuckDB pushes the window into the files: a day's file whose deeds are all older is never read.
    since = ends_before(WINDOWS[-1])
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE done AS
        SELECT w.row, d.kind, {_AGO.format(at="d.occurred_at")} AS ago, count(*) AS n, max(d.weight) AS weight
        FROM book d
        LEFT JOIN roots_given r ON r.entry = d.person
        JOIN who w ON w.person = coalesce(r.root, d.person)
        WHERE d.reverses IS NULL AND epoch(d.occurred_at) > {since} AND epoch(d.occurred_at) <= getvariable('ends')
            AND NOT EXISTS (SELECT 1 FROM book x WHERE x.reverses = d.id)
        GROUP BY ALL
    """)
    con.execute("""
        CREATE OR REPLACE TEMP TABLE inside AS
        SELECT row, community FROM (
            SELECT w.row, d.community, arg_max(d.kind, (d.occurred_at, d.id)) AS last
            FROM book d
            LEFT JOIN roots_given r ON r.entry = d.person
            JOIN who w ON w.person = coalesce(r.root, d.person)
            WHERE d.kind IN ('joined', 'left') AND d.community IS NOT NULL AND d.reverses IS NULL
                AND epoch(d.occurred_at) <= getvariable('ends')
            GROUP BY ALL
        ) WHERE last = 'joined'
    """)


def ends_before(days: int) -> str:
    """SQL for the instant that lies so many days before the end of the day, in seconds."""
    return f"(getvariable('ends') - {days} * 86400)"


def _till(con: duckdb.DuckDBPyConnection, given: Given) -> None:
    if given.orders is None:
        con.execute("CREATE OR REPLACE TEMP TABLE rung (row BIGINT, ago INTEGER, orders BIGINT, fen BIGINT)")
    else:
        con.execute(f"""
            CREATE OR REPLACE TEMP TABLE rung AS
            SELECT w.row, {_AGO.format(at="o.at")} AS ago, count(*) AS orders, CAST(sum(o.net_fen) AS BIGINT) AS fen
            FROM {given.orders} o JOIN who w USING (person)
            WHERE epoch(o.at) > {ends_before(WINDOWS[-1])} AND epoch(o.at) <= getvariable('ends')
            GROUP BY ALL
        """)
    if given.bought is None:
        con.execute(
            "CREATE OR REPLACE TEMP TABLE basket (row BIGINT, category VARCHAR, ago INTEGER, n BIGINT)"
        )
    else:
        con.execute(f"""
            CREATE OR REPLACE TEMP TABLE basket AS
            SELECT w.row, b.category, {_AGO.format(at="b.at")} AS ago, count(DISTINCT b.order_no) AS n
            FROM {given.bought} b JOIN who w USING (person)
            WHERE epoch(b.at) > {ends_before(WINDOWS[-1])} AND epoch(b.at) <= getvariable('ends')
            GROUP BY ALL
        """)


def _sums(value: str, name: str, kind: str = "INTEGER") -> str:
    return ", ".join(
        f"CAST(coalesce(sum({value}) FILTER (WHERE ago < {days}), 0) AS {kind}) AS {name}{days}"
        for days in WINDOWS
    )


def _days() -> str:
    return ", ".join(
        f"CAST(count(*) FILTER (WHERE ago < {days}) AS INTEGER) AS days_{days}" for days in WINDOWS
    )


def _people_file(con: duckdb.DuckDBPyConnection, folder: Path) -> int:
    kept = ", ".join(f"coalesce(a.days_{d}, 0) AS days_{d}" for d in WINDOWS)
    rung = ", ".join(
        f"coalesce(b.orders_{d}, 0) AS orders_{d}, coalesce(b.spent_{d}, 0) AS spent_{d}" for d in WINDOWS
    )
    row = con.execute(f"""
        COPY (
            WITH a AS (
                SELECT row, {_days()}, min(ago) AS quiet
                FROM (SELECT DISTINCT row, ago FROM done WHERE weight > 0) GROUP BY row
            ), b AS (
                SELECT row, {_sums("orders", "orders_")}, {_sums("fen", "spent_", "BIGINT")}, min(ago) AS quiet FROM rung GROUP BY row
            )
            SELECT w.* EXCLUDE (row), {kept}, {rung},
                CAST(coalesce(least(a.quiet, b.quiet), {sheets.NEVER}) AS INTEGER) AS silent
            FROM who w LEFT JOIN a USING (row) LEFT JOIN b USING (row) ORDER BY w.row
        ) TO '{folder / sheets.PEOPLE}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 500000)
    """).fetchone()
    return int(row[0]) if row else 0


def _counts_file(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """What few have done: a row for each that has. Sorted by what, so that a rule reads one stretch of the file."""
    sums = _sums("n", "w")
    ones = ", ".join(f"1 AS w{days}" for days in WINDOWS)
    con.execute(f"""
        COPY (
            SELECT * FROM (
                SELECT 'did:' || kind AS what, row, {sums} FROM done GROUP BY ALL
                UNION ALL SELECT 'bought:' || category, row, {sums} FROM basket GROUP BY ALL
                UNION ALL SELECT 'community:' || community, row, {ones} FROM inside
            ) ORDER BY what, row
        ) TO '{folder / sheets.COUNTS}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {GROUP})
    """)


def _fingerprint(folder: Path) -> str:
    digest = hashlib.sha256(f"segments/{VERSION}".encode())
    for name in (sheets.PEOPLE, sheets.COUNTS, sheets.DICTIONARY):
        with (folder / name).open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return f"sha256:{digest.hexdigest()}"


def _tidy(home: Path, newest: Path) -> None:
    folders = sorted((one for one in home.iterdir() if one.is_dir()), key=lambda one: one.stat().st_mtime)
    for old in folders[:-KEPT]:
        if old != newest:
            shutil.rmtree(old, ignore_errors=True)
