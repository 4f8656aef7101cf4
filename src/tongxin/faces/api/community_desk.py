"""`/communities/{id}/…`: gates, rules, containers, parts and days of a community, for who keeps it."""

import uuid
from datetime import date
from typing import Annotated, Any, Literal

from ninja import Router
from pydantic import ConfigDict, Field, StringConstraints

from tongxin.communities import actions, queries
from tongxin.communities.rules.waking import Quiet
from tongxin.communities.terms import ContainerKind, Part
from tongxin.faces.api.communities import CommunityOut, Line, Maybe, RulesOut, full, rules
from tongxin.faces.api.shapes import PLAIN, In, Moment, Out, Reason, Short, Yes
from tongxin.faces.api.writing import write
from tongxin.faces.asking import Asked

router = Router(tags=["communities"])


class RuleVersions(Out):
    items: list[RulesOut]


class CommunityDay(Out):
    """stock = before + joins − leaves + correction."""

    day: date
    before: int
    joins: int
    leaves: int
    stock: int
    correction: int
    active: int
    accepted: int
    stage: str | None


class CommunityDays(Out):
    items: list[CommunityDay]


class GateIn(In):
    """One gate with its settings: `application` takes `questions` and `decide`, `task` takes `zh`, `en` and maybe `deed` and `times`."""

    gate: Annotated[str, StringConstraints(min_length=1, max_length=16, pattern=r"^[a-z_]+$")]
    settings: dict[str, Any] = {}


class GatesIn(In):
    """All gates, in their order: each of them has to be passed. None lets in whoever accepts the rules."""

    gates: Annotated[list[GateIn], Field(max_length=6)]

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "gates": [
                    {
                        "gate": "application",
                        "settings": {"questions": [{"name": "why", "zh": "为什么想来"}]},
                    }
                ]
            }
        }
    )


@router.put(
    "/communities/{uuid:community_id}/gates",
    url_name="community.gates",
    operation_id="communities.set_gates",
    response=CommunityOut,
)
@write()
def set_gates(request: Asked, community_id: uuid.UUID, body: GatesIn) -> CommunityOut:
    """Say which gates must be passed."""
    actions.set_gates(
        viewer=request.viewer,
        community_id=community_id,
        gates=[(one.gate, one.settings) for one in body.gates],
    )
    return full(queries.community_card(request.viewer, community_id))


@router.get(
    "/communities/{uuid:community_id}/rules",
    url_name="community.rules",
    operation_id="communities.rules",
    response=RuleVersions,
)
def read_rules(request: Asked, community_id: uuid.UUID) -> RuleVersions:
    """Every version of the rules, newest first."""
    return RuleVersions(items=[rules(one) for one in queries.rules_of(request.viewer, community_id)])


class NewRules(In):
    """A mandatory version pauses, from `takes_effect_at` (now, if null), whoever has not accepted it."""

    lines: Annotated[list[Line], Field(min_length=1, max_length=20)]
    mandatory: Yes = True
    takes_effect_at: Moment | None = None
    note: Maybe = ""

    model_config = ConfigDict(json_schema_extra={"example": {"lines": ["只聊喂养，不发广告。"]}})


@router.post(
    "/communities/{uuid:community_id}/rules",
    url_name="community.rules",
    operation_id="communities.publish_rules",
    response={201: RulesOut},
)
@write(201)
def publish_rules(request: Asked, community_id: uuid.UUID, body: NewRules) -> RulesOut:
    """A new version; members are told."""
    actions.publish_rules(viewer=request.viewer, community_id=community_id, **body.model_dump())
    return rules(queries.rules_of(request.viewer, community_id)[0])


class NewContainer(In):
    kind: ContainerKind
    name: Short
    external_id: Maybe = ""

    model_config = ConfigDict(json_schema_extra={"example": {"kind": "wecom", "name": "微信群 · 古墩路店"}})


class ContainerOut(Out):
    """Where people meet."""

    id: uuid.UUID
    kind: str
    name: str


