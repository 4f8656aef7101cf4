"""When one may try again, when a session has ended: the figures of promises P24 and P25, row by row."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tongxin.foundation.accounts.rules import Stay, Tries, holds, lives, wait_minutes, worth_noting

NOW = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)
M = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("subject", "origin", "subject_age", "origin_age", "minutes"),
    [
        (0, 0, None, None, 0),
        (4, 4, 10 * M, 10 * M, 0),
        (5, 5, 10 * M, 10 * M, 20),
        (5, 5, 30 * M, 30 * M, 0),
        (5, 5, 29.5 * M, 29.5 * M, 1),
        (0, 29, None, 10 * M, 0),
        (0, 30, None, 10 * M, 50),
        (5, 30, 10 * M, 10 * M, 50),
        (5, 30, 1 * M, 50 * M, 29),
    ],
)
def test_five_failures_a_name_and_thirty_an_address(subject, origin, subject_age, origin_age, minutes):
    tries = Tries(
        subject,
        origin,
        None if subject_age is None else NOW - subject_age,
        None if origin_age is None else NOW - origin_age,
    )
    assert wait_minutes(tries, NOW) == minutes


HOLDING = Stay(
    epoch=3,
    account_epoch=3,
    active=True,
    ended=False,
    idle_until=NOW + M,
    expires_at=NOW + timedelta(hours=1),
)


@pytest.mark.parametrize(
    ("change", "holding"),
    [
        ({}, True),
        ({"epoch": 2}, False),
        ({"account_epoch": 4}, False),
        ({"active": False}, False),
        ({"ended": True}, False),
        ({"idle_until": NOW}, False),
        ({"expires_at": NOW}, False),
    ],
)
def test_a_session_holds_until_one_thing_ends_it(change, holding):
    assert holds(replace(HOLDING, **change), NOW) is holding


def test_staff_stay_twelve_hours_and_three_idle():
    assert lives("staff") == (timedelta(hours=12), timedelta(hours=3))
    assert lives("service") == (timedelta(hours=12), timedelta(hours=3))
    assert lives("member") == (timedelta(days=90), timedelta(days=30))


def test_being_seen_is_noted_once_a_minute():
    assert not worth_noting(NOW - 59 * timedelta(seconds=1), NOW)
    assert worth_noting(NOW - M, NOW)
