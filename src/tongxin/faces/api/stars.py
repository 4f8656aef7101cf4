"""`/stars`, `/me/star`: Community Stars, the works of a member and their licences; friends who were brought."""

import uuid
from datetime import date, datetime
from typing import Annotated, Literal

from ninja import Router
from pydantic import ConfigDict, StringConstraints

from tongxin.amplify import actions, queries
from tongxin.amplify.terms import NAME_MOST, WHY_MOST, WORDS_MOST, Scope, StarState, WorkKind
from tongxin.amplify.terms_referrals import CODE_LENGTH, Flag, Part, ReferralState, ThanksSide
from tongxin.faces.api.shapes import PLAIN, Cursor, Done, In, Limit, Moment, Out, Yes
from tongxin.faces.api.writing import write
from tongxin.faces.asking import Asked

router = Router(tags=["stars"])

StarWhy = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=WHY_MOST, pattern=PLAIN)
]
StarName = Annotated[str, StringConstraints(strip_whitespace=True, max_length=NAME_MOST, pattern=PLAIN)]
StarWords = Annotated[str, StringConstraints(strip_whitespace=True, max_length=WORDS_MOST, pattern=PLAIN)]
FriendReason = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200, pattern=PLAIN)
]
FriendCode = Annotated[str, StringConstraints(max_length=CODE_LENGTH, pattern=r"^[A-Za-z0-9]+$")]


class WorkOfStar(Out):
    """A work that may be shown to this reader now. `photo` is the id for `/star-works/{id}/file`."""

    id: uuid.UUID
    kind: WorkKind
    words: str
    photo: uuid.UUID | None


class StarOnWall(Out):
    """A Star as others see them."""

    id: uuid.UUID
    name: str
    why: str
    community: str
    shown_at: datetime
    works: list[WorkOfStar]


class StarWall(Out):
    items: list[StarOnWall]
    cursor: str | None


class MyWork(Out):
    """A work as its author sees it: the licence, how far out it is open now, what is in the way, where it is used."""

    id: uuid.UUID
    kind: WorkKind
    words: str
    photo: uuid.UUID | None
    scope: Scope | None
    until: datetime | None
    open: Scope | None
    why: str | None
    used_at: list[str]


class MyStarOut(Out):
    """One's own invitation or time as a Star."""

    id: uuid.UUID
    state: StarState
    why: str
    shown_as: str
    invited_at: datetime
    shown_at: datetime | None
    works: list[MyWork]


class MaybeStar(Out):
    """Null before one was ever asked."""

    star: MyStarOut | None


class StarRow(Out):
    """A Star for who runs it: works only with a live licence, of the rest the number."""

    id: uuid.UUID
    member: uuid.UUID
    name: str
    store: str
    why: str
    state: StarState
    invited_by: str
    invited_at: datetime
    answered_at: datetime | None
    shown_at: datetime | None
    from_review: bool
    works: list[WorkOfStar]
    unlicensed: int


class StarRows(Out):
    items: list[StarRow]
    cursor: str | None


def _works(found: tuple[queries.WorkCard, ...]) -> list[WorkOfStar]:
    return [WorkOfStar(id=one.id, kind=one.kind, words=one.words, photo=one.photo) for one in found]


def _row(one: queries.StarLine) -> StarRow:
    same = {name: getattr(one, name) for name in StarRow.model_fields if name != "works"}
    return StarRow(works=_works(one.works), **same)


def _mine(request: Asked) -> MaybeStar:
    found = queries.my_star(request.viewer)
    if found is None:
        return MaybeStar(star=None)
    works = [
        MyWork(
            used_at=list(one.used_at), **{n: getattr(one, n) for n in MyWork.model_fields if n != "used_at"}
        )
        for one in found.works
    ]
    same = {name: getattr(found, name) for name in MyStarOut.model_fields if name != "works"}
    return MaybeStar(star=MyStarOut(works=works, **same))


@router.get("/stars", url_name="stars", operation_id="stars.wall", response=StarWall)
def star_wall(request: Asked, limit: Limit = 20, cursor: Cursor | None = None) -> StarWall:
    """Who is shown now; of each only works that may be shown to this reader at this moment."""
    page = queries.wall(request.viewer, limit=limit, cursor=cursor)
    return StarWall(
        items=[
            StarOnWall(
                id=one.id,
                name=one.name,
                why=one.why,
                community=one.community,
                shown_at=one.shown_at,
                works=_works(one.works),
            )
            for one in page.items
        ],
        cursor=page.cursor,
    )


