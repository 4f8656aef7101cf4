"""Large effects need two persons (promise P43): vouchers promised, fees handed back."""

from datetime import date

import pytest

from commerce.purses import chain
from people.factories import CustomerFactory
from stores.factories import TESTS, viewer
from tongxin.commerce import actions
from tongxin.commerce.models import Promise
from tongxin.commerce.rules import two_persons as rules
from tongxin.commerce.terms import TWO_PERSONS_OVER, PromiseState
from tongxin.foundation.errors import Refused

LIMIT = TWO_PERSONS_OVER[-1][1]
DAY = TWO_PERSONS_OVER[-1][0]
UNDER = ("events", "baking")


@pytest.mark.parametrize(
    ("fen", "first", "second", "asked"),
    [
        (LIMIT, "li", "li", False),
        (LIMIT + 1, "li", "li", True),
        (LIMIT + 1, "li", "wang", False),
        (LIMIT + 1, "", "li", False),  # nobody wrote down who began
    ],
)
def test_who_began_does_not_end_what_is_large(fen, first, second, asked):
    assert rules.needs_second(fen, first=first, second=second, day=DAY) is asked


def test_the_newest_limit_that_is_not_in_the_future_holds(monkeypatch):
    lines = ((date(2026, 1, 1), 100), (date(2026, 6, 1), 50))
    monkeypatch.setattr(rules, "TWO_PERSONS_OVER", lines)
    days = (date(2025, 1, 1), date(2026, 5, 31), date(2026, 6, 1))
    assert [rules.limit_on(day) for day in days] == [100, 100, 50]


def code(act, **given):
    try:
        act(**given)
    except Refused as refused:
        return refused.code
    return "done"


@pytest.fixture
def world(noon):
    return chain()


def owed(world, fen, by, n=1):
    """Fees that were paid and ordered back by somebody."""
    rows = [world.paid(person=CustomerFactory().pk, fee_fen=fen, voucher_fen=fen) for _ in range(n)]
    return [actions.refund(viewer=by, promise_id=row.public_id, reason="来不了") for row in rows]


def handed(world, row, by):
    return code(
        actions.pay_refund, viewer=by, promise_id=row.public_id, store=world.home, receipt=f"B{row.pk}"
    )


@pytest.mark.django_db
def test_who_orders_a_large_refund_does_not_hand_it_out(world):
    other = viewer("store_manager", store=world.home)
    (row,) = owed(world, LIMIT + 1, world.champion)
    assert handed(world, row, world.champion) == "commerce.second_person_needed"
    assert Promise.objects.get(pk=row.pk).state == PromiseState.REFUND_DUE
    assert handed(world, row, other) == "done"
    (small,) = owed(world, LIMIT, other)
    assert handed(world, small, other) == "done"


@pytest.mark.django_db
def test_many_small_refunds_of_an_event_are_a_large_one(world):
    rows = owed(world, LIMIT // 2, world.champion, n=3)
    assert [handed(world, row, world.champion) for row in rows] == ["commerce.second_person_needed"] * 3
    assert handed(world, rows[0], viewer("champion", store=world.home)) == "done"
    actions.refund_all(viewer=world.champion, under=UNDER, reason="停电")
    assert {row.refund_by for row in Promise.objects.all()} == {world.champion.name}


@pytest.mark.django_db
def test_what_a_member_gives_back_any_colleague_hands_out(world):
    row = world.paid(fee_fen=LIMIT + 1, voucher_fen=0)
    actions.refund_subject(viewer=TESTS, subject=(row.subject_room, row.subject_key), reason="来不了")
    assert handed(world, row, world.champion) == "done"


@pytest.mark.django_db
def test_control_without_the_limit_one_person_does_both(world, monkeypatch):
    monkeypatch.setattr(rules, "TWO_PERSONS_OVER", ((date(2026, 1, 1), 10**12),))
    (row,) = owed(world, LIMIT + 1, world.champion)
    assert handed(world, row, world.champion) == "done"
