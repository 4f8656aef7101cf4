"""`/events`: occurrences from the draft to the end. An *event* of the API is an occurrence (contract.md §4)."""

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Router
from pydantic import Field, StringConstraints

from tongxin.events import actions, queries
from tongxin.events.queries import listing, visible
from tongxin.events.queries.event_page import event_page
from tongxin.events.terms import Admission, Kind
from tongxin.faces.api.shapes import PLAIN, Cursor, In, Limit, Long, Moment, Out, Reason, Short
from tongxin.faces.api.writing import matched, write
from tongxin.faces.asking import Asked
from tongxin.stores import queries as stores

router = Router(tags=["events"])

Stage = Literal["draft", "published", "cancelled", "ended"]
Places = Annotated[int, Field(strict=True, ge=1, le=100_000)]
Fen = Annotated[int, Field(strict=True, ge=0, le=10_000_000)]
Party = Annotated[int, Field(strict=True, ge=1, le=8)]
Version = Annotated[int, Field(strict=True, ge=1)]
Word = Annotated[str, StringConstraints(max_length=60, pattern=PLAIN)]
EMPTIED = frozenset({"opens_at", "closes_at"})  # null takes these away; any other null leaves what is there


class Question(In):
    """One thing that is asked when registering; `choices` empty takes a free text."""

    id: Annotated[str, StringConstraints(min_length=1, max_length=24, pattern=r"^[a-z0-9_]+$")]
    text: Short
    required: bool = False
    choices: Annotated[list[Short], Field(max_length=12)] = []


class Kept(In):
    """Places kept for a ring (`ring:middle`) or a tag (`tag:…`) until `release_at`."""

    audience: Annotated[str, StringConstraints(pattern=r"^(ring:(outer|middle|inner)|tag:.{1,40})$")]
    size: Places
    release_at: Moment | None = None


class NewEvent(In):
    store: uuid.UUID
    title: Short
    format: Annotated[str, StringConstraints(min_length=1, max_length=24, pattern=r"^[a-z_]+$")]
    kind: Kind = Kind.BRAND_EVENT
    starts_at: Moment
    ends_at: Moment
    opens_at: Moment | None = None
    closes_at: Moment | None = None
    places: Places
    admission: Admission = Admission.FIRST_COME
    party_most: Party = 1
    theme: Annotated[str, StringConstraints(strip_whitespace=True, max_length=80, pattern=PLAIN)] = ""
    summary: Long = ""
    place: Annotated[str, StringConstraints(strip_whitespace=True, max_length=120, pattern=PLAIN)] = ""
    online_url: Annotated[str, StringConstraints(max_length=200, pattern=r"^(https://[^\s<>\"']+)?$")] = ""
    questions: Annotated[list[Question], Field(max_length=6)] = []
    allotments: Annotated[list[Kept], Field(max_length=12)] = []
    fee_fen: Fen = 0
    voucher_fen: Fen = 0
    voucher_days: Annotated[int, Field(strict=True, ge=1, le=366)] = 30
    details: dict[Word, Any] = {}


class Event(Out):
    """What everybody may know of an event; `version` is what `If-Match` takes."""

    id: uuid.UUID
    store: uuid.UUID
    store_name: str
    title: str
    theme: str
    summary: str
    kind: Kind
    format: str
    state: Stage
    admission: Admission
    starts_at: datetime
    ends_at: datetime
    opens_at: datetime | None
    closes_at: datetime | None
    place: str
    party_most: int
    questions: list[dict[str, Any]]
    fee_fen: int
    voucher_fen: int
    voucher_days: int
    size: int
    left: int
    waiting: int
    schedule: int
    cancel_reason: str
    simulated: bool


class Held(Event):
    """The same to those who organise it."""

    version: int


class EventLine(Out):
    id: uuid.UUID
    store: uuid.UUID
    store_name: str
    title: str
    theme: str
    kind: Kind
    format: str
    state: Stage
    starts_at: datetime
    ends_at: datetime
    place: str
    fee_fen: int
    voucher_fen: int
    size: int
    left: int
    waiting: int
    simulated: bool


class EventPage(Out):
    items: list[EventLine]
    cursor: str | None


LINE = tuple(n for n in EventLine.model_fields if n not in {"id", "store"})
SHOWN = tuple(n for n in Event.model_fields if n not in {"id", "store", "questions"})


def _event(request: Asked, event_id: uuid.UUID) -> Event:
    found = event_page(request.viewer, event_id)
    return Event(**_shown(found))


def _shown(found: Any) -> dict[str, Any]:
    return {
        "id": found.public_id,
        "store": found.store_public_id,
        "questions": list(found.questions),
        **{name: getattr(found, name) for name in SHOWN},
    }


