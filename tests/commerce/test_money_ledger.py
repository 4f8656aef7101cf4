"""The books: they cannot be rewritten, they always add up, and `verify` finds what somebody did to them anyway."""

import json
import uuid
from datetime import date

import pytest
from django.db import DatabaseError, connection, transaction

from commerce.purses import chain
from stores.factories import TESTS, viewer
from tongxin.commerce import actions, queries
from tongxin.commerce.actions.books import EntryIn, post
from tongxin.commerce.models import LedgerEntry, LedgerLine, Voucher
from tongxin.commerce.rules import books
from tongxin.commerce.rules.books import Leg
from tongxin.commerce.terms import Account, EntryKind, Fault
from tongxin.faces.cli.main import run
from tongxin.foundation.errors import Refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(noon):
    return chain()


def sql(text):
    with connection.cursor() as cursor:
        cursor.execute(text)


def ends():
    """Ask now what the database asks when a transaction ends."""
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql("SET CONSTRAINTS ALL DEFERRED")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE commerce_ledgerentry SET receipt = 'x'",
        "DELETE FROM commerce_ledgerentry",
        "UPDATE commerce_ledgerline SET fen = fen + 1",
        "DELETE FROM commerce_ledgerline",
    ],
)
def test_the_books_cannot_be_rewritten(world, change):
    world.voucher()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        sql(change)
    assert LedgerEntry.objects.count() == 2


@pytest.mark.parametrize("table", ["commerce_ledgerentry", "commerce_ledgerline"])
def test_the_books_cannot_be_emptied_outside_of_tests(world, table):
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = 'commerce_books_append_only'")
        (source,) = cursor.fetchone()
    assert "TG_OP = 'TRUNCATE' AND current_database() LIKE 'test\\_%'" in source
    name = connection.settings_dict["NAME"]
    assert name.startswith("test_")
    # The same trigger with a database of another name: the exception for tests is the name and nothing else.
    sql(source_of_trigger(source.replace("test\\_%", "nothing\\_%")))
    world.voucher()
    ends()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        sql(f"TRUNCATE {table} CASCADE")


def source_of_trigger(body):
    return f"CREATE OR REPLACE FUNCTION commerce_books_append_only() RETURNS trigger LANGUAGE plpgsql AS $${body}$$"


def raw_entry(legs=2, key=None):
    return LedgerEntry.objects.create(
        at="2026-03-05T04:00:00Z", kind="paid", key=key or str(uuid.uuid4()), legs=legs, by="x", content="x"
    )


def lines(entry, *fens, store=None):
    for n, fen in enumerate(fens):
        LedgerLine.objects.create(entry=entry, book="till" if n else "fees_deferred", fen=fen, store=store)


