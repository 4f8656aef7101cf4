"""The way into a community and out of it: joining, applications, the rules, members."""

import uuid
from datetime import datetime
from typing import Annotated, Any

from ninja import Router
from pydantic import ConfigDict, Field, StringConstraints

from tongxin.communities import actions, queries
from tongxin.communities.queries.keeping import Applicant, MemberRow
from tongxin.communities.queries.member import CommunityPage
from tongxin.communities.terms import Scene
from tongxin.faces.api.shapes import PLAIN, Cursor, Done, In, Limit, Moment, Out, Reason, Yes
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


def _steps(cards: Any) -> list[StepOut]:
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
        steps=_steps(mine.steps),
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
        steps=_steps(one.steps),
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
