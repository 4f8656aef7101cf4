"""A DATASET: the canonical tables, typed, behind one connection.

`open_dataset(path)` reads a directory; `open_sources({...})` takes Arrow tables or paths by table name.
The engine proper only ever sees a `Dataset`.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

import duckdb
import ibis
import pyarrow as pa

from tongxin.compass import engines, partitions, reading
from tongxin.compass.errors import BadInput, Fault, OutOfRoom
from tongxin.compass.sentence import Words
from tongxin.compass.tables import NAIVE_ZONE, TABLES, Column, Table

#: an extract may carry these of an order on each of its lines; then lines are added up without looking orders up
CARRIED = (Column("member_code", "text"), Column("ordered_at", "datetime"))
_SIZES = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_SIZES |= {"KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}

#: a file, a folder of parts, or an Arrow table already in memory
Source: TypeAlias = Path | pa.Table


@dataclass(frozen=True)
class Room:
    """How much memory, disk and how many threads the embedded engine may take, and in how many parts it works.

    `settled` says that the caller's tables hold every key once (a lake that merges by key does): not counted again.
    """

    memory: str = "1GB"
    temp_size: str = "20GB"
    threads: int = 2
    temp: Path | None = None
    partitions: int = 1
    settled: bool = False

    @property
    def bytes(self) -> int:
        """The memory limit in bytes.

        >>> Room("700MB").bytes
        700000000
        """
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?I?B?)\s*", self.memory.upper())
        if found is None or found[2] not in _SIZES:
            raise BadInput.one("memory", repr(self.memory), ("700MB", "4GB"))
        return int(float(found[1]) * _SIZES[found[2]])


@dataclass(frozen=True)
class Dataset:
    """Typed tables and what is known about them.

    Attributes
    ----------
    con : ibis backend
    tables : mapping of table name to ibis table
        Codes are text, money is integer fen (`<name>_fen`), a date-time is UTC with `<name>_date` and
        `<name>_day` (business date in the store's zone; days since 1970-01-01) beside it.
    first_day, last_day : date
        First and last business day with a normal number of orders.
    currency : str
    notes : tuple of Words
        What was kept aside or settled on the way in.
    """

    con: Any
    tables: Mapping[str, Any]
    first_day: date
    last_day: date
    currency: str = "CNY"
    notes: tuple[Words, ...] = ()
    engine: str = ""
    simulated: bool = False
    aside: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    room: Room = field(default_factory=Room)
    engine_kind: str = "duckdb"

    def has(self, table: str, *columns: str) -> bool:
        """Say whether a table is there with all these (stored) columns."""
        return table in self.tables and all(column in self.tables[table].columns for column in columns)

    def require(self, *tables: str) -> None:
        """Raise BadInput naming the tables that are missing."""
        missing = [table for table in tables if table not in self.tables]
        if missing:
            raise BadInput.one(
                "dataset", f"no table {', '.join(missing)}; found {', '.join(self.tables)}", tables
            )

    def arrow(self, expression: Any) -> pa.Table:
        """Run an Ibis expression; out of memory becomes a refusal with advice."""
        return engines.ENGINES[self.engine_kind].ask(self.con, expression)

    @property
    def streams(self) -> bool:
        """Whether the engine can hand over single rows cheaply."""
        return engines.ENGINES[self.engine_kind].stream is not None

    def batches(self, expression: Any) -> Iterator[pa.RecordBatch]:
        """Yield the rows of an Ibis expression batch by batch; ask nothing else before the last one."""
        engine = engines.ENGINES[self.engine_kind]
        if engine.stream is None:
            return iter(engine.ask(self.con, expression).to_batches())
        return engine.stream(self.con, expression)

    def keep(self, expression: Any) -> Any:
        """Compute an Ibis expression once and return it as a table; out of memory becomes a refusal with advice."""
        try:
            return engines.ENGINES[self.engine_kind].keep(expression)
        except OutOfRoom as error:
            raise partitions.nothing_kept(self) from error


def open_dataset(path: Path, room: Room | None = None) -> Dataset:
    """Open a directory that holds `<table>.parquet`, `<table>.csv` or a folder `<table>/` of Parquet parts."""
    if not path.is_dir():
        raise BadInput.one(
            str(path), "is not a directory", ("a directory of canonical tables", "complete-journey")
        )
    sources: dict[str, Source] = {}
    for name in TABLES:
        for candidate in (path / f"{name}.parquet", path / f"{name}.csv", path / name):
            if candidate.is_file() or (candidate.is_dir() and any(candidate.rglob("*.parquet"))):
                sources[name] = candidate
                break
    if not sources:
        there = ", ".join(sorted(item.name for item in path.iterdir())[:12]) or "nothing"
        allowed = tuple(f"{name}.parquet|csv" for name in TABLES)
        raise BadInput.one(str(path), f"holds no canonical table; found {there}", allowed)
    return open_sources(sources, room=room, simulated=(path / "truth.json").is_file())


def open_sources(
    sources: Mapping[str, Source],
    *,
    room: Room | None = None,
    currency: str | None = None,
    simulated: bool = False,
    notes: tuple[Words, ...] = (),
) -> Dataset:
    """Open Arrow tables or paths, by canonical table name.

    Raises
    ------
    BadInput
        With every fault of every table: unknown table, missing column, unreadable value, undecided doubles.
    """
    unknown = [name for name in sources if name not in TABLES]
    if unknown:
        raise BadInput.one("dataset", f"unknown table {', '.join(unknown)}", tuple(TABLES))
    room = room or Room()
    partitions.checked(room.partitions)
    backend = _connect(room)
    con = backend.con
    faults: list[Fault] = []
    said: list[Words] = list(notes)
    views: dict[str, str] = {}
    aside: dict[str, tuple[str, ...]] = {}
    for name, source in sources.items():
        try:
            views[name], settled, aside[name] = _open_table(con, name, source, settled=room.settled)
            said += settled
        except BadInput as error:
            faults += error.faults
    if faults:
        raise BadInput(faults)
    _check_order_numbers(con, views)
    _follow_store_zones(con, views, said)
    tables = {name: backend.table(view) for name, view in views.items()}
    first, last = _normal_days(con, views)
    return Dataset(
        backend,
        tables,
        first,
        last,
        currency or _currency(con, views),
        tuple(said),
        f"duckdb {'.'.join(duckdb.__version__.split('.')[:2])}",
        simulated,
        aside,
        room,
    )


def _connect(room: Room) -> Any:
    room.bytes  # noqa: B018 - an unreadable size is refused here, in our words
    temp = room.temp or Path(tempfile.gettempdir()) / f"tongxin-compass-{os.getpid()}"
    backend = ibis.duckdb.connect(
        memory_limit=room.memory,
        temp_directory=str(temp),
        max_temp_directory_size=room.temp_size,
        threads=room.threads,
        preserve_insertion_order=False,
    )
    with contextlib.suppress(
        duckdb.InvalidInputException
    ):  # a notebook without widgets has no bar to switch off
        backend.con.execute("SET enable_progress_bar = false")  # it would write into what we print
    reading.settle_zone(backend.con)
    return backend


def _canonical(name: str) -> Table:
    """Return the canonical table; lines with what an extract may carry on them."""
    table = TABLES[name]
    return replace(table, columns=(*table.columns, *CARRIED)) if name == "order_lines" else table


def _open_table(
    con: duckdb.DuckDBPyConnection, name: str, source: Source, *, settled: bool
) -> tuple[str, list[Words], tuple[str, ...]]:
    table = _canonical(name)
    raw = _raw(con, name, source)
    try:
        described = con.execute(f"DESCRIBE SELECT * FROM {raw}").fetchall()  # noqa: S608 - names are quoted
        found = {row[0]: row[1] for row in described}
        used, aside = reading.match_columns(table, found)
        reading.check_values(con, table, raw, used, _there(con, source))
        select = ", ".join(item for typed in used for item in typed.outputs)
        kind = "TEMP TABLE" if raw.startswith("read_csv") else "TEMP VIEW"
        con.execute(f"CREATE {kind} {name} AS SELECT {select} FROM {raw}")  # noqa: S608 - names are quoted
    except duckdb.OutOfMemoryException as error:
        raise OutOfRoom.one(
            name, "does not fit into the memory that was allowed", ("a larger limit",)
        ) from error
    except (duckdb.InvalidInputException, duckdb.IOException) as error:
        first = str(error).splitlines()[0]
        raise BadInput.one(
            name, first, ("a UTF-8 CSV or a Parquet file", "tongxin import reads others")
        ) from error
    columns = [row[0] for row in con.execute(f"DESCRIBE {name}").fetchall()]
    view, repeated = (name, 0) if settled else reading.settle_doubles(con, table, name, columns)
    notes = []
    if repeated:
        en = f"{name}: {repeated} row(s) repeated a key; the newest version was kept"
        notes.append(Words(f"{name} 有 {repeated} 行键重复，保留了最新的一行", en))
    if aside:
        names = ", ".join(sorted(aside))
        notes.append(
            Words(f"{name} 中不认识的列未使用：{names}", f"{name}: unknown columns kept aside: {names}")
        )
    return view, notes, tuple(sorted(aside))


def _raw(con: duckdb.DuckDBPyConnection, name: str, source: Source) -> str:
    if isinstance(source, pa.Table):
        con.from_arrow(source).create_view(
            f"{name}_raw"
        )  # `register` would import pandas to look for a frame
        return f"{name}_raw"
    literal = str(source).replace("'", "''")
    if source.suffix == ".csv":
        return f"read_csv('{literal}', header = true, all_varchar = true)"
    if source.is_dir():
        return f"read_parquet('{literal}/**/*.parquet', union_by_name = true, hive_partitioning = true)"
    return f"read_parquet('{literal}')"


def _there(con: duckdb.DuckDBPyConnection, source: Source) -> set[str]:
    """Columns that are full by the statistics of the files; none for what is not Parquet."""
    if isinstance(source, pa.Table) or source.suffix == ".csv":
        return set()
    return reading.always_there(con, f"{source}/**/*.parquet" if source.is_dir() else str(source))


def _check_order_numbers(con: duckdb.DuckDBPyConnection, views: Mapping[str, str]) -> None:
    """Lines and refunds that name no store need order numbers that are unique over all stores."""
    if "orders" not in views:
        return
    for name in ("order_lines", "refunds"):
        if name not in views or "store_code" in _columns(con, views[name]):
            continue
        row = con.execute(f"SELECT count(*) - count(DISTINCT order_no) FROM {views['orders']}").fetchone()  # noqa: S608 - our own view names
        if row and row[0]:
            raise BadInput.one(
                f"{name}.store_code", f"missing, and {row[0]} order numbers repeat across stores"
            )


def _follow_store_zones(con: duckdb.DuckDBPyConnection, views: dict[str, str], notes: list[Words]) -> None:
    """Give orders of stores in other zones the business date of their own clock."""
    if "stores" not in views or "orders" not in views or "timezone" not in _columns(con, views["stores"]):
        return
    other = con.execute(
        f"SELECT DISTINCT timezone FROM {views['stores']} WHERE timezone <> '{NAIVE_ZONE}'"  # noqa: S608 - our own view names
    ).fetchall()
    if not other:
        return
    known = {row[0] for row in con.execute("SELECT name FROM pg_timezone_names()").fetchall()}
    wrong = sorted(row[0] for row in other if row[0] not in known)
    if wrong:
        raise BadInput.one("stores.timezone", f"{', '.join(wrong)} is no time zone", ("an IANA name",))
    local = (
        "CAST(timezone(coalesce(s.timezone, '" + NAIVE_ZONE + "'), timezone('UTC', o.ordered_at)) AS DATE)"
    )
    con.execute(
        f"CREATE TEMP VIEW orders_local AS SELECT o.* REPLACE ({local} AS ordered_at_date, "  # noqa: S608 - our own view names
        f"date_diff('day', DATE '1970-01-01', {local}) AS ordered_at_day) "
        f"FROM {views['orders']} o LEFT JOIN {views['stores']} s USING (store_code)"
    )
    views["orders"] = "orders_local"
    zones = ", ".join(row[0] for row in other)
    notes.append(
        Words(f"营业日按门店所在时区计算：{zones}", f"Business dates follow the stores' own zones: {zones}")
    )


def _columns(con: duckdb.DuckDBPyConnection, view: str) -> list[str]:
    return [row[0] for row in con.execute(f"DESCRIBE {view}").fetchall()]


def _normal_days(con: duckdb.DuckDBPyConnection, views: Mapping[str, str]) -> tuple[date, date]:
    """First and last day with at least half of a median day's orders: a cut-off day is no full day."""
    if "orders" not in views:
        return date(1970, 1, 1), date(1970, 1, 1)
    row = con.execute(
        f"WITH d AS (SELECT ordered_at_date AS day, count(*) AS n FROM {views['orders']} GROUP BY 1) "  # noqa: S608 - our own view names
        "SELECT min(day), max(day) FROM d WHERE n * 2 >= (SELECT quantile_disc(n, 0.5) FROM d)"
    ).fetchone()
    if row is None or row[0] is None:
        raise BadInput.one("orders", "the table is empty", ("at least one order",))
    return row[0], row[1]


def _currency(con: duckdb.DuckDBPyConnection, views: Mapping[str, str]) -> str:
    if "orders" not in views or "currency" not in _columns(con, views["orders"]):
        return "CNY"
    rows = con.execute(
        f"SELECT currency FROM {views['orders']} WHERE currency IS NOT NULL GROUP BY 1 ORDER BY 1"  # noqa: S608 - our own view names
    ).fetchall()
    if len(rows) > 1:
        raise BadInput.one(
            "orders.currency", f"holds {', '.join(row[0] for row in rows)}", ("one currency a dataset",)
        )
    return rows[0][0] if rows else "CNY"
