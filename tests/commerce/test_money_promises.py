"""Pay, come, get a voucher: promises from the first word to the refund."""

from datetime import timedelta

import pytest

from commerce.purses import AT, TERMS, chain, subject_of
from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS, StoreFactory, viewer
from tongxin.commerce import actions, queries
from tongxin.commerce.actions import Counts
from tongxin.commerce.models import LedgerEntry, LedgerLine, Promise, Voucher
from tongxin.commerce.terms import REFUND_WITHIN, Account, EntryKind, PromiseState, VoucherState
from tongxin.foundation import clock
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.people import actions as people
from tongxin.people.models import Customer

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
        list(Promise.objects.order_by("id").values_list()),
        list(Voucher.objects.order_by("id").values_list("id", "state", "version", "expires_at")),
        LedgerEntry.objects.count(),
        LedgerLine.objects.count(),
        Entry.objects.count(),
    )


def lines():
    return sorted(
        (book, code, fen) for book, code, fen in LedgerLine.objects.values_list("book", "store__code", "fen")
    )


def acts():
    return list(
        Entry.objects.filter(act__startswith="commerce.").order_by("id").values_list("act", flat=True)
    )


def test_a_promise_is_no_money_yet(world):
    made = world.promise(due_at=AT)
    card = queries.promise_for(subject_of(made))
    assert (card.state, card.fee_fen, card.voucher_fen, card.terms, card.due_at) == (
        PromiseState.OPEN, 3900, 3900, TERMS, AT,
    )  # fmt: skip
    assert (card.person, card.store, card.voucher, card.voucher_state) == (
        world.member.pk, world.home.pk, None, None,
    )  # fmt: skip
    assert LedgerEntry.objects.count() == 0
    assert acts() == ["commerce.promised"]


def test_making_a_promise_takes_two_statements(world, django_assert_num_queries):
    with django_assert_num_queries(2 + 2):  # and a savepoint around them
        world.promise()


def test_the_same_promise_again_is_the_one_that_is_there(world):
    made = world.promise(subject=("events", "a"))
    assert world.promise(subject=("events", "a")).pk == made.pk
    assert Promise.objects.count() == 1
    assert acts() == ["commerce.promised"]
    for change in (
        {"fee_fen": 1}, {"voucher_fen": 1}, {"store": world.other}, {"under": ("events", "other")},
        {"person": CustomerFactory().pk},
    ):  # fmt: skip
        assert refusal(world.promise, subject=("events", "a"), **change) == "commerce.promise_differs"


def test_the_same_promise_for_the_other_entry_of_one_person(world):
    made = world.promise(subject=("events", "a"))
    twin = CustomerFactory()
    people.merge(viewer=TESTS, source=world.member, target=twin, reason="duplicate")
    assert world.promise(subject=("events", "a"), person=twin.pk).pk == made.pk
    assert queries.promise_for(("events", "a")).person == twin.pk


def test_terms_that_would_be_prepayment_are_refused(world):
    assert refusal(world.promise, terms={"multi_use": True}) == "commerce.bad_terms"
    assert refusal(world.promise, fee_fen=0, voucher_fen=0) == "commerce.bad_terms"


def test_a_limit_for_each_member_counts_what_stands(world):
    given = {"terms": {"per_member": 2}}
    first = world.promise(subject=("events", "1"), **given)
    world.promise(subject=("events", "2"), **given)
    assert refusal(world.promise, subject=("events", "3"), **given) == "commerce.limit_reached"
    assert world.promise(subject=("events", "2"), **given)  # a retry is no third one
    world.promise(subject=("events", "3"), under=("events", "another"), **given)
    world.promise(subject=("events", "4"), person=CustomerFactory().pk, **given)
    actions.refund(viewer=TESTS, promise_id=first.public_id, reason="ill")
    world.promise(subject=("events", "5"), **given)
    assert refusal(world.promise, subject=("events", "6"), **given) == "commerce.limit_reached"


def test_a_limit_holds_across_a_merge_and_is_two_limits_again_after_it_is_undone(world):
    given = {"terms": {"per_member": 2}}
    twin = CustomerFactory()
    world.promise(**given)
    world.promise(person=twin.pk, **given)
    link = people.merge(viewer=TESTS, source=twin, target=world.member, reason="duplicate")
    for entry in (world.member.pk, twin.pk):
        assert refusal(world.promise, person=entry, **given) == "commerce.limit_reached"
    people.unmerge(viewer=TESTS, merge_id=link.public_id)
    for entry in (world.member.pk, twin.pk):
        world.promise(person=entry, **given)
        assert refusal(world.promise, person=entry, **given) == "commerce.limit_reached"


