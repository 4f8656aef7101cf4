"""`/events/{id}/waitlist` and `/events/{id}/lottery`: who is next, why, and a draw that anyone can recompute."""

import uuid
from datetime import datetime
from typing import Annotated, Any

from ninja import Router
from pydantic import StringConstraints

from tongxin.events import actions
from tongxin.events.queries import lottery as lottery_queries
from tongxin.events.queries import waiting
from tongxin.events.terms import Seat
from tongxin.faces.api.registrations import Registration, shown
from tongxin.faces.api.shapes import PLAIN, Cursor, In, Limit, Out, Reason
from tongxin.faces.api.writing import write
from tongxin.faces.asking import Asked

router = Router(tags=["waiting and draws"])


class Note(Out):
    """Something that happened on the list, in words for both sides."""

    at: datetime
    seats: int
    zh: str
    en: str


class Waiting(Out):
    """One of the line, as the organiser sees it."""

    registration: uuid.UUID
    name: str
    place: int
    number: int | None
    party: int
    state: Seat
    out_of_turn: bool
    offered_until: datetime | None
    history: list[Note]


class WaitingLine(Out):
    items: list[Waiting]
    cursor: str | None


def _notes(found: Any) -> list[Note]:
    return [Note(at=n.at, seats=n.seats, zh=n.zh, en=n.en) for n in found.history]


@router.get(
    "/events/{uuid:event_id}/waitlist",
    url_name="event.waitlist",
    operation_id="waitlist.read",
    response=WaitingLine,
)
def read_line(
    request: Asked, event_id: uuid.UUID, limit: Limit = 100, cursor: Cursor | None = None
) -> WaitingLine:
    """Who waits, in order, with every skip and its reason."""
    names = [name for name in Waiting.model_fields if name != "history"]
    page = waiting.line(request.viewer, event_id, limit=limit, cursor=cursor)
    return WaitingLine(
        items=[
            Waiting(**{name: getattr(one, name) for name in names}, history=_notes(one)) for one in page.items
        ],
        cursor=page.cursor,
    )


class MyPlace(Out):
    """Where one stands oneself."""

    state: Seat
    number: int | None
    party: int
    ahead: int
    offered_until: datetime | None
    zh: str
    en: str
    history: list[Note]


@router.get(
    "/registrations/{uuid:registration_id}/line",
    url_name="registration.line",
    operation_id="waitlist.mine",
    response=MyPlace,
)
def read_my_place(request: Asked, registration_id: uuid.UUID) -> MyPlace:
    """One's own place in the line and what happened there."""
    found = waiting.my_line(request.viewer, registration_id)
    names = [name for name in MyPlace.model_fields if name != "history"]
    return MyPlace(**{name: getattr(found, name) for name in names}, history=_notes(found))


class PickWhy(In):
    reason: Reason


@router.post(
    "/registrations/{uuid:registration_id}/pick",
    url_name="registration.pick",
    operation_id="waitlist.pick",
    response=Registration,
)
@write()
def pick(request: Asked, registration_id: uuid.UUID, body: PickWhy) -> Registration:
    """Take somebody out of turn; the reason stands on the list for both sides."""
    return shown(actions.pick(viewer=request.viewer, registration_id=registration_id, reason=body.reason))


class Draw(Out):
    """The rules as they were frozen, and the draw's document once it is committed: what `tongxin draw verify` takes."""

    rules: dict[str, Any]
    rules_hash: str
    frozen_at: datetime
    draws_at: datetime
    document: dict[str, Any] | None


class Published(Out):
    document: dict[str, Any]


@router.get(
    "/events/{uuid:event_id}/lottery", url_name="event.lottery", operation_id="lottery.read", response=Draw
)
def read_draw(request: Asked, event_id: uuid.UUID) -> Draw:
    """What is published of a draw. It is public by design."""
    found = lottery_queries.published_draw(request.viewer, event_id)
    return Draw(**{name: getattr(found, name) for name in Draw.model_fields})


@router.post(
    "/events/{uuid:event_id}/lottery/commit",
    url_name="event.lottery.commit",
    operation_id="lottery.commit",
    response=Published,
)
@write()
def commit(request: Asked, event_id: uuid.UUID) -> Published:
    """Close the list of entrants and publish its hash with the commitment to the seed."""
    return Published(document=actions.commit_draw(viewer=request.viewer, event_id=event_id))


class Beacon(In):
    """The public value that the rules name, where they name one."""

    beacon: Annotated[str, StringConstraints(strip_whitespace=True, max_length=120, pattern=PLAIN)] = ""


@router.post(
    "/events/{uuid:event_id}/lottery/draw",
    url_name="event.lottery.draw",
    operation_id="lottery.draw",
    response=Published,
)
@write()
def draw(request: Asked, event_id: uuid.UUID, body: Beacon) -> Published:
    """Open the seed and give the seats out."""
    return Published(
        document=actions.draw_seats(viewer=request.viewer, event_id=event_id, beacon=body.beacon)
    )
