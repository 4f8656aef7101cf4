"""Leaving: which day may be the last, what needs somebody to take it."""

from datetime import date, timedelta

import pytest

from tongxin.champions.rules import leaving as rules
from tongxin.champions.rules.leaving import Thing
from tongxin.champions.terms import Handed
from tongxin.foundation.errors import Refused

DAY = timedelta(days=1)


@pytest.mark.parametrize(("days", "fine"), [(-1, False), (0, True), (90, True), (91, False)])
def test_the_last_day_is_today_or_soon(days, fine):
    today = date(2026, 3, 7)
    if fine:
        rules.check_last_day(today + days * DAY, today)
    else:
        with pytest.raises(Refused, match=r"champions\.last_day"):
            rules.check_last_day(today + days * DAY, today)


@pytest.mark.parametrize(
    ("kind", "waits"),
    [
        (Handed.EVENT, True),
        (Handed.SERIES, True),
        (Handed.PROPOSAL, True),
        (Handed.LETTER, True),
        (Handed.CONCERN, True),
        (Handed.CHECK, False),
        (Handed.DOOR, False),
    ],
)
def test_what_waits_for_a_person_needs_one(kind, waits):
    rules.check_succession([Thing(kind, "1")], succeeds=True)
    if waits:
        with pytest.raises(Refused, match=r"champions\.no_successor"):
            rules.check_succession([Thing(kind, "1")], succeeds=False)
    else:
        rules.check_succession([Thing(kind, "1")], succeeds=False)
