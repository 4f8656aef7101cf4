"""django-machina 1.3.1 beside us: its list of topics, one topic, a new topic, at the sizes of `voices.py`; same machine, same PostgreSQL.

It runs in an environment and a database of its own under var/peers/machina, both thrown away with that folder; it is asked through
Django's client as our pages are in `voices.py`, whose figures of the same machine (var/bench/voices.json) stand beside it.

    .venv/bin/python bench/peers_machina.py --install      (once: its environment, some 90 MB)
    .venv/bin/python bench/peers_machina.py [--sizes 1000,100000,1000000]
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg

from tongxin.foundation import embedded

ROOT = Path(__file__).parents[1]
OUT = ROOT / "var" / "bench"
HOME = ROOT / "var" / "peers" / "machina"
PYTHON = HOME / "venv" / "bin" / "python"
VERSION = "1.3.1"
SIZES = "1000,100000,1000000"
DATABASE = "machina"
LONGEST = 1800
MISSING = 3  # exit code: the peer is not there
OURS = {"list of topics": "list (the feed's page)", "one topic": "a topic's page", "new topic": "new post"}


def install() -> None:
    """Put it into an environment of its own, from the package index."""
    HOME.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, "-m", "venv", HOME / "venv"], check=True)
    pins = ROOT / "bench" / "peers" / "machina.txt"
    subprocess.run([PYTHON, "-m", "pip", "install", "--quiet", "--requirement", pins], check=True)


def theirs(sizes: str) -> list[dict[str, Any]]:
    """Its figures, in a database that is fresh from its migrations."""
    server = embedded.ensure(HOME)
    try:
        with psycopg.connect(server.url("postgres"), autocommit=True) as owner:
            owner.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
            owner.execute(f"CREATE DATABASE {DATABASE}")
        done = subprocess.run(
            [PYTHON, ROOT / "bench" / "peers" / "machina_run.py", str(server.socket), DATABASE, sizes],
            env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
            cwd=HOME, stdout=subprocess.PIPE, text=True, check=True, timeout=LONGEST,
        )  # fmt: skip
    finally:
        embedded.stop(HOME)
    rows: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return rows


def ours() -> dict[str, dict[int, dict[str, Any]]]:
    """Our pages as `voices.py` measured them last, by name and size."""
    kept = OUT / "voices.json"
    if not kept.exists():
        return {}
    rows = [one for row in json.loads(kept.read_text(encoding="utf-8")) for one in row.get("rows", ())]
    return {
        what: {one["size"]: one for one in rows if one["what"] == what} for what in {r["what"] for r in rows}
    }


def figures(sizes: str = SIZES) -> list[dict[str, Any]]:
    """One row an act: theirs over the sizes, ours beside it, how many times less at the largest size of both."""
    we, by = ours(), {}
    for one in theirs(sizes):
        by.setdefault(one["what"], []).append(one)
    rows = []
    for what, ones in by.items():
        mine = we.get(OURS[what], {})
        said = ", ".join(f"{one['posts']:,}: {one['median']:.1f} ms" for one in ones)
        both = [one for one in ones if one["size"] in mine]
        beside, met = "run bench/voices.py first", None
        if both:
            here = mine[both[-1]["size"]]
            times = both[-1]["median"] / here["median"]
            beside = f"ours {here['median']:.1f} ms, {here['statements']} statements ({times:.1f} × less)"
            met = times > 1
        rows.append(
            {
                "what": f"django-machina {VERSION}, {what}",
                "measured": f"{said}; {ones[-1]['statements']} statements; {beside}",
                "bar": "ours takes less at the same size",
                "met": met,
                "note": f"whole requests through Django's client; load {os.getloadavg()[0]:.1f}",
            }
        )
    return rows


def main() -> None:
    """Print the table and keep the figures."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--install", action="store_true")
    arguments.add_argument("--sizes", default=SIZES)
    given = arguments.parse_args()
    if given.install:
        install()
    if not PYTHON.exists():
        print(f"django-machina {VERSION} is not installed here: bench/peers_machina.py --install")
        sys.exit(MISSING)
    rows = figures(given.sizes)
    for one in rows:
        mark = "·" if one["met"] is None else "✓" if one["met"] else "✗"
        print(f"{mark} {one['what']}: {one['measured']} (bar: {one['bar']}) {one['note']}")
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "peers_machina.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
