"""`/champions`: who is champion, training, score, notice board, steps of a kit, execution, and handing over."""

import uuid
from datetime import date, datetime
from typing import Annotated

from ninja import Router
from pydantic import Field, StringConstraints

from tongxin.champions import actions, queries
from tongxin.champions.queries import ChampionRow, HandoverLine, ScoreCard
from tongxin.champions.rules.leaving import Thing
from tongxin.champions.rules.steps import Step
from tongxin.champions.terms import Handed, Trained
from tongxin.events.queries.listing import EventLine
from tongxin.faces.api.shapes import Cursor, Done, In, Limit, Out, Yes
from tongxin.faces.api.writing import write
from tongxin.faces.asking import Asked
from tongxin.foundation import clock

router = Router(tags=["champions"])

Key = Annotated[str, StringConstraints(max_length=40, pattern=r"^[A-Za-z0-9_-]+$")]
RateDays = Annotated[int, Field(ge=7, le=92)]


class TrainingStanding(Out):
    """How far somebody is with the version of the card that holds."""

    state: Trained
    version: int
    read: int
    of: int


class ChampionOut(Out):
    """A champion of a store. `grant` is what a hand-over ends."""

    grant: uuid.UUID
    account: uuid.UUID
    name: str
    store: uuid.UUID
    store_name: str
    region: str
    since: datetime
    until: datetime | None
    training: TrainingStanding


class ChampionsOut(Out):
    items: list[ChampionOut]


class LessonOut(Out):
    key: str
    zh: str
    en: str
    read: bool


class TrainingOut(Out):
    """One's own training card."""

    standing: TrainingStanding
    items: list[LessonOut]
    signed_at: datetime | None


class LessonIn(In):
    item: Key


class ScorePartOut(Out):
    """A store in a score; `value` null where its index may not be published, then `reasons` say why."""

    store_code: str
    name: str
    value: float | None
    low: float | None
    high: float | None
    answers: int
    reasons: list[str]


class ChampionScore(Out):
    """A score with its interval at `level`; `value` null is “cannot be said”. A rank is an interval of ranks, of one store only."""

    value: float | None
    low: float | None
    high: float | None
    level: float
    answers: int
    sides: dict[str, float]
    rank_low: int | None
    rank_high: int | None
    ranked: int
    version: str
    as_of: date | None
    stale: bool
    simulated: bool
    parts: list[ScorePartOut]


class BoardEvent(Out):
    id: uuid.UUID
    title: str
    theme: str
    starts_at: datetime
    ends_at: datetime
    place: str
    left: int


class NoticeBoard(Out):
    """The week of a store as it hangs on the wall, and the last day on which somebody said that it is up to date."""

    today: date
    until: date
    events: list[BoardEvent]
    ritual: BoardEvent | None
    fresh_on: date | None


class KitStep(Out):
    """A step of a kit's checklist at one event. `use` and `step` name it."""

    use: uuid.UUID
    step: str
    title: str
    event: str
    on: date
    done: bool


class KitSteps(Out):
    items: list[KitStep]


class TickIn(In):
    done: Yes = True


class RegionExecution(Out):
    """`permille` null where nothing was due."""

    code: str
    name: str
    stores: int
    check_days: int
    check_due: int
    steps: int
    steps_due: int
    permille: int | None


class KitVersionExecution(Out):
    kit: uuid.UUID
    title: str
    version: int
    region: str
    region_name: str
    events: int
    steps: int
    steps_due: int
    permille: int | None


class ExecutionRates(Out):
    """Checks answered and kit steps done of those due since a day, by region, and by kit version and region."""

    since: date
    regions: list[RegionExecution]
    versions: list[KitVersionExecution]


class LeaveIn(In):
    """Who takes over (null: nobody, where nothing waits), and the last day (null: today)."""

    successor: uuid.UUID | None = None
    last_day: date | None = None


class HandedThing(Out):
    """One thing that went over; `key` names it in its own door. Words that name nobody."""

    kind: Handed
    key: str
    said: str
    at: str


class HandoverOut(Out):
    id: uuid.UUID
    store: uuid.UUID
    store_name: str
    leaver: str
    successor: str
    last_day: date
    at: datetime
    received_at: datetime | None
    things: list[HandedThing]


