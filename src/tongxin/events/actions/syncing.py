"""A phone comes home: its journal of what it did without the network is taken in, in any order, any number of times."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid5

from tongxin.events.actions import settling, walkins
from tongxin.events.actions.settling import Comer
from tongxin.events.actions.walkins import WalkIn
from tongxin.events.models import Attendance, Door, Registration, Scan
from tongxin.events.queries import doors as queries
from tongxin.events.queries.tickets import installation_key
from tongxin.events.rules import scans as rules
from tongxin.events.rules.scans import SeatAt
from tongxin.events.rules.tickets import read
from tongxin.events.terms import JOURNAL_MOST, Did, Seat, Via, Why
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.acting import one_act
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused

ROOM = "events"


@dataclass(frozen=True)
class EntryIn:
    """One line of a journal: what the scanner did, when by its clock, with which code or person."""

    nonce: UUID
    did: Did
    did_why: Why
    scanned_at: datetime
    via: Via = Via.TICKET
    ticket: str = ""
    registration: UUID | None = None
    walk_in: WalkIn | None = None
    forced: bool = False
    annuls: UUID | None = None


@dataclass(frozen=True)
class Taken:
    """What became of a line: what the server would have said then, and whether this scan is the one that counts now."""

    nonce: UUID
    server: Did
    server_why: Why
    counted: bool


@dataclass(frozen=True)
class Judged:
    """A line beside the registration it is about and the server's own answer, neither made from the other."""

    entry: EntryIn
    comer: Comer | None
    server: Did
    why: Why


def sync(*, viewer: Viewer, door_id: UUID, journal: Sequence[EntryIn]) -> list[Taken]:
    """Take a journal in: append-only, once a nonce, in whatever order; attendance, book and conflicts follow from the whole set.

    A door that was revoked is heard too: its lines are kept, marked, counted for nobody and put before a champion. Times are
    kept as the phone gave them, within the life of its door. Refuses `absent`, `events.journal_long`.
    """
    if len(journal) > JOURNAL_MOST:
        raise Refused("events.journal_long", most=JOURNAL_MOST)
    with one_act():
        door = queries.access_door(viewer, door_id)
        entries = _new(door, journal)
        judged = _judged(viewer, door, entries)
        comers = _comers(door, judged)
        settling.hold(door.occurrence, comers)
        written = _write(viewer, door, judged)
        settling.settle(viewer=viewer, event=door.occurrence, comers=comers, patient=True)
        _stray(viewer, door, judged)
        if written:
            trail(
                viewer=viewer,
                act="events.synced",
                subject=(ROOM, "door", str(door.public_id)),
                after={"scans": written, "event": str(door.occurrence.public_id)},
            )
        return _taken(door, journal)


def _new(door: Door, journal: Sequence[EntryIn]) -> list[EntryIn]:
    """The lines that are not written yet. Where an answer got lost and the phone then did something else, that is a line of its own."""
    there = {s.nonce: s.did for s in Scan.objects.filter(nonce__in=[entry.nonce for entry in journal])}
    entries = []
    for entry in {entry.nonce: entry for entry in journal}.values():
        if there.get(entry.nonce) == entry.did:
            continue
        at = rules.bounded(entry.scanned_at, door.opened_at, door.expires_at)
        nonce = entry.nonce if entry.nonce not in there else uuid5(entry.nonce, str(entry.did))
        entries.append(replace(entry, nonce=nonce, scanned_at=at))
    return sorted(entries, key=lambda e: (e.scanned_at, e.nonce))


def _judged(viewer: Viewer, door: Door, entries: Sequence[EntryIn]) -> list[Judged]:
    key, event = installation_key(), door.occurrence
    codes = {
        e.nonce: shown.ticket
        for e in entries
        if e.ticket
        and (shown := read(key, e.ticket, event.public_id, e.scanned_at, online=False)) is not None
    }
    seats = queries.seats_at(event.pk, codes.values(), [e.registration for e in entries if e.registration])
    names = _names({pk for pk, _, _ in seats.values()})
    judged = []
    for entry in entries:
        if entry.walk_in is not None and entry.annuls is None:
            judged.append(_walked_in(viewer, door, entry))
            continue
        wanted = codes.get(entry.nonce) if entry.ticket else entry.registration
        row = seats.get(wanted) if wanted is not None else None
        comer = None if row is None else Comer(row[0], names[row[0]], row[1])
        server, why = _said(door, entry, None if row is None else row[2])
        judged.append(Judged(entry, comer, server, why))
    return judged


