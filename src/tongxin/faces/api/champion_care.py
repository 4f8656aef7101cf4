"""`/champions`: the score with its interval, the notice board, the steps of a kit, execution by region and version."""

import uuid
from datetime import date, datetime
from typing import Annotated

from ninja import Router
from pydantic import Field

from tongxin.champions import actions, queries
from tongxin.champions.queries import ScoreCard
from tongxin.champions.rules.steps import Step
from tongxin.events.queries.listing import EventLine
from tongxin.faces.api.shapes import Done, In, Out, Yes
from tongxin.faces.api.writing import write
from tongxin.faces.asking import Asked
from tongxin.foundation import clock

router = Router(tags=["champions"])

RateDays = Annotated[int, Field(ge=7, le=92)]


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
