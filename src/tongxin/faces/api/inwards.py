"""The way inwards: one's own path and answers, offers by named people, thanks with their cost and effect, flows of the rings."""

import uuid
from datetime import datetime
from typing import Annotated, Any

from ninja import Router
from pydantic import ConfigDict, Field, StringConstraints

from tongxin.faces.api.shapes import PLAIN, In, Out, Yes
from tongxin.faces.api.writing import write
from tongxin.faces.asking import Asked
from tongxin.foundation.errors import Refused
from tongxin.rings import actions, queries
from tongxin.rings.terms import Ring, ThanksKind, ThanksState

router = Router(tags=["rings"])
Sentence = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200, pattern=PLAIN)
]
Fen = Annotated[int, Field(strict=True, ge=0, le=20_000)]


class Deed(Out):
    """A row of one's own book behind a line; `mine` false: a neighbour answered, who is not said."""

    said: str
    at: datetime
    mine: bool


class PathLine(Out):
    said: str
    value: float
    bar: float
    met: bool
    rows: list[Deed]


class Path(Out):
    """One's own way in friendly words. `personal` false: personalisation is off, and nothing here speaks of what one did."""

    personal: bool
    place: str
    next_place: str
    step: str
    steps: list[str]
    lines: list[PathLine]
    invitation: uuid.UUID | None
    invitation_state: str
    invitation_reason: str
    seat: bool


@router.get("/me/path", url_name="me.path", operation_id="me.path", response=Path)
def read_path(request: Asked) -> Path:
    """Where one is with us, a good next step, and the evidence for both."""
    viewer = request.viewer
    mine, tongue = queries.my_path(viewer), int(viewer.language == "en")
    return Path(
        personal=mine.personal,
        place=mine.place[tongue],
        next_place=mine.next_place[tongue],
        step=mine.step[tongue],
        steps=[one[tongue] for one in mine.steps],
        lines=[
            PathLine(
                said=line.said[tongue],
                value=line.value,
                bar=line.bar,
                met=line.met,
                rows=[Deed(said=row.said[tongue], at=row.at, mine=row.mine) for row in line.rows],
            )
            for line in mine.footing
        ],
        invitation=mine.invitation,
        invitation_state=mine.invitation_state,
        invitation_reason=mine.invitation_reason,
        seat=mine.seat,
    )


class RingAnswer(In):
    """Yes or no to the open invitation; `seat` also takes the adviser's seat that is offered with it."""

    accept: Yes
    seat: Yes = False

    model_config = ConfigDict(json_schema_extra={"example": {"accept": True, "seat": True}})


class RingOffer(Out):
    """An invitation: a named person's word with its reason, and how far it has come."""

    id: uuid.UUID
    state: str
    invited_by: str
    reason: str
    seat: bool
    seat_taken: bool | None
    expires_at: datetime


def _offer(found: Any) -> RingOffer:
    return RingOffer(
        id=found.public_id,
        state=str(found.state),
        invited_by=found.invited_by,
        reason=found.reason,
        seat=found.seat,
        seat_taken=found.seat_taken,
        expires_at=found.expires_at,
    )


@router.post(
    "/me/invitation", url_name="me.invitation", operation_id="me.answer_invitation", response=RingOffer
)
@write()
def answer_invitation(request: Asked, body: RingAnswer) -> RingOffer:
    """Say yes or no; a yes counts at once where the conditions still hold and a seat is free."""
    viewer = request.viewer
    open_one = queries.my_invitation(viewer)
    if open_one is None:
        raise Refused("absent")
    if body.accept:
        return _offer(actions.accept(viewer=viewer, invitation=open_one.public_id, seat=body.seat))
    return _offer(actions.decline(viewer=viewer, invitation=open_one.public_id))


class WhyOffer(In):
    """Why this member is invited; she reads it. `seat` offers a seat among the advisers with it."""

    reason: Sentence
    seat: Yes = False

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "常帮新邻居解答", "seat": True}})


@router.post(
    "/members/{uuid:member_id}/ring-invitation",
    url_name="member.ring_invitation",
    operation_id="members.invite_inwards",
    response={201: RingOffer},
)
@write(201)
def offer(request: Asked, member_id: uuid.UUID, body: WhyOffer) -> RingOffer:
    """A named person's word for somebody whom the rule proposes."""
    return _offer(
        actions.invite(viewer=request.viewer, customer=member_id, reason=body.reason, seat=body.seat)
    )


class Candidate(Out):
    """Somebody whom the rule proposes or whom a named person has invited; `state` is empty for the proposed."""

    member: uuid.UUID
    store: str
    since: datetime
    invitation: uuid.UUID | None
    state: str


class Candidates(Out):
    items: list[Candidate]


