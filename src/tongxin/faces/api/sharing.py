"""`/polls`, `/shortlists`, `/pools`, `/payouts`, `/margin-rules`: what members want, whom to talk to, what is shared and paid."""

import uuid
from datetime import date, datetime
from typing import Annotated, Any, Literal

from ninja import Router
from pydantic import ConfigDict, Field, StringConstraints

from tongxin.amplify import actions, queries
from tongxin.amplify.terms_demand import (
    ABOUT_MOST,
    ANSWER_MOST,
    OPTION_MOST,
    OPTIONS_LEAST,
    OPTIONS_MOST,
    PER_STORE_MOST,
    POINTS_MOST,
    SIZE_LEAST,
    SIZE_MOST,
    TITLE_MOST,
    ListState,
    PollKind,
    Slot,
)
from tongxin.amplify.terms_sharing import LEAST_FEN, PERMILLE_MOST, REFERENCE_MOST, PayoutState
from tongxin.faces.api.panels import PollOut, PollsOut, poll_out
from tongxin.faces.api.shapes import PLAIN, Count, In, Moment, Out, Yes
from tongxin.faces.api.writing import write
from tongxin.faces.asking import Asked
from tongxin.stores import queries as stores

router = Router(tags=["sharing"])

PollTitle = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=TITLE_MOST, pattern=PLAIN)
]
PollAbout = Annotated[str, StringConstraints(strip_whitespace=True, max_length=ABOUT_MOST, pattern=PLAIN)]
PollOption = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=OPTION_MOST, pattern=PLAIN)
]
PollAnswerWords = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=ANSWER_MOST, pattern=PLAIN)
]
DeedCode = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[a-z_]+$")]
PayReference = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=REFERENCE_MOST, pattern=PLAIN)
]
Fen = Annotated[Count, Field(ge=1, le=10**12)]


def _shop(request: Asked, store: uuid.UUID | None) -> Any:
    return None if store is None else stores.access_store(request.viewer, str(store))


@router.get("/polls", url_name="polls", operation_id="polls.list", response=PollsOut)
def list_polls(request: Asked) -> PollsOut:
    """Polls and pre-orders of the places in reach, those that wait for an answer first."""
    return PollsOut(items=[poll_out(one) for one in queries.polls(request.viewer)])


class NewPoll(In):
    """A question, or a pre-order with a price and from how many on it is made. Nobody pays here."""

    kind: PollKind
    title: PollTitle
    options: Annotated[list[PollOption], Field(min_length=OPTIONS_LEAST, max_length=OPTIONS_MOST)]
    closes_at: Moment
    about: PollAbout = ""
    price_fen: Fen | None = None
    least: Annotated[Count, Field(ge=1, le=1_000_000)] | None = None
    store: uuid.UUID | None = None

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "kind": "want",
                "title": "要多大袋",
                "options": ["小", "大"],
                "closes_at": "2027-01-01T00:00:00+08:00",
            }
        }
    )


@router.post("/polls", url_name="polls", operation_id="polls.open", response={201: PollOut})
@write(201)
def open_poll(request: Asked, body: NewPoll) -> PollOut:
    """Ask members; it ends in an answer within two weeks after it closes."""
    given = body.model_dump(exclude={"store"})
    made = actions.open_poll(viewer=request.viewer, store=_shop(request, body.store), **given)
    return poll_out(queries.poll_card(request.viewer, made.public_id))


class PollAnswer(In):
    """What comes of it, in words that everybody reads who voted."""

    made: Yes
    answer: PollAnswerWords

    model_config = ConfigDict(json_schema_extra={"example": {"made": True, "answer": "下个月上架"}})


@router.put("/polls/{uuid:poll_id}", url_name="poll", operation_id="polls.answer", response=PollOut)
@write()
def answer_poll(request: Asked, poll_id: uuid.UUID, body: PollAnswer) -> PollOut:
    """Answer a poll that has closed."""
    actions.answer_poll(viewer=request.viewer, poll_id=poll_id, made=body.made, answer=body.answer)
    return poll_out(queries.poll_card(request.viewer, poll_id))


class Bilingual(Out):
    zh: str
    en: str


class ShortlistPlaceOut(Out):
    """Somebody on a list: by what they did with its interval and reasons, or by lot."""

    member: uuid.UUID
    name: str
    store: str
    slot: Slot
    score: float | None
    low: float | None
    high: float | None
    reasons: list[Bilingual]
    flags: list[Bilingual]


class ShortlistOut(Out):
    """A list for people to judge. `draw` is the public document from which anybody recomputes the lot."""

    id: uuid.UUID
    state: ListState
    size: int
    store: str
    eligible: int
    notes: list[Bilingual]
    draw: uuid.UUID | None
    asked_at: datetime
    listed_at: datetime | None
    places: list[ShortlistPlaceOut]


class ShortlistsOut(Out):
    items: list[ShortlistOut]


def _both(rows: tuple[tuple[str, str], ...]) -> list[Bilingual]:
    return [Bilingual(zh=zh, en=en) for zh, en in rows]


