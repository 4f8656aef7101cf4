"""Checking in and taking it back, with the server at hand. What phones did without it comes in by `syncing`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tongxin.events.actions import settling, trails
from tongxin.events.actions.settling import Comer, Evening
from tongxin.events.models import Door, Occurrence, Scan
from tongxin.events.queries.access import DOOR, ORGANISERS
from tongxin.events.queries.doors import CONFIRMED_AT, is_own, masked
from tongxin.events.queries.tickets import installation_key
from tongxin.events.rules import scans as rules
from tongxin.events.rules.scans import SeatAt
from tongxin.events.rules.tickets import read
from tongxin.events.terms import Did, Seat, State, Via, Why
from tongxin.foundation import clock, prepared
from tongxin.foundation.access import Viewer
from tongxin.foundation.acting import one_act
from tongxin.foundation.errors import Refused

ROOM = "events"


@dataclass(frozen=True)
class Answer:
    """What the door is told: in, in already, or not, and why. `came_at` is when the counted entry was."""

    nonce: UUID
    did: Did
    why: Why
    registration: UUID | None = None
    name: str = ""
    party: int = 0
    came_at: datetime | None = None


@dataclass(frozen=True)
class Look:
    """All that a check-in needs, read in one statement."""

    event: Evening
    comer: Comer | None
    seat: SeatAt | None
    name: str
    party: int
    came_at: datetime | None
    door: int | None
    done: tuple[str, str, int | None] | None


_LOOK = f"""
SELECT e.id, e.store_id, e.state, e.starts_at, e.ends_at, e.subject_id, e.community, e.fee_fen,
    r.id, r.public_id, r.person_id, r.state, {CONFIRMED_AT}, r.ended_at, r.party, c.nickname, a.at,
    d.id, d.revoked_at, d.account, d.device,
    k.did, k.did_why, k.registration_id
