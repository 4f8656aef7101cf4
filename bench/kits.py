"""Kits over a chain of 600 stores and 31,000 events a year: roll-out, lists, the gate's question, a recall; at the server.

An installation of its own in a temporary folder, on a durable database; `kits_world.py` builds the chain and measures in a
process of its own. What is timed is one call of the query or action, without HTTP.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tongxin.foundation import embedded

ROOT = Path(__file__).parents[1]
OUT = ROOT / "var" / "bench"
BAR, LONGEST = 200.0, 900  # milliseconds, seconds


def figures() -> list[dict[str, object]]:
    """All rows."""
    folder = Path(tempfile.mkdtemp(prefix="tongxin-kits-"))
    try:
        env = os.environ | {
            "TONGXIN_HOME": str(folder), "DATABASE_URL": "", "TONGXIN_DEMO": "0",
            "DJANGO_SETTINGS_MODULE": "tongxin.project.settings",
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, str(ROOT / "bench" / "kits_world.py")],
            env=env, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True, timeout=LONGEST,
        )  # fmt: skip
    finally:
        embedded.stop(folder)
        shutil.rmtree(folder, ignore_errors=True)
    return [row(**one) for one in json.loads(done.stdout.splitlines()[-1])]


def row(*, what: str, median: float, worst: float, statements: int) -> dict[str, object]:
    """One line of the table: the median of the rounds counts, the worst is said."""
    return {
        "what": what,
        "measured": f"{median:.1f} ms (worst {worst:.1f}), {statements} statements",
        "bar": f"≤ {BAR:.0f} ms at the server",
        "met": median <= BAR,
        "note": f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores",
    }


def main() -> None:
    """Print the table and keep the figures."""
    rows = figures()
    for one in rows:
        print(
            f"{'✓' if one['met'] else '✗'} {one['what']}: {one['measured']} (bar: {one['bar']}) {one['note']}"
        )
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "kits.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
