"""How a store is doing: a table of situations and verdicts, and the interval of a share."""

from datetime import date, timedelta

import pytest

from tongxin.champions.rules.health import StoreFacts, missed_days, share, store_health
from tongxin.champions.terms import HEALTH_LABELS, HEALTH_WHY_LABELS, Health, HealthWhy

TODAY = date(2026, 3, 5)
DUE = tuple(TODAY - timedelta(days=n) for n in range(14, 0, -1))
NONE, ALL = frozenset[date](), frozenset(DUE)


def but(*days_ago):
    """Answered on all days but these."""
    return ALL - {TODAY - timedelta(days=n) for n in days_ago}


@pytest.mark.parametrize(
    ("facts", "level", "reasons"),
    [
        (StoreFacts(DUE, ALL), "well", []),
        (StoreFacts(DUE, but(1)), "well", []),  # one missed day is a busy day
        (StoreFacts(DUE, but(5, 6, 7, 8)), "well", []),  # what is over is not held against it
        (StoreFacts(DUE, but(1, 2)), "watch", [("no_check", 2)]),
        (StoreFacts(DUE, but(1, 2, 3)), "red", [("no_check", 3)]),
        (StoreFacts(DUE, NONE), "silent", []),  # nothing was ever heard: unknown, not well and not red
        (StoreFacts((), NONE), "silent", []),
        (
            StoreFacts(DUE, NONE, registered=8, came=8),
            "well",
            [],
        ),  # it runs events and does not use the check
        (StoreFacts(DUE, ALL, registered=19, came=0), "well", []),  # too few to say
        (StoreFacts(DUE, ALL, registered=100, came=40), "red", [("few_came", 40)]),
        (StoreFacts(DUE, ALL, registered=100, came=50), "watch", [("few_came", 50)]),
        (StoreFacts(DUE, ALL, registered=20, came=10), "well", []),  # half of twenty may be two thirds
        (StoreFacts(DUE, ALL, registered=100, came=84), "well", []),
        (StoreFacts(DUE, ALL, recalled=1), "red", [("recalled", 1)]),
        (StoreFacts(DUE, ALL, concerns=1), "well", []),
        (StoreFacts(DUE, ALL, concerns=2), "watch", [("concerns", 2)]),
        (
            StoreFacts(DUE, but(1, 2), concerns=3, recalled=2, registered=100, came=30),
            "red",
            [("recalled", 2), ("few_came", 30), ("no_check", 2), ("concerns", 3)],
        ),
    ],
)
def test_verdicts(facts, level, reasons):
    found = store_health(facts)
    assert (found.level, [(why.code, why.n) for why in found.reasons]) == (level, reasons)


@pytest.mark.parametrize(
    ("answered", "missed"), [(ALL, 0), (but(1), 1), (but(1, 3), 1), (but(2), 0), (NONE, 14)]
)
def test_days_in_a_row(answered, missed):
    assert missed_days(DUE, answered) == missed


@pytest.mark.parametrize(
    ("came", "registered", "low", "high"),
    [(0, 0, 0.0, 1.0), (0, 10, 0.0, 0.213), (10, 10, 0.787, 1.0), (382, 455, 0.809, 0.866)],
)
def test_the_interval_stays_inside_and_narrows(came, registered, low, high):
    part, below, above = share(came, registered)
    assert (round(below, 3), round(above, 3)) == (low, high)
    assert below <= part <= above


def test_every_level_and_reason_has_words():
    assert set(HEALTH_LABELS) == set(Health)
    assert {zh.count("{n}") + en.count("{n}") for zh, en in HEALTH_WHY_LABELS.values()} == {2}
    assert set(HEALTH_WHY_LABELS) == set(HealthWhy)