def _list(one: queries.ListCard) -> ShortlistOut:
    own = {"notes", "places"}
    worded = {"reasons", "flags"}
    places = [
        ShortlistPlaceOut(
            reasons=_both(p.reasons),
            flags=_both(p.flags),
            **{name: getattr(p, name) for name in ShortlistPlaceOut.model_fields if name not in worded},
        )
        for p in one.places
    ]
    same = {name: getattr(one, name) for name in ShortlistOut.model_fields if name not in own}
    return ShortlistOut(notes=_both(one.notes), places=places, **same)


@router.get("/shortlists", url_name="shortlists", operation_id="shortlists.list", response=ShortlistsOut)
def list_shortlists(request: Asked) -> ShortlistsOut:
    """The newest lists of the places in reach."""
    return ShortlistsOut(items=[_list(one) for one in queries.shortlists(request.viewer)])


class NewShortlist(In):
    """How many, at most how many of one store."""

    size: Annotated[Count, Field(ge=SIZE_LEAST, le=SIZE_MOST)]
    per_store: Annotated[Count, Field(ge=1, le=PER_STORE_MOST)]
    store: uuid.UUID | None = None

    model_config = ConfigDict(json_schema_extra={"example": {"size": 20, "per_store": 3}})


@router.post(
    "/shortlists", url_name="shortlists", operation_id="shortlists.ask", response={201: ShortlistOut}
)
@write(201)
def ask_shortlist(request: Asked, body: NewShortlist) -> ShortlistOut:
    """Ask for a list; it is drawn up within a minute or two."""
    made = actions.ask_shortlist(
        viewer=request.viewer,
        size=body.size,
        per_store=body.per_store,
        store=_shop(request, body.store),
    )
    return _list(queries.shortlist_card(request.viewer, made.public_id))


@router.put(
    "/shortlists/{uuid:shortlist_id}",
    url_name="shortlist",
    operation_id="shortlists.open_lot",
    response=ShortlistOut,
)
@write()
def open_lot(request: Asked, shortlist_id: uuid.UUID) -> ShortlistOut:
    """Open the lot: one place in ten, an hour after the list and the commitment stand."""
    actions.open_lot(viewer=request.viewer, shortlist_id=shortlist_id)
    return _list(queries.shortlist_card(request.viewer, shortlist_id))


class PoolOut(Out):
    """A pool with its published points. `my_points` are one's own until it is shared out; then `my_fen` says what that was."""

    id: uuid.UUID
    title: str
    pool_fen: int
    points: dict[str, int]
    since: datetime
    until: datetime
    settled_at: datetime | None
    people: int
    paid_fen: int
    my_points: int
    my_fen: int | None


class PoolsOut(Out):
    items: list[PoolOut]


def _pool(one: queries.PoolCard) -> PoolOut:
    return PoolOut(
        id=one.id,
        title=one.title,
        pool_fen=one.pool_fen,
        points=dict(one.points),
        since=one.since,
        until=one.until,
        settled_at=one.settled_at,
        people=one.people,
        paid_fen=one.paid_fen,
        my_points=one.so_far if one.mine is None else one.mine[0],
        my_fen=None if one.mine is None else one.mine[1],
    )


@router.get("/pools", url_name="pools", operation_id="pools.list", response=PoolsOut)
def list_pools(request: Asked) -> PoolsOut:
    """The newest pools; their rules are public, one's share is one's own."""
    return PoolsOut(items=[_pool(one) for one in queries.pools(request.viewer)])


class NewPool(In):
    """How much is shared, for which deeds at how many points, from when to when; published before the first day that counts."""

    title: PollTitle
    pool_fen: Fen
    points: Annotated[
        dict[DeedCode, Annotated[Count, Field(ge=1, le=POINTS_MOST)]], Field(min_length=1, max_length=30)
    ]
    since: Moment
    until: Moment

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "title": "这一季一起分享",
                "pool_fen": 300000,
                "points": {"answer_accepted": 5},
                "since": "2027-01-01T00:00:00+08:00",
                "until": "2027-04-01T00:00:00+08:00",
            }
        }
    )


def _pool_of(request: Asked, pool_id: uuid.UUID) -> PoolOut:
    return next(_pool(one) for one in queries.pools(request.viewer, only=pool_id))


@router.post("/pools", url_name="pools", operation_id="pools.publish", response={201: PoolOut})
@write(201)
def publish_pool(request: Asked, body: NewPool) -> PoolOut:
    """Publish what is shared and how it is counted."""
    made = actions.publish_pool(viewer=request.viewer, **body.model_dump())
    return _pool_of(request, made.public_id)


@router.put("/pools/{uuid:pool_id}", url_name="pool", operation_id="pools.settle", response=PoolOut)
@write()
def settle_pool(request: Asked, pool_id: uuid.UUID) -> PoolOut:
    """Share it out to the last fen, once it is over."""
    actions.settle_pool(viewer=request.viewer, pool_id=pool_id)
    return _pool_of(request, pool_id)