@router.get("/star-list", url_name="stars.all", operation_id="stars.list", response=StarRows)
def star_list(request: Asked, limit: Limit = 50, cursor: Cursor | None = None) -> StarRows:
    """All Stars of the stores in reach, also those who were only asked."""
    page = queries.star_list(request.viewer, limit=limit, cursor=cursor)
    return StarRows(items=[_row(one) for one in page.items], cursor=page.cursor)


class StarInvitation(In):
    """Whom to ask and why; the member reads it."""

    member: uuid.UUID
    why: StarWhy

    model_config = ConfigDict(
        json_schema_extra={"example": {"member": "00000000-0000-4000-8000-000000000000", "why": "常帮新妈妈"}}
    )


@router.post("/star-list", url_name="stars.all", operation_id="stars.invite", response={201: StarRow})
@write(201)
def invite_star(request: Asked, body: StarInvitation) -> StarRow:
    """Ask a member to be a Community Star."""
    made = actions.invite_star(viewer=request.viewer, customer=body.member, why=body.why)
    return _row(queries.star_line(request.viewer, made.public_id))


class StarMove(In):
    """`show`: somebody has looked at what is licensed; `end`: off the wall."""

    do: Literal["show", "end"]

    model_config = ConfigDict(json_schema_extra={"example": {"do": "show"}})


@router.put("/stars/{uuid:star_id}", url_name="star", operation_id="stars.decide", response=StarRow)
@write()
def decide_star(request: Asked, star_id: uuid.UUID, body: StarMove) -> StarRow:
    """Show a Star who said yes, or end it."""
    if body.do == "show":
        actions.show_star(viewer=request.viewer, star_id=star_id)
    else:
        actions.end_star(viewer=request.viewer, star_id=star_id)
    return _row(queries.star_line(request.viewer, star_id))


@router.get("/me/star", url_name="me.star", operation_id="me.star", response=MaybeStar)
def my_star(request: Asked) -> MaybeStar:
    """One's own invitation, works and licences."""
    return _mine(request)


class StarAnswer(In):
    """`accept` with the name to be shown under, `decline`, or `end`."""

    do: Literal["accept", "decline", "end"]
    shown_as: StarName = ""

    model_config = ConfigDict(json_schema_extra={"example": {"do": "accept", "shown_as": "小林"}})


@router.put("/me/star", url_name="me.star", operation_id="me.star.answer", response=MaybeStar)
@write()
def answer_star(request: Asked, body: StarAnswer) -> MaybeStar:
    """Answer the invitation, or end it; nothing is shown by a yes alone."""
    if body.do == "accept":
        actions.accept_star(viewer=request.viewer, shown_as=body.shown_as)
    elif body.do == "decline":
        actions.decline_star(viewer=request.viewer)
    else:
        actions.end_star(viewer=request.viewer)
    return _mine(request)


class NewWork(In):
    """One of the three: a post of one's own, a photo of one, or words."""

    post: uuid.UUID | None = None
    photo: uuid.UUID | None = None
    words: StarWords = ""

    model_config = ConfigDict(json_schema_extra={"example": {"words": "一口一口来"}})


@router.post(
    "/me/star/works", url_name="me.star.works", operation_id="me.star.works.add", response={201: MaybeStar}
)
@write(201)
def add_work(request: Asked, body: NewWork) -> MaybeStar:
    """Give something to be shown; nobody sees it before it is licensed."""
    actions.add_work(viewer=request.viewer, post=body.post, photo=body.photo, words=body.words)
    return _mine(request)


@router.delete(
    "/star-works/{uuid:work_id}", url_name="star_work", operation_id="star_works.remove", response=Done
)
@write()
def remove_work(request: Asked, work_id: uuid.UUID) -> Done:
    """Take a work of one's own away."""
    actions.remove_work(viewer=request.viewer, work_id=work_id)
    return Done()


class LicenceIn(In):
    """How far out and until when. For a photo it is also the yes to it, for oneself and as guardian of the children seen."""

    scope: Scope
    until: Moment

    model_config = ConfigDict(
        json_schema_extra={"example": {"scope": "community", "until": "2027-01-01T00:00:00+08:00"}}
    )


