"""Taking a seat, giving it back, and what a champion answers."""

import json
from collections.abc import Mapping, Sequence
from uuid import UUID

from django.db.models import F

from tongxin.commerce import actions as commerce
from tongxin.events import evidence, queries
from tongxin.events.actions import claims, letters, taking, trails, waiting
from tongxin.events.actions.first_timers import check_first
from tongxin.events.actions.taking import CompanionIn, promise
from tongxin.events.models import Registration
from tongxin.events.rules.seats import Way, decide_seat
from tongxin.events.rules.waiting import line_first
from tongxin.events.terms import SEATED, Seat, State, WaitNote
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.acting import Again, Guard, one_act
from tongxin.foundation.errors import Refused
from tongxin.people import ledger
from tongxin.people.rules import DeedIn

ROOM = "events"


def register(
    *,
    viewer: Viewer,
    event_id: UUID,
    person: int | None = None,
    companions: Sequence[CompanionIn] = (),
    answers: Mapping[str, str] | None = None,
    channel: str = "member_page",
    seen: int | None = None,
    taken_pass: int | None = None,
    closing: bool = False,
) -> Registration:
    """A member takes a seat (or a champion takes one for them): confirmed, waiting, applied or in the draw.

    `seen` is the schedule that the form showed. `closing`: the caller writes nothing afterwards and reads no key of the row, so the seat
    may be taken right before the commit. Refuses `absent`, `events.cancelled`, `events.past`, `events.not_open`, `events.closed`,
    `events.moved`, `events.registered`, `events.party`, `events.alone`, `events.question`, `events.not_for_you`,
    `events.first_only`.
    """

    def act(guard: Guard | None, *, quick: bool) -> Registration:
        look = evidence.looked(
            viewer, event_id, person=person, companions=companions, answers=given, seen=seen
        )
        verdict = decide_seat(look.facts, clock.now())
        if verdict.way is Way.REFUSE:
            raise Refused(verdict.code, **verdict.data)
        check_first(event=look.occurrence, person=look.person)
        first = line_first(look.facts.pools, verdict.pools, look.facts.party, waited=look.waited)
        wish = taking.Wish(look, verdict.way, verdict.pools, companions, first)
        made = taking.blank(look, answers=written, channel=channel, taken_pass=taken_pass)
        to = taking.guess(wish) if quick else None
        if to is None:
            taking.take(viewer, wish, made)
        else:
            taking.take_quickly(viewer, wish, made, to, guard)
        return made

    given = dict(answers or {})
    written = json.dumps(given, ensure_ascii=False) if given else ""
    try:
        with one_act() as guard:
            return act(guard, quick=guard is None or (closing and guard.guess))
    except Again:
        if guard is not None:
            raise  # whoever keeps the transaction takes all of it back first
    with one_act():
        return act(None, quick=False)


def cancel_registration(*, viewer: Viewer, registration_id: UUID, reason: str = "") -> Registration:
    """Give a place (or one's wish for one) back, in one tap; the seat is offered on in the same transaction.

    Doing it twice changes nothing. Refuses `absent`, `events.past` once the event has begun, `events.seat_state`.
    """
    with one_act():
        found = _locked(viewer, registration_id)
        if found.state == Seat.CANCELLED:
            return found
        if found.state not in {Seat.APPLIED, Seat.ENTERED, Seat.WAITING, Seat.OFFERED, Seat.CONFIRMED}:
            raise Refused("events.seat_state")
        now = clock.now()
        if found.occurrence.starts_at <= now:
            raise Refused("events.past")
        before, seats = Seat(found.state), found.party
        found.state, found.ended_at, found.reason = Seat.CANCELLED, now, reason[:40]
        found.version += 1
        found.save(update_fields=["state", "ended_at", "reason", "version"])
        if before in SEATED and found.pool_id is not None:
            (claims.give_back if before is Seat.CONFIRMED else claims.let_go)(found.pool_id, seats)
        event = found.occurrence
        if event.fee_fen and before is Seat.CONFIRMED:
            commerce.refund_subject(
                viewer=viewer, subject=(ROOM, str(found.public_id)), reason="cancelled_by_member"
            )
        ledger.write(
            [
                DeedIn(
                    person=found.person_id,
                    kind="cancelled",
                    occurred_at=now,
                    source_system=ROOM,
                    source_id=f"cancelled:{found.public_id}",
                    subject=event.subject_id,
                    store=event.store_id,
                    community=event.community,
                )
            ]
        )
        letters.withdraw(viewer=viewer, registration=found)
        if before in {Seat.WAITING, Seat.OFFERED}:
            waiting.note(viewer, found, WaitNote.LEFT if before is Seat.WAITING else WaitNote.DECLINED)
        trails.of_place(
            viewer,
            found.public_id,
            "events.registration_cancelled",
            before={"state": str(before)},
            after={"seats": seats},
            reason=reason,
        )
        if before in SEATED:
            waiting.pass_on(viewer=viewer, occurrence=event)
    return found


def approve(*, viewer: Viewer, registration_id: UUID) -> Registration:
    """The champion says yes to an applicant: a seat, or the line when none is left. Refuses `absent`, `events.seat_state`."""
    return _answer(viewer, registration_id, yes=True)


def decline(*, viewer: Viewer, registration_id: UUID, reason: str = "") -> Registration:
    """The champion says no to an applicant, who is told. Refuses `absent`, `events.seat_state`."""
    return _answer(viewer, registration_id, yes=False, reason=reason)


def _answer(viewer: Viewer, registration_id: UUID, *, yes: bool, reason: str = "") -> Registration:
    with one_act():
        found = _locked(viewer, registration_id, deciding=True)
        if found.state != Seat.APPLIED:
            raise Refused("events.seat_state")
        event = found.occurrence
        if event.state != State.PUBLISHED or event.starts_at <= clock.now():
            raise Refused("events.past")
        if yes:
            pools = evidence.pools_for(event, found.person_id)
            if not pools:
                raise Refused("events.not_for_you")
            placed = claims.place(pools, found.party, event.schedule)
            if placed is None:
                raise Refused("events.seat_state")
            found.pool_id, found.number = placed.pool, placed.number
            found.state = Seat.CONFIRMED if placed.number is None else Seat.WAITING
        else:
            found.state, found.ended_at, found.reason = Seat.DECLINED, clock.now(), reason[:40]
        found.decided_at, found.decided_by = clock.now(), viewer.name
        found.version += 1
        found.save(
            update_fields=[
                "state",
                "pool",
                "number",
                "ended_at",
                "reason",
                "decided_at",
                "decided_by",
                "version",
            ]
        )
        if event.fee_fen and found.state == Seat.CONFIRMED:
            promise(viewer=viewer, registration=found)
        act = "events.approved" if yes else "events.declined"
        trails.of_state(viewer, found, act, reason)
        letters.tell(viewer=viewer, registration=found)
    return found


def _locked(viewer: Viewer, registration_id: UUID, *, deciding: bool = False) -> Registration:
    found = queries.access_registration(viewer, registration_id, deciding=deciding)
    # The occurrence first (shared: nobody may cancel or move it now), its pools, then the registration: the lock order of this room.
    claims.locked(claims.locked_occurrence(found.occurrence_id))
    return (
        Registration.objects.select_for_update(no_key=True, of=("self",))
        .select_related("occurrence__store")
        .get(pk=found.pk)
    )


def bump(registration: int) -> None:
    """A registration was changed by somebody else's act: its version goes up."""
    Registration.objects.filter(pk=registration).update(version=F("version") + 1)
