"""Spending a voucher, giving it back, letting it run out."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F

from tongxin.commerce.actions.books import EntryIn, post, undoing
from tongxin.commerce.actions.moves import at_till, receipt_number, said, undo_allowed
from tongxin.commerce.actions.persons import lock_person
from tongxin.commerce.models import Voucher
from tongxin.commerce.queries.books import standing_entry
from tongxin.commerce.queries.vouchers import access_voucher, code_hash, last_day_of
from tongxin.commerce.rules import books
from tongxin.commerce.rules import promises as rules
from tongxin.commerce.terms import TILL_ROLES, EntryKind, VoucherState
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.stores.models import Store
from tongxin.stores.queries import business_day_of

BATCH = 500


def redeem(*, viewer: Viewer, code: str, store: Store, receipt: str) -> Voucher:
    """Spend a voucher at a till of any store of the brand: one UPDATE decides, whoever else tries at the same time.

    It is spent whole and online only. The same receipt at the same till again changes nothing. Refuses `absent` for a till out of
    reach, `commerce.receipt_missing`, `commerce.voucher_unknown`, `commerce.voucher_spent`, `commerce.voucher_expired`,
    `commerce.voucher_void`, `commerce.day_limit`.
    """
    number, now = receipt_number(receipt), clock.now()
    with transaction.atomic():
        at_till(viewer, store)
        voucher = _by_code(code, store)
        day = business_day_of(store, now)
        limit = rules.limit_of(voucher.promise.terms, "per_day")
        entries = lock_person(voucher.person_id) if limit is not None else []
        if limit is not None and voucher.state == VoucherState.GRANTED:
            held = Voucher.objects.filter(
                person__in=entries, redeemed_on=day, state=VoucherState.REDEEMED
            ).exclude(pk=voucher.pk)
            if not rules.within(limit, spent := held.count()):
                raise Refused("commerce.day_limit", limit=limit, held=spent)
        debited = Voucher.objects.filter(
            pk=voucher.pk, version=voucher.version, state=VoucherState.GRANTED, expires_at__gt=now
        ).update(
            state=VoucherState.REDEEMED,
            redeemed_at=now,
            redeemed_on=day,
            redeemed_store=store,
            receipt=number,
            version=F("version") + 1,
        )
        if not debited:
            voucher.refresh_from_db()
            return _spent_before(voucher, store, number, now)
        voucher.state, voucher.version = VoucherState.REDEEMED, voucher.version + 1
        voucher.redeemed_at, voucher.redeemed_on, voucher.redeemed_store = now, day, store
        voucher.receipt = number
        post(viewer=viewer, entries=[_spent(voucher, store, number)])
        _write_down(viewer, voucher, act="commerce.voucher_redeemed", store=store.code, receipt=number)
    return voucher


def _by_code(code: str, store: Store) -> Voucher:
    plain = rules.plain_code(code)
    found = None
    if plain:
        found = (
            Voucher.objects.select_related("promise", "store")
            .filter(code_hash=code_hash(plain), store__brand=store.brand_id)
            .first()
        )
    if found is None:
        raise Refused("commerce.voucher_unknown")
    return found


def _spent_before(voucher: Voucher, store: Store, receipt: str, now: datetime) -> Voucher:
    if voucher.state == VoucherState.REDEEMED and (voucher.redeemed_store_id, voucher.receipt) == (
        store.pk,
        receipt,
    ):
        return voucher
    refused = rules.spendable(VoucherState(voucher.state), voucher.expires_at, now)
    if refused == "commerce.voucher_expired":
        raise Refused(refused, day=last_day_of(voucher).isoformat())
    raise Refused(refused or "busy")  # given back this very moment: the next try will see it


def _spent(voucher: Voucher, store: Store, receipt: str) -> EntryIn:
    return EntryIn(
        EntryKind.REDEEMED,
        books.redeemed(voucher.value_fen, home=voucher.store_id, where=store.pk),
        f"voucher:{voucher.public_id}:{voucher.version}",
        store=store.pk,
        promise=voucher.promise_id,
        voucher=voucher.pk,
        receipt=receipt,
    )


def reverse_redemption(*, viewer: Viewer, voucher_id: UUID | str, reason: str) -> Voucher:
    """Give a spent voucher back, with the time it still had: the goods came back, or it was a mistake.

    On the same trading day whoever works at that till may; later a manager. Repeating is refused: it is not spent any more.
    Refuses `absent`, `commerce.reason_missing`, `commerce.voucher_not_spent`, `commerce.ask_a_manager`.
    """
    why, now = said(reason), clock.now()
    with transaction.atomic():
        found = access_voucher(viewer, voucher_id, TILL_ROLES)
        voucher = (
            Voucher.objects.select_for_update(no_key=True, of=("self",))
            .select_related("redeemed_store", "store")
            .get(pk=found.pk)
        )
        till, spent_at = voucher.redeemed_store, voucher.redeemed_at
        if voucher.state != VoucherState.REDEEMED or till is None or spent_at is None:
            raise Refused("commerce.voucher_not_spent")
        undo_allowed(viewer, till, spent_at)
        voucher.state = VoucherState.GRANTED
        voucher.expires_at = rules.life_after_reversal(
            redeemed_at=spent_at, expires_at=voucher.expires_at, now=now
        )
        voucher.redeemed_at = voucher.redeemed_on = voucher.redeemed_store = None
        voucher.receipt = ""
        voucher.version += 1
        voucher.save()
        original = standing_entry(EntryKind.REDEEMED, voucher=voucher.pk)
        key = f"voucher:{voucher.public_id}:{voucher.version}"
        post(viewer=viewer, entries=[undoing(EntryKind.UNREDEEMED, original, key=key)])
        _write_down(viewer, voucher, act="commerce.voucher_reversed", reason=why, store=till.code)
    return voucher


def expire_vouchers(*, viewer: Viewer) -> int:
    """Book what nobody spent in time as breakage; answers how many vouchers. Run hourly; repeating changes nothing."""
    done = 0
    while (some := _expire_some(viewer)) == BATCH:
        done += some
    return done + some


def _expire_some(viewer: Viewer) -> int:
    with transaction.atomic():
        due = list(
            Voucher.objects.select_for_update(no_key=True, skip_locked=True)
            .filter(state=VoucherState.GRANTED, expires_at__lte=clock.now())
            .order_by("id")[:BATCH]
        )
        if not due:
            return 0
        Voucher.objects.filter(pk__in=[row.pk for row in due]).update(
            state=VoucherState.EXPIRED, version=F("version") + 1
        )
        post(
            viewer=viewer,
            entries=[
                EntryIn(
                    EntryKind.EXPIRED,
                    books.expired(row.value_fen, home=row.store_id),
                    f"voucher:{row.public_id}:{row.version + 1}",
                    store=row.store_id,
                    promise=row.promise_id,
                    voucher=row.pk,
                )
                for row in due
            ],
        )
        trail(
            viewer=viewer,
            act="commerce.vouchers_expired",
            subject=("commerce", "vouchers", str(due[0].public_id)),
            after={"vouchers": len(due), "fen": sum(row.value_fen for row in due)},
        )
    return len(due)


def _write_down(viewer: Viewer, voucher: Voucher, *, act: str, reason: str = "", **after: str) -> None:
    trail(
        viewer=viewer,
        act=act,
        subject=("commerce", "voucher", str(voucher.public_id)),
        after={"state": str(voucher.state), "fen": voucher.value_fen, **after},
        reason=reason,
    )
