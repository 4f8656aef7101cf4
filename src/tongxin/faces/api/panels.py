"""`/panels`, `/ideas`, `/me/panels`: seats, trials, ideas with their answers; polls of members."""

import uuid
from datetime import datetime
from typing import Annotated, Literal

from ninja import Router
from pydantic import ConfigDict, Field, StringConstraints

from tongxin.amplify import actions, queries
from tongxin.amplify.terms import WHY_MOST
from tongxin.amplify.terms_demand import COUNT_MOST, OPTIONS_MOST, PollKind
from tongxin.amplify.terms_panels import (
    ABOUT_MOST,
    ANSWER_MOST,
    QUESTION_MOST,
    QUESTIONS_MOST,
    SCORE_MOST,
    SEATS_MOST,
    WORDS_MOST,
    ItemKind,
    SeatState,
    Stage,
)
from tongxin.amplify.terms_panels import NAME_MOST as PANEL_MOST
from tongxin.faces.api.shapes import PLAIN, Count, Cursor, In, Limit, Moment, Out, Yes
from tongxin.faces.api.writing import write
from tongxin.faces.asking import Asked
from tongxin.stores import queries as stores

router = Router(tags=["panels"])

PanelName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=PANEL_MOST, pattern=PLAIN)
]
PanelAbout = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=ABOUT_MOST, pattern=PLAIN)
]
SeatWhy = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=WHY_MOST, pattern=PLAIN)
]
IdeaWords = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=WORDS_MOST, pattern=PLAIN)
]
MaybeWords = Annotated[str, StringConstraints(strip_whitespace=True, max_length=WORDS_MOST, pattern=PLAIN)]
ItemAnswer = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=ANSWER_MOST, pattern=PLAIN)
]
MaybeProduct = Annotated[str, StringConstraints(strip_whitespace=True, max_length=PANEL_MOST, pattern=PLAIN)]
TrialQuestion = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=QUESTION_MOST, pattern=PLAIN)
]
QuestionNumber = Annotated[str, StringConstraints(max_length=1, pattern=r"^[0-9]$")]


class OpenTrial(Out):
    """What there is to try: every question is scored from 0 to 10."""

    id: uuid.UUID
    product: str
    about: str
    questions: list[str]
    until: datetime
    answered: bool


class SeatOut(Out):
    """One's own seat."""

    id: uuid.UUID
    panel: str
    about: str
    confidential: str
    state: SeatState
    why: str
    until: datetime
    trials: list[OpenTrial]


class SeatsOut(Out):
    items: list[SeatOut]


def _seats(request: Asked) -> SeatsOut:
    return SeatsOut(
        items=[
            SeatOut(
                trials=[
                    OpenTrial(
                        questions=list(trial.questions),
                        **{n: getattr(trial, n) for n in OpenTrial.model_fields if n != "questions"},
                    )
                    for trial in one.trials
                ],
                **{n: getattr(one, n) for n in SeatOut.model_fields if n != "trials"},
            )
            for one in queries.my_seats(request.viewer)
        ]
    )


@router.get("/me/seats", url_name="me.seats", operation_id="me.seats", response=SeatsOut)
def my_seats(request: Asked) -> SeatsOut:
    """One's own seats with what is to be tried now."""
    return _seats(request)


class SeatAnswer(In):
    """A yes needs `keeps`: one's word to keep it to oneself."""

    yes: Yes
    keeps: Yes = False

    model_config = ConfigDict(json_schema_extra={"example": {"yes": True, "keeps": True}})


@router.put("/me/seats/{uuid:seat_id}", url_name="me.seat", operation_id="me.seats.answer", response=SeatsOut)
@write()
def answer_seat(request: Asked, seat_id: uuid.UUID, body: SeatAnswer) -> SeatsOut:
    """Take a seat that was offered, or not."""
    actions.answer_seat(viewer=request.viewer, seat_id=seat_id, yes=body.yes, keeps=body.keeps)
    return _seats(request)


class TrialScores(In):
    """A score for each question by its number, beginning with 0; words are answered."""

    scores: dict[QuestionNumber, Annotated[Count, Field(ge=0, le=SCORE_MOST)]]
    words: MaybeWords = ""

    model_config = ConfigDict(json_schema_extra={"example": {"scores": {"0": 8}, "words": "再小一号"}})


