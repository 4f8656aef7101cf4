"""`/checkins` and what belongs to a door: scan online, upload a journal, take back, the member's ticket.

A check-in is done once by its nonce, which is the `Idempotency-Key` itself (a UUID): a phone that lost the answer sends the
same act again, online or in its journal, and it stays one.
"""

import uuid
from datetime import datetime
from typing import Annotated, Literal

from django.http import HttpResponse
from ninja import Router
from pydantic import Field, StringConstraints

from tongxin.events.actions import checkins, conflicts, doors, syncing, walkins
from tongxin.events.queries import doors as door_queries
from tongxin.events.queries import tickets
from tongxin.events.terms import Conflict, Did, Via, Why
from tongxin.faces.api.shapes import PLAIN, Done, In, Moment, Out, Reason, Yes
from tongxin.faces.api.writing import KEY, asks_key, write
from tongxin.faces.asking import Asked
from tongxin.foundation.errors import Refused
from tongxin.foundation.idempotency.rules import acceptable

router = Router(tags=["checkins"])

# The words of `Why`; a shape of that name stands elsewhere already.
DoorReason = Literal[
    "ok",
    "already",
    "invalid",
    "other_event",
    "cancelled",
    "not_confirmed",
    "outside_window",
    "door_closed",
    "annulled",
    "full",
]
Code = Annotated[str, StringConstraints(strip_whitespace=True, max_length=600, pattern=PLAIN)]


class Ticket(Out):
    """What the member's phone draws: `code` now, and what it needs to draw the next ones without us until `keep_until`."""

    registration: uuid.UUID
    event: uuid.UUID
    code: str
    static: str
    secret: str
    now: datetime
    keep_until: datetime


@router.get(
    "/registrations/{uuid:registration_id}/ticket",
    url_name="registration.ticket",
    operation_id="registrations.ticket",
    response=Ticket,
)
def read_ticket(request: Asked, registration_id: uuid.UUID) -> Ticket:
    """One's own ticket. Codes older than ninety seconds are refused online."""
    found = tickets.ticket_of(request.viewer, registration_id)
    return Ticket(
        registration=found.registration.public_id,
        event=found.event.public_id,
        **{name: getattr(found, name) for name in ("code", "static", "secret", "now", "keep_until")},
    )


class NewScan(In):
    """A ticket's `code`, or the `registration` of somebody found on the list. `forced` lets in again who is in already."""

    event: uuid.UUID
    code: Code = ""
    registration: uuid.UUID | None = None
    door: uuid.UUID | None = None
    forced: Yes = False


class DoorAnswer(Out):
    """What the door shows: in, in already, or not, and why. The name is masked."""

    nonce: uuid.UUID
    did: Did
    why: DoorReason
    registration: uuid.UUID | None
    name: str
    party: int
    came_at: datetime | None


def _answer(found: checkins.Answer) -> DoorAnswer:
    return DoorAnswer(**vars(found))


def _nonce(request: Asked) -> uuid.UUID:
    given = request.headers.get(KEY, "")
    if not given:
        raise Refused("idempotency.key_needed")
    if not acceptable(given):
        raise Refused("idempotency.bad_key")
    try:
        return uuid.UUID(given)
    except ValueError:  # any other key stands for a nonce of its own, the sender's
        return uuid.uuid5(uuid.NAMESPACE_URL, f"{request.viewer.name} {given}")


@router.post("/checkins", url_name="checkins", operation_id="checkins.scan", response={201: DoorAnswer})
@asks_key
def scan(request: Asked, body: NewScan) -> HttpResponse:
    """Somebody is at the door. Whatever is wrong with a code, the refusal is the same."""
    found = checkins.check_in(
        viewer=request.viewer,
        event_id=body.event,
        nonce=_nonce(request),
        ticket=body.code,
        registration=body.registration,
        door_id=body.door,
        forced=body.forced,
    )
    # Its shape has looked at the answer already; given back as a shape, it would be looked at and spelled once more.
    return HttpResponse(_answer(found).model_dump_json(), status=201, content_type="application/json")


class TakeBack(In):
    event: uuid.UUID
    door: uuid.UUID | None = None
    reason: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=PLAIN)] = ""


@router.post(
    "/checkins/{uuid:scan_id}/annul",
    url_name="checkin.annul",
    operation_id="checkins.annul",
    response=DoorAnswer,
)
@write()
def annul(request: Asked, scan_id: uuid.UUID, body: TakeBack) -> DoorAnswer:
    """Take a check-in back: its own door within ten minutes, later a champion or headquarters."""
    found = checkins.annul(
        viewer=request.viewer,
        event_id=body.event,
        nonce=_nonce(request),
        scan=scan_id,
        door_id=body.door,
        reason=body.reason,
    )
    return _answer(found)


class Door(Out):
    """An opened door with its signed list: least personal data, and nothing of it after `expires_at`."""

    id: uuid.UUID
    event: uuid.UUID
    expires_at: datetime
    list: str
    signature: str
    public_key: str
    count: int