def test_an_entry_that_does_not_add_up_is_not_taken(world):
    ends()
    cases = {
        "sum": lambda: lines(raw_entry(), 5, -4),
        "no lines": raw_entry,
        "lines too few": lambda: lines(raw_entry(3), 5, -5),
        "lines too many": lambda: lines(raw_entry(2), 5, -3, -2),
    }
    cases["neither store"] = lambda: two_stores(world)
    for act in cases.values():
        with pytest.raises(DatabaseError, match="does not add up"):
            whole(act)
    for bad in (
        lambda: lines(raw_entry(), 0, 0),
        lambda: raw_entry(1),
        lambda: raw_entry(2, key=" ").delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            bad()
    whole(lambda: lines(raw_entry(), 5, -5))  # control


def whole(act):
    """A transaction with its end."""
    with transaction.atomic():
        act()
        ends()


def two_stores(world):
    """Adds to 0, but for neither store."""
    entry = raw_entry()
    lines(entry, 5, store=world.home)
    lines(entry, -5, store=world.other)


def test_no_line_is_added_to_an_old_entry(world):
    entry = raw_entry()
    lines(entry, 5, -5)
    ends()
    with pytest.raises(DatabaseError, match="does not add up"):
        whole(lambda: lines(entry, 7, -7))


def test_posting_wants_a_transaction_a_sum_of_nothing_and_a_new_key(world):
    legs = books.paid(5, home=world.home.pk, till=world.home.pk)
    entry = EntryIn(EntryKind.PAID, legs, "a")
    with pytest.raises(ValueError, match="add to 0"):
        post(viewer=TESTS, entries=[EntryIn(EntryKind.PAID, (*legs, Leg(Account.TILL, 1)), "b")])
    post(viewer=TESTS, entries=[entry])
    with pytest.raises(DatabaseError), transaction.atomic():
        post(viewer=TESTS, entries=[entry])
    assert LedgerEntry.objects.count() == 1


@pytest.mark.parametrize("count", [1, 3])
def test_posting_takes_two_statements(world, count, django_assert_num_queries):
    legs = books.paid(5, home=world.home.pk, till=world.other.pk)
    with django_assert_num_queries(2):
        post(viewer=TESTS, entries=[EntryIn(EntryKind.PAID, legs, str(n)) for n in range(count)])


# ---- the proof

OFF = "ALTER TABLE commerce_ledger{0} DISABLE TRIGGER USER"
ON = "ALTER TABLE commerce_ledger{0} ENABLE TRIGGER USER"


def tamper(text, table="line"):
    """What somebody with the keys of the database could do."""
    ends()
    sql(OFF.format(table))
    sql(text)
    ends()
    sql(ON.format(table))


FAULTS = [
    (Fault.UNBALANCED, lambda: tamper("UPDATE commerce_ledgerline SET fen = fen + 1 WHERE book = 'till'")),
    (Fault.PLACE_UNBALANCED, lambda: tamper(
        "UPDATE commerce_ledgerline SET store_id = (SELECT max(id) FROM stores_store) WHERE book = 'till'")),
    (Fault.LEGS, lambda: tamper("UPDATE commerce_ledgerentry SET legs = 3 WHERE kind = 'paid'", "entry")),
    (Fault.LEGS, lambda: tamper("DELETE FROM commerce_ledgerline WHERE entry_id IN"
                                " (SELECT id FROM commerce_ledgerentry WHERE kind = 'redeemed')")),
    (Fault.REVERSAL, lambda: tamper(
        "UPDATE commerce_ledgerentry SET reverses_id = (SELECT min(id) FROM commerce_ledgerentry) WHERE kind = 'redeemed'",
        "entry")),
    (Fault.CONTENT, lambda: tamper("UPDATE commerce_ledgerentry SET receipt = 'Z9' WHERE kind = 'paid'", "entry")),
    (Fault.CONTENT, lambda: tamper("UPDATE commerce_ledgerentry SET by = 'somebody'", "entry")),
    (Fault.VOUCHER, lambda: sql("UPDATE commerce_voucher SET value_fen = 1 WHERE state = 'granted'")),
    (Fault.VOUCHER, lambda: sql("UPDATE commerce_voucher SET state = 'void' WHERE state = 'granted'")),
    (Fault.PROMISE, lambda: sql("UPDATE commerce_promise SET fee_fen = 1")),
    (Fault.PROMISE, lambda: sql("UPDATE commerce_promise SET state = 'paid'")),
    (Fault.PROMISE, lambda: sql("UPDATE commerce_promise SET state = 'refunded'")),
    (Fault.GRANT, lambda: sql("UPDATE commerce_promise SET voucher_fen = 1")),
    (Fault.SPENT, lambda: sql("UPDATE commerce_voucher SET state = 'granted', redeemed_at = NULL, redeemed_on = NULL,"
                              " redeemed_store_id = NULL WHERE state = 'redeemed'")),
    (Fault.SPENT, lambda: sql("UPDATE commerce_voucher SET state = 'expired' WHERE state = 'granted'")),
    (Fault.ENVELOPE, lambda: sql("UPDATE commerce_envelope SET committed_fen = committed_fen - 1")),
    (Fault.ENVELOPE, lambda: sql("UPDATE commerce_envelope SET spent_fen = spent_fen + 1")),
    (Fault.ENVELOPE, lambda: sql("UPDATE commerce_envelope SET amount_fen = amount_fen + 1")),
    (Fault.ENVELOPE, lambda: sql("UPDATE commerce_commitment SET spent_fen = spent_fen - 1")),
    (Fault.TRIGGER, lambda: (ends(), sql(OFF.format("entry")))),
    (Fault.TRIGGER, lambda: (ends(), sql("DROP TRIGGER commerce_line_balance ON commerce_ledgerline"))),
]  # fmt: skip


@pytest.fixture
def full(world):
    """Something of everything: a spent and an open voucher, an envelope with a cost."""
    spent = world.voucher()
    actions.redeem(viewer=TESTS, code=spent.code, store=world.other, receipt="A1")
    world.voucher()
    purse = envelope(world)
    part = actions.commit(viewer=TESTS, envelope_id=purse.public_id, amount_fen=500, subject=("events", "a"))
    actions.spend(viewer=TESTS, commitment_id=part.public_id, amount_fen=200, key="1")
    return world


def envelope(world):
    return actions.open_envelope(
        viewer=TESTS, title="三月", amount_fen=1000, opens_on=date(2026, 3, 1), closes_on=date(2026, 3, 31),
        store=world.home,
    )  # fmt: skip


def test_good_books_verify(full):
    verdict = queries.verify_ledger()
    assert (verdict.ok, verdict.faults) == (True, ())
    assert (verdict.entries, verdict.liability_fen, verdict.deferred_fen, verdict.refunds_fen) == (
        8,
        3900,
        0,
        0,
    )
    assert verdict.lines == LedgerLine.objects.count()


@pytest.mark.parametrize(
    ("fault", "plant"), FAULTS, ids=[f"{n}-{fault}" for n, (fault, _) in enumerate(FAULTS)]
)
def test_verify_finds_each_planted_fault(full, fault, plant):
    assert queries.verify_ledger().ok  # control
    plant()
    verdict = queries.verify_ledger()
    assert not verdict.ok
    assert fault in {finding.fault for finding in verdict.faults}


def test_the_command(full, capsys):
    assert run(["ledger", "verify", "--lang", "zh"]) == 0
    assert "账实相符" in capsys.readouterr().out
    assert run(["ledger", "verify", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["ok"], told["liability_fen"], told["faults"]) == (True, 3900, [])
    sql("UPDATE commerce_voucher SET value_fen = 1 WHERE state = 'granted'")
    assert run(["ledger", "verify", "--json"]) == 1
    said = capsys.readouterr()
    assert [fault["fault"] for fault in json.loads(said.out)["faults"]] == ["voucher", "grant"]
    assert run(["ledger", "verify", "--lang", "en"]) == 1
    said = capsys.readouterr()
    assert "open vouchers differ from the books" in said.err
    assert "The books agree" not in said.out


# ---- reading the books


def test_entries_page_by_page(full):
    first = queries.ledger_entries(TESTS, limit=3)
    second = queries.ledger_entries(TESTS, limit=200, cursor=first.cursor)
    shown = [*first.items, *second.items]
    assert len(shown) == 8
    assert second.cursor is None
    assert [row.at for row in shown] == sorted([row.at for row in shown], reverse=True)
    redeemed = next(row for row in shown if row.kind == "redeemed")
    voucher = Voucher.objects.get(state="redeemed")
    assert (redeemed.voucher, redeemed.promise, redeemed.store_code, redeemed.receipt) == (
        voucher.public_id, voucher.promise.public_id, full.other.code, "A1",
    )  # fmt: skip
    assert sum(line.fen for line in redeemed.lines) == 0
    assert [row.kind for row in queries.ledger_entries(TESTS, kind="redeemed").items] == ["redeemed"]
    assert {row.store_code for row in queries.ledger_entries(TESTS, store=full.other.pk).items} == {
        full.other.code
    }


@pytest.mark.parametrize("count", [1, 3])
def test_a_page_of_entries_takes_two_statements(world, count, django_assert_num_queries):
    for _ in range(count):
        world.paid()
    with django_assert_num_queries(2):
        assert len(queries.ledger_entries(TESTS).items) == count


def test_who_reads_the_books(full):
    manager = viewer("store_manager", store=full.other)
    assert {row.store_code for row in queries.ledger_entries(manager).items} == {full.other.code}
    assert {row.store_code for row in queries.balances(manager)} == {full.other.code}
    assert queries.liability(manager) == 0
    assert queries.liability(viewer("store_manager", store=full.home)) == 3900
    assert len(queries.ledger_entries(viewer("auditor")).items) == 8
    entry = queries.ledger_entries(TESTS, store=full.home.pk).items[0]
    assert queries.access_entry(TESTS, entry.public_id).public_id == entry.public_id
    for key in (entry.public_id, "x"):
        with pytest.raises(Refused, match="absent"):
            queries.access_entry(manager, key)
    for read in (queries.ledger_entries, queries.balances, queries.liability):
        for role in ("champion", "door"):
            with pytest.raises(Refused, match="absent"):
                read(viewer(role, store=full.home))
