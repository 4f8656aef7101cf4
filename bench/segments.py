"""Segments at a million members: a preview within a second, and what the sheet behind it costs at night.

    .venv/bin/python bench/segments.py [members] [deeds]

The book's Parquet copy, the till and the people are generated with fixed seeds in the columns of the real ones.
"""

import json
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import duckdb
import numpy as np
import pyarrow as pa

from tongxin.measure.segments import sheet as sheets
from tongxin.measure.segments.language import read
from tongxin.measure.segments.preparing import Given, prepare
from tongxin.people.terms import Purpose

ROOT = Path(__file__).parents[1]
MEMBERS, DEEDS = 1_000_000, 10_000_000
ENDS = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)
BAR_PREVIEW, BAR_GB = 1.0, 5.0
ROUNDS = 5
RULES = (
    "天数(91) >= 4",
    "天数(91) >= 4 且 到场(91) >= 1 且 圈层 = 中环",
    "品类(烘焙, 182) >= 1 且 非 到场(182) >= 1",
    '社群 = "辅食群" 且 没来 > 28 且 同意(group_message)',
    "(做过(posted, 56) >= 2 或 做过(answered, 56) >= 1) 且 门店 属于 (S1, S2, S3) 且 消费(91) >= 300",
    " 或 ".join(f"(天数({w}) >= {n} 且 购买({w}) >= {n})" for w in (7, 28, 56, 91, 182, 365) for n in (1, 2)),
)
KINDS = (
    "read",
    "reacted",
    "posted",
    "replied",
    "answered",
    "checked_in",
    "registered",
    "joined",
    "featured",
    "no_show",
)
WEIGHTS = (1, 1, 2, 2, 3, 4, 0, 0, 6, 0)


def people(members: int) -> pa.Table:
    """Everybody of a chain of 3,000 stores."""
    dice = np.random.default_rng(1)
    columns = {
        "person": pa.array(np.arange(1, members + 1), pa.int64()),
        "usable": pa.array(dice.random(members) > 0.05),
        "store": pa.array(dice.integers(1, 3001, members), pa.int32()),
        "ring": pa.array(dice.choice(3, members, p=(0.9, 0.09, 0.01)), pa.int8()),
        "tenure": pa.array(dice.integers(0, 2000, members), pa.int32()),
        "paid": pa.array(dice.random(members) > 0.9),
    }
    for purpose in Purpose:
        columns[f"consent_{purpose.value}"] = pa.array(dice.random(members) > 0.4)
    return pa.table(columns)


def book(con: duckdb.DuckDBPyConnection, folder: Path, members: int, deeds: int) -> tuple[Path, ...]:
    """A year of deeds, one file a month: few people do much, most do little."""
    kinds = "[" + ", ".join(f"'{kind}'" for kind in KINDS) + "]"
    weights = "[" + ", ".join(str(weight) for weight in WEIGHTS) + "]"
    con.execute("SELECT setseed(0.42)")
    files = []
    for month in range(12):
        file = folder / f"known_on=month-{month}.parquet"
        con.execute(f"""
            COPY (
                SELECT {month} * 100000000 + i AS id, 1 + CAST(floor({members} * pow(random(), 3)) AS BIGINT) AS person,
                    {kinds}[k] AS kind, CAST(NULL AS BIGINT) AS counterpart, CAST(NULL AS BIGINT) AS subject,
                    '' AS subject_kind, '' AS subject_key, '' AS store_code,
                    CASE WHEN k = 8 THEN 1 + i % 500 END AS community, came AS occurred_at, came AS known_at,
                    CAST({weights}[k] AS SMALLINT) AS weight, 'system' AS verification, CAST(NULL AS SMALLINT) AS value,
                    CAST(NULL AS BIGINT) AS reverses
                FROM (
                    SELECT i, 1 + CAST(floor(10 * random()) AS INTEGER) AS k,
                        TIMESTAMPTZ '2025-03-03 00:00:00+00' + INTERVAL 1 SECOND * ({month} * 2628000 + CAST(2628000 * random() AS BIGINT)) AS came
                    FROM range({deeds // 12}) r(i)
                )
            ) TO '{file}' (FORMAT parquet, COMPRESSION zstd)
        """)  # noqa: S608 - our own numbers
        files.append(file)
    return tuple(files)


