"""The waiting list as a table: who gets a free seat, who is passed over and why, until when an offer stands."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tongxin.events.rules.seats import PoolFact
from tongxin.events.rules.waiting import (
    InLine,
    Step,
    line_closed,
    line_first,
    offer_ends,
    offer_over,
    pass_on,
)
from tongxin.events.terms import WaitNote

ZONE = "Asia/Shanghai"
OFFERED, BIG, KEPT = WaitNote.OFFERED, WaitNote.PARTY_TOO_BIG, WaitNote.NOT_ENTITLED
INNER = frozenset({"ring:inner"})


def pool(key, free, audience=""):
    return PoolFact(key, audience, 50, free)


LINES = [
    ("nothing free, nobody is asked", [InLine(1, 1)], [pool(1, 0)], []),
    ("the first gets it", [InLine(1, 1), InLine(2, 1)], [pool(1, 1)], [Step(1, OFFERED, 1, 1)]),
    (
        "as many as there are seats",
        [InLine(1, 1), InLine(2, 2), InLine(3, 1)],
        [pool(1, 3)],
        [Step(1, OFFERED, 1, 1), Step(2, OFFERED, 2, 1)],
    ),
    (
        "a party too big is passed over and told how many were free",
        [InLine(1, 3), InLine(2, 1)],
        [pool(1, 2)],
        [Step(1, BIG, 2), Step(2, OFFERED, 1, 1)],
    ),
    (
        "passed over with what was left when it was their turn",
        [InLine(1, 2), InLine(2, 2), InLine(3, 1)],
        [pool(1, 3)],
        [Step(1, OFFERED, 2, 1), Step(2, BIG, 1), Step(3, OFFERED, 1, 1)],
    ),
    (
        "kept seats are for their audience alone",
        [InLine(1, 1), InLine(2, 1, INNER)],
        [pool(1, 0), pool(2, 1, "ring:inner")],
        [Step(1, KEPT, 1), Step(2, OFFERED, 1, 2)],
    ),
    (
        "kept seats of one's own come first",
        [InLine(1, 1, INNER), InLine(2, 1)],
        [pool(1, 1), pool(2, 1, "ring:inner")],
        [Step(1, OFFERED, 1, 2), Step(2, OFFERED, 1, 1)],
    ),
    (
        "a party is not torn between two pools",
        [InLine(1, 2, INNER)],
        [pool(1, 1), pool(2, 1, "ring:inner")],
        [Step(1, BIG, 1)],
    ),
]


@pytest.mark.parametrize(
    ("line", "pools", "steps"), [case[1:] for case in LINES], ids=[case[0] for case in LINES]
)
def test_who_is_offered_and_who_is_passed_over(line, pools, steps):
    assert pass_on(line, pools) == steps


def test_nobody_behind_the_last_free_seat_is_looked_at():
    asked = []

    def line():
        for n in range(100):
            asked.append(n)
            yield InLine(n, 1)

    assert len(pass_on(line(), [pool(1, 3)])) == 3
    assert len(asked) == 4  # the fourth is seen only to learn that nothing is left


def at(day, hour, minute=0):
    return datetime(2026, 3, day, hour, minute, tzinfo=ZoneInfo(ZONE))


OFFERS = [
    ("a week before: twelve waking hours", at(5, 9), at(12, 14), at(5, 21)),
    ("the night does not count", at(5, 15), at(12, 14), at(6, 14)),
    ("made at night it begins in the morning", at(5, 23), at(12, 14), at(6, 20, 30)),
    ("made before dawn too", at(5, 3), at(12, 14), at(5, 20, 30)),
    ("two days before: four hours", at(5, 9), at(7, 14), at(5, 13)),
    ("the day before: an hour", at(5, 9), at(5, 20), at(5, 10)),
    ("in the last hours: half an hour", at(5, 9), at(5, 14), at(5, 9, 30)),
    ("never later than an hour before the start", at(5, 12, 35), at(5, 14), at(5, 13)),
    ("also when the night would last longer", at(5, 23), at(6, 9), at(6, 8)),
    ("too short to wake anybody: no offer", at(5, 12, 50), at(5, 14), None),
    ("after the start: no offer", at(5, 15), at(5, 14), None),
]


@pytest.mark.parametrize(
    ("now", "starts", "until"), [case[1:] for case in OFFERS], ids=[case[0] for case in OFFERS]
)
def test_until_when_an_offer_stands(now, starts, until):
    assert offer_ends(now, starts, ZONE) == until


def test_an_offer_is_over_at_its_end_and_when_the_event_was_moved_forward():
    assert not offer_over(at(5, 13), at(5, 20), at(5, 12, 59))
    assert offer_over(at(5, 13), at(5, 20), at(5, 13))
    assert offer_over(at(5, 13), at(5, 12, 30), at(5, 11, 30))
    assert [line_closed(at(5, 14), now) for now in (at(5, 12, 59), at(5, 13))] == [False, True]


@pytest.mark.parametrize(
    ("free", "party", "waited", "answer"),
    [(1, 1, True, True), (1, 2, True, False), (0, 1, True, False), (9, 1, False, False)],
)
def test_the_line_is_asked_first_only_where_somebody_waited_and_a_seat_seems_free(
    free, party, waited, answer
):
    assert line_first([pool(1, free)], [1], party, waited=waited) is answer


def test_the_line_is_not_asked_for_seats_that_are_not_for_the_newcomer():
    assert line_first([pool(1, 0), pool(2, 5, "ring:inner")], [1], 1, waited=True) is False


def test_an_offer_is_never_longer_than_twelve_hours_awake_nor_over_midnight_of_the_wrong_day():
    for hour in range(24):
        until = offer_ends(at(5, hour), at(20, 14), ZONE)
        assert at(5, hour) < until <= at(5, hour) + timedelta(hours=12 + 11)
        assert (8, 30) <= (until.astimezone(ZoneInfo(ZONE)).hour, until.minute) <= (21, 30)