class HandoversOut(Out):
    items: list[HandoverOut]
    cursor: str | None


def _champion(row: ChampionRow) -> ChampionOut:
    return ChampionOut(
        grant=row.grant,
        account=row.account,
        name=row.name,
        store=row.store,
        store_name=row.store_name,
        region=row.region,
        since=row.since,
        until=row.until,
        training=TrainingStanding.model_validate(row.standing),
    )


def _score(card: ScoreCard, language: str) -> ChampionScore:
    score = card.score
    return ChampionScore(
        value=score.value,
        low=score.low,
        high=score.high,
        level=score.level,
        answers=score.answers,
        sides=dict(score.sides),
        rank_low=score.rank[0] if score.rank else None,
        rank_high=score.rank[1] if score.rank else None,
        ranked=score.ranked,
        version=card.version,
        as_of=card.as_of,
        stale=card.stale,
        simulated=card.simulated,
        parts=[
            ScorePartOut(
                store_code=part.code,
                name=part.name,
                value=part.value,
                low=part.low,
                high=part.high,
                answers=part.answers,
                reasons=[reason[language == "en"] for reason in part.reasons],
            )
            for part in card.parts
        ],
    )


def _event(line: EventLine) -> BoardEvent:
    return BoardEvent(
        id=line.public_id,
        title=line.title,
        theme=line.theme,
        starts_at=line.starts_at,
        ends_at=line.ends_at,
        place=line.place,
        left=max(0, line.left),
    )


def _step(one: Step) -> KitStep:
    return KitStep(
        use=uuid.UUID(one.use), step=one.key, title=one.title, event=one.event, on=one.on, done=one.done
    )


def _thing(one: Thing) -> HandedThing:
    return HandedThing(kind=one.kind, key=one.key, said=one.said, at=one.at)


def _handover(line: HandoverLine) -> HandoverOut:
    return HandoverOut(
        id=line.id,
        store=line.store,
        store_name=line.store_name,
        leaver=line.leaver,
        successor=line.successor,
        last_day=line.last_day,
        at=line.at,
        received_at=line.received_at,
        things=[_thing(one) for one in line.things],
    )


@router.get("/champions", url_name="champions", operation_id="champions.list", response=ChampionsOut)
def list_champions(request: Asked, *, region: str = "", training: Trained | None = None) -> ChampionsOut:
    """The champions of the stores in reach; those whose training is not signed first."""
    rows = queries.champions_for(request.viewer, region=region[:64], state=training)
    return ChampionsOut(items=[_champion(row) for row in rows])


@router.get(
    "/champions/rates", url_name="champions.rates", operation_id="champions.rates", response=ExecutionRates
)
def read_rates(request: Asked, *, days: RateDays = 28, kit: uuid.UUID | None = None) -> ExecutionRates:
    """Execution of the last weeks; of one kit where it is named."""
    found = queries.rates(request.viewer, days=days, kit_id=kit)
    return ExecutionRates(
        since=found.since,
        regions=[RegionExecution.model_validate(one) for one in found.regions],
        versions=[
            KitVersionExecution(
                kit=one.kit,
                title=one.title,
                version=one.version,
                region=one.code,
                region_name=one.name,
                events=one.events,
                steps=one.steps,
                steps_due=one.steps_due,
                permille=one.permille,
            )
            for one in found.versions
        ],
    )


@router.get(
    "/champions/stores/{uuid:store_id}/score",
    url_name="store.score",
    operation_id="champions.score",
    response=ChampionScore,
)
def read_score(request: Asked, store_id: uuid.UUID) -> ChampionScore:
    """The score of a store's champion, from the newest kept experience index of the chain."""
    store = queries.access_check_store(request.viewer, store_id)
    return _score(queries.score_of(request.viewer, [store]), request.viewer.language)


@router.get(
    "/champions/stores/{uuid:store_id}/board",
    url_name="store.board",
    operation_id="champions.board",
    response=NoticeBoard,
)
def read_board(request: Asked, store_id: uuid.UUID) -> NoticeBoard:
    """What hangs on the notice board this week."""
    found = queries.board_of(request.viewer, queries.access_check_store(request.viewer, store_id))
    return NoticeBoard(
        today=found.today,
        until=found.until,
        events=[_event(line) for line in found.events],
        ritual=_event(found.ritual) if found.ritual else None,
        fresh_on=found.fresh_on,
    )


