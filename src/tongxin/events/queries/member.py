"""What a member sees of their own: their events, their children, one registration with its place in the line."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from tongxin.events.models import Attendance, Participant, Registration, WaitLine
from tongxin.events.queries.ways_in import link_of
from tongxin.events.terms import SEAT_LABELS, WAIT_LABELS, Admission, Seat, State, WaitNote
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.people import queries as people
from tongxin.people.models import Companion

CAME, MISSED = ("来过", "came"), ("没到", "did not come")

_CHILDREN = """
SELECT * FROM people_companion WHERE delete_on > %(today)s AND guardian_id IN (
    SELECT id FROM people_customer WHERE id = %(me)s UNION ALL SELECT id FROM people_customer WHERE survivor_id = %(me)s)
ORDER BY id
"""


@dataclass(frozen=True)
class Child:
    """A child whom the member has named before."""

    public_id: UUID
    nickname: str
    age_years: int


def my_children(viewer: Viewer) -> tuple[Child, ...]:
    """The asking member's own children who can come along. One statement."""
    rows = Companion.objects.raw(_CHILDREN, {"me": viewer.person, "today": clock.business_day(clock.now())})
    return tuple(Child(row.public_id, row.nickname, int(row.age_years)) for row in rows)


@dataclass(frozen=True)
class MyLine:
    """One of the member's own registrations."""

    public_id: UUID
    event: UUID
    title: str
    theme: str
    starts_at: datetime
    ends_at: datetime
    place: str
    online: bool
    online_url: str
    store_name: str
    state: Seat
    event_state: State
    party: int
    number: int | None
    offered_until: datetime | None
    fee_fen: int
    voucher_fen: int
    simulated: bool
    came: bool = False

    @property
    def missed(self) -> bool:
        """Had a seat and did not come; known when the event has been closed."""
        return not self.came and self.state == Seat.CONFIRMED and self.event_state == State.ENDED

    @property
    def label(self) -> tuple[str, str]:
        """The state in words; of an event that is over, whether one was there."""
        if self.came:
            return CAME
        return MISSED if self.missed else SEAT_LABELS[self.state]


def my_events(viewer: Viewer, *, past: bool = False, limit: int = 50) -> list[MyLine]:
    """The asking member's own events: those ahead with a live registration, soonest first; the others, newest first. Two statements."""
    if viewer.person is None:
        raise Refused("absent")
    mine = Registration.objects.filter(person__in=people.cluster(viewer.person)).select_related(
        "occurrence__store"
    )
    ahead = Q(
        occurrence__ends_at__gt=clock.now(),
        state__in=(Seat.APPLIED, Seat.ENTERED, Seat.WAITING, Seat.OFFERED, Seat.CONFIRMED, Seat.REMOVED),
    )
    rows = mine.exclude(ahead) if past else mine.filter(ahead)
    order = ("-occurrence__starts_at", "-id") if past else ("occurrence__starts_at", "id")
    came = Exists(Attendance.objects.filter(registration=OuterRef("pk"), counted__isnull=False))
    return [_my_line(row) for row in rows.annotate(came=came).order_by(*order)[:limit]]


def _my_line(row: Any) -> MyLine:
    event = row.occurrence
    return MyLine(
        public_id=row.public_id,
        event=event.public_id,
        title=event.title,
        theme=event.theme,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        place=event.place,
        online=bool(event.online_url),
        online_url=link_of(row),
        store_name=event.store.name,
        state=Seat(row.state),
        event_state=State(event.state),
        party=row.party,
        number=row.number,
        offered_until=row.offered_until,
        fee_fen=event.fee_fen,
        voucher_fen=event.voucher_fen,
        simulated=event.simulated,
        came=row.came,
    )


@dataclass(frozen=True)
class WaitStep:
    """Something that happened on the waiting list, with the reason."""

    at: datetime
    note: WaitNote

    @property
    def said(self) -> tuple[str, str]:
        """In words."""
        return WAIT_LABELS[self.note]


@dataclass(frozen=True)
class MyRegistration:
    """One of the member's own registrations, with everything that concerns them."""

    line: MyLine
    district: str
    address: str
    currency: str
    voucher_days: int
    admission: Admission
    draw: UUID | None
    cancel_reason: str
    registered_at: datetime
    ended_at: datetime | None
    reason: str
    ahead: int | None
    steps: tuple[WaitStep, ...]
    companions: tuple[UUID, ...]
    version: int


def my_registration(viewer: Viewer, registration_id: UUID) -> MyRegistration:
    """A registration of the asking member's own. Five statements. Refuses `absent` for anybody else's."""
    if viewer.person is None:
        raise Refused("absent")
    row = (
        Registration.objects.filter(public_id=registration_id, person__in=people.cluster(viewer.person))
        .select_related("occurrence__store__brand")
        .annotate(came=Exists(Attendance.objects.filter(registration=OuterRef("pk"), counted__isnull=False)))
        .first()
    )
    if row is None:
        raise Refused("absent")
    event = row.occurrence
    steps = WaitLine.objects.filter(registration=row).order_by("id")
    return MyRegistration(
        line=_my_line(row),
        district=event.store.district,
        address=event.store.address,
        currency=event.store.brand.currency,
        voucher_days=event.voucher_days,
        admission=Admission(event.admission),
        draw=event.draw,
        cancel_reason=event.cancel_reason,
        registered_at=row.registered_at,
        ended_at=row.ended_at,
        reason=row.reason,
        ahead=_ahead(row),
        steps=tuple(WaitStep(one.at, WaitNote(one.note)) for one in steps),
        companions=tuple(
            Participant.objects.filter(registration=row).order_by("id").values_list("companion", flat=True)
        ),
        version=row.version,
    )


def _ahead(row: Registration) -> int | None:
    """How many are before somebody who waits."""
    if row.state != Seat.WAITING or row.number is None:
        return None
    before = Q(priority__gt=row.priority) | Q(priority=row.priority, number__lt=row.number)
    return (
        Registration.objects.filter(occurrence=row.occurrence_id, pool=row.pool_id, state=Seat.WAITING)
        .filter(before)
        .count()
    )
