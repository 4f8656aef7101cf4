"""`/vouchers`, `/promises`, `/ledger`, `/envelopes`: fees at the till, vouchers in hand, what the books say, what may be spent."""

import functools
import uuid
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpResponse
from ninja import Router
from pydantic import Field, StringConstraints

from tongxin.commerce import actions, queries
from tongxin.commerce.terms import CommitmentState, EntryKind, PromiseState, VoucherState
from tongxin.faces.api.shapes import PLAIN, Cursor, In, Limit, Out, Reason, Short
from tongxin.faces.api.writing import new, write
from tongxin.faces.asking import Asked
from tongxin.faces.till import take
from tongxin.foundation.errors import Refused
from tongxin.stores import queries as stores

router = Router(tags=["money"])

Receipt = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64, pattern=PLAIN)]
Code = Annotated[str, StringConstraints(strip_whitespace=True, min_length=8, max_length=64, pattern=PLAIN)]
Fen = Annotated[int, Field(strict=True, ge=1, le=1_000_000_000)]
Word = Annotated[str, StringConstraints(strip_whitespace=True, max_length=80, pattern=PLAIN)]


def _in(form: type[Out], found: Any, **more: Any) -> Any:
    """A card of a query as its shape, field by field."""
    return form(**{name: getattr(found, name) for name in form.model_fields if name not in more}, **more)


# ---- vouchers


