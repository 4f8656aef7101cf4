"""Somebody comes without a registration: a seat if there is one, and the check-in in the same act."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from tongxin.events import evidence
from tongxin.events.actions import claims, trails, waiting
from tongxin.events.actions.checkins import Answer, check_in
from tongxin.events.actions.registering import promise
from tongxin.events.models import Occurrence, Pool, Registration, Scan
from tongxin.events.queries import doors as queries
from tongxin.events.rules.scans import door_open
from tongxin.events.terms import Did, Seat, State, Via, WaitNote, Why
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer, system
from tongxin.foundation.acting import one_act
from tongxin.foundation.errors import Refused
from tongxin.people import actions as people
from tongxin.people import ledger
from tongxin.people import queries as persons
from tongxin.people.models import Customer
from tongxin.people.rules import DeedIn
from tongxin.people.terms import IdentityKind
from tongxin.stores.rules import e164

ROOM = "events"


@dataclass(frozen=True)
class WalkIn:
    """Who came: a phone if they say it, what to call them, how many they are."""

    phone: str = ""
    nickname: str = ""
    party: int = 1


def walk_in(
    *, viewer: Viewer, event_id: UUID, nonce: UUID, who: WalkIn, door_id: UUID | None = None
) -> Answer:
    """Give somebody without a registration a free seat and check them in. The same `nonce` again answers as before.

    A phone that we know is that member; otherwise a prospect, known by this visit alone. Who has a place already is
    checked in by it. Over the capacity nobody walks in. Refuses `absent`, `events.door_closed`, `events.full`,
    `events.party`, `events.cancelled`, `phone.bad`.
    """
    with one_act():
        event, now = queries.access_at_door(viewer, event_id), clock.now()
        if not door_open(event.starts_at, event.ends_at, now):
            raise Refused("events.door_closed")
        before = (
            Scan.objects.select_related("registration__person").filter(nonce=nonce, occurrence=event).first()
        )
        if before is not None:
            return _as_before(before)
        place = seat_for(viewer=viewer, event=event, key=nonce, who=who, at=now)
        return check_in(
            viewer=viewer,
            event_id=event_id,
            nonce=nonce,
            registration=place.public_id,
            door_id=door_id,
            via=Via.WALK_IN,
        )


def seat_for(*, viewer: Viewer, event: Occurrence, key: UUID, who: WalkIn, at: datetime) -> Registration:
    """The live place of a walk-in: the one they have, or a new one with its seat claimed. In the caller's transaction.

    Refuses `events.full`, `events.party`, `events.cancelled`, `phone.bad`.
    """
    # The lock order of this room: with the occurrence held nobody cancels, moves or offers seats on meanwhile.
    held = claims.locked_occurrence(event.pk)
    claims.locked(held)
    if held.state == State.CANCELLED:
        raise Refused("events.cancelled")
    if not 1 <= who.party <= max(event.party_most, 1):
        raise Refused("events.party", most=event.party_most)
    person = _person(event, key, who)
    live = Registration.objects.filter(
        occurrence=event, person__in=persons.cluster(person), state__in=[Seat.CONFIRMED]
    ).first()
    if live is not None:
        return live
    freed = _give_up_line(viewer, event, person)
    made = Registration.objects.create(
        occurrence=event,
        person=person,
        pool_id=_seat(event, person, who.party),
        state=Seat.CONFIRMED,
        party=who.party,
        channel="door",
        ticket=uuid4(),
        walk_in=True,
        registered_at=at,
        decided_at=at,
        decided_by=viewer.name,
    )
    if event.fee_fen:
        promise(viewer=viewer, registration=made)
    ledger.write([_deed(event, made)])
    after = {"event": str(event.public_id), "party": made.party}
    trails.of_place(viewer, made.public_id, "events.walked_in", after=after)
    if freed:  # an offer for three, and one came: two seats for the next
        waiting.pass_on(viewer=viewer, occurrence=held)
    return made


def _person(event: Occurrence, key: UUID, who: WalkIn) -> Customer:
    # The door may not look into the register of members; the house itself looks, and shows the door a masked name.
    house = system("door")
    if who.phone:
        if e164(who.phone) is None:
            raise Refused("phone.bad")
        known = persons.person_by_phone(house, who.phone)
        if known is not None:
            return known
    made = people.note_prospect(
        viewer=house,
        store=event.store,
        known_by=IdentityKind.VISIT,
        # The same unknown phone at the same event is the same visitor; without one, this one act is.
        key=f"door:{event.public_id}:{persons.phone_hash(who.phone)[:32]}" if who.phone else f"door:{key}",
    )
    if who.nickname and not made.nickname:
        made.nickname = who.nickname[:20]
        made.save(update_fields=["nickname"])
    return made


def _seat(event: Occurrence, person: Customer, party: int) -> int:
    audiences = evidence.pools_for(event, person.pk)
    open_pools = audiences or tuple(
        Pool.objects.filter(occurrence=event, audience="").values_list("id", flat=True)
    )
    for pool in open_pools:
        if claims.claim(pool, party, event.schedule):
            return pool
    raise Refused("events.full")


def _give_up_line(viewer: Viewer, event: Occurrence, person: Customer) -> bool:
    """Who waited or applied and stands at the door now leaves that line: a live place is one a person. True when seats came free."""
    waited = Registration.objects.filter(
        occurrence=event,
        person__in=persons.cluster(person),
        state__in=[Seat.APPLIED, Seat.ENTERED, Seat.WAITING, Seat.OFFERED],
    )
    freed = False
    for row in waited.select_for_update():
        freed = freed or row.state == Seat.OFFERED
        row.occurrence = event
        waiting.leave_line(viewer, row, WaitNote.CAME, "walked_in")
    return freed


def _deed(event: Occurrence, made: Registration) -> DeedIn:
    return DeedIn(
        person=made.person_id,
        kind="registered",
        occurred_at=made.registered_at,
        source_system=ROOM,
        source_id=f"registered:{made.public_id}",
        subject=event.subject_id,
        store=event.store_id,
        community=event.community,
    )


def _as_before(scan: Scan) -> Answer:
    place = scan.registration
    if place is None or scan.via not in {Via.SEARCH, Via.WALK_IN}:
        raise Refused("idempotency.other_body")
    return Answer(
        scan.nonce,
        Did(scan.did),
        Why(scan.did_why),
        place.public_id,
        queries.masked(place.person.nickname),
        place.party,
        scan.scanned_at,
    )