@router.post(
    "/trials/{uuid:trial_id}/answers",
    url_name="trial.answers",
    operation_id="trials.answer",
    response=SeatsOut,
)
@write()
def answer_trial(request: Asked, trial_id: uuid.UUID, body: TrialScores) -> SeatsOut:
    """What somebody seated thinks of a product, once."""
    actions.answer_trial(viewer=request.viewer, trial_id=trial_id, scores=body.scores, words=body.words)
    return _seats(request)


class IdeaOut(Out):
    """An idea or feedback with its newest answer."""

    id: uuid.UUID
    kind: ItemKind
    stage: Stage
    name: str
    product_tried: str
    words: str
    answer: str
    answered_at: datetime | None
    product: str
    credit: str
    given_at: datetime
    due_at: datetime
    late: bool


class IdeasOut(Out):
    items: list[IdeaOut]
    cursor: str | None = None


def _idea(one: queries.ItemLine) -> IdeaOut:
    return IdeaOut(**{name: getattr(one, name) for name in IdeaOut.model_fields})


@router.get("/me/ideas", url_name="me.ideas", operation_id="me.ideas", response=IdeasOut)
def my_ideas(request: Asked) -> IdeasOut:
    """One's own ideas and feedback with the answers."""
    return IdeasOut(items=[_idea(one) for one in queries.my_items(request.viewer)])


class NewIdea(In):
    words: IdeaWords

    model_config = ConfigDict(json_schema_extra={"example": {"words": "想要月龄小包装"}})


@router.post("/me/ideas", url_name="me.ideas", operation_id="me.ideas.give", response={201: IdeaOut})
@write(201)
def give_idea(request: Asked, body: NewIdea) -> IdeaOut:
    """Say what one wants; it is answered within a fortnight."""
    made = actions.give_idea(viewer=request.viewer, words=body.words)
    return _idea(queries.item_line(request.viewer, made.public_id))


@router.get("/ideas", url_name="ideas", operation_id="ideas.list", response=IdeasOut)
def list_ideas(
    request: Asked, waiting: Literal["yes"] | None = None, limit: Limit = 50, cursor: Cursor | None = None
) -> IdeasOut:
    """Ideas and feedback of the stores in reach; with `waiting=yes` those without an answer, by deadline."""
    page = queries.items(request.viewer, waiting=waiting == "yes", limit=limit, cursor=cursor)
    return IdeasOut(items=[_idea(one) for one in page.items], cursor=page.cursor)


class IdeaStep(In):
    """How far it is, in words that its author reads; a product is named."""

    stage: Stage
    answer: ItemAnswer
    product: MaybeProduct = ""

    model_config = ConfigDict(json_schema_extra={"example": {"stage": "trial", "answer": "下一炉就做小的"}})


@router.put("/ideas/{uuid:item_id}", url_name="idea", operation_id="ideas.answer", response=IdeaOut)
@write()
def answer_idea(request: Asked, item_id: uuid.UUID, body: IdeaStep) -> IdeaOut:
    """Answer an idea and say how far it is."""
    actions.move_item(
        viewer=request.viewer, item_id=item_id, stage=body.stage, answer=body.answer, product=body.product
    )
    return _idea(queries.item_line(request.viewer, item_id))


class PanelOut(Out):
    """A panel for who runs it."""

    id: uuid.UUID
    name: str
    about: str
    confidential: str
    store: str
    seats: int
    taken: int
    open: bool
    opened_at: datetime


class PanelsOut(Out):
    items: list[PanelOut]


def _panel(one: queries.PanelCard) -> PanelOut:
    return PanelOut(**{name: getattr(one, name) for name in PanelOut.model_fields})


@router.get("/panels", url_name="panels", operation_id="panels.list", response=PanelsOut)
def list_panels(request: Asked) -> PanelsOut:
    """The panels of the stores in reach and of the whole brand."""
    return PanelsOut(items=[_panel(one) for one in queries.panels(request.viewer)])


class NewPanel(In):
    """Without `store` it is the whole brand's. `confidential` is what members promise to keep to themselves."""

    name: PanelName
    about: PanelAbout
    confidential: PanelAbout
    seats: Annotated[Count, Field(ge=1, le=SEATS_MOST)]
    store: uuid.UUID | None = None

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "name": "儿童食品共创会",
                "about": "先试新品",
                "confidential": "上市前不外传",
                "seats": 12,
            }
        }
    )


