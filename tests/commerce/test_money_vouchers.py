"""Spending a voucher: once, whole, in any store, by its member's code; giving it back; letting it run out."""

import json
from datetime import timedelta

import pytest
from django.db import connection

from commerce.purses import chain, subject_of
from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS, StoreFactory, viewer
from tongxin.commerce import actions, queries
from tongxin.commerce.actions import vouchers
from tongxin.commerce.actions.forgetting import erase_customer
from tongxin.commerce.erasing import CommerceEraser
from tongxin.commerce.models import LedgerEntry, LedgerLine, Voucher
from tongxin.commerce.rules.promises import grouped
from tongxin.commerce.tasks import expire_vouchers
from tongxin.commerce.terms import Account
from tongxin.foundation import clock
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.people import actions as people
from tongxin.people.models import Customer
from tongxin.people.ports import Person

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(noon):
    return chain()


def refusal(act, **given):
    """The code of a refusal, after which nothing at all was written."""
    before = written()
    with pytest.raises(Refused) as refused:
        act(**given)
    assert written() == before
    return refused.value.code


def written():
    return (
        list(Voucher.objects.order_by("id").values_list("id", "state", "version", "expires_at", "receipt")),
        LedgerEntry.objects.count(),
        Entry.objects.count(),
    )


def redeem(world, voucher, **more):
    given = {"viewer": TESTS, "code": voucher.code, "store": world.home, "receipt": "A1"} | more
    return actions.redeem(**given)


def test_a_voucher_is_spent_in_any_store(world):
    voucher = world.voucher()
    spent = redeem(
        world, voucher, viewer=viewer("champion", store=world.other), store=world.other, receipt=" a 1"
    )
    assert (spent.state, spent.redeemed_store, spent.receipt, spent.redeemed_at) == (
        "redeemed", world.other, "A1", clock.now(),
    )  # fmt: skip
    assert {(b.book, b.store_code): b.fen for b in queries.balances(TESTS)} == {
        (Account.TILL, world.home.code): 3900,
        (Account.SALES, world.other.code): -3900,
        (
            Account.BETWEEN,
            world.home.code,
        ): -3900,  # the store that took the fee owes it to the one that gave the goods
        (Account.BETWEEN, world.other.code): 3900,
    }
    assert queries.liability(TESTS) == 0
    entry = LedgerEntry.objects.latest("id")
    assert (entry.kind, entry.voucher, entry.promise_id, entry.receipt) == (
        "redeemed", voucher, voucher.promise_id, "A1",
    )  # fmt: skip
    assert Entry.objects.latest("id").act == "commerce.voucher_redeemed"


def test_spending_takes_five_statements(world, django_assert_num_queries):
    voucher = world.voucher()
    with django_assert_num_queries(
        5 + 2
    ):  # look, the debit, entry, lines, trail; and a savepoint around them
        redeem(world, voucher)


def test_the_same_receipt_again_is_the_same_purchase(world):
    voucher = world.voucher()
    first = redeem(world, voucher)
    before = written()
    assert redeem(world, voucher).version == first.version
    assert written() == before
    assert refusal(redeem, world=world, voucher=voucher, receipt="A2") == "commerce.voucher_spent"
    assert refusal(redeem, world=world, voucher=voucher, store=world.other) == "commerce.voucher_spent"


@pytest.mark.parametrize("way", [str.lower, grouped, lambda code: f" {code[:9]} {code[9:]}\u3000"])
def test_a_code_may_be_typed(world, way):
    voucher = world.voucher()
    assert redeem(world, voucher, code=way(voucher.code)).state == "redeemed"


