# ruff: noqa: S608 - only names from `lake_layout` and paths of ours are put into SQL
"""The lake: every order, line and refund of the chain as Parquet, partitioned by month. No Django here.

`Writer` merges rows (see `lake_writing`); `open_lake` gives a DuckDB connection with the views below. Never import this in
a web worker: pages read the daily summary in PostgreSQL instead.

| view | one row |
|---|---|
| `orders`, `order_lines`, `refunds` | per key, the newest version; `first_of_order` marks exactly one line of each order |
| `products`, `categories` | per code; a category that articles name and nobody described stands as 待归类 |
| `net_orders`, `net_lines` | the same with `refunded_fen` and `net_fen`; refunds count on the day of the purchase they undo |
"""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
import weakref
from datetime import date
from pathlib import Path

import duckdb

from tongxin.commerce.lake_commit import establish, listing
from tongxin.commerce.lake_layout import LAKE, UNSORTED_NAME, LakeTable
from tongxin.commerce.lake_writing import Limits, Merged, Writer, connect, rank, stored

__all__ = ["Limits", "Merged", "Writer", "establish", "open_lake", "purchase_days"]

SNAPSHOTS = ".snapshots"


def open_lake(
    path: Path, memory: str = "1GB", threads: int = 2, temp_size: str = "20GB"
) -> duckdb.DuckDBPyConnection:
    """A connection whose views show the lake as it is at this moment, whatever imports do meanwhile.

    The files are hard-linked into a folder of this connection's own, which goes with it; where a file system knows no
    links the files themselves are read.
    """
    establish(path)
    spill = Path(tempfile.mkdtemp(prefix="tongxin-lake-"))
    con = connect(Limits(memory=memory, threads=threads, temp_size=temp_size), spill)
    own = path / SNAPSHOTS / f"{os.getpid()}-{uuid.uuid4().hex}"
    weakref.finalize(con, _clean, spill, own)
    with listing(path):
        seen = _linked(path, own)
    for name, spec in LAKE.items():
        con.execute(f"CREATE VIEW {name}_given AS {stored(spec, seen)}")
        if spec.by_month:
            con.execute(f"CREATE VIEW {name} AS {_shown(con, spec)}")
    for view, query in _VIEWS.items():
        con.execute(f"CREATE VIEW {view} AS {query}")
    return con


def _shown(con: duckdb.DuckDBPyConnection, spec: LakeTable) -> str:
    """The rows a reader sees. A line that came with and without its store is one line: the better row of the two."""
    given = f"SELECT * FROM {spec.name}_given"
    if not spec.follows:
        return given
    twins = con.execute(
        f"SELECT 1 FROM {spec.name}_given WHERE stated_store = '' AND store_code <> '' LIMIT 1"
    )
    if twins.fetchone() is None:
        return given
    key = ", ".join(name if name != "stated_store" else "store_code" for name in spec.key)
    return f"{given} QUALIFY row_number() OVER (PARTITION BY {key}, store_code = '' ORDER BY {', '.join(rank(spec))}) = 1"


def purchase_days(con: duckdb.DuckDBPyConnection, since: date | None = None) -> duckdb.DuckDBPyRelation:
    """Per source, member code, store and business date: orders, net fen and net fen of high-margin articles."""
    con.execute("SET VARIABLE since = CAST($since AS DATE)", {"since": since})
    return con.sql(_PURCHASE_DAYS)


def _linked(path: Path, own: Path) -> Path:
    try:
        for spec in LAKE.values():
            for month, file in spec.months(path).items():
                target = spec.path(own, month)
                target.parent.mkdir(parents=True, exist_ok=True)
                os.link(file, target)
    except OSError:  # read-only, or a file system without links
        shutil.rmtree(own, ignore_errors=True)
        return path
    return own


def _clean(*folders: Path) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


