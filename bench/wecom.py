"""Ten thousand hand-overs to the fake WeCom through everything that goes wrong, a week of lost callbacks, first words, and noes.

The small versions stand in tests/connect/wecom/ and tests/outreach/ and share every line with these. `--tasks N` shortens them;
`--only storm,week` leaves the others out. What was done is said.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
OUT = ROOT / "var" / "bench"
TASKS, CONTROL, KILLS = 10_000, 500, 40
NOON = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)
HALF = 5000  # of the published 10,000 calls a minute
NOES = 400  # members in the race of noes, by channel


@contextmanager
def database() -> Iterator[None]:
    """A database of our own on the tests' server, gone afterwards."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongxin.project.settings_test")
    os.environ["TONGXIN_TEST_DB"] = "wecom_bench"
    sys.path[:0] = [str(ROOT / "tests")]
    import django  # noqa: PLC0415 - after setup
    from django.test.utils import setup_databases, teardown_databases  # noqa: PLC0415 - after setup

    django.setup()
    kept = setup_databases(verbosity=0, interactive=False, serialized_aliases=[])
    try:
        yield
    finally:
        teardown_databases(kept, verbosity=0)


def empty() -> None:
    """Before the next part."""
    from django.core.management import call_command  # noqa: PLC0415 - after setup

    call_command("flush", interactive=False, verbosity=0)


def row(what: str, measured: str, bar: str, note: str, *, met: bool | None) -> dict[str, Any]:
    """One figure."""
    return {"what": what, "measured": measured, "bar": bar, "met": met, "note": note}


def storm(tasks: int) -> list[dict[str, Any]]:
    """Everything goes wrong, workers are killed with −9; nothing is lost, nothing is double."""
    from connect.wecom.mortal import kill_storm  # noqa: PLC0415 - after setup

    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        told = kill_storm(tasks, Path(folder), start=NOON, kills=KILLS)
    took = time.monotonic() - begun
    faults = ", ".join(f"{kind} {n}" for kind, n in sorted(told.faults.items()))
    note = (
        f"{told.kills} kills −9 of one of two workers; {told.calls} calls met: {faults}; {told.told} callbacks for "
        f"{told.events} events, shuffled; {told.minutes:.0f} simulated minutes in {took:.0f} s"
    )
    return [
        row(f"{tasks} hand-overs through all faults: lost", str(told.lost), "0", note, met=told.lost == 0),
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
            str(told.most),
            f"≤ {HALF}",
            "half of the published rate, any of the interfaces",
            met=told.most <= HALF,
        ),
        row(
            "… people who came and went meanwhile, callbacks twice and in any order",
            f"groups {'agree' if told.groups_agree else 'differ'}, contacts {'agree' if told.friends_agree else 'differ'}",
            "agree with the platform",
            "without a comparison",
            met=told.groups_agree and told.friends_agree,
        ),
    ]