def test_what_the_till_refuses(world):
    voucher = world.voucher()
    assert refusal(redeem, world=world, voucher=voucher, receipt="") == "commerce.receipt_missing"
    for code in ("", "x", "0" * 28, voucher.code[:-1], voucher.code[1:] + voucher.code[0]):
        assert refusal(redeem, world=world, voucher=voucher, code=code) == "commerce.voucher_unknown"
    for who in (
        viewer("champion"), viewer("door", store=world.home), viewer("device", store=world.home), viewer("hq_editor"),
        member_viewer(world.member),
    ):  # fmt: skip
        assert refusal(redeem, world=world, voucher=voucher, viewer=who) == "absent"
    with clock.held(voucher.expires_at):
        assert refusal(redeem, world=world, voucher=voucher) == "commerce.voucher_expired"
    with clock.held(voucher.expires_at - timedelta(microseconds=1)):  # control: the last instant
        assert redeem(world, voucher).state == "redeemed"


def test_a_void_voucher_is_worth_nothing(world):
    voucher = world.voucher()
    actions.unattended(viewer=TESTS, subject=subject_of(voucher.promise), reason="wrong scan")
    assert refusal(redeem, world=world, voucher=voucher) == "commerce.voucher_void"


def test_codes_are_sealed_and_found_by_a_keyed_hash(world):
    voucher = world.voucher()
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(v)::text FROM commerce_voucher v")
        (row,) = cursor.fetchone()
    assert voucher.code not in row
    assert len({world.voucher().code for _ in range(5)}) == 5
    trail = json.dumps(list(Entry.objects.values_list("before", "after", "reason", "subject_id")))
    assert voucher.code not in trail
    assert grouped(voucher.code) not in trail


# ---- a limit a day


def test_a_limit_a_day_holds_one_after_the_other(world):
    first, second, third = (world.voucher(terms={"per_day": 2}) for _ in range(3))
    redeem(world, first)
    redeem(world, second)
    redeem(world, second)  # a retry is no third one
    assert refusal(redeem, world=world, voucher=third) == "commerce.day_limit"
    actions.reverse_redemption(viewer=TESTS, voucher_id=first.public_id, reason="goods back")
    redeem(world, third, store=world.other)
    assert refusal(redeem, world=world, voucher=first) == "commerce.day_limit"
    with clock.held(clock.now() + timedelta(hours=12)):  # midnight in Shanghai
        assert redeem(world, first, receipt="B1").state == "redeemed"


def test_a_limit_a_day_holds_across_a_merge(world):
    twin = CustomerFactory()
    mine, theirs = world.voucher(terms={"per_day": 1}), world.voucher(terms={"per_day": 1}, person=twin.pk)
    link = people.merge(viewer=TESTS, source=twin, target=world.member, reason="duplicate")
    redeem(world, mine)
    assert refusal(redeem, world=world, voucher=theirs) == "commerce.day_limit"
    people.unmerge(viewer=TESTS, merge_id=link.public_id)
    assert redeem(world, theirs).state == "redeemed"  # control: two people have two limits


# ---- giving back


def test_a_spent_voucher_is_given_back_with_the_time_it_had(world):
    voucher = world.voucher()
    with clock.held(clock.now() + timedelta(days=28)):
        redeem(world, voucher, store=world.other)
    manager = viewer("store_manager", store=world.other)
    with clock.held(clock.now() + timedelta(days=40)):
        back = actions.reverse_redemption(viewer=manager, voucher_id=voucher.public_id, reason="goods back")
        assert (back.state, back.receipt, back.redeemed_store) == ("granted", "", None)
        assert back.expires_at == clock.now() + timedelta(days=2)
        assert {b.book: b.fen for b in queries.balances(TESTS)} == {
            Account.TILL: 3900,
            Account.VOUCHERS: -3900,
        }
        again = redeem(world, voucher, receipt="A2")
        assert again.state == "redeemed"
    reversal = LedgerEntry.objects.get(kind="unredeemed")
    assert (reversal.reverses.kind, reversal.voucher) == ("redeemed", voucher)
    assert queries.verify_ledger().faults == ()


