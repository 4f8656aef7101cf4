"""Ring runs over the book's Parquet copy at a million members, flapping, and what explanations prove.

    .venv/bin/python bench/rings_runs.py [members] [deeds]

The copy is generated with a fixed seed in the columns of the real one; runs are those of `tongxin/rings/bulk.py`.
"""

import json
import resource
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from tongxin.rings import bulk, rules
from tongxin.rings.rules.proof import opens, plan_to, stands_alone
from tongxin.rings.terms import Move, Ring

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))
worlds = import_module("rings.worlds")  # the same people as in the suite

MEMBERS, DEEDS = 1_000_000, 50_000_000
FULL, DAILY, GB, FLAPPING = 180.0, 20.0, 5.0, 0.15
EXPLAINED, SIMULATED, WEEKS = 10_000, 20_000, 104
SPREAD = 75.0  # of people's levels, in points: the bar is 10
TODAY = datetime(2026, 3, 2, tzinfo=UTC)
KINDS = (
    ("read", 1, 40), ("reacted", 1, 15), ("posted", 2, 8), ("replied", 2, 8), ("answered", 3, 3), ("checked_in", 4, 8),
    ("registered", 0, 8), ("answer_accepted", 5, 1), ("featured", 6, 1), ("co_hosted", 8, 1), ("visited", 0, 7),
)  # fmt: skip


def row(what: str, measured: str, bar: str, *, met: bool | None, note: str = "", **numbers: float) -> dict:
    """One figure."""
    return {"what": what, "measured": measured, "bar": bar, "met": met, "note": note} | numbers


def write(  # noqa: PLR0917 - whose deeds, how many, of which days
    con: duckdb.DuckDBPyConnection, file: Path, members: int, deeds: int, span: tuple[int, int], first: int
) -> Path:
    """Deeds of some days back from today: few people do much, most do little."""
    picks = [kind for kind, _weight, share in KINDS for _ in range(share)]
    weights = {kind: weight for kind, weight, _share in KINDS}
    codes = ", ".join(f"'{kind}'" for kind in picks)
    heavy = ", ".join(str(weights[kind]) for kind in picks)
    con.execute(f"""
        COPY (
            SELECT {first} + i AS id, person, [{codes}][k] AS kind,
                CASE WHEN [{codes}][k] IN ('reacted', 'replied', 'answer_accepted')
                    THEN 1 + CAST(floor({members} * pow(u, 2)) AS BIGINT) END AS counterpart,
                '' AS store_code, came AS occurred_at, came AS known_at, CAST([{heavy}][k] AS SMALLINT) AS weight,
                'system' AS verification, CAST(NULL AS BIGINT) AS reverses
            FROM (
                SELECT i, 1 + CAST(floor({members} * pow(random(), 3)) AS BIGINT) AS person, random() AS u,
                    1 + CAST(floor({len(picks)} * random()) AS INTEGER) AS k,
                    TIMESTAMPTZ '{TODAY.isoformat()}' - INTERVAL 1 SECOND
                        * CAST({span[0] * 86400} + {(span[1] - span[0]) * 86400} * random() AS BIGINT) AS came
                FROM range({deeds}) r(i)
            )
        ) TO '{file}' (FORMAT parquet, COMPRESSION zstd)
    """)  # noqa: S608 - our own numbers
    return file