# ---- at the till


def test_the_fee_is_paid_at_a_till_with_a_receipt(world):
    made = world.promise()
    paid = actions.mark_paid(
        viewer=world.champion, promise_id=made.public_id, receipt=" a 017 ", store=world.home
    )
    assert (paid.state, paid.receipt, paid.paid_store, paid.paid_at) == (
        "paid",
        "A017",
        world.home,
        clock.now(),
    )
    assert lines() == [("fees_deferred", world.home.code, -3900), ("till", world.home.code, 3900)]
    entry = LedgerEntry.objects.get()
    assert (entry.kind, entry.receipt, entry.by, entry.account) == (
        "paid", "A017", world.champion.name, world.champion.account,
    )  # fmt: skip
    assert acts()[-1] == "commerce.fee_paid"
    again = actions.mark_paid(viewer=TESTS, promise_id=made.public_id, receipt="A017", store=world.home)
    assert again.version == paid.version
    assert LedgerEntry.objects.count() == 1


def test_a_fee_paid_in_another_store_is_owed_between_them(world):
    made = world.promise()
    actions.mark_paid(viewer=TESTS, promise_id=made.public_id, receipt="1", store=world.other)
    assert sorted((b.book, b.store_code, b.fen) for b in queries.balances(TESTS)) == [
        ("between_stores", world.home.code, 3900),
        ("between_stores", world.other.code, -3900),
        ("fees_deferred", world.home.code, -3900),
        ("till", world.other.code, 3900),
    ]


def test_what_the_till_refuses(world):
    made, other = world.promise(), world.promise()
    pay = {"viewer": TESTS, "promise_id": made.public_id, "store": world.home, "receipt": "A1"}
    assert refusal(actions.mark_paid, **pay | {"receipt": " "}) == "commerce.receipt_missing"
    assert refusal(actions.mark_paid, **pay | {"receipt": "x" * 65}) == "commerce.receipt_missing"
    actions.mark_paid(**pay)
    assert refusal(actions.mark_paid, **pay | {"receipt": "A2"}) == "commerce.already_paid"
    assert refusal(actions.mark_paid, **pay | {"promise_id": other.public_id}) == "commerce.receipt_used"
    actions.mark_paid(**pay | {"promise_id": other.public_id, "store": world.other})  # a till of its own
    free = world.promise(fee_fen=0)
    assert refusal(actions.mark_paid, **pay | {"promise_id": free.public_id}) == "commerce.nothing_to_pay"
    actions.refund(viewer=TESTS, promise_id=made.public_id, reason="ill")
    assert refusal(actions.mark_paid, **pay | {"receipt": "A9"}) == "commerce.promise_over"


def test_foreign_promises_and_tills_are_absent(world):
    made = world.promise()
    far = StoreFactory()
    pay = {"promise_id": made.public_id, "receipt": "A1", "store": world.home}
    for who in (
        viewer("champion", store=far), viewer("door", store=world.home), viewer("hq_analyst"), viewer("auditor"),
        viewer("device", store=world.home), member_viewer(world.member),
    ):  # fmt: skip
        assert refusal(actions.mark_paid, viewer=who, **pay) == "absent"
        assert refusal(actions.refund, viewer=who, promise_id=made.public_id, reason="x") == "absent"
        assert refusal(actions.unmark_paid, viewer=who, promise_id=made.public_id, reason="x") == "absent"
        assert refusal(actions.pay_refund, viewer=who, **pay) == "absent"
    assert refusal(actions.mark_paid, viewer=world.champion, **pay | {"store": world.other}) == "absent"
    assert refusal(actions.mark_paid, viewer=TESTS, **pay | {"promise_id": "no uuid"}) == "absent"
    for role in ("champion", "store_manager"):  # control: who works there may
        assert actions.mark_paid(viewer=viewer(role, store=world.home), **pay).state == "paid"


