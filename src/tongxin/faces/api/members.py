"""`/members`: the people of the stores one works for."""

import uuid
from datetime import datetime
from typing import Annotated, Any

from ninja import Router
from pydantic import Field, StringConstraints

from tongxin.faces import till
from tongxin.faces.api import persons
from tongxin.faces.api.persons import Notice
from tongxin.faces.api.shapes import PLAIN, Cursor, In, Limit, Out, Reason, Yes
from tongxin.faces.api.writing import write
from tongxin.faces.asking import Asked
from tongxin.foundation.access import Verb
from tongxin.outreach.queries import life
from tongxin.people import actions, queries
from tongxin.people.terms import CustomerKind, MergeReason, Purpose
from tongxin.rings import queries as rings
from tongxin.stores import queries as stores

router = Router(tags=["members"])

Text = Annotated[str, StringConstraints(max_length=80, pattern=PLAIN)]


class MemberLine(Out):
    """One row of the list."""

    id: uuid.UUID
    name: str
    phone_hint: str
    member_code: str
    kind: CustomerKind
    home_store: str
    registered_at: datetime | None
    is_staff: bool
    simulated: bool


class MemberPage(Out):
    items: list[MemberLine]
    cursor: str | None


@router.get("/members", url_name="members", operation_id="members.list", response=MemberPage)
def list_members(  # noqa: PLR0917 - ninja reads the query's names from here
    request: Asked,
    text: Text = "",
    store: uuid.UUID | None = None,
    kind: CustomerKind | None = None,
    limit: Limit = 50,
    cursor: Cursor | None = None,
) -> MemberPage:
    """The people in reach, newest first; `text` finds a nickname, its pinyin, the last four digits or the whole of a phone, a code."""
    viewer = request.viewer
    page = queries.search_customers(
        viewer,
        text,
        store=stores.access_store(viewer, store) if store else None,
        kind=kind,
        limit=limit,
        cursor=cursor,
    )
    return MemberPage(items=[_line(one) for one in page.items], cursor=page.cursor)


def _line(one: Any) -> MemberLine:
    return MemberLine(
        id=one.public_id,
        name=one.name,
        phone_hint=one.phone_hint,
        member_code=one.member_code,
        kind=one.kind,
        home_store=one.home_store_code,
        registered_at=one.registered_at,
        is_staff=one.is_staff,
        simulated=one.simulated,
    )


class Code(In):
    """What the issuer of a card calls the member."""

    source: Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=PLAIN)]
    code: Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=PLAIN)]


class NewMember(In):
    """Consents are written one by one under `notice_version`."""

    nickname: Text
    home_store: uuid.UUID
    phone: Annotated[str, StringConstraints(max_length=24, pattern=r"^[0-9+() -]*$")] | None = None
    member_code: Code | None = None
    gender: Annotated[str, StringConstraints(max_length=8, pattern=r"^[a-z]*$")] = ""
    birth_year: Annotated[int, Field(ge=1900, le=2200)] | None = None
    source_channel: Annotated[str, StringConstraints(max_length=40, pattern=PLAIN)] = ""
    consents: dict[Purpose, Yes] = Field(default_factory=dict)
    notice_version: Notice | None = None


@router.post("/members", url_name="members", operation_id="members.create", response={201: persons.Person})
@write(201)
def create_member(request: Asked, body: NewMember) -> persons.Person:
    """Register a member of a store in reach."""
    viewer = request.viewer
    made = actions.register_member(
        viewer=viewer,
        phone=body.phone,
        nickname=body.nickname,
        home_store=stores.access_store(viewer, body.home_store),
        member_code=(body.member_code.source, body.member_code.code) if body.member_code else None,
        gender=body.gender,
        birth_year=body.birth_year,
        source_channel=body.source_channel,
        consents=body.consents,
        notice_version=body.notice_version or "",
        channel="api",
    )
    return persons.Person(**persons.person(queries.person_card(viewer, made.public_id)))


@router.get(
    "/members/{uuid:member_id}", url_name="member", operation_id="members.read", response=persons.Person
)
def read_member(request: Asked, member_id: uuid.UUID) -> persons.Person:
    """One person in reach, as much of them as one may see."""
    return persons.Person(**persons.person(queries.person_card(request.viewer, member_id)))


@router.get(
    "/members/{uuid:member_id}/timeline",
    url_name="member.timeline",
    operation_id="members.timeline",
    response=persons.Timeline,
)
def read_timeline(
    request: Asked, member_id: uuid.UUID, limit: Limit = 50, cursor: Cursor | None = None
) -> persons.Timeline:
    """Events, group and till in one list, newest first."""
    viewer = request.viewer
    bought, others = till.rows(viewer, member_id), life.lines_of(viewer, member_id)
    found = queries.timeline(viewer, member_id, limit=limit, cursor=cursor, till_rows=bought, others=others)
    return persons.timeline(found)


