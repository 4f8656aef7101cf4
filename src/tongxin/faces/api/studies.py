"""`/studies`: questions written down beforehand, and the answers that the worker kept."""

import uuid
from datetime import datetime
from typing import Annotated, Any

from ninja import Router
from pydantic import Field, StringConstraints

from tongxin.faces.api.shapes import PLAIN, Cursor, In, Limit, Out
from tongxin.faces.api.writing import write
from tongxin.faces.asking import Asked
from tongxin.measure import actions, queries
from tongxin.measure.terms import StudyState
from tongxin.stores import queries as stores

router = Router(tags=["studies"])


class StudyLine(Out):
    """One row of the list: the sentence before the figure."""

    id: uuid.UUID
    title: str
    treated: str
    state: StudyState
    verdict: str
    said_zh: str
    said_en: str
    simulated: bool
    pre_registered: bool
    registered_at: datetime
    due_at: datetime | None
    at: datetime | None


class StudyPage(Out):
    items: list[StudyLine]
    cursor: str | None


NAMES = tuple(name for name in StudyLine.model_fields if name != "id")


class Study(Out):
    """A study. `answer` is `study.json` (schema `tongxin.study/1`) once there is one, `faults` why there is none.

    `protocol` is what a publication wrote down before anybody could come, `protocol_digest` its sha256; before `due_at` nobody looks.
    """

    id: uuid.UUID
    title: str
    treated: str
    design: dict[str, Any]
    region: str | None
    store: str | None
    state: StudyState
    verdict: str
    simulated: bool
    faults: list[str]
    registered_at: datetime
    due_at: datetime | None
    protocol: dict[str, Any]
    protocol_digest: str
    at: datetime | None
    answer: dict[str, Any] | None


class NewStudy(In):
    """`treated` is `participation`, `campaign:ID`, `event:ID`, `kit:ID` or `community:ID`; `design` what differs from the default."""

    title: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=PLAIN)
    ]
    treated: Annotated[str, StringConstraints(min_length=1, max_length=160, pattern=PLAIN)] = "participation"
    design: dict[str, Any] = Field(default_factory=dict)
    region: uuid.UUID | None = None
    store: uuid.UUID | None = None


def _study(found: Any) -> Study:
    return Study(
        id=found.public_id,
        title=found.title,
        treated=found.treated,
        design=found.design,
        region=found.region.code if found.region else None,
        store=found.store.code if found.store else None,
        state=StudyState(found.state),
        verdict=found.verdict,
        simulated=found.simulated,
        faults=found.faults,
        registered_at=found.registered_at,
        due_at=found.due_at,
        protocol=found.protocol,
        protocol_digest=found.protocol_digest,
        at=found.at,
        answer=found.answer,
    )


@router.get("/studies", url_name="studies", operation_id="studies.list", response=StudyPage)
def list_studies(request: Asked, limit: Limit = 50, cursor: Cursor | None = None) -> StudyPage:
    """The studies one may read, newest first."""
    page = queries.studies(request.viewer, limit=limit, cursor=cursor)
    items = [StudyLine(id=s.public_id, **{n: getattr(s, n) for n in NAMES}) for s in page.items]
    return StudyPage(items=items, cursor=page.cursor)


@router.post("/studies", url_name="studies", operation_id="studies.plan", response={201: Study})
@write(201)
def plan_study(request: Asked, body: NewStudy) -> Study:
    """Write a question down before anybody looks; the worker answers it."""
    viewer = request.viewer
    study = actions.plan_study(
        viewer=viewer,
        title=body.title,
        treated=body.treated,
        design=body.design,
        region=stores.access_region(viewer, body.region) if body.region else None,
        store=stores.access_store(viewer, body.store) if body.store else None,
    )
    return _study(study)


@router.get("/studies/{uuid:study_id}", url_name="study", operation_id="studies.read", response=Study)
def read_study(request: Asked, study_id: uuid.UUID) -> Study:
    """One study with its answer."""
    return _study(queries.access_study(request.viewer, study_id))
