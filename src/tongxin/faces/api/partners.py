"""`/partners` and `/sponsorships`: neighbours we do things with, and local events we support, with cost and outcome."""

import hashlib
import uuid
from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpResponse
from ninja import Router
from pydantic import ConfigDict, Field, StringConstraints

from tongxin.commerce import actions, queries
from tongxin.commerce.terms import Measure, PartnerKind, PartnerState, SponsorState
from tongxin.faces.api.shapes import PLAIN, Cursor, In, Limit, Out, Short
from tongxin.faces.api.writing import KEY, matched, write
from tongxin.faces.asking import Asked
from tongxin.stores import queries as stores

router = Router(tags=["partners"])

Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=PLAIN)]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=PLAIN)]
Number = Annotated[int, Field(strict=True, ge=0, le=1_000_000_000)]
Thing = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80, pattern=PLAIN)]


class Partner(Out):
    """A neighbour of a store. `contact` only for who works with partners there; `version` is what `If-Match` takes."""

    id: uuid.UUID
    store_code: str
    store_name: str
    kind: PartnerKind
    name: str
    brings: str
    contact: str
    state: PartnerState
    version: int
    since: date
    ended_on: date | None


class PartnerPage(Out):
    items: list[Partner]
    cursor: str | None


class NewPartner(In):
    """`contact` is kept sealed and goes when the partnership has ended."""

    store: uuid.UUID
    kind: PartnerKind
    name: Short
    brings: Line = ""
    contact: Line = ""
    state: PartnerState = PartnerState.TALKING

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "store": "6b7b5a0e-6a36-4a9e-9d6e-0b9b3f1c2d11",
                "kind": "school",
                "name": "梧桐路小学",
                "brings": "亲子家庭，周末课堂",
                "state": "talking",
            }
        }
    )


class PartnerEdit(In):
    """What is left out stays."""

    name: Short | None = None
    brings: Line | None = None
    contact: Line | None = None
    state: PartnerState | None = None

    model_config = ConfigDict(json_schema_extra={"example": {"state": "active"}})


def _of(form: type[Out], found: Any, **more: Any) -> Any:
    return form(**{name: getattr(found, name) for name in form.model_fields if name not in more}, **more)


def _key(request: Asked) -> str:
    """The key of a write for an action that is done once a key itself: of this sender, and short enough to keep."""
    sender = f"{request.viewer.account}:{request.viewer.device}:{request.headers[KEY]}"
    return hashlib.sha256(sender.encode()).hexdigest()


def _partner(found: Any) -> Partner:
    made: Partner = _of(Partner, found, id=found.public_id)
    return made


@router.get("/partners", url_name="partners", operation_id="partners.list", response=PartnerPage)
def list_partners(
    request: Asked,
    store: uuid.UUID | None = None,
    state: PartnerState | None = None,
    limit: Limit = 50,
    cursor: Cursor | None = None,
) -> PartnerPage:
    """The partners of the stores in reach, by name."""
    at = None if store is None else stores.access_store(request.viewer, store).pk
    page = queries.partners_for(request.viewer, store=at, state=state, limit=limit, cursor=cursor)
    return PartnerPage(items=[_partner(one) for one in page.items], cursor=page.cursor)


@router.post("/partners", url_name="partners", operation_id="partners.note", response={201: Partner})
@write(201)
def note_partner(request: Asked, body: NewPartner) -> Partner:
    """Write a partner down."""
    store = stores.access_store(request.viewer, body.store)
    made = actions.note_partner(viewer=request.viewer, store=store, **body.model_dump(exclude={"store"}))
    return _partner(queries.partner_card(request.viewer, made.public_id))


@router.get("/partners/{uuid:partner_id}", url_name="partner", operation_id="partners.read", response=Partner)
def read_partner(request: Asked, partner_id: uuid.UUID, response: HttpResponse) -> Partner:
    """One partner, with its ETag."""
    found = _partner(queries.partner_card(request.viewer, partner_id))
    response["ETag"] = f'"{found.version}"'
    return found


@router.patch(
    "/partners/{uuid:partner_id}", url_name="partner", operation_id="partners.change", response=Partner
)
@write(matching=True)
def change_partner(request: Asked, partner_id: uuid.UUID, body: PartnerEdit) -> Partner:
    """Bring it up to date. `If-Match` names the version that was read; another one is 412 with the present version."""
    actions.change_partner(
        viewer=request.viewer,
        partner_id=partner_id,
        version=matched(request),
        **body.model_dump(exclude_unset=True),
    )
    return _partner(queries.partner_card(request.viewer, partner_id))


# ---- sponsored local events


class Result(Out):
    """Hope, observation and cost apiece for one measure."""

    measure: Measure
    hoped: int | None
    observed: int | None
    fen_each: int | None


class OutcomeLine(Out):
    """One observation, and the thing of the book where it can be looked up."""

    id: int
    measure: Measure
    value: int
    subject: tuple[str, str]
    subject_title: str
    by: str
    at: datetime