def test_who_may_give_a_voucher_back(world):
    voucher = world.voucher()
    undo = {"voucher_id": voucher.public_id, "reason": "goods back"}
    assert refusal(actions.reverse_redemption, viewer=TESTS, **undo) == "commerce.voucher_not_spent"
    redeem(world, voucher, store=world.other)
    assert (
        refusal(actions.reverse_redemption, viewer=TESTS, **undo | {"reason": ""})
        == "commerce.reason_missing"
    )
    # The store that gave it sees it; the store that took it undoes it.
    assert refusal(actions.reverse_redemption, viewer=world.champion, **undo) == "absent"
    assert refusal(actions.reverse_redemption, viewer=viewer("champion"), **undo) == "absent"
    assert refusal(actions.reverse_redemption, viewer=TESTS, **undo | {"voucher_id": "x"}) == "absent"
    there = viewer("champion", store=world.other)
    with clock.held(clock.now() + timedelta(days=1)):
        assert refusal(actions.reverse_redemption, viewer=there, **undo) == "commerce.ask_a_manager"
    assert actions.reverse_redemption(viewer=there, **undo).state == "granted"


# ---- running out


def test_what_nobody_spends_becomes_breakage(world):
    first, _ = world.voucher(), world.voucher(valid_days=90)
    with clock.held(first.expires_at - timedelta(seconds=1)):
        assert actions.expire_vouchers(viewer=TESTS) == 0
    with clock.held(first.expires_at):
        assert expire_vouchers(0) == 1
        assert expire_vouchers(0) == 0
        first.refresh_from_db()
        assert first.state == "expired"
        assert queries.liability(TESTS) == 3900
        assert {b.book: b.fen for b in queries.balances(TESTS)} == {
            Account.TILL: 7800, Account.VOUCHERS: -3900, Account.BREAKAGE: -3900,
        }  # fmt: skip
        assert refusal(redeem, world=world, voucher=first) == "commerce.voucher_expired"
    assert queries.verify_ledger().faults == ()


@pytest.mark.parametrize("count", [1, 3])
def test_running_out_takes_as_many_statements_for_one_as_for_three(world, count, django_assert_num_queries):
    ends = [world.voucher().expires_at for _ in range(count)]
    with clock.held(ends[-1]), django_assert_num_queries(7):
        assert actions.expire_vouchers(viewer=TESTS) == count


def test_running_out_goes_on_batch_by_batch(world, monkeypatch):
    monkeypatch.setattr(vouchers, "BATCH", 2)
    ends = [world.voucher().expires_at for _ in range(5)]
    with clock.held(ends[-1]):
        assert actions.expire_vouchers(viewer=TESTS) == 5
    assert Entry.objects.filter(act="commerce.vouchers_expired").count() == 3


# ---- reading


def test_the_wallet(world):
    spent, soon, later, gone = (world.voucher(valid_days=days) for days in (30, 5, 60, 1))
    redeem(world, spent, store=world.other)
    me = member_viewer(world.member)
    with clock.held(clock.now() + timedelta(days=2)):
        wallet = queries.vouchers_of(me)
        assert [line.public_id for line in wallet] == [v.public_id for v in (soon, later, gone, spent)]
        first, second, third, fourth = wallet
        assert (first.code, first.usable, first.days_left, first.words_zh) == (
            grouped(soon.code), True, 3, "还有 3 天，3月10日到期",
        )  # fmt: skip
        assert (second.words_zh, second.words_en) == (
            "5月4日前可在任一门店使用",
            "good in every store until 2026-05-04",
        )
        # The hour in which it has run out and is not booked yet reads like any other hour after.
        assert (third.state, third.code, third.usable, third.words_zh) == (
            "expired",
            "",
            False,
            "已于3月6日到期",
        )
        assert (fourth.state, fourth.code, fourth.redeemed_store, fourth.words_en) == (
            "redeemed", "", world.other.name, "used, thank you",
        )  # fmt: skip
    with clock.held(soon.expires_at - timedelta(hours=1)):
        assert queries.vouchers_of(me)[0].words_zh == "今天最后一天"
    assert queries.vouchers_of(member_viewer(CustomerFactory())) == []
    assert queries.vouchers_of(TESTS) == []


