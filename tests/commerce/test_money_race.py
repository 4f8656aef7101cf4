"""Many tills at once (promise P2): small rounds with real processes. The full count stands in `bench/ledger.py`."""

from datetime import date, timedelta

import pytest

from commerce import money_races as arena
from commerce.purses import chain
from stores.factories import TESTS
from tongxin.commerce import actions, queries
from tongxin.commerce.actions.books import post
from tongxin.commerce.models import LedgerEntry, Promise, Voucher
from tongxin.foundation import clock

pytestmark = pytest.mark.django_db(transaction=True)

CROWD = {"rounds": 4, "processes": 4, "threads": 3}
TILLS = 12


def won(told):
    return [turn.count("won") for turn in told]


def others(told):
    return {code for turn in told for code in turn} - {"won"}


def test_a_voucher_is_spent_once_however_many_try():
    told = arena.same_voucher(chain(), **CROWD)
    assert won(told) == [1, 1, 1, 1]
    assert others(told) == {"commerce.voucher_spent"}
    assert LedgerEntry.objects.filter(kind="redeemed").count() == 4
    assert queries.verify_ledger().faults == ()


def test_control_looking_first_and_writing_later_spends_it_twice():
    told = arena.same_voucher(chain(), **CROWD, redeem=arena.careless_redeem)
    assert sum(wins > 1 for wins in won(told)) >= 3


def test_a_limit_of_promises_holds_for_both_entries_of_a_member():
    told = arena.member_limit(chain(), **CROWD, limit=2)
    assert won(told) == [2, 2, 2, 2]
    assert others(told) == {"commerce.limit_reached"}
    assert Promise.objects.count() == 8


def test_control_counting_without_holding_the_member_goes_over_the_limit(monkeypatch):
    arena.without_person_lock(monkeypatch)
    told = arena.member_limit(chain(), **CROWD, limit=2)
    assert max(won(told)) > 2


def test_a_limit_a_day_holds_for_both_entries_of_a_member():
    told = arena.day_limit(chain(), **CROWD | {"rounds": 2}, limit=3)
    assert won(told) == [3, 3]
    assert others(told) == {"commerce.day_limit"}
    assert queries.verify_ledger().faults == ()


def test_a_voucher_is_spent_or_refunded_and_never_both():
    made, told = arena.redeem_or_refund(chain(), **CROWD)
    for voucher, turn in zip(made, told, strict=True):
        voucher.refresh_from_db()
        refunded, spent = turn[::2], turn[1::2]
        if voucher.state == "redeemed":
            assert spent.count("won") == 1
            assert set(refunded) == {"commerce.voucher_spent"}
        else:
            assert voucher.state == "void"
            assert set(spent) == {"commerce.voucher_void"}
            assert set(refunded) == {"won"}  # the first one; the same again changes nothing
            assert LedgerEntry.objects.filter(promise=voucher.promise, kind="refund_owed").count() == 1
    assert queries.verify_ledger().faults == ()


def test_an_envelope_is_neither_over_nor_under_spent():
    purse = actions.open_envelope(
        viewer=TESTS, title="赛跑", amount_fen=3000, opens_on=date(2020, 1, 1), closes_on=date(2099, 1, 1),
        store=chain().home,
    )  # fmt: skip
    told = arena.envelope(purse.public_id, **CROWD, amount=100)
    assert sum(won(told)) == 30
    assert others(told) == {"commerce.over_envelope"}
    purse.refresh_from_db()
    assert (purse.committed_fen, queries.verify_ledger().faults) == (3000, ())


def test_vouchers_run_out_once_however_many_workers():
    world = chain()
    for _ in range(6):
        world.voucher(valid_days=1)

    def work(turn, client):
        with clock.held(clock.now() + timedelta(days=2)):
            actions.expire_vouchers(viewer=TESTS)

    arena.tournament(work, rounds=1, processes=4, threads=1)
    assert set(Voucher.objects.values_list("state", flat=True)) == {"expired"}
    assert LedgerEntry.objects.filter(kind="expired").count() == 6
    assert queries.verify_ledger().faults == ()


def test_an_entry_is_not_written_outside_of_the_transaction_of_what_it_tells():
    with pytest.raises(RuntimeError, match="transaction"):
        post(viewer=TESTS, entries=[])
