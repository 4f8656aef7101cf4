"""Bar 10: the same expressions on DuckDB and on Spark give the same integers and the same estimates.

`python bench/engines.py` makes 10⁶ order lines, runs one study on the embedded engine here and one on Spark in an environment of
its own (`var/peers_spark`, made if it is not there: pyspark 4.0, Java 17), each in a process of its own, and compares them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
WORK = ROOT / "var" / "bench"
OUT = WORK / "engines.json"
PEER = ROOT / "var" / "peers_spark"
#: what the peer environment holds: the engine's own versions, and pandas below 3 for pyspark 4.0
PACKAGES = ("pyspark==4.0.1", "ibis-framework==12.0.0", "sqlglot==30.12.0", "duckdb==1.5.6", "pyarrow==26.0.1", "numpy==2.4.6",
            "scipy==1.17.1", "pandas==2.3.3", "altair==6.3.0", "vl-convert-python==1.9.0.post1")  # fmt: skip
LINES, MEMBERS = 1_000_000, 30_000
ADDRESSES = ("duckdb", "local[2]", "local-cluster[2,1,1024]")


def child(address: str, folder: Path, parts: int) -> dict[str, Any]:
    """One study on one engine: digests of the integer tables and every estimate."""
    import hashlib  # noqa: PLC0415 - the parent process does without

    import numpy as np  # noqa: PLC0415 - the parent process does without

    from tongxin.compass import design, fingerprint, moving, panel, population, study  # noqa: PLC0415 - the parent process does without
    from tongxin.compass.dataset import Room, open_dataset  # noqa: PLC0415 - the parent process does without
    from tongxin.compass.periods import calendar_for  # noqa: PLC0415 - the parent process does without

    begun = time.monotonic()
    opened = open_dataset(folder, Room(memory="2GB", partitions=parts))
    dataset = moving.move(opened, address, folder / "typed")
    chosen, notes = design.default_for(opened)
    calendar = calendar_for(chosen.period, dataset)
    facts = panel.gather(dataset, calendar)
    sums = panel.build(dataset, calendar, facts, chosen.negative_control)
    people = population.gather(dataset, chosen, sums, facts)
    added = time.monotonic() - begun
    digests = {
        name: hashlib.sha256(np.ascontiguousarray(matrix, dtype="<i8").tobytes()).hexdigest()
        for name, matrix in sorted(sums.values.items())
    }
    # the sums are there: only what comes after them is run again
    panel.gather, panel.build = lambda *_: facts, lambda *_: sums  # type: ignore[assignment]
    answer = study.run(dataset, chosen, notes=notes)
    cells = hashlib.sha256(repr(answer.cells.to_pydict()).encode()).hexdigest()
    figures = {
        f"{kpi.kpi}/{kpi.window}/{code}": [found.effect, *(found.ci or (None, None))]
        for kpi in answer.kpis
        for code, found in kpi.by_control.items()
    }
    figures |= {
        f"{kpi.kpi}/{kpi.window}/naive/{code}": [found.effect, *(found.ci or (None, None))]
        for kpi in answer.kpis
        for code, found in kpi.naive.items()
    }
    whole = fingerprint.data_digest(sums, people)
    return {"engine": dataset.engine, "digests": digests, "data": whole, "cells": cells, "figures": figures,
            "sums_s": added, "all_s": time.monotonic() - begun}  # fmt: skip


def environment() -> Path:
    """Make the peer's environment if it is not there; returns its Python."""
    python = PEER / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(PEER)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *PACKAGES], check=True)
    return python


def run(address: str, folder: Path, parts: int = 1) -> dict[str, Any]:
    """Run `child` in a process of its own, Spark in its own environment."""
    python = sys.executable if address == "duckdb" else str(environment())
    env = os.environ | {
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYTHONPATH": str(ROOT / "src"),
        "PYSPARK_PYTHON": python,
    }
    shutil.rmtree(folder / "typed", ignore_errors=True)
    argv = [python, __file__, "child", address, str(folder), str(parts)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=env, cwd=ROOT)
    if done.returncode:
        sys.exit(f"{address}: {done.stderr[-3000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def apart(one: dict[str, list[float | None]], other: dict[str, list[float | None]]) -> float:
    """Largest relative difference of two sets of estimates; infinite if one has what the other has not."""
    if one.keys() != other.keys():
        return float("inf")
    worst = 0.0
    for name, values in one.items():
        for a, b in zip(values, other[name], strict=True):
            if (a is None) != (b is None):
                return float("inf")
            if a is not None and b is not None and a != b:
                worst = max(worst, abs(a - b) / max(abs(a), abs(b)))
    return worst


def figures(lines: int = LINES, members: int = MEMBERS) -> list[dict[str, Any]]:
    """Compare Spark with DuckDB on the same chain."""
    folder = WORK / "engines"
    shutil.rmtree(folder, ignore_errors=True)
    made = [
        sys.executable,
        str(ROOT / "bench" / "scale.py"),
        "generate",
        str(folder),
        str(lines),
        str(members),
    ]
    subprocess.run(made, check=True, cwd=ROOT)
    found = {address: run(address, folder) for address in ADDRESSES}
    found["local[2], 4 partitions"] = run("local[2]", folder, 4)
    shutil.rmtree(folder, ignore_errors=True)
    base = found.pop("duckdb")
    out = []
    for address, other in found.items():
        same = other["digests"] == base["digests"] and other["data"] == base["data"]
        far = apart(base["figures"], other["figures"])
        out.append(
            {
                "what": f"{lines:,} order lines: {other['engine']} {address} against {base['engine']}",
                "measured": f"{len(base['digests'])} integer tables and the data digest {'identical' if same else 'DIFFERENT'}, "
                f"{len(base['figures'])} estimates with intervals differ by at most {far:.1e}",
                "bar": "identical digests, estimates to 1e-12",
                "met": same and far <= 1e-12,
                "note": f"sums {other['sums_s']:.1f} s (Spark with its start) against {base['sums_s']:.1f} s; "
                f"cells {'identical' if other['cells'] == base['cells'] else 'differ'}",
                "apart": far,
                "spark_s": other["sums_s"],
                "duckdb_s": base["sums_s"],
            }
        )
    return out


def main() -> None:
    """Print the table and keep it."""
    found = figures()
    for row in found:
        print(
            f"{'met ' if row['met'] else 'MISS'} {row['what']}: {row['measured']} [{row['bar']}] {row['note']}"
        )
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] == "child":
        print(json.dumps(child(sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]))))
    else:
        main()
