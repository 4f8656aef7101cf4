"""Reading vouchers: the member's wallet, the till's look-up, a store's list."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce

from tongxin.commerce.models import Voucher
from tongxin.commerce.queries.promises import own_rows
from tongxin.commerce.rules.promises import grouped, plain_code, spendable
from tongxin.commerce.terms import TILL_ROLES, VoucherState
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.pages import Page, page
from tongxin.foundation.sealing import blind
from tongxin.stores.queries import business_day_of

READERS = TILL_ROLES | {"hq_editor", "auditor"}
SOON = 7  # days before the end when the wallet begins to say so


@dataclass(frozen=True)
class WalletLine:
    """A voucher as its member sees it. `code` only while it can be used; `days_left` counts the member's own days."""

    public_id: UUID
    code: str
    value_fen: int
    state: VoucherState
    usable: bool
    store_name: str
    under: tuple[str, str]
    terms: dict[str, Any]
    granted_at: datetime
    expires_at: datetime
    last_day: date
    days_left: int
    redeemed_at: datetime | None
    redeemed_store: str
    words_zh: str
    words_en: str


@dataclass(frozen=True)
class VoucherCard:
    """A voucher as staff see it: whose it is with the name masked, never its code. `refused` = why it cannot be spent now."""

    id: int
    public_id: UUID
    promise: UUID
    value_fen: int
    state: VoucherState
    version: int
    masked_name: str
    store: int
    store_code: str
    store_name: str
    terms: dict[str, Any]
    granted_at: datetime
    expires_at: datetime
    redeemed_at: datetime | None
    redeemed_store_code: str
    receipt: str
    refused: str


def code_hash(code: str) -> str:
    """The keyed hash under which a voucher is found."""
    return blind("commerce.voucher", code)


def vouchers_of(viewer: Viewer) -> list[WalletLine]:
    """The asking member's vouchers: usable ones first, the most urgent on top, then what was used or ran out."""
    now = clock.now()
    rows = own_rows(Voucher.objects.exclude(state=VoucherState.VOID), viewer)
    lines = [
        _line(row, now)
        for row in rows.select_related("store", "redeemed_store", "promise").order_by("-granted_at", "-id")
    ]
    usable = sorted((line for line in lines if line.usable), key=lambda line: line.expires_at)
    return usable + [line for line in lines if not line.usable]


def _line(row: Voucher, now: datetime) -> WalletLine:
    usable = not spendable(VoucherState(row.state), row.expires_at, now)
    last_day = clock.business_day(row.expires_at, row.store.zone)
    days = (last_day - clock.business_day(now, row.store.zone)).days
    state = VoucherState(row.state)
    if state is VoucherState.GRANTED and not usable:
        state = VoucherState.EXPIRED  # the job that books it comes by within the hour
    zh, en = _words(state, last_day, days)
    return WalletLine(
        public_id=row.public_id,
        code=grouped(row.code) if usable and row.code else "",
        value_fen=row.value_fen,
        state=state,
        usable=usable,
        store_name=row.store.name,
        under=(row.promise.under_room, row.promise.under_key),
        terms=row.promise.terms,
        granted_at=row.granted_at,
        expires_at=row.expires_at,
        last_day=last_day,
        days_left=max(days, 0),
        redeemed_at=row.redeemed_at,
        redeemed_store=row.redeemed_store.name if row.redeemed_store else "",
        words_zh=zh,
        words_en=en,
    )


def _words(state: VoucherState, last_day: date, days: int) -> tuple[str, str]:
    day_zh, day_en = f"{last_day.month}月{last_day.day}日", last_day.isoformat()
    if state is VoucherState.REDEEMED:
        return "已经用过，谢谢光临", "used, thank you"
    if state is VoucherState.EXPIRED:
        return f"已于{day_zh}到期", f"expired on {day_en}"
    if days <= 0:
        return "今天最后一天", "last day today"
    if days <= SOON:
        return f"还有 {days} 天，{day_zh}到期", f"{days} days left, until {day_en}"
    return f"{day_zh}前可在任一门店使用", f"good in every store until {day_en}"


def voucher_by_code(viewer: Viewer, code: str, *, store: int) -> VoucherCard:
    """The voucher behind a code, for who stands at a till in reach. Refuses `absent` for a foreign till and
    `commerce.voucher_unknown`. Asked inside `actions.one_try`: the code is the secret.
    """
    if not viewer.reaches(store, TILL_ROLES):
        raise Refused("absent")
    plain = plain_code(code)
    found = _told(Voucher.objects.filter(code_hash=code_hash(plain))).first() if plain else None
    if found is None:
        raise Refused("commerce.voucher_unknown")
    return _card(found)


def access_voucher(viewer: Viewer, public_id: UUID | str, roles: Collection[str] = READERS) -> Voucher:
    """A voucher of a store in reach, granted or spent there. Refuses `absent`."""
    try:
        wanted = public_id if isinstance(public_id, UUID) else UUID(public_id)
    except ValueError:
        raise Refused("absent") from None
    found = _reached(viewer, roles).filter(public_id=wanted).first()
    if found is None:
        raise Refused("absent")
    return found


def voucher_card(viewer: Viewer, public_id: UUID | str) -> VoucherCard:
    """The card of a voucher of a store in reach. Refuses `absent`."""
    found = access_voucher(viewer, public_id)
    return _card(_told(Voucher.objects.filter(pk=found.pk)).get())


def vouchers_for(
    viewer: Viewer,
    *,
    state: VoucherState | None = None,
    store: int | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[VoucherCard]:
    """The vouchers of the stores in reach, newest first."""
    found = _reached(viewer, READERS)
    if state is not None:
        found = found.filter(state=state)
    if store is not None:
        found = found.filter(store=store)
    rows = page(_told(found), by=("-id",), limit=limit, cursor=cursor)
    return Page(tuple(_card(row) for row in rows.items), rows.cursor)


def _reached(viewer: Viewer, roles: Collection[str]) -> QuerySet[Voucher]:
    places = viewer.places(roles)
    if places is None:
        return Voucher.objects.all()
    return Voucher.objects.filter(store__in=places) | Voucher.objects.filter(redeemed_store__in=places)


def _told(rows: QuerySet[Voucher]) -> QuerySet[Any]:
    return rows.select_related("store", "redeemed_store", "promise").annotate(
        nickname=Coalesce(F("person__survivor__nickname"), F("person__nickname"))
    )


def _card(row: Any) -> VoucherCard:
    state = VoucherState(row.state)
    return VoucherCard(
        id=row.pk,
        public_id=row.public_id,
        promise=row.promise.public_id,
        value_fen=row.value_fen,
        state=state,
        version=row.version,
        masked_name=masked(row.nickname),
        store=row.store_id,
        store_code=row.store.code,
        store_name=row.store.name,
        terms=row.promise.terms,
        granted_at=row.granted_at,
        expires_at=row.expires_at,
        redeemed_at=row.redeemed_at,
        redeemed_store_code=row.redeemed_store.code if row.redeemed_store else "",
        receipt=row.receipt,
        refused=spendable(state, row.expires_at, clock.now()),
    )


def masked(nickname: str) -> str:
    """`林**`: enough to ask somebody for their name."""
    return f"{nickname[:1]}**" if nickname else "**"


def last_day_of(voucher: Voucher) -> date:
    """The day on which a voucher runs out, by the calendar of its store."""
    return business_day_of(voucher.store, voucher.expires_at)