@router.post("/panels", url_name="panels", operation_id="panels.open", response={201: PanelOut})
@write(201)
def open_panel(request: Asked, body: NewPanel) -> PanelOut:
    """Set up a panel."""
    shop = None if body.store is None else stores.access_store(request.viewer, str(body.store))
    given = body.model_dump(exclude={"store"})
    made = actions.open_panel(viewer=request.viewer, store=shop, **given)
    return _panel(queries.panel_card(request.viewer, made.public_id))


class SeatOffer(In):
    """Whom to ask and why; the member reads it."""

    member: uuid.UUID
    why: SeatWhy

    model_config = ConfigDict(
        json_schema_extra={"example": {"member": "00000000-0000-4000-8000-000000000000", "why": "爱出主意"}}
    )


@router.post(
    "/panels/{uuid:panel_id}/seats",
    url_name="panel.seats",
    operation_id="panels.invite",
    response={201: PanelOut},
)
@write(201)
def offer_seat(request: Asked, panel_id: uuid.UUID, body: SeatOffer) -> PanelOut:
    """Offer a member a seat for half a year."""
    actions.offer_seat(viewer=request.viewer, panel_id=panel_id, customer=body.member, why=body.why)
    return _panel(queries.panel_card(request.viewer, panel_id))


class NewTrial(In):
    """A product to try until then, with questions to be scored from 0 to 10; everybody seated is told."""

    product: PanelName
    questions: Annotated[list[TrialQuestion], Field(min_length=1, max_length=QUESTIONS_MOST)]
    until: Moment
    about: MaybeWords = ""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "product": "南瓜小米泥",
                "questions": ["宝宝爱不爱吃", "开盖方便吗"],
                "until": "2027-01-01T00:00:00+08:00",
            }
        }
    )


@router.post(
    "/panels/{uuid:panel_id}/trials",
    url_name="panel.trials",
    operation_id="panels.try",
    response={201: PanelOut},
)
@write(201)
def open_trial(request: Asked, panel_id: uuid.UUID, body: NewTrial) -> PanelOut:
    """Give a panel a product to try."""
    actions.open_trial(viewer=request.viewer, panel_id=panel_id, **body.model_dump())
    return _panel(queries.panel_card(request.viewer, panel_id))


class PollOut(Out):
    """A poll or pre-order. `tally` is empty until one has voted or it has closed; `mine` is one's own choice."""

    id: uuid.UUID
    kind: PollKind
    title: str
    about: str
    options: list[str]
    price_fen: int | None
    least: int | None
    closes_at: datetime
    answer_by: datetime
    open: bool
    late: bool
    answer: str
    made: bool | None
    mine: int | None
    count: int
    tally: list[int]


class PollsOut(Out):
    items: list[PollOut]


def poll_out(one: queries.PollCard) -> PollOut:
    """A poll as the API says it."""
    lists = {"options", "tally"}
    same = {name: getattr(one, name) for name in PollOut.model_fields if name not in lists}
    return PollOut(options=list(one.options), tally=list(one.tally), **same)


@router.get("/me/polls", url_name="me.polls", operation_id="me.polls", response=PollsOut)
def my_polls(request: Asked) -> PollsOut:
    """What is being asked now, and what one voted on."""
    return PollsOut(items=[poll_out(one) for one in queries.my_polls(request.viewer)])


class VoteIn(In):
    """The number of the option, beginning with 0; for a pre-order also how many."""

    option: Annotated[Count, Field(ge=0, lt=OPTIONS_MOST)]
    count: Annotated[Count, Field(ge=1, le=COUNT_MOST)] = 1

    model_config = ConfigDict(json_schema_extra={"example": {"option": 0}})


@router.put("/polls/{uuid:poll_id}/vote", url_name="poll.vote", operation_id="polls.vote", response=PollOut)
@write()
def vote(request: Asked, poll_id: uuid.UUID, body: VoteIn) -> PollOut:
    """One's choice, changeable until it closes."""
    actions.vote(viewer=request.viewer, poll_id=poll_id, option=body.option, count=body.count)
    return poll_out(queries.poll_card(request.viewer, poll_id))
