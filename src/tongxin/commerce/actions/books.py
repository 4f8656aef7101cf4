"""Writing into the ledger: the one place where entries are made."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from tongxin.commerce.models import LedgerEntry, LedgerLine
from tongxin.commerce.queries.books import content_of, legs_of
from tongxin.commerce.rules import books as rules
from tongxin.commerce.rules.books import Legs
from tongxin.commerce.terms import EntryKind
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer

BATCH = 500


@dataclass(frozen=True)
class EntryIn:
    """An entry to be written: what happened, its lines, and the key that makes it happen once."""

    kind: EntryKind
    legs: Legs
    key: str
    store: int | None = None
    promise: int | None = None
    voucher: int | None = None
    commitment: int | None = None
    receipt: str = ""
    reverses: int | None = None


def post(*, viewer: Viewer, entries: Sequence[EntryIn]) -> list[LedgerEntry]:
    """Write entries in the transaction of what they tell: two statements, however many there are.

    Raises RuntimeError outside a transaction and ValueError for lines that do not add to 0; the database refuses both again
    when the transaction ends (migration 0003), and a key that was used before.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("an entry belongs into the transaction of what it tells")
    if any(rules.total(one.legs) for one in entries):
        raise ValueError("lines that do not add to 0")
    now = clock.now()
    rows = [_row(viewer, one, now) for one in entries]
    LedgerEntry.objects.bulk_create(rows, batch_size=BATCH)
    LedgerLine.objects.bulk_create(
        [
            LedgerLine(entry=row, book=leg.book, store_id=leg.store, envelope_id=leg.envelope, fen=leg.fen)
            for row, one in zip(rows, entries, strict=True)
            for leg in one.legs
        ],
        batch_size=BATCH * 4,
    )
    return rows


def _row(viewer: Viewer, one: EntryIn, now: datetime) -> LedgerEntry:
    row = LedgerEntry(
        public_id=uuid.uuid4(),
        at=now,
        kind=one.kind,
        store_id=one.store,
        promise_id=one.promise,
        voucher_id=one.voucher,
        commitment_id=one.commitment,
        key=one.key,
        receipt=one.receipt,
        reverses_id=one.reverses,
        legs=len(one.legs),
        by=viewer.name,
        account=viewer.account,
    )
    row.content = rules.content_hash(content_of(row), one.legs)
    return row


def undoing(kind: EntryKind, original: LedgerEntry, *, key: str, legs: Legs | None = None) -> EntryIn:
    """The entry that takes another back, line by line as it was booked (`legs`, where they have been read)."""
    return EntryIn(
        kind,
        rules.mirror(legs_of(original) if legs is None else legs),
        key,
        store=original.store_id,
        promise=original.promise_id,
        voucher=original.voucher_id,
        commitment=original.commitment_id,
        receipt=original.receipt,
        reverses=original.pk,
    )
