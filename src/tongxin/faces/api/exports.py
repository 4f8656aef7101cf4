"""`/exports`: lists to take away, as CSV. The same queries as the lists themselves, page by page; nobody's name is in them.

What is about people by name has doors of its own: a member's data (`/members/{id}/export`), the registrations of an event.
"""

import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

from django.http import StreamingHttpResponse
from ninja import Router

from tongxin.commerce import queries as money
from tongxin.commerce.terms import EntryKind, VoucherState
from tongxin.events.queries import listing, visible
from tongxin.faces.asking import Asked
from tongxin.foundation import sheets
from tongxin.foundation.pages import LARGEST, Page
from tongxin.stores import queries as stores

router = Router(tags=["exports"])

Fetch = Callable[[str | None], Page[Any]]
EVENTS = (
    "public_id", "store_name", "title", "theme", "kind", "format", "state", "starts_at", "ends_at", "place", "fee_fen",
    "voucher_fen", "size", "taken", "held", "waiting", "simulated",
)  # fmt: skip
VOUCHERS = (
    "public_id", "value_fen", "state", "store_code", "granted_at", "expires_at", "redeemed_at", "redeemed_store_code", "receipt",
)  # fmt: skip
ENTRY = ("public_id", "at", "kind", "store_code", "receipt", "by", "promise", "voucher", "reverses")
ENVELOPES = (
    "public_id", "title", "store_code", "ring", "kit", "opens_on", "closes_on", "amount_fen", "approved_fen", "committed_fen",
    "spent_fen", "left_fen", "hour_fen",
)  # fmt: skip
PARTNERS = ("public_id", "store_code", "store_name", "kind", "name", "brings", "state", "since", "ended_on")
SPONSORED = (
    "public_id", "store_code", "store_name", "partner_name", "title", "we_give", "starts_on", "ends_on", "state",
    "committed_fen", "spent_fen",
)  # fmt: skip


def _walk(fetch: Fetch) -> Iterator[Any]:
    """Every row of a list. The first page is asked for at once, so that a refusal comes before the first byte."""
    first = fetch(None)

    def rest() -> Iterator[Any]:
        page = first
        yield from page.items
        while page.cursor is not None:
            page = fetch(page.cursor)
            yield from page.items

    return rest()


def _file(name: str, columns: Sequence[str], rows: Iterator[Sequence[Any]]) -> StreamingHttpResponse:
    header = ["id" if column == "public_id" else column for column in columns]
    reply = StreamingHttpResponse(sheets.csv_blocks(header, rows), content_type="text/csv; charset=utf-8")
    reply["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return reply


def _plain(name: str, columns: Sequence[str], fetch: Fetch) -> StreamingHttpResponse:
    found = _walk(fetch)
    return _file(name, columns, ([getattr(one, column) for column in columns] for one in found))


def _at(request: Asked, store: uuid.UUID | None) -> int | None:
    return None if store is None else stores.access_store(request.viewer, store).pk


@router.get("/exports/events", url_name="exports.events", operation_id="exports.events")
def export_events(
    request: Asked,
    store: uuid.UUID | None = None,
    tab: Literal["coming", "draft", "past", "cancelled"] = "coming",
) -> StreamingHttpResponse:
    """The events of the stores in reach, tab by tab, with their places."""
    asked = listing.Tab(tab)
    return _plain(
        "events",
        EVENTS,
        lambda cursor: visible.visible(request.viewer, asked, store=store, limit=LARGEST, cursor=cursor),
    )


@router.get("/exports/vouchers", url_name="exports.vouchers", operation_id="exports.vouchers")
def export_vouchers(
    request: Asked, state: VoucherState | None = None, store: uuid.UUID | None = None
) -> StreamingHttpResponse:
    """The vouchers of the stores in reach: amounts, states and tills; neither codes nor whose they are."""
    at = _at(request, store)
    return _plain(
        "vouchers",
        VOUCHERS,
        lambda cursor: money.vouchers_for(
            request.viewer, state=state, store=at, limit=LARGEST, cursor=cursor
        ),
    )


@router.get("/exports/ledger", url_name="exports.ledger", operation_id="exports.ledger")
def export_ledger(request: Asked, kind: EntryKind | None = None) -> StreamingHttpResponse:
    """The books of the stores in reach, a row a line: the lines of an entry sum to zero."""
    found = _walk(
        lambda cursor: money.ledger_entries(request.viewer, kind=kind, limit=LARGEST, cursor=cursor)
    )
    rows = (
        [*(getattr(entry, column) for column in ENTRY), line.book, line.store_code, line.fen]
        for entry in found
        for line in entry.lines
    )
    return _file("ledger", (*ENTRY, "line_book", "line_store_code", "line_fen"), rows)


@router.get("/exports/envelopes", url_name="exports.envelopes", operation_id="exports.envelopes")
def export_envelopes(request: Asked, store: uuid.UUID | None = None) -> StreamingHttpResponse:
    """The budgets in reach with what was committed, spent and is left."""
    at = _at(request, store)
    return _plain(
        "envelopes",
        ENVELOPES,
        lambda cursor: money.envelopes_for(request.viewer, store=at, limit=LARGEST, cursor=cursor),
    )


@router.get("/exports/partners", url_name="exports.partners", operation_id="exports.partners")
def export_partners(request: Asked, store: uuid.UUID | None = None) -> StreamingHttpResponse:
    """The partners of the stores in reach; how to reach them stays here."""
    at = _at(request, store)
    return _plain(
        "partners",
        PARTNERS,
        lambda cursor: money.partners_for(request.viewer, store=at, limit=LARGEST, cursor=cursor),
    )


@router.get("/exports/sponsorships", url_name="exports.sponsorships", operation_id="exports.sponsorships")
def export_sponsorships(request: Asked, store: uuid.UUID | None = None) -> StreamingHttpResponse:
    """The sponsored events of the stores in reach: a row for each measure that was hoped for or observed."""
    at = _at(request, store)
    found = _walk(lambda cursor: money.sponsored_for(request.viewer, store=at, limit=LARGEST, cursor=cursor))
    rows = (
        [*(getattr(one, column) for column in SPONSORED), *result]
        for one in found
        for result in [(r.measure, r.hoped, r.observed, r.fen_each) for r in one.results]
        or [(None, None, None, None)]
    )
    return _file("sponsorships", (*SPONSORED, "measure", "hoped", "observed", "fen_each"), rows)
