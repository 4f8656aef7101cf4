"""What a wish to come writes: the registration with its seat, the book, the trail, what the person is told.

Everybody who wants a place at an event queues for the row of its pool, and whoever has it keeps it until the commit. So the quick way
writes everything else first, as the seat was seen to be free (or gone), and takes the seat and the registration in one last
statement. Where that finds another state, all goes back and is done the careful way: seat first, then the rest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID, uuid4

from tongxin.commerce import actions as commerce
from tongxin.events import evidence
from tongxin.events.actions import claims, letters, waiting
from tongxin.events.actions.claims import Placed
from tongxin.events.actions.publishing import anchor_of
from tongxin.events.models import Occurrence, Participant, Registration
from tongxin.events.rules.seats import Way
from tongxin.events.terms import COMPANION_REST, Seat, State
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.acting import Again, Guard
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.people import actions as people
from tongxin.people import ledger
from tongxin.people.rules import DeedIn

ROOM = "events"
DEED = {
    Seat.CONFIRMED: "registered",
    Seat.WAITING: "waitlisted",
    Seat.ENTERED: "registered",
    Seat.APPLIED: "registered",
}


@dataclass(frozen=True)
class CompanionIn:
    """A child who comes along: one of the member's companions, and what the kitchen must know."""

    companion: UUID
    allergy: str = ""


@dataclass(frozen=True)
class Wish:
    """Who wants to come to what, as it was looked up and decided; `line_first`: somebody waits who is to be asked before."""

    look: evidence.Look
    way: Way
    pools: tuple[int, ...]
    children: Sequence[CompanionIn]
    line_first: bool


def guess(wish: Wish) -> Placed | None:
    """Where the wish will end if nothing changes meanwhile; None where the careful way is the only one."""
    if wish.way is not Way.SEAT or wish.children or wish.line_first:
        return None
    facts = wish.look.facts
    free = {pool.id: pool.free for pool in facts.pools}
    for pool in wish.pools:
        if free[pool] >= facts.party:
            return Placed(pool)
    return Placed(wish.pools[0], 0) if len(wish.pools) == 1 else None


def take_quickly(viewer: Viewer, wish: Wish, made: Registration, to: Placed, guard: Guard | None) -> None:
    """Write everything and take the seat last, after the guard's own writes if there is a guard. Raises Again when it is gone.

    The number in a line is known only when it is taken, so what is told comes after it. Refuses `events.registered` and what
    `take` refuses.
    """
    made.pool_id, made.state = to.pool, Seat.CONFIRMED if to.number is None else Seat.WAITING
    schedule = wish.look.facts.schedule
    if made.state == Seat.WAITING:
        _write_down(viewer, made)
        _line_up(made, schedule)
        letters.tell(viewer=viewer, registration=made)
        return
    if made.occurrence.fee_fen:
        promise(viewer=viewer, registration=made)
    _write_down(viewer, made)
    letters.tell(viewer=viewer, registration=made)
    if guard is None:
        _sit(made, schedule)
    else:
        guard.last.append(partial(_sit, made, schedule))


def _sit(made: Registration, schedule: int) -> None:
    claimed, key = claims.claim_and_write(made, schedule)
    if not claimed:
        raise _changed(made.occurrence) or Again
    _written(made, key)


def _line_up(made: Registration, schedule: int) -> None:
    made.number, key = claims.line_up_and_write(made, schedule)
    if made.number is None:
        raise _changed(made.occurrence) or Again
    _written(made, key)


def _written(made: Registration, key: int | None) -> None:
    if key is None:  # the same person a moment earlier on another phone
        raise Refused("events.registered", state="")
    made.pk = key
    made._state.adding = False  # noqa: SLF001 (Django's public name for it)


