"""Breaker and bucket, on a clock that stands still until told."""

import pytest

from tongxin.foundation.limits import Breaker, Bucket


class Hands:
    def __init__(self):
        self.at = 100.0

    def __call__(self):
        return self.at


@pytest.fixture
def clock():
    return Hands()


def test_a_breaker_opens_after_failures_in_a_row_and_lets_one_through_after_a_rest(clock):
    breaker = Breaker(failures=3, rest=30, ticking=clock)
    for _ in range(2):
        breaker.told("a", well=False)
    assert breaker.wait_for("a") == 0
    breaker.told("a", well=True)  # a success in between counts from the start
    for _ in range(3):
        breaker.told("a", well=False)
    assert (breaker.wait_for("a"), breaker.wait_for("b")) == (30, 0)
    clock.at += 31
    assert breaker.wait_for("a") == 0  # the one that tries
    assert breaker.wait_for("a") == 30  # the others wait
    breaker.told("a", well=True)
    assert breaker.wait_for("a") == 0


def test_control_without_the_successes_the_count_would_not_start_again(clock):
    breaker = Breaker(failures=3, ticking=clock)
    for _ in range(3):
        breaker.told("a", well=False)
    assert breaker.wait_for("a") > 0


def test_a_bucket_gives_a_burst_and_then_a_rate(clock):
    bucket = Bucket(rate=2, burst=3, ticking=clock)
    assert [bucket.wait_for("a") for _ in range(4)] == [0, 0, 0, 0.5]
    assert bucket.wait_for("b") == 0
    clock.at += 0.5
    assert [bucket.wait_for("a") for _ in range(2)] == [0, 0.5]
    clock.at += 1000
    assert [bucket.wait_for("a") for _ in range(4)] == [0, 0, 0, 0.5]  # never more than the burst