class PayoutLineOut(Out):
    """One member's sum: all thanks and shares until then, less what was paid before."""

    number: int
    member: uuid.UUID
    thanks_fen: int
    shares_fen: int
    before_fen: int
    fen: int


class PayoutOut(Out):
    """A payout: drawn up, approved by a second person where it is much, paid outside."""

    id: uuid.UUID
    state: PayoutState
    fen: int
    people: int
    drawn_by: str
    drawn_at: datetime
    approved_by: str
    approved_at: datetime | None
    paid_at: datetime | None
    reference: str


class PayoutsOut(Out):
    items: list[PayoutOut]


class PayoutWithLines(PayoutOut):
    lines: list[PayoutLineOut]


def _payout(one: queries.PayoutCard) -> dict[str, object]:
    return {name: getattr(one, name) for name in PayoutOut.model_fields}


def _with_lines(request: Asked, payout_id: uuid.UUID) -> PayoutWithLines:
    card, lines = queries.payout_lines(request.viewer, payout_id)
    given = [
        PayoutLineOut(**{name: getattr(one, name) for name in PayoutLineOut.model_fields}) for one in lines
    ]
    return PayoutWithLines.model_validate({"lines": given, **_payout(card)})


@router.get("/payouts", url_name="payouts", operation_id="payouts.list", response=PayoutsOut)
def list_payouts(request: Asked) -> PayoutsOut:
    """The newest ones."""
    return PayoutsOut(
        items=[PayoutOut.model_validate(_payout(one)) for one in queries.payouts(request.viewer)]
    )


class NewPayout(In):
    """Sums below `least_fen` wait for the next time."""

    least_fen: Annotated[Count, Field(ge=1, le=1_000_000)] = LEAST_FEN

    model_config = ConfigDict(json_schema_extra={"example": {"least_fen": 100}})


@router.post("/payouts", url_name="payouts", operation_id="payouts.draw_up", response={201: PayoutWithLines})
@write(201)
def draw_up_payout(request: Asked, body: NewPayout) -> PayoutWithLines:
    """List what is owed to whom at this moment."""
    made = actions.draw_up_payout(viewer=request.viewer, least=body.least_fen)
    return _with_lines(request, made.public_id)


@router.get(
    "/payouts/{uuid:payout_id}", url_name="payout", operation_id="payouts.get", response=PayoutWithLines
)
def one_payout(request: Asked, payout_id: uuid.UUID) -> PayoutWithLines:
    """One of them with its lines: numbers of members, no names."""
    return _with_lines(request, payout_id)


class PayoutMove(In):
    """`approve` by a second person, `paid` with the bank's or the till's `reference`, `cancel` before it was paid."""

    do: Literal["approve", "paid", "cancel"]
    reference: PayReference = ""

    model_config = ConfigDict(json_schema_extra={"example": {"do": "approve"}})


@router.put(
    "/payouts/{uuid:payout_id}", url_name="payout", operation_id="payouts.decide", response=PayoutWithLines
)
@write()
def decide_payout(request: Asked, payout_id: uuid.UUID, body: PayoutMove) -> PayoutWithLines:
    """Approve it, write down that it was paid, or cancel it."""
    viewer = request.viewer
    if body.do == "approve":
        actions.approve_payout(viewer=viewer, payout_id=payout_id)
    elif body.do == "paid":
        actions.pay_payout(viewer=viewer, payout_id=payout_id, reference=body.reference)
    else:
        actions.cancel_payout(viewer=viewer, payout_id=payout_id)
    return _with_lines(request, payout_id)


class MarginRuleOut(Out):
    """From a day on, so many thousandths of a sale are margin: of articles with a high one, and of all others."""

    since: date
    high_permille: int
    other_permille: int
    by: str


class MarginRules(Out):
    items: list[MarginRuleOut]


class NewMarginRule(In):
    """From today or a later day on."""

    since: date
    high_permille: Annotated[Count, Field(ge=1, le=PERMILLE_MOST)]
    other_permille: Annotated[Count, Field(ge=1, le=PERMILLE_MOST)]

    model_config = ConfigDict(
        json_schema_extra={"example": {"since": "2027-01-01", "high_permille": 420, "other_permille": 240}}
    )


def _margins(request: Asked) -> MarginRules:
    names = MarginRuleOut.model_fields
    return MarginRules(
        items=[
            MarginRuleOut(**{name: getattr(one, name) for name in names})
            for one in queries.margin_rules(request.viewer)
        ]
    )


@router.get("/margin-rules", url_name="margin_rules", operation_id="margin_rules.list", response=MarginRules)
def list_margins(request: Asked) -> MarginRules:
    """What of a sale is margin for thanks, newest first."""
    return _margins(request)


@router.post(
    "/margin-rules",
    url_name="margin_rules",
    operation_id="margin_rules.publish",
    response={201: MarginRules},
)
@write(201)
def set_margin(request: Asked, body: NewMarginRule) -> MarginRules:
    """Publish it from a day on; the past stays."""
    actions.set_margin(viewer=request.viewer, **body.model_dump())
    return _margins(request)