@router.get(
    "/rings/candidates", url_name="rings.candidates", operation_id="rings.candidates", response=Candidates
)
def list_candidates(request: Asked) -> Candidates:
    """Who is proposed for the inner ring, and whose invitations are open, in reach."""
    viewer = request.viewer
    return Candidates(
        items=[
            Candidate(
                member=one.customer,
                store=one.store or "",
                since=one.at,
                invitation=one.invitation,
                state=str(one.state),
            )
            for one in (*queries.candidates(viewer), *queries.invitations(viewer))
        ]
    )


class RingMonth(Out):
    """One month: who stood where at its end; moves from ring to ring, those who came, those who are gone."""

    ends: datetime
    stood: dict[str, int]
    moves: list[tuple[str, str, int]]
    came: dict[str, int]
    left: dict[str, int]


class RingMonths(Out):
    items: list[RingMonth]


@router.get("/rings/flows", url_name="rings.flows", operation_id="rings.flows", response=RingMonths)
def read_flows(request: Asked, months: Annotated[int, Field(ge=1, le=24)] = 6) -> RingMonths:
    """The rings month by month, for the people in reach."""
    return RingMonths(
        items=[
            RingMonth(
                ends=flow.ends,
                stood={str(ring): n for ring, n in flow.stood.items()},
                moves=[(str(a), str(b), n) for (a, b), n in sorted(flow.moves.items())],
                came={str(ring): n for ring, n in flow.came.items()},
                left={str(ring): n for ring, n in flow.left.items()},
            )
            for flow in queries.month_flows(request.viewer, months=months)
        ]
    )


# ---- thanks


class ThanksOut(Out):
    id: uuid.UUID
    kind: ThanksKind
    state: ThanksState
    words: str
    at: datetime


class NewThanks(In):
    """`praise` waits for the member's yes; a `gift` names its cost and the envelope that pays it."""

    kind: ThanksKind
    words: Sentence
    cost_fen: Fen = 0
    envelope: uuid.UUID | None = None

    model_config = ConfigDict(
        json_schema_extra={"example": {"kind": "praise", "words": "帮新邻居答了一晚上"}}
    )


def _thanks(found: Any) -> ThanksOut:
    return ThanksOut(
        id=found.public_id,
        kind=ThanksKind(found.kind),
        state=ThanksState(found.state),
        words=found.words,
        at=found.at,
    )


@router.post(
    "/members/{uuid:member_id}/thanks",
    url_name="member.thanks",
    operation_id="members.thank",
    response={201: ThanksOut},
)
@write(201)
def thank(request: Asked, member_id: uuid.UUID, body: NewThanks) -> ThanksOut:
    """Thank somebody."""
    return _thanks(
        actions.thank(
            viewer=request.viewer,
            customer=member_id,
            kind=body.kind,
            words=body.words,
            envelope=body.envelope,
            cost_fen=body.cost_fen,
        )
    )


class PraiseAnswer(In):
    public: Yes


@router.put(
    "/me/thanks/{uuid:thanks_id}", url_name="me.thanks", operation_id="me.answer_thanks", response=ThanksOut
)
@write()
def answer_thanks(request: Asked, thanks_id: uuid.UUID, body: PraiseAnswer) -> ThanksOut:
    """Let others read the praise, or take it back: it is gone from every page with this answer."""
    return _thanks(actions.answer_thanks(viewer=request.viewer, thanks=thanks_id, yes=body.public))


class ProgrammeOut(Out):
    """A programme of thanks. The effect is a difference of shares that came back, with its 95 % interval; null until it can be said."""

    id: uuid.UUID
    title: str
    kind: ThanksKind
    ring: Ring
    given: int
    held: int
    spent_fen: int
    run_at: datetime | None
    effect: float | None
    low: float | None
    high: float | None
    per_return_fen: int | None


class ProgrammeList(Out):
    items: list[ProgrammeOut]


@router.get(
    "/rings/programmes", url_name="rings.programmes", operation_id="rings.programmes", response=ProgrammeList
)
def list_programmes(request: Asked) -> ProgrammeList:
    """Programmes of thanks in reach, with cost and effect."""
    return ProgrammeList(
        items=[
            ProgrammeOut(
                id=one.public_id,
                title=one.title,
                kind=one.kind,
                ring=one.ring,
                given=one.given,
                held=one.held,
                spent_fen=one.spent_fen,
                run_at=one.run_at,
                effect=one.effect.difference if one.effect else None,
                low=one.effect.low if one.effect else None,
                high=one.effect.high if one.effect else None,
                per_return_fen=one.effect.per_return_fen if one.effect else None,
            )
            for one in queries.programmes(request.viewer)
        ]
    )
