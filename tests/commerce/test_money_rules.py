"""The rules of money as tables: what each act makes of a promise, which lines each thing writes, what fits an envelope."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tongxin.commerce.rules import books, envelopes, partners, promises
from tongxin.commerce.rules.books import Leg
from tongxin.commerce.rules.promises import Move, Standing
from tongxin.commerce.terms import (
    ACCOUNT_LABELS,
    CODE_LENGTH,
    CODE_LETTERS,
    COMMITMENT_LABELS,
    ENTRY_LABELS,
    FAULT_LABELS,
    MEASURE_LABELS,
    PARTNER_LABELS,
    PARTNER_STATES,
    PROMISE_LABELS,
    SPONSOR_LABELS,
    VOUCHER_LABELS,
    Account,
    CommitmentState,
    EntryKind,
    Measure,
    PromiseState,
    SponsorState,
    VoucherState,
)
from tongxin.foundation.errors import Refused

S, V, K = PromiseState, VoucherState, EntryKind


def at(state, voucher=None, *, fee=3900, value=3900):
    return Standing(state, fee, value, voucher)


SPENT, GONE = "commerce.voucher_spent", "commerce.voucher_expired"


@pytest.mark.parametrize(
    ("act", "standing", "verdict"),
    [
        # the fee is paid at the till
        (promises.pay, at(S.OPEN), Move(S.PAID, (K.PAID,))),
        (promises.pay, at(S.PAID), Move(S.PAID, refused="commerce.already_paid")),
        (promises.pay, at(S.GRANTED, V.GRANTED), Move(S.GRANTED, refused="commerce.already_paid")),
        (promises.pay, at(S.LAPSED), Move(S.LAPSED, refused="commerce.already_paid")),
        (promises.pay, at(S.CANCELLED), Move(S.CANCELLED, refused="commerce.promise_over")),
        (promises.pay, at(S.REFUND_DUE), Move(S.REFUND_DUE, refused="commerce.promise_over")),
        (promises.pay, at(S.REFUNDED), Move(S.REFUNDED, refused="commerce.promise_over")),
        (promises.pay, at(S.PAID, fee=0), Move(S.PAID, refused="commerce.nothing_to_pay")),
        # the payment was a mistake
        (promises.unpay, at(S.OPEN), Move(S.OPEN, same=True)),
        (promises.unpay, at(S.PAID), Move(S.OPEN, (K.UNPAID,))),
        (promises.unpay, at(S.LAPSED), Move(S.OPEN, (K.UNLAPSED, K.UNPAID))),
        (promises.unpay, at(S.GRANTED, V.GRANTED), Move(S.OPEN, (K.TAKEN_BACK, K.UNPAID), take_back=True)),
        (promises.unpay, at(S.GRANTED, value=0), Move(S.OPEN, (K.TAKEN_BACK, K.UNPAID))),
        (promises.unpay, at(S.GRANTED, V.REDEEMED), Move(S.GRANTED, refused=SPENT)),
        (promises.unpay, at(S.GRANTED, V.EXPIRED), Move(S.GRANTED, refused=GONE)),
        (promises.unpay, at(S.REFUNDED), Move(S.REFUNDED, refused="commerce.promise_over")),
        (promises.unpay, at(S.PAID, fee=0), Move(S.PAID, refused="commerce.nothing_to_pay")),
        # the member comes
        (promises.attend, at(S.PAID), Move(S.GRANTED, (K.GRANTED,))),
        (promises.attend, at(S.OPEN), Move(S.OPEN, same=True)),
        (promises.attend, at(S.GRANTED, V.GRANTED), Move(S.GRANTED, same=True)),
        (promises.attend, at(S.LAPSED), Move(S.GRANTED, (K.UNLAPSED, K.GRANTED))),
        (promises.attend, at(S.LAPSED, fee=0), Move(S.GRANTED, (K.GRANTED,))),
        (promises.attend, at(S.REFUND_DUE), Move(S.REFUND_DUE, same=True)),
        (promises.attend, at(S.CANCELLED), Move(S.CANCELLED, same=True)),
        # the check-in was a mistake
        (promises.unattend, at(S.GRANTED, V.GRANTED), Move(S.PAID, (K.TAKEN_BACK,), take_back=True)),
        (promises.unattend, at(S.GRANTED, V.REDEEMED), Move(S.GRANTED, refused=SPENT)),
        (promises.unattend, at(S.GRANTED, V.EXPIRED), Move(S.GRANTED, refused=GONE)),
        (promises.unattend, at(S.OPEN), Move(S.OPEN, same=True)),
        # the fee goes back
        (promises.refund, at(S.OPEN), Move(S.CANCELLED)),
        (promises.refund, at(S.PAID), Move(S.REFUND_DUE, (K.REFUND_OWED,))),
        (promises.refund, at(S.PAID, fee=0), Move(S.CANCELLED)),
        (promises.refund, at(S.LAPSED), Move(S.REFUND_DUE, (K.UNLAPSED, K.REFUND_OWED))),
        (promises.refund, at(S.LAPSED, fee=0), Move(S.CANCELLED)),
        (promises.refund, at(S.GRANTED, V.GRANTED), Move(S.REFUND_DUE, (K.TAKEN_BACK, K.REFUND_OWED), take_back=True)),
        (promises.refund, at(S.GRANTED, V.GRANTED, fee=0), Move(S.CANCELLED, (K.TAKEN_BACK,), take_back=True)),
        (promises.refund, at(S.GRANTED, value=0), Move(S.REFUND_DUE, (K.TAKEN_BACK, K.REFUND_OWED))),
        (promises.refund, at(S.GRANTED, V.REDEEMED), Move(S.GRANTED, refused=SPENT)),
        (promises.refund, at(S.GRANTED, V.EXPIRED), Move(S.GRANTED, refused=GONE)),
        (promises.refund, at(S.REFUND_DUE), Move(S.REFUND_DUE, same=True)),
        (promises.refund, at(S.CANCELLED), Move(S.CANCELLED, same=True)),
        (promises.pay_refund, at(S.REFUND_DUE), Move(S.REFUNDED, (K.REFUND_PAID,))),
        (promises.pay_refund, at(S.PAID), Move(S.PAID, refused="commerce.no_refund_due")),
    ],
)  # fmt: skip
def test_what_an_act_makes_of_a_promise(act, standing, verdict):
    assert act(standing) == verdict


@pytest.mark.parametrize(
    ("standing", "terms", "verdict"),
    [
        (at(S.OPEN), {}, Move(S.CANCELLED)),
        (at(S.PAID), {}, Move(S.LAPSED, (K.LAPSED,))),
        (at(S.PAID), {"no_show": "kept"}, Move(S.LAPSED, (K.LAPSED,))),
        (at(S.PAID), {"no_show": "refunded"}, Move(S.REFUND_DUE, (K.REFUND_OWED,))),
        (at(S.PAID, fee=0), {}, Move(S.LAPSED)),
        (at(S.GRANTED, V.GRANTED), {}, Move(S.GRANTED, same=True)),
        (at(S.REFUNDED), {}, Move(S.REFUNDED, same=True)),
    ],
)
def test_who_did_not_come(standing, terms, verdict):
    assert promises.settle_no_show(standing, terms) == verdict


@pytest.mark.parametrize(
    ("fee", "percent", "value"), [(3900, 100, 3900), (3900, 120, 4680), (3333, 50, 1667), (0, 100, 0)]
)
def test_voucher_for_fee(fee, percent, value):
    assert promises.voucher_for_fee(fee, percent) == value


def test_the_first_state():
    assert promises.first_state(1) is S.OPEN
    assert promises.first_state(0) is S.PAID


@pytest.mark.parametrize(
    ("terms", "fee", "value", "days", "field"),
    [
        ({}, 3900, 3900, 30, None),
        ({"zh": "…", "per_member": 1, "per_day": 2, "no_show": "refunded", "multi_use": False}, 3900, 0, 1, None),
        ({}, 0, 1, 3660, None),
        ({"per_member": None}, 1, 1, 1, None),
        ({}, 0, 0, 30, "fee_fen"),
        ({}, -1, 5, 30, "fee_fen"),
        ({}, 5, -1, 30, "fee_fen"),
        ({}, 1, 1, 0, "valid_days"),
        ({}, 1, 1, 3661, "valid_days"),
        ({"multi_use": True}, 1, 1, 1, "multi_use"),  # spent in parts it would be prepayment (预付)
        ({"no_show": "burned"}, 1, 1, 1, "no_show"),
        ({"per_member": 0}, 1, 1, 1, "per_member"),
        ({"per_day": "2"}, 1, 1, 1, "per_day"),
        ({"per_day": True}, 1, 1, 1, "per_day"),
    ],
)  # fmt: skip
def test_terms(terms, fee, value, days, field):
    if field is None:
        assert promises.check_terms(terms, fee=fee, value=value, valid_days=days) is None
        return
    with pytest.raises(Refused) as refused:
        promises.check_terms(terms, fee=fee, value=value, valid_days=days)
    assert (refused.value.code, refused.value.data) == ("commerce.bad_terms", {"field": field})


def test_limits():
    assert promises.limit_of({"per_day": 2}, "per_day") == 2
    assert promises.limit_of({}, "per_day") is None
    assert promises.within(None, 99)
    assert promises.within(2, 1)
    assert not promises.within(2, 2)


NOW = datetime(2026, 3, 5, tzinfo=UTC)
LATER = NOW + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("state", "expires", "code"),
    [
        (V.GRANTED, LATER, ""),
        (V.GRANTED, NOW, GONE),
        (V.REDEEMED, LATER, SPENT),
        (V.EXPIRED, NOW, GONE),
        (V.VOID, LATER, "commerce.voucher_void"),
    ],
)
def test_spendable(state, expires, code):
    assert promises.spendable(state, expires, NOW) == code


def test_a_voucher_given_back_has_the_time_again_that_it_had():
    spent, end = NOW, NOW + timedelta(days=5)
    given = promises.life_after_reversal
    assert given(redeemed_at=spent, expires_at=end, now=NOW + timedelta(days=10)) == NOW + timedelta(days=15)
    assert given(redeemed_at=spent, expires_at=end, now=spent) == end


@pytest.mark.parametrize(
    ("roles", "same_day", "verdict"),
    [({"champion"}, True, True), ({"champion"}, False, False), ({"champion", "store_manager"}, False, True),
     ({"region_manager"}, False, True), ({"admin"}, False, True), (set(), False, False)],
)  # fmt: skip
def test_undoing_another_day_takes_a_manager(roles, same_day, verdict):
    assert promises.may_undo(frozenset(roles), same_day=same_day) is verdict


CODE = "0123456789ABCDEFGHJKMNPQRSTV"


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        (CODE, CODE),
        (promises.grouped(CODE), CODE),
        (" " + CODE.lower() + "\u3000", CODE),
        ("O" + CODE[1:], CODE),
        (CODE[0] + "l" + CODE[2:], CODE),
        (CODE[0] + "I" + CODE[2:], CODE),
        (CODE[:-1], ""),
        (CODE + "0", ""),
        ("U" + CODE[1:], ""),
        ("", ""),
        ("券" * CODE_LENGTH, ""),
    ],
)
def test_a_code_as_people_type_it(typed, code):
    assert promises.plain_code(typed) == code


def test_a_code_has_at_least_128_bits_and_no_letter_that_reads_like_another():
    assert len(set(CODE_LETTERS)) ** CODE_LENGTH >= 2**128
    assert not set("ILOU") & set(CODE_LETTERS)
    assert promises.grouped(CODE) == "0123-4567-89AB-CDEF-GHJK-MNPQ-RSTV"


# ---- the lines of the ledger

A = Account


@pytest.mark.parametrize(
    ("legs", "lines"),
    [
        (books.paid(39, home=1, till=1), {(A.TILL, 1): 39, (A.DEFERRED, 1): -39}),
        (books.paid(39, home=1, till=2),
         {(A.TILL, 2): 39, (A.DEFERRED, 1): -39, (A.BETWEEN, 1): 39, (A.BETWEEN, 2): -39}),
        (books.granted(39, 39, home=1), {(A.DEFERRED, 1): 39, (A.VOUCHERS, 1): -39}),
        (books.granted(39, 50, home=1), {(A.DEFERRED, 1): 39, (A.VOUCHERS, 1): -50, (A.VOUCHER_COST, 1): 11}),
        (books.granted(50, 39, home=1), {(A.DEFERRED, 1): 50, (A.VOUCHERS, 1): -39, (A.FEE_INCOME, 1): -11}),
        (books.granted(0, 20, home=1), {(A.VOUCHER_COST, 1): 20, (A.VOUCHERS, 1): -20}),
        (books.granted(30, 0, home=1), {(A.DEFERRED, 1): 30, (A.FEE_INCOME, 1): -30}),
        (books.redeemed(39, home=1, where=1), {(A.VOUCHERS, 1): 39, (A.SALES, 1): -39}),
        (books.redeemed(39, home=1, where=2),
         {(A.VOUCHERS, 1): 39, (A.SALES, 2): -39, (A.BETWEEN, 1): -39, (A.BETWEEN, 2): 39}),
        (books.expired(39, home=1), {(A.VOUCHERS, 1): 39, (A.BREAKAGE, 1): -39}),
        (books.lapsed(39, home=1), {(A.DEFERRED, 1): 39, (A.FEE_INCOME, 1): -39}),
        (books.refund_owed(39, home=1), {(A.DEFERRED, 1): 39, (A.REFUNDS, 1): -39}),
        (books.refund_paid(39, home=1, till=2),
         {(A.REFUNDS, 1): 39, (A.TILL, 2): -39, (A.BETWEEN, 1): -39, (A.BETWEEN, 2): 39}),
    ],
)  # fmt: skip
def test_the_lines_of_what_happens(legs, lines):
    assert {(leg.book, leg.store): leg.fen for leg in legs} == lines
    assert len(legs) == len(lines)
    assert books.total(legs) == 0
    for store in (1, 2):
        assert sum(leg.fen for leg in legs if leg.store == store) == 0


def test_budget_lines_stand_for_an_envelope():
    legs = books.budget_moved(5, envelope=7, to=A.COMMITTED, out_of=A.FREE)
    assert legs == (Leg(A.COMMITTED, 5, envelope=7), Leg(A.FREE, -5, envelope=7))
    assert books.budget_moved(0, envelope=7, to=A.SPENT, out_of=A.FREE) == ()


def test_a_mirror_takes_back_line_by_line():
    legs = books.redeemed(39, home=1, where=2)
    assert books.total([*legs, *books.mirror(legs)]) == 0
    assert [leg.fen for leg in books.mirror(legs)] == [-leg.fen for leg in legs]


def test_the_content_hash_covers_each_field_and_each_line_in_any_order():
    legs = books.redeemed(39, home=1, where=2)
    known = books.content_hash({"key": "a", "at": "b"}, legs)
    assert known == books.content_hash({"at": "b", "key": "a"}, tuple(reversed(legs)))
    assert known != books.content_hash({"key": "x", "at": "b"}, legs)
    assert known != books.content_hash({"key": "a", "at": "b"}, legs[1:])
    assert known != books.content_hash({"key": "a", "at": "b"}, books.redeemed(38, home=1, where=2))
    assert len(known) == 64


# ---- envelopes


def purse(amount=100, approved=0, committed=0, spent=0):
    return envelopes.Purse(amount, approved, committed, spent)


@pytest.mark.parametrize(
    ("given", "left"),
    [(purse(), 100), (purse(committed=60), 40), (purse(committed=60, spent=40), 0), (purse(approved=10, spent=110), 0)],
)  # fmt: skip
def test_what_is_left(given, left):
    assert envelopes.left(given) == left
    assert envelopes.missing(given, left) == 0
    assert envelopes.missing(given, left + 7) == 7


def test_a_cost_uses_up_what_was_set_aside_first():
    assert envelopes.cost(30, held=50) == envelopes.Cost(30, 0)
    assert envelopes.cost(50, held=50) == envelopes.Cost(50, 0)
    assert envelopes.cost(70, held=50) == envelopes.Cost(50, 20)
    assert envelopes.cost(70, held=0) == envelopes.Cost(0, 70)


@pytest.mark.parametrize(
    ("minutes", "price", "fen"), [(60, 3000, 3000), (90, 3000, 4500), (1, 3000, 50), (1, 30, 1), (1, 29, 0), (7, 0, 0)]
)  # fmt: skip
def test_what_work_costs(minutes, price, fen):
    assert envelopes.hours_cost(minutes, price) == fen


@pytest.mark.parametrize(
    ("state", "own", "code"),
    [
        (CommitmentState.ASKED, False, ""),
        (CommitmentState.ASKED, True, "commerce.own_request"),
        (CommitmentState.HELD, False, "commerce.not_asked"),
        (CommitmentState.REFUSED, True, "commerce.not_asked"),
        (CommitmentState.CLOSED, False, "commerce.not_asked"),
    ],
)
def test_nobody_decides_about_their_own_request(state, own, code):
    assert envelopes.may_decide(state, own=own) == code


DAY = date(2026, 3, 5)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({}, None),
        ({"ring": "middle", "store": False}, None),
        ({"kit": "baking", "store": False}, None),
        ({"ring": "middling"}, "ring"),
        ({"store": False}, "store"),
        ({"amount": 0}, "amount_fen"),
        ({"closes_on": date(2026, 3, 4)}, "closes_on"),
    ],
)
def test_an_envelope_is_for_something(change, field):
    given = {"store": True, "ring": "", "kit": "", "amount": 1, "opens_on": DAY, "closes_on": DAY} | change
    if field is None:
        assert envelopes.check_envelope(**given) is None
        return
    with pytest.raises(Refused) as refused:
        envelopes.check_envelope(**given)
    assert refused.value.data["field"] == field


def test_an_envelope_is_open_on_its_first_and_last_day():
    end = DAY + timedelta(days=1)
    assert [envelopes.open_on(DAY + timedelta(days=n), DAY, end) for n in (-1, 0, 1, 2)] == [
        False,
        True,
        True,
        False,
    ]


# ---- sponsored events


def test_where_a_sponsored_event_can_go():
    planned, held, off = SponsorState.PLANNED, SponsorState.HELD, SponsorState.CANCELLED
    assert {(a, b) for a in SponsorState for b in SponsorState if partners.may_move(a, b)} == {
        (planned, planned), (planned, held), (planned, off), (held, held), (off, off),
    }  # fmt: skip


def test_hope_and_observation_beside_each_other():
    told = partners.observed(
        {"visitors": 100, "talks": 30},
        [(Measure.VISITORS, 60), (Measure.VISITORS, 20), (Measure.SALES_FEN, 9000), (Measure.SIGN_UPS, 0)],
        cost_fen=8000,
    )
    assert told == (
        partners.Observed(Measure.VISITORS, 100, 80, 100),
        partners.Observed(Measure.TALKS, 30, None, None),
        partners.Observed(Measure.SIGN_UPS, None, 0, None),
        partners.Observed(Measure.SALES_FEN, None, 9000, None),
    )


@pytest.mark.parametrize("hopes", [{"fame": 1}, {"visitors": -1}, {"visitors": True}])
def test_hopes_are_counts_of_what_we_count(hopes):
    with pytest.raises(Refused) as refused:
        partners.check_hopes(hopes)
    assert refused.value.data["field"] == "we_hope"
    assert partners.check_hopes({"visitors": 0}) == {"visitors": 0}


@pytest.mark.parametrize(
    "labels",
    [ACCOUNT_LABELS, COMMITMENT_LABELS, ENTRY_LABELS, FAULT_LABELS, MEASURE_LABELS, PARTNER_LABELS, PARTNER_STATES,
     PROMISE_LABELS, SPONSOR_LABELS, VOUCHER_LABELS],
)  # fmt: skip
def test_every_word_has_both_labels(labels):
    words = next(iter(labels))
    assert set(labels) == set(type(words))
    assert all(zh and en for zh, en in labels.values())