def counted(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A write by a voucher's code: wrong codes are counted, outside of the transaction that takes its own effect back.

    What was answered before is not looked at again and does not count.
    """

    @functools.wraps(view)
    def door(request: Asked, **given: Any) -> HttpResponse:
        if not new(request):
            return view(request, **given)
        with actions.one_try(viewer=request.viewer, store=given["body"].store):
            return view(request, **given)

    return door


class Voucher(Out):
    """A voucher as staff see it: the member by one letter, never the code."""

    id: uuid.UUID
    value_fen: int
    state: VoucherState
    masked_name: str
    store_code: str
    granted_at: datetime
    expires_at: datetime
    redeemed_at: datetime | None
    redeemed_store_code: str


class VoucherPage(Out):
    items: list[Voucher]
    cursor: str | None


def _voucher(found: Any) -> Voucher:
    made: Voucher = _in(Voucher, found, id=found.public_id)
    return made


@router.get("/vouchers", url_name="vouchers", operation_id="vouchers.list", response=VoucherPage)
def list_vouchers(
    request: Asked,
    state: VoucherState | None = None,
    store: uuid.UUID | None = None,
    limit: Limit = 50,
    cursor: Cursor | None = None,
) -> VoucherPage:
    """The vouchers granted in the stores in reach, newest first."""
    at = None if store is None else stores.access_store(request.viewer, store).pk
    page = queries.vouchers_for(request.viewer, state=state, store=at, limit=limit, cursor=cursor)
    return VoucherPage(items=[_voucher(one) for one in page.items], cursor=page.cursor)


@router.get("/vouchers/{uuid:voucher_id}", url_name="voucher", operation_id="vouchers.read", response=Voucher)
def read_voucher(request: Asked, voucher_id: uuid.UUID) -> Voucher:
    """One voucher."""
    return _voucher(queries.voucher_card(request.viewer, voucher_id))


class Redemption(In):
    """The code is shown by the member and travels in the body only."""

    code: Code
    store: uuid.UUID
    receipt: Receipt


@router.post(
    "/vouchers/{uuid:voucher_id}/redeem",
    url_name="voucher.redeem",
    operation_id="vouchers.redeem",
    response=Voucher,
)
@counted
@write()
def redeem(request: Asked, voucher_id: uuid.UUID, body: Redemption) -> Voucher:
    """Take a voucher at any store's till, once."""
    viewer = request.viewer
    store = stores.access_store(viewer, body.store)
    shown = queries.voucher_by_code(viewer, body.code, store=store.pk)
    if shown.public_id != voucher_id:
        raise Refused("absent")
    actions.redeem(viewer=viewer, code=body.code, store=store, receipt=body.receipt)
    return _voucher(queries.voucher_by_code(viewer, body.code, store=store.pk))


class Undo(In):
    reason: Reason


@router.post(
    "/vouchers/{uuid:voucher_id}/reverse",
    url_name="voucher.reverse",
    operation_id="vouchers.reverse",
    response=Voucher,
)
@write()
def reverse(request: Asked, voucher_id: uuid.UUID, body: Undo) -> Voucher:
    """Take a redemption back; the voucher can be used again."""
    actions.reverse_redemption(viewer=request.viewer, voucher_id=voucher_id, reason=body.reason)
    return _voucher(queries.voucher_card(request.viewer, voucher_id))


class MyVoucher(Out):
    """A voucher in the member's own hands; `code` is what the till reads."""

    id: uuid.UUID
    code: str
    value_fen: int
    state: VoucherState
    usable: bool
    store_name: str
    expires_at: datetime
    last_day: date
    days_left: int
    words_zh: str
    words_en: str


class Wallet(Out):
    items: list[MyVoucher]


@router.get("/me/vouchers", url_name="me.vouchers", operation_id="me.vouchers", response=Wallet)
def my_vouchers(request: Asked) -> Wallet:
    """One's own vouchers with their terms in plain words."""
    return Wallet(
        items=[_in(MyVoucher, one, id=one.public_id) for one in queries.vouchers_of(request.viewer)]
    )


# ---- fees


class Promise(Out):
    """A fee and the voucher promised for it. `subject` is the registration."""

    id: uuid.UUID
    store_code: str
    subject: tuple[str, str]
    under: tuple[str, str]
    fee_fen: int
    voucher_fen: int
    state: PromiseState
    made_at: datetime
    paid_at: datetime | None
    attended_at: datetime | None
    refund_due_at: datetime | None
    receipt: str


class PromisePage(Out):
    items: list[Promise]
    cursor: str | None


def _promise(found: Any) -> Promise:
    made: Promise = _in(Promise, found, id=found.public_id)
    return made


@router.get(
    "/stores/{uuid:store_id}/promises",
    url_name="store.promises",
    operation_id="promises.list",
    response=PromisePage,
)
def list_promises(
    request: Asked, store_id: uuid.UUID, limit: Limit = 50, cursor: Cursor | None = None
) -> PromisePage:
    """What a store has still to collect."""
    at = stores.access_store(request.viewer, store_id).pk
    page = queries.promises_to_collect(request.viewer, at, limit=limit, cursor=cursor)
    return PromisePage(items=[_promise(one) for one in page.items], cursor=page.cursor)


class Till(In):
    store: uuid.UUID
    receipt: Receipt


@router.post(
    "/promises/{uuid:promise_id}/paid",
    url_name="promise.paid",
    operation_id="promises.paid",
    response=Promise,
)
@write()
def paid(request: Asked, promise_id: uuid.UUID, body: Till) -> Promise:
    """The fee was paid at a till, under a receipt number."""
    store = stores.access_store(request.viewer, body.store)
    take(request.viewer, promise_id, receipt=body.receipt, store=store)
    return _promise(queries.promise_card(request.viewer, promise_id))


@router.post(
    "/promises/{uuid:promise_id}/unpaid",
    url_name="promise.unpaid",
    operation_id="promises.unpaid",
    response=Promise,
)
@write()
def unpaid(request: Asked, promise_id: uuid.UUID, body: Undo) -> Promise:
    """It was marked by mistake."""
    actions.unmark_paid(viewer=request.viewer, promise_id=promise_id, reason=body.reason)
    return _promise(queries.promise_card(request.viewer, promise_id))


@router.post(
    "/promises/{uuid:promise_id}/refund",
    url_name="promise.refund",
    operation_id="promises.refund",
    response=Promise,
)
@write()
def refund(request: Asked, promise_id: uuid.UUID, body: Undo) -> Promise:
    """The fee goes back; a voucher not used yet is taken back."""
    actions.refund(viewer=request.viewer, promise_id=promise_id, reason=body.reason)
    return _promise(queries.promise_card(request.viewer, promise_id))


# ---- the books


class LedgerLine(Out):
    book: str
    store_code: str
    fen: int


class LedgerEntry(Out):
    """An entry of the ledger; its lines sum to zero."""

    id: uuid.UUID
    at: datetime
    kind: EntryKind
    store_code: str
    receipt: str
    by: str
    promise: uuid.UUID | None
    voucher: uuid.UUID | None
    reverses: uuid.UUID | None
    lines: list[LedgerLine]


class EntryPage(Out):
    items: list[LedgerEntry]
    cursor: str | None


@router.get("/ledger/entries", url_name="ledger.entries", operation_id="ledger.entries", response=EntryPage)
def list_entries(
    request: Asked, kind: EntryKind | None = None, limit: Limit = 50, cursor: Cursor | None = None
) -> EntryPage:
    """The entries of the stores in reach, newest first."""
    page = queries.ledger_entries(request.viewer, kind=kind, limit=limit, cursor=cursor)
    items = [
        _in(
            LedgerEntry,
            one,
            id=one.public_id,
            lines=[_in(LedgerLine, x, book=str(x.book)) for x in one.lines],
        )
        for one in page.items
    ]
    return EntryPage(items=items, cursor=page.cursor)


# ---- budgets


class Envelope(Out):
    """committed + spent ≤ amount + approved."""

    id: uuid.UUID
    title: str
    store_code: str
    ring: str
    kit: str
    opens_on: date
    closes_on: date
    amount_fen: int
    approved_fen: int
    committed_fen: int
    spent_fen: int
    left_fen: int
    hour_fen: int


class EnvelopePage(Out):
    items: list[Envelope]
    cursor: str | None


class NewEnvelope(In):
    """A budget for a store, a ring or a kit, over days. `hour_fen` prices an hour of staff."""

    title: Short
    amount_fen: Fen
    opens_on: date
    closes_on: date
    store: uuid.UUID | None = None
    ring: Word = ""
    kit: Word = ""
    hour_fen: Annotated[int, Field(strict=True, ge=0, le=1_000_000)] = 0


class Commitment(Out):
    id: uuid.UUID
    envelope: uuid.UUID
    subject: tuple[str, str]
    note: str
    amount_fen: int
    spent_fen: int
    state: CommitmentState
    version: int


class NewCommitment(In):
    """`subject` is what it is for, as (room, key). `ask` asks for approval where the envelope does not hold enough."""

    amount_fen: Fen
    subject: tuple[Word, Word]
    note: Word = ""
    ask: Annotated[bool, Field(strict=True)] = False


def _envelope(found: Any) -> Envelope:
    made: Envelope = _in(Envelope, found, id=found.public_id)
    return made


def _commitment(found: Any) -> Commitment:
    return Commitment(
        id=found.public_id,
        envelope=found.envelope.public_id,
        subject=(found.subject_room, found.subject_key),
        note=found.note,
        amount_fen=found.amount_fen,
        spent_fen=found.spent_fen,
        state=CommitmentState(found.state),
        version=found.version,
    )


@router.get("/envelopes", url_name="envelopes", operation_id="envelopes.list", response=EnvelopePage)
def list_envelopes(
    request: Asked, store: uuid.UUID | None = None, limit: Limit = 50, cursor: Cursor | None = None
) -> EnvelopePage:
    """The budgets in reach with what is left of them."""
    at = None if store is None else stores.access_store(request.viewer, store).pk
    page = queries.envelopes_for(request.viewer, store=at, limit=limit, cursor=cursor)
    return EnvelopePage(items=[_envelope(one) for one in page.items], cursor=page.cursor)


@router.post("/envelopes", url_name="envelopes", operation_id="envelopes.open", response={201: Envelope})
@write(201)
def open_envelope(request: Asked, body: NewEnvelope) -> Envelope:
    """A new budget."""
    store = None if body.store is None else stores.access_store(request.viewer, body.store)
    made = actions.open_envelope(viewer=request.viewer, store=store, **body.model_dump(exclude={"store"}))
    return _envelope(queries.envelope_card(request.viewer, made.public_id))


@router.post(
    "/envelopes/{uuid:envelope_id}/commitments",
    url_name="envelope.commitments",
    operation_id="envelopes.commit",
    response={201: Commitment},
)
@write(201)
def commit(request: Asked, envelope_id: uuid.UUID, body: NewCommitment) -> Commitment:
    """Set a part of a budget aside; above what is left it needs somebody with more to say."""
    return _commitment(actions.commit(viewer=request.viewer, envelope_id=envelope_id, **body.model_dump()))


@router.post(
    "/commitments/{uuid:commitment_id}/approve",
    url_name="commitment.approve",
    operation_id="commitments.approve",
    response=Commitment,
)
@write()
def approve(request: Asked, commitment_id: uuid.UUID, body: Undo) -> Commitment:
    """Allow what goes above the envelope; never one's own wish."""
    return _commitment(
        actions.approve(viewer=request.viewer, commitment_id=commitment_id, reason=body.reason)
    )
