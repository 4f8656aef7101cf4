"""Seats at full length (promises P1, P5, P6): forty phones on one pool, the model of registration, and a database that dies.

The small versions stand in tests/events/test_race_seats.py, test_seat_model.py and test_crash_*.py and share their lines with these.
`--rounds N`, `--examples N` and `--crashes N` shorten them; what was done is what is said.
"""

import argparse
import atexit
import json
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import django

ROOT = Path(__file__).parents[1]
OUT = ROOT / "var" / "bench"
SEED, ROUNDS, EXAMPLES, STEPS, CRASHES = 20261122, 100, 300, 40, 20
PHONES, PLACES, PROCESSES, LANES = 40, 25, 4, 10
PIECE = 100

sys.path[:0] = [str(ROOT / "tests")]
from tongxin.foundation import embedded  # noqa: E402 - before the settings

# A server of our own, with everything that makes commits last: it is going to be killed.
HOME = Path(tempfile.mkdtemp(prefix="tongxin-seats-"))
HOME.chmod(0o755)
os.environ |= {
    "DJANGO_SETTINGS_MODULE": "tongxin.project.settings_test",
    "TONGXIN_HOME": str(HOME),
    "TONGXIN_TEST_DB": "seats_bench",
    "DATABASE_URL": embedded.ensure(HOME).url(),
}
MADE_BY = os.getpid()
django.setup()

from django.db import connection, transaction  # noqa: E402 - after setup
from django.db.utils import Error  # noqa: E402 - after setup
from django.test.utils import setup_databases  # noqa: E402 - after setup
from hypothesis import HealthCheck, Phase, seed, settings  # noqa: E402 - after setup
from hypothesis.stateful import run_state_machine_as_test  # noqa: E402 - after setup

from events import rush  # noqa: E402 - after setup
from events.factories import published  # noqa: E402 - after setup
from events.seat_model import SeatMachine  # noqa: E402 - after setup
from people.factories import CustomerFactory  # noqa: E402 - after setup
from tongxin.events import actions, queries  # noqa: E402 - after setup
from tongxin.events.models import Occurrence, Registration  # noqa: E402 - after setup
from tongxin.foundation.errors import Refused  # noqa: E402 - after setup
from tongxin.outreach.models import Send  # noqa: E402 - after setup


@atexit.register
def gone() -> None:
    """The server and its folder go with the process that made them, not with its forked children."""
    if os.getpid() == MADE_BY:
        connection.close()
        embedded.stop(HOME)
        shutil.rmtree(HOME, ignore_errors=True)


class Rows(list[dict[str, Any]]):
    """The figures, told as they come."""

    def say(self, what: str, measured: str, bar: str, *, met: bool | None, note: str = "") -> None:
        self.append({"what": what, "measured": measured, "bar": bar, "met": met, "note": note})
        print(what, "|", measured, "|", bar, "|", met, "|", note, flush=True)


