"""Money to members: the margin is published, sums are exact, two people pay, what is given back is set off."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from amplify.worlds import TESTS, buys, margin, member, merged, refused, someone
from stores.factories import viewer as colleague_viewer
from tongxin.amplify import actions, queries
from tongxin.amplify.models import MarginRule, Payout, PayoutLine, RewardEntry
from tongxin.amplify.rules.payouts import owed
from tongxin.amplify.terms_sharing import PayoutState
from tongxin.foundation import clock
from tongxin.people import actions as people
from tongxin.people.models import Customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def lin(noon):
    margin()
    return someone()


@pytest.fixture
def first(noon):
    return colleague_viewer("hq_editor")


@pytest.fixture
def second(noon):
    return colleague_viewer("admin")


def thanked(viewer, fen=100_000, days=15):
    """A friend of theirs who bought and kept it: 1.5 % of the sum; answers the friend."""
    friend = someone()
    actions.name_friend(viewer=friend, code=actions.my_code(viewer=viewer).code)
    buys(friend, fen)
    settle(days)
    return friend


def settle(days):
    with clock.held(clock.now() + timedelta(days=days)):
        actions.settle_friends(viewer=TESTS)


def sums(payout):
    return list(PayoutLine.objects.filter(payout=payout).order_by("person").values_list("person", "fen"))


def test_from_the_ledger_to_a_statement(lin, first, second):
    thanked(lin)
    row = actions.draw_up_payout(viewer=first)
    assert (row.fen, row.people, sums(row)) == (1500, 1, [(lin.person, 1500)])
    assert queries.my_statements(lin) == []  # not before somebody has looked
    refused(
        "amplify.payout_state", actions.pay_payout, viewer=second, payout_id=row.public_id, reference="A1"
    )
    actions.approve_payout(viewer=second, payout_id=row.public_id)
    actions.pay_payout(viewer=first, payout_id=row.public_id, reference="BANK-0007")
    said = queries.my_statements(lin)[0]
    assert (said.state, said.thanks_fen, said.shares_fen, said.before_fen, said.fen) == (
        PayoutState.PAID,
        1500,
        0,
        0,
        1500,
    )
    refused("amplify.payout_nothing", actions.draw_up_payout, viewer=first)


def test_what_is_given_back_after_payment_is_set_off_and_never_asked_for(lin, first, second):
    friend = thanked(lin)
    row = actions.draw_up_payout(viewer=first)
    actions.approve_payout(viewer=second, payout_id=row.public_id)
    actions.pay_payout(viewer=first, payout_id=row.public_id, reference="A1")
    buys(friend, -100_000, days=20)
    settle(21)
    refused("amplify.payout_nothing", actions.draw_up_payout, viewer=first)  # 1,500 fen below zero
    with clock.held(clock.now() + timedelta(days=60)):
        thanked(lin, 160_000)
        again = actions.draw_up_payout(viewer=first)
    assert sums(again) == [(lin.person, 900)]
    everything = sum(RewardEntry.objects.values_list("fen", flat=True))
    assert everything == sum(PayoutLine.objects.values_list("fen", flat=True)) == 2400


def test_one_at_a_time_and_a_cancelled_one_is_owed_again(lin, first, second):
    thanked(lin)
    row = actions.draw_up_payout(viewer=first)
    refused("amplify.payout_open", actions.draw_up_payout, viewer=second)
    actions.cancel_payout(viewer=second, payout_id=row.public_id)
    refused("amplify.payout_state", actions.approve_payout, viewer=second, payout_id=row.public_id)
    assert sums(actions.draw_up_payout(viewer=first)) == [(lin.person, 1500)]
    for broken in ({"fen": 1}, {"before_fen": -9}):
        with pytest.raises(IntegrityError), transaction.atomic():
            PayoutLine.objects.update(**broken)
    with pytest.raises(IntegrityError), transaction.atomic():
        Payout.objects.create(state="paid", drawn_by="x", drawn_at=clock.now())


def test_much_takes_two_people(lin, first, second):
    thanked(lin, 100_000_000)  # 15,000 yuan
    row = actions.draw_up_payout(viewer=first)
    refused("commerce.second_person_needed", actions.approve_payout, viewer=first, payout_id=row.public_id)
    actions.approve_payout(viewer=second, payout_id=row.public_id)


def test_control_little_takes_one(lin, first):
    thanked(lin)
    row = actions.draw_up_payout(viewer=first)
    assert actions.approve_payout(viewer=first, payout_id=row.public_id).state == PayoutState.APPROVED


def test_a_large_pool_is_not_shared_out_by_who_published_it(lin, first, second):
    given = {"points": {"answered": 3}, "since": clock.now(), "until": clock.now() + timedelta(days=7)}
    row = actions.publish_pool(viewer=first, title="十月分享", pool_fen=600_000, **given)
    with clock.held(clock.now() + timedelta(days=7)):
        refused("commerce.second_person_needed", actions.settle_pool, viewer=first, pool_id=row.public_id)
        assert actions.settle_pool(viewer=second, pool_id=row.public_id).back_fen == 600_000


def test_who_is_in_doubt_waits_and_who_is_forgotten_gets_nothing(lin, first):
    thanked(lin)
    he = someone()
    thanked(he)
    people.erase(viewer=TESTS, customer=member(he), reason="asked")
    code = actions.my_code(viewer=lin, device="same").code
    doubt = someone()
    row = actions.name_friend(viewer=doubt, code=code, device="same")
    buys(doubt, 100_000)
    settle(15)
    refused("amplify.payout_nothing", actions.draw_up_payout, viewer=first)
    with clock.held(clock.now() + timedelta(days=15)):
        actions.decide_friend(viewer=first, referral_id=row.public_id, counts=False, reason="同一个人")
    assert sums(actions.draw_up_payout(viewer=first)) == [(lin.person, 1500)]


def test_without_a_published_margin_nobody_is_promised_anything(noon):
    lin = someone()
    refused("amplify.margin_unset", actions.my_code, viewer=lin)
    today = clock.business_day(clock.now())
    given = {"viewer": TESTS, "high_permille": 400, "other_permille": 200}
    refused("amplify.margin_form", actions.set_margin, **given, since=today - timedelta(days=1))
    refused("amplify.margin_form", actions.set_margin, **(given | {"other_permille": 401}), since=today)
    refused("absent", actions.set_margin, **(given | {"viewer": lin}), since=today)
    actions.set_margin(**given, since=today + timedelta(days=1))
    refused("amplify.margin_unset", actions.my_code, viewer=lin)  # tomorrow
    with clock.held(clock.now() + timedelta(days=1)):
        actions.my_code(viewer=lin)
    with pytest.raises(IntegrityError), transaction.atomic():
        MarginRule.objects.update(high_permille=900)


def test_the_margin_of_the_day_one_came_holds_and_high_articles_count_as_such(noon):
    today = clock.business_day(clock.now())
    given = {"viewer": TESTS, "since": today}
    actions.set_margin(**given, high_permille=400, other_permille=200)
    lin, friend = someone(), someone()
    actions.name_friend(viewer=friend, code=actions.my_code(viewer=lin).code)
    actions.set_margin(viewer=TESTS, since=today + timedelta(days=1), high_permille=900, other_permille=900)
    buys(friend, 100_000, high=25_000)
    settle(15)
    # 5 % of 40 % of 250 yuan and of 20 % of 750 yuan
    assert RewardEntry.objects.get().fen == 1250


def test_sums_are_exact_whatever_comes():
    thanks, shares, before = {1: 1500, 2: -300, 3: 50}, {2: 300, 4: 100}, {1: 1400}
    assert [(one.person, one.fen) for one in owed(thanks, shares, before)] == [(1, 100), (4, 100)]


def test_two_entries_of_one_person_are_paid_together(lin, first):
    thanked(lin)
    other = someone()
    thanked(other)
    merged(other, lin)
    assert sums(actions.draw_up_payout(viewer=first)) == [(lin.person, 3000)]
    assert Customer.objects.get(pk=other.person).survivor_id == lin.person
