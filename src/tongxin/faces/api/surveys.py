"""The survey after an event: its public draw, the one answer of whoever was drawn, the figures with n and interval."""

import uuid
from datetime import datetime
from typing import Annotated, Any

from ninja import Router
from pydantic import ConfigDict, Field, StringConstraints

from tongxin.events import actions, queries
from tongxin.events.terms_after import WORDS_MOST
from tongxin.faces.api.shapes import PLAIN, Cursor, In, Limit, Out
from tongxin.faces.api.writing import write
from tongxin.faces.asking import Asked

router = Router(tags=["after the event"])


class SurveyDraw(Out):
    """The document that `tongxin draw verify` takes; entrants are opaque lots. Before the reveal without seed and winners."""

    document: dict[str, Any]


class NpsFigures(Out):
    """Net promoter score in points with its 95 % interval. `hidden`: fewer answers than a store may read, so no score."""

    entrants: int
    asked: int
    n: int
    hidden: bool
    score: float | None
    low: float | None
    high: float | None
    response: float
    response_low: float
    response_high: float
    committed_at: datetime | None
    revealed_at: datetime | None
    expires_at: datetime | None


class EventNps(Out):
    """Null while nobody was drawn."""

    figures: NpsFigures | None


class NpsOfEvent(Out):
    event: uuid.UUID
    title: str
    store_name: str
    starts_at: datetime
    kit: str
    simulated: bool
    figures: NpsFigures


class NpsPage(Out):
    items: list[NpsOfEvent]
    cursor: str | None


class NpsOfKit(Out):
    """All events of one version of a kit, in the stores in reach."""

    kit: str
    title: str
    version: int
    events: int
    figures: NpsFigures


class NpsByKit(Out):
    items: list[NpsOfKit]


def _figures(found: queries.Nps) -> NpsFigures:
    return NpsFigures(**{name: getattr(found, name) for name in NpsFigures.model_fields})


@router.get(
    "/events/{uuid:event_id}/survey",
    url_name="event.survey",
    operation_id="events.survey.read",
    response=SurveyDraw,
)
def read_survey(request: Asked, event_id: uuid.UUID) -> SurveyDraw:
    """Who could be drawn and who was, for anybody to recompute."""
    return SurveyDraw(document=queries.survey_document(request.viewer, event_id))


@router.post(
    "/events/{uuid:event_id}/survey",
    url_name="event.survey",
    operation_id="events.survey.draw",
    response=SurveyDraw,
)
@write()
def draw_survey(request: Asked, event_id: uuid.UUID) -> SurveyDraw:
    """Publish list and commitment now; by itself this happens the day after. Headquarters only."""
    return SurveyDraw(document=actions.draw_survey(viewer=request.viewer, event_id=event_id))


@router.post(
    "/events/{uuid:event_id}/survey/reveal",
    url_name="event.survey.reveal",
    operation_id="events.survey.reveal",
    response=SurveyDraw,
)
@write()
def reveal_survey(request: Asked, event_id: uuid.UUID) -> SurveyDraw:
    """Open the seed and ask those whom it picks, at the earliest an hour after the publication."""
    return SurveyDraw(document=actions.reveal_survey(viewer=request.viewer, event_id=event_id))


@router.get("/events/{uuid:event_id}/nps", url_name="event.nps", operation_id="events.nps", response=EventNps)
def event_nps(request: Asked, event_id: uuid.UUID) -> EventNps:
    """The figures of one event."""
    found = queries.nps(request.viewer, event_id)
    return EventNps(figures=None if found is None else _figures(found))


@router.get("/nps", url_name="nps", operation_id="nps.list", response=NpsPage)
def list_nps(request: Asked, limit: Limit = 50, cursor: Cursor | None = None) -> NpsPage:
    """Event by event, newest first."""
    page = queries.nps_lines(request.viewer, limit=limit, cursor=cursor)
    items = [
        NpsOfEvent(
            event=one.event,
            title=one.title,
            store_name=one.store,
            starts_at=one.starts_at,
            kit=one.kit,
            simulated=one.simulated,
            figures=_figures(one.figures),
        )
        for one in page.items
    ]
    return NpsPage(items=items, cursor=page.cursor)


@router.get("/nps/kits", url_name="nps.kits", operation_id="nps.kits", response=NpsByKit)
def nps_by_kit(request: Asked) -> NpsByKit:
    """Version by version of each kit."""
    return NpsByKit(
        items=[
            NpsOfKit(
                kit=one.kit,
                title=one.title,
                version=one.version,
                events=one.events,
                figures=_figures(one.figures),
            )
            for one in queries.nps_by_kit(request.viewer)
        ]
    )


class AskedOfMe(Out):
    """A survey that one was drawn for. `score` is one's own answer."""

    id: uuid.UUID
    event: uuid.UUID
    title: str
    store_name: str
    starts_at: datetime
    question_zh: str
    question_en: str
    expires_at: datetime
    answered_at: datetime | None
    score: int | None


class AllAskedOfMe(Out):
    items: list[AskedOfMe]


def _asked(found: queries.MySurvey) -> AskedOfMe:
    same = [n for n in AskedOfMe.model_fields if n not in {"id", "question_zh", "question_en"}]
    return AskedOfMe(
        id=found.invite,
        question_zh=found.question[0],
        question_en=found.question[1],
        **{name: getattr(found, name) for name in same},
    )


@router.get("/me/surveys", url_name="me.surveys", operation_id="me.surveys", response=AllAskedOfMe)
def my_surveys(request: Asked) -> AllAskedOfMe:
    """What one was asked, newest first."""
    return AllAskedOfMe(items=[_asked(one) for one in queries.my_surveys(request.viewer)])


class SurveyAnswer(In):
    """0 to 10, and a sentence if one likes. It is given once."""

    score: Annotated[int, Field(strict=True, ge=0, le=10)]
    words: Annotated[str, StringConstraints(strip_whitespace=True, max_length=WORDS_MOST, pattern=PLAIN)] = ""

    model_config = ConfigDict(json_schema_extra={"example": {"score": 9, "words": "围裙小了点"}})


@router.post(
    "/me/surveys/{uuid:invite_id}",
    url_name="me.survey",
    operation_id="me.survey.answer",
    response=AskedOfMe,
)
@write()
def answer_survey(request: Asked, invite_id: uuid.UUID, body: SurveyAnswer) -> AskedOfMe:
    """Answer."""
    actions.answer_survey(viewer=request.viewer, invite_id=invite_id, **body.model_dump())
    return _asked(queries.my_survey(request.viewer, invite_id))
