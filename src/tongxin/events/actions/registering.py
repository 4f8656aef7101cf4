"""Taking a seat, giving it back, and what a champion answers."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from django.db import connection
from django.db.models import F

from tongxin.commerce import actions as commerce
from tongxin.events import evidence, queries
from tongxin.events.actions import claims, letters, waiting
from tongxin.events.actions.first_timers import check_first
from tongxin.events.actions.publishing import anchor_of
from tongxin.events.models import Occurrence, Participant, Registration
from tongxin.events.rules.seats import Way, decide_seat
from tongxin.events.rules.waiting import line_first
from tongxin.events.terms import COMPANION_REST, SEATED, Seat, State, WaitNote
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.acting import one_act
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.people import actions as people
from tongxin.people import ledger
from tongxin.people.rules import DeedIn

ROOM = "events"


@dataclass(frozen=True)
class CompanionIn:
    """A child who comes along: one of the member's companions, and what the kitchen must know."""

    companion: UUID
    allergy: str = ""


_INSERT = """
INSERT INTO events_registration (public_id, occurrence_id, person_id, pool_id, taken_pass_id, state, party, number, priority,
    answers, channel, ticket, walk_in, version, registered_at, decided_by, reason)
VALUES (%(public_id)s, %(occurrence)s, %(person)s, %(pool)s, %(taken_pass)s, %(state)s, %(party)s, %(number)s, 0,
    %(answers)s, %(channel)s, %(ticket)s, false, 1, %(at)s, '', '')
ON CONFLICT (person_id, occurrence_id) WHERE state IN ('applied', 'entered', 'waiting', 'offered', 'confirmed') DO NOTHING
RETURNING id
"""


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
) -> Registration:
    """A member takes a seat (or a champion takes one for them): confirmed, waiting, applied or in the draw.

    `seen` is the schedule that the form showed. Refuses `absent`, `events.cancelled`, `events.past`, `events.not_open`, `events.closed`,
    `events.moved`, `events.registered`, `events.party`, `events.alone`, `events.question`, `events.not_for_you`,
    `events.first_only`.
    """
    given = dict(answers or {})
    with one_act():
        look = evidence.looked(
            viewer, event_id, person=person, companions=companions, answers=given, seen=seen
        )
        now = clock.now()
        verdict = decide_seat(look.facts, now)
        if verdict.way is Way.REFUSE:
            raise Refused(verdict.code, **verdict.data)
        check_first(event=look.occurrence, person=look.person)
        state, pool, number = _place(viewer, look, verdict.way, verdict.pools)
        made = Registration(
            public_id=uuid4(),
            occurrence=look.occurrence,
            person_id=look.person,
            pool_id=pool,
            taken_pass_id=taken_pass,
            state=state,
            party=look.facts.party,
            number=number,
            answers=json.dumps(given, ensure_ascii=False) if given else "",
            channel=channel,
            ticket=uuid4(),
            registered_at=now,
        )
        _insert(made)
        _bring(viewer, made, companions)
        if look.occurrence.fee_fen and state == Seat.CONFIRMED:
            promise(viewer=viewer, registration=made)
        _book(viewer, made)
        _trail(
            viewer,
            made,
            "events.registered",
            after={"state": str(state), "party": made.party, "channel": channel},
        )
        letters.tell(viewer=viewer, registration=made)
    return made


def _place(
    viewer: Viewer, look: evidence.Look, way: Way, pools: tuple[int, ...]
) -> tuple[Seat, int | None, int | None]:
    """Claim a seat, or a number in the line. The event closing or moving meanwhile is a refusal.

    Nobody new overtakes somebody who waits and would fit: where anybody ever waited, the line is asked first.
    """
    event, facts = look.occurrence, look.facts
    if way in {Way.APPLY, Way.ENTER}:
        if not claims.still_open(event.pk, facts.schedule):
            raise _overtaken(event)
        return (Seat.APPLIED if way is Way.APPLY else Seat.ENTERED), None, None
    if line_first(facts.pools, pools, facts.party, waited=look.waited):
        waiting.pass_on(viewer=viewer, occurrence=claims.locked_occurrence(event.pk))
    placed = claims.place(pools, facts.party, facts.schedule)
    if placed is None:
        raise _overtaken(event)
    return (Seat.CONFIRMED if placed.number is None else Seat.WAITING), placed.pool, placed.number


def _overtaken(event: Occurrence) -> Refused:
    """Why an event that was open when we looked is not any more."""
    now = Occurrence.objects.only("state", "draw", "schedule").get(pk=event.pk)
    if now.state == State.CANCELLED:
        return Refused("events.cancelled")
    if now.draw is not None:
        return Refused("events.closed")
    return Refused("events.moved")


def _insert(made: Registration) -> None:
    row = {
        "public_id": made.public_id,
        "occurrence": made.occurrence_id,
        "person": made.person_id,
        "pool": made.pool_id,
        "taken_pass": made.taken_pass_id,
        "state": str(made.state),
        "party": made.party,
        "number": made.number,
        "answers": Registration._meta.get_field("answers").get_prep_value(made.answers),  # noqa: SLF001 (Django's public name for it)
        "channel": made.channel,
        "ticket": made.ticket,
        "at": made.registered_at,
    }
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, row)
        found = cursor.fetchone()
    if found is None:  # the same person a moment earlier on another phone
        raise Refused("events.registered", state="")
    made.pk = found[0]
    made._state.adding = False  # noqa: SLF001 (Django's public name for it)


def _bring(viewer: Viewer, made: Registration, companions: Sequence[CompanionIn]) -> None:
    if not companions:
        return
    ends = clock.business_day(made.occurrence.ends_at, made.occurrence.store.zone)
    Participant.objects.bulk_create(
        [
            Participant(
                registration=made, companion=c.companion, allergy=c.allergy, delete_on=ends + COMPANION_REST
            )
            for c in companions
        ]
    )
    people.keep_companions(viewer=viewer, companion_ids=[c.companion for c in companions], needed_until=ends)


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


DEED = {
    Seat.CONFIRMED: "registered",
    Seat.WAITING: "waitlisted",
    Seat.ENTERED: "registered",
    Seat.APPLIED: "registered",
}


def _book(viewer: Viewer, made: Registration) -> None:
    del viewer  # the trail of the act carries who
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
        _trail(
            viewer,
            found,
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
        _trail(viewer, found, act, after={"state": str(found.state)}, reason=reason)
        letters.tell(viewer=viewer, registration=found)
    return found


def _locked(viewer: Viewer, registration_id: UUID, *, deciding: bool = False) -> Registration:
    found = queries.access_registration(viewer, registration_id, deciding=deciding)
    # The occurrence first (shared: nobody may cancel or move it now), its pools, then the registration: the lock order of this room.
    claims.locked(claims.locked_occurrence(found.occurrence_id))
    return (
        Registration.objects.select_for_update(of=("self",))
        .select_related("occurrence__store")
        .get(pk=found.pk)
    )


def _trail(viewer: Viewer, found: Registration, act: str, **more: object) -> None:
    trail(viewer=viewer, act=act, subject=(ROOM, "registration", str(found.public_id)), **more)  # type: ignore[arg-type]  # its own keywords


def bump(registration: int) -> None:
    """A registration was changed by somebody else's act: its version goes up."""
    Registration.objects.filter(pk=registration).update(version=F("version") + 1)
