"""`/applications`: what waits at the gates of a community, answered by both sides, or taken back."""

import uuid
from datetime import datetime
from typing import Annotated

from ninja import Router
from pydantic import ConfigDict, StringConstraints

from tongxin.communities import actions, queries
from tongxin.communities.queries.keeping import Applicant
from tongxin.faces.api.joining import Answers, StepOut, steps_of
from tongxin.faces.api.shapes import PLAIN, Cursor, Done, In, Limit, Out, Yes
from tongxin.faces.api.writing import write
from tongxin.faces.asking import Asked

router = Router(tags=["communities"])


class ApplicationOut(Out):
    """An application, the same steps for both sides; `said` is gate → question → answer."""

    id: uuid.UUID
    community: uuid.UUID
    community_name: str
    name: str
    store_name: str
    state: str
    scene: str
    began_at: datetime
    steps: list[StepOut]
    said: dict[str, dict[str, str]]
    reason: str


class ApplicationPage(Out):
    items: list[ApplicationOut]
    cursor: str | None


def _application(one: Applicant) -> ApplicationOut:
    return ApplicationOut(
        id=one.id,
        community=one.community,
        community_name=one.community_name,
        name=one.name,
        store_name=one.store_name,
        state=str(one.state),
        scene=one.scene,
        began_at=one.began_at,
        steps=steps_of(one.steps),
        said=one.said,
        reason=one.reason,
    )


@router.get(
    "/applications", url_name="applications", operation_id="applications.list", response=ApplicationPage
)
def list_applications(request: Asked, limit: Limit = 50, cursor: Cursor | None = None) -> ApplicationPage:
    """What waits for the community's answer, in reach, oldest first."""
    page = queries.applications_for(request.viewer, limit=limit, cursor=cursor)
    return ApplicationPage(items=[_application(one) for one in page.items], cursor=page.cursor)


@router.get(
    "/applications/{uuid:application_id}",
    url_name="application",
    operation_id="applications.read",
    response=ApplicationOut,
)
def read_application(request: Asked, application_id: uuid.UUID) -> ApplicationOut:
    """One application: one's own, or one that one may answer."""
    return _application(queries.application_card(request.viewer, application_id))


class StepBody(In):
    """What is said at a gate; a gate that waits for the world (a visit, a paid membership) is looked at with no answers."""

    gate: Annotated[str, StringConstraints(min_length=1, max_length=16, pattern=r"^[a-z_]+$")]
    answers: Answers = {}

    model_config = ConfigDict(
        json_schema_extra={"example": {"gate": "application", "answers": {"months": "7–12 个月"}}}
    )


@router.post(
    "/applications/{uuid:application_id}/answer",
    url_name="application.answer",
    operation_id="applications.answer",
    response=ApplicationOut,
)
@write()
def answer_step(request: Asked, application_id: uuid.UUID, body: StepBody) -> ApplicationOut:
    """The applicant does a step that is theirs."""
    actions.answer(viewer=request.viewer, application_id=application_id, gate=body.gate, answers=body.answers)
    return _application(queries.application_card(request.viewer, application_id))


class DecisionBody(In):
    """Yes or no at one gate; a no has a reason that the applicant reads."""

    gate: Annotated[str, StringConstraints(min_length=1, max_length=16, pattern=r"^[a-z_]+$")]
    yes: Yes
    reason: Annotated[str, StringConstraints(strip_whitespace=True, max_length=120, pattern=PLAIN)] = ""

    model_config = ConfigDict(json_schema_extra={"example": {"gate": "application", "yes": True}})


@router.post(
    "/applications/{uuid:application_id}/decide",
    url_name="application.decide",
    operation_id="applications.decide",
    response=ApplicationOut,
)
@write()
def decide(request: Asked, application_id: uuid.UUID, body: DecisionBody) -> ApplicationOut:
    """The community answers: staff, or a moderator."""
    actions.decide(
        viewer=request.viewer,
        application_id=application_id,
        gate=body.gate,
        yes=body.yes,
        reason=body.reason,
    )
    return _application(queries.application_card(request.viewer, application_id))


@router.delete(
    "/applications/{uuid:application_id}",
    url_name="application",
    operation_id="applications.withdraw",
    response=Done,
)
@write()
def withdraw(request: Asked, application_id: uuid.UUID) -> Done:
    """Take one's application back; what was said goes at once."""
    actions.withdraw(viewer=request.viewer, application_id=application_id)
    return Done()