@router.post(
    "/communities/{uuid:community_id}/containers",
    url_name="community.containers",
    operation_id="communities.add_container",
    response={201: ContainerOut},
)
@write(201)
def add_container(request: Asked, community_id: uuid.UUID, body: NewContainer) -> ContainerOut:
    """Connect a group, a page or a room."""
    made = actions.add_container(viewer=request.viewer, community_id=community_id, **body.model_dump())
    return ContainerOut(id=made.public_id, kind=made.kind, name=made.name)


class NewPart(In):
    """A part until a day: of a `member` (the id of a membership) or of `staff`, under the name `shown_as`."""

    part: Literal["soul", "host", "expert", "moderator"]
    until: Moment
    member: uuid.UUID | None = None
    staff: uuid.UUID | None = None
    shown_as: Annotated[str, StringConstraints(strip_whitespace=True, max_length=40, pattern=PLAIN)] = ""
    specialty: Annotated[str, StringConstraints(strip_whitespace=True, max_length=40, pattern=PLAIN)] = ""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "part": "expert",
                "staff": "6b7b5a0e-6a36-4a9e-9d6e-0b9b3f1c2d11",
                "shown_as": "周医师",
                "specialty": "营养师",
                "until": "2026-09-01T00:00:00+08:00",
            }
        }
    )


@router.post(
    "/communities/{uuid:community_id}/parts",
    url_name="community.parts",
    operation_id="communities.give_part",
    response={201: CommunityOut},
)
@write(201)
def give_part(request: Asked, community_id: uuid.UUID, body: NewPart) -> CommunityOut:
    """Somebody serves until a day."""
    actions.give_part(
        viewer=request.viewer,
        community_id=community_id,
        part=Part(body.part),
        until=body.until,
        membership=body.member,
        staff=body.staff,
        shown_as=body.shown_as,
        specialty=body.specialty,
    )
    return full(queries.community_card(request.viewer, community_id))


class HostChange(In):
    """To whom of the staff, until when, and why."""

    to: uuid.UUID
    until: Moment
    reason: Reason

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "to": "6b7b5a0e-6a36-4a9e-9d6e-0b9b3f1c2d11",
                "until": "2027-03-01T00:00:00+08:00",
                "reason": "小满调去滨江店",
            }
        }
    )


@router.post(
    "/communities/{uuid:community_id}/host",
    url_name="community.host",
    operation_id="communities.hand_over",
    response=CommunityOut,
)
@write()
def hand_over(request: Asked, community_id: uuid.UUID, body: HostChange) -> CommunityOut:
    """The host's part goes to a colleague: one host before, one host after."""
    actions.hand_over(
        viewer=request.viewer, community_id=community_id, to=body.to, until=body.until, reason=body.reason
    )
    return full(queries.community_card(request.viewer, community_id))


@router.get(
    "/communities/{uuid:community_id}/days",
    url_name="community.days",
    operation_id="communities.days",
    response=CommunityDays,
)
def read_days(request: Asked, community_id: uuid.UUID) -> CommunityDays:
    """The daily counts of the last quarter, oldest first."""
    rows = queries.days_of(request.viewer, community_id)
    same = [name for name in CommunityDay.model_fields if name != "stage"]
    return CommunityDays(
        items=[
            CommunityDay(
                stage=None if one.stage is None else str(one.stage),
                **{name: getattr(one, name) for name in same},
            )
            for one in rows
        ]
    )


# ---- the quiet, and the instruments


class QuietMember(Out):
    """Somebody who has become quiet by their own rhythm, and words one could write."""

    person: uuid.UUID
    name: str
    state: Literal["at_risk", "dormant"]
    days: int
    usual_days: float
    copy_zh: str
    copy_en: str


class QuietMembers(Out):
    """`members` have a rhythm, `once` were seen but once; who only reads counts as being there."""

    items: list[QuietMember]
    members: int
    once: int