def till(con: duckdb.DuckDBPyConnection, members: int, orders: int) -> None:
    """Orders of a year and what was in them."""
    con.execute(f"""
        CREATE TEMP TABLE rung_up AS
        SELECT 1 + CAST(floor({members} * random()) AS BIGINT) AS person,
            TIMESTAMPTZ '2025-03-03 00:00:00+00' + INTERVAL 1 SECOND * CAST(31536000 * random() AS BIGINT) AS at,
            CAST(2000 + 20000 * random() AS BIGINT) AS net_fen, i::VARCHAR AS order_no
        FROM range({orders}) r(i)
    """)  # noqa: S608 - our own numbers
    con.execute("""
        CREATE TEMP VIEW baskets AS
        SELECT person, 'c' || (CAST(order_no AS BIGINT) * 7 + k) % 40 AS category, order_no, rung_up.at FROM rung_up, range(2) t(k)
    """)


def figures(members: int = MEMBERS, deeds: int = DEEDS) -> list[dict]:
    """Preparing once, then every rule five times."""
    with tempfile.TemporaryDirectory(prefix="tongxin-bench-segments-") as name:
        folder = Path(name)
        con = duckdb.connect(str(folder / "bench.duckdb"), config={"threads": 2, "memory_limit": "2GB"})
        files = book(con, folder, members, deeds)
        till(con, members, deeds // 3)
        given = Given(
            book=files,
            people=people(members),
            roots=pa.table({"entry": pa.array([], pa.int64()), "root": pa.array([], pa.int64())}),
            words={
                "store": {f"S{n}": str(n) for n in range(1, 3001)},
                "community": {"辅食群": "7"},
                "category": {"烘焙": "c3"},
            },
            orders="rung_up",
            bought="baskets",
        )
        start = time.perf_counter()
        prepare(con, given, folder / "sheets", ends=ENDS, now=ENDS)
        took = time.perf_counter() - start
        con.close()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        rows = [
            {
                "what": f"sheet over {members:,} members, {deeds:,} deeds and {deeds // 3:,} orders",
                "measured": f"{took:.0f} s, peak {peak:.1f} GB",
                "bar": f"≤ {BAR_GB:g} GB",
                "met": peak <= BAR_GB,
                "note": "once a night; no bar in seconds",
                "seconds": took,
                "gigabytes": peak,
            }
        ]
        for text in RULES:
            times = []
            for _ in range(ROUNDS):
                start = time.perf_counter()
                tree = read(text)
                sheet = sheets.current(folder / "sheets")  # nothing is kept from the time before
                assert sheet is not None
                meant = sheets.mask(tree, sheet)
                found = int(meant.sum())
                np.bincount(sheet.column("ring")[meant] + 1)
                np.unique(sheet.column("store")[meant], return_counts=True)
                times.append(time.perf_counter() - start)
            rows.append(
                {
                    "what": f"preview: {text[:48]}",
                    "measured": f"{median(times) * 1000:.0f} ms, slowest {max(times) * 1000:.0f} ms ({found:,} people)",
                    "bar": f"≤ {BAR_PREVIEW:g} s",
                    "met": max(times) <= BAR_PREVIEW,
                    "note": "files read anew each time",
                    "seconds": median(times),
                }
            )
        return rows


if __name__ == "__main__":
    told = figures(*(int(word) for word in sys.argv[1:3]))
    for row in told:
        print(
            f"{'met ' if row['met'] else 'MISS'} {row['what']}: {row['measured']} (bar {row['bar']}) {row['note']}"
        )
    out = ROOT / "var" / "bench"
    out.mkdir(parents=True, exist_ok=True)
    (out / "segments.json").write_text(json.dumps(told, ensure_ascii=False, indent=1), "utf-8")
