"""The promise of an event with a fee: made, paid at the till, kept at check-in.

Locks are taken in one order by everything in this room: member, promise, voucher, envelope, commitment. Then come the ledger
and the trail, which only add rows. Spending a voucher takes the voucher alone (and the member before it, where there is
a limit a day).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Coalesce

from tongxin.commerce.actions.moves import (
    at_till,
    carry_out,
    look,
    of_subject,
    receipt_number,
    refusal,
    said,
    save,
    standing_of,
    undo_allowed,
    voucher_of,
    write_down,
)
from tongxin.commerce.actions.persons import lock_person
from tongxin.commerce.models import Promise, Voucher
from tongxin.commerce.rules import promises as rules
from tongxin.commerce.rules.promises import Move
from tongxin.commerce.terms import PromiseState
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.people.models import Customer
from tongxin.stores.models import Store

OVER = (PromiseState.CANCELLED, PromiseState.REFUND_DUE, PromiseState.REFUNDED)

_INSERT = """
    INSERT INTO commerce_promise (public_id, person_id, store_id, subject_room, subject_key, under_room, under_key, fee_fen,
        voucher_fen, terms, valid_days, state, version, made_at, due_at, paid_at, paid_store_id, receipt)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s, %s, 0, %s, %s, %s, %s, '')
    ON CONFLICT (subject_room, subject_key) DO NOTHING RETURNING id
