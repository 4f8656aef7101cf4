"""Opening and revoking a door, its list, the children on the roster."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from tongxin.events.actions import trails
from tongxin.events.models import Door, Participant, Registration
from tongxin.events.queries import doors as queries
from tongxin.events.queries.doors import DoorList
from tongxin.events.rules.scans import door_open
from tongxin.events.terms import DOOR_ASKS, LIST_KEPT, SEARCH_SHORTEST, Seat
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.acting import one_act
from tongxin.foundation.errors import Refused
from tongxin.people import actions as people
from tongxin.people.queries.cards import TAIL, tail_hash
from tongxin.people.rules import spelled

ROOM = "events"
FOUND_MOST = 10
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class AtDoor:
    """A registration as the door sees it."""

    registration: UUID
    name: str
    party: int
    state: str
    came: bool


@dataclass(frozen=True)
class ChildAtDoor:
    """A child who comes along, for the people at the door alone."""

    registration: UUID
    nickname: str
    age_years: int
    allergy: str


def open_door(*, viewer: Viewer, event_id: UUID) -> tuple[Door, DoorList]:
    """A phone begins to check people in: the door, and the signed list it works with when the network is gone.

    The list is to be forgotten twelve hours after the event. Refuses `absent`, `events.door_closed` outside two hours before
    the start to two hours after the end.
    """
    with one_act():
        event, now = queries.access_at_door(viewer, event_id), clock.now()
        if not door_open(event.starts_at, event.ends_at, now):
            raise Refused("events.door_closed")
        door = Door.objects.create(
            occurrence=event,
            store=event.store,
            account=viewer.account,
            device=viewer.device,
            opened_by=viewer.name,
            opened_at=now,
            expires_at=event.ends_at + LIST_KEPT,
        )
        names = queries.list_of(viewer, door)
        trails.of_door(
            viewer, door, "events.door_opened", after={"event": str(event_id), "names": names.count}
        )
    return door, names


def read_list(*, viewer: Viewer, door_id: UUID) -> DoorList:
    """The list as it is now. Refuses `absent`, `events.door_revoked`, `events.door_closed`."""
    with one_act():
        door = _working(viewer, door_id)
        names = queries.list_of(viewer, door)
        trails.of_door(viewer, door, "events.door_list_read", after={"names": names.count})
    return names


def revoke_door(*, viewer: Viewer, door_id: UUID) -> Door:
    """A phone checks nobody in any more; what it still uploads is kept, marked and looked at. Repeating changes nothing.

    Refuses `absent`: an organiser revokes any door of the store, others their own.
    """
    with one_act():
        queries.access_door(viewer, door_id)
        door = Door.objects.select_for_update().get(public_id=door_id)
        if door.revoked_at is None:
            door.revoked_at, door.revoked_by = clock.now(), viewer.name
            door.save(update_fields=["revoked_at", "revoked_by"])
            trails.of_door(viewer, door, "events.door_revoked")
    return door


def find(*, viewer: Viewer, door_id: UUID, text: str) -> list[AtDoor]:
    """Look somebody up at the door by nickname (two letters or more) or by the last four digits: ten at most, names masked.

    Every look is in the trail, without the words. Refuses `absent`, `events.door_revoked`, `events.door_closed`,
    `events.search_short`, `events.too_many_searches`.
    """
    wanted = text.strip().lower().replace(" ", "")
    digits = wanted.isdigit()
    if len(wanted) < (TAIL if digits else SEARCH_SHORTEST) or (digits and len(wanted) != TAIL):
        raise Refused("events.search_short")
    with one_act():
        door = _working(viewer, door_id)
        _ask_once_more(door)
        found = _found(door, wanted, digits=digits)
        trails.of_door(viewer, door, "events.door_searched", after={"found": len(found)})
    return found


_FIND = """
SELECT r.public_id, coalesce(s.nickname, c.nickname), r.party, r.state, a.counted IS NOT NULL
FROM events_registration r JOIN people_customer c ON c.id = r.person_id LEFT JOIN people_customer s ON s.id = c.survivor_id
LEFT JOIN events_attendance a ON a.registration_id = r.id
WHERE r.occurrence_id = %(event)s AND r.state IN ('confirmed', 'offered', 'waiting', 'cancelled')
    AND CASE WHEN %(digits)s THEN EXISTS (SELECT 1 FROM people_identity i WHERE i.customer_id IN (c.id, s.id) AND i.tail = ANY(%(tails)s))
        ELSE strpos(lower(coalesce(s.nickname, c.nickname)), %(text)s) > 0
            OR coalesce(s.nickname_pinyin, c.nickname_pinyin) LIKE %(start)s
            OR coalesce(s.nickname_initials, c.nickname_initials) LIKE %(start)s END
