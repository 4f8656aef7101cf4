"""`/sequences`: what newcomers, people long not seen and groups are told day by day."""

import uuid
from datetime import datetime, time
from enum import StrEnum
from typing import Annotated, Any, Literal

from ninja import Router
from pydantic import Field, StringConstraints

from tongxin.faces.api.shapes import PLAIN, Cursor, In, Limit, Moment, Out
from tongxin.faces.api.writing import write
from tongxin.faces.asking import Asked
from tongxin.outreach import actions, queries
from tongxin.outreach.terms import MessageClass
from tongxin.outreach.terms_plans import GroupMood, SequenceKind, SequenceState, Target
from tongxin.stores import queries as stores

router = Router(tags=["messages"])

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=600, pattern=PLAIN)]
Short = Annotated[str, StringConstraints(strip_whitespace=True, max_length=80, pattern=PLAIN)]
Key = Annotated[str, StringConstraints(max_length=120, pattern=r"^[A-Za-z0-9:_.-]*$")]


class SequenceStepIn(In):
    """One step: which day after the entry, what time on the store's wall; `arm` A or B, or empty for both."""

    day: Annotated[int, Field(strict=True, ge=0, le=366)]
    at: time
    text: Words
    title: Short = ""
    arm: Literal["", "A", "B"] = ""
    mood: GroupMood = GroupMood.ANY


class NewSequence(In):
    """A group's routine is for groups (`kind` group_sop), everything else for people. `held_permille` are told nothing."""

    kind: SequenceKind
    title: Short
    message_class: MessageClass
    channel: Annotated[str, StringConstraints(max_length=24, pattern=r"^[a-z_-]+$")]
    audience: Annotated[str, StringConstraints(max_length=32, pattern=r"^[a-z_]+$")]
    audience_key: Key
    stay_key: Key = ""
    steps: Annotated[list[SequenceStepIn], Field(min_length=1, max_length=30)]
    until: Moment
    store: uuid.UUID | None = None
    arms: Annotated[int, Field(strict=True, ge=1, le=2)] = 1
    held_permille: Annotated[int, Field(strict=True, ge=0, le=500)] = 0


class SequenceOut(Out):
    """A sequence in a list."""

    id: uuid.UUID
    kind: SequenceKind
    title: str
    target: Target
    state: SequenceState
    message_class: MessageClass
    store_name: str
    steps: int
    inside: int
    until: datetime


class SequencePage(Out):
    items: list[SequenceOut]
    cursor: str | None


class SequenceStepOut(Out):
    """A step, and how many sends or groups' tasks are in which state."""

    day: int
    at: str
    arm: str
    mood: str
    title: str
    text: str
    states: dict[str, int]


class SequenceDetail(Out):
    """One sequence. `seed` decides who is in which arm: whoever knows it can recompute it."""

    id: uuid.UUID
    kind: SequenceKind
    title: str
    target: Target
    state: SequenceState
    reason: str
    seed: str
    held_permille: int
    arms: dict[str, int]
    steps: list[SequenceStepOut]


class SequenceMade(Out):
    id: uuid.UUID
    state: SequenceState


@router.get("/sequences", url_name="sequences", operation_id="sequences.list", response=SequencePage)
def list_sequences(request: Asked, limit: Limit = 50, cursor: Cursor | None = None) -> SequencePage:
    """The sequences in reach, newest first."""
    page = queries.sequences_for(request.viewer, limit=limit, cursor=cursor)
    names = [name for name in SequenceOut.model_fields if name != "id"]
    items: list[Any] = [
        SequenceOut(id=one.public_id, **{name: getattr(one, name) for name in names}) for one in page.items
    ]
    return SequencePage(items=items, cursor=page.cursor)


@router.post("/sequences", url_name="sequences", operation_id="sequences.plan", response={201: SequenceMade})
@write(201)
def plan_sequence(request: Asked, body: NewSequence) -> SequenceMade:
    """A draft; nobody is told anything before it is started."""
    store = None if body.store is None else stores.access_store(request.viewer, body.store)
    made = actions.plan_sequence(
        viewer=request.viewer,
        store=store,
        steps=[actions.StepIn(**one.model_dump()) for one in body.steps],
        **body.model_dump(exclude={"store", "steps"}),
    )
    return SequenceMade(id=made.public_id, state=SequenceState(made.state))


@router.get(
    "/sequences/{uuid:sequence_id}",
    url_name="sequence",
    operation_id="sequences.read",
    response=SequenceDetail,
)
def read_sequence(request: Asked, sequence_id: uuid.UUID) -> SequenceDetail:
    """One sequence with its steps and arms."""
    row = queries.access_sequence(request.viewer, sequence_id)
    return SequenceDetail(
        id=row.public_id,
        kind=SequenceKind(row.kind),
        title=row.title,
        target=Target(row.target),
        state=SequenceState(row.state),
        reason=row.reason,
        seed=row.seed,
        held_permille=row.held_permille,
        arms={str(one.arm): one.many for one in queries.arms_in(request.viewer, sequence_id)},
        steps=[
            SequenceStepOut(
                day=one.day,
                at=one.at,
                arm=one.arm,
                mood=one.mood,
                title=one.title,
                text=one.text,
                states={str(state): n for state, n in one.states.items()},
            )
            for one in queries.steps_of(request.viewer, sequence_id)
        ],
    )


class Turn(StrEnum):
    """What can be done to a sequence."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    END = "end"


class SequenceMove(In):
    move: Turn
    reason: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=PLAIN)] = ""


@router.post(
    "/sequences/{uuid:sequence_id}/move",
    url_name="sequence.move",
    operation_id="sequences.move",
    response=SequenceMade,
)
@write()
def move_sequence(request: Asked, sequence_id: uuid.UUID, body: SequenceMove) -> SequenceMade:
    """Start, pause, resume or end it."""
    viewer = request.viewer
    if body.move is Turn.START:
        actions.start_sequence(viewer=viewer, public_id=sequence_id)
    elif body.move is Turn.PAUSE:
        actions.pause_sequence(viewer=viewer, public_id=sequence_id, reason=body.reason)
    elif body.move is Turn.RESUME:
        actions.resume_sequence(viewer=viewer, public_id=sequence_id)
    else:
        actions.end_sequence(viewer=viewer, public_id=sequence_id, reason=body.reason)
    row = queries.access_sequence(viewer, sequence_id)
    return SequenceMade(id=row.public_id, state=SequenceState(row.state))
