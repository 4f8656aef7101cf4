"""`/communities`: what a community is, its rules, gates, containers and parts, and its days."""

import uuid
from datetime import datetime
from typing import Annotated, Any

from django.http import HttpResponse
from ninja import Router
from pydantic import ConfigDict, Field, StringConstraints

from tongxin.communities import actions, queries
from tongxin.communities.actions import CommunityIn
from tongxin.communities.queries.member import CommunityPage
from tongxin.communities.queries.staff import Full
from tongxin.communities.queries.words import PartCard, RulesCard
from tongxin.faces.api.shapes import PLAIN, In, Out, Reason
from tongxin.faces.api.writing import matched, write
from tongxin.faces.asking import Asked
from tongxin.faces.offers import offer_after_formats, offers_of
from tongxin.foundation.errors import Refused
from tongxin.stores import queries as stores

router = Router(tags=["communities"])

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=PLAIN)]
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40, pattern=PLAIN)]
Maybe = Annotated[str, StringConstraints(strip_whitespace=True, max_length=120, pattern=PLAIN)]
Words = Annotated[list[Word], Field(max_length=12)]
FormatCode = Annotated[str, StringConstraints(min_length=1, max_length=24, pattern=r"^[a-z_]+$")]


class CommunityShort(Out):
    """A community in a list. The counts are null to members."""

    id: uuid.UUID
    name: str
    slogan: str
    store_name: str
    state: str
    stage: str | None
    members: int | None
    joins: int | None
    leaves: int | None
    waiting: int | None
    mine: bool


class CommunityList(Out):
    items: list[CommunityShort]


class RulesOut(Out):
    """One version of the rules of the house, one rule a line."""

    number: int
    lines: list[str]
    mandatory: bool
    note: str
    takes_effect_at: datetime
    published_at: datetime


class GateOut(Out):
    """One gate. `settings` is null to members: what is asked comes with their own steps."""

    code: str
    zh: str
    en: str
    hint_zh: str
    hint_en: str
    settings: dict[str, Any] | None


class PartOut(Out):
    """Somebody in a part, under the name they serve by."""

    id: uuid.UUID
    part: str
    zh: str
    en: str
    name: str
    specialty: str
    member: bool
    until: datetime


class CommunityOut(Out):
    """A community: the job to be done, what its people share, gates, rules, parts. `version` is what `If-Match` takes (staff)."""

    id: uuid.UUID
    name: str
    slogan: str
    store: uuid.UUID | None
    state: str
    stage: str | None
    warnings: list[str]
    purpose: dict[str, str]
    shared: dict[str, list[str]]
    rituals: list[dict[str, str]]
    members: int
    active: int | None
    gates: list[GateOut]
    rules: RulesOut | None
    parts: list[PartOut]
    missing_parts: list[str]
    version: int | None


def rules(card: RulesCard) -> RulesOut:
    """A version as it goes over the wire."""
    return RulesOut(
        number=card.number,
        lines=list(card.lines),
        mandatory=card.mandatory,
        note=card.note,
        takes_effect_at=card.takes_effect_at,
        published_at=card.published_at,
    )


def _gates(cards: Any, *, settings: bool) -> list[GateOut]:
    return [
        GateOut(
            code=one.code,
            zh=one.label[0],
            en=one.label[1],
            hint_zh=one.hint[0],
            hint_en=one.hint[1],
            settings=one.settings if settings else None,
        )
        for one in cards
    ]


def _parts(cards: tuple[PartCard, ...]) -> list[PartOut]:
    return [
        PartOut(
            id=one.id,
            part=str(one.part),
            zh=one.label[0],
            en=one.label[1],
            name=one.name,
            specialty=one.specialty,
            member=one.member,
            until=one.until,
        )
        for one in cards
    ]


def full(card: Full) -> CommunityOut:
    """All of a community, for staff."""
    return CommunityOut(
        id=card.id,
        name=card.name,
        slogan=card.slogan,
        store=card.store,
        state=str(card.state),
        stage=str(card.stage),
        warnings=[str(one) for one in card.warnings],
        purpose=card.purpose,
        shared=card.shared,
        rituals=list(card.rituals),
        members=card.members,
        active=card.active,
        gates=_gates(card.gates, settings=True),
        rules=rules(card.rules[0]) if card.rules else None,
        parts=_parts(card.parts),
        missing_parts=[str(one) for one in card.mix.missing],
        version=card.version,
    )


def _seen(card: CommunityPage) -> CommunityOut:
    return CommunityOut(
        id=card.id,
        name=card.name,
        slogan=card.slogan,
        store=card.store,
        state=str(card.state),
        stage=None,
        warnings=[],
        purpose=card.purpose,
        shared=card.shared,
        rituals=list(card.rituals),
        members=card.members,
        active=None,
        gates=_gates(card.gates, settings=False),
        rules=rules(card.rules) if card.rules else None,
        parts=_parts(card.parts),
        missing_parts=[],
        version=None,
    )


@router.get("/communities", url_name="communities", operation_id="communities.list", response=CommunityList)
def list_communities(request: Asked, event: uuid.UUID | None = None) -> CommunityList:
    """Staff: those in reach, with counts. Members: those that are open. With `event` those that want to be met after that event."""
    if event is not None:
        return CommunityList(items=[_short(one) for one in offers_of(request.viewer, event)])
    if request.viewer.person is None:
        rows = queries.communities_for(request.viewer)
        return CommunityList(
            items=[
                CommunityShort(
                    id=one.id,
                    name=one.name,
                    slogan=one.slogan,
                    store_name=one.store_name,
                    state=str(one.state),
                    stage=str(one.stage),
                    members=one.members,
                    joins=one.joins,
                    leaves=one.leaves,
                    waiting=one.waiting,
                    mine=False,
                )
                for one in rows
            ]
        )
    return CommunityList(items=[_short(one) for one in queries.open_communities(request.viewer)])


