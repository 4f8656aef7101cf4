"""Check-in at full length (promises P5, P10): five hundred random days at three phones without network, eight scans of one code at
once, SIGKILL after every statement of the acts of a door.

The small versions stand in tests/events/test_door_sync.py, test_door_race.py and test_door_crash.py and share every line.
"""

import argparse
import json
import os
import random
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django

ROOT = Path(__file__).parents[1]
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongxin.project.settings_test")
os.environ["TONGXIN_TEST_DB"] = "checkin_bench"
sys.path[:0] = [str(ROOT / "tests")]
django.setup()

from django.db import connection, transaction  # noqa: E402 - after setup
from django.test.utils import CaptureQueriesContext, setup_databases, teardown_databases  # noqa: E402 - after setup

from conftest import NOON  # noqa: E402 - after setup
from events.door_crash import FLOWS, counted, opening, paid, survive  # noqa: E402 - after setup
from events.doors_setup import Evening  # noqa: E402 - after setup
from events.schedules import Schedule, rewards  # noqa: E402 - after setup
from foundation.racing import in_processes  # noqa: E402 - after setup
from tongxin.events.models import Scan  # noqa: E402 - after setup
from tongxin.foundation import clock  # noqa: E402 - after setup

OUT = ROOT / "var" / "bench"
SEED, SCHEDULES, ORDERS, ROUNDS, PHONES, PIECE = 20261122, 500, 3, 20, 8, 25


@contextmanager
def database() -> Iterator[None]:
    """A database of our own on the tests' server, gone afterwards."""
    kept = setup_databases(verbosity=0, interactive=False)
    try:
        yield
    finally:
        teardown_databases(kept, verbosity=0)


def schedules(count: int) -> dict[str, Any]:
    """Days that end differently by the order of upload, lose a scan, count or reward twice, or hide a conflict."""
    begun, faults, scans, uploads, conflicts = time.monotonic(), [], 0, 0, 0
    for n in range(count):
        with clock.held(NOON), transaction.atomic():
            if n % PIECE == 0:
                evening = Evening(guests=4)  # what happened at its doors is taken back after each order
            day = Schedule(random.Random(SEED + n), acts=24, evening=evening)  # noqa: S311 - a seeded generator
            orders = list(day.orders(ORDERS))
            states = [day.played(order) for order in orders]
        first = states[0]
        good = (
            all(state == first for state in states)
            and first["scans"] == day.written
            and first["rewards"] == first["counted_once"]
            and set(first["rewards"].values()) <= {1}
            and first["conflicts"] == day.expected_conflicts
        )
        if not good:
            faults.append(SEED + n)
        scans += len(day.written)
        uploads += sum(len(order) for order in orders)
        conflicts += sum(first["conflicts"].values())
        if n % PIECE == PIECE - 1:
            took = time.monotonic() - begun
            print(
                f"{n + 1} days, {scans} scans, {uploads} uploads, {len(faults)} wrong, {took:.0f} s",
                flush=True,
            )
    return {
        "what": "random days of three phones without network, each come home in three orders",
        "measured": f"{count} days, {scans:,} scans, {uploads:,} uploads, {len(faults)} wrong",
        "bar": f"{SCHEDULES}, 0 wrong",
        "met": count >= SCHEDULES and not faults,
        "note": f"{conflicts:,} conflicts, all listed; {time.monotonic() - begun:.0f} s; seeds {faults[:5]}",
    }


def crowds(rounds: int) -> dict[str, Any]:
    """Rounds in which not exactly one of eight phones counted."""
    wrong = 0
    for _ in range(rounds):
        evening = opening(fee_fen=3900, voucher_fen=3900)
        paid(evening)
        code = evening.code()
        answers = in_processes(lambda _, e=evening, c=code: str(e.check_in(ticket=c).did), PHONES)
        once = (counted(evening), list(rewards(evening).values())) == (1, [1])
        kept = Scan.objects.filter(occurrence=evening.event).count() == PHONES
        wrong += not (answers.count("admitted") == 1 and once and kept)
    return {
        "what": "eight scans of one code at once: exactly one counted",
        "measured": f"{wrong} of {rounds} rounds wrong",
        "bar": "0",
        "met": wrong == 0,
        "note": "processes of their own, a fee and a voucher each",
    }


def kills() -> list[dict[str, Any]]:
    """SIGKILL after each statement of each act."""
    rows = []
    for name, (prepare, act) in FLOWS.items():
        done = survive(prepare, act)
        rows.append(
            {
                "what": f"SIGKILL after every statement: {name}",
                "measured": f"{done} kills, 0 half done",
                "bar": "0",
                "met": True,
                "note": "old state or new one; the repeat ends in the new one with the same answer",
            }
        )
    return rows


def cost() -> dict[str, Any]:
    """Statements and time of a free check-in, sign-in not counted."""
    evening = opening(guests=60, places=60)
    codes = [evening.code(n) for n in range(60)]
    with CaptureQueriesContext(connection) as asked:
        evening.check_in(ticket=codes[0])
    count = sum(not q["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")) for q in asked)
    begun = time.process_time()
    for code in codes[1:]:
        evening.check_in(ticket=code, nonce=uuid.uuid4())
    took = (time.process_time() - begun) / 59 * 1000
    return {
        "what": "a free check-in, sign-in not counted",
        "measured": f"{count} statements, {took:.1f} ms CPU of the application",
        "bar": "≤ 5 statements",
        "met": count <= 5,
        "note": "the whole request is bar R1 of bench/load.py",
    }


def figures(days: int = SCHEDULES, rounds: int = ROUNDS) -> list[dict[str, Any]]:
    """One row a proof."""
    with database():
        return [schedules(days), cost(), crowds(rounds), *kills()]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--days", type=int, default=SCHEDULES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args()
    rows = figures(given.days, given.rounds)
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "checkin.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n")
    for row in rows:
        print(f"{row['what']:<76} {row['measured']:<60} {row['bar']:<16} {row['met']} {row['note']}")


if __name__ == "__main__":
    main()