def races(rows: Rows, rounds: int) -> None:
    """Forty phones on 25 seats, again and again; then the control arm; then people who change their minds."""

    phones = [CustomerFactory().pk for _ in range(PHONES)]
    crowd = {"processes": PROCESSES, "lanes": LANES}
    wrong: list[str] = []
    exact, begun = 0, time.monotonic()
    for _ in range(rounds):
        event = published(places=PLACES)
        answers = rush.rush(rush.register(event), phones, **crowd)
        line = sorted(n for _, n in answers.values() if n is not None)
        found = rush.faults(event, phones)
        found += [] if line == list(range(1, PHONES - PLACES + 1)) else ["the line is not dense"]
        exact += rush.sold(event) == PLACES
        wrong += found
    took = time.monotonic() - begun
    rows.say(
        f"{PHONES} phones in {PROCESSES} processes on {PLACES} seats",
        f"{exact} of {rounds} rounds sold exactly {PLACES}; {len(wrong)} faults",
        f"{rounds} of {rounds}; 0",
        met=exact == rounds and not wrong,
        note=f"{took / rounds:.2f} s a round; line dense, one place a person, counters equal rows"
        + "".join(wrong[:3]),
    )
    oversold = 0
    for _ in range(rounds):
        event = published(places=PLACES)
        rush.rush(rush.count_then_insert(event), phones, **crowd)
        oversold += rush.sold(event) > PLACES
        Registration.objects.filter(occurrence=event).delete()
    rows.say(
        "control: count, then insert",
        f"{oversold} of {rounds} rounds oversold",
        f"≥ {rounds * 95 // 100}",
        met=oversold >= rounds * 95 // 100,
        note="must fail",
    )
    some, wrong = max(rounds // 4, 1), []
    for _ in range(some):
        event = published(places=7)
        answers = rush.rush(rush.restless(event), phones, **crowd)
        wrong += [a for a in answers.values() if a != "done"] + rush.faults(event, phones)
    rows.say(
        "the same phones giving up, accepting and passing on at once, 7 seats",
        f"{len(wrong)} faults in {some} rounds",
        "0",
        met=not wrong,
        note="no seat free while somebody waits" + "".join(wrong[:3]),
    )


def model(rows: Rows, examples: int) -> None:
    """Random acts, each answer predicted."""

    SeatMachine.seen.clear()
    done, begun = 0, time.monotonic()
    while done < examples:
        some = min(PIECE, examples - done)
        with transaction.atomic():
            SeatMachine.people()
            run_state_machine_as_test(
                seed(SEED + done)(type("SeatMachine", (SeatMachine,), {})),
                settings=settings(
                    max_examples=some, stateful_step_count=STEPS, deadline=None, database=None,
                    suppress_health_check=list(HealthCheck), phases=(Phase.generate,), print_blob=True,
                ),
            )  # fmt: skip
            transaction.set_rollback(True)
        done += some
        print(
            f"{done} examples, {sum(SeatMachine.seen.values())} answers, {time.monotonic() - begun:.0f} s",
            flush=True,
        )
    kinds = len(SeatMachine.seen)
    rows.say(
        f"model of registration, {STEPS} steps an example",
        f"{done} examples, {sum(SeatMachine.seen.values())} answers of {kinds} kinds, 0 other than predicted",
        "0",
        met=True,
        note=", ".join(f"{name} {n}" for name, n in SeatMachine.seen.most_common(8)),
    )


class Phones:
    """Eight phones that register and give up without end; what they were answered."""

    def __init__(self) -> None:
        self.event: Occurrence = published(places=10_000)
        self.answered: dict[Any, str] = {}
        self.acts = 0
        self.stop = threading.Event()
        people = [CustomerFactory().pk for _ in range(8)]
        self.threads = [threading.Thread(target=self.busy, args=[one], daemon=True) for one in people]

    def busy(self, person: int) -> None:
        """Until told to stop; a server that is away is waited for."""
        viewer = rush.viewer_of(person)
        while not self.stop.is_set():
            try:
                self.one_turn(viewer, person)
            except Error:
                connection.close()
                time.sleep(0.05)
        connection.close()

    def one_turn(self, viewer: Any, person: int) -> None:
        """Register, then give up. A place that was committed without an answer is given up as well."""
        try:
            made = actions.register(viewer=viewer, event_id=self.event.public_id)
            self.note(made)
        except Refused:
            made = Registration.objects.get(occurrence=self.event, person=person, state="confirmed")
        self.note(actions.cancel_registration(viewer=viewer, registration_id=made.public_id))

    def note(self, row: Registration) -> None:
        """An answered act."""
        self.answered[row.public_id] = row.state
        self.acts += 1

    def lost(self) -> list[Any]:
        """Answered as given up and not so; answered as confirmed and not there."""
        rows = dict(Registration.objects.filter(occurrence=self.event).values_list("public_id", "state"))
        return [
            key
            for key, state in self.answered.items()
            if key not in rows or (state == "cancelled" and rows[key] != "cancelled")
        ]


def stopped_at_once(phones: Phones) -> float:
    """SIGQUIT to the server (its immediate stop), started again; seconds until a phone is answered again."""
    postmaster = int((HOME / "pg" / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGQUIT)
    down = time.monotonic()
    while Path(f"/proc/{postmaster}").exists() and time.monotonic() - down < 30:
        time.sleep(0.02)
    embedded.ensure(HOME)
    acts = phones.acts
    while phones.acts == acts and time.monotonic() - down < 60:
        time.sleep(0.02)
    return time.monotonic() - down


def crashes(rows: Rows, times: int) -> None:
    """The database dies while eight phones register; what was answered must be there afterwards."""
    phones = Phones()
    for thread in phones.threads:
        thread.start()
    back = []
    for n in range(times):
        time.sleep(0.7 + 0.1 * (n % 5))
        back.append(stopped_at_once(phones))
    phones.stop.set()
    for thread in phones.threads:
        thread.join(30)
    connection.close()
    lost, wrong = phones.lost(), queries.counters_wrong()
    made = Registration.objects.filter(occurrence=phones.event).count()
    letters = Send.objects.filter(kind="events.confirmed", subject_key=str(phones.event.public_id)).count()
    rows.say(
        f"{times} immediate stops of the database under load",
        f"{len(lost)} of {phones.acts} answered acts lost, {len(wrong)} wrong counters, {abs(letters - made)} letters too few or many",
        "0, 0, 0",
        met=not lost and not wrong and letters == made,
    )
    slowest = max(back, default=0.0)
    rows.say("answers again after a stop", f"{slowest:.1f} s at most", "30 s", met=slowest <= 30)


def figures(rounds: int = ROUNDS, examples: int = EXAMPLES, stops: int = CRASHES) -> list[dict[str, Any]]:
    """One row a proof."""
    rows = Rows()
    setup_databases(verbosity=0, interactive=False)
    if rounds:
        races(rows, rounds)
    if examples:
        model(rows, examples)
    if stops:
        crashes(rows, stops)
    return list(rows)


def main() -> None:
    """The table, and the file that the page of benchmarks is made from."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rounds", type=int, default=ROUNDS)
    asked.add_argument("--examples", type=int, default=EXAMPLES)
    asked.add_argument("--crashes", type=int, default=CRASHES)
    given = asked.parse_args()
    rows = figures(given.rounds, given.examples, given.crashes)
    OUT.mkdir(parents=True, exist_ok=True)
    # A part that is measured again replaces its own rows and keeps the others.
    kept = json.loads((OUT / "seats.json").read_text()) if (OUT / "seats.json").exists() else []
    fresh = {row["what"].lstrip("0123456789 ") for row in rows}
    rest = [row for row in kept if row["what"].lstrip("0123456789 ") not in fresh]
    (OUT / "seats.json").write_text(json.dumps([*rest, *rows], ensure_ascii=False, indent=1))
    sys.exit(0 if all(row["met"] for row in rows) else 1)


if __name__ == "__main__":
    main()
