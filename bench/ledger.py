"""The money ledger at full length (promises P2, P3): the model with 2,000 examples of 50 steps, and the races of the tills.

The small versions stand in tests/commerce/test_money_model.py and test_money_race.py and share every line with these.
`--model N` and `--rounds N` shorten them; what was done is what is said.
"""

import argparse
import json
import multiprocessing
import os
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import django

ROOT = Path(__file__).parents[1]
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongxin.project.settings_test")
os.environ.setdefault("TONGXIN_TEST_DB", "ledger_bench")
sys.path[:0] = [str(ROOT / "tests")]
django.setup()

from django.db import connection  # noqa: E402 - after setup
from django.test.utils import setup_databases, teardown_databases  # noqa: E402 - after setup
from hypothesis import HealthCheck, Phase, seed, settings  # noqa: E402 - after setup
from hypothesis.stateful import run_state_machine_as_test  # noqa: E402 - after setup

from commerce import money_races as arena  # noqa: E402 - after setup
from commerce.budget_model import Budget, make_store  # noqa: E402 - after setup
from commerce.money_model import Money, make_world  # noqa: E402 - after setup
from commerce.purses import chain  # noqa: E402 - after setup
from stores.factories import TESTS  # noqa: E402 - after setup
from tongxin.commerce import actions, queries  # noqa: E402 - after setup
from tongxin.commerce.actions import promises, vouchers  # noqa: E402 - after setup
from tongxin.commerce.models import LedgerEntry  # noqa: E402 - after setup

OUT = ROOT / "var" / "bench"
SEED, EXAMPLES, STEPS, ROUNDS = 20261122, 2000, 50, 100
PROCESSES, THREADS = 4, 13  # 52 tills
PIECE = 50  # examples between two lines of progress
SHARDS = 2


@contextmanager
def database() -> Iterator[None]:
    """A database of our own on the tests' server, gone afterwards."""
    kept = setup_databases(verbosity=0, interactive=False)
    try:
        yield
    finally:
        teardown_databases(kept, verbosity=0)


def model(machine: Any, examples: int, shard: int) -> dict[str, int]:
    """Run a machine; answers how often each answer was foretold. A wrong answer raises."""
    machine.shard = f"{shard}/"
    machine.world = machine.worlds[shard]
    machine.seen.clear()
    begun, done = time.monotonic(), 0
    while done < examples:
        some = min(PIECE, examples - done)
        seeded = seed(SEED + shard * 1_000_000 + done)(type(machine.__name__, (machine,), {}))
        given = settings(
            max_examples=some, stateful_step_count=STEPS, deadline=None, database=None,
            suppress_health_check=list(HealthCheck), phases=(Phase.generate,), print_blob=True,
        )  # fmt: skip
        run_state_machine_as_test(seeded, settings=given)
        done += some
        said = f"{machine.__name__} {shard}: {done} examples, {sum(machine.seen.values())} answers"
        print(f"{said}, {time.monotonic() - begun:.0f} s", flush=True)
    return {str(code): times for code, times in machine.seen.items()}


