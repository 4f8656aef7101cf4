"""The way into a community and out of it: joining, the rules, members. Applications are beside."""

import uuid
from datetime import datetime
from typing import Annotated, Any

from ninja import Router
from pydantic import ConfigDict, Field, StringConstraints

from tongxin.communities import actions, queries
from tongxin.communities.queries.keeping import MemberRow
from tongxin.communities.queries.member import CommunityPage
from tongxin.communities.terms import Scene
from tongxin.faces.api.shapes import PLAIN, Cursor, Done, In, Limit, Moment, Out, Reason
from tongxin.faces.api.writing import write
from tongxin.faces.asking import Asked

router = Router(tags=["communities"])

Key = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=PLAIN)]
Answer = Annotated[str, StringConstraints(strip_whitespace=True, max_length=300, pattern=PLAIN)]
Answers = Annotated[dict[Key, Answer], Field(max_length=8)]


class AskOut(Out):
    """One question. `kind` is text, choice or tick (answered with "yes")."""

    name: str
    kind: str
    zh: str
    en: str
    choices: list[str]
    required: bool


class StepOut(Out):
    """One step of the way in. `standing` is done, yours (the applicant's turn), ours (the community's) or no."""

    gate: str
    zh: str
    en: str
    standing: str
    why_zh: str
    why_en: str
    asks: list[AskOut]


class MyWay(Out):
    """Where one stands: `membership` null is outside, `must_accept` the version of the rules to read and accept (0 for none)."""

    community: uuid.UUID
    membership: uuid.UUID | None
    paused: bool
    must_accept: int
    application: uuid.UUID | None
    state: str | None
    steps: list[StepOut]
    reason: str


def steps_of(cards: Any) -> list[StepOut]:
    """The steps of a way in, as both sides read them."""
    return [
        StepOut(
            gate=one.gate,
            zh=one.label[0],
            en=one.label[1],
            standing=str(one.standing),
            why_zh=one.why[0],
            why_en=one.why[1],
            asks=[
                AskOut(
                    name=a.name,
                    kind=a.kind,
                    zh=a.label[0],
                    en=a.label[1],
                    choices=list(a.choices),
                    required=a.required,
                )
                for a in one.asks
            ],
        )
        for one in cards
    ]


def _way(page: CommunityPage) -> MyWay:
    mine = page.mine
    return MyWay(
        community=page.id,
        membership=mine.membership,
        paused=mine.paused,
        must_accept=mine.must_accept,
        application=mine.application,
        state=None if mine.application_state is None else str(mine.application_state),
        steps=steps_of(mine.steps),
        reason=mine.reason,
    )


class JoinBody(In):
    """`answers` by gate may come at once or later; `invitation` is a code that somebody gave."""

    answers: Annotated[dict[Key, Answers], Field(max_length=6)] = {}
    invitation: uuid.UUID | None = None
    scene: Scene = Scene.PAGE
    channel: Annotated[str, StringConstraints(strip_whitespace=True, max_length=40, pattern=PLAIN)] = ""

    model_config = ConfigDict(
        json_schema_extra={"example": {"answers": {"application": {"months": "7–12 个月"}}}}
    )


@router.post(
    "/communities/{uuid:community_id}/join",
    url_name="community.join",
    operation_id="communities.join",
    response=MyWay,
)
@write()
def join(request: Asked, community_id: uuid.UUID, body: JoinBody) -> MyWay:
    """Begin the way in, or go on with it. Who has passed every gate and accepted the rules is a member."""
    actions.apply(viewer=request.viewer, community_id=community_id, **body.model_dump())
    return _way(queries.community_page(request.viewer, community_id))


class AcceptBody(In):
    """The version that was read, and when it was shown."""

    number: Annotated[int, Field(strict=True, ge=1, le=10_000)]
    shown_at: Moment

    model_config = ConfigDict(
        json_schema_extra={"example": {"number": 2, "shown_at": "2026-03-05T12:00:00+08:00"}}
    )


@router.post(
    "/communities/{uuid:community_id}/accept",
    url_name="community.accept",
    operation_id="communities.accept_rules",
    response=MyWay,
)
@write()
def accept(request: Asked, community_id: uuid.UUID, body: AcceptBody) -> MyWay:
    """Say yes to the newest rules, after having been shown them."""
    actions.accept_rules(
        viewer=request.viewer,
        community_id=community_id,
        number=body.number,
        shown_at=body.shown_at,
        channel="api",
    )
    return _way(queries.community_page(request.viewer, community_id))