def test_a_payment_written_down_by_mistake_is_taken_back(world):
    made = world.paid()
    undo = {"viewer": world.champion, "promise_id": made.public_id, "reason": "wrong person"}
    back = actions.unmark_paid(**undo)
    assert (back.state, back.receipt, back.paid_at, back.paid_store) == ("open", "", None, None)
    assert queries.balances(TESTS) == []
    first, second = LedgerEntry.objects.order_by("id")
    assert (second.kind, second.reverses, second.receipt) == ("unpaid", first, made.receipt)
    actions.unmark_paid(**undo)
    assert LedgerEntry.objects.count() == 2
    other = world.promise()  # the receipt is free again
    actions.mark_paid(viewer=TESTS, promise_id=other.public_id, receipt=made.receipt, store=world.home)
    assert refusal(actions.unmark_paid, **undo | {"reason": " "}) == "commerce.reason_missing"


def test_on_another_day_only_a_manager_takes_a_payment_back(world):
    made = world.paid()
    undo = {"promise_id": made.public_id, "reason": "wrong person"}
    with clock.held(clock.now() + timedelta(days=1)):
        assert refusal(actions.unmark_paid, viewer=world.champion, **undo) == "commerce.ask_a_manager"
        manager = viewer("store_manager", store=world.home)
        assert actions.unmark_paid(viewer=manager, **undo).state == "open"


# ---- at the door


def test_who_comes_gets_the_voucher_once(world):
    made = world.paid()
    voucher = actions.attended(viewer=TESTS, subject=subject_of(made), at=AT)
    assert (voucher.value_fen, voucher.state, voucher.store_id) == (3900, VoucherState.GRANTED, world.home.pk)
    assert voucher.expires_at == clock.now() + timedelta(days=30)
    assert actions.attended(viewer=TESTS, subject=subject_of(made), at=AT + timedelta(hours=1)) == voucher
    card = queries.promise_for(subject_of(made))
    assert (card.state, card.attended_at, card.voucher, card.voucher_state) == (
        PromiseState.GRANTED, AT, voucher.public_id, VoucherState.GRANTED,
    )  # fmt: skip
    assert [(b.book, b.fen) for b in queries.balances(TESTS)] == [
        (Account.TILL, 3900),
        (Account.VOUCHERS, -3900),
    ]
    assert queries.liability(TESTS) == 3900
    assert acts()[-1] == "commerce.promise_kept"
    assert acts().count("commerce.promise_kept") == 1


@pytest.mark.parametrize(
    ("fee", "value", "balances"),
    [
        (3900, 5000, {Account.TILL: 3900, Account.VOUCHERS: -5000, Account.VOUCHER_COST: 1100}),
        (5000, 3900, {Account.TILL: 5000, Account.VOUCHERS: -3900, Account.FEE_INCOME: -1100}),
        (0, 2000, {Account.VOUCHERS: -2000, Account.VOUCHER_COST: 2000}),
        (3000, 0, {Account.TILL: 3000, Account.FEE_INCOME: -3000}),
    ],
)
def test_vouchers_above_below_and_without_the_fee(world, fee, value, balances):
    made = (world.paid if fee else world.promise)(fee_fen=fee, voucher_fen=value)
    voucher = actions.attended(viewer=TESTS, subject=subject_of(made), at=AT)
    assert (voucher.value_fen if voucher else 0) == value
    assert {b.book: b.fen for b in queries.balances(TESTS)} == balances
    assert actions.attended(viewer=TESTS, subject=subject_of(made), at=AT) == voucher
    assert queries.verify_ledger().faults == ()


def test_who_comes_before_paying_gets_it_when_the_fee_is_paid(world):
    made = world.promise()
    assert actions.attended(viewer=TESTS, subject=subject_of(made), at=AT) is None
    assert Voucher.objects.count() == 0
    actions.unattended(viewer=TESTS, subject=subject_of(made), reason="wrong scan")
    assert queries.promise_for(subject_of(made)).attended_at is None
    actions.attended(viewer=TESTS, subject=subject_of(made), at=AT)
    actions.mark_paid(viewer=TESTS, promise_id=made.public_id, receipt="A1", store=world.home)
    card = queries.promise_for(subject_of(made))
    assert (card.state, card.attended_at, card.voucher_state) == (
        PromiseState.GRANTED, AT, VoucherState.GRANTED,
    )  # fmt: skip


def test_no_promise_no_voucher(world):
    assert actions.attended(viewer=TESTS, subject=("events", "nobody"), at=AT) is None
    actions.unattended(viewer=TESTS, subject=("events", "nobody"), reason="wrong scan")
    assert actions.refund_subject(viewer=TESTS, subject=("events", "nobody"), reason="ill") is None