FROM events_occurrence e
LEFT JOIN events_registration r ON r.occurrence_id = e.id AND r.{{known_by}} = %(shown)s::uuid
LEFT JOIN people_customer c ON c.id = r.person_id
LEFT JOIN events_attendance a ON a.registration_id = r.id
LEFT JOIN events_door d ON d.occurrence_id = e.id AND d.public_id = %(door)s::uuid
LEFT JOIN events_scan k ON k.occurrence_id = e.id AND k.nonce = %(nonce)s
WHERE e.public_id = %(event)s
"""  # noqa: S608 (one constant inside)
_BY_TICKET, _BY_NUMBER = _LOOK.format(known_by="ticket"), _LOOK.format(known_by="public_id")

# One statement counts and writes the scan down. Whoever holds the row of the attendance first is in; the others wait for it, see
# it counted, and are told so. A nonce that is there already writes nothing (`made` is empty).
_COUNT = """
WITH att AS (
    INSERT INTO events_attendance AS a (registration_id, occurrence_id, person_id, counted, at, rewarded, deed)
    VALUES (%(registration)s, %(event)s, %(person)s, %(nonce)s, %(at)s, true, 1)
    ON CONFLICT (registration_id) DO UPDATE SET counted = EXCLUDED.counted, at = EXCLUDED.at, rewarded = true,
        deed = coalesce(a.deed, 0) + 1
    WHERE a.counted IS NULL RETURNING a.deed
), made AS (
    INSERT INTO events_scan (nonce, door_id, occurrence_id, registration_id, via, did, did_why, server, server_why, offline, forced,
        annuls, scanned_at, received_at, by)
    SELECT %(nonce)s::uuid, %(door)s::bigint, %(event)s::bigint, %(registration)s::bigint, %(via)s::text,
        CASE WHEN fresh OR %(forced)s::bool THEN 'admitted' ELSE 'already' END, CASE WHEN fresh THEN 'ok' ELSE 'already' END,
        CASE WHEN fresh THEN 'admitted' ELSE 'already' END, CASE WHEN fresh THEN 'ok' ELSE 'already' END,
        false, %(forced)s::bool AND NOT fresh, NULL::uuid, %(at)s::timestamptz, %(at)s::timestamptz, %(by)s::text
    FROM (SELECT EXISTS (SELECT 1 FROM att) AS fresh) f
    ON CONFLICT (nonce) DO NOTHING RETURNING did, did_why
)
SELECT (SELECT deed FROM att), (SELECT did FROM made), (SELECT did_why FROM made)
"""


def check_in(
    *,
    viewer: Viewer,
    event_id: UUID,
    nonce: UUID,
    ticket: str = "",
    registration: UUID | None = None,
    door_id: UUID | None = None,
    forced: bool = False,
    via: Via = Via.SEARCH,
) -> Answer:
    """Somebody is at the door with a ticket's code (or was found on the list): in, in already, or not, and why.

    The same `nonce` again answers as before. One scan a ticket counts, and only that one writes the book and gives the voucher.
    `forced` lets in again who is in already, and is written down as such. Refuses `absent`, `events.door_closed`,
    `events.door_revoked`, and `events.ticket` for whatever is wrong with a code: nothing tells which.
    """
    with one_act():
        now = clock.now()
        shown = read(installation_key(), ticket, event_id, now, online=True) if ticket else None
        look = _look(
            viewer,
            event_id,
            nonce,
            None if shown is None else shown.ticket,
            None if ticket else registration,
            door_id,
        )
        if look.done is not None:
            return _as_before(nonce, look)
        if not rules.door_open(look.event.starts_at, look.event.ends_at, now):
            raise Refused("events.door_closed")
        if look.comer is None:
            raise Refused("events.ticket" if ticket else "absent")
        did, why = rules.judge(look.seat, now)
        via = Via.TICKET if ticket else via
        if did is Did.REFUSED:
            return _refuse(viewer, look, nonce, via, why, now)
        return _count(viewer, look, nonce, via, now, forced=forced)


def _look(  # noqa: PLR0917 - what one statement asks for
    viewer: Viewer,
    event_id: UUID,
    nonce: UUID,
    ticket: UUID | None,
    registration: UUID | None,
    door_id: UUID | None,
) -> Look:
    # Two statements and not an OR: planned once, each goes by its own index.
    sql, shown = (_BY_NUMBER, registration) if ticket is None else (_BY_TICKET, ticket)
    row = prepared.one(sql, {"event": event_id, "shown": shown, "door": door_id, "nonce": nonce})
    if row is None or row[2] == State.DRAFT or not viewer.reaches(row[1], DOOR):
        raise Refused("absent")
    event = Evening(
        pk=row[0],
        public_id=event_id,
        store_id=row[1],
        starts_at=row[3],
        ends_at=row[4],
        subject_id=row[5],
        community=row[6],
        fee_fen=row[7],
    )
    if door_id is not None:
        if row[17] is None or not is_own(viewer, Door(account=row[19], device=row[20])):
            raise Refused("absent")
        if row[18] is not None:
            raise Refused("events.door_revoked")
    comer = None if row[8] is None else Comer(row[8], row[9], row[10])
    seat = None if comer is None else SeatAt(Seat(row[11]), row[12], row[13])
    done = None if row[21] is None else (row[21], row[22], row[23])
    return Look(event, comer, seat, row[15] or "", row[14] or 0, row[16], row[17], done)


def _as_before(nonce: UUID, look: Look) -> Answer:
    assert look.done is not None
    did, why, registration = look.done
    if look.comer is not None and registration not in {None, look.comer.registration}:
        raise Refused("idempotency.other_body")
    return _answer(nonce, Did(did), Why(why), look)


def _answer(nonce: UUID, did: Did, why: Why, look: Look, came_at: datetime | None = None) -> Answer:
    registration = look.comer.public_id if look.comer else None
    return Answer(nonce, did, why, registration, masked(look.name), look.party, came_at or look.came_at)


def _refuse(viewer: Viewer, look: Look, nonce: UUID, via: Via, why: Why, now: datetime) -> Answer:  # noqa: PLR0917 - one row
    assert look.comer is not None
    Scan.objects.create(
        nonce=nonce,
        door_id=look.door,
        occurrence_id=look.event.pk,
        registration_id=look.comer.registration,
        via=via,
        did=Did.REFUSED,
        did_why=why,
        server=Did.REFUSED,
        server_why=why,
        scanned_at=now,
        received_at=now,
        by=viewer.name,
    )
    return _answer(nonce, Did.REFUSED, why, look)


def _count(viewer: Viewer, look: Look, nonce: UUID, via: Via, now: datetime, *, forced: bool) -> Answer:
    comer = look.comer
    assert comer is not None
    values: dict[str, Any] = {
        "registration": comer.registration,
        "event": look.event.pk,
        "person": comer.person,
        "nonce": nonce,
        "at": now,
        "door": look.door,
        "via": str(via),
        "forced": forced,
        "by": viewer.name,
    }
    times, did, why = prepared.one(_COUNT, values) or (None, None, None)
    if did is None:  # the same nonce a moment earlier, on another connection
        return _twin(look, nonce, counted=times is not None)
    if times is not None:
        settling.reward(viewer, look.event, comer, at=now, times=times)
    if did == Did.ADMITTED:
        trails.of_place(
            viewer,
            comer.public_id,
            "events.checked_in",
            after={"via": str(via), "forced": forced and times is None, "event": str(look.event.public_id)},
        )
    return _answer(nonce, Did(did), Why(why), look, now if times is not None else None)


def _twin(look: Look, nonce: UUID, *, counted: bool) -> Answer:
    there = Scan.objects.get(nonce=nonce)
    if counted or look.comer is None or there.registration_id != look.comer.registration:
        raise Refused("idempotency.other_body")  # one nonce for two people: nothing of this is kept
    return _answer(nonce, Did(there.did), Why(there.did_why), look)


def annul(
    *, viewer: Viewer, event_id: UUID, nonce: UUID, scan: UUID, door_id: UUID | None = None, reason: str = ""
) -> Answer:
    """Take a check-in back: its own door within ten minutes, later a champion or headquarters. Deed and voucher go with it.

    An annulment is a scan of its own; the old one stays. The same `nonce` again answers as before. Refuses `absent`,
    `events.door_revoked`, `events.annul_late`, `commerce.voucher_spent`.
    """
    with one_act():
        target = (
            Scan.objects.select_related("occurrence", "door", "registration__person")
            .filter(nonce=scan, occurrence__public_id=event_id, annuls=None)
            .first()
        )
        if target is None or target.registration is None:
            raise Refused("absent")
        event, now = target.occurrence, clock.now()
        organiser = viewer.reaches(event.store_id, ORGANISERS)
        if not organiser and not viewer.reaches(event.store_id, DOOR):
            raise Refused("absent")
        door = _own_door(viewer, event, door_id)
        own = door is not None and door == target.door_id
        comer = Comer(target.registration.pk, target.registration.public_id, target.registration.person_id)
        settling.hold(event, [comer])
        if not Scan.objects.filter(nonce=nonce).exists():
            if not rules.may_annul(own_door=own, organiser=organiser, scanned_at=target.scanned_at, now=now):
                raise Refused("events.annul_late")
            _write_annulment(viewer, target, nonce, door, now, forced=organiser)
            settling.settle(viewer=viewer, event=event, comers=[comer], patient=False)
            trails.of_place(
                viewer,
                comer.public_id,
                "events.check_in_annulled",
                after={"event": str(event_id), "scan": str(scan)},
                reason=reason[:200],
            )
    name, party = target.registration.person.nickname, target.registration.party
    return Answer(nonce, Did.ANNULLED, Why.ANNULLED, comer.public_id, masked(name), party)


def _own_door(viewer: Viewer, event: Occurrence, door_id: UUID | None) -> int | None:
    if door_id is None:
        return None
    door = Door.objects.filter(public_id=door_id, occurrence=event).first()
    if door is None or not is_own(viewer, door):
        raise Refused("absent")
    if door.revoked_at is not None:
        raise Refused("events.door_revoked")
    return int(door.pk)


def _write_annulment(
    viewer: Viewer, target: Scan, nonce: UUID, door: int | None, now: datetime, *, forced: bool
) -> None:
    Scan.objects.create(
        nonce=nonce,
        door_id=door,
        occurrence=target.occurrence,
        registration=target.registration,
        via=target.via,
        did=Did.ANNULLED,
        did_why=Why.ANNULLED,
        server=Did.ANNULLED,
        server_why=Why.ANNULLED,
        forced=forced,
        annuls=target.nonce,
        scanned_at=now,
        received_at=now,
        by=viewer.name,
    )