_VIEWS = {
    "products": "SELECT * EXCLUDE (month, arrival, row_no) FROM products_given",
    "categories": f"""
        SELECT * EXCLUDE (month, arrival, row_no), FALSE AS unsorted FROM categories_given
        UNION ALL BY NAME
        SELECT category_code, '{UNSORTED_NAME}' AS name, TRUE AS unsorted
        FROM (SELECT DISTINCT category_code FROM products_given WHERE category_code IS NOT NULL)
        ANTI JOIN categories_given USING (category_code)
    """,
    "net_orders": """
        SELECT o.*, coalesce(r.fen, 0) AS refunded_fen, o.total_paid_fen - coalesce(r.fen, 0) AS net_fen
        FROM orders o LEFT JOIN (
            SELECT source, store_code, order_no, CAST(sum(amount_fen) AS BIGINT) AS fen FROM refunds GROUP BY ALL
        ) r USING (source, store_code, order_no)
    """,
    # A refund that names no line is spread over the lines in proportion to what was paid. Differences of a running,
    # rounded-down total: the pieces are whole fen and add up to the refund exactly.
    "net_lines": """
        WITH by_line AS (
            SELECT source, store_code, order_no, line_no, CAST(sum(amount_fen) AS BIGINT) AS fen
            FROM refunds WHERE line_no IS NOT NULL GROUP BY ALL
        ), by_order AS (
            SELECT source, store_code, order_no, CAST(sum(amount_fen) AS BIGINT) AS fen
            FROM refunds WHERE line_no IS NULL GROUP BY ALL
        ), running AS (
            SELECT l.source, l.store_code, l.order_no, l.line_no, b.fen,
                   CAST(sum(greatest(l.paid_amount_fen, 0)) OVER part AS HUGEINT) AS upto,
                   CAST(sum(greatest(l.paid_amount_fen, 0)) OVER whole AS HUGEINT) AS total,
                   l.first_of_order
            FROM order_lines l JOIN by_order b USING (source, store_code, order_no)
            WINDOW part AS (PARTITION BY l.source, l.store_code, l.order_no ORDER BY l.line_no
                            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
                   whole AS (PARTITION BY l.source, l.store_code, l.order_no)
        ), spread AS (
            SELECT source, store_code, order_no, line_no,
                   CASE WHEN total = 0 THEN CASE WHEN first_of_order THEN fen ELSE 0 END
                        ELSE CAST(fen * upto // total - coalesce(lag(fen * upto // total) OVER (
                             PARTITION BY source, store_code, order_no ORDER BY line_no), 0) AS BIGINT) END AS fen
            FROM running
        )
        SELECT l.*, coalesce(a.fen, 0) + coalesce(s.fen, 0) AS refunded_fen,
               l.paid_amount_fen - coalesce(a.fen, 0) - coalesce(s.fen, 0) AS net_fen
        FROM order_lines l
        LEFT JOIN by_line a USING (source, store_code, order_no, line_no)
        LEFT JOIN spread s USING (source, store_code, order_no, line_no)
    """,
}

_PURCHASE_DAYS = """
    WITH high AS (
        SELECT sku FROM products p LEFT JOIN categories c USING (category_code)
        WHERE coalesce(p.margin_class, c.margin_class) = 'high'
    ), high_lines AS (
        SELECT source, store_code, order_no, CAST(sum(net_fen) AS BIGINT) AS high_fen
        FROM net_lines SEMI JOIN high USING (sku) GROUP BY ALL
    )
    SELECT o.source, o.member_code, o.store_code, o.business_date, count(*) AS orders,
           CAST(sum(o.net_fen) AS BIGINT) AS net_fen, CAST(sum(coalesce(h.high_fen, 0)) AS BIGINT) AS high_margin_fen
    FROM net_orders o LEFT JOIN high_lines h USING (source, store_code, order_no)
    WHERE o.member_code IS NOT NULL
      AND (getvariable('since') IS NULL OR o.business_date >= getvariable('since'))
    GROUP BY ALL
"""