@router.get(
    "/communities/{uuid:community_id}/quiet",
    url_name="community.quiet",
    operation_id="communities.quiet",
    response=QuietMembers,
)
def read_quiet(request: Asked, community_id: uuid.UUID) -> QuietMembers:
    """The at-risk and the dormant, with wake-up copy; nobody who switched personalisation off."""
    found = queries.dormant_members(request.viewer, community_id)
    return QuietMembers(
        items=[
            QuietMember(
                person=one.person,
                name=one.name,
                state=one.state.value,
                days=one.days,
                usual_days=one.usual,
                copy_zh=one.copy.zh,
                copy_en=one.copy.en,
            )
            for one in (*found.at_risk, *found.dormant)
        ],
        members=found.members,
        once=found.once,
    )


class WakingPlan(In):
    """A draft for the quiet; `held_permille` of them are left alone so that its effect can be told."""

    state: Literal["at_risk", "dormant"]
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=150)]
    held_permille: Annotated[int, Field(strict=True, ge=50, le=500)] = 200

    model_config = ConfigDict(
        json_schema_extra={"example": {"state": "dormant", "text": "一直给你留着位子，想来随时来。"}}
    )


class WakingDraft(Out):
    message: uuid.UUID


@router.post(
    "/communities/{uuid:community_id}/quiet",
    url_name="community.quiet",
    operation_id="communities.wake",
    response={201: WakingDraft},
)
@write(201)
def wake(request: Asked, community_id: uuid.UUID, body: WakingPlan) -> WakingDraft:
    """Draft a message plan for the quiet, with a holdout; approving and sending are the plan's own steps."""
    made = actions.plan_waking(
        viewer=request.viewer,
        community_id=community_id,
        state=Quiet(body.state),
        text=body.text,
        share_permille=body.held_permille,
    )
    return WakingDraft(message=made.public_id)


class IndexOut(Out):
    """One index among its peers, 0–100; null with its reasons where the evidence is not enough."""

    index: str
    value: float | None
    low: float | None
    high: float | None
    reasons_zh: list[str]
    reasons_en: list[str]


class WakingReturn(Out):
    message: uuid.UUID
    effect: float | None
    low: float | None
    high: float | None


class InstrumentsOut(Out):
    """What the desk of a community shows: indices as kept on a day, how it hangs together, how few carry it, is the job solved."""

    day: date | None
    version: str
    fingerprint: str
    indices: list[IndexOut]
    largest_part: float | None
    three_ties: float | None
    top_tenth: float | None
    solved: float | None
    solved_low: float | None
    solved_high: float | None
    solved_answers: int
    waking: list[WakingReturn]


@router.get(
    "/communities/{uuid:community_id}/instruments",
    url_name="community.instruments",
    operation_id="communities.instruments",
    response=InstrumentsOut,
)
def read_instruments(request: Asked, community_id: uuid.UUID) -> InstrumentsOut:
    """The instruments of one community."""
    found = queries.instruments(request.viewer, community_id)
    card, web, proof = found.indices, found.web, found.proof
    return InstrumentsOut(
        day=card.day if card else None,
        version=card.version if card else "",
        fingerprint=card.fingerprint if card else "",
        indices=[
            IndexOut(
                index=one.code,
                value=one.now.value,
                low=one.now.low,
                high=one.now.high,
                reasons_zh=[why[0] for why in one.reasons],
                reasons_en=[why[1] for why in one.reasons],
            )
            for one in (card.indices if card else ())
        ],
        largest_part=web.largest if web else None,
        three_ties=web.held if web else None,
        top_tenth=found.carried.top_share if found.carried else None,
        solved=proof.share if proof else None,
        solved_low=proof.low if proof else None,
        solved_high=proof.high if proof else None,
        solved_answers=proof.answers if proof else 0,
        waking=[
            WakingReturn(
                message=one.message,
                effect=one.effect.difference if one.effect else None,
                low=one.effect.low if one.effect else None,
                high=one.effect.high if one.effect else None,
            )
            for one in found.plans
        ],
    )