def _said(door: Door, entry: EntryIn, seat: SeatAt | None) -> tuple[Did, Why]:
    if door.revoked_at is not None:
        return Did.REFUSED, Why.DOOR_CLOSED
    if entry.annuls is not None:
        return Did.ANNULLED, Why.ANNULLED
    if not rules.door_open(door.occurrence.starts_at, door.occurrence.ends_at, entry.scanned_at):
        return Did.REFUSED, Why.OUTSIDE_WINDOW
    return rules.judge(seat, entry.scanned_at)


def _walked_in(viewer: Viewer, door: Door, entry: EntryIn) -> Judged:
    """The seat is claimed now: who was let in without one becomes a conflict, never an oversold event."""
    assert entry.walk_in is not None
    server, why = _said(door, entry, SeatAt(Seat.CONFIRMED, entry.scanned_at, None))
    if server is Did.REFUSED:
        return Judged(entry, None, server, why)
    try:
        place = walkins.seat_for(
            viewer=viewer, event=door.occurrence, key=entry.nonce, who=entry.walk_in, at=entry.scanned_at
        )
    except Refused as refused:
        full = refused.code == "events.full"
        return Judged(entry, None, Did.REFUSED, Why.FULL if full else Why.INVALID)
    return Judged(entry, Comer(place.pk, place.public_id, place.person_id), server, why)


def _names(keys: set[int]) -> dict[int, UUID]:
    return dict(Registration.objects.filter(pk__in=keys).values_list("id", "public_id"))


def _comers(door: Door, judged: Sequence[Judged]) -> list[Comer]:
    """Everybody whose set of scans changes: those named, and those whose scan is taken back by number alone."""
    found = {j.comer.registration: j.comer for j in judged if j.comer is not None}
    targets = [j.entry.annuls for j in judged if j.entry.annuls is not None]
    rows = Scan.objects.filter(occurrence=door.occurrence, nonce__in=targets).exclude(registration=None)
    for pk, public_id, person in rows.values_list(
        "registration", "registration__public_id", "registration__person"
    ):
        found[pk] = Comer(pk, public_id, person)
    return sorted(found.values(), key=lambda comer: comer.registration)


def _write(viewer: Viewer, door: Door, judged: Sequence[Judged]) -> int:
    now = clock.now()
    rows = [
        Scan(
            nonce=j.entry.nonce,
            door=door,
            occurrence=door.occurrence,
            registration_id=None if j.comer is None else j.comer.registration,
            via=j.entry.via,
            did=j.entry.did,
            did_why=j.entry.did_why,
            server=j.server,
            server_why=j.why,
            offline=True,
            forced=j.entry.forced and j.entry.annuls is None,
            annuls=j.entry.annuls,
            scanned_at=j.entry.scanned_at,
            received_at=now,
            by=door.opened_by,
        )
        for j in sorted(judged, key=lambda j: j.entry.nonce)
    ]
    del viewer  # the trail of the upload says who brought it; a scan says at whose door it happened
    return len(Scan.objects.bulk_create(rows, ignore_conflicts=True))


def _stray(viewer: Viewer, door: Door, judged: Sequence[Judged]) -> None:
    """Let in with a code that names nobody here: a conflict of the scan alone."""
    for j in judged:
        if j.comer is None and j.entry.did is Did.ADMITTED and j.server is Did.REFUSED:
            fact = rules.ScanFact(j.entry.nonce, j.entry.did, j.server, j.why, j.entry.scanned_at)
            finding = rules.Finding(rules.disagreement(fact), j.entry.nonce)
            settling.note(viewer, door.occurrence, None, finding)


def _taken(door: Door, journal: Sequence[EntryIn]) -> list[Taken]:
    numbers = [entry.nonce for entry in journal]
    rows = {s.nonce: s for s in Scan.objects.filter(occurrence=door.occurrence, nonce__in=numbers)}
    counted = set(Attendance.objects.filter(counted__in=numbers).values_list("counted", flat=True))
    return [
        Taken(nonce, Did(rows[nonce].server), Why(rows[nonce].server_why), nonce in counted)
        for nonce in numbers
        if nonce in rows
    ]
