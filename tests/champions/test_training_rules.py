"""The training card: which version holds, what a signature is worth when a mandatory version begins."""

import itertools
from datetime import date

import pytest

from tongxin.champions.rules import training as rules
from tongxin.champions.rules.training import Lesson, Version
from tongxin.champions.terms import Trained

ITEMS = (Lesson("a", "甲", "a"), Lesson("b", "乙", "b"))
VERSIONS = (
    Version(1, date(2026, 1, 1), True, ITEMS),
    Version(2, date(2026, 3, 1), False, ITEMS),
    Version(3, date(2026, 5, 1), True, ITEMS),
)
FEBRUARY, MARCH, MAY = date(2026, 2, 1), date(2026, 3, 1), date(2026, 5, 1)


@pytest.mark.parametrize(
    ("today", "read", "signed", "state"),
    [
        (FEBRUARY, {}, (), Trained.OPEN),
        (FEBRUARY, {1: {"a"}}, (), Trained.READING),
        (FEBRUARY, {1: {"a", "b"}}, (), Trained.READ),
        (FEBRUARY, {1: {"a", "b"}}, (1,), Trained.SIGNED),
        (MARCH, {1: {"a", "b"}}, (1,), Trained.SIGNED),
        (MARCH, {1: {"a", "b"}}, (), Trained.OPEN),
        (MAY, {1: {"a", "b"}}, (1,), Trained.RENEW),
        (MAY, {3: {"a", "b"}}, (2,), Trained.READ),
        (MAY, {3: {"a", "b"}}, (1, 3), Trained.SIGNED),
    ],
)
def test_what_a_signature_is_worth(today, read, signed, state):
    assert rules.standing(VERSIONS, today, read, signed).state is state


def test_the_shipped_card_is_numbered_dated_and_in_both_languages():
    versions = rules.shipped()
    assert [one.number for one in versions] == list(range(1, len(versions) + 1))
    assert all(one.since < two.since for one, two in itertools.pairwise(versions))
    for one in versions:
        assert len({item.key for item in one.items}) == len(one.items) > 0
        assert all(item.zh and item.en for item in one.items)