@router.post(
    "/events/{uuid:event_id}/doors", url_name="event.doors", operation_id="doors.open", response={201: Door}
)
@write(201)
def open_door(request: Asked, event_id: uuid.UUID) -> Door:
    """Open the door on this phone and take the list along."""
    made, listed = doors.open_door(viewer=request.viewer, event_id=event_id)
    return Door(
        id=made.public_id,
        event=event_id,
        expires_at=made.expires_at,
        list=listed.body,
        signature=listed.signature,
        public_key=listed.public,
        count=listed.count,
    )


@router.delete("/doors/{uuid:door_id}", url_name="door", operation_id="doors.revoke", response=Done)
@write()
def revoke_door(request: Asked, door_id: uuid.UUID) -> Done:
    """This phone checks nobody in any more; what it still uploads is kept and marked."""
    doors.revoke_door(viewer=request.viewer, door_id=door_id)
    return Done()


class JournalLine(In):
    """One act of the phone's journal, as it was done there."""

    nonce: uuid.UUID
    did: Did
    did_why: DoorReason
    scanned_at: Moment
    via: Via = Via.TICKET
    code: Code = ""
    registration: uuid.UUID | None = None
    forced: Yes = False
    annuls: uuid.UUID | None = None


class Journal(In):
    lines: Annotated[list[JournalLine], Field(min_length=1, max_length=500)]


class Took(Out):
    nonce: uuid.UUID
    server: Did
    server_why: DoorReason
    counted: bool


class Synced(Out):
    items: list[Took]


@router.post(
    "/devices/{uuid:device_id}/sync", url_name="device.sync", operation_id="doors.sync", response=Synced
)
@write()
def sync(request: Asked, device_id: uuid.UUID, body: Journal) -> Synced:
    """Upload the journal of a door, in any order, as often as one likes. `device_id` is what opening the door answered."""
    lines = [
        syncing.EntryIn(
            ticket=one.code, did_why=Why(one.did_why), **one.model_dump(exclude={"code", "did_why"})
        )
        for one in body.lines
    ]
    names = tuple(Took.model_fields)
    return Synced(
        items=[
            Took(**{name: getattr(one, name) for name in names})
            for one in syncing.sync(viewer=request.viewer, door_id=device_id, journal=lines)
        ]
    )


class Disagreement(Out):
    """Something the doors disagree about."""

    id: uuid.UUID
    kind: Conflict
    name: str
    scanned_at: datetime
    registration: uuid.UUID | None
    resolved_at: datetime | None
    verdict: str


class Judgement(In):
    """What was right, in a few words; `came` says whether the person was there."""

    verdict: Reason
    came: Yes = False


class Disagreements(Out):
    items: list[Disagreement]


@router.get(
    "/events/{uuid:event_id}/conflicts",
    url_name="event.conflicts",
    operation_id="doors.conflicts",
    response=Disagreements,
)
def list_conflicts(request: Asked, event_id: uuid.UUID) -> Disagreements:
    """What a champion should look at after the doors were synced."""
    names = [name for name in Disagreement.model_fields if name not in {"id", "kind"}]
    return Disagreements(
        items=[
            Disagreement(
                id=one.public_id, kind=Conflict(one.kind), **{name: getattr(one, name) for name in names}
            )
            for one in door_queries.conflicts_of(request.viewer, event_id)
        ]
    )


@router.post(
    "/conflicts/{uuid:conflict_id}/resolve",
    url_name="conflict.resolve",
    operation_id="doors.resolve",
    response=Done,
)
@write()
def resolve(request: Asked, conflict_id: uuid.UUID, body: Judgement) -> Done:
    """Say what was right. No scan is rewritten."""
    conflicts.resolve(viewer=request.viewer, conflict_id=conflict_id, verdict=body.verdict, came=body.came)
    return Done()


class Stranger(In):
    """Somebody without a registration: a phone we may know, or just a name."""

    event: uuid.UUID
    phone: Annotated[str, StringConstraints(strip_whitespace=True, max_length=24, pattern=PLAIN)] = ""
    nickname: Annotated[str, StringConstraints(strip_whitespace=True, max_length=40, pattern=PLAIN)] = ""
    party: Annotated[int, Field(strict=True, ge=1, le=8)] = 1
    door: uuid.UUID | None = None


@router.post(
    "/checkins/walk-in",
    url_name="checkins.walk_in",
    operation_id="checkins.walk_in",
    response={201: DoorAnswer},
)
@write(201)
def walk_in(request: Asked, body: Stranger) -> DoorAnswer:
    """Give somebody a free seat at the door and check them in; over the capacity nobody walks in."""
    found = walkins.walk_in(
        viewer=request.viewer,
        event_id=body.event,
        nonce=_nonce(request),
        who=walkins.WalkIn(phone=body.phone, nickname=body.nickname, party=body.party),
        door_id=body.door,
    )
    return _answer(found)
