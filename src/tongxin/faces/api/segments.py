"""`/segments`: rules that mean people; counted, kept under a name, used as the audience `segment` of message plans."""

import uuid
from datetime import datetime
from typing import Annotated, Any

from ninja import Router
from pydantic import ConfigDict, StringConstraints

from tongxin.faces.api.shapes import PLAIN, Done, In, Out
from tongxin.faces.api.writing import write
from tongxin.faces.asking import Asked
from tongxin.measure import actions, queries
from tongxin.stores import queries as stores

router = Router(tags=["segments"])
RuleText = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
EXAMPLE = "天数(91) >= 4 且 到场(91) >= 1 且 圈层 = 中环"


class RuleIn(In):
    """A rule, in Chinese or English words; windows are 7, 28, 56, 91, 182 or 365 days."""

    rule: RuleText

    model_config = ConfigDict(json_schema_extra={"example": {"rule": EXAMPLE}})


class Counted(Out):
    """How many a rule means of all that may be looked at, by ring and by the largest stores; as of when, from which sheet."""

    said_zh: str
    said_en: str
    total: int
    of: int
    by_ring: dict[str, int]
    as_of: datetime
    fingerprint: str


class SegmentOut(Out):
    """A segment by its newest wording; `people` is how many it meant when that was saved."""

    id: uuid.UUID
    name: str
    said: str
    people: int
    version: int
    by: str
    at: datetime


class SegmentList(Out):
    items: list[SegmentOut]


class NewSegment(In):
    """`segment` names the one that gets a new wording; `store` keeps a new one to the people at home there."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=80, pattern=PLAIN)]
    rule: RuleText
    segment: uuid.UUID | None = None
    store: uuid.UUID | None = None

    model_config = ConfigDict(json_schema_extra={"example": {"name": "常来的", "rule": EXAMPLE}})


def _line(one: Any) -> SegmentOut:
    return SegmentOut(
        id=one.public_id,
        name=one.name,
        said=one.said,
        people=one.people,
        version=one.number,
        by=one.by,
        at=one.at,
    )


@router.get("/segments", url_name="segments", operation_id="segments.list", response=SegmentList)
def list_segments(request: Asked) -> SegmentList:
    """The segments in reach, by name."""
    return SegmentList(items=[_line(one) for one in queries.segments(request.viewer)])


@router.post(
    "/segments/preview", url_name="segments.preview", operation_id="segments.preview", response=Counted
)
@write()
def preview(request: Asked, body: RuleIn) -> Counted:
    """Count what a rule means; nothing is kept."""
    found = queries.preview_segment(request.viewer, body.rule)
    return Counted(**{name: getattr(found, name) for name in Counted.model_fields})


@router.post("/segments", url_name="segments", operation_id="segments.save", response={201: SegmentOut})
@write(201)
def save(request: Asked, body: NewSegment) -> SegmentOut:
    """Keep a rule under a name, or a new wording of a segment."""
    viewer = request.viewer
    made = actions.save_segment(
        viewer=viewer,
        name=body.name,
        rule=body.rule,
        segment=body.segment,
        store=stores.access_store(viewer, body.store) if body.store else None,
    )
    return next(_line(one) for one in queries.segments(viewer) if one.public_id == made.public_id)


@router.delete(
    "/segments/{uuid:segment_id}", url_name="segment", operation_id="segments.archive", response=Done
)
@write()
def archive(request: Asked, segment_id: uuid.UUID) -> Done:
    """Put a segment away; plans that aim at it reach nobody any more."""
    actions.archive_segment(viewer=request.viewer, segment=segment_id)
    return Done()
