"""Answering from the waiting list: accept, give up, and the champion's choice out of turn."""

from uuid import UUID

from tongxin.events import evidence
from tongxin.events.actions import claims, letters, registering, trails, waiting
from tongxin.events.models import Registration
from tongxin.events.rules.waiting import line_closed
from tongxin.events.terms import Seat, State, WaitNote
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.acting import one_act
from tongxin.foundation.errors import Refused
from tongxin.people import ledger
from tongxin.people.rules import DeedIn

ROOM = "events"
REASON_MOST = 200


def accept(*, viewer: Viewer, registration_id: UUID) -> Registration:
    """Take the offered seat; in the last hour, when no offers go out any more, who still waits takes what is free.

    Doing it twice changes nothing. Refuses `absent`, `events.offer_over`, `events.full`, `events.past`, `events.cancelled`.
    """
    with one_act():
        found = waiting.locked(viewer, registration_id)
        if found.state == Seat.CONFIRMED:
            return found
        event = found.occurrence
        if event.state == State.CANCELLED:
            raise Refused("events.cancelled")
        if event.state != State.PUBLISHED or event.starts_at <= clock.now():
            raise Refused("events.past")
        if found.state == Seat.OFFERED and not waiting.over(found):
            claims.take_held(found.pool_id or 0, found.party)
        elif found.state == Seat.WAITING and line_closed(event.starts_at, clock.now()):
            _take_what_is_free(found)
        else:
            raise Refused("events.offer_over")
        found.state, found.offered_until = Seat.CONFIRMED, None
        found.version += 1
        found.save(update_fields=["state", "pool", "offered_until", "version"])
        if event.fee_fen:
            registering.promise(viewer=viewer, registration=found)
        _book(found)
        waiting.note(viewer, found, WaitNote.ACCEPTED)
        trails.of_state(viewer, found, "events.offer_accepted")
        letters.tell(viewer=viewer, registration=found)
    return found


def _take_what_is_free(found: Registration) -> None:
    event = found.occurrence
    for pool in evidence.pools_for(event, waiting.person_of(found)):
        if claims.claim(pool, found.party, event.schedule):
            found.pool_id = pool
            return
    raise Refused("events.full")


def _book(found: Registration) -> None:
    """The book knows that somebody waited; now it knows that they have a place."""
    event = found.occurrence
    ledger.write(
        [
            DeedIn(
                person=found.person_id,
                kind="registered",
                occurred_at=clock.now(),
                source_system=ROOM,
                source_id=f"accepted:{found.public_id}",
                subject=event.subject_id,
                store=event.store_id,
                community=event.community,
            )
        ]
    )


def leave(*, viewer: Viewer, registration_id: UUID) -> Registration:
    """Leave the waiting list, or let an offered seat go to the next, in one tap. Doing it twice changes nothing.

    Refuses `absent`, `events.past` once the event has begun, `events.offer_over` for who does not wait any more.
    """
    with one_act():
        found = waiting.locked(viewer, registration_id)
        before = Seat(found.state)
        if before is Seat.CANCELLED:
            return found
        if before not in {Seat.WAITING, Seat.OFFERED}:
            raise Refused("events.offer_over")
        if found.occurrence.starts_at <= clock.now():
            raise Refused("events.past")
        offered = before is Seat.OFFERED
        why = WaitNote.DECLINED if offered else WaitNote.LEFT
        waiting.leave_line(viewer, found, why, "offer_declined" if offered else "left_line")
        trails.of_state(
            viewer, found, "events.offer_declined" if offered else "events.registration_cancelled"
        )
        if offered:
            waiting.pass_on(viewer=viewer, occurrence=found.occurrence)
    return found


def pick(*, viewer: Viewer, registration_id: UUID, reason: str) -> Registration:
    """The champion gives somebody the next free seat out of turn; both sides read it, the trail knows why.

    Refuses `absent`, `events.reason_missing`, `events.seat_state` for who does not wait.
    """
    said = reason.strip()[:REASON_MOST]
    if not said:
        raise Refused("events.reason_missing")
    with one_act():
        found = waiting.locked(viewer, registration_id, deciding=True)
        if found.state != Seat.WAITING:
            raise Refused("events.seat_state")
        found.priority = 1
        found.version += 1
        found.save(update_fields=["priority", "version"])
        waiting.note(viewer, found, WaitNote.OUT_OF_TURN)
        trails.of_state(viewer, found, "events.picked_out_of_turn", said)
        waiting.pass_on(viewer=viewer, occurrence=found.occurrence)
        found.refresh_from_db(fields=["state", "pool", "offered_until", "version"])
    return found
