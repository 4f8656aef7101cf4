"""`/outside`: other people's communities with their evaluation and deals; a week's counts from whoever counts them."""

import uuid
from datetime import date
from typing import Annotated

from ninja import Router
from pydantic import ConfigDict, Field, StringConstraints

from tongxin.amplify.actions import outside as actions
from tongxin.amplify.queries import outside as queries
from tongxin.amplify.rules.outside import Seen, Span
from tongxin.amplify.terms_outside import (
    ABOUT_MOST,
    COUNT_MOST,
    NAME_MOST,
    DealKind,
    DealState,
    Nearness,
    OutsidePart,
    Platform,
)
from tongxin.faces.api.shapes import PLAIN, Count, Cursor, In, Limit, Out
from tongxin.faces.api.writing import write
from tongxin.faces.asking import Asked

router = Router(tags=["outside"])

OutsideName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=NAME_MOST, pattern=PLAIN)
]
OutsideAbout = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=ABOUT_MOST, pattern=PLAIN)
]
Counted = Annotated[Count, Field(ge=0, le=COUNT_MOST)]


class SpanOut(Out):
    """A value between its bounds (95 %)."""

    value: float
    low: float
    high: float


class WatchOut(Out):
    """How a deal stands: `evidence` against it stops it at `bound`; `stop` is the reason, "" to go on."""

    weeks: int
    joined: int
    even: float
    evidence: float
    bound: float
    stop: str
    per_week_low: float
    per_week_high: float


class OutsideDealOut(Out):
    """A deal: money in fen; `watch` is null before its first week."""

    id: uuid.UUID
    kind: DealKind
    state: DealState
    base_fen: int
    per_join_fen: int
    most_joins: int
    price_fen: int
    ceiling_fen: int
    code: str
    weeks: int
    starts_on: date
    paid_joins: int
    watch: WatchOut | None


class OutsideOut(Out):
    """A community. `score` is of 100; `parts` are shares; `vetoes` forbid working together, `thin` says what is missing."""

    id: uuid.UUID
    name: str
    platform: Platform
    about: str
    claimed: int
    state: Nearness
    observed: int
    newest: date | None
    score: SpanOut | None
    parts: dict[OutsidePart, SpanOut]
    newly_reached: SpanOut | None
    vetoes: list[str]
    thin: list[str]
    deals: list[OutsideDealOut]


class OutsidesOut(Out):
    items: list[OutsideOut]
    cursor: str | None


def _span(one: Span) -> SpanOut:
    return SpanOut(value=one.value, low=one.low, high=one.high)


def _deal(one: queries.DealCard) -> OutsideDealOut:
    watch = one.watch
    said = None
    if watch is not None:
        same = {
            name: getattr(watch, name) for name in ("weeks", "joined", "even", "evidence", "bound", "stop")
        }
        said = WatchOut(per_week_low=watch.rate[0], per_week_high=watch.rate[1], **same)
    return OutsideDealOut(
        watch=said, **{name: getattr(one, name) for name in OutsideDealOut.model_fields if name != "watch"}
    )


def _out(one: queries.OutsideCard) -> OutsideOut:
    verdict = one.verdict
    same = ("id", "name", "platform", "about", "claimed", "state", "observed", "newest")
    return OutsideOut(
        **{name: getattr(one, name) for name in same},
        score=None if verdict is None else _span(verdict.score),
        parts={} if verdict is None else {part: _span(span) for part, span in verdict.parts},
        newly_reached=None if one.reach is None else _span(one.reach),
        vetoes=[] if verdict is None else list(verdict.vetoes),
        thin=[] if verdict is None else list(verdict.thin),
        deals=[_deal(deal) for deal in one.deals],
    )


@router.get("/outside", url_name="outsides", operation_id="outside.list", response=OutsidesOut)
def list_outsides(request: Asked, limit: Limit = 30, cursor: Cursor | None = None) -> OutsidesOut:
    """Other people's communities on the list, newest first, as they are judged today."""
    found = queries.outsides(request.viewer, limit=limit, cursor=cursor)
    return OutsidesOut(items=[_out(one) for one in found.items], cursor=found.cursor)


class NewOutside(In):
    """A community to be watched. Who keeps it is written down on the page of headquarters only."""

    name: OutsideName
    platform: Platform
    about: OutsideAbout
    claimed: Annotated[Count, Field(ge=1, le=COUNT_MOST)]

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"name": "城西宝妈互助群", "platform": "wechat", "about": "辅食和遛娃", "claimed": 400}
        }
    )


@router.post("/outside", url_name="outsides", operation_id="outside.add", response={201: OutsideOut})
@write(201)
def add_outside(request: Asked, body: NewOutside) -> OutsideOut:
    """Put one on the list. It is watched only once its host was told who of us is inside."""
    made = actions.list_outside(viewer=request.viewer, **body.model_dump())
    return _out(queries.outside_card(request.viewer, made.public_id))


class WeekSeen(In):
    """Counts of one week; every part is at most its whole. Nobody is listed."""

    week: date
    active: Counted
    posts: Counted
    repeated: Counted = 0
    on_topic: Counted = 0
    unsafe: Counted = 0
    joined: Counted = 0
    burst: Counted = 0
    questions: Counted = 0
    answered: Counted = 0
    sampled: Counted = 0
    in_target: Counted = 0
    ours: Counted = 0
    first: Counted = 0
    second: Counted = 0
    both: Counted = 0

    model_config = ConfigDict(
        json_schema_extra={"example": {"week": "2026-03-02", "active": 40, "posts": 90, "on_topic": 60}}
    )


@router.post(
    "/outside/{uuid:community_id}/weeks",
    url_name="outside.weeks",
    operation_id="outside.observe",
    response={201: OutsideOut},
)
@write(201)
def observe(request: Asked, community_id: uuid.UUID, body: WeekSeen) -> OutsideOut:
    """The counts of the week that holds a day; again, they replace the first ones."""
    seen = Seen(**body.model_dump(exclude={"week"}))
    actions.observe(viewer=request.viewer, community_id=community_id, week=body.week, seen=seen)
    return _out(queries.outside_card(request.viewer, community_id))