@router.put(
    "/star-works/{uuid:work_id}/licence",
    url_name="star_work.licence",
    operation_id="star_works.license",
    response=MaybeStar,
)
@write()
def license_work(request: Asked, work_id: uuid.UUID, body: LicenceIn) -> MaybeStar:
    """The author's yes for one work."""
    actions.license_work(
        viewer=request.viewer, work_id=work_id, scope=body.scope, until=body.until, channel="api"
    )
    return _mine(request)


@router.delete(
    "/star-works/{uuid:work_id}/licence",
    url_name="star_work.licence",
    operation_id="star_works.withdraw",
    response=MaybeStar,
)
@write()
def withdraw_licence(request: Asked, work_id: uuid.UUID) -> MaybeStar:
    """The author takes it back; it holds with the next reading."""
    actions.withdraw_licence(viewer=request.viewer, work_id=work_id, channel="api")
    return _mine(request)


class FriendOut(Out):
    name: str
    state: ReferralState
    named_at: datetime


class FriendThanks(Out):
    """A line of the ledger, in whole fen; below zero it was taken back."""

    part: Part
    kind: ThanksSide
    fen: int
    at: datetime


class MyFriendsOut(Out):
    """Who came by one's code and what it was worth; `balance_fen` is the sum of the ledger."""

    code: str
    friends: list[FriendOut]
    thanks: list[FriendThanks]
    balance_fen: int
    brought_by: str


def _friends(request: Asked) -> MyFriendsOut:
    found = queries.my_friends(request.viewer)
    return MyFriendsOut(
        code=found.code,
        friends=[FriendOut(name=one.name, state=one.state, named_at=one.named_at) for one in found.friends],
        thanks=[FriendThanks(part=one.part, kind=one.kind, fen=one.fen, at=one.at) for one in found.thanks],
        balance_fen=found.balance_fen,
        brought_by=found.brought_by,
    )


@router.get("/me/friends", url_name="me.friends", operation_id="me.friends", response=MyFriendsOut)
def my_friends(request: Asked) -> MyFriendsOut:
    """One's own code, friends and thanks."""
    return _friends(request)


class FriendIn(In):
    """With `code`: who brought one. Without: one's own code is made."""

    code: FriendCode | None = None

    model_config = ConfigDict(json_schema_extra={"example": {"code": None}})


@router.post("/me/friends", url_name="me.friends", operation_id="me.friends.name", response=MyFriendsOut)
@write()
def name_friend(request: Asked, body: FriendIn) -> MyFriendsOut:
    """Get one's code, or say who brought one."""
    if body.code is None:
        actions.my_code(viewer=request.viewer)
    else:
        actions.name_friend(viewer=request.viewer, code=body.code)
    return _friends(request)


class ReferralRow(Out):
    """A friend who was brought, for who decides; `flags` are why somebody should look."""

    id: uuid.UUID
    referrer: uuid.UUID | None
    referrer_name: str
    invitee_name: str
    store: str
    state: ReferralState
    flags: list[Flag]
    named_at: datetime
    bought_on: date | None
    due_on: date | None
    fen: int
    reason: str


class ReferralRows(Out):
    items: list[ReferralRow]
    cursor: str | None


def _referral(one: queries.ReferralLine) -> ReferralRow:
    same = {name: getattr(one, name) for name in ReferralRow.model_fields if name != "flags"}
    return ReferralRow(flags=list(one.flags), **same)


@router.get("/referrals", url_name="referrals", operation_id="referrals.list", response=ReferralRows)
def list_referrals(
    request: Asked, state: ReferralState | None = None, limit: Limit = 50, cursor: Cursor | None = None
) -> ReferralRows:
    """Friends brought to the stores in reach, newest first."""
    page = queries.referrals(request.viewer, state=state, limit=limit, cursor=cursor)
    return ReferralRows(items=[_referral(one) for one in page.items], cursor=page.cursor)


class ReferralVerdict(In):
    """Whether a held friend counts, and what was found."""

    counts: Yes
    reason: FriendReason

    model_config = ConfigDict(json_schema_extra={"example": {"counts": False, "reason": "同一个人的两个号"}})


@router.put(
    "/referrals/{uuid:referral_id}",
    url_name="referral",
    operation_id="referrals.decide",
    response=ReferralRow,
)
@write()
def decide_referral(request: Asked, referral_id: uuid.UUID, body: ReferralVerdict) -> ReferralRow:
    """Somebody has looked at a held friend."""
    actions.decide_friend(
        viewer=request.viewer, referral_id=referral_id, counts=body.counts, reason=body.reason
    )
    return _referral(queries.referral_line(request.viewer, referral_id))
