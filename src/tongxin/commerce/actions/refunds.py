"""Giving fees back: one, all of an event, and what becomes of those who did not come."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Sum

from tongxin.commerce.actions.books import EntryIn, post
from tongxin.commerce.actions.moves import (
    UNDOES,
    at_till,
    carry_out,
    entry_for,
    look,
    of_subject,
    receipt_number,
    refusal,
    said,
    save,
    write_down,
)
from tongxin.commerce.actions.two_persons import ask_second
from tongxin.commerce.models import LedgerEntry, Promise, Voucher
from tongxin.commerce.queries.books import legs_by_entry, standing_entries, standing_entry
from tongxin.commerce.rules import promises as rules
from tongxin.commerce.rules.books import Legs
from tongxin.commerce.rules.promises import Move, Standing
from tongxin.commerce.terms import REFUND_WITHIN, EntryKind, PromiseState, VoucherState
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail_many
from tongxin.foundation.errors import Refused
from tongxin.stores.models import Store


@dataclass(frozen=True)
class Counts:
    """What a bulk act did: `owed` fees to give back (`fen` in all), `cancelled` unpaid ones, `kept` fees of no-shows,
    `spent` whose voucher is used or ran out and stays, `same` that were over before.
    """

    owed: int = 0
    cancelled: int = 0
    kept: int = 0
    spent: int = 0
    same: int = 0
    fen: int = 0


def refund(*, viewer: Viewer, promise_id: UUID | str, reason: str) -> Promise:
    """Give a fee back: what was paid becomes a refund due at the till, an unspent voucher is taken back, what was not paid is
    cancelled. Repeating changes nothing.

    Refuses `absent`, `commerce.reason_missing`, `commerce.voucher_spent`, `commerce.voucher_expired`.
    """
    why = said(reason)
    with transaction.atomic():
        held, _ = look(viewer, promise_id)
        return _refunded(viewer, held, why)


def refund_subject(*, viewer: Viewer, subject: tuple[str, str], reason: str) -> Promise | None:
    """The same for whoever cancels a registration, the member too: the calling room has looked at reach. None without a promise.

    Refuses `commerce.reason_missing`, `commerce.voucher_spent`, `commerce.voucher_expired`.
    """
    why = said(reason)
    with transaction.atomic():
        held = of_subject(subject)
        return None if held is None else _refunded(viewer, held, why)


def _refunded(viewer: Viewer, held: Promise, why: str) -> Promise:
    (move,) = _move_all(viewer, [held], _refund)
    if move.refused:
        raise refusal(move.refused, held)
    if not move.same:
        write_down(viewer, held, act="commerce.refund_owed", reason=why, fee_fen=held.fee_fen)
    return held


def pay_refund(*, viewer: Viewer, promise_id: UUID | str, store: Store, receipt: str) -> Promise:
    """The fee was handed back at a till. The same receipt again changes nothing.

    Refuses `absent`, `commerce.receipt_missing`, `commerce.no_refund_due`, `commerce.second_person_needed` when who ordered so much
    back would also hand it out.
    """
    number = receipt_number(receipt)
    with transaction.atomic():
        held, standing = look(viewer, promise_id)
        at_till(viewer, store)
        if held.state == PromiseState.REFUNDED:
            done = standing_entry(EntryKind.REFUND_PAID, promise=held.pk)
            if (done.store_id, done.receipt) == (store.pk, number):
                return held
        move = rules.pay_refund(standing)
        if move.refused:
            raise Refused(move.refused)
        ask_second(viewer=viewer, first=held.refund_by, fen=_ordered(held))
        held.refund_due_at = None
        save(held, move)
        carry_out(viewer, held, move, till=store, receipt=number)
        write_down(
            viewer, held, act="commerce.refund_paid", fee_fen=held.fee_fen, store=store.code, receipt=number
        )
    return held


def _ordered(held: Promise) -> int:
    """All that the same person ordered back of the same event: many small refunds are a large one."""
    ordered = Promise.objects.filter(
        under_room=held.under_room,
        under_key=held.under_key,
        refund_by=held.refund_by,
        state__in=[PromiseState.REFUND_DUE, PromiseState.REFUNDED],
    )
    return ordered.aggregate(fen=Sum("fee_fen"))["fen"] or 0


def refund_all(*, viewer: Viewer, under: tuple[str, str], reason: str) -> Counts:
    """The event is off: every fee under it goes back, every unspent voucher too; the calling room has looked at reach.

    As many statements for one promise as for all. Repeating changes nothing. Refuses `commerce.reason_missing`.
    """
    return refund_all_of(viewer=viewer, room=under[0], keys=[under[1]], reason=reason)


def refund_all_of(*, viewer: Viewer, room: str, keys: Collection[str], reason: str) -> Counts:
    """The same for many events of a room, in as many statements; each has its own line in the trail."""
    return _all_under(viewer, room, keys, _refund, act="commerce.refunds_owed", reason=said(reason))


def settle_no_shows(*, viewer: Viewer, under: tuple[str, str], reason: str) -> Counts:
    """The event is over: unpaid promises of those who did not come are cancelled, paid ones stay with the store or go back, as
    their terms say. A late scan still grants. Refuses `commerce.reason_missing`.
    """
    return _all_under(
        viewer,
        under[0],
        [under[1]],
        rules.settle_no_show,
        act="commerce.no_shows_settled",
        reason=said(reason),
        only={"attended_at": None},
    )


def _refund(at: Standing, _terms: Mapping[str, Any]) -> Move:
    return rules.refund(at)


def _all_under(
    viewer: Viewer,
    room: str,
    keys: Collection[str],
    decide: Callable[[Standing, Mapping[str, Any]], Move],
    *,
    act: str,
    reason: str,
    only: dict[str, Any] | None = None,
) -> Counts:
    with transaction.atomic():
        held = list(
            Promise.objects.select_for_update(no_key=True)
            .filter(under_room=room, under_key__in=list(keys), **(only or {}))
            .order_by("id")
        )
        moves = _move_all(viewer, held, decide)
        each: dict[str, list[tuple[Promise, Move]]] = {}
        for one, move in zip(held, moves, strict=True):
            each.setdefault(one.under_key, []).append((one, move))
        trail_many(
            viewer=viewer,
            act=act,
            rows=[((room, "under", key), asdict(_counted(pairs))) for key, pairs in each.items()],
            reason=reason,
        )
    return _counted(list(zip(held, moves, strict=True)))


def _counted(pairs: Sequence[tuple[Promise, Move]]) -> Counts:
    live = [(one, move) for one, move in pairs if not move.same and not move.refused]
    owed = [one for one, move in live if move.to is PromiseState.REFUND_DUE]
    return Counts(
        owed=len(owed),
        cancelled=sum(move.to is PromiseState.CANCELLED for _, move in live),
        kept=sum(move.to is PromiseState.LAPSED for _, move in live),
        spent=sum(bool(move.refused) for _, move in pairs),
        same=sum(move.same for _, move in pairs),
        fen=sum(one.fee_fen for one in owed),
    )


def _move_all(
    viewer: Viewer, held: Sequence[Promise], decide: Callable[[Standing, Mapping[str, Any]], Move]
) -> list[Move]:
    """Decide for each of these held promises and carry out what is decided, in a fixed number of statements."""
    vouchers = _vouchers(held)
    moves = [_decided(one, vouchers, decide) for one in held]
    moving = [
        (one, move) for one, move in zip(held, moves, strict=True) if not move.same and not move.refused
    ]
    _take_back(one for one, move in moving if move.take_back)
    now = clock.now()
    for one, move in moving:
        one.state = move.to
        one.version += 1
        one.refund_due_at = now + REFUND_WITHIN if move.to is PromiseState.REFUND_DUE else None
        one.refund_by = viewer.name if move.to is PromiseState.REFUND_DUE else ""
        if move.to is PromiseState.CANCELLED:
            one.paid_at, one.paid_store, one.receipt = None, None, ""
    Promise.objects.bulk_update(
        [one for one, _ in moving],
        ["state", "version", "refund_due_at", "refund_by", "paid_at", "paid_store", "receipt"],
        batch_size=1000,
    )
    if entries := _entries(moving):
        post(viewer=viewer, entries=entries)
    return moves


def _decided(
    one: Promise, vouchers: dict[int, Voucher], decide: Callable[[Standing, Mapping[str, Any]], Move]
) -> Move:
    voucher = vouchers.get(one.pk)
    standing = Standing(
        PromiseState(one.state),
        one.fee_fen,
        one.voucher_fen,
        VoucherState(voucher.state) if voucher else None,
    )
    return decide(standing, one.terms)


def _vouchers(held: Iterable[Promise]) -> dict[int, Voucher]:
    granted = [one.pk for one in held if one.state == PromiseState.GRANTED]
    rows = (
        Voucher.objects.select_for_update(no_key=True)
        .filter(promise__in=granted)
        .exclude(state=VoucherState.VOID)
        .order_by("id")
    )
    return {row.promise_id: row for row in rows}


def _take_back(promises: Iterable[Promise]) -> None:
    Voucher.objects.filter(promise__in=[one.pk for one in promises], state=VoucherState.GRANTED).update(
        state=VoucherState.VOID, version=F("version") + 1
    )


def _entries(moving: Sequence[tuple[Promise, Move]]) -> list[EntryIn]:
    undone: dict[tuple[int, EntryKind], tuple[LedgerEntry, Legs]] = {}
    for kind in sorted({kind for _, move in moving for kind in move.books if kind in UNDOES}):
        found = standing_entries(UNDOES[kind], [one.pk for one, move in moving if kind in move.books])
        legs = legs_by_entry(found.values())
        undone |= {(promise, kind): (entry, legs[entry.pk]) for promise, entry in found.items()}
    return [
        entry_for(one, kind, original=undone.get((one.pk, kind)))
        for one, move in moving
        for kind in move.books
    ]