def take(viewer: Viewer, wish: Wish, made: Registration) -> None:
    """Seat first, then everything else. Refuses `events.cancelled`, `events.closed`, `events.moved`, `events.registered`."""
    made.state, made.pool_id, made.number = _place(viewer, wish)
    _written(made, claims.write(made))
    _bring(viewer, made, wish.children)
    if made.occurrence.fee_fen and made.state == Seat.CONFIRMED:
        promise(viewer=viewer, registration=made)
    _write_down(viewer, made)
    letters.tell(viewer=viewer, registration=made)


def _place(viewer: Viewer, wish: Wish) -> tuple[Seat, int | None, int | None]:
    """Claim a seat, or a number in the line. The event closing or moving meanwhile is a refusal.

    Nobody new overtakes somebody who waits and would fit: where anybody ever waited, the line is asked first.
    """
    event, facts = wish.look.occurrence, wish.look.facts
    if wish.way in {Way.APPLY, Way.ENTER}:
        if not claims.still_open(event.pk, facts.schedule):
            raise _changed(event) or Refused("events.moved")
        return (Seat.APPLIED if wish.way is Way.APPLY else Seat.ENTERED), None, None
    if wish.line_first:
        waiting.pass_on(viewer=viewer, occurrence=claims.locked_occurrence(event.pk))
    placed = claims.place(wish.pools, facts.party, facts.schedule)
    if placed is None:
        raise _changed(event) or Refused("events.moved")
    return (Seat.CONFIRMED if placed.number is None else Seat.WAITING), placed.pool, placed.number


def _changed(event: Occurrence) -> Refused | None:
    """Why an event that was open when we looked is not any more; None when it is just as it was."""
    now = Occurrence.objects.only("state", "draw", "schedule").get(pk=event.pk)
    if now.state == State.CANCELLED:
        return Refused("events.cancelled")
    if now.draw is not None:
        return Refused("events.closed")
    return Refused("events.moved") if now.schedule != event.schedule else None


def _bring(viewer: Viewer, made: Registration, children: Sequence[CompanionIn]) -> None:
    if not children:
        return
    ends = clock.business_day(made.occurrence.ends_at, made.occurrence.store.zone)
    Participant.objects.bulk_create(
        [
            Participant(
                registration=made, companion=c.companion, allergy=c.allergy, delete_on=ends + COMPANION_REST
            )
            for c in children
        ]
    )
    people.keep_companions(viewer=viewer, companion_ids=[c.companion for c in children], needed_until=ends)


def promise(*, viewer: Viewer, registration: Registration) -> None:
    """Fee and voucher of a confirmed place, as one promise."""
    event = registration.occurrence
    commerce.promise(
        viewer=viewer,
        person=registration.person_id,
        store=event.store,
        subject=(ROOM, str(registration.public_id)),
        under=anchor_of(event),
        fee_fen=event.fee_fen * registration.party,
        voucher_fen=event.voucher_fen * registration.party,
        terms={"title": event.title, "days": event.voucher_days},
        valid_days=event.voucher_days,
        due_at=event.starts_at,
    )


def _write_down(viewer: Viewer, made: Registration) -> None:
    event = made.occurrence
    ledger.write(
        [
            DeedIn(
                person=made.person_id,
                kind=DEED[Seat(made.state)],
                occurred_at=made.registered_at,
                source_system=ROOM,
                source_id=f"registered:{made.public_id}",
                subject=event.subject_id,
                store=event.store_id,
                community=event.community,
            )
        ]
    )
    trail(
        viewer=viewer,
        act="events.registered",
        subject=(ROOM, "registration", str(made.public_id)),
        after={"state": str(made.state), "party": made.party, "channel": made.channel},
    )


def blank(look: evidence.Look, *, answers: str, channel: str, taken_pass: int | None) -> Registration:
    """The row to be: who and where to, with a number of its own."""
    return Registration(
        public_id=uuid4(),
        occurrence=look.occurrence,
        person_id=look.person,
        taken_pass_id=taken_pass,
        party=look.facts.party,
        answers=answers,
        channel=channel,
        ticket=uuid4(),
        registered_at=clock.now(),
    )