def test_an_annulled_check_in_takes_the_voucher_back(world):
    voucher = world.voucher()
    subject = subject_of(voucher.promise)
    actions.unattended(viewer=TESTS, subject=subject, reason="wrong scan")
    voucher.refresh_from_db()
    assert voucher.state == "void"
    card = queries.promise_for(subject)
    assert (card.state, card.attended_at, card.voucher) == (PromiseState.PAID, None, None)
    actions.unattended(viewer=TESTS, subject=subject, reason="wrong scan")
    assert LedgerEntry.objects.count() == 3
    fresh = actions.attended(viewer=TESTS, subject=subject, at=AT)
    assert fresh.code != voucher.code
    assert queries.verify_ledger().faults == ()


def test_what_was_spent_or_ran_out_is_not_taken_back(world):
    spent, gone = world.voucher(), world.voucher()
    actions.redeem(viewer=TESTS, code=spent.code, store=world.home, receipt="1")
    with clock.held(clock.now() + timedelta(days=31)):
        actions.expire_vouchers(viewer=TESTS)
        for voucher, code in ((spent, "commerce.voucher_spent"), (gone, "commerce.voucher_expired")):
            promise = voucher.promise
            assert refusal(actions.unattended, viewer=TESTS, subject=subject_of(promise), reason="x") == code
            for act in (actions.refund, actions.unmark_paid):
                assert refusal(act, viewer=TESTS, promise_id=promise.public_id, reason="x") == code


# ---- giving back


def test_a_refund_is_due_and_then_paid(world):
    voucher = world.voucher()
    promise = voucher.promise
    back = actions.refund(viewer=world.champion, promise_id=promise.public_id, reason="ill")
    assert (back.state, back.refund_due_at) == ("refund_due", clock.now() + REFUND_WITHIN)
    voucher.refresh_from_db()
    assert voucher.state == "void"
    assert {b.book: b.fen for b in queries.balances(TESTS)} == {Account.TILL: 3900, Account.REFUNDS: -3900}
    assert [card.id for card in queries.refunds_due(world.champion).items] == [promise.pk]
    assert queries.refunds_due(TESTS, store=world.other.pk).items == ()
    pay = {"viewer": world.champion, "promise_id": promise.public_id, "store": world.home, "receipt": "R1"}
    assert actions.pay_refund(**pay).state == "refunded"
    assert queries.balances(TESTS) == []
    assert queries.refunds_due(TESTS).items == ()
    actions.pay_refund(**pay)
    assert LedgerEntry.objects.filter(kind=EntryKind.REFUND_PAID).count() == 1
    assert refusal(actions.pay_refund, **pay | {"receipt": "R2"}) == "commerce.no_refund_due"
    assert refusal(actions.pay_refund, **pay | {"receipt": ""}) == "commerce.receipt_missing"
    assert acts()[-2:] == ["commerce.refund_owed", "commerce.refund_paid"]
    before = written()
    actions.refund(viewer=TESTS, promise_id=promise.public_id, reason="ill")
    assert written() == before


def test_what_was_not_paid_is_cancelled_and_can_be_promised_again(world):
    made = world.promise(subject=("events", "a"))
    back = actions.refund_subject(viewer=member_viewer(world.member), subject=("events", "a"), reason="ill")
    assert (back.state, LedgerEntry.objects.count()) == ("cancelled", 0)
    again = world.promise(subject=("events", "a"), fee_fen=4900, voucher_fen=4900, store=world.other)
    assert (again.pk, again.state, again.fee_fen, again.store_id) == (made.pk, "open", 4900, world.other.pk)
    assert acts() == ["commerce.promised", "commerce.refund_owed", "commerce.promise_reopened"]
    actions.mark_paid(viewer=TESTS, promise_id=made.public_id, receipt="1", store=world.home)
    actions.refund(viewer=TESTS, promise_id=made.public_id, reason="ill")
    assert refusal(world.promise, subject=("events", "a")) == "commerce.refund_first"
    assert queries.verify_ledger().faults == ()


