"""A series of 52 dates in a chain of 100,000 occurrences: calendar, lists and an edit of the whole series, at the server.

An installation of its own in a temporary folder, on a durable database; `series_world.py` builds the chain and measures in a
process of its own. What is timed is one call of the query or action, without HTTP.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tongxin.foundation import embedded

ROOT = Path(__file__).parents[1]
OUT = ROOT / "var" / "bench"
PEOPLE, BAR, LONGEST = 520, 200.0, 1800  # people, milliseconds, seconds


@contextmanager
def home() -> Iterator[Path]:
    """A folder for an installation of our own; its server is stopped and the folder gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="tongxin-series-"))
    try:
        yield folder
    finally:
        embedded.stop(folder)
        shutil.rmtree(folder, ignore_errors=True)


def figures(people: int = PEOPLE) -> list[dict[str, object]]:
    """All rows."""
    with home() as folder:
        env = os.environ | {
            "TONGXIN_HOME": str(folder), "DATABASE_URL": "", "TONGXIN_DEMO": "0",
            "DJANGO_SETTINGS_MODULE": "tongxin.project.settings",
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, str(ROOT / "bench" / "series_world.py"), str(people)],
            env=env, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True, timeout=LONGEST,
        )  # fmt: skip
    return [row(**one) for one in json.loads(done.stdout.splitlines()[-1])]


def row(
    *, what: str, median: float, worst: float, cpu: float, database: float, statements: int
) -> dict[str, object]:
    """One line of the table: the median of the rounds counts, the worst is said."""
    return {
        "what": what,
        "measured": f"{median:.0f} ms (worst {worst:.0f}; CPU {cpu:.0f} + {database:.0f} ms in the database), {statements} statements",
        "bar": f"≤ {BAR:.0f} ms at the server",
        "met": median <= BAR,
        "note": f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores",
    }


def main() -> None:
    """Print the table and keep the figures."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--people", type=int, default=PEOPLE)
    rows = figures(arguments.parse_args().people)
    for one in rows:
        print(
            f"{'✓' if one['met'] else '✗'} {one['what']}: {one['measured']} (bar: {one['bar']}) {one['note']}"
        )
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "series.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
