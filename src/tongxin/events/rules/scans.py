"""Who was there, from the set of scans of one registration, in whatever order they arrived.

Two questions are kept apart: what a ticket is worth at an instant (`judge`), and which of the scans counts (`attendance`). The
second looks at nothing but the set, so two phones that come home in the other order end in the same state.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tongxin.events.terms import ANNUL_WITHIN, DOOR_AFTER, DOOR_BEFORE, Conflict, Did, Seat, Via, Why


@dataclass(frozen=True)
class ScanFact:
    """One scan. `door` None is an organiser at the desk; `annuls` names the scan that an annulment takes back."""

    nonce: UUID
    did: Did
    server: Did
    server_why: Why
    scanned_at: datetime
    door: int | None = None
    forced: bool = False
    annuls: UUID | None = None

    @property
    def place(self) -> tuple[bool, datetime, UUID]:
        """Where it stands among the others: what the server itself called a repeat comes last, then the earlier first."""
        return (self.server is Did.ALREADY, self.scanned_at, self.nonce)


@dataclass(frozen=True)
class Finding:
    """Something a champion should look at: which scan, and why."""

    kind: Conflict
    scan: UUID


@dataclass(frozen=True)
class Verdict:
    """The counted scan of a registration (None: nobody came), and what the doors disagree about."""

    counted: ScanFact | None
    conflicts: frozenset[Finding]


@dataclass(frozen=True)
class SeatAt:
    """A registration as the door needs it. `confirmed_at` None: never had a seat; `ended_at`: when it was given back."""

    state: Seat
    confirmed_at: datetime | None
    ended_at: datetime | None


def door_open(starts_at: datetime, ends_at: datetime, at: datetime) -> bool:
    """Is the door of an event open at this instant?"""
    return starts_at - DOOR_BEFORE <= at <= ends_at + DOOR_AFTER


def judge(seat: SeatAt | None, at: datetime) -> tuple[Did, Why]:
    """What the server says of a ticket at `at`, leaving aside who came before: that follows from the set."""
    if seat is None:
        return Did.REFUSED, Why.INVALID
    if seat.ended_at is not None and seat.ended_at <= at:
        return Did.REFUSED, Why.CANCELLED if seat.confirmed_at is not None else Why.NOT_CONFIRMED
    if seat.confirmed_at is None or seat.confirmed_at > at:
        return Did.REFUSED, Why.NOT_CONFIRMED
    return Did.ADMITTED, Why.OK


def bounded(at: datetime, opened_at: datetime, expires_at: datetime) -> datetime:
    """A phone's own time as it was given, but never outside the life of its door: a wrong clock must not rewrite history."""
    return min(max(at, opened_at), expires_at)


def takes_back(annulment: ScanFact, target: ScanFact) -> bool:
    """Does an annulment hold? An organiser's always (`forced`), a door's for its own scan within ten minutes."""
    if annulment.annuls != target.nonce or target.annuls is not None:
        return False
    if annulment.server is Did.REFUSED:
        return False
    since = annulment.scanned_at - target.scanned_at
    own = annulment.door is not None and annulment.door == target.door
    return annulment.forced or (own and -ANNUL_WITHIN <= since <= ANNUL_WITHIN)


def attendance(scans: Collection[ScanFact]) -> Verdict:
    """Which scan counts, and what is to be looked at: a function of the set alone.

    A scan is an entry when the scanner let somebody in, and it counts when the server agrees. One counts a ticket: the earliest;
    of two at one instant the smaller nonce.
    """
    once = {scan.nonce: scan for scan in scans}
    annulments = [scan for scan in once.values() if scan.annuls is not None]
    gone = {a.annuls for a in annulments for t in once.values() if takes_back(a, t)}
    entries = [s for s in once.values() if s.annuls is None and s.did is Did.ADMITTED and s.nonce not in gone]
    good = sorted((s for s in entries if s.server is not Did.REFUSED), key=lambda s: s.place)
    counted = good[0] if good else None
    return Verdict(counted, frozenset(_conflicts(entries, good, annulments, once)))


def _conflicts(
    entries: Iterable[ScanFact],
    good: list[ScanFact],
    annulments: Iterable[ScanFact],
    once: dict[UUID, ScanFact],
) -> Iterable[Finding]:
    for scan in entries:
        if scan.server is Did.REFUSED:
            yield Finding(disagreement(scan), scan.nonce)
    for scan in good[1:]:
        if not scan.forced:  # let in again knowingly: written down, no riddle
            yield Finding(Conflict.TWICE, scan.nonce)
    for scan in annulments:
        late = scan.annuls in once and not takes_back(scan, once[scan.annuls])
        if scan.server is Did.REFUSED:
            yield Finding(disagreement(scan), scan.nonce)
        elif late:  # also when somebody else took the scan back in time: what was found once stays found, in any order
            yield Finding(Conflict.LATE_ANNULMENT, scan.nonce)


def disagreement(scan: ScanFact) -> Conflict:
    """What it is called when the scanner let somebody in (or took it back) and the server would not have."""
    if scan.server_why is Why.DOOR_CLOSED:
        return Conflict.REVOKED_DOOR
    if scan.server_why is Why.CANCELLED:
        return Conflict.ADMITTED_CANCELLED
    return Conflict.ADMITTED_INVALID


def may_annul(*, own_door: bool, organiser: bool, scanned_at: datetime, now: datetime) -> bool:
    """May this scan be taken back now? By its own door for ten minutes, later by champion or headquarters."""
    return organiser or (own_door and now - scanned_at <= ANNUL_WITHIN)


VIA_WORDS: dict[Via, tuple[str, str]] = {
    Via.TICKET: ("扫码", "by code"),
    Via.SEARCH: ("查找", "by name"),
    Via.WALK_IN: ("现场加人", "walk-in"),
}
