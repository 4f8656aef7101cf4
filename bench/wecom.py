"""Ten thousand hand-overs to the fake WeCom through everything that goes wrong.

The small versions stand in tests/connect/wecom/ and share every line with these. `--tasks N` shortens them; what was done is said.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
OUT = ROOT / "var" / "bench"
TASKS, CONTROL = 10_000, 1000
NOON = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)
HALF = 5000  # of the published 10,000 calls a minute


@contextmanager
def database() -> Iterator[None]:
    """A database of our own on the tests' server, gone afterwards."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongxin.project.settings_test")
    os.environ["TONGXIN_TEST_DB"] = "wecom_bench"
    sys.path[:0] = [str(ROOT / "tests")]
    import django  # noqa: PLC0415 - after setup
    from django.test.utils import setup_databases, teardown_databases  # noqa: PLC0415 - after setup

    django.setup()
    kept = setup_databases(verbosity=0, interactive=False)
    try:
        yield
    finally:
        teardown_databases(kept, verbosity=0)


def empty() -> None:
    """Before the next run."""
    from tongxin.outreach.models import WecomLease, WecomPace, WecomTarget, WecomTask  # noqa: PLC0415 - after setup

    for model in (WecomTarget, WecomTask, WecomPace, WecomLease):
        model.objects.all().delete()


def row(what: str, measured: str, bar: str, note: str, *, met: bool | None) -> dict[str, Any]:
    """One figure."""
    return {"what": what, "measured": measured, "bar": bar, "met": met, "note": note}


def figures(tasks: int = TASKS, control: int = CONTROL) -> list[dict[str, Any]]:
    """All of them."""
    with database():
        return [*storms(tasks), *controls(min(control, tasks))]


def storms(tasks: int) -> list[dict[str, Any]]:
    """Everything goes wrong; nothing is lost, nothing is double."""
    from connect.wecom.errands import storm  # noqa: PLC0415 - after setup

    begun = time.monotonic()
    told = storm(tasks, start=NOON, deaths=5)
    took = time.monotonic() - begun
    empty()
    faults = (
        "45009, -1, 45033, 40014, 42001, cut before and after the deed, hung and done late, "
        f"{told.deaths} deaths of the worker at the line; {told.minutes:.0f} simulated minutes in {took:.0f} s"
    )
    return [
        row(f"{tasks} hand-overs through all faults: lost", str(told.lost), "0", faults, met=told.lost == 0),
        row("… handed over twice", str(told.doubles), "0", "counted at the platform", met=told.doubles == 0),
        row(
            "… sent twice",
            str(told.sent_twice),
            "0",
            "after every colleague tapped",
            met=told.sent_twice == 0,
        ),
        row(
            "… open five minutes after the storm",
            str(told.stuck),
            "0",
            str(dict(told.states)),
            met=told.stuck == 0,
        ),
        row(
            "… most calls of one interface within a minute",
            str(told.peak),
            f"≤ {HALF}",
            "half of the published rate",
            met=told.peak <= HALF,
        ),
    ]


def controls(tasks: int) -> list[dict[str, Any]]:
    """The arms that fail without their protection."""
    from connect.wecom import corp  # noqa: PLC0415 - after setup
    from connect.wecom.errands import storm  # noqa: PLC0415 - after setup
    from tongxin.connect.wecom.pacing import SharedPace, Size  # noqa: PLC0415 - after setup
    from tongxin.connect.wecom.sandbox.faults import Switch  # noqa: PLC0415 - after setup

    cut = (Switch("cut", permille=100, left=None),)
    blind = storm(tasks, start=NOON, look_up=False, deaths=0, faults=cut)
    empty()
    narrow = SharedPace(corp.CONFIG.corp, interface=Size(tasks // 5, tasks / 400), here=Size(10**6, 10.0**6))
    bar = tasks // 5 + tasks * 60 // 400
    held = storm(tasks, start=NOON, faults=(), deaths=0, pace=narrow, calm_after=0)
    empty()
    free = storm(tasks, start=NOON, faults=(), deaths=0, paced=False, calm_after=0)
    empty()
    return [
        row(
            f"{tasks} with cut lines and without the look-up: handed over twice",
            str(blind.doubles),
            "> 0",
            "the control arm",
            met=blind.doubles > 0,
        ),
        row(
            f"{tasks} at once with a bucket for {bar} a minute: most within a minute",
            str(held.peak),
            f"≤ {bar}",
            "a narrower bucket, so that it is reached",
            met=held.peak <= bar,
        ),
        row("… and without the bucket", str(free.peak), f"> {bar}", "the control arm", met=free.peak > bar),
    ]


if __name__ == "__main__":
    asked = argparse.ArgumentParser()
    asked.add_argument("--tasks", type=int, default=TASKS)
    given = asked.parse_args()
    rows = figures(given.tasks)
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "wecom.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1))
    for one in rows:
        print(f"{one['what']}: {one['measured']} (bar: {one['bar']}, met: {one['met']}) — {one['note']}")
