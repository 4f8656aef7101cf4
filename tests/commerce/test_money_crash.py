"""SIGKILL after every statement of the money flows: no acknowledged act is lost, none half done, and the books agree (P5)."""

import json
import multiprocessing
import os
import signal
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction

from commerce.purses import chain, subject_of
from project import samples
from stores.factories import TESTS
from tongxin.commerce import actions, queries
from tongxin.commerce.models import LedgerEntry, Promise, Voucher
from tongxin.foundation.audit.models import Entry

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 3, 7, 6, 0, tzinfo=UTC)


def forked(work):
    """Run `work` in a child that may be killed; answers whether it came to its end."""
    connection.close()
    child = multiprocessing.get_context("fork").Process(target=work, daemon=True)
    child.start()
    child.join(30)
    assert child.exitcode in {0, -signal.SIGKILL}
    return child.exitcode == 0


def killed_at(n, work, told):
    """`work` in a child that dies right after its n-th statement; answers whether it acknowledged (its mark is in `told`)."""

    def body():
        count = 0

        def counting(execute, sql, params, many, context):
            nonlocal count
            answer = execute(sql, params, many, context)
            count += 1
            if count == n:
                os.kill(os.getpid(), signal.SIGKILL)
            return answer

        with connection.execute_wrapper(counting):
            work()
        told.write_text("done")  # what the till shows after the answer

    told.unlink(missing_ok=True)
    forked(body)
    return told.exists()


def flows(world):
    """Each flow: what prepares it, the act, and how to see that it happened."""

    def prepared_redeem():
        voucher = world.voucher()
        act = lambda: actions.redeem(viewer=TESTS, code=voucher.code, store=world.other, receipt="A1")  # noqa: E731
        return act, lambda: state_of(voucher) == "redeemed", ("redeemed", "commerce.voucher_redeemed")

    def prepared_limited():
        voucher = world.voucher(
            terms={"per_day": 1}, person=world.member.pk, under=("events", os.urandom(4).hex())
        )
        Voucher.objects.exclude(pk=voucher.pk).filter(state="redeemed").update(redeemed_on="2020-01-01")
        act = lambda: actions.redeem(viewer=TESTS, code=voucher.code, store=world.other, receipt="A1")  # noqa: E731
        return act, lambda: state_of(voucher) == "redeemed", ("redeemed", "commerce.voucher_redeemed")

    def prepared_reversal():
        voucher = world.voucher()
        actions.redeem(viewer=TESTS, code=voucher.code, store=world.other, receipt="A1")
        act = lambda: actions.reverse_redemption(viewer=TESTS, voucher_id=voucher.public_id, reason="back")  # noqa: E731
        return act, lambda: state_of(voucher) == "granted", ("unredeemed", "commerce.voucher_reversed")

    def prepared_payment():
        promise = world.promise()
        receipt = os.urandom(8).hex()
        act = lambda: actions.mark_paid(  # noqa: E731
            viewer=TESTS, promise_id=promise.public_id, receipt=receipt, store=world.home
        )
        return act, lambda: state_of(promise) == "paid", ("paid", "commerce.fee_paid")

    def prepared_attendance():
        promise = world.paid()
        act = lambda: actions.attended(viewer=TESTS, subject=subject_of(promise), at=AT)  # noqa: E731
        return act, lambda: state_of(promise) == "granted", ("granted", "commerce.promise_kept")

    def prepared_refund():
        promise = world.voucher().promise
        act = lambda: actions.refund_subject(viewer=TESTS, subject=subject_of(promise), reason="ill")  # noqa: E731
        return act, lambda: state_of(promise) == "refund_due", ("refund_owed", "commerce.refund_owed")

    return {
        "redeem": prepared_redeem, "redeem with a limit": prepared_limited, "reverse": prepared_reversal,
        "pay": prepared_payment, "attend": prepared_attendance, "refund": prepared_refund,
    }  # fmt: skip


def state_of(row):
    return type(row).objects.values_list("state", flat=True).get(pk=row.pk)


@pytest.mark.sampled
@pytest.mark.parametrize("flow", ["redeem", "redeem with a limit", "reverse", "pay", "attend", "refund"])
def test_sigkill_after_every_statement(flow, tmp_path):
    world = chain()
    prepare = flows(world)[flow]
    half, (first, stride) = 0, samples.stride()
    for n in range(first, 40, stride):
        act, happened, (kind, word) = prepare()
        before = counted(kind, word)
        acknowledged = killed_at(n, act, tmp_path / "told")
        after = counted(kind, word)
        done = happened()
        assert done or not acknowledged  # what was said to have happened has happened
        assert after == (
            before[0] + done,
            before[1] + done,
        )  # one entry and one word in the trail, or neither
        if acknowledged:
            break
        half += not done
        act()  # the till tries again
        assert happened()
        assert counted(kind, word) == (before[0] + 1, before[1] + 1)
    assert n > 5
    assert half  # control: the kills did hit before the end
    assert queries.verify_ledger().faults == ()


def counted(kind, word):
    return LedgerEntry.objects.filter(kind=kind).count(), Entry.objects.filter(act=word).count()


def test_control_a_debit_outside_of_the_transaction_of_its_entry_is_half_done(tmp_path):
    voucher = chain().voucher()

    def careless():
        Voucher.objects.filter(pk=voucher.pk).update(state="void")
        with transaction.atomic():
            Promise.objects.select_for_update().get(pk=voucher.promise_id)

    assert not killed_at(1, careless, tmp_path / "told")
    verdict = queries.verify_ledger()
    assert {finding.fault for finding in verdict.faults} == {"voucher", "grant"}
    assert json.dumps([finding.place for finding in verdict.faults])
