"""`/rituals`: what members offer to host in a store, and what the champion answers."""

import uuid
from datetime import datetime
from typing import Annotated, Any

from ninja import Router
from pydantic import ConfigDict, Field, StringConstraints

from tongxin.events import actions
from tongxin.events.queries import rituals as queries
from tongxin.faces.api.shapes import PLAIN, Cursor, In, Limit, Moment, Out, Short
from tongxin.faces.api.writing import write
from tongxin.faces.asking import Asked

router = Router(tags=["rituals"])

Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000, pattern=PLAIN)]
AnswerWords = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=PLAIN)]


class Proposal(Out):
    """A ritual that a member offers to host. `approved` is null until somebody answers; then `event` is the draft."""

    id: uuid.UUID
    store: uuid.UUID
    format: str
    title: str
    words: str
    wished_at: datetime
    minutes: int
    places: int
    made_at: datetime
    answered_at: datetime | None
    approved: bool | None
    answer: str
    event: uuid.UUID | None


class ProposalPage(Out):
    items: list[Proposal]
    cursor: str | None


class MyProposals(Out):
    items: list[Proposal]


class NewProposal(In):
    """`format` is one that members host (tea, swap)."""

    store: uuid.UUID
    format: Annotated[str, StringConstraints(min_length=1, max_length=24, pattern=r"^[a-z_]+$")]
    title: Short
    wished_at: Moment
    minutes: Annotated[int, Field(strict=True, ge=15, le=480)]
    places: Annotated[int, Field(strict=True, ge=1, le=100)]
    words: Text = ""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "store": "6b7b5a0e-6a36-4a9e-9d6e-0b9b3f1c2d11",
                "format": "tea",
                "title": "周三晨茶",
                "wished_at": "2026-03-18T08:30:00+08:00",
                "minutes": 60,
                "places": 12,
                "words": "带一本正在看的书来",
            }
        }
    )


def _proposal(found: Any) -> Proposal:
    same = [name for name in Proposal.model_fields if name not in {"id", "store", "event"}]
    return Proposal(
        id=found.public_id,
        store=found.store.public_id,
        event=found.occurrence.public_id if found.occurrence else None,
        **{name: getattr(found, name) for name in same},
    )


@router.get("/rituals", url_name="rituals", operation_id="rituals.list", response=ProposalPage)
def list_proposals(request: Asked, limit: Limit = 50, cursor: Cursor | None = None) -> ProposalPage:
    """What waits for an answer in the stores in reach, oldest first."""
    page = queries.proposals_to_answer(request.viewer, limit=limit, cursor=cursor)
    return ProposalPage(items=[_proposal(one) for one in page.items], cursor=page.cursor)


@router.post("/rituals", url_name="rituals", operation_id="rituals.propose", response={201: Proposal})
@write(201)
def propose(request: Asked, body: NewProposal) -> Proposal:
    """Offer to host a ritual. One at a store waits for an answer at a time."""
    made = actions.propose_ritual(
        viewer=request.viewer,
        store=queries.store_to_host_in(request.viewer, body.store),
        proposal=actions.ProposalIn(**body.model_dump(exclude={"store"})),
    )
    return _proposal(queries.access_proposal(request.viewer, made.public_id))


@router.get("/me/rituals", url_name="me.rituals", operation_id="me.rituals", response=MyProposals)
def my_proposals(request: Asked) -> MyProposals:
    """One's own proposals with their answers, newest first."""
    return MyProposals(items=[_proposal(one) for one in queries.my_proposals(request.viewer)])


@router.get("/rituals/{uuid:proposal_id}", url_name="ritual", operation_id="rituals.read", response=Proposal)
def read_proposal(request: Asked, proposal_id: uuid.UUID) -> Proposal:
    """One's own proposal, or one to a store in reach."""
    return _proposal(queries.access_proposal(request.viewer, proposal_id))


class Agreed(In):
    """What is different from the wish; nothing takes it as it is."""

    starts_at: Moment | None = None
    places: Annotated[int, Field(strict=True, ge=1, le=100)] | None = None
    place: Annotated[str, StringConstraints(strip_whitespace=True, max_length=120, pattern=PLAIN)] = ""
    online_url: Annotated[str, StringConstraints(max_length=200, pattern=r"^(https://[^\s<>\"']+)?$")] = ""
    resources: Annotated[list[uuid.UUID], Field(max_length=12)] = []
    answer: AnswerWords = ""

    model_config = ConfigDict(
        json_schema_extra={"example": {"place": "二楼", "answer": "好呀，茶叶我们备。"}}
    )


@router.post(
    "/rituals/{uuid:proposal_id}/approve",
    url_name="ritual.approve",
    operation_id="rituals.approve",
    response=Proposal,
)
@write()
def approve_proposal(request: Asked, proposal_id: uuid.UUID, body: Agreed) -> Proposal:
    """Yes: a draft with the member as host, who is told. Doing it again answers the same draft."""
    given = body.model_dump(exclude={"resources"})
    actions.approve_ritual(
        viewer=request.viewer, proposal_id=proposal_id, resources=tuple(body.resources), **given
    )
    return _proposal(queries.access_proposal(request.viewer, proposal_id))


class NotNow(In):
    """The words that the member reads."""

    answer: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=PLAIN)
    ]

    model_config = ConfigDict(json_schema_extra={"example": {"answer": "那天店里盘点，下周三可以吗？"}})


@router.post(
    "/rituals/{uuid:proposal_id}/decline",
    url_name="ritual.decline",
    operation_id="rituals.decline",
    response=Proposal,
)
@write()
def decline_proposal(request: Asked, proposal_id: uuid.UUID, body: NotNow) -> Proposal:
    """No, with words for the member."""
    actions.decline_ritual(viewer=request.viewer, proposal_id=proposal_id, answer=body.answer)
    return _proposal(queries.access_proposal(request.viewer, proposal_id))
