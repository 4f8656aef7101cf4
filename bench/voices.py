"""Feeds, topics, threads and posting at 1,000, 100,000 and a million posts: time, statements, and the plan that reads the table.

An installation of its own in a temporary folder, on a durable database; `voices_world.py` writes the posts and measures in a
process of its own. What is timed is one call of the query or action, without HTTP.

    .venv/bin/python bench/voices.py [--posts 1000000]
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tongxin.foundation import embedded

ROOT = Path(__file__).parents[1]
OUT = ROOT / "var" / "bench"
POSTS, LONGEST = 1_000_000, 1800
READ_BAR, WRITE_BAR, STATEMENTS = 10.0, 8.0, 8
PEER_WRITES = 17.0  # what django-machina took for a new topic
FLAT = 2.0  # the largest may take so many times the smallest, or 2 ms more


@contextmanager
def home() -> Iterator[Path]:
    """A folder for an installation of our own; its server is stopped and the folder gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="tongxin-voices-"))
    try:
        yield folder
    finally:
        embedded.stop(folder)
        shutil.rmtree(folder, ignore_errors=True)


def figures(posts: int = POSTS) -> list[dict[str, Any]]:
    """All rows: one for each page or act over the sizes, then the plans."""
    with home() as folder:
        env = os.environ | {
            "TONGXIN_HOME": str(folder), "DATABASE_URL": "", "TONGXIN_DEMO": "0",
            "DJANGO_SETTINGS_MODULE": "tongxin.project.settings",
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, str(ROOT / "bench" / "voices_world.py"), str(posts)],
            env=env, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True, timeout=LONGEST,
        )  # fmt: skip
    told = json.loads(done.stdout.splitlines()[-1])
    by: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for one in told["rows"]:
        by[one["what"]].append(one)
    return [page(what, ones) if ones[0].get("page") else row(what, ones) for what, ones in by.items()] + [
        whole(what, text) for what, text in told["plans"].items()
    ]


def page(what: str, ones: list[dict[str, Any]]) -> dict[str, Any]:
    """A whole page through Django's client over the sizes, beside what the forum of `peers_machina.py` takes for it."""
    write = what.startswith("new")
    bar = PEER_WRITES if write else READ_BAR
    medians, most = [one["median"] for one in ones], max(one["statements"] for one in ones)
    sizes = ", ".join(f"{one['size']:,}: {one['median']:.1f} (p95 {one['p95']:.1f})" for one in ones)
    return {
        "what": f"voices, whole page: {what}",
        "measured": f"{sizes} ms; {most} statements",
        "bar": f"≤ {bar:.0f} ms" + ("" if write else f", ≤ {STATEMENTS} statements"),
        "met": max(medians) <= bar and (write or most <= STATEMENTS),
        "note": f"session, permission and template included; load {os.getloadavg()[0]:.1f}",
        "rows": ones,
    }


def row(what: str, ones: list[dict[str, Any]]) -> dict[str, Any]:
    """One page or act over the sizes."""
    bar = WRITE_BAR if ones[0].get("write") else READ_BAR
    medians = [one["median"] for one in ones]
    flat = medians[-1] <= max(FLAT * medians[0], medians[0] + 2)
    few = ones[0].get("write") or max(one["statements"] for one in ones) <= STATEMENTS
    constant = len({one["statements"] for one in ones}) == 1
    sizes = ", ".join(f"{one['size']:,}: {one['median']:.1f} (p95 {one['p95']:.1f})" for one in ones)
    return {
        "what": f"voices, {what}",
        "measured": f"{sizes} ms; {ones[-1]['statements']} statements",
        "bar": f"≤ {bar:.0f} ms, flat"
        + ("" if ones[0].get("write") else f", ≤ {STATEMENTS} statements, constant"),
        "met": max(medians) <= bar and flat and bool(few) and (constant or bool(ones[0].get("write"))),
        "note": f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores",
    }


def whole(what: str, text: str) -> dict[str, Any]:
    """The plan of one page: by an index, never the whole table."""
    return {
        "what": f"voices, plan of {what}",
        "measured": text,
        "bar": "no sequential scan of the posts",
        "met": "Seq Scan" not in text and "Index" in text,
        "note": "EXPLAIN ANALYZE at the largest size",
    }


def main() -> None:
    """Print the table and keep the figures."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--posts", type=int, default=POSTS)
    rows = figures(arguments.parse_args().posts)
    for one in rows:
        print(
            f"{'✓' if one['met'] else '✗'} {one['what']}: {one['measured']} (bar: {one['bar']}) {one['note']}"
        )
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "voices.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