@router.get(
    "/champions/stores/{uuid:store_id}/steps",
    url_name="store.steps",
    operation_id="steps.list",
    response=KitSteps,
)
def list_steps(request: Asked, store_id: uuid.UUID) -> KitSteps:
    """The steps of the store's kits that are for today, and what is left of earlier days."""
    store = queries.access_check_store(request.viewer, store_id)
    return KitSteps(items=[_step(one) for one in queries.steps_today(request.viewer, store, clock.now())])


@router.post(
    "/champions/kit-uses/{uuid:use_id}/steps/{slug:step}",
    url_name="step",
    operation_id="steps.tick",
    response=Done,
)
@write()
def tick_step(request: Asked, use_id: uuid.UUID, step: str, body: TickIn) -> Done:
    """A step is done, or was ticked by mistake."""
    actions.tick_step(viewer=request.viewer, use_id=use_id, step=step, done=body.done)
    return Done()


def _own(request: Asked) -> TrainingOut:
    card = queries.my_training(request.viewer)
    return TrainingOut(
        standing=TrainingStanding.model_validate(card.standing),
        items=[
            LessonOut(key=one.key, zh=one.zh, en=one.en, read=one.key in card.read)
            for one in card.version.items
        ],
        signed_at=card.signed_at,
    )


@router.get("/champions/training", url_name="training", operation_id="training.read", response=TrainingOut)
def read_training(request: Asked) -> TrainingOut:
    """One's own training card."""
    return _own(request)


@router.post("/champions/training", url_name="training", operation_id="training.tick", response=TrainingOut)
@write()
def tick_training(request: Asked, body: LessonIn) -> TrainingOut:
    """One item was learnt."""
    actions.read_lesson(viewer=request.viewer, item=body.item)
    return _own(request)


@router.post(
    "/champions/{uuid:account_id}/training/sign",
    url_name="training.sign",
    operation_id="training.sign",
    response=Done,
)
@write()
def sign_training(request: Asked, account_id: uuid.UUID) -> Done:
    """The trainer signs, once everything is read."""
    actions.sign_training(viewer=request.viewer, account_id=account_id)
    return Done()


@router.post(
    "/champions/grants/{uuid:grant_id}/leave",
    url_name="champion.leave",
    operation_id="champions.leave",
    response=HandoverOut,
)
@write()
def leave(request: Asked, grant_id: uuid.UUID, body: LeaveIn) -> HandoverOut:
    """End a champion's grant with a last day and hand over what is open, in one transaction."""
    made = actions.hand_over(
        viewer=request.viewer, grant_id=grant_id, successor_id=body.successor, last_day=body.last_day
    )
    return _handover(queries.handover_line(request.viewer, made))


@router.get(
    "/champions/handovers", url_name="handovers", operation_id="handovers.list", response=HandoversOut
)
def list_handovers(request: Asked, *, limit: Limit = 50, cursor: Cursor | None = None) -> HandoversOut:
    """The hand-overs of the stores in reach, newest first."""
    found = queries.handovers_for(request.viewer, limit=limit, cursor=cursor)
    return HandoversOut(items=[_handover(one) for one in found.items], cursor=found.cursor)


@router.get(
    "/champions/handovers/{uuid:handover_id}",
    url_name="handover",
    operation_id="handovers.read",
    response=HandoverOut,
)
def read_handover(request: Asked, handover_id: uuid.UUID) -> HandoverOut:
    """What was handed over."""
    found = queries.access_handover(request.viewer, handover_id)
    return _handover(queries.handover_line(request.viewer, found))


@router.post(
    "/champions/handovers/{uuid:handover_id}/receive",
    url_name="handover.receive",
    operation_id="handovers.receive",
    response=Done,
)
@write()
def receive(request: Asked, handover_id: uuid.UUID) -> Done:
    """The successor says that everything on the list has arrived."""
    actions.receive_handover(viewer=request.viewer, handover_id=handover_id)
    return Done()
