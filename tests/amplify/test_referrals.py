"""Friends who were brought: paid for a purchase that was kept, never for heads, taken back with its refund."""

import random
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from amplify.worlds import TESTS, buys, margin, member, merged, refused, someone
from tongxin.amplify import actions, queries
from tongxin.amplify.models import Referral, RewardEntry
from tongxin.amplify.terms_referrals import FOLLOWED_FOR, ReferralState
from tongxin.commerce.models import PurchaseDay
from tongxin.foundation import clock
from tongxin.people import actions as people
from tongxin.people.models import Customer, Deed

pytestmark = pytest.mark.django_db


@pytest.fixture
def lin(noon):
    margin()
    return someone()


def brings(viewer, **more):
    friend = someone()
    return friend, actions.name_friend(viewer=friend, code=actions.my_code(viewer=viewer).code, **more)


def later(days):
    """The nightly job so many days from now; answers how many changed."""
    with clock.held(clock.now() + timedelta(days=days)):
        return actions.settle_friends(viewer=TESTS)


def ledger():
    return [(row.person_id, row.part, row.fen) for row in RewardEntry.objects.order_by("id")]


def test_paid_after_the_refund_window_and_once(lin):
    friend, _row = brings(lin)
    assert (later(1), ledger()) == (0, [])
    buys(friend, 100_000)
    assert (later(14), ledger()) == (0, [])
    assert (later(15), ledger()) == (1, [(lin.person, "direct", 1500)])
    assert (later(16), later(40)) == (0, 0)
    mine = queries.my_friends(lin)
    assert (mine.balance_fen, [one.state for one in mine.friends]) == (1500, [ReferralState.CONFIRMED])
    deed = Deed.objects.get(source_system="amplify")
    assert (deed.kind, deed.person_id, deed.counterpart_id) == (
        "referral_verified",
        lin.person,
        friend.person,
    )


def test_one_assist_and_never_a_third(lin):
    second, _ = brings(lin)
    third, _ = brings(second)
    fourth, _ = brings(third)
    buys(fourth, 100_000)
    later(15)
    assert sorted(ledger()) == [(second.person, "assist", 300), (third.person, "direct", 1200)]


def test_refunds_are_lines_of_their_own_and_the_deed_goes_with_the_last(lin):
    friend, _row = brings(lin)
    buys(friend, 100_000)
    later(15)
    buys(friend, -40_000, days=20)
    later(21)
    buys(friend, -60_000, days=30)
    later(31)
    assert [fen for _, _, fen in ledger()] == [1500, -600, -900]
    assert queries.my_friends(lin).balance_fen == 0
    assert Deed.objects.filter(source_system="amplify", kind="referral_verified", reverses=None).count() == 1
    assert Deed.objects.exclude(reverses=None).count() == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        RewardEntry.objects.update(fen=1)


def test_what_is_given_back_within_the_window_brings_nothing(lin):
    friend, _ = brings(lin)
    buys(friend, 100_000)
    buys(friend, -100_000, days=5)
    later(15)
    assert (ledger(), Referral.objects.get().state) == ([], ReferralState.LAPSED)


def test_no_purchase_in_time_lapses(lin):
    brings(lin)
    assert (later(90), later(91)) == (0, 1)
    assert Referral.objects.get().state == ReferralState.LAPSED


@pytest.mark.parametrize("counts", [True, False])
def test_one_person_in_two_coats_is_held_and_a_person_decides(lin, counts):
    actions.my_code(viewer=lin, device="same")
    friend, row = brings(lin, device="same")
    buys(friend, 100_000)
    later(15)
    assert (ledger(), Referral.objects.get().flags) == ([], ["same_device"])
    assert queries.my_friends(lin).friends[0].state == ReferralState.PENDING
    given = {"viewer": TESTS, "referral_id": row.public_id, "counts": counts}
    refused("amplify.words", actions.decide_friend, **given, reason="")
    refused("absent", actions.decide_friend, **(given | {"viewer": lin}), reason="我自己")
    with clock.held(clock.now() + timedelta(days=16)):
        actions.decide_friend(**given, reason="核实过，是一家人")
        refused("amplify.referral_state", actions.decide_friend, **given, reason="再来")
    assert [fen for _, _, fen in ledger()] == ([1500] if counts else [])


def test_control_without_the_flags_it_would_have_been_paid(lin, monkeypatch):
    monkeypatch.setattr("tongxin.amplify.actions.referrals.flags", lambda *_: ())
    actions.my_code(viewer=lin, device="same")
    friend, _ = brings(lin, device="same")
    buys(friend, 100_000)
    later(15)
    assert [fen for _, _, fen in ledger()] == [1500]


