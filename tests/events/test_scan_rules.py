"""Which scan counts: a function of the set of scans, whatever their order (promise P10)."""

import uuid
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongxin.events.rules.scans import (
    Finding,
    ScanFact,
    SeatAt,
    attendance,
    bounded,
    door_open,
    judge,
    may_annul,
)
from tongxin.events.terms import Conflict, Did, Seat, Why

TEN = datetime(2026, 3, 7, 2, 0, tzinfo=UTC)
ADMITTED, ALREADY, REFUSED, ANNULLED = Did.ADMITTED, Did.ALREADY, Did.REFUSED, Did.ANNULLED


def at(minute):
    return TEN + timedelta(minutes=minute)


def number(n):
    return uuid.UUID(int=n)


def scan(n, minute=0, did=ADMITTED, server=ADMITTED, why=Why.OK, **more):
    more.setdefault("door", 1)
    return ScanFact(number(n), did, server, why, at(minute), **more)


def undo(n, of, minute, **more):
    return scan(n, minute, ANNULLED, ANNULLED, Why.ANNULLED, annuls=number(of), **more)


CASES = {
    "nobody came": ([], None, set()),
    "one came": ([scan(1)], 1, set()),
    "two phones let the same ticket in": ([scan(1, 5), scan(2, 1, door=2)], 2, {(Conflict.TWICE, 1)}),
    "at the same instant the smaller number counts": ([scan(2), scan(1, door=2)], 1, {(Conflict.TWICE, 2)}),
    "the same scan twice is one": ([scan(1), scan(1)], 1, set()),
    "let in again knowingly": ([scan(1), scan(2, 3, server=ALREADY, why=Why.ALREADY, forced=True)], 1, set()),
    "a repeat counts when the first was taken back": (
        [scan(1), scan(2, 3, server=ALREADY, why=Why.ALREADY, forced=True), undo(3, 1, 4)],
        2,
        set(),
    ),
    "somebody who was told no is no entry": (
        [scan(1, did=REFUSED, server=REFUSED, why=Why.CANCELLED)],
        None,
        set(),
    ),
    "told already is no entry": (
        [scan(1), scan(2, 1, did=ALREADY, server=ALREADY, why=Why.ALREADY)],
        1,
        set(),
    ),
    "let in although cancelled": (
        [scan(1, server=REFUSED, why=Why.CANCELLED)],
        None,
        {(Conflict.ADMITTED_CANCELLED, 1)},
    ),
    "let in with a code that is none": (
        [scan(1, server=REFUSED, why=Why.INVALID)],
        None,
        {(Conflict.ADMITTED_INVALID, 1)},
    ),
    "from a phone that was revoked": (
        [scan(1, server=REFUSED, why=Why.DOOR_CLOSED)],
        None,
        {(Conflict.REVOKED_DOOR, 1)},
    ),
    "taken back by the same phone": ([scan(1), undo(2, 1, 9)], None, set()),
    "taken back too late": ([scan(1), undo(2, 1, 11)], 1, {(Conflict.LATE_ANNULMENT, 2)}),
    "taken back in time and once more too late": (
        [scan(1), undo(2, 1, 9), undo(3, 1, 11)],
        None,
        {(Conflict.LATE_ANNULMENT, 3)},
    ),
    "taken back by another phone": ([scan(1), undo(2, 1, 1, door=2)], 1, {(Conflict.LATE_ANNULMENT, 2)}),
    "taken back late by the champion": ([scan(1), undo(2, 1, 200, door=None, forced=True)], None, set()),
    "the annulment came home first": ([undo(2, 1, 5)], None, set()),
    "taken back, then in again": ([scan(1), undo(2, 1, 2), scan(3, 4)], 3, set()),
    "an annulment takes back no annulment": (
        [scan(1), undo(2, 1, 1), undo(3, 2, 2)],
        None,
        {(Conflict.LATE_ANNULMENT, 3)},
    ),
}


@pytest.mark.parametrize(("scans", "counted", "conflicts"), CASES.values(), ids=CASES)
def test_attendance(scans, counted, conflicts):
    for order in permutations(scans):
        verdict = attendance(order)

        assert (verdict.counted and verdict.counted.nonce) == (counted and number(counted))
        assert verdict.conflicts == {Finding(kind, number(n)) for kind, n in conflicts}


@st.composite
def some_scans(draw):
    made = []
    for n in range(1, draw(st.integers(1, 7)) + 1):
        minute, door = draw(st.integers(0, 30)), draw(st.integers(1, 3))
        if made and draw(st.booleans()):
            made.append(undo(n, draw(st.integers(1, n - 1)), minute, door=door, forced=draw(st.booleans())))
        else:
            server, why = draw(
                st.sampled_from([(ADMITTED, Why.OK), (ALREADY, Why.ALREADY), (REFUSED, Why.INVALID)])
            )
            made.append(scan(n, minute, draw(st.sampled_from([ADMITTED, ALREADY])), server, why, door=door))
    return made


@settings(max_examples=200, deadline=None)
@given(some_scans(), st.randoms(use_true_random=False))
def test_the_order_changes_nothing(scans, chance):
    shuffled = [*scans, *chance.choices(scans, k=2)]
    chance.shuffle(shuffled)

    assert attendance(shuffled) == attendance(scans)


@pytest.mark.parametrize(
    ("seat", "minute", "answer"),
    [
        (None, 0, (REFUSED, Why.INVALID)),
        (SeatAt(Seat.CONFIRMED, at(-60), None), 0, (ADMITTED, Why.OK)),
        (SeatAt(Seat.CONFIRMED, at(5), None), 0, (REFUSED, Why.NOT_CONFIRMED)),
        (SeatAt(Seat.WAITING, None, None), 0, (REFUSED, Why.NOT_CONFIRMED)),
        (SeatAt(Seat.CANCELLED, at(-60), at(-5)), 0, (REFUSED, Why.CANCELLED)),
        (
            SeatAt(Seat.CANCELLED, at(-60), at(5)),
            0,
            (ADMITTED, Why.OK),
        ),  # cancelled only after they had come in
        (SeatAt(Seat.CANCELLED, None, at(-5)), 0, (REFUSED, Why.NOT_CONFIRMED)),
    ],
)
def test_judge(seat, minute, answer):
    assert judge(seat, at(minute)) == answer


@pytest.mark.parametrize(
    ("own", "organiser", "minutes", "may"),
    [(True, False, 10, True), (True, False, 11, False), (False, False, 1, False), (False, True, 600, True)],
)
def test_may_annul(own, organiser, minutes, may):
    assert may_annul(own_door=own, organiser=organiser, scanned_at=TEN, now=at(minutes)) is may


@pytest.mark.parametrize(
    ("minute", "is_open"), [(-121, False), (-120, True), (0, True), (240, True), (241, False)]
)
def test_door_open(minute, is_open):
    assert door_open(TEN, at(120), at(minute)) is is_open


def test_a_wrong_clock_stays_within_the_life_of_its_door():
    assert [bounded(at(m), at(-60), at(600)) for m in (-9999, 0, 99999)] == [at(-60), TEN, at(600)]