class Sponsorship(Out):
    """A local event we support: what was set aside, what it cost, what was hoped and what came of it."""

    id: uuid.UUID
    store_code: str
    store_name: str
    partner: uuid.UUID | None
    partner_name: str
    title: str
    we_give: str
    starts_on: date
    ends_on: date
    state: SponsorState
    version: int
    committed_fen: int
    spent_fen: int
    results: list[Result]
    outcomes: list[OutcomeLine]


class SponsorshipPage(Out):
    items: list[Sponsorship]
    cursor: str | None


class NewSponsorship(In):
    """`we_hope` counts by measure; with `envelope` the cost is set aside there, and `ask` asks for approval when it is too little."""

    store: uuid.UUID
    title: Title
    starts_on: date
    ends_on: date
    partner: uuid.UUID | None = None
    we_give: Line = ""
    we_hope: dict[Measure, Number] = {}
    envelope: uuid.UUID | None = None
    cost_fen: Number = 0
    ask: Annotated[bool, Field(strict=True)] = False

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "store": "6b7b5a0e-6a36-4a9e-9d6e-0b9b3f1c2d11",
                "title": "梧桐路小学运动会",
                "starts_on": "2026-04-18",
                "ends_on": "2026-04-18",
                "we_give": "200 份果汁",
                "we_hope": {"visitors": 300, "first_visits": 20},
                "cost_fen": 60000,
            }
        }
    )


def _sponsorship(found: Any) -> Sponsorship:
    made: Sponsorship = _of(
        Sponsorship,
        found,
        id=found.public_id,
        results=[_of(Result, one) for one in found.results],
        outcomes=[_of(OutcomeLine, one) for one in found.outcomes],
    )
    return made


@router.get(
    "/sponsorships", url_name="sponsorships", operation_id="sponsorships.list", response=SponsorshipPage
)
def list_sponsorships(
    request: Asked, store: uuid.UUID | None = None, limit: Limit = 50, cursor: Cursor | None = None
) -> SponsorshipPage:
    """The sponsored events of the stores in reach, newest first, each with cost and outcome."""
    at = None if store is None else stores.access_store(request.viewer, store).pk
    page = queries.sponsored_for(request.viewer, store=at, limit=limit, cursor=cursor)
    return SponsorshipPage(items=[_sponsorship(one) for one in page.items], cursor=page.cursor)


@router.post(
    "/sponsorships", url_name="sponsorships", operation_id="sponsorships.plan", response={201: Sponsorship}
)
@write(201)
def plan_sponsorship(request: Asked, body: NewSponsorship) -> Sponsorship:
    """Plan to support a local event."""
    made = actions.plan_sponsorship(
        viewer=request.viewer,
        store=stores.access_store(request.viewer, body.store),
        partner_id=body.partner,
        envelope_id=body.envelope,
        we_hope={str(measure): hope for measure, hope in body.we_hope.items()},
        key=_key(request),
        **body.model_dump(exclude={"store", "partner", "envelope", "we_hope"}),
    )
    return _sponsorship(queries.sponsored_card(request.viewer, made.public_id))


@router.get(
    "/sponsorships/{uuid:sponsorship_id}",
    url_name="sponsorship",
    operation_id="sponsorships.read",
    response=Sponsorship,
)
def read_sponsorship(request: Asked, sponsorship_id: uuid.UUID) -> Sponsorship:
    """One sponsored event."""
    return _sponsorship(queries.sponsored_card(request.viewer, sponsorship_id))


class Became(In):
    """It took place, or it is off."""

    state: SponsorState

    model_config = ConfigDict(json_schema_extra={"example": {"state": "held"}})


@router.post(
    "/sponsorships/{uuid:sponsorship_id}/state",
    url_name="sponsorship.state",
    operation_id="sponsorships.move",
    response=Sponsorship,
)
@write()
def move_sponsorship(request: Asked, sponsorship_id: uuid.UUID, body: Became) -> Sponsorship:
    """Say that it took place, or that it is off; there is no way back."""
    actions.move_sponsorship(viewer=request.viewer, sponsored_id=sponsorship_id, to=body.state)
    return _sponsorship(queries.sponsored_card(request.viewer, sponsorship_id))


class NewOutcome(In):
    """A count, and what of ours it can be looked up in, as (room, key). `corrects` names the line that was wrong."""

    measure: Measure
    value: Number
    subject: tuple[Thing, Thing]
    corrects: Annotated[int, Field(strict=True, ge=1, le=2**62)] | None = None

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "measure": "visitors",
                "value": 264,
                "subject": ["events", "6b7b5a0e-6a36-4a9e-9d6e-0b9b3f1c2d11"],
            }
        }
    )


@router.post(
    "/sponsorships/{uuid:sponsorship_id}/outcomes",
    url_name="sponsorship.outcomes",
    operation_id="sponsorships.outcome",
    response={201: Sponsorship},
)
@write(201)
def note_outcome(request: Asked, sponsorship_id: uuid.UUID, body: NewOutcome) -> Sponsorship:
    """Say what came of it. What was wrong is corrected by another line."""
    actions.note_outcome(
        viewer=request.viewer,
        sponsored_id=sponsorship_id,
        key=_key(request),
        **body.model_dump(),
    )
    return _sponsorship(queries.sponsored_card(request.viewer, sponsorship_id))