def controls(tasks: int) -> list[dict[str, Any]]:
    """The arms that fail without their protection."""
    from connect.wecom import corp  # noqa: PLC0415 - after setup
    from connect.wecom.errands import storm as faults_only  # noqa: PLC0415 - after setup
    from tongxin.connect.wecom.pacing import SharedPace, Size  # noqa: PLC0415 - after setup
    from tongxin.connect.wecom.sandbox.faults import Switch  # noqa: PLC0415 - after setup

    n = min(CONTROL, tasks)
    cut = (Switch("cut", permille=100, left=None),)
    blind = faults_only(n, start=NOON, look_up=False, deaths=0, faults=cut)
    empty()
    narrow = SharedPace(corp.CONFIG.corp, interface=Size(n // 5, n / 400), here=Size(10**6, 10.0**6))
    bar = n // 5 + n * 60 // 400
    held = faults_only(n, start=NOON, faults=(), deaths=0, pace=narrow, calm_after=0)
    empty()
    free = faults_only(n, start=NOON, faults=(), deaths=0, paced=False, calm_after=0)
    return [
        row(
            f"{n} with cut lines and without the look-up: handed over twice",
            str(blind.doubles),
            "> 0",
            "the control arm",
            met=blind.doubles > 0,
        ),
        row(
            f"{n} at once with a bucket for {bar} a minute: most within a minute",
            str(held.peak),
            f"≤ {bar}",
            "a narrower bucket, so that it is reached",
            met=held.peak <= bar,
        ),
        row("… and without the bucket", str(free.peak), f"> {bar}", "the control arm", met=free.peak > bar),
    ]


def week(tasks: int) -> list[dict[str, Any]]:  # noqa: ARG001 - the shape of all parts
    """A week in which no callback arrives, with the nightly comparison and without."""
    from connect.wecom import neighbours as there  # noqa: PLC0415 - after setup

    given = {"people": 200, "groups": 12, "every": 600}
    platform, corrections, _ = there.week(NOON, compares=True, **given)
    apart = _apart(there, platform)
    days = there.days_add_up()
    empty()
    alone, none, _ = there.week(NOON, compares=False, **given)
    drifted = _apart(there, alone)
    return [
        row(
            "a week of lost callbacks: groups and contacts other than the platform's",
            str(apart),
            "0",
            f"1,008 acts of 200 customers in 12 groups; {corrections} corrections written down and shown",
            met=apart == 0 and corrections > 0,
        ),
        row(
            "… group days in which stock = before + joins − leaves + corrected",
            f"{days} of {days}",
            "all",
            "also a constraint of the table; corrected is what no callback had told",
            met=days > 0,
        ),
        row(
            "… without the comparison: other than the platform's",
            str(drifted),
            "> 0",
            f"the control arm; {none} corrections",
            met=drifted > 0,
        ),
    ]


def _apart(there: Any, platform: Any) -> int:
    ours, truth = there.ours(), there.truth(platform)
    groups = sum(ours.get(key) != truth.get(key) for key in {*ours, *truth})
    return groups + len(there.our_friends() ^ there.friends(platform))


def first_words(tasks: int) -> list[dict[str, Any]]:  # noqa: ARG001 - as above
    """New customers while two thousand hand-overs wait and every call takes a fifth of a second."""
    from connect.wecom.greetings import greet  # noqa: PLC0415 - after setup

    waits = greet(40, seconds=20)
    empty()
    alone = greet(10, seconds=12, apart=False)
    good = [one for one in waits if one is not None]
    longest = max(good, default=0.0)
    late = [one for one in alone if one is None or one > longest]
    slowest = "never" if None in alone else f"{max(alone):.1f} s"
    return [
        row(
            "from adding a colleague to the first words, while 2,000 hand-overs wait",
            f"{sorted(good)[len(good) // 2]:.1f} s, longest {longest:.1f} s, {len(waits) - len(good)} of {len(waits)} never",
            "≤ 20 s",
            "every call takes 0.1–0.3 s; a job of its own sees to it",
            met=len(good) == len(waits) and longest <= 20,
        ),
        row(
            "… when the same job hands over and greets",
            f"longest {slowest}",
            f"> {longest:.1f} s",
            f"the control arm; {len(late)} of {len(alone)} wait longer",
            met=bool(late),
        ),
    ]


def noes(tasks: int) -> list[dict[str, Any]]:
    """Members say no at random moments while everything runs."""
    from outreach.opting_race import race  # noqa: PLC0415 - after setup

    n, found = min(NOES, tasks), []
    for channel, seconds in (("inbox", 20), ("wecom", 45)):
        told = race(n, seconds=seconds, channel=channel)
        empty()
        found.append(
            row(
                f"{told.noes} of {n} members say no while messages go ({channel}): longest from a no to a message",
                f"{told.longest[channel]:.1f} s ({told.after[channel]} told after their no)",
                "≤ 60 s" if channel == "wecom" else "0 told after",
                f"{told.before} had been told before, {told.never} never were; in WeCom colleagues tap at random",
                met=told.longest[channel] <= 60 and (channel == "wecom" or not told.after[channel]),
            )
        )
    control = race(n // 2, seconds=20, channel="wecom", stops=False)
    found.append(
        row(
            "… when nobody takes back what a colleague already has: told after their no",
            str(control.after["wecom"]),
            "> 0",
            f"the control arm, {control.noes} noes",
            met=control.after["wecom"] > 0,
        )
    )
    return found


PARTS: dict[str, Callable[[int], list[dict[str, Any]]]] = {
    "storm": storm,
    "controls": controls,
    "week": week,
    "first_words": first_words,
    "noes": noes,
}


def figures(tasks: int = TASKS, only: tuple[str, ...] = tuple(PARTS)) -> list[dict[str, Any]]:
    """All of them, each in an empty database."""
    found = []
    with database():
        for name in only:
            begun = time.monotonic()
            found += PARTS[name](tasks)
            print(f"{name}: {time.monotonic() - begun:.0f} s", flush=True)
            empty()
    return found


if __name__ == "__main__":
    asked = argparse.ArgumentParser()
    asked.add_argument("--tasks", type=int, default=TASKS)
    asked.add_argument("--only", default=",".join(PARTS))
    given = asked.parse_args()
    rows = figures(given.tasks, tuple(given.only.split(",")))
    OUT.mkdir(parents=True, exist_ok=True)
    if set(given.only.split(",")) == set(PARTS):
        (OUT / "wecom.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1))
    for one in rows:
        print(f"{one['what']}: {one['measured']} (bar: {one['bar']}, met: {one['met']}) — {one['note']}")