def test_an_event_that_is_called_off_gives_everything_back(world):
    spent = world.voucher()
    actions.redeem(viewer=TESTS, code=spent.code, store=world.other, receipt="1")
    world.promise()
    world.paid()
    world.voucher()
    world.voucher(under=("events", "another"))
    told = actions.refund_all(viewer=TESTS, under=("events", "baking"), reason="rain")
    assert told == Counts(owed=2, cancelled=1, spent=1, fen=7800)
    cards = queries.promises_under(TESTS, ("events", "baking"))
    assert [card.state for card in cards] == ["granted", "cancelled", "refund_due", "refund_due"]
    assert queries.promises_under(TESTS, ("events", "another"))[0].state == "granted"
    assert len(queries.promises_under(TESTS, ("events", "baking"), states=[PromiseState.CANCELLED])) == 1
    again = actions.refund_all(viewer=TESTS, under=("events", "baking"), reason="rain")
    assert again == Counts(same=3, spent=1)
    assert actions.refund_all(viewer=TESTS, under=("events", "none"), reason="rain") == Counts()
    assert (
        refusal(actions.refund_all, viewer=TESTS, under=("events", "baking"), reason="")
        == "commerce.reason_missing"
    )
    assert queries.verify_ledger().faults == ()


@pytest.mark.parametrize("count", [1, 3])
def test_calling_off_takes_as_many_statements_for_one_as_for_three(world, count, django_assert_num_queries):
    for _ in range(count):
        world.voucher()
        world.paid()
    with django_assert_num_queries(11):
        actions.refund_all(viewer=TESTS, under=("events", "baking"), reason="rain")


def test_the_end_of_an_event_settles_who_did_not_come(world):
    came, owing = world.voucher(), world.promise()
    stayed, returned = world.paid(), world.paid(terms={"no_show": "refunded"})
    told = actions.settle_no_shows(viewer=TESTS, under=("events", "baking"), reason="over")
    assert told == Counts(owed=1, cancelled=1, kept=1, fen=3900)
    states = {card.id: card.state for card in queries.promises_under(TESTS, ("events", "baking"))}
    assert states == {
        came.promise_id: "granted", owing.pk: "cancelled", stayed.pk: "lapsed", returned.pk: "refund_due",
    }  # fmt: skip
    # A scan that comes in late from a phone without a network still counts.
    late = actions.attended(viewer=TESTS, subject=subject_of(stayed), at=AT)
    assert late.value_fen == 3900
    assert queries.verify_ledger().faults == ()
    assert {b.book: b.fen for b in queries.balances(TESTS)} == {
        Account.TILL: 11700, Account.VOUCHERS: -7800, Account.REFUNDS: -3900,
    }  # fmt: skip


# ---- reading


def test_a_tills_open_fees(world):
    today, later, paid = world.promise(due_at=AT), world.promise(due_at=AT + timedelta(days=9)), world.paid()
    dateless = world.promise()
    found = queries.promises_to_collect(world.champion, world.home.pk, until=AT + timedelta(days=1))
    assert [card.id for card in found.items] == [today.pk, dateless.pk]
    assert later.pk in [card.id for card in queries.promises_to_collect(TESTS, world.home.pk).items]
    assert paid.pk not in [card.id for card in queries.promises_to_collect(TESTS, world.home.pk).items]
    assert queries.promises_to_collect(viewer("champion"), world.home.pk).items == ()
    assert queries.promises_to_collect(viewer("door", store=world.home), world.home.pk).items == ()


@pytest.mark.parametrize("count", [1, 3])
def test_lists_take_one_statement(world, count, django_assert_num_queries):
    made = [world.voucher().promise for _ in range(count)]
    with django_assert_num_queries(1):
        assert len(queries.promises_under(TESTS, ("events", "baking"))) == count
    with django_assert_num_queries(1):
        assert len(queries.promises_for([subject_of(one) for one in made])) == count
    member = member_viewer(world.member)
    with django_assert_num_queries(1):
        assert len(queries.my_promises(member)) == count


def test_a_member_sees_their_own_promises_over_a_merge_and_nobody_elses(world):
    mine, theirs = world.promise(), world.promise(person=CustomerFactory().pk)
    twin = CustomerFactory()
    people.merge(viewer=TESTS, source=world.member, target=twin, reason="duplicate")
    me = member_viewer(Customer.objects.get(pk=twin.pk))
    assert [card.id for card in queries.my_promises(me)] == [mine.pk]
    assert queries.promise_card(me, mine.public_id).person == twin.pk
    with pytest.raises(Refused, match="absent"):
        queries.promise_card(me, theirs.public_id)
    assert queries.promises_under(me, ("events", "baking")) == []
    assert queries.my_promises(world.champion) == []