def runs(members: int, deeds: int) -> list[dict]:
    """A full run, then a day's news by a full and by a daily run from the same state."""
    with tempfile.TemporaryDirectory(prefix="tongxin-bench-rings-") as name:
        folder = Path(name)
        con = duckdb.connect(
            config={"threads": 2, "memory_limit": "3GB", "temp_directory": str(folder / "spill")}
        )
        con.execute("SELECT setseed(0.42)")
        months = [
            write(
                con,
                folder / f"known_on={n:02d}.parquet",
                members,
                deeds // 12,
                (1 + 30 * n, 31 + 30 * n),
                n * 10**8,
            )
            for n in range(12)
        ]
        news = write(con, folder / "known_on=99.parquet", members, max(1, deeds // 365), (0, 1), 10**10)
        dice = np.random.default_rng(7)
        people = pa.table(
            {
                "person": pa.array(np.arange(1, members + 1), pa.int64()),
                "consented": pa.array(dice.random(members) > 0.1),
                "usable": pa.array(dice.random(members) > 0.05),
                "staff": pa.array(dice.random(members) > 0.995),
            }
        )
        none = pa.array([], pa.int64())
        empty = pa.table({"entry": none, "root": none})
        shops = pa.table({"code": pa.array([], pa.string()), "shift": none})
        pairs = pa.table({"one": none, "other": none})

        def copy(*files: Path) -> bulk.Copy:
            return bulk.Copy(files, people, empty, shops, 28_800, pairs)

        day, before = TODAY.date(), TODAY - timedelta(days=1)
        start = time.perf_counter()
        first = bulk.run(
            con, copy(*months), bulk.nobody(members), rules.DEFAULT, before.date(), before.timestamp() - 1
        )
        full = time.perf_counter() - start
        start = time.perf_counter()
        whole = bulk.run(con, copy(*months, news), first, rules.DEFAULT, day, TODAY.timestamp() - 1)
        again = time.perf_counter() - start
        start = time.perf_counter()
        daily = bulk.run(
            con, copy(*months, news), first, rules.DEFAULT, day, TODAY.timestamp() - 1, newest=[news]
        )
        short = time.perf_counter() - start
        con.close()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        stood = {ring.value: n for ring, n in bulk.counts(whole).items()}
    said = f"{members:,} members, {deeds:,} rows"
    return [
        row(f"full ring run, {said}", f"{max(full, again):.0f} s, peak {peak:.1f} GB", f"≤ {FULL:g} s and ≤ {GB:g} GB",
            met=max(full, again) <= FULL and peak <= GB, note=f"{stood}", seconds=max(full, again), gigabytes=peak),
        row(f"daily ring run, {said}", f"{short:.1f} s", f"≤ {DAILY:g} s", met=short <= DAILY, seconds=short),
        row("full and daily state", "identical" if daily.same(whole) else "DIFFERENT", "identical", met=daily.same(whole)),
    ]  # fmt: skip


def _wander(policy: rules.PolicyBody, members: int) -> tuple[float, float]:
    """Moves and reversals within eight weeks a member and year: contribution wanders (AR(1), a slow drift) about each one's level."""
    dice = np.random.default_rng(11)
    reversals = moves = 0
    for _ in range(members):
        level, drift = dice.uniform(0, SPREAD), dice.normal(0, 0.02)
        noise, standing, last = 0.0, rules.FRESH, None
        for n, shock in enumerate(dice.normal(0, 2.5, WEEKS)):
            noise = 0.6 * noise + shock
            value = max(0.0, level + drift * n + noise)
            on, now = worlds.TODAY + n * worlds.WEEK, worlds.NOW + n * worlds.WEEK
            told = replace(
                worlds.NOTHING, on=on, checkins=int(value >= 10), contribution=value, days_56=0, weeks_56=0
            )
            verdict = rules.decide(told, policy, now, standing)
            if verdict.moved in (Move.NEARER, Move.FARTHER):
                moves += 1
                reversals += last is not None and n - last <= 8
                last = n
            standing = verdict.standing
    years = members * WEEKS / 52
    return moves / years, reversals / years


def flapping() -> dict:
    """Ours beside a rule without hysteresis, in a population in which the latter reverses as often as in the ring design."""
    leave = replace(rules.DEFAULT.middle_exit, low_water=1.0, runs=1, stay_days=0)
    moves, reversals = _wander(rules.DEFAULT, SIMULATED)
    wild_moves, wild = _wander(replace(rules.DEFAULT, middle_exit=leave), SIMULATED // 10)
    return row(
        f"flapping: {SIMULATED:,} simulated members, {WEEKS} weeks",
        f"{reversals:.3f} reversals, {moves:.2f} moves a member and year",
        f"≤ {FLAPPING:g} reversals",
        met=reversals <= FLAPPING,
        note=f"without hysteresis {wild:.2f} reversals, {wild_moves:.2f} moves; back within eight weeks of a move",
        reversals=reversals,
    )


def proofs() -> dict:
    """Named evidence alone meets each met line; the named set of steps meets all lines. Entry gates, no hysteresis."""
    lines = plans = wrong = 0
    for seed in range(EXPLAINED):
        traces = worlds.anybody(seed)
        evidence = rules.weigh(traces, worlds.TODAY, rules.DEFAULT)
        for ring in (Ring.MIDDLE, Ring.INNER):
            for line in rules.lines_of(ring, evidence, rules.DEFAULT):
                if line.met:
                    lines += 1
                    wrong += not stands_alone(traces, worlds.TODAY, rules.DEFAULT, line, ring)
        ring = Ring.OUTER if seed % 2 else Ring.MIDDLE
        plan = plan_to(traces, worlds.TODAY, rules.DEFAULT, ring)
        plans += 1
        wrong += plan is None or not opens(plan, traces, worlds.TODAY, rules.DEFAULT)
    return row(
        f"explanations of {EXPLAINED:,} people",
        f"{lines:,} met lines stand alone and {plans:,} sets of steps open the gate: {wrong} wrong",
        "100 %",
        met=wrong == 0,
    )


def figures(members: int = MEMBERS, deeds: int = DEEDS) -> list[dict]:
    """All of it."""
    return [*runs(members, deeds), flapping(), proofs()]


if __name__ == "__main__":
    told = figures(*(int(word) for word in sys.argv[1:3]))
    for one in told:
        print(
            f"{'met ' if one['met'] else 'MISS'} {one['what']}: {one['measured']} (bar {one['bar']}) {one['note']}"
        )
    out = ROOT / "var" / "bench"
    out.mkdir(parents=True, exist_ok=True)
    (out / "rings_runs.json").write_text(json.dumps(told, ensure_ascii=False, indent=1), "utf-8")
