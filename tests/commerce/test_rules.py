"""Paid periods: when two of them overlap."""

from datetime import UTC, datetime

import pytest

from tongxin.commerce.rules import Span, clash, overlap, turned_round


def span(start, end=None):
    return Span(datetime(2026, 1, start, tzinfo=UTC), end and datetime(2026, 1, end, tzinfo=UTC))


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        (span(1, 5), span(5, 9), False),
        (span(1, 6), span(5, 9), True),
        (span(1, 9), span(3, 4), True),
        (span(1), span(3, 4), True),
        (span(5), span(3, 4), False),
        (span(5), span(6), True),
    ],
)
def test_overlap(one, other, verdict):
    assert overlap(one, other) is verdict
    assert overlap(other, one) is verdict
    assert (clash(one, [other]) is other) is verdict


def test_turned_round():
    assert turned_round(span(5, 5))
    assert turned_round(span(5, 4))
    assert not turned_round(span(4, 5))
    assert not turned_round(span(4))
