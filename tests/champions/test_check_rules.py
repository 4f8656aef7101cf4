"""The rules of the daily health check as tables, without a database."""

from datetime import date

import pytest

from tongxin.champions.rules import checks as rules
from tongxin.champions.rules.checks import FIRST, Item, Listed
from tongxin.champions.terms import DayState
from tongxin.foundation.errors import Refused

D = date(2026, 3, 5)
ITEMS = (Item("a", "甲"), Item("b", "乙"))


def test_the_two_items_of_the_source_text_are_there_from_the_start():
    assert [item.zh for item in FIRST.items] == [
        "社区告示板是今天的吗？",
        "有没有邀请至少一位顾客参加本周的活动？",
    ]


@pytest.mark.parametrize(
    ("answered", "today", "state"),
    [
        ((), D, DayState.OPEN),
        ((), date(2026, 3, 6), DayState.SKIPPED),
        (("a",), D, DayState.PARTLY),
        (("a",), date(2026, 3, 6), DayState.PARTLY),
        (("a", "b"), D, DayState.DONE),
        (("a", "b", "old"), date(2026, 3, 9), DayState.DONE),
        (("old",), date(2026, 3, 9), DayState.PARTLY),
    ],
)
def test_a_day_by_what_was_answered(answered, today, state):
    assert rules.day_state(D, today, ITEMS, answered) is state


def test_the_newest_list_that_has_begun_holds():
    one = Listed(1, date(2026, 3, 1), ITEMS)
    two = Listed(2, date(2026, 3, 10), ITEMS[:1])
    assert [
        rules.list_on(date(2026, *on), [one, two]).number for on in ((2, 28), (3, 1), (3, 9), (3, 10))
    ] == [
        0,
        1,
        1,
        2,
    ]


def test_an_item_keeps_its_key_as_long_as_its_words_stay():
    made = rules.listed_items([("新的一项", "new"), (FIRST.items[0].zh, "")], FIRST)
    assert [item.key for item in made] == ["v1-1", "board"]


@pytest.mark.parametrize(
    "given",
    [
        [],
        [("一", ""), ("二", ""), ("三", ""), ("四", ""), ("五", ""), ("六", "")],
        [("  ", "")],
        [("一" * 41, "")],
        [("一", ""), ("一 ", "")],
    ],
)
def test_none_too_many_too_long_or_twice_is_refused(given):
    with pytest.raises(Refused, match=r"champions\.items"):
        rules.listed_items(given, FIRST)


def test_five_are_allowed():
    assert len(rules.listed_items([(zh, "") for zh in "一二三四五"], FIRST)) == 5


def test_a_list_never_changes_a_day_that_is_being_answered():
    rules.check_since(date(2026, 3, 6), D)
    for since in (D, date(2026, 3, 4)):
        with pytest.raises(Refused, match=r"champions\.since"):
            rules.check_since(since, D)


def test_days_before_a_store_opened_are_not_due():
    days = rules.due_days(D, 4, date(2026, 3, 4), None)
    assert days == (date(2026, 3, 4), D)
    assert rules.due_days(D, 3, None, date(2026, 3, 4)) == (date(2026, 3, 3), date(2026, 3, 4))


@pytest.mark.parametrize(
    ("answer", "sentence", "goes"),
    [("no", "烤箱坏了", True), ("no", "", False), ("yes", "好", False), ("not_today", "盘点", False)],
)
def test_a_no_with_a_sentence_goes_to_headquarters(answer, sentence, goes):
    assert rules.is_concern(answer, sentence) is goes
