"""Many tills at once, as real processes with connections of their own, and how they are set against each other."""

import multiprocessing
import threading
import time

from django.db import connection, transaction
from django.db.models import F

from commerce.purses import subject_of
from people.factories import CustomerFactory
from stores.factories import TESTS
from tongxin.commerce import actions
from tongxin.commerce.actions import promises, vouchers
from tongxin.commerce.models import Voucher
from tongxin.commerce.queries.vouchers import code_hash
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.people import actions as people
from tongxin.people.models import Customer
from tongxin.people.queries.customers import cluster

PATIENCE = 120


def tournament(work, *, rounds, processes, threads):
    """Let `processes` × `threads` clients do `work(round, client)` at the same moment, round after round.

    Answers one list a round: "won", or the code of the refusal, or the fault as text.
    """
    connection.close()  # a forked child must not inherit our socket
    context = multiprocessing.get_context("fork")
    gate, queue = context.Barrier(processes * threads), context.Queue()

    def client(number):
        told = []
        for turn in range(rounds):
            gate.wait(PATIENCE)
            try:
                work(turn, number)
                told.append("won")
            except Refused as refused:
                told.append(refused.code)
            except Exception as fault:  # noqa: BLE001 (handed back as a value; the test looks at it)
                told.append(f"{type(fault).__name__}: {fault}"[:200])
        connection.close()
        queue.put((number, told))

    def process(first):
        crowd = [threading.Thread(target=client, args=[first + n], daemon=True) for n in range(threads)]
        for one in crowd:
            one.start()
        for one in crowd:
            one.join(PATIENCE)

    children = [context.Process(target=process, args=[n * threads], daemon=True) for n in range(processes)]
    for child in children:
        child.start()
    told = dict(queue.get(timeout=PATIENCE) for _ in range(processes * threads))
    for child in children:
        child.join(PATIENCE)
    return [[told[number][turn] for number in sorted(told)] for turn in range(rounds)]


def same_voucher(chain, *, rounds, processes, threads, redeem=actions.redeem):
    """Each round everybody spends one voucher, in two stores, on receipts of their own. Answers the rounds' winners."""
    codes = [chain.voucher().code for _ in range(rounds)]

    def work(turn, client):
        store = chain.home if client % 2 else chain.other
        redeem(viewer=TESTS, code=codes[turn], store=store, receipt=f"{turn}/{client}")

    return tournament(work, rounds=rounds, processes=processes, threads=threads)


def careless_redeem(*, viewer, code, store, receipt):
    """Control arm: look first, write later, as the products do that were over-redeemed."""
    with transaction.atomic():
        voucher = Voucher.objects.select_related("promise", "store").get(code_hash=code_hash(code))
        if voucher.state != "granted":
            raise Refused("commerce.voucher_spent")
        time.sleep(0.01)  # what a page does between looking and writing
        Voucher.objects.filter(pk=voucher.pk).update(
            state="redeemed", redeemed_at=clock.now(), redeemed_on=clock.now().date(), redeemed_store=store,
            receipt=receipt, version=F("version") + 1,
        )  # fmt: skip


def one_member(chain, *, twins):
    """A member whom the till knows twice: entries that were merged, survivor first."""
    members = [CustomerFactory(home_store=chain.home) for _ in range(twins)]
    for other in members[1:]:
        people.merge(
            viewer=TESTS, source=Customer.objects.get(pk=other.pk), target=members[0], reason="duplicate"
        )
    return members


def day_limit(chain, *, rounds, processes, threads, limit):
    """Each round one member (two entries) spends as many vouchers as there are clients, `limit` of them allowed that day."""
    terms = {"per_day": limit}
    purses = []
    for turn in range(rounds):
        # Granted before the two entries became one person.
        members = [CustomerFactory(home_store=chain.home) for _ in range(2)]
        purses.append(
            [
                chain.voucher(person=members[n % 2].pk, terms=terms, under=("events", f"limit{turn}")).code
                for n in range(processes * threads)
            ]
        )
        people.merge(viewer=TESTS, source=members[1], target=members[0], reason="duplicate")

    def work(turn, client):
        actions.redeem(viewer=TESTS, code=purses[turn][client], store=chain.home, receipt=f"{turn}/{client}")

    return tournament(work, rounds=rounds, processes=processes, threads=threads)


def member_limit(chain, *, rounds, processes, threads, limit):
    """Each round everybody registers one member (two entries) for the same event, `limit` promises allowed."""
    members = [one_member(chain, twins=2) for _ in range(rounds)]

    def work(turn, client):
        chain.promise(
            person=members[turn][client % 2].pk,
            terms={"per_member": limit},
            under=("events", f"member{turn}"),
        )

    return tournament(work, rounds=rounds, processes=processes, threads=threads)


def unlocked_person(person):
    """Control arm of the limits: count without holding the member."""
    row = Customer.objects.get(pk=person)
    return cluster(row.survivor_id or row.pk)


def without_person_lock(monkeypatch):
    monkeypatch.setattr(promises, "lock_person", unlocked_person)
    monkeypatch.setattr(vouchers, "lock_person", unlocked_person)


def envelope(envelope_id, *, rounds, processes, threads, amount):
    """Each round everybody sets the same amount aside in one envelope, each for a thing of their own."""

    def work(turn, client):
        actions.commit(
            viewer=TESTS, envelope_id=envelope_id, amount_fen=amount, subject=("events", f"{turn}/{client}")
        )

    return tournament(work, rounds=rounds, processes=processes, threads=threads)


def redeem_or_refund(chain, *, rounds, processes, threads):
    """Each round half of them spend a voucher while the others refund its fee: one thing happens, never both."""
    made = [chain.voucher() for _ in range(rounds)]

    def work(turn, client):
        if client % 2:
            actions.redeem(viewer=TESTS, code=made[turn].code, store=chain.other, receipt=f"{turn}/{client}")
        else:
            actions.refund_subject(viewer=TESTS, subject=subject_of(made[turn].promise), reason="ill")

    return made, tournament(work, rounds=rounds, processes=processes, threads=threads)