class RingView(Out):
    """Where somebody stands and why: every line with its bar and its evidence, the nearest missing step, the history."""

    customer: str
    on: str
    ring: str
    ring_said: str
    since: str
    cause: str
    by: str
    policy_version: int
    held: Any
    gates: Any
    nearest: dict[str, Any] | None
    pending: str | None
    candidate: bool
    low_runs: int
    commitment: int
    said: str
    override: dict[str, Any] | None
    invitation: str | None
    history: list[dict[str, Any]]
    digest: str


@router.get(
    "/members/{uuid:member_id}/ring", url_name="member.ring", operation_id="members.ring", response=RingView
)
def read_ring(request: Asked, member_id: uuid.UUID) -> RingView:
    """Why a person in reach stands where they stand."""
    return RingView(**rings.explain(request.viewer, member_id).as_json())


@router.put(
    "/members/{uuid:member_id}/consents/{purpose}",
    url_name="member.consent",
    operation_id="members.consent",
    response=persons.Given,
)
@write()
def answer_for(request: Asked, member_id: uuid.UUID, purpose: Purpose, body: persons.Answer) -> persons.Given:
    """Write down what a member said. Not a yes within 90 days of a no."""
    viewer = request.viewer
    row = actions.set_consent(
        viewer=viewer,
        customer=queries.access_customer(viewer, member_id, Verb.CHANGE),
        purpose=purpose,
        granted=body.granted,
        notice_version=body.notice_version,
        channel=body.channel,
    )
    return persons.given(row)


class Merging(In):
    """`source` is put behind the member of the address."""

    source: uuid.UUID
    reason: MergeReason
    note: Annotated[str, StringConstraints(max_length=200, pattern=PLAIN)] = ""


class Merge(Out):
    id: uuid.UUID
    source: uuid.UUID
    target: uuid.UUID
    reason: MergeReason
    at: datetime
    undone_at: datetime | None


def _merge(link: Any) -> Merge:
    return Merge(
        id=link.public_id,
        source=link.source.public_id,
        target=link.target.public_id,
        reason=MergeReason(link.reason),
        at=link.at,
        undone_at=link.undone_at,
    )


@router.post(
    "/members/{uuid:member_id}/merge",
    url_name="member.merge",
    operation_id="members.merge",
    response={201: Merge},
)
@write(201)
def merge(request: Asked, member_id: uuid.UUID, body: Merging) -> Merge:
    """Two entries are one person. Can be undone."""
    viewer = request.viewer
    link = actions.merge(
        viewer=viewer,
        source=queries.access_customer(viewer, body.source, Verb.DECIDE),
        target=queries.access_customer(viewer, member_id, Verb.DECIDE),
        reason=body.reason,
        note=body.note,
    )
    return _merge(link)


class Unmerging(In):
    merge: uuid.UUID


@router.post(
    "/members/{uuid:member_id}/unmerge",
    url_name="member.unmerge",
    operation_id="members.unmerge",
    response=Merge,
)
@write()
def unmerge(request: Asked, member_id: uuid.UUID, body: Unmerging) -> Merge:
    """Take a link of this member off: both are as they were."""
    viewer = request.viewer
    queries.access_customer(viewer, member_id, Verb.DECIDE)
    return _merge(actions.unmerge(viewer=viewer, merge_id=body.merge))


@router.post(
    "/members/{uuid:member_id}/export",
    url_name="member.export",
    operation_id="members.export",
    response=persons.Portrait,
)
@write()
def export(request: Asked, member_id: uuid.UUID) -> persons.Portrait:
    """Everything we hold about a person, to be handed to them. Written in the trail."""
    viewer = request.viewer
    return persons.Portrait(
        data=actions.export(viewer=viewer, customer=queries.access_customer(viewer, member_id, Verb.EXPORT))
    )


class Why(In):
    reason: Reason


@router.post(
    "/members/{uuid:member_id}/erase",
    url_name="member.erase",
    operation_id="members.erase",
    response=persons.Erased,
)
@write()
def erase(request: Asked, member_id: uuid.UUID, body: Why) -> persons.Erased:
    """Forget a person for good; the book keeps an opaque number."""
    viewer = request.viewer
    found = queries.access_customer(viewer, member_id, Verb.ERASE)
    return persons.Erased(erased=actions.erase(viewer=viewer, customer=found, reason=body.reason))
