"""After scans were written: who was there, what the book and the money say, what is to be looked at.

Everything here follows from the set of scans (`rules/scans.py`), so it may run after every upload in whatever order they come.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Q

from tongxin.commerce import actions as commerce
from tongxin.events.models import Attendance, DoorConflict, Occurrence, Scan
from tongxin.events.rules.scans import Finding, ScanFact, Verdict, attendance
from tongxin.events.terms import Conflict, Did, Why
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.people import ledger
from tongxin.people.models import Deed
from tongxin.people.rules import DeedIn

ROOM = "events"


@dataclass(frozen=True)
class Comer:
    """A registration and whose it is."""

    registration: int
    public_id: UUID
    person: int


@dataclass(frozen=True)
class Evening:
    """As much of an event as its door needs: what a check-in reads, without the other forty columns."""

    pk: int
    public_id: UUID
    store_id: int
    starts_at: datetime
    ends_at: datetime
    subject_id: int | None
    community: int | None
    fee_fen: int


def fact(scan: Scan) -> ScanFact:
    """A row as the rules read it."""
    return ScanFact(
        nonce=scan.nonce,
        did=Did(scan.did),
        server=Did(scan.server),
        server_why=Why(scan.server_why),
        scanned_at=scan.scanned_at,
        door=scan.door_id,
        forced=scan.forced,
        annuls=scan.annuls,
    )


def hold(event: Occurrence, comers: Iterable[Comer]) -> None:
    """Lock the attendance of these registrations, in one order; makes the rows that are missing."""
    rows = sorted({(c.registration, c.person) for c in comers})
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO events_attendance (registration_id, occurrence_id, person_id, rewarded)"
            " SELECT r, %s, p, false FROM unnest(%s::bigint[], %s::bigint[]) AS s(r, p) ORDER BY r"
            " ON CONFLICT (registration_id) DO NOTHING",
            [event.pk, [r for r, _ in rows], [p for _, p in rows]],
        )
        cursor.execute(
            "SELECT 1 FROM events_attendance WHERE registration_id = ANY(%s) ORDER BY registration_id FOR UPDATE",
            [[r for r, _ in rows]],
        )


def settle(*, viewer: Viewer, event: Occurrence, comers: Iterable[Comer], patient: bool) -> None:
    """Bring attendance, book, money and conflicts of these registrations (held already) in line with their scans.

    `patient`: a voucher that was spent meanwhile becomes a conflict instead of a refusal, for an upload must not fail.
    Refuses `commerce.voucher_spent` and `commerce.voucher_expired` otherwise.
    """
    who = {c.registration: c for c in comers}
    sets = _sets(who)
    before = {row.registration_id: row for row in Attendance.objects.filter(registration__in=who)}
    for key, comer in sorted(who.items()):
        verdict = attendance(sets[key])
        _count(viewer, event, comer, before[key], verdict, patient=patient)
        find(viewer=viewer, event=event, registration=key, verdict=verdict)


def _sets(who: dict[int, Comer]) -> dict[int, list[ScanFact]]:
    sets: dict[int, list[ScanFact]] = {key: [] for key in who}
    rows = list(Scan.objects.filter(registration__in=who))
    home = {row.nonce: row.registration_id for row in rows}
    # An annulment may have come home before the scan that it takes back, and then it knew of no registration.
    orphans = Scan.objects.filter(registration=None, annuls__in=list(home))
    for row in [*rows, *orphans]:
        owner = row.registration_id or home[row.annuls]  # type: ignore[index]  # orphans name what they take back
        sets[owner].append(fact(row))  # type: ignore[index]  # rows of these registrations
    return sets


def _count(
    viewer: Viewer, event: Occurrence, comer: Comer, row: Attendance, verdict: Verdict, *, patient: bool
) -> None:
    counted = verdict.counted
    if (counted.nonce if counted else None) == row.counted:
        return
    if row.rewarded:
        take_back(viewer, comer, row)
    if counted is None and not _unreward(viewer, event, comer, patient=patient):
        note(
            viewer,
            event,
            comer.registration,
            Finding(Conflict.LATE_ANNULMENT, row.counted or comer.public_id),
        )
    row.counted, row.at = (counted.nonce, counted.scanned_at) if counted else (None, None)
    row.rewarded = counted is not None
    if counted is not None:
        row.deed = (row.deed or 0) + 1
        reward(viewer, event, comer, at=counted.scanned_at, times=row.deed)
    row.save(update_fields=["counted", "at", "rewarded", "deed"])


def source_of(comer: Comer, times: int) -> str:
    """The book's key of the n-th time that this coming was written down; the earlier ones were taken back."""
    return f"checked_in:{comer.public_id}" + (f":{times}" if times > 1 else "")


def reward(viewer: Viewer, event: Occurrence | Evening, comer: Comer, *, at: datetime, times: int) -> None:
    """The deed in the book, and the voucher where there was a fee."""
    ledger.write(
        [
            DeedIn(
                person=comer.person,
                kind="checked_in",
                occurred_at=at,
                source_system=ROOM,
                source_id=source_of(comer, times),
                subject=event.subject_id,
                store=event.store_id,
                community=event.community,
            )
        ]
    )
    if event.fee_fen:
        commerce.attended(viewer=viewer, subject=(ROOM, str(comer.public_id)), at=at)


def take_back(viewer: Viewer, comer: Comer, row: Attendance) -> None:
    """The deed is reversed by a row of its own."""
    deed = Deed.objects.get(source_system=ROOM, source_id=source_of(comer, row.deed or 1))
    ledger.reverse(viewer=viewer, deed_id=deed.pk, reason="check_in_annulled")


def _unreward(viewer: Viewer, event: Occurrence, comer: Comer, *, patient: bool) -> bool:
    if not event.fee_fen:
        return True
    try:
        commerce.unattended(viewer=viewer, subject=(ROOM, str(comer.public_id)), reason="check_in_annulled")
    except Refused:
        if not patient:
            raise
        return False
    return True


def find(*, viewer: Viewer, event: Occurrence, registration: int | None, verdict: Verdict) -> None:
    """Conflicts as the set now has them: new ones are written, open ones that dissolved by themselves go."""
    there = {
        (row.kind, row.scan): row
        for row in DoorConflict.objects.filter(occurrence=event, registration=registration)
    }
    for finding in sorted(verdict.conflicts, key=lambda f: (f.kind, f.scan)):
        if (finding.kind, finding.scan) not in there:
            note(viewer, event, registration, finding)
    wanted = {(f.kind, f.scan) for f in verdict.conflicts}
    over = [
        row.pk
        for key, row in there.items()
        if row.kind == Conflict.TWICE and row.resolved_at is None and key not in wanted
    ]
    if over:
        DoorConflict.objects.filter(pk__in=over).delete()


def note(viewer: Viewer, event: Occurrence, registration: int | None, finding: Finding) -> None:
    made = DoorConflict.objects.filter(Q(kind=finding.kind, scan=finding.scan)).exists()
    if made:
        return
    row = DoorConflict.objects.create(
        occurrence=event,
        registration_id=registration,
        kind=finding.kind,
        scan=finding.scan,
        found_at=clock.now(),
    )
    trail(
        viewer=viewer,
        act="events.conflict_found",
        subject=(ROOM, "door_conflict", str(row.public_id)),
        after={"kind": str(finding.kind), "event": str(event.public_id)},
    )
