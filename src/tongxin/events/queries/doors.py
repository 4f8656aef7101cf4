"""What stands at a door: the door itself, its list, its scans, what is to be looked at. Foreign doors answer as absent."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from tongxin.events.models import Door, DoorConflict, Occurrence, Scan
from tongxin.events.queries.access import DOOR, ORGANISERS
from tongxin.events.queries.tickets import installation_key
from tongxin.events.rules import tickets as rules
from tongxin.events.rules.scans import SeatAt, door_open
from tongxin.events.terms import DOOR_AFTER, DOOR_BEFORE, Seat, State
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.people.models import Identity
from tongxin.people.terms import IdentityKind

LIST_DOMAIN = b"tongxin door list 1\0"
SHOWN = ("confirmed", "offered", "waiting", "cancelled", "removed")
FEW = 200

# When a registration had its seat, as far as the rows remember: at once, by a champion's yes, or by accepting an offer.
CONFIRMED_AT = """coalesce(
    (SELECT min(w.at) FROM events_waitline w WHERE w.registration_id = r.id AND w.note = 'accepted'),
    CASE WHEN r.state = 'confirmed' OR (r.number IS NULL AND r.pool_id IS NOT NULL AND r.state IN ('cancelled', 'removed'))
        THEN coalesce(r.decided_at, r.registered_at) END)"""


@dataclass(frozen=True)
class DoorList:
    """A list as one text that is signed as it stands, so a phone sees whether anybody touched it."""

    body: str
    signature: str
    public: str
    count: int


@dataclass(frozen=True)
class DoorEvent:
    """An event whose door the viewer may open, or will be able to."""

    public_id: UUID
    title: str
    store: str
    starts_at: datetime
    ends_at: datetime
    taken: int
    came: int
    open: bool


@dataclass(frozen=True)
class ConflictLine:
    """Something that a champion is asked to look at."""

    public_id: UUID
    kind: str
    name: str
    scanned_at: datetime
    received_at: datetime
    by: str
    registration: UUID | None
    resolved_at: datetime | None
    verdict: str


@dataclass(frozen=True)
class ScanLine:
    """One act at the doors of an event."""

    nonce: UUID
    did: str
    did_why: str
    server: str
    server_why: str
    via: str
    name: str
    scanned_at: datetime
    received_at: datetime
    offline: bool
    forced: bool
    annuls: UUID | None
    by: str


def masked(name: str) -> str:
    """A name at the door: `林*`. Enough to greet by, too little to keep."""
    return f"{name[:1]}*" if name else "*"


def access_at_door(viewer: Viewer, event_id: UUID) -> Occurrence:
    """An event whose door the viewer works at. Refuses `absent` for the unknown, the foreign, a draft."""
    found = Occurrence.objects.select_related("store").filter(public_id=event_id).first()
    if found is None or found.state == State.DRAFT or not viewer.reaches(found.store_id, DOOR):
        raise Refused("absent")
    return found


def access_door(viewer: Viewer, door_id: UUID) -> Door:
    """One's own door, or any door of one's stores for an organiser. Refuses `absent`."""
    found = Door.objects.select_related("occurrence__store").filter(public_id=door_id).first()
    if found is None or not (
        viewer.reaches(found.store_id, ORGANISERS)
        or (viewer.reaches(found.store_id, DOOR) and is_own(viewer, found))
    ):
        raise Refused("absent")
    return found


def is_own(viewer: Viewer, door: Door) -> bool:
    """Did this account, on this device if it is one, open the door?"""
    return door.account == viewer.account and door.device == viewer.device


_LIST = f"""
SELECT r.id, r.public_id, r.ticket, r.person_id, r.state, r.party, coalesce(s.nickname, c.nickname),
    coalesce(s.nickname_pinyin, c.nickname_pinyin), coalesce(s.nickname_initials, c.nickname_initials), a.at, {CONFIRMED_AT},
    coalesce(c.survivor_id, c.id)