def test_who_cannot_be_named(lin):
    code = actions.my_code(viewer=lin).code
    refused("amplify.own_code", actions.name_friend, viewer=lin, code=code)
    friend, _ = brings(lin)
    refused("amplify.brought_already", actions.name_friend, viewer=friend, code=code)
    refused("amplify.circle", actions.name_friend, viewer=lin, code=actions.my_code(viewer=friend).code)
    refused("amplify.code", actions.name_friend, viewer=someone(), code="NOSUCH12")
    bought = someone()
    buys(bought, 100)
    refused("amplify.not_new", actions.name_friend, viewer=bought, code=code)
    old = someone()
    with clock.held(clock.now() + timedelta(days=31)):
        refused("amplify.not_new", actions.name_friend, viewer=old, code=code)
    staff = someone()
    Customer.objects.filter(pk=staff.person).update(is_staff=True)
    refused("amplify.no_friends_programme", actions.name_friend, viewer=staff, code=code)
    refused("amplify.no_friends_programme", actions.my_code, viewer=staff)
    assert Referral.objects.count() == 1


def test_an_erasure_ends_what_is_open_and_keeps_the_books(lin):
    friend, _ = brings(lin, device="d1")
    buys(friend, 100_000)
    later(15)
    other, _ = brings(lin)
    people.erase(viewer=TESTS, customer=member(friend), reason="asked")
    row = Referral.objects.get(invitee=friend.person)
    assert (row.device, row.bought_on, [fen for _, _, fen in ledger()]) == ("", None, [1500])
    people.erase(viewer=TESTS, customer=member(lin), reason="asked")
    assert Referral.objects.get(invitee=other.person).state == ReferralState.LAPSED
    refused("amplify.code", actions.name_friend, viewer=someone(), code="AAAAAAAA")
    assert later(FOLLOWED_FOR.days) == 0


def test_nobody_is_thanked_for_themselves_even_where_it_is_found_out_later(lin):
    """Promise P32: 0 paid for oneself."""
    other, _ = brings(lin)
    buys(other, 100_000)
    merged(other, lin)
    later(15)
    assert ledger() == []


def test_what_was_paid_for_oneself_is_taken_back_when_it_is_found_out(lin):
    other, _ = brings(lin)
    buys(other, 100_000)
    later(15)
    merged(other, lin)
    later(16)
    assert (sum(fen for _, _, fen in ledger()), later(17)) == (0, 0)


def test_one_person_is_a_friend_once_under_however_many_entries(lin):
    first, _ = brings(lin)
    second, _ = brings(lin)
    buys(first, 100_000)
    buys(second, 50_000)
    merged(second, first)
    later(15)
    assert len(ledger()) == 1


def test_what_was_confirmed_and_is_found_to_be_false_is_taken_back(lin):
    friend, row = brings(lin)
    buys(friend, 100_000)
    later(15)
    with clock.held(clock.now() + timedelta(days=16)):
        actions.decide_friend(
            viewer=TESTS, referral_id=row.public_id, counts=False, reason="同一个人的两个号"
        )
    assert [fen for _, _, fen in ledger()] == [1500, -1500]
    assert (Referral.objects.get().state, later(20)) == (ReferralState.REFUSED, 0)
    assert Deed.objects.exclude(reverses=None).count() == 1


def test_friends_of_several_members_from_one_phone_are_held(lin):
    he = someone()
    friend, _ = brings(lin, device="phone")
    other, _ = brings(he, device="phone")
    buys(friend, 100_000)
    later(15)
    assert (Referral.objects.get(invitee=friend.person).flags, ledger()) == (["elsewhere"], [])
    assert Referral.objects.get(invitee=other.person).state == ReferralState.PENDING


def test_four_friends_with_one_basket_are_held(lin):
    friends = [brings(lin, device=f"d{n}")[0] for n in range(4)]
    shop = member(lin).home_store
    for n, friend in enumerate(friends):
        Customer.objects.filter(pk=friend.person).update(home_store=shop)
        buys(friend, 1990 + n)
    later(15)
    assert [row.flags for row in Referral.objects.all()] == [["alike"]] * 4


def test_the_graph_of_friends_pays_two_at_most_and_its_sums_hold(lin):
    """Made-up trees of friends: whoever they are, at most one direct and one assist, within a tenth of the margin."""
    rng = random.Random(6)
    members = [lin]
    for _ in range(14):
        friend, _row = brings(rng.choice(members))
        buys(friend, rng.randrange(1, 300_000))
        members.append(friend)
    later(15)
    for row in Referral.objects.all():
        lines = list(RewardEntry.objects.filter(referral=row))
        assert len(lines) <= 2
        assert row.invitee_id not in {one.person_id for one in lines}
        assert {one.person_id for one in lines} <= {row.referrer_id, row.assist_id}
        bought = PurchaseDay.objects.get(customer=row.invitee_id)
        assert sum(one.fen for one in lines) <= bought.net_fen * 3 // 100  # a tenth of 30 %