ORDER BY r.id LIMIT %(most)s
"""


def _found(door: Door, wanted: str, *, digits: bool) -> list[AtDoor]:
    prefix = re.sub(r"[\\%_]", "", spelled(wanted)[0])  # signs of LIKE would find everybody
    values: dict[str, Any] = {
        "event": door.occurrence_id,
        "digits": digits,
        # A tail is keyed for the member's home store: those of the people who come.
        "tails": [tail_hash(home, wanted) for home in _homes(door)] if digits else [],
        "text": wanted,
        "start": f"{prefix}%" if prefix else None,
        "most": FOUND_MOST,
    }
    with connection.cursor() as cursor:
        cursor.execute(_FIND, values)
        return [
            AtDoor(public_id, queries.masked(name), party, state, came)
            for public_id, name, party, state, came in cursor.fetchall()
        ]


def _homes(door: Door) -> list[int | None]:
    coming = Registration.objects.filter(occurrence=door.occurrence_id)
    return list(coming.order_by().values_list("person__home_store", flat=True).distinct())


def _ask_once_more(door: Door) -> None:
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE events_door SET asked = CASE WHEN asked_at > %(since)s THEN asked + 1 ELSE 1 END,"
            " asked_at = CASE WHEN asked_at > %(since)s THEN asked_at ELSE %(now)s END"
            " WHERE id = %(door)s AND (asked_at IS NULL OR asked_at <= %(since)s OR asked < %(most)s)",
            {"since": now - MINUTE, "now": now, "door": door.pk, "most": DOOR_ASKS},
        )
        if cursor.rowcount != 1:
            raise Refused("events.too_many_searches")


def open_roster(*, viewer: Viewer, event_id: UUID) -> list[ChildAtDoor]:
    """The children who come along, with age and allergy, for the people at the door in the roster's window. Every look is trailed.

    Never part of the list that a phone keeps. Refuses `absent`, `people.roster_closed`.
    """
    event = queries.access_at_door(viewer, event_id)
    with one_act():
        seats = {
            row.pk: row
            for row in Registration.objects.filter(occurrence=event, state=Seat.CONFIRMED).only(
                "public_id", "person", "occurrence"
            )
        }
        coming = list(Participant.objects.filter(registration__in=seats))
        children = people.open_roster(
            viewer=viewer,
            store=event.store,
            subject=(ROOM, str(event.public_id)),
            starts_at=event.starts_at,
            ends_at=event.ends_at,
            guardians={seats[p.registration_id].person_id for p in coming},
        )
    card = {child.public_id: child for child in children}
    return [
        ChildAtDoor(
            seats[p.registration_id].public_id,
            card[p.companion].nickname,
            card[p.companion].age_years,
            p.allergy,
        )
        for p in coming
        if p.companion in card
    ]


def _working(viewer: Viewer, door_id: UUID) -> Door:
    door = queries.access_door(viewer, door_id)
    if door.revoked_at is not None:
        raise Refused("events.door_revoked")
    if not door_open(door.occurrence.starts_at, door.occurrence.ends_at, clock.now()):
        raise Refused("events.door_closed")
    return door
