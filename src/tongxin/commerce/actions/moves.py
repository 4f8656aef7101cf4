"""What every act on a promise shares: hold it, decide, save the move, book it, write it down."""

import secrets
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F

from tongxin.commerce.actions.books import EntryIn, post, undoing
from tongxin.commerce.models import LedgerEntry, Promise, Voucher
from tongxin.commerce.queries.books import standing_entry
from tongxin.commerce.queries.promises import access_promise
from tongxin.commerce.queries.vouchers import code_hash
from tongxin.commerce.rules import books
from tongxin.commerce.rules import promises as rules
from tongxin.commerce.rules.books import Legs
from tongxin.commerce.rules.promises import Move, Standing
from tongxin.commerce.terms import (
    CODE_LENGTH,
    CODE_LETTERS,
    TILL_ROLES,
    EntryKind,
    PromiseState,
    VoucherState,
)
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.stores.models import Store
from tongxin.stores.queries import business_day_of


def look(viewer: Viewer, promise_id: UUID | str) -> tuple[Promise, Standing]:
    found = access_promise(viewer, promise_id, TILL_ROLES)
    held = Promise.objects.select_for_update(no_key=True).get(pk=found.pk)
    return held, standing_of(held)


def of_subject(subject: tuple[str, str]) -> Promise | None:
    return (
        Promise.objects.select_for_update(no_key=True)
        .filter(subject_room=subject[0], subject_key=subject[1])
        .first()
    )


def voucher_of(held: Promise) -> Voucher | None:
    """The voucher that stands for a promise, held until the transaction ends."""
    if held.state != PromiseState.GRANTED or not held.voucher_fen:
        return None
    return Voucher.objects.select_for_update(no_key=True).exclude(state=VoucherState.VOID).get(promise=held)


def standing_of(held: Promise) -> Standing:
    voucher = voucher_of(held)
    return Standing(
        PromiseState(held.state),
        held.fee_fen,
        held.voucher_fen,
        None if voucher is None else VoucherState(voucher.state),
    )


def carry_out(
    viewer: Viewer, held: Promise, move: Move, *, till: Store | None = None, receipt: str = ""
) -> Voucher | None:
    """Book what a move says, entry by entry, and make or take back the voucher. Answers the voucher that it made."""
    voucher = None
    if move.take_back:
        Voucher.objects.filter(promise=held, state=VoucherState.GRANTED).update(
            state=VoucherState.VOID, version=F("version") + 1
        )
    for kind in move.books:
        if kind is EntryKind.GRANTED and held.voucher_fen:
            voucher = _grant(held)
        entry = entry_for(held, kind, voucher=voucher, till=till)
        post(viewer=viewer, entries=[replace(entry, receipt=receipt) if receipt else entry])
    return voucher


def entry_for(
    held: Promise,
    kind: EntryKind,
    *,
    voucher: Voucher | None = None,
    till: Store | None = None,
    original: tuple[LedgerEntry, Legs] | None = None,
) -> EntryIn:
    """The entry that tells one kind of thing about a promise. Its key carries the promise's version.

    `original` is what an undoing kind takes back, where it has been read already.
    """
    key = f"promise:{held.public_id}:{held.version}:{kind}"
    if kind in UNDOES:
        entry, legs = original or (standing_entry(UNDOES[kind], promise=held.pk), None)
        return undoing(kind, entry, key=key, legs=legs)
    home = held.store_id
    where = {EntryKind.PAID: held.paid_store_id, EntryKind.REFUND_PAID: till and till.pk}.get(kind) or home
    return EntryIn(
        kind,
        _legs(held, kind, where),
        key,
        store=where,
        promise=held.pk,
        voucher=voucher.pk if voucher else None,
        receipt=held.receipt if kind is EntryKind.PAID else "",
    )


def _legs(held: Promise, kind: EntryKind, where: int) -> Legs:
    home, fee = held.store_id, held.fee_fen
    if kind is EntryKind.PAID:
        return books.paid(fee, home=home, till=where)
    if kind is EntryKind.GRANTED:
        return books.granted(fee, held.voucher_fen, home=home)
    if kind is EntryKind.LAPSED:
        return books.lapsed(fee, home=home)
    if kind is EntryKind.REFUND_OWED:
        return books.refund_owed(fee, home=home)
    return books.refund_paid(fee, home=home, till=where)


UNDOES = {
    EntryKind.UNPAID: EntryKind.PAID,
    EntryKind.TAKEN_BACK: EntryKind.GRANTED,
    EntryKind.UNLAPSED: EntryKind.LAPSED,
}


def _grant(held: Promise) -> Voucher:
    code = "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
    now = clock.now()
    return Voucher.objects.create(
        promise=held,
        person_id=held.person_id,
        store_id=held.store_id,
        value_fen=held.voucher_fen,
        code=code,
        code_hash=code_hash(code),
        granted_at=now,
        expires_at=rules.expiry(now, held.valid_days),
    )


_MOVED = ("state", "version", "paid_at", "paid_store", "receipt", "attended_at", "refund_due_at")


def save(held: Promise, move: Move) -> None:
    held.state = move.to
    held.version += 1
    held.save(update_fields=_MOVED)


def at_till(viewer: Viewer, store: Store) -> None:
    """Refuse `absent` for a till out of reach."""
    if not viewer.reaches(store.pk, TILL_ROLES):
        raise Refused("absent")


def undo_allowed(viewer: Viewer, till: Store, done_at: datetime) -> None:
    """Refuse `absent` for a till out of reach and `commerce.ask_a_manager` for who may not undo another day's doing."""
    at_till(viewer, till)
    same_day = business_day_of(till, done_at) == business_day_of(till, clock.now())
    roles = frozenset(grant.role for grant in viewer.grants if grant.everywhere or till.pk in grant.places)
    if not rules.may_undo(roles, same_day=same_day):
        raise Refused("commerce.ask_a_manager")


def said(reason: str) -> str:
    """A reason without the space around it. Refuses `commerce.reason_missing`."""
    if not reason.strip():
        raise Refused("commerce.reason_missing")
    return reason.strip()[:200]


def receipt_number(number: str) -> str:
    plain = "".join(number.split()).upper()
    if not plain or len(plain) > 64:
        raise Refused("commerce.receipt_missing")
    return plain


def refusal(code: str, held: Promise) -> Refused:
    voucher = voucher_of(held)
    day = business_day_of(held.store, voucher.expires_at).isoformat() if voucher else ""
    return Refused(code, day=day) if code == "commerce.voucher_expired" else Refused(code)


def write_down(viewer: Viewer, held: Promise, *, act: str, reason: str = "", **after: Any) -> None:
    trail(
        viewer=viewer,
        act=act,
        subject=("commerce", "promise", str(held.public_id)),
        after={"state": str(held.state), "subject": [held.subject_room, held.subject_key], **after},
        reason=reason,
    )
