"""Reading the ledger: entries, balances, what stands behind them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from tongxin.commerce.models import LedgerEntry, LedgerLine, Voucher
from tongxin.commerce.rules.books import Leg, Legs
from tongxin.commerce.terms import BOOK_READERS, Account, EntryKind, VoucherState
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.pages import Page, page


@dataclass(frozen=True)
class LineCard:
    """One line of an entry."""

    book: Account
    store_code: str
    fen: int


@dataclass(frozen=True)
class EntryCard:
    """One entry of the ledger. It names a promise or a voucher by number and nobody by name."""

    public_id: UUID
    at: datetime
    kind: EntryKind
    store_code: str
    receipt: str
    by: str
    promise: UUID | None
    voucher: UUID | None
    commitment: UUID | None
    reverses: UUID | None
    lines: tuple[LineCard, ...]


@dataclass(frozen=True)
class Balance:
    """What stands in an account of a store; debits are above zero."""

    book: Account
    store_code: str
    fen: int


def content_of(entry: LedgerEntry) -> dict[str, Any]:
    """What the content hash of an entry covers, besides its lines: everything but its own number."""
    return {
        "public_id": str(entry.public_id),
        "at": clock.as_utc(entry.at).isoformat(timespec="microseconds"),
        "kind": str(entry.kind),
        "store": entry.store_id,
        "promise": entry.promise_id,
        "voucher": entry.voucher_id,
        "commitment": entry.commitment_id,
        "key": entry.key,
        "receipt": entry.receipt,
        "reverses": entry.reverses_id,
        "by": entry.by,
        "account": entry.account,
    }


def legs_of(entry: LedgerEntry) -> Legs:
    """The lines of an entry, as they were booked."""
    rows = LedgerLine.objects.filter(entry=entry).order_by("id")
    return tuple(Leg(Account(row.book), row.fen, row.store_id, row.envelope_id) for row in rows)


def standing_entry(kind: EntryKind, *, promise: int | None = None, voucher: int | None = None) -> LedgerEntry:
    """The last entry of a kind that was not taken back, of a promise or a voucher that has one."""
    found = LedgerEntry.objects.filter(kind=kind)
    found = found.filter(promise=promise) if voucher is None else found.filter(voucher=voucher)
    undone = LedgerEntry.objects.filter(reverses=OuterRef("pk"))
    return found.filter(~Exists(undone)).latest("id")


def standing_entries(kind: EntryKind, promises: Iterable[int]) -> dict[int, LedgerEntry]:
    """The same for many promises: one query."""
    undone = LedgerEntry.objects.filter(reverses=OuterRef("pk"))
    rows = LedgerEntry.objects.filter(~Exists(undone), kind=kind, promise__in=list(promises)).order_by("id")
    return {row.promise_id: row for row in rows if row.promise_id is not None}


def legs_by_entry(entries: Iterable[LedgerEntry]) -> dict[int, Legs]:
    """The lines of many entries: one query."""
    found: dict[int, list[Leg]] = {}
    for row in LedgerLine.objects.filter(entry__in=[entry.pk for entry in entries]).order_by("id"):
        found.setdefault(row.entry_id, []).append(
            Leg(Account(row.book), row.fen, row.store_id, row.envelope_id)
        )
    return {entry: tuple(legs) for entry, legs in found.items()}


def ledger_entries(
    viewer: Viewer,
    *,
    store: int | None = None,
    kind: EntryKind | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[EntryCard]:
    """The entries of the stores in reach, newest first, with their lines. Refuses `absent` for who does not read the books."""
    found = _entries(viewer).select_related("store", "promise", "voucher", "commitment", "reverses")
    if store is not None:
        found = found.filter(store=store)
    if kind is not None:
        found = found.filter(kind=kind)
    rows = page(found, by=("-at", "-id"), limit=limit, cursor=cursor)
    lines: dict[int, list[LineCard]] = {}
    for line in (
        LedgerLine.objects.filter(entry__in=[row.pk for row in rows.items])
        .select_related("store")
        .order_by("id")
    ):
        code = line.store.code if line.store else ""
        lines.setdefault(line.entry_id, []).append(LineCard(Account(line.book), code, line.fen))
    return Page(tuple(_card(row, tuple(lines.get(row.pk, ()))) for row in rows.items), rows.cursor)


def access_entry(viewer: Viewer, public_id: UUID | str) -> LedgerEntry:
    """One entry of a store in reach. Refuses `absent`."""
    try:
        found = _entries(viewer).filter(public_id=UUID(str(public_id))).first()
    except ValueError:
        found = None
    if found is None:
        raise Refused("absent")
    return found


def _entries(viewer: Viewer) -> QuerySet[LedgerEntry]:
    if not viewer.roles & BOOK_READERS:
        raise Refused("absent")
    places = viewer.places(BOOK_READERS)
    return LedgerEntry.objects.all() if places is None else LedgerEntry.objects.filter(store__in=places)


def _card(row: LedgerEntry, lines: tuple[LineCard, ...]) -> EntryCard:
    return EntryCard(
        public_id=row.public_id,
        at=row.at,
        kind=EntryKind(row.kind),
        store_code=row.store.code if row.store else "",
        receipt=row.receipt,
        by=row.by,
        promise=row.promise.public_id if row.promise else None,
        voucher=row.voucher.public_id if row.voucher else None,
        commitment=row.commitment.public_id if row.commitment else None,
        reverses=row.reverses.public_id if row.reverses else None,
        lines=lines,
    )


def balances(viewer: Viewer) -> list[Balance]:
    """What stands in each account of each store in reach. Refuses `absent` for who does not read the books."""
    if not viewer.roles & BOOK_READERS:
        raise Refused("absent")
    rows = LedgerLine.objects.filter(store__isnull=False)
    if (places := viewer.places(BOOK_READERS)) is not None:
        rows = rows.filter(store__in=places)
    sums = rows.values_list("book", "store__code").annotate(fen=Sum("fen")).order_by("store__code", "book")
    return [Balance(Account(book), code, fen) for book, code, fen in sums if fen]


def liability(viewer: Viewer) -> int:
    """What open vouchers of the stores in reach are worth, in fen: what the chain still owes its members."""
    if not viewer.roles & BOOK_READERS:
        raise Refused("absent")
    open_ones = Q(state=VoucherState.GRANTED)
    if (places := viewer.places(BOOK_READERS)) is not None:
        open_ones &= Q(store__in=places)
    return Voucher.objects.filter(open_ones).aggregate(fen=Sum("value_fen"))["fen"] or 0