FROM events_registration r JOIN people_customer c ON c.id = r.person_id LEFT JOIN people_customer s ON s.id = c.survivor_id
LEFT JOIN events_attendance a ON a.registration_id = r.id AND a.counted IS NOT NULL
WHERE r.occurrence_id = %s AND r.state = ANY(%s) ORDER BY r.id
"""  # noqa: S608 (one constant inside)


def list_of(viewer: Viewer, door: Door) -> DoorList:
    """The signed list of a door: masked names, keyed hashes, no phone, no child, no allergy. Two questions however long.

    Refuses `absent` unless the viewer reaches the door.
    """
    door = access_door(viewer, door.public_id)
    event, key = door.occurrence, installation_key()
    own = rules.door_key(key, door.public_id)
    with connection.cursor() as cursor:
        cursor.execute(_LIST, [event.pk, list(SHOWN)])
        found = cursor.fetchall()
    tails = _tails({row[3] for row in found} | {row[11] for row in found})
    rows = [_line(own, row, tails) for row in found]
    body = json.dumps(
        {
            "v": 1,
            "door": str(door.public_id),
            "event": str(event.public_id),
            "mark": rules.event_mark(event.public_id).hex(),
            "title": event.title,
            "starts_at": event.starts_at.isoformat(),
            "ends_at": event.ends_at.isoformat(),
            "closes_at": (event.ends_at + DOOR_AFTER).isoformat(),
            "opened_at": door.opened_at.isoformat(),
            "made_at": clock.now().isoformat(),
            "expires_at": door.expires_at.isoformat(),
            "key": own.hex(),
            "rows": rows,
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )
    signature = rules.sign(key, LIST_DOMAIN + body.encode()).hex()
    return DoorList(body, signature, rules.public_point(key), len(rows))


def _line(own: bytes, row: tuple[Any, ...], tails: dict[int, str]) -> dict[str, object]:
    _, public_id, ticket, person, state, party, name, pinyin, initials, came, confirmed, survivor = row
    words = sorted({word for word in (name.lower().replace(" ", ""), pinyin, initials) if word})
    tail = tails.get(person) or tails.get(survivor) or ""
    return {
        "r": str(public_id),
        "t": rules.door_hash(own, f"ticket:{ticket}"),
        "n": masked(name),
        "w": [rules.door_hash(own, f"name:{word}") for word in words],
        "d": rules.door_hash(own, f"tail:{tail}") if tail else "",
        "p": party,
        "s": "cancelled" if state in {Seat.CANCELLED, Seat.REMOVED} else str(state),
        "had": confirmed is not None,
        "came": came.isoformat() if came else None,
    }


def _tails(persons: Iterable[int]) -> dict[int, str]:
    found = Identity.objects.filter(customer__in=persons, kind=IdentityKind.PHONE).order_by("id")
    return {owner: value[-4:] for owner, value in found.values_list("customer", "value") if value}


def doors_today(viewer: Viewer) -> list[DoorEvent]:
    """The events of one's stores whose door is open now or opens within a day. One question however many."""
    now, places = clock.now(), viewer.places(DOOR)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT e.public_id, e.title, s.name, e.starts_at, e.ends_at,
                (SELECT coalesce(sum(p.taken), 0) FROM events_pool p WHERE p.occurrence_id = e.id),
                (SELECT coalesce(sum(r.party), 0) FROM events_attendance a JOIN events_registration r ON r.id = a.registration_id
                    WHERE a.occurrence_id = e.id AND a.counted IS NOT NULL)
            FROM events_occurrence e JOIN stores_store s ON s.id = e.store_id
            WHERE e.state IN ('published', 'ended') AND e.starts_at <= %(until)s AND e.ends_at >= %(since)s
                AND (%(everywhere)s OR e.store_id = ANY(%(places)s))
            ORDER BY e.starts_at, e.id LIMIT %(few)s
            """,
            {
                "until": now + DOOR_BEFORE * 12,
                "since": now - DOOR_AFTER,
                "everywhere": places is None,
                "places": list(places or ()),
                "few": FEW,
            },
        )
        return [
            DoorEvent(key, title, store, begins, ends, taken, came, door_open(begins, ends, now))
            for key, title, store, begins, ends, taken, came in cursor.fetchall()
        ]


def conflicts_of(viewer: Viewer, event_id: UUID) -> list[ConflictLine]:
    """What the doors of an event disagree about, open ones first. Refuses `absent`."""
    event = _organised(viewer, event_id)
    rows = list(
        DoorConflict.objects.filter(occurrence=event)
        .select_related("registration__person")
        .order_by("-resolved_at", "found_at", "id")[:FEW]
    )
    scans = {scan.nonce: scan for scan in Scan.objects.filter(nonce__in=[row.scan for row in rows])}
    rows.sort(key=lambda row: row.resolved_at is not None)
    return [
        ConflictLine(
            row.public_id,
            row.kind,
            masked(row.registration.person.nickname) if row.registration else "",
            scans[row.scan].scanned_at,
            scans[row.scan].received_at,
            scans[row.scan].by,
            row.registration.public_id if row.registration else None,
            row.resolved_at,
            row.verdict,
        )
        for row in rows
    ]


def scans_of(viewer: Viewer, event_id: UUID, *, limit: int = FEW) -> list[ScanLine]:
    """What happened at the doors of an event, newest first. Refuses `absent`."""
    event = access_at_door(viewer, event_id)
    rows = Scan.objects.filter(occurrence=event).select_related("registration__person")
    return [
        ScanLine(
            scan.nonce,
            scan.did,
            scan.did_why,
            scan.server,
            scan.server_why,
            scan.via,
            masked(scan.registration.person.nickname) if scan.registration else "",
            scan.scanned_at,
            scan.received_at,
            scan.offline,
            scan.forced,
            scan.annuls,
            scan.by,
        )
        for scan in rows.order_by("-scanned_at", "-id")[:limit]
    ]


def doors_of(viewer: Viewer, event_id: UUID) -> list[Door]:
    """Which phones check people in at an event. Refuses `absent`."""
    event = _organised(viewer, event_id)
    return list(Door.objects.filter(occurrence=event).order_by("-opened_at", "-id")[:FEW])


def _organised(viewer: Viewer, event_id: UUID) -> Occurrence:
    found = Occurrence.objects.filter(public_id=event_id).first()
    if found is None or not viewer.reaches(found.store_id, ORGANISERS):
        raise Refused("absent")
    return found


def seats_at(
    event: int, tickets: Iterable[UUID], registrations: Iterable[UUID]
) -> dict[UUID, tuple[int, int, SeatAt]]:
    """(registration, person, seat) by ticket and by registration's public id: one question for a whole journal."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT r.id, r.person_id, r.state, {CONFIRMED_AT}, r.ended_at, r.ticket, r.public_id FROM events_registration r
            WHERE r.occurrence_id = %s AND (r.ticket = ANY(%s) OR r.public_id = ANY(%s))
            """,  # noqa: S608 (one constant inside)
            [event, list(tickets), list(registrations)],
        )
        found = cursor.fetchall()
    seats: dict[UUID, tuple[int, int, SeatAt]] = {}
    for pk, person, state, confirmed, ended, ticket, public_id in found:
        seats[ticket] = seats[public_id] = (pk, person, SeatAt(Seat(state), confirmed, ended))
    return seats
