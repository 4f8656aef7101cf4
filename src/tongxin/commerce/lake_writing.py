# ruff: noqa: S608 - only names from `lake_layout` and paths of ours are put into SQL; values are bound or registered
"""The lake's writer: one merge of one table, order-free and all or nothing.

Every row has a place in one total order of the rows of its key: the newest `updated_at`, then the largest `version`; among
rows without either, the later import, then the later row. A merge keeps the greatest row of each key. Taking a maximum is
commutative, associative and idempotent, so permutations, duplicates and splits of the same files end in the same state.
What is derived (the store of a line that names none, its month, `first_of_order`) is computed anew from that state.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tongxin.commerce.lake_commit import Stage, establish, refusing_when_full, writing
from tongxin.commerce.lake_layout import LAKE, UNKNOWN, LakeTable
from tongxin.foundation.clock import SHANGHAI
from tongxin.foundation.errors import Refused

FORGOTTEN = "forgotten.json"

_BLANKED = """CASE WHEN EXISTS (SELECT 1 FROM erased_here e WHERE e.source = o.source AND e.member_code = o.member_code)
    THEN NULL ELSE o.member_code END"""


@dataclass(frozen=True)
class Merged:
    """What a merge did (or would do): rows, not files.

    `later_won` counts changes that only the order of the files decided; `tied` counts rows of one version with two
    contents (the larger content was kept, whichever came first); `unplaced` lines wait for their order.
    """

    new: int = 0
    changed: int = 0
    same: int = 0
    later_won: int = 0
    tied: int = 0
    unplaced: int = 0
    months: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Limits:
    """How much of the machine the writer may take."""

    memory: str = "320MB"
    threads: int = 2
    temp: Path | None = None
    temp_size: str = "20GB"


class Writer:
    """`with Writer(lake) as writer: writer.merge("orders", rows, source="pos", arrival=1)`.

    `clocks` gives stores of another zone or with a business day that ends after midnight (code → zone, cut-off hour);
    `digest` gives the keyed hashes under which an erased (source, member code) may be remembered, so that it never comes back.
    """

    def __init__(
        self,
        lake: Path,
        *,
        limits: Limits | None = None,
        clocks: Mapping[str, tuple[str, int]] | None = None,
        digest: Callable[[str, str], Collection[str]] | None = None,
        patience: float = 60.0,
    ) -> None:
        self.lake = lake
        self.id = establish(lake)
        self._limits = limits or Limits()
        self._clocks = dict(clocks or {})
        self._digest = digest
        self._patience = patience
        self._held = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as held:
            held.enter_context(writing(self.lake, self._patience))
            spill = self._limits.temp or Path(
                held.enter_context(tempfile.TemporaryDirectory(prefix="tongxin-lake-"))
            )
            self._con = held.enter_context(connect(self._limits, spill))
            self._held = held.pop_all()
        self._con.execute("CREATE TEMP TABLE clocks (store_code VARCHAR, zone VARCHAR, cutoff BIGINT)")
        if self._clocks:
            rows = [(code, zone, cutoff) for code, (zone, cutoff) in self._clocks.items()]
            self._con.executemany("INSERT INTO clocks VALUES (?, ?, ?)", rows)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held.close()

    def merge(
        self, table: str, rows: pa.Table, *, source: str, arrival: int, dry_run: bool = False
    ) -> Merged:
        """Merge rows (canonical stored columns; others are ignored, missing ones are empty) into a table.

        `arrival` grows with every import and is the same again when an import is resumed. Refuses `no_space`, `busy` and
        `commerce.too_big`; after a refusal nothing has changed.
        """
        spec = LAKE[table]
        if rows.num_rows == 0:
            return Merged()
        with spoken():
            try:
                merged = self._look(spec, rows, source, arrival)
                if dry_run:
                    return merged
                return self._save(spec, merged)
            finally:
                self._clear()

    def forget(self, digests: Iterable[str]) -> int:
        """Take erased members' codes out of every order, now and in every import to come; returns the number of orders.

        `digests` are what `digest` makes of (source, code). The orders stay: a store's figures are not about the person.
        """
        gone = set(digests)
        spec = LAKE["orders"]
        touched = 0
        with spoken():
            stage = Stage(self.lake)
            try:
                for month, file in spec.months(self.lake).items():
                    there = f"read_parquet('{literal(file)}', hive_partitioning = false)"
                    pairs = self._con.execute(
                        f"SELECT DISTINCT source, member_code FROM {there} WHERE member_code IS NOT NULL"
                    )
                    if erased := self._among(gone, pairs.fetchall()):
                        self._know_erased(erased)
                        touched += _one(
                            self._con,
                            f"SELECT count(*) FROM {there} SEMI JOIN erased_here USING (source, member_code)",
                        )
                        self._write(
                            stage, spec, month, f"SELECT * REPLACE ({_BLANKED} AS member_code) FROM {there} o"
                        )
                staged = stage.fresh(".json")
                with refusing_when_full():
                    staged.write_text(json.dumps(sorted(self._forgotten() | gone)))
                stage.put(staged, self.lake / FORGOTTEN)
                stage.commit(self._patience)
            finally:
                stage.drop()
                self._clear()
        return touched

    # look: which rows win

    def _look(self, spec: LakeTable, rows: pa.Table, source: str, arrival: int) -> Merged:
        self._take_in(spec, rows, source, arrival)
        self._con.execute(f"CREATE TEMP VIEW stored AS {stored(spec, self.lake)}")
        keys = ", ".join(spec.key)
        self._con.execute(
            f"CREATE TEMP TABLE existing AS SELECT * FROM stored SEMI JOIN incoming USING ({keys})"
        )
        came = _one(self._con, "SELECT count(*) FROM incoming")
        distinct = _one(self._con, f"SELECT count(*) FROM (SELECT DISTINCT {keys} FROM incoming)")
        known = _one(self._con, "SELECT count(*) FROM existing")
        if known == 0 and distinct == came:  # a first import: nothing to compare with
            self._con.execute("CREATE TEMP VIEW verdict AS SELECT *, 'new' AS verdict FROM incoming")
            new, changed, later_won, tied = came, 0, 0, 0
        else:
            self._choose(spec)
            new = _one(self._con, "SELECT count(*) FROM verdict WHERE verdict = 'new'")
            changed = _one(self._con, "SELECT count(*) FROM verdict WHERE verdict = 'changed'")
            later_won = _one(
                self._con, "SELECT count(*) FROM verdict WHERE verdict = 'changed' AND arrival IS NOT NULL"
            )
            tied = self._ties(spec)
        if spec.follows and new:
            new -= self._echoes(spec)
        return Merged(new, changed, came - new - changed, later_won, tied)

    def _take_in(self, spec: LakeTable, rows: pa.Table, source: str, arrival: int) -> None:
        if "row_no" not in rows.column_names:
            rows = rows.append_column("row_no", pa.array(np.arange(rows.num_rows, dtype=np.int64)))
        self._con.register("raw", rows)
        there = set(rows.column_names)
        given = {
            name: f"CAST({name} AS {kind})" if name in there else f"CAST(NULL AS {kind})"
            for name, kind in spec.given.items()
        }
        versionless = "updated_at IS NULL AND version IS NULL" if spec.versioned else "TRUE"
        if spec.versioned:
            for name in ("updated_at", "version"):
                versionless = versionless if name in there else versionless.replace(f"{name} IS NULL", "TRUE")
        added = {
            "source": "$source",
            "arrival": f"CASE WHEN {versionless} THEN CAST($arrival AS BIGINT) END",
            "row_no": f"CASE WHEN {versionless} THEN CAST(raw.row_no AS BIGINT) END",
        }
        if spec.follows:
            added["stated_store"] = "coalesce(raw.store_code, '')" if "store_code" in there else "''"
            given["store_code"] = "''"  # comes from the order, see _place
        if "line_key" in spec.added:
            added["line_key"] = (
                "coalesce(CAST(raw.line_no AS BIGINT), 0)" if "line_no" in there else "CAST(0 AS BIGINT)"
            )
        if "first_of_order" in spec.added:
            added["first_of_order"] = "FALSE"  # computed when its partition is written
        join = ""
        if spec.dated_by:
            added["business_date"] = business_date(f"CAST({spec.dated_by} AS TIMESTAMPTZ)")
            shop = "raw.store_code" if "store_code" in there else "NULL"
            join = f"LEFT JOIN clocks ON clocks.store_code = {shop}"
        if "member_code" in there and spec.name == "orders" and (gone := self._forgotten()):
            codes = rows.column("member_code").unique().drop_null().to_pylist()
            if erased := self._among(gone, [(source, code) for code in codes]):
                self._know_erased(erased)
                kept = "raw.member_code NOT IN (SELECT member_code FROM erased_here)"
                given["member_code"] = f"CASE WHEN {kept} THEN raw.member_code END"
        select = ", ".join(f"{(given | added)[name]} AS {name}" for name in spec.columns)
        select = select.replace("CAST(store_code AS", "CAST(raw.store_code AS")
        self._con.execute(
            f"CREATE TEMP TABLE incoming AS SELECT {select} FROM raw {join}",
            {"source": source, "arrival": arrival},
        )
        self._con.unregister("raw")

    def _choose(self, spec: LakeTable) -> None:
        keys = ", ".join(spec.key)
        columns = ", ".join(spec.columns)
        order = ", ".join(rank(spec))
        content = [name for name in spec.given if not (spec.follows and name == "store_code")]
        mine = ", ".join(f"w.{name}" for name in content)
        theirs = ", ".join(f"e.{name}" for name in content)
        on = " AND ".join(f"w.{name} = e.{name}" for name in spec.key)
        self._con.execute(f"""
            CREATE TEMP TABLE winners AS
            SELECT * FROM (SELECT {columns} FROM incoming UNION ALL BY NAME SELECT {columns} FROM existing)
            QUALIFY row_number() OVER (PARTITION BY {keys} ORDER BY {order}) = 1
        """)
        self._con.execute(f"""
            CREATE TEMP TABLE verdict AS
            SELECT w.*, CASE WHEN e.source IS NULL THEN 'new'
                             WHEN ({mine}) IS DISTINCT FROM ({theirs}) THEN 'changed'
                             WHEN (w.arrival, w.row_no) IS DISTINCT FROM (e.arrival, e.row_no) THEN 'later'
                             ELSE 'same' END AS verdict
            FROM winners w LEFT JOIN existing e ON {on}
        """)

    def _ties(self, spec: LakeTable) -> int:
        if not spec.versioned:
            return 0
        on = " AND ".join(f"w.{name} = c.{name}" for name in spec.key)
        content = [name for name in spec.given if not (spec.follows and name == "store_code")]
        mine, theirs = (", ".join(f"{side}.{name}" for name in content) for side in "wc")
        return _one(
            self._con,
            f"""SELECT count(DISTINCT ({", ".join(f"w.{name}" for name in spec.key)}))
                FROM winners w JOIN (FROM incoming UNION ALL BY NAME FROM existing) c ON {on}
                WHERE w.arrival IS NULL AND (w.updated_at, w.version) IS NOT DISTINCT FROM (c.updated_at, c.version)
                  AND ({mine}) IS DISTINCT FROM ({theirs})""",
        )

    def _echoes(self, spec: LakeTable) -> int:
        """Rows that are new by their key and yet shown already: the same line came before without its store.

        Both are kept, because a later order may yet make the other one ambiguous; `open_lake` shows one.
        """
        rest = [name for name in spec.key if name not in ("source", "stated_store")]
        on = " AND ".join(f"v.{name} = s.{name}" for name in ("source", *rest))
        content = [name for name in spec.given if name != "store_code"]
        mine, theirs = (", ".join(f"{side}.{name}" for name in content) for side in "vs")
        return _one(
            self._con,
            f"""SELECT count(*) FROM verdict v JOIN stored s ON {on} AND v.stated_store = s.store_code
                WHERE v.verdict = 'new' AND v.stated_store <> '' AND s.stated_store = ''
                  AND ({mine}) IS NOT DISTINCT FROM ({theirs})""",
        )

    # save: which partitions change

    def _save(self, spec: LakeTable, merged: Merged) -> Merged:
        self._con.execute(
            "CREATE TEMP TABLE writes AS SELECT * EXCLUDE (verdict) FROM verdict WHERE verdict <> 'same'"
        )
        if _one(self._con, "SELECT count(*) FROM writes") == 0:
            return merged
        stage = Stage(self.lake)
        try:
            if spec.name == "orders":
                self._con.execute(f"CREATE TEMP VIEW orders_after AS {self._orders_after()}")
            else:
                self._con.execute(f"CREATE TEMP VIEW orders_after AS {_order_places(self.lake)}")
            self._place(spec, "writes", "placed")
            months = self._rewrite(stage, spec, "placed", "existing")
            if spec.name == "orders":
                months |= self._follow(stage)
            stage.commit(self._patience)
        finally:
            stage.drop()
        unplaced = _one(self._con, "SELECT count(*) FROM placed WHERE month = $m", {"m": UNKNOWN})
        return Merged(
            merged.new,
            merged.changed,
            merged.same,
            merged.later_won,
            merged.tied,
            unplaced,
            frozenset(months - {UNKNOWN, ""}),
        )

    def _orders_after(self) -> str:
        """Places of the orders as they will be once `writes` is merged."""
        return f"""
            SELECT source, store_code, order_no, month FROM ({_order_places(self.lake)})
            ANTI JOIN writes USING (source, store_code, order_no)
            UNION ALL
            SELECT source, store_code, order_no, strftime(business_date, '%Y-%m') FROM writes
        """

    def _place(self, spec: LakeTable, rows: str, into: str) -> None:
        """Add the month, and for what follows an order the store, to rows."""
        if not spec.by_month:
            self._con.execute(f"CREATE TEMP TABLE {into} AS SELECT *, '' AS month FROM {rows}")
            return
        if not spec.follows:
            self._con.execute(
                f"CREATE TEMP TABLE {into} AS SELECT *, strftime(business_date, '%Y-%m') AS month FROM {rows}"
            )
            return
        # A line that names no store belongs to the only order of that number in its source; two such orders decide nothing.
        self._con.execute(f"""
            CREATE OR REPLACE TEMP TABLE near AS
            SELECT * FROM orders_after SEMI JOIN (SELECT DISTINCT source, order_no FROM {rows}) USING (source, order_no)
        """)
        month = "strftime(r.business_date, '%Y-%m')" if spec.dated_by else f"coalesce(o.month, '{UNKNOWN}')"
        columns = ", ".join(f"r.{name}" for name in spec.columns if name != "store_code")
        # Two joins side by side: one join with "… OR no store stated" in its condition compares every line with every order.
        self._con.execute(f"""
            CREATE TEMP TABLE {into} AS
            SELECT {columns}, r.stated_store AS store_code, {month} AS month
            FROM {rows} r LEFT JOIN near o
            ON r.stated_store = o.store_code AND r.source = o.source AND r.order_no = o.order_no
            WHERE r.stated_store <> ''
            UNION ALL BY NAME
            SELECT {columns}, coalesce(o.store_code, '') AS store_code, {month} AS month
            FROM {rows} r LEFT JOIN (
                SELECT source, order_no, any_value(store_code) AS store_code, any_value(month) AS month
                FROM near GROUP BY source, order_no HAVING count(*) = 1
            ) o ON r.source = o.source AND r.order_no = o.order_no
            WHERE r.stated_store = ''
        """)

    def _follow(self, stage: Stage) -> set[str]:
        """Lines and refunds of the orders in `writes` may now have another store or month: move those."""
        moved: set[str] = set()
        for spec in (table for table in LAKE.values() if table.follows):
            if not spec.months(self.lake):
                continue
            self._con.execute(f"""
                CREATE OR REPLACE TEMP TABLE followers AS
                SELECT * FROM ({stored(spec, self.lake)})
                SEMI JOIN (SELECT DISTINCT source, order_no FROM writes) USING (source, order_no)
            """)
            if _one(self._con, "SELECT count(*) FROM followers") == 0:
                continue
            self._con.execute("CREATE OR REPLACE TEMP VIEW loose AS SELECT * EXCLUDE (month) FROM followers")
            self._con.execute("DROP TABLE IF EXISTS replaced")
            self._place(spec, "loose", "replaced")
            on = " AND ".join(f"r.{name} = f.{name}" for name in spec.key)
            self._con.execute(f"""
                CREATE OR REPLACE TEMP TABLE moving AS
                SELECT r.* FROM replaced r JOIN followers f ON {on}
                WHERE (r.store_code, r.month) IS DISTINCT FROM (f.store_code, f.month)
            """)
            if _one(self._con, "SELECT count(*) FROM moving"):
                moved |= self._rewrite(stage, spec, "moving", "followers")
        return moved

    def _rewrite(self, stage: Stage, spec: LakeTable, fresh: str, old: str) -> set[str]:
        """Stage every partition that rows of `fresh` enter or (as they stand in `old`) leave."""
        keys = ", ".join(spec.key)
        months = {
            row[0]
            for row in self._con.execute(
                f"SELECT month FROM {fresh} UNION SELECT month FROM {old} SEMI JOIN {fresh} USING ({keys})"
            ).fetchall()
        }
        columns = ", ".join(spec.columns)
        for month in sorted(months):
            query = f"SELECT {columns} FROM {fresh} WHERE month = '{month}'"
            if (file := spec.path(self.lake, month)).exists():
                query += f"""
                    UNION ALL BY NAME SELECT {readable(spec, file)} FROM read_parquet('{literal(file)}', hive_partitioning = false)
                    ANTI JOIN {fresh} USING ({keys})"""
            if "first_of_order" in spec.added:
                first = "line_no = min(line_no) OVER (PARTITION BY source, store_code, order_no)"
                query = f"SELECT * REPLACE ({first} AS first_of_order) FROM ({query})"
            self._write(stage, spec, month, query)
        return months

    def _write(self, stage: Stage, spec: LakeTable, month: str, query: str) -> None:
        staged = stage.fresh()
        order = ", ".join(spec.key)
        rows = _one(
            self._con,
            f"COPY ({query} ORDER BY {order}) TO '{literal(staged)}' (FORMAT parquet, COMPRESSION zstd)",
        )
        if rows:
            stage.put(staged, spec.path(self.lake, month))
        else:
            stage.remove(spec.path(self.lake, month))

    def _forgotten(self) -> set[str]:
        file = self.lake / FORGOTTEN
        return set(json.loads(file.read_text())) if file.exists() else set()

    def _among(self, gone: set[str], pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Which (source, member code) pairs are erased. ValueError when nobody gave the digest to tell."""
        if self._digest is None:
            raise ValueError("this lake remembers erased members; writing to it needs the digest")
        return [(source, code) for source, code in pairs if gone.intersection(self._digest(source, code))]

    def _know_erased(self, pairs: list[tuple[str, str]]) -> None:
        self._con.execute("CREATE OR REPLACE TEMP TABLE erased_here (source VARCHAR, member_code VARCHAR)")
        self._con.executemany("INSERT INTO erased_here VALUES (?, ?)", pairs)

    def _clear(self) -> None:
        for name, kind in self._con.execute(
            "SELECT table_name, table_type FROM information_schema.tables WHERE table_name <> 'clocks'"
        ).fetchall():
            self._con.execute(f"DROP {'VIEW' if kind == 'VIEW' else 'TABLE'} IF EXISTS {name} CASCADE")