def models(machine: Any, examples: int) -> dict[str, Any]:
    """The same in two processes beside each other on one database."""
    connection.close()
    context = multiprocessing.get_context("fork")
    queue = context.Queue()

    def run(shard: int) -> None:
        try:
            queue.put((examples // SHARDS, model(machine, examples // SHARDS, shard), ""))
        except BaseException as fault:  # noqa: BLE001 - a forked child hands its fault back
            traceback.print_exc()
            queue.put((0, {}, repr(fault)[:2000]))

    children = [context.Process(target=run, args=[n]) for n in range(SHARDS)]
    for child in children:
        child.start()
    told = [queue.get() for _ in children]
    for child in children:
        child.join()
    codes: dict[str, int] = {}
    for _, seen, _ in told:
        for code, times in seen.items():
            codes[code] = codes.get(code, 0) + times
    return {
        "examples": sum(n for n, _, _ in told),
        "codes": codes,
        "faults": [fault for _, _, fault in told if fault],
    }


def modelled(examples: int) -> list[dict[str, Any]]:
    """One row a machine."""
    rows = []
    # An example is one long transaction: machines beside each other must not lock each other's people, stores and receipts.
    Money.worlds, Budget.worlds = [make_world() for _ in range(SHARDS)], [None] * SHARDS
    Budget.store = make_store()
    for machine, what in ((Money, "money of members"), (Budget, "budgets")):
        begun = time.monotonic()
        told = models(machine, examples)
        answers = sum(told["codes"].values())
        note = f"{time.monotonic() - begun:.0f} s; {json.dumps(told['codes'])} {'; '.join(told['faults'])}"
        rows.append(
            {
                "what": f"model of {what}: examples of {STEPS} steps",
                "measured": f"{told['examples']} examples, {answers} answers foretold, {len(told['faults'])} wrong",
                "bar": f"{EXAMPLES}, 0 wrong",
                "met": not told["faults"] and told["examples"] >= EXAMPLES,
                "note": note.strip(),
            }
        )
    return rows


def races(rounds: int) -> list[dict[str, Any]]:
    """Every race, and what the control arms lose."""
    crowd = {"rounds": rounds, "processes": PROCESSES, "threads": THREADS}
    tills = PROCESSES * THREADS
    made = chain()
    rows = []

    def row(what: str, measured: str, bar: str, *, met: bool | None, note: str = "") -> None:
        rows.append({"what": what, "measured": measured, "bar": bar, "met": met, "note": note})
        print(what, "|", measured, "|", bar, "|", met, flush=True)

    told = arena.same_voucher(made, **crowd)
    wins = [turn.count("won") for turn in told]
    others = {code for turn in told for code in turn} - {"won"}
    booked = LedgerEntry.objects.filter(kind="redeemed").count()
    row(f"one voucher, {tills} tills in {PROCESSES} processes, two stores", f"{sum(w != 1 for w in wins)} of {rounds} rounds wrong",
        "0", met=wins == [1] * rounds and others == {"commerce.voucher_spent"} and booked == rounds, note=f"{booked} entries")  # fmt: skip
    told = arena.member_limit(made, **crowd, limit=2)
    wins = [turn.count("won") for turn in told]
    row("2 promises a member, both entries of a merge at once", f"{sum(w != 2 for w in wins)} of {rounds} rounds wrong", "0",
        met=wins == [2] * rounds)  # fmt: skip
    some = max(rounds // 10, 1)  # a voucher for each till and round has to be granted first
    few = crowd | {"rounds": some}
    told = arena.day_limit(made, **few, limit=3)
    wins = [turn.count("won") for turn in told]
    row(
        "3 vouchers a member and day, over a merge",
        f"{sum(w != 3 for w in wins)} of {some} rounds wrong",
        "0",
        met=wins == [3] * some,
    )
    _, told = arena.redeem_or_refund(made, **crowd)
    both = sum("won" in turn[::2] and "won" in turn[1::2] for turn in told)
    row("spend against refund", f"{both} of {rounds} rounds did both", "0", met=both == 0)
    purse = actions.open_envelope(
        viewer=TESTS,
        title="race",
        amount_fen=100 * 20 * rounds,
        opens_on=date(2020, 1, 1),
        closes_on=date(2099, 1, 1),
        store=made.home,
    )
    told = arena.envelope(purse.public_id, **crowd, amount=100)
    won = sum(turn.count("won") for turn in told)
    fit = min(20 * rounds, tills * rounds)
    card = queries.envelope_card(TESTS, purse.public_id)
    row(f"an envelope of {fit} parts, {tills * rounds} asked", f"{won} set aside, {card.left_fen} fen left", f"{fit}, 0",
        met=(won, card.left_fen) == (fit, 0))  # fmt: skip
    verdict = queries.verify_ledger()
    row(
        "ledger verify after the races",
        f"{len(verdict.faults)} faults in {verdict.entries} entries",
        "0",
        met=verdict.ok,
    )
    told = arena.same_voucher(made, **crowd, redeem=arena.careless_redeem)
    lost = sum(turn.count("won") > 1 for turn in told)
    row("control: look first, write later", f"{lost} of {rounds} rounds spent twice", f"≥ {rounds * 95 // 100}",
        met=lost >= rounds * 95 // 100, note="must lose")  # fmt: skip
    kept = promises.lock_person, vouchers.lock_person
    promises.lock_person = vouchers.lock_person = arena.unlocked_person
    try:
        told = arena.member_limit(made, **crowd, limit=2)
    finally:
        promises.lock_person, vouchers.lock_person = kept
    lost = sum(turn.count("won") > 2 for turn in told)
    row(
        "control: limit without the member's lock",
        f"{lost} of {rounds} rounds over the limit",
        "> 0",
        met=lost > 0,
        note="must lose",
    )
    return rows


def figures(examples: int = EXAMPLES, rounds: int = ROUNDS) -> list[dict[str, Any]]:
    """One row a proof."""
    rows: list[dict[str, Any]] = []
    with database():
        if examples:  # first: its examples are taken back and leave the tables empty for the races
            rows += modelled(examples)
        if rounds:
            rows += races(rounds)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", type=int, default=EXAMPLES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args()
    rows = figures(given.model, given.rounds)
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "ledger.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n")
    for row in rows:
        print(f"{row['what']:<60} {row['measured']:<50} {row['bar']:<16} {row['met']} {row['note']}")


if __name__ == "__main__":
    main()