def _short(one: Any) -> CommunityShort:
    return CommunityShort(
        id=one.id,
        name=one.name,
        slogan=one.slogan,
        store_name=one.store_name,
        state="open",
        stage=None,
        members=None,
        joins=None,
        leaves=None,
        waiting=None,
        mine=one.member,
    )


@router.get(
    "/me/communities", url_name="me.communities", operation_id="me.communities", response=CommunityList
)
def my_communities(request: Asked) -> CommunityList:
    """Those one is in or on the way into."""
    return CommunityList(items=[_short(one) for one in queries.my_communities(request.viewer)])


class PurposeIn(In):
    """The value proposition as a job to be done."""

    who: Maybe = ""
    when: Maybe = ""
    wants: Maybe = ""
    so_that: Maybe = ""
    proof: Maybe = ""


class RitualIn(In):
    name: Word
    when: Maybe = ""
    words: Maybe = ""


class CommunityBody(In):
    """What a community says of itself. `after_formats` are the formats of events whose pages offer it; null leaves them as they are."""

    name: Word
    slogan: Annotated[str, StringConstraints(strip_whitespace=True, max_length=60, pattern=PLAIN)] = ""
    kind: Annotated[str, StringConstraints(max_length=24, pattern=r"^[a-z_]*$")] = ""
    purpose: PurposeIn = PurposeIn()
    values: Words = []
    goals: Words = []
    needs: Words = []
    interests: Words = []
    rituals: Annotated[list[RitualIn], Field(max_length=7)] = []
    after_formats: Annotated[list[FormatCode], Field(max_length=12)] | None = None


class NewCommunity(CommunityBody):
    """`store` null is the whole brand, which only headquarters founds."""

    store: uuid.UUID | None = None

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "store": "6b7b5a0e-6a36-4a9e-9d6e-0b9b3f1c2d11",
                "name": "新手妈妈辅食群",
                "purpose": {
                    "who": "0–2 岁宝宝的家庭",
                    "when": "开始添加辅食的时候",
                    "wants": "轻松、科学地解决辅食喂养难题",
                    "so_that": "宝宝吃得好，大人不焦虑",
                    "proof": "每周一问：这周的辅食难题解决了吗",
                },
            }
        }
    )


def _in(body: CommunityBody) -> CommunityIn:
    return CommunityIn(
        name=body.name,
        slogan=body.slogan,
        kind=body.kind,
        purpose=body.purpose.model_dump(),
        values=body.values,
        goals=body.goals,
        needs=body.needs,
        interests=body.interests,
        rituals=[one.model_dump() for one in body.rituals],
    )


def _offer(request: Asked, community_id: uuid.UUID, body: CommunityBody) -> None:
    if body.after_formats is not None:
        offer_after_formats(request.viewer, community_id, body.after_formats)


@router.post(
    "/communities", url_name="communities", operation_id="communities.found", response={201: CommunityOut}
)
@write(201)
def found_community(request: Asked, body: NewCommunity) -> CommunityOut:
    """Begin a community as a draft."""
    shop = None if body.store is None else stores.access_store(request.viewer, body.store)
    made = actions.found(viewer=request.viewer, community=_in(body), store=shop)
    _offer(request, made.public_id, body)
    return full(queries.community_card(request.viewer, made.public_id))


@router.get(
    "/communities/{uuid:community_id}",
    url_name="community",
    operation_id="communities.read",
    response=CommunityOut,
)
def read_community(request: Asked, community_id: uuid.UUID, response: HttpResponse) -> CommunityOut:
    """What one may know of a community: staff in reach all of it, everybody else what its page shows."""
    try:
        card = full(queries.community_card(request.viewer, community_id))
    except Refused:
        return _seen(queries.community_page(request.viewer, community_id))
    response["ETag"] = f'"{card.version}"'
    return card


@router.put(
    "/communities/{uuid:community_id}",
    url_name="community",
    operation_id="communities.change",
    response=CommunityOut,
)
@write(matching=True)
def change_community(request: Asked, community_id: uuid.UUID, body: CommunityBody) -> CommunityOut:
    """Say it anew, whole. `If-Match` names the version that was read."""
    actions.change(
        viewer=request.viewer, community_id=community_id, version=matched(request), community=_in(body)
    )
    _offer(request, community_id, body)
    return full(queries.community_card(request.viewer, community_id))


@router.post(
    "/communities/{uuid:community_id}/open",
    url_name="community.open",
    operation_id="communities.open",
    response=CommunityOut,
)
@write()
def open_community(request: Asked, community_id: uuid.UUID) -> CommunityOut:
    """People can see and join it from now on."""
    actions.open_up(viewer=request.viewer, community_id=community_id)
    return full(queries.community_card(request.viewer, community_id))


class ClosingWords(In):
    """What members read."""

    reason: Reason

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "宝宝们都长大了，去亲子阅读群见。"}})


@router.post(
    "/communities/{uuid:community_id}/close",
    url_name="community.close",
    operation_id="communities.close",
    response=CommunityOut,
)
@write()
def close_community(request: Asked, community_id: uuid.UUID, body: ClosingWords) -> CommunityOut:
    """End it: every membership ends, everybody is told why."""
    actions.close(viewer=request.viewer, community_id=community_id, reason=body.reason)
    return full(queries.community_card(request.viewer, community_id))