"""


def promise(
    *,
    viewer: Viewer,
    person: int,
    store: Store | int,
    subject: tuple[str, str],
    under: tuple[str, str],
    fee_fen: int,
    voucher_fen: int,
    terms: Mapping[str, Any],
    valid_days: int,
    due_at: datetime | None = None,
) -> Promise:
    """Promise a member a voucher for a fee and for coming, once for each subject; the calling room has looked at reach.

    `terms` is the snapshot that is shown and held to: free words, and the keys `per_member` (promises under one `under`),
    `per_day` (vouchers spent on one trading day), `no_show` ("kept" or "refunded"). The same again answers the promise that is
    there; one that was cancelled or refunded is opened again. Refuses `commerce.bad_terms`, `commerce.limit_reached`,
    `commerce.promise_differs`, `commerce.refund_first`.
    """
    rules.check_terms(terms, fee=fee_fen, value=voucher_fen, valid_days=valid_days)
    place = store if isinstance(store, int) else store.pk
    with transaction.atomic():
        limit = rules.limit_of(terms, "per_member")
        if limit is not None:
            _hold_to(limit, lock_person(person), subject, under)
        now = clock.now()
        made = Promise(
            public_id=uuid4(),
            person_id=person,
            store_id=place,
            subject_room=subject[0],
            subject_key=subject[1],
            under_room=under[0],
            under_key=under[1],
            fee_fen=fee_fen,
            voucher_fen=voucher_fen,
            terms=dict(terms),
            valid_days=valid_days,
            state=rules.first_state(fee_fen),
            made_at=now,
            due_at=due_at,
            paid_at=None if fee_fen else now,
            paid_store_id=None if fee_fen else place,
        )
        if not _inserted(made):
            return _again(viewer, made)
        write_down(viewer, made, act="commerce.promised", fee_fen=fee_fen, voucher_fen=voucher_fen)
    return made


def _hold_to(limit: int, entries: Sequence[int], subject: tuple[str, str], under: tuple[str, str]) -> None:
    live = set(
        Promise.objects.filter(person__in=entries, under_room=under[0], under_key=under[1])
        .exclude(state__in=OVER)
        .values_list("subject_room", "subject_key")
    )
    if subject not in live and not rules.within(limit, len(live)):
        raise Refused("commerce.limit_reached", limit=limit, held=len(live))


def _inserted(made: Promise) -> bool:
    values = [
        made.public_id,
        made.person_id,
        made.store_id,
        made.subject_room,
        made.subject_key,
        made.under_room,
        made.under_key,
        made.fee_fen,
        made.voucher_fen,
        Promise._meta.get_field("terms").get_db_prep_value(made.terms, connection),  # noqa: SLF001 (Django's public name)
        made.valid_days,
        made.state,
        made.made_at,
        made.due_at,
        made.paid_at,
        made.paid_store_id,
    ]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, values)
        row = cursor.fetchone()
    if row is None:
        return False
    made.pk, made._state.adding = row[0], False  # noqa: SLF001 (Django's public name for it)
    return True


_SAME = ("store_id", "under_room", "under_key", "fee_fen", "voucher_fen")


def _again(viewer: Viewer, wanted: Promise) -> Promise:
    held = Promise.objects.select_for_update(no_key=True).get(
        subject_room=wanted.subject_room, subject_key=wanted.subject_key
    )
    if held.state == PromiseState.REFUND_DUE:
        raise Refused("commerce.refund_first")
    if held.state in OVER:
        changed = (
            *_SAME,
            "person_id",
            "terms",
            "valid_days",
            "state",
            "made_at",
            "due_at",
            "paid_at",
            "paid_store_id",
        )
        for name in changed:
            setattr(held, name, getattr(wanted, name))
        held.receipt, held.attended_at, held.refund_due_at = "", None, None
        held.version += 1
        held.save()
        write_down(
            viewer, held, act="commerce.promise_reopened", fee_fen=held.fee_fen, voucher_fen=held.voucher_fen
        )
    elif any(getattr(held, name) != getattr(wanted, name) for name in _SAME) or not _same_person(
        held, wanted
    ):
        raise Refused("commerce.promise_differs")
    return held


def _same_person(held: Promise, wanted: Promise) -> bool:
    """The same entry, or two entries of one person."""
    if held.person_id == wanted.person_id:
        return True
    entries = Customer.objects.filter(pk__in=[held.person_id, wanted.person_id])
    return len(set(entries.values_list(Coalesce("survivor", "id"), flat=True))) == 1


# ---- at the till


def mark_paid(*, viewer: Viewer, promise_id: UUID | str, receipt: str, store: Store) -> Promise:
    """Staff took the fee at a till: the receipt number is proof, and good for one fee of that store.

    Whoever came before paying gets the voucher now. The same receipt again changes nothing. Refuses `absent`,
    `commerce.receipt_missing`, `commerce.receipt_used`, `commerce.already_paid`, `commerce.promise_over`,
    `commerce.nothing_to_pay`.
    """
    number = receipt_number(receipt)
    with transaction.atomic():
        held, standing = look(viewer, promise_id)
        at_till(viewer, store)
        move = rules.pay(standing)
        if move.refused == "commerce.already_paid" and (held.paid_store_id, held.receipt) == (
            store.pk,
            number,
        ):
            return held
        if move.refused:
            raise Refused(move.refused)
        held.paid_at, held.paid_store, held.receipt = clock.now(), store, number
        _save_receipt(held, move)
        carry_out(viewer, held, move)
        write_down(
            viewer, held, act="commerce.fee_paid", fee_fen=held.fee_fen, store=store.code, receipt=number
        )
        if held.attended_at is not None:
            _keep(viewer, held, held.attended_at)
    return held


def _save_receipt(held: Promise, move: Move) -> None:
    try:
        with transaction.atomic():
            save(held, move)
    except IntegrityError as fault:
        if "promise_receipt_once" in str(fault):
            raise Refused("commerce.receipt_used") from None
        raise


def unmark_paid(*, viewer: Viewer, promise_id: UUID | str, reason: str) -> Promise:
    """Take a payment back that was written down by mistake; an unspent voucher goes with it. Repeating changes nothing.

    Refuses `absent`, `commerce.reason_missing`, `commerce.ask_a_manager` on another trading day, `commerce.voucher_spent`,
    `commerce.voucher_expired`, `commerce.promise_over`, `commerce.nothing_to_pay`.
    """
    why = said(reason)
    with transaction.atomic():
        held, standing = look(viewer, promise_id)
        move = rules.unpay(standing)
        if move.same:
            return held
        if move.refused:
            raise refusal(move.refused, held)
        till = held.paid_store or held.store
        undo_allowed(viewer, till, held.paid_at or clock.now())
        held.paid_at, held.paid_store, held.receipt = None, None, ""
        save(held, move)
        carry_out(viewer, held, move)
        write_down(viewer, held, act="commerce.fee_unpaid", reason=why, fee_fen=held.fee_fen)
    return held


# ---- at the door


def attended(*, viewer: Viewer, subject: tuple[str, str], at: datetime) -> Voucher | None:
    """The member came: grants the voucher, once for each subject; the calling room has looked at reach.

    None when there is no promise, nothing was paid yet (paying later grants it then), it is over, or it has no voucher.
    """
    with transaction.atomic():
        held = of_subject(subject)
        return None if held is None else _keep(viewer, held, at)


def _keep(viewer: Viewer, held: Promise, at: datetime) -> Voucher | None:
    move = rules.attend(standing_of(held))
    if move.same and held.attended_at is not None:
        return voucher_of(held)
    held.attended_at = held.attended_at or clock.as_utc(at)
    save(held, move)
    if move.same:
        return None
    voucher = carry_out(viewer, held, move)
    write_down(
        viewer,
        held,
        act="commerce.promise_kept",
        voucher=str(voucher.public_id) if voucher else None,
        voucher_fen=held.voucher_fen,
    )
    return voucher


def unattended(*, viewer: Viewer, subject: tuple[str, str], reason: str) -> None:
    """The check-in was annulled: an unspent voucher is taken back; the calling room has looked at reach. Repeating changes nothing.

    Refuses `commerce.reason_missing`, `commerce.voucher_spent`, `commerce.voucher_expired`.
    """
    why = said(reason)
    with transaction.atomic():
        held = of_subject(subject)
        if held is None or held.attended_at is None:
            return
        move = rules.unattend(standing_of(held))
        if move.refused:
            raise refusal(move.refused, held)
        held.attended_at = None
        save(held, move)
        carry_out(viewer, held, move)
        if not move.same:
            write_down(viewer, held, act="commerce.grant_taken_back", reason=why)
