"""Does the core of the suite say the same every time? (`-m core`: all rooms but the engine and the command line, without browsers and slow tests)

Each run is a process of its own with its own seed for the random order and its own test databases. A test that fails in one
run and passes in another depends on something it does not say: the order, the clock, what others left behind, or on how
busy the machine is. Wall time is only worth something on a machine that does nothing else, so the processor seconds and the
load of the machine stand beside it.

`--runs` says how often; runs that are there already (`var/bench/flaky.jsonl`) count with them until `--afresh`.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
OUT = ROOT / "var" / "bench"
KEPT = OUT / "flaky.jsonl"
RUNS, FIRST_SEED, BAR = 20, 1001, 300.0
QUIET = 0.5  # load per processor, before a run, above which its wall time says nothing about the suite
COUNTS = re.compile(r"(\d+) (passed|failed|error|skipped)")


def run(seed: int, niceness: int) -> dict[str, Any]:
    """One run of the core; what failed in it, how long it took and how busy the machine was before it."""
    command = [
        "nice", "-n", str(niceness), sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadfile",
        "-m", "core", f"--randomly-seed={seed}", "-rfE", "--tb=short",
    ]  # fmt: skip
    log = OUT / f"flaky_{seed}.log"
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    begun = time.monotonic()
    with log.open("wb") as out:
        child = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | {"TONGXIN_TEST_DB": f"flaky{seed}"},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    return told(log.read_text(errors="replace")) | {
        "seed": seed,
        "code": child.returncode,
        "wall": round(time.monotonic() - begun, 1),
        "cpu": round(used.ru_utime + used.ru_stime, 1),
        "load": round(load, 2),
    }


def told(printed: str) -> dict[str, Any]:
    """Counts and the names of what failed, from what pytest printed last."""
    last = printed.strip().splitlines()[-1] if printed.strip() else ""
    failed = re.findall(r"^(?:FAILED|ERROR) (\S+)", printed, flags=re.MULTILINE)
    return {word: int(n) for n, word in COUNTS.findall(last)} | {"names": sorted(set(failed))}


def figures() -> list[dict[str, Any]]:
    """The rows of docs/benchmarks.md, from every run that is kept."""
    runs = [json.loads(line) for line in KEPT.read_text().splitlines()] if KEPT.exists() else []
    if not runs:
        return []
    bad = [one for one in runs if one["code"]]
    names = sorted({name for one in bad for name in one["names"]})
    quiet = [one for one in runs if one["load"] <= QUIET]
    walls = [one["wall"] for one in quiet or runs]
    wall, cpu = statistics.median(walls), statistics.median(one["cpu"] for one in runs)
    return [
        {
            "what": f"the core of the suite, {len(runs)} runs in {len(runs)} random orders",
            "measured": f"{len(bad)} with a failure" + (f": {', '.join(names)}" if names else ""),
            "bar": "0",
            "met": not bad,
            "note": f"{runs[-1].get('passed', 0)} tests each; seeds {min(r['seed'] for r in runs)} to {max(r['seed'] for r in runs)}",
        },
        {
            "what": "the core of the suite, two workers",
            "measured": f"{wall:.0f} s on the wall, {cpu:.0f} s of processor (medians)",
            "bar": f"≤ {BAR:.0f} s",
            "met": wall <= BAR if quiet else None,
            "note": f"wall of {len(quiet)} runs on a quiet machine"
            if quiet
            else f"the machine was busy (load per processor {statistics.median(r['load'] for r in runs):.1f}): the wall says little",
        },
    ]


def main() -> None:
    """Run, keep each run as it ends, print and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED)
    parser.add_argument("--nice", type=int, default=0)
    parser.add_argument("--afresh", action="store_true", help="forget the runs that are kept")
    asked = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    if asked.afresh:
        KEPT.unlink(missing_ok=True)
    for seed in range(asked.first_seed, asked.first_seed + asked.runs):
        one = run(seed, asked.nice)
        with KEPT.open("a") as kept:
            kept.write(json.dumps(one) + "\n")
        print(json.dumps(one), flush=True)
    rows = figures()
    (OUT / "flaky.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1))
    for row in rows:
        print(f"{row['what']}: {row['measured']} (bar {row['bar']}, met {row['met']}) {row['note']}")


if __name__ == "__main__":
    main()