def _held(request: Asked, event_id: uuid.UUID) -> Held:
    found = queries.access_event(request.viewer, event_id)
    return Held(**_shown(event_page(request.viewer, event_id)), version=found.version)


@router.get("/events", url_name="events", operation_id="events.list", response=EventPage)
def list_events(
    request: Asked,
    store: uuid.UUID | None = None,
    tab: Literal["coming", "draft", "past", "cancelled"] = "coming",
    limit: Limit = 50,
    cursor: Cursor | None = None,
) -> EventPage:
    """The events one may see: staff those in reach, tab by tab; members what is published, soonest first."""
    page = visible.visible(request.viewer, listing.Tab(tab), store=store, limit=limit, cursor=cursor)
    items = [
        EventLine(id=one.public_id, store=one.store_public_id, **{n: getattr(one, n) for n in LINE})
        for one in page.items
    ]
    return EventPage(items=items, cursor=page.cursor)


@router.post("/events", url_name="events", operation_id="events.draft", response={201: Held})
@write(201)
def draft(request: Asked, body: NewEvent) -> Held:
    """A new event, unseen by members until it is published."""
    given = body.model_dump(exclude={"store", "questions", "allotments"})
    made = actions.draft(
        viewer=request.viewer,
        store=stores.access_store(request.viewer, body.store),
        event=actions.EventIn(
            **given,
            questions=tuple(q.model_dump() for q in body.questions),
            allotments=tuple(actions.Allotment(**a.model_dump()) for a in body.allotments),
        ),
    )
    return _held(request, made.public_id)


@router.get("/events/{uuid:event_id}", url_name="event", operation_id="events.read", response=Event)
def read_event(request: Asked, event_id: uuid.UUID) -> Event:
    """One event with places and the length of the line."""
    return _event(request, event_id)


class Words(In):
    """What may be told differently; times and places are moved by `/move`. How people get in changes while it is a draft only."""

    title: Short | None = None
    theme: Annotated[str, StringConstraints(strip_whitespace=True, max_length=80, pattern=PLAIN)] | None = (
        None
    )
    summary: Long | None = None
    party_most: Party | None = None
    questions: Annotated[list[Question], Field(max_length=6)] | None = None
    opens_at: Moment | None = None
    closes_at: Moment | None = None
    details: dict[Word, Any] | None = None
    admission: Admission | None = None


@router.patch("/events/{uuid:event_id}", url_name="event", operation_id="events.change", response=Held)
@write(matching=True)
def change(request: Asked, event_id: uuid.UUID, body: Words) -> Held:
    """Change its words, or how people get in: `lottery` with `closes_at` and `details.draw.contact`. `If-Match` names the version that was read; another one is 412 with the present version."""
    actions.change(
        viewer=request.viewer,
        event_id=event_id,
        version=matched(request),
        **{
            name: value
            for name, value in body.model_dump(exclude_unset=True).items()
            if value is not None or name in EMPTIED
        },
    )
    return _held(request, event_id)


@router.post(
    "/events/{uuid:event_id}/publish", url_name="event.publish", operation_id="events.publish", response=Held
)
@write()
def publish(request: Asked, event_id: uuid.UUID) -> Held:
    """Let members see it and take seats."""
    actions.publish(viewer=request.viewer, event_id=event_id)
    return _held(request, event_id)


class Move(In):
    starts_at: Moment
    ends_at: Moment
    place: Annotated[str, StringConstraints(strip_whitespace=True, max_length=120, pattern=PLAIN)] | None = (
        None
    )


@router.post("/events/{uuid:event_id}/move", url_name="event.move", operation_id="events.move", response=Held)
@write(matching=True)
def move(request: Asked, event_id: uuid.UUID, body: Move) -> Held:
    """Another time or place; everybody who has a place is told."""
    actions.move(viewer=request.viewer, event_id=event_id, version=matched(request), **body.model_dump())
    return _held(request, event_id)


class Size(In):
    places: Places
    audience: Word = ""


@router.post(
    "/events/{uuid:event_id}/resize", url_name="event.resize", operation_id="events.resize", response=Held
)
@write(matching=True)
def resize(request: Asked, event_id: uuid.UUID, body: Size) -> Held:
    """More or fewer places; new ones go to the waiting list first."""
    actions.resize(
        viewer=request.viewer,
        event_id=event_id,
        version=matched(request),
        audience=body.audience,
        size=body.places,
    )
    return _held(request, event_id)


class Off(In):
    reason: Reason


@router.post(
    "/events/{uuid:event_id}/cancel", url_name="event.cancel", operation_id="events.cancel", response=Held
)
@write()
def cancel(request: Asked, event_id: uuid.UUID, body: Off) -> Held:
    """Call it off: everybody is told, fees go back, vouchers not used yet are taken back."""
    actions.cancel(viewer=request.viewer, event_id=event_id, reason=body.reason)
    return _held(request, event_id)
