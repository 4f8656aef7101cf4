"""`/events/{id}/registrations` and `/registrations`: a place at an event, from both sides."""

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import StreamingHttpResponse
from ninja import Router
from pydantic import Field, StringConstraints

from tongxin.events import actions, queries
from tongxin.events.queries import guests
from tongxin.events.terms import Seat
from tongxin.faces.api.shapes import PLAIN, Cursor, In, Limit, Out
from tongxin.faces.api.writing import write
from tongxin.faces.asking import Asked
from tongxin.people import queries as people

router = Router(tags=["registrations"])

AnswerText = Annotated[str, StringConstraints(strip_whitespace=True, max_length=400, pattern=PLAIN)]
Name = Annotated[str, StringConstraints(max_length=24, pattern=r"^[a-z0-9_]+$")]


class Child(In):
    """One of the member's own companions (see `/me/companions`), and what the kitchen must know."""

    id: uuid.UUID
    allergy: Annotated[str, StringConstraints(strip_whitespace=True, max_length=120, pattern=PLAIN)] = ""


class Wish(In):
    """`member` is for staff who register somebody; `seen` the schedule that was shown (a moved event refuses an older one)."""

    member: uuid.UUID | None = None
    companions: Annotated[list[Child], Field(max_length=7)] = []
    answers: dict[Name, AnswerText] = {}
    channel: Annotated[str, StringConstraints(max_length=24, pattern=r"^[a-z0-9_:-]*$")] = "api"
    seen: Annotated[int, Field(strict=True, ge=1)] | None = None


class Registration(Out):
    """A place or a wish for one. `number` is the place in the line in the order of arrival."""

    id: uuid.UUID
    event: uuid.UUID
    state: Seat
    party: int
    number: int | None
    offered_until: datetime | None
    registered_at: datetime
    version: int


def shown(found: Any) -> Registration:
    """A registration of the room as the API shows it."""
    return Registration(
        id=found.public_id,
        event=found.occurrence.public_id,
        state=Seat(found.state),
        party=found.party,
        number=found.number,
        offered_until=found.offered_until,
        registered_at=found.registered_at,
        version=found.version,
    )


@router.post(
    "/events/{uuid:event_id}/registrations",
    url_name="event.registrations",
    operation_id="registrations.register",
    response={201: Registration},
)
@write(201)
def register(request: Asked, event_id: uuid.UUID, body: Wish) -> Registration:
    """Take a seat: confirmed, waiting, applied or in the draw."""
    viewer = request.viewer
    person = None if body.member is None else people.access_customer(viewer, body.member).pk
    made = actions.register(
        viewer=viewer,
        event_id=event_id,
        person=person,
        companions=[actions.CompanionIn(c.id, c.allergy) for c in body.companions],
        answers=body.answers,
        channel=body.channel,
        seen=body.seen,
        closing=True,
    )
    return shown(made)


class Guest(Out):
    """One line of the organiser's list; the phone is masked."""

    id: uuid.UUID
    member: uuid.UUID
    nickname: str
    phone: str
    state: Seat
    party: int
    number: int | None
    registered_at: datetime
    attended: bool


class GuestPage(Out):
    items: list[Guest]
    cursor: str | None


@router.get(
    "/events/{uuid:event_id}/registrations",
    url_name="event.registrations",
    operation_id="registrations.list",
    response=GuestPage,
)
def list_registrations(
    request: Asked,
    event_id: uuid.UUID,
    tab: Literal["coming", "waiting", "asking", "over"] = "coming",
    limit: Limit = 50,
    cursor: Cursor | None = None,
) -> GuestPage:
    """Who registered, by tab, for those who organise the event."""
    event = queries.access_event(request.viewer, event_id)
    page = guests.guests(request.viewer, event, guests.Guests(tab), limit=limit, cursor=cursor)
    return GuestPage(items=[_guest(one) for one in page.items], cursor=page.cursor)


@router.get(
    "/events/{uuid:event_id}/registrations.csv",
    url_name="event.registrations_file",
    operation_id="registrations.export",
)
def export_registrations(request: Asked, event_id: uuid.UUID) -> StreamingHttpResponse:
    """All registrations of an event as CSV, for those who organise it: names, no phones, nothing about children."""
    rows = actions.export_registrations(viewer=request.viewer, event_id=event_id)
    reply = StreamingHttpResponse(rows, content_type="text/csv; charset=utf-8")
    reply["Content-Disposition"] = f'attachment; filename="registrations-{event_id}.csv"'
    return reply


def _guest(one: Any) -> Guest:
    return Guest(
        id=one.public_id,
        member=one.person,
        nickname=one.name,
        phone=one.phone_hint,
        state=one.state,
        party=one.party,
        number=one.number,
        registered_at=one.registered_at,
        attended=one.came_at is not None,
    )


@router.get(
    "/registrations/{uuid:registration_id}",
    url_name="registration",
    operation_id="registrations.read",
    response=Registration,
)
def read_registration(request: Asked, registration_id: uuid.UUID) -> Registration:
    """One's own registration, or one of an event in reach."""
    return shown(queries.access_registration(request.viewer, registration_id))


@router.delete(
    "/registrations/{uuid:registration_id}",
    url_name="registration",
    operation_id="registrations.cancel",
    response=Registration,
)
@write()
def cancel(request: Asked, registration_id: uuid.UUID) -> Registration:
    """Give the place back; it is offered on at once."""
    return shown(actions.cancel_registration(viewer=request.viewer, registration_id=registration_id))


@router.post(
    "/registrations/{uuid:registration_id}/approve",
    url_name="registration.approve",
    operation_id="registrations.approve",
    response=Registration,
)
@write()
def approve(request: Asked, registration_id: uuid.UUID) -> Registration:
    """Say yes to an applicant: a seat, or the line when none is left."""
    return shown(actions.approve(viewer=request.viewer, registration_id=registration_id))


class No(In):
    reason: Annotated[str, StringConstraints(strip_whitespace=True, max_length=40, pattern=PLAIN)] = ""


@router.post(
    "/registrations/{uuid:registration_id}/decline",
    url_name="registration.decline",
    operation_id="registrations.decline",
    response=Registration,
)
@write()
def decline(request: Asked, registration_id: uuid.UUID, body: No) -> Registration:
    """Say no to an applicant, who is told."""
    return shown(actions.decline(viewer=request.viewer, registration_id=registration_id, reason=body.reason))


@router.post(
    "/registrations/{uuid:registration_id}/accept",
    url_name="registration.accept",
    operation_id="registrations.accept",
    response=Registration,
)
@write()
def accept(request: Asked, registration_id: uuid.UUID) -> Registration:
    """Take the seat that was offered from the waiting list."""
    return shown(actions.accept(viewer=request.viewer, registration_id=registration_id))
