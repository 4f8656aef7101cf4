"""Group-time effects against diff-diff 3.13: 100,000 members, 18 periods, 5 cohorts, never-treated controls.

Both get the same long table in memory (unit, period, outcome, first treated period) and give all ATT(g, t) with
analytic standard errors and the simple sum. Ours turns it into cells first; once they are there, the cost no longer
depends on the members, which the second table shows. Processes take turns, at the same niceness, one BLAS thread each.
"""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from peers_matching import HERE, VAR, environment, main, side_by_side

from tongxin.compass.designs import group_cells, group_sums, group_time

PERIODS, EFFECT, SEED = 18, 30.0, 20261123
COHORTS = (6, 8, 10, 12, 14)


def panel(members: int) -> Path:
    """Write the long table once, as raw numbers that need no library to be read."""
    folder = VAR / f"group_time_{members}"
    if (folder / "first.i64").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(SEED)
    first = np.array([*COHORTS, 0])[rng.choice(6, members, p=[0.04] * 5 + [0.8])]
    since = np.arange(PERIODS) - first[:, None]
    lift = np.where((first[:, None] > 0) & (since >= 0), EFFECT, 0.0)
    outcome = 130 + rng.normal(0, 45, (members, 1)) + rng.normal(0, 40, (members, PERIODS)) + lift
    np.repeat(np.arange(members), PERIODS).astype("<i8").tofile(folder / "unit.i64")
    np.tile(np.arange(PERIODS), members).astype("<i8").tofile(folder / "period.i64")
    outcome.ravel().astype("<f8").tofile(folder / "outcome.f64")
    np.repeat(first, PERIODS).astype("<i8").tofile(folder / "first.i64")
    return folder


def _used() -> float:
    now = os.times()
    return now.user + now.system


def ours(folder: Path) -> None:
    """Run ours in this process and print what it took; the second figure is what remains once cells are there."""
    unit, period, first = (np.fromfile(folder / f"{name}.i64", "<i8") for name in ("unit", "period", "first"))
    value = np.fromfile(folder / "outcome.f64", "<f8")
    begun = _used()
    never = np.where(first == 0, group_cells.NEVER_TREATED, first)
    outcome, began, periods = group_cells.wide(unit, period, value, never)
    cells = group_cells.cells_of(outcome, began, periods)
    there = _used()
    found = group_time.from_cells(cells)
    simple, path = group_sums.simple(found), group_sums.dynamic(found)
    errors = found.se
    used = _used()
    print(
        json.dumps(
            {
                "cpu": used - begun,
                "from_cells": used - there,
                "simple": simple.overall,
                "simple_se": simple.overall_se,
                "effects": len(found.effect),
                "largest_se": float(errors.max()),
                "path": len(path.label),
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
        )
    )


def many_times(folder: Path) -> float:
    """Processor seconds of everything after the cells, mean of 50."""
    unit, period, first = (np.fromfile(folder / f"{name}.i64", "<i8") for name in ("unit", "period", "first"))
    never = np.where(first == 0, group_cells.NEVER_TREATED, first)
    wide = group_cells.wide(unit, period, np.fromfile(folder / "outcome.f64", "<f8"), never)
    cells = group_cells.cells_of(*wide)
    begun = _used()
    for _ in range(50):
        group_sums.dynamic(group_time.from_cells(cells))
    return (_used() - begun) / 50


def figures(runs: int = 5) -> list[dict[str, Any]]:
    """Bar 7 of the compass."""
    python, folder, small = environment(), panel(100_000), panel(10_000)
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    found = side_by_side(
        {
            "ours": ([sys.executable, __file__, "--ours", folder], runs),
            "diff-diff": ([python, HERE / "group_time_by_diff_diff.py", folder], runs),
        }
    )
    mine, peer = found["ours"], found["diff-diff"]
    ratio, share = mine["cpu"] / peer["cpu"], mine["peak_mb"] / peer["peak_mb"]
    after = [
        float(
            subprocess.run(
                [sys.executable, __file__, "--cells", path], capture_output=True, text=True, check=True
            ).stdout
        )
        for path in (small, folder)
    ]
    return [
        {
            "what": "group-time ATT, 100k members x 18 periods, 5 cohorts, against diff-diff 3.13",
            "measured": f"{mine['cpu']:.2f} against {peer['cpu']:.2f} CPU-s ({ratio:.2f}x), {mine['peak_mb']:.0f} of "
            f"{peer['peak_mb']:.0f} MB",
            "bar": "≤ 1.2x its CPU, ≤ its memory",
            "met": ratio <= 1.2 and share <= 1.0,
            "note": f"median of {mine['runs']}; simple {mine['simple']:.5f} ({mine['simple_se']:.4f}), "
            f"peer {peer['simple']:.5f} ({peer['simple_se']:.4f}); truth {EFFECT:.0f}",
            "ratio": ratio,
        },
        {
            "what": "the same once the cells are there, 10k and 100k members",
            "measured": f"{after[0] * 1000:.1f} and {after[1] * 1000:.1f} CPU-ms",
            "bar": "independent of members",
            "met": after[1] <= 1.5 * after[0] + 0.002,
            "note": "mean of 50: all ATT(g, t), path by event time, covariance",
        },
        {
            "what": "group-time: the same estimates as diff-diff",
            "measured": f"simple differs by {abs(mine['simple'] - peer['simple']):.1e}, its error by "
            f"{abs(mine['simple_se'] - peer['simple_se']) / peer['simple_se']:.1%}",
            "bar": "1e-6 and 1 %",
            "met": abs(mine["simple"] - peer["simple"]) <= 1e-6
            and abs(mine["simple_se"] - peer["simple_se"]) <= 0.01 * peer["simple_se"],
            "note": f"{mine['effects']} effects",
        },
    ]


if __name__ == "__main__":
    if sys.argv[1:2] == ["--ours"]:
        ours(Path(sys.argv[2]))
    elif sys.argv[1:2] == ["--cells"]:
        print(many_times(Path(sys.argv[2])))
    else:
        main(figures, "peers_group_time")
