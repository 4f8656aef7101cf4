"""The code of a voucher is its secret: wrong ones are counted, a person and a till at a time."""

from datetime import timedelta

import pytest

from commerce.purses import chain
from stores.factories import viewer
from tongxin.commerce import actions, queries
from tongxin.foundation import clock
from tongxin.foundation.accounts import rules
from tongxin.foundation.accounts.models import Attempt
from tongxin.foundation.errors import Refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(noon):
    return chain()


def tried(who, store, code):
    """What somebody at a till reads about a code."""
    try:
        with actions.one_try(viewer=who, store=store.public_id):
            return queries.voucher_by_code(who, code, store=store.pk).public_id
    except Refused as refused:
        return refused.code


def test_the_sixth_wrong_code_in_half_an_hour_is_not_looked_at(world):
    voucher, who = world.voucher(), viewer("champion", store=world.home)
    assert [tried(who, world.home, "0" * 28) for _ in range(6)] == [
        *["commerce.voucher_unknown"] * 5,
        "accounts.too_many",
    ]
    assert tried(who, world.home, voucher.code) == "accounts.too_many"
    with clock.held(clock.now() + timedelta(minutes=31)):
        assert tried(who, world.home, voucher.code) == voucher.public_id


def test_right_codes_do_not_count_even_when_they_cannot_be_spent(world):
    voucher, who = world.voucher(), viewer("champion", store=world.home)
    for _ in range(7):
        assert tried(who, world.home, voucher.code) == voucher.public_id
    other = viewer("champion", store=world.other)
    assert {tried(other, world.home, "0" * 28) for _ in range(7)} == {"absent"}
    assert not Attempt.objects.filter(passed=False).exists()


def test_another_person_and_another_till_are_counted_apart_until_the_till_itself_is_full(world):
    for _ in range(6):
        assert tried(viewer("champion", store=world.home), world.home, "0" * 28) == "commerce.voucher_unknown"
    one = viewer("region_manager", region=world.home.region)
    assert [tried(one, world.home, "0" * 28) for _ in range(6)][-1] == "accounts.too_many"
    assert tried(one, world.other, "0" * 28) in {"commerce.voucher_unknown", "absent"}
    for _ in range(19):  # six and five before these
        tried(viewer("champion", store=world.home), world.home, "0" * 28)
    assert tried(viewer("champion", store=world.home), world.home, "0" * 28) == "accounts.too_many"


def test_control_without_the_limit_every_guess_is_judged(world, monkeypatch):
    """The protection off: fifty guesses, fifty answers. With it: five."""

    def judged():
        who = viewer("champion", store=world.home)
        return sum(tried(who, world.home, f"{n:028d}") == "commerce.voucher_unknown" for n in range(50))

    assert judged() == 5
    monkeypatch.setattr(rules, "FAILURES_PER_SUBJECT", 10**9)
    monkeypatch.setattr(rules, "FAILURES_PER_ORIGIN", 10**9)
    assert judged() == 50