@router.post(
    "/communities/{uuid:community_id}/leave",
    url_name="community.leave",
    operation_id="communities.leave",
    response=Done,
)
@write()
def leave(request: Asked, community_id: uuid.UUID) -> Done:
    """Go, without a reason asked. Coming back is a new period."""
    actions.leave(viewer=request.viewer, community_id=community_id)
    return Done()


class HelloBody(In):
    """A sentence about oneself; interests are those of the community."""

    hello: Annotated[str, StringConstraints(strip_whitespace=True, max_length=120, pattern=PLAIN)]
    interests: Annotated[list[Key], Field(max_length=8)] = []

    model_config = ConfigDict(
        json_schema_extra={"example": {"hello": "豆豆 10 个月，爱吃南瓜。", "interests": ["辅食"]}}
    )


@router.post(
    "/communities/{uuid:community_id}/hello",
    url_name="community.hello",
    operation_id="communities.say_hello",
    response=Done,
)
@write()
def say_hello(request: Asked, community_id: uuid.UUID, body: HelloBody) -> Done:
    """Introduce oneself to the others; an empty sentence takes it back."""
    actions.say_hello(
        viewer=request.viewer, community_id=community_id, hello=body.hello, interests=body.interests
    )
    return Done()


class InvitationBody(In):
    """For how many people; a member's own code brings in three at most."""

    most: Annotated[int, Field(strict=True, ge=1, le=500)] = 1

    model_config = ConfigDict(json_schema_extra={"example": {"most": 1}})


class InvitationOut(Out):
    """The code is the id."""

    id: uuid.UUID
    most: int
    expires_at: datetime


@router.post(
    "/communities/{uuid:community_id}/invitations",
    url_name="community.invitations",
    operation_id="communities.invite",
    response={201: InvitationOut},
)
@write(201)
def invite(request: Asked, community_id: uuid.UUID, body: InvitationBody) -> InvitationOut:
    """A code that brings others in: by staff, or by a member who may."""
    made = actions.invite(viewer=request.viewer, community_id=community_id, most=body.most)
    return InvitationOut(id=made.public_id, most=made.most, expires_at=made.expires_at)


class MemberOut(Out):
    """A member of a community. `person` is the id under `/members`; `tenure` is newcomer, veteran or null."""

    id: uuid.UUID
    person: uuid.UUID
    name: str
    store_name: str
    joined_at: datetime
    scene: str
    tenure: str | None
    parts: list[str]
    paused: bool


class MemberOutPage(Out):
    items: list[MemberOut]
    cursor: str | None


def _member(one: MemberRow) -> MemberOut:
    return MemberOut(
        id=one.id,
        person=one.person,
        name=one.name,
        store_name=one.store_name,
        joined_at=one.joined_at,
        scene=one.scene,
        tenure=None if one.tenure is None else str(one.tenure),
        parts=[str(part) for part in one.parts],
        paused=one.paused,
    )


@router.get(
    "/communities/{uuid:community_id}/members",
    url_name="community.members",
    operation_id="communities.members",
    response=MemberOutPage,
)
def read_members(
    request: Asked, community_id: uuid.UUID, limit: Limit = 50, cursor: Cursor | None = None
) -> MemberOutPage:
    """Who is in, newest first."""
    page = queries.members_of(request.viewer, community_id, limit=limit, cursor=cursor)
    return MemberOutPage(items=[_member(one) for one in page.items], cursor=page.cursor)


class RemovalBody(In):
    """Why, in words that the member reads, and for how many days they cannot come back."""

    reason: Reason
    rests_days: Annotated[int, Field(strict=True, ge=0, le=365)] = 0

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "连续三次发广告", "rests_days": 30}})


@router.post(
    "/community-members/{uuid:membership_id}/remove",
    url_name="community_member.remove",
    operation_id="communities.remove_member",
    response=Done,
)
@write()
def remove(request: Asked, membership_id: uuid.UUID, body: RemovalBody) -> Done:
    """Ask a member to leave."""
    actions.remove(
        viewer=request.viewer,
        membership_id=membership_id,
        reason=body.reason,
        rests_days=body.rests_days,
    )
    return Done()
