"""Money, model-checked: every answer is foretold (promise P3). The full count stands in `bench/ledger.py`."""

import pytest
from django.db import DatabaseError
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from commerce.budget_model import Budget, make_store
from commerce.money_model import Money, make_world
from tongxin.commerce.actions import vouchers
from tongxin.commerce.rules import books, promises
from tongxin.commerce.rules.promises import Move
from tongxin.commerce.terms import EntryKind, PromiseState

pytestmark = pytest.mark.django_db


def small(examples, steps, **more):
    return settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck), phases=(Phase.generate,), **more,
    )  # fmt: skip


def test_the_money_of_members_does_what_the_model_foretells():
    Money.world = make_world()
    run_state_machine_as_test(Money, settings=small(12, 25))


def test_budgets_do_what_the_model_foretells():
    Budget.store = make_store()
    run_state_machine_as_test(Budget, settings=small(12, 25))


def generous(at):
    """Grants again and again."""
    if at.state in {PromiseState.PAID, PromiseState.LAPSED, PromiseState.OPEN}:
        return Move(PromiseState.GRANTED, (EntryKind.GRANTED,))
    return Move(at.state, same=True)


class Pick:
    """Draws the n-th of what there is."""

    def __init__(self, n):
        self.n = n

    def draw(self, strategy):
        return list(strategy.elements)[self.n]


def walk():
    """One example by hand, in which each of the wrongs below would show."""
    machine = Money()
    try:
        machine.begin(granted=1)
        steps = [
            lambda: machine.promise(1, 0, 0, (3900, 3900), None, None, "kept"),
            lambda: machine.attend(Pick(1)),
            lambda: machine.whole_story(0, (3900, 5000), 1, "kept"),
            lambda: machine.whole_story(1, (3900, 3900), 1, "kept"),
            lambda: machine.redeem(Pick(0), 1, "A1"),
            lambda: machine.redeem(Pick(2), 0, "A2"),
            lambda: machine.refund(Pick(0), by_subject=True),
            lambda: machine.whole_story(0, (3900, 3900), 1, "kept"),
            lambda: machine.redeem(Pick(3), 1, "A2"),
            lambda: machine.wait(24 * 6),
            lambda: machine.reverse(Pick(0)),
            lambda: machine.wait(24 * 6),
            lambda: machine.redeem(Pick(1), 0, "A3"),
            machine.expire,
        ]
        for step in steps:
            step()
            machine.the_database_is_the_model()
    finally:
        machine.teardown()


def test_the_walk_is_right():
    Money.world = make_world()
    walk()


WRONGS = {
    "grants what was not paid": lambda patch: patch.setattr(promises, "attend", generous),
    "calls what ran out used": lambda patch: patch.setattr(
        promises, "spendable", lambda *_: "commerce.voucher_spent"
    ),
    "books the sale in the wrong store": lambda patch: patch.setattr(
        books, "redeemed", lambda value, *, home, where: original(value, home=where, where=home)
    ),
    "forgets the limit a day": lambda patch: patch.setattr(promises, "within", lambda *_: True),
    "gives no time back": lambda patch: patch.setattr(
        promises, "life_after_reversal", lambda *, redeemed_at, expires_at, now: expires_at
    ),
    "refunds what was spent": lambda patch: patch.setattr(promises, "_unless_gone", lambda _, move: move),
    "books nothing": lambda patch: patch.setattr(vouchers, "post", lambda **_: None),
}
original = books.redeemed


@pytest.mark.parametrize("wrong", WRONGS)
def test_control_the_model_notices(wrong, monkeypatch):
    Money.world = make_world()
    WRONGS[wrong](monkeypatch)
    with pytest.raises((AssertionError, DatabaseError)):
        walk()
