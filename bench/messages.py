"""Outreach at full length: 5,000 histories of a small town (promise P26), the speed of the drain, the cost of a notice.

The small versions stand in tests/outreach/ and share every line with these. `--histories N` and `--sends N` shorten them; what
was done is what is said.
"""

import argparse
import json
import multiprocessing
import os
import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
OUT = ROOT / "var" / "bench"
SEED, HISTORIES, STEPS, SENDS = 20261122, 5000, 30, 20_000
PROCESSES = 2


@contextmanager
def database() -> Iterator[None]:
    """A database of our own on the tests' server, gone afterwards."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongxin.project.settings_test")
    os.environ["TONGXIN_TEST_DB"] = "outreach_bench"
    sys.path[:0] = [str(ROOT / "tests")]
    import django  # noqa: PLC0415 - after setup
    from django.test.utils import setup_databases, teardown_databases  # noqa: PLC0415 - after setup

    django.setup()
    kept = setup_databases(verbosity=0, interactive=False)
    try:
        yield
    finally:
        teardown_databases(kept, verbosity=0)


def town() -> list[Any]:
    """Three members, a gateway on paper and the two kinds of messages that the histories use."""
    from django.conf import settings  # noqa: PLC0415 - after setup

    from outreach import histories  # noqa: PLC0415 - after setup
    from people.factories import CustomerFactory  # noqa: PLC0415 - after setup
    from tongxin.foundation import clock  # noqa: PLC0415 - after setup
    from tongxin.project import wiring  # noqa: PLC0415 - after setup

    wiring.MESSAGE_KINDS = histories.KINDS
    settings.TONGXIN_SMS_GATEWAY, settings.TONGXIN_SMS_SECRET = "https://sms.example", "whsec_AAAA"
    with clock.held(histories.START):
        return [CustomerFactory() for _ in range(histories.PEOPLE)]


def played(task: tuple[int, int, list[int]]) -> dict[str, Any]:
    """A share of the histories in a process of its own; each is taken back when it has been judged."""
    seed, many, keys = task
    from django.db import connection, transaction  # noqa: PLC0415 - after setup

    from outreach import histories  # noqa: PLC0415 - after setup
    from tongxin.people.models import Customer  # noqa: PLC0415 - after setup

    connection.close()
    dice = random.Random(seed)  # noqa: S311 - dice, no secret
    shown, faults, begun = 0, [], time.monotonic()
    members = list(Customer.objects.filter(id__in=keys).order_by("id"))
    for n in range(many):
        with transaction.atomic():
            judge = histories.play(members, histories.generate(dice.randrange, STEPS))
            transaction.set_rollback(True)
        shown += judge.shown
        faults += [(n, *fault) for fault in judge.faults]
        if n % 50 == 49:
            print(
                f"seed {seed}: {n + 1} histories, {shown} shown, {time.monotonic() - begun:.0f} s", flush=True
            )
    connection.close()
    return {"histories": many, "shown": shown, "faults": faults[:20], "broken": len(faults)}


def histories(many: int) -> dict[str, Any]:
    """All of them, in two processes with people of their own."""
    from django.db import connection  # noqa: PLC0415 - after setup

    from tongxin.people.models import Customer  # noqa: PLC0415 - after setup

    members = [[one.pk for one in town()] for _ in range(PROCESSES)]
    assert Customer.objects.count() >= 3 * PROCESSES
    connection.close()
    shares = [many // PROCESSES + (n < many % PROCESSES) for n in range(PROCESSES)]
    with multiprocessing.get_context("fork").Pool(PROCESSES) as pool:
        parts = pool.map(played, [(SEED + n, shares[n], members[n]) for n in range(PROCESSES)])
    return {
        "histories": sum(part["histories"] for part in parts),
        "shown": sum(part["shown"] for part in parts),
        "broken": sum(part["broken"] for part in parts),
        "faults": [fault for part in parts for fault in part["faults"]],
    }


def speed(sends: int) -> dict[str, float]:
    """Notices to `sends` members written down in one act and drained; seconds, and processor seconds of this process."""
    from django.conf import settings  # noqa: PLC0415 - after setup
    from django.db import connection, transaction  # noqa: PLC0415 - after setup

    from outreach.town import letter  # noqa: PLC0415 - after setup
    from stores.factories import TESTS, StoreFactory  # noqa: PLC0415 - after setup
    from tongxin.foundation import clock  # noqa: PLC0415 - after setup
    from tongxin.outreach import actions  # noqa: PLC0415 - after setup
    from tongxin.people.models import Customer  # noqa: PLC0415 - after setup

    settings.TONGXIN_SMS_GATEWAY = ""
    store = StoreFactory()
    noon = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)
    with clock.held(noon):
        Customer.objects.bulk_create(
            [Customer(brand=store.brand, home_store=store, created_at=noon) for _ in range(sends)],
            batch_size=2000,
        )
        people = list(Customer.objects.filter(home_store=store).order_by("id"))
        letters = [letter(one) for one in people]
        begun = time.monotonic()
        with transaction.atomic():
            actions.notify(viewer=TESTS, sends=letters)
        wrote = time.monotonic() - begun
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE outreach_send")
        begun, cpu = time.monotonic(), time.process_time()
        done = actions.drain(most=sends)
        took, spent = time.monotonic() - begun, time.process_time() - cpu
        assert done.sent == sends, done
        one = [letter(people[n % len(people)]) for n in range(300)]
        begun = time.process_time()
        for each in one:
            with transaction.atomic():
                actions.notify(viewer=TESTS, sends=[each])
        single = (time.process_time() - begun) / len(one) * 1000
    return {"write": wrote, "drain": took, "cpu": spent, "one_ms": single}


def figures(many: int = HISTORIES, sends: int = SENDS) -> list[dict[str, Any]]:
    """One row a question."""
    with database():
        ran = histories(many)
        fast = speed(sends)
    return [
        {
            "what": "messages shown against consent, cap, night, a no, a removal or a cancellation (P26)",
            "measured": f"{ran['broken']} of {ran['shown']} shown in {ran['histories']} histories of {STEPS} steps",
            "bar": f"0 in {HISTORIES} histories",
            "met": ran["broken"] == 0 and ran["histories"] >= HISTORIES,
            "note": f"seed {SEED}; {ran['faults'][:3] or 'the judge keeps books of its own'}; control arms in test_history.py",
        },
        {
            "what": f"{sends} notices asked and handed over to inboxes",
            "measured": f"{fast['drain']:.1f} s, {sends / fast['drain']:.0f} a second, {fast['cpu'] / sends * 1000:.2f} ms CPU each",
            "bar": "reported",
            "met": None,
            "note": "one worker, the gate with all its evidence, decision, inbox and state; 500 a transaction",
        },
        {
            "what": f"{sends} notices written down in one act",
            "measured": f"{fast['write']:.1f} s, one statement",
            "bar": "reported",
            "met": None,
            "note": "sealed one by one",
        },
        {
            "what": "one notice within somebody's act",
            "measured": f"{fast['one_ms']:.2f} ms CPU of the application, one statement (BEGIN and COMMIT with it)",
            "bar": "one statement",
            "met": True,
            "note": "the count is asserted in tests/outreach/test_notices.py",
        },
    ]  # fmt: skip


if __name__ == "__main__":
    asked = argparse.ArgumentParser()
    asked.add_argument("--histories", type=int, default=HISTORIES)
    asked.add_argument("--sends", type=int, default=SENDS)
    given = asked.parse_args()
    rows = figures(given.histories, given.sends)
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "messages.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1))
    for row in rows:
        print(f"{row['what']}: {row['measured']} (bar: {row['bar']}, met: {row['met']})")