def test_the_wallet_follows_the_survivor_of_a_merge(world):
    voucher, twin = world.voucher(), CustomerFactory()
    people.merge(viewer=TESTS, source=world.member, target=twin, reason="duplicate")
    me = member_viewer(Customer.objects.get(pk=twin.pk))
    assert [line.public_id for line in queries.vouchers_of(me)] == [voucher.public_id]


@pytest.mark.parametrize("count", [1, 3])
def test_wallet_and_lists_take_one_statement(world, count, django_assert_num_queries):
    for _ in range(count):
        world.voucher()
    me = member_viewer(world.member)
    with django_assert_num_queries(1):
        assert len(queries.vouchers_of(me)) == count
    with django_assert_num_queries(1):
        assert len(queries.vouchers_for(world.champion).items) == count


def test_the_till_looks_a_code_up_and_sees_a_masked_name(world):
    voucher = world.voucher()
    Customer.objects.filter(pk=world.member.pk).update(nickname="林小满")
    there = viewer("champion", store=world.other)
    card = queries.voucher_by_code(there, grouped(voucher.code).lower(), store=world.other.pk)
    assert (card.public_id, card.masked_name, card.value_fen, card.refused) == (
        voucher.public_id,
        "林**",
        3900,
        "",
    )
    assert voucher.code not in repr(card)
    with clock.held(voucher.expires_at):
        assert (
            queries.voucher_by_code(there, voucher.code, store=world.other.pk).refused
            == "commerce.voucher_expired"
        )
    with pytest.raises(Refused, match="absent"):
        queries.voucher_by_code(there, voucher.code, store=world.home.pk)
    with pytest.raises(Refused, match="voucher_unknown"):
        queries.voucher_by_code(there, "0" * 28, store=world.other.pk)


def test_staff_see_the_vouchers_of_their_store_and_those_spent_there(world):
    voucher, other = world.voucher(), world.voucher(store=world.other)
    far = viewer("champion", store=StoreFactory())
    assert [card.public_id for card in queries.vouchers_for(world.champion).items] == [voucher.public_id]
    assert queries.vouchers_for(far).items == ()
    redeem(world, other)
    shown = queries.vouchers_for(world.champion, state="redeemed").items
    assert [(card.public_id, card.redeemed_store_code) for card in shown] == [
        (other.public_id, world.home.code)
    ]
    assert queries.vouchers_for(world.champion, store=world.home.pk).items[0].public_id == voucher.public_id
    assert queries.voucher_card(world.champion, other.public_id).store_code == world.other.code
    for key in (voucher.public_id, "x"):
        with pytest.raises(Refused, match="absent"):
            queries.voucher_card(far, key)


# ---- forgetting a member


def test_a_forgotten_member_leaves_numbers_in_the_books(world):
    voucher = world.voucher()
    code = voucher.code
    exported = CommerceEraser().export(Person((world.member.pk,), (world.member.public_id,), ()))
    assert [row["state"] for row in exported["promises"]] == ["granted"]
    assert [row["code"] for row in exported["vouchers"]] == [grouped(code)]
    json.dumps(exported)
    person = Person((world.member.pk,), (world.member.public_id,), ())
    assert erase_customer(person=person, forget=lambda _: None) == 1
    assert erase_customer(person=person, forget=lambda _: None) == 0
    voucher.refresh_from_db()
    assert (voucher.code, voucher.code_hash) == ("", f"~{voucher.pk}")
    assert refusal(redeem, world=world, voucher=voucher, code=code) == "commerce.voucher_unknown"
    assert queries.liability(TESTS) == 3900  # until it runs out
    with clock.held(voucher.expires_at):
        assert actions.expire_vouchers(viewer=TESTS) == 1
    assert queries.verify_ledger().faults == ()


def test_nobody_is_named_in_the_books(world):
    voucher = world.voucher()
    redeem(world, voucher)
    told = json.dumps([list(LedgerEntry.objects.values()), list(LedgerLine.objects.values())], default=str)
    assert world.member.nickname not in told
    assert str(world.member.public_id) not in told
    assert not [f for f in LedgerEntry._meta.get_fields() if f.related_model is Customer]