def connect(limits: Limits, spill: Path) -> duckdb.DuckDBPyConnection:
    """DuckDB that keeps to its share of the machine and fetches nothing. Date-times without an offset are Shanghai's."""
    con = duckdb.connect(
        config={
            "memory_limit": limits.memory,
            "threads": limits.threads,
            "temp_directory": str(spill),
            "max_temp_directory_size": limits.temp_size,
            "preserve_insertion_order": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    )
    con.execute(f"SET TimeZone = '{SHANGHAI}'")
    return con


def stored(spec: LakeTable, lake: Path) -> str:
    """SQL of all rows of a table as they stand, with the month of their partition."""
    parts = [
        f"SELECT {readable(spec, file)}, '{month}' AS month FROM read_parquet('{literal(file)}', hive_partitioning = false)"
        for month, file in spec.months(lake).items()
    ]
    if not parts:
        parts = [
            f"SELECT {', '.join(f'CAST(NULL AS {kind}) AS {name}' for name, kind in spec.columns.items())}, '' AS month WHERE FALSE"
        ]
    return " UNION ALL ".join(parts)


def readable(spec: LakeTable, file: Path) -> str:
    """The columns of a partition as SQL: one that came after the file was written is empty in it."""
    there = set(pq.read_schema(file).names)
    return ", ".join(
        name if name in there else f"CAST(NULL AS {kind}) AS {name}" for name, kind in spec.columns.items()
    )


def business_date(instant: str) -> str:
    """SQL of the trading day of an instant on the store's clock (joined as `clocks`); the twin of `clock.business_day`."""
    local = f"timezone(coalesce(clocks.zone, '{SHANGHAI}'), {instant})"
    return f"CAST({local} - to_hours(coalesce(clocks.cutoff, 0)) AS DATE)"


def literal(path: Path) -> str:
    """A path inside SQL quotes."""
    return str(path).replace("'", "''")


@contextmanager
def spoken() -> Iterator[None]:
    """A full disk becomes `no_space`, too little memory `commerce.too_big`; a fault of ours stays one."""
    with refusing_when_full():
        try:
            yield
        except duckdb.OutOfMemoryException as fault:
            raise Refused("commerce.too_big") from fault
        except duckdb.IOException as fault:
            if any(
                words in str(fault)
                for words in ("No space left", "File too large", "Disk quota", "failed to offload")
            ):
                raise Refused("no_space") from fault
            raise


def _order_places(lake: Path) -> str:
    return f"SELECT source, store_code, order_no, month FROM ({stored(LAKE['orders'], lake)})"


def rank(spec: LakeTable) -> list[str]:
    """The total order of the rows of one key, best first (see the head of this file)."""
    newest = ["updated_at DESC NULLS LAST", "version DESC NULLS LAST"] if spec.versioned else []
    content = [name for name in spec.given if name not in ("updated_at", "version")]
    content = [name for name in content if not (spec.follows and name == "store_code")]
    return [*newest, "arrival DESC", "row_no DESC", *(f"{name} DESC NULLS LAST" for name in content)]


def _one(con: duckdb.DuckDBPyConnection, sql: str, values: Mapping[str, object] | None = None) -> int:
    row = con.execute(sql, values).fetchone() if values else con.execute(sql).fetchone()
    assert row is not None
    return int(row[0])
