"""The draw of an oversubscribed event: entrants and seed are committed to and published, then revealed. Never the other way round."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import F

from tongxin.events import queries
from tongxin.events.actions import claims, letters, registering, tidying, trails, waiting
from tongxin.events.models import Lottery, Occurrence, Pool, Registration
from tongxin.events.rules import lottery as rules
from tongxin.events.terms import Admission, Seat, State
from tongxin.foundation import clock
from tongxin.foundation.access import Verb, Viewer
from tongxin.foundation.acting import one_act
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.draw import actions as draws
from tongxin.foundation.draw import queries as drawn
from tongxin.foundation.errors import Refused
from tongxin.people import ledger
from tongxin.people.rules import DeedIn
from tongxin.stores.models import Staff

ROOM = "events"


def commit(*, viewer: Viewer, event_id: UUID) -> dict[str, Any]:
    """Close the list of entrants and publish it with the commitment; answers the published document. Doing it twice changes nothing.

    Who works for the chain and who stands in the list twice is taken out first. Refuses `absent`, `events.not_lottery`,
    `events.state`, `events.draw_open` before registration closes, `draw.nobody`, `events.full` when seats were taken away.
    """
    with one_act():
        event, frozen = _locked(viewer, event_id)
        if event.draw is not None:
            return drawn.document(event.draw)
        if event.state != State.PUBLISHED:
            raise Refused("events.state")
        if event.closes_at is None or clock.now() < event.closes_at:
            raise Refused("events.draw_open")
        if sum(pool.size for pool in Pool.objects.filter(occurrence=event)) < frozen.rules["seats"]:
            raise Refused("events.full")
        _take_out(viewer, event)
        rows = list(Registration.objects.filter(occurrence=event, state=Seat.ENTERED).order_by("id"))
        made = draws.commit(
            viewer=viewer,
            title=event.title,
            entrants=[rules.entrant(event.public_id, row.public_id, row.party) for row in rows],
            rules=frozen.rules,
        )
        event.draw = made.public_id
        event.save(update_fields=["draw"])
        trail(
            viewer=viewer,
            act="events.draw_committed",
            subject=(ROOM, "occurrence", str(event.public_id)),
            after={"draw": str(made.public_id), "commitment": made.commitment, "entrants": len(rows)},
        )
        letters.tell_all(viewer=viewer, occurrence=event, kind="events.draw_published", states=[Seat.ENTERED])
    return drawn.document(made.public_id)


def _take_out(viewer: Viewer, event: Occurrence) -> None:
    """Insiders and second entries of one person do not take part."""
    tidying.one_place_each(viewer=viewer, occurrence=event)
    hosts = set(Staff.objects.filter(pk=event.host_id or 0).values_list("account", flat=True))
    entered = Registration.objects.filter(occurrence=event, state=Seat.ENTERED).select_related(
        "person__survivor"
    )
    for row in entered.order_by("id"):
        who = row.person.survivor or row.person
        insider = who.is_staff or row.person.is_staff or who.pk == event.member_host_id
        if not insider and (who.account_id is None or who.account_id not in hosts):
            continue
        row.occurrence = event
        row.state, row.ended_at, row.reason = Seat.DECLINED, clock.now(), "insider"
        row.decided_at, row.decided_by = clock.now(), viewer.name
        row.version += 1
        row.save(update_fields=["state", "ended_at", "reason", "decided_at", "decided_by", "version"])
        trails.of_state(viewer, row, "events.declined", "insider")
        letters.tell(viewer=viewer, registration=row)


def draw(*, viewer: Viewer, event_id: UUID, beacon: str = "") -> dict[str, Any]:
    """Reveal the seed, give the seats to the winners, tell everybody; answers the document anyone can recompute.

    Losers are written into the book: they are the control group of the event's study. Where the rules say so they wait in the
    order of the draw. Doing it twice changes nothing. Refuses `absent`, `events.not_lottery`, `events.draw_not_committed`,
    `events.draw_early`, `events.state`, `draw.beacon_needed`, `draw.other_beacon`, `events.full`.
    """
    with one_act():
        event, frozen = _locked(viewer, event_id)
        if event.draw is None:
            raise Refused("events.draw_not_committed")
        if frozen.finished_at is not None:
            draws.reveal(viewer=viewer, public_id=event.draw, beacon=beacon)
            return drawn.document(event.draw)
        if event.state != State.PUBLISHED:
            raise Refused("events.state")
        committed_at = drawn.committed_at(event.draw)
        if not rules.may_draw(frozen.draws_at, committed_at, clock.now()):
            at = max(frozen.draws_at, committed_at + rules.SHOWN_FOR)
            raise Refused("events.draw_early", at=at.isoformat())
        draws.reveal(viewer=viewer, public_id=event.draw, beacon=beacon)
        document = drawn.document(event.draw)
        rows = {
            rules.entrant(event.public_id, row.public_id, row.party): row
            for row in Registration.objects.filter(occurrence=event, state=Seat.ENTERED).select_related(
                "person"
            )
        }
        for row in rows.values():
            row.occurrence = event
        won = [rows[one] for one in document["winners"] if one in rows]
        lost = [rows[one] for one in drawn.waiting_list(event.draw) if one in rows]
        _admit(viewer, event, won)
        _book_losers(event, lost)
        _send_home(viewer, event, lost, reserve=bool(frozen.rules["reserve"]))
        frozen.finished_at = clock.now()
        frozen.save(update_fields=["finished_at"])
        trail(
            viewer=viewer,
            act="events.drawn",
            subject=(ROOM, "occurrence", str(event.public_id)),
            after={"draw": str(event.draw), "won": len(won), "lost": len(lost)},
        )
        letters.tell_each(viewer=viewer, registrations=[*won, *lost])
        # Seats of winners who gave up meanwhile, and those no party fitted into, go down the ranking.
        waiting.pass_on(viewer=viewer, occurrence=event)
    return document


def _locked(viewer: Viewer, event_id: UUID) -> tuple[Occurrence, Lottery]:
    found = queries.access_event(viewer, event_id, Verb.DECIDE)
    event = claims.locked_occurrence(found.pk)
    claims.locked(event)
    frozen = Lottery.objects.filter(occurrence=event).first()
    if event.admission != Admission.LOTTERY or frozen is None:
        raise Refused("events.not_lottery")
    return event, frozen


def _admit(viewer: Viewer, event: Occurrence, won: Sequence[Registration]) -> None:
    if not won:
        return
    pool = Pool.objects.get(occurrence=event, audience="")
    if not claims.claim(pool.pk, sum(row.party for row in won), event.schedule):
        raise Refused("events.full")
    _decide(viewer, won, Seat.CONFIRMED, pool.pk)
    if event.fee_fen:
        for row in won:
            registering.promise(viewer=viewer, registration=row)


def _decide(viewer: Viewer, rows: Sequence[Registration], state: Seat, pool: int | None) -> None:
    now = clock.now()
    Registration.objects.filter(pk__in=[row.pk for row in rows]).update(
        state=state, pool=pool, decided_at=now, decided_by=viewer.name, version=F("version") + 1
    )
    for row in rows:
        row.state, row.pool_id = state, pool
        row.version += 1


def _send_home(viewer: Viewer, event: Occurrence, lost: Sequence[Registration], *, reserve: bool) -> None:
    if not lost:
        return
    if not reserve:
        _decide(viewer, lost, Seat.LOST_DRAW, None)
        Registration.objects.filter(pk__in=[row.pk for row in lost]).update(ended_at=clock.now())
        return
    pool = Pool.objects.get(occurrence=event, audience="")
    _decide(viewer, lost, Seat.WAITING, pool.pk)
    first = claims.numbers(pool.pk, len(lost))
    for number, row in enumerate(lost, first):
        row.number = number
    Registration.objects.bulk_update(lost, ["number"])


def _book_losers(event: Occurrence, lost: Sequence[Registration]) -> None:
    """`value` is the size of the party: small ones are drawn more easily, so a study compares within the size."""
    now = clock.now()
    ledger.write(
        [
            DeedIn(
                person=row.person_id,
                kind="lost_draw",
                occurred_at=now,
                source_system=ROOM,
                source_id=f"lost_draw:{row.public_id}",
                subject=event.subject_id,
                store=event.store_id,
                community=event.community,
                value=row.party,
            )
            for row in lost
        ]
    )


def commit_due(*, viewer: Viewer) -> int:
    """Publish every list whose registration has closed; answers how many. A job of every minute."""
    closed = Lottery.objects.filter(
        finished_at=None, occurrence__state=State.PUBLISHED, occurrence__draw=None
    ).filter(occurrence__closes_at__lte=clock.now(), occurrence__starts_at__gt=clock.now())
    due = [row.occurrence for row in closed.select_related("occurrence")]
    return sum(_quietly(commit, viewer, event) for event in due)


def draw_due(*, viewer: Viewer) -> int:
    """Draw what is due and needs no public value from outside; answers how many. A job of every minute."""
    waiting_for = Lottery.objects.filter(
        finished_at=None, draws_at__lte=clock.now(), occurrence__state=State.PUBLISHED
    ).filter(occurrence__draw__isnull=False, rules__beacon="")
    due = [row.occurrence for row in waiting_for.select_related("occurrence")]
    return sum(_quietly(draw, viewer, event) for event in due)


def _quietly(act: Any, viewer: Viewer, event: Occurrence) -> int:
    """One event that cannot go on yet (nobody entered, published too short a time ago) must not stop the others."""
    try:
        act(viewer=viewer, event_id=event.public_id)
    except Refused as refused:
        if refused.code not in {"draw.nobody", "events.draw_early", "events.full"}:
            raise
        return 0
    return 1
