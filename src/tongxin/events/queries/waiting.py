"""The waiting list as both sides read it: where somebody stands, what happened, and why a seat went past them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Case, F, IntegerField, Q, QuerySet, When
from django.db.models.functions import Coalesce

from tongxin.events.models import Occurrence, Registration, WaitLine
from tongxin.events.queries.access import access_event, access_registration
from tongxin.events.rules.waiting import line_closed
from tongxin.events.terms import WAIT_LABELS, Seat, WaitNote
from tongxin.foundation import clock
from tongxin.foundation.access import Verb, Viewer
from tongxin.foundation.pages import Page, page

FIRST_NOTES = 20


@dataclass(frozen=True)
class LineNote:
    """One thing that happened, in both languages."""

    note: WaitNote
    at: datetime
    seats: int
    zh: str
    en: str


@dataclass(frozen=True)
class MyLine:
    """Where one stands: `ahead` groups come first. `takeable`: no offers go out any more, free seats are for whoever takes them."""

    state: Seat
    number: int | None
    party: int
    ahead: int
    offered_until: datetime | None
    takeable: bool
    zh: str
    en: str
    history: tuple[LineNote, ...]


@dataclass(frozen=True)
class WaitRow:
    """One of the line as the champion sees it."""

    registration: UUID
    name: str
    place: int
    number: int | None
    party: int
    state: Seat
    out_of_turn: bool
    since: datetime
    offered_until: datetime | None
    history: tuple[LineNote, ...]


def my_line(viewer: Viewer, registration_id: UUID) -> MyLine:
    """A registration's place in the line and its story; one's own, or of an event in reach. Refuses `absent`."""
    found = access_registration(viewer, registration_id)
    ahead = _ahead(found) if found.state == Seat.WAITING else 0
    takeable = found.state == Seat.WAITING and line_closed(found.occurrence.starts_at, clock.now())
    zh, en = _where(found, ahead, takeable=takeable)
    notes = WaitLine.objects.filter(registration=found).order_by("-id")[:FIRST_NOTES]
    return MyLine(
        state=Seat(found.state),
        number=found.number,
        party=found.party,
        ahead=ahead,
        offered_until=found.offered_until,
        takeable=takeable,
        zh=zh,
        en=en,
        history=tuple(_told(row, found.party) for row in reversed(notes)),
    )


def _ahead(found: Registration) -> int:
    before = Q(priority__gt=found.priority) | Q(priority=found.priority, number__lt=found.number or 0)
    return Registration.objects.filter(before, occurrence=found.occurrence_id, state=Seat.WAITING).count()


def _where(found: Registration, ahead: int, *, takeable: bool) -> tuple[str, str]:
    if found.state == Seat.OFFERED:
        return "有空位了，等你确认", "a seat is free and waits for your answer"
    if found.state != Seat.WAITING:
        return "", ""
    if takeable:
        return "活动马上开始，有空位可以直接占", "the event is about to start; take a seat if one is free"
    if ahead == 0:
        return "下一个就是你", "you are next"
    return f"你前面还有 {ahead} 组", f"{ahead} {'group is' if ahead == 1 else 'groups are'} before you"


def _told(row: WaitLine, party: int) -> LineNote:
    note = WaitNote(row.note)
    zh, en = WAIT_LABELS[note]
    if note is WaitNote.PARTY_TOO_BIG:
        zh = f"空出 {row.seats} 个位，不够你们 {party} 位，先问了下一组"
        en = f"{row.seats} free, not enough for your party of {party}: the next group was asked"
    return LineNote(note, row.at, row.seats, zh, en)


def line(viewer: Viewer, event_id: UUID, *, limit: int = 100, cursor: str | None = None) -> Page[WaitRow]:
    """The line of an event in its order, offers first, each with its story; a page at a time, in as many statements however long.

    For those who run events there, not for the door or who only counts: it has names. Refuses `absent`.
    """
    event: Occurrence = access_event(viewer, event_id, Verb.DECIDE)
    rows = (
        Registration.objects.filter(occurrence=event, state__in=[Seat.OFFERED, Seat.WAITING])
        .select_related("person")
        .annotate(
            turn=Case(When(state=Seat.OFFERED, then=0), default=1, output_field=IntegerField()),
            late=-F("priority"),
            nth=Coalesce("number", 0),
        )
    )
    found = page(rows, by=("turn", "late", "nth", "id"), limit=limit, cursor=cursor)
    before = _before(rows, found.items[0]) if cursor is not None and found.items else 0
    notes: dict[int, list[WaitLine]] = {}
    for note in WaitLine.objects.filter(registration__in=found.items).order_by("id"):
        notes.setdefault(note.registration_id, []).append(note)
    shown = tuple(
        WaitRow(
            registration=row.public_id,
            name=row.person.nickname,
            place=place,
            number=row.number,
            party=row.party,
            state=Seat(row.state),
            out_of_turn=row.priority > 0,
            since=row.registered_at,
            offered_until=row.offered_until,
            history=tuple(_told(note, row.party) for note in notes.get(row.pk, [])),
        )
        for place, row in enumerate(found.items, before + 1)
    )
    return Page(shown, found.cursor)


def _before(rows: QuerySet[Registration], first: Any) -> int:
    """How many stand before the first of a page."""
    same = Q(turn=first.turn)
    earlier = Q(turn__lt=first.turn) | (same & Q(late__lt=first.late))
    same &= Q(late=first.late)
    earlier |= (same & Q(nth__lt=first.nth)) | (same & Q(nth=first.nth, id__lt=first.pk))
    return rows.filter(earlier).count()


@dataclass(frozen=True)
class WrongCounter:
    """A counter that does not say what the rows say."""

    occurrence: UUID
    audience: str
    counter: str
    says: int
    counted: int


_WRONG = """
SELECT o.public_id, p.audience, x.counter, x.says, x.counted FROM events_pool p
JOIN events_occurrence o ON o.id = p.occurrence_id
LEFT JOIN LATERAL (
    SELECT coalesce(sum(r.party) FILTER (WHERE r.state = 'confirmed'), 0) AS taken,
        coalesce(sum(r.party) FILTER (WHERE r.state = 'offered'), 0) AS held
    FROM events_registration r WHERE r.occurrence_id = p.occurrence_id AND r.pool_id = p.id
) s ON true
LEFT JOIN LATERAL (
    SELECT count(DISTINCT r.number) AS numbers, coalesce(max(r.number), 0) AS last
    FROM events_registration r WHERE r.occurrence_id = p.occurrence_id
) n ON p.audience = ''
CROSS JOIN LATERAL (VALUES
    ('taken', p.taken, s.taken), ('held', p.held, s.held),
    ('waited', p.waited, coalesce(n.numbers, 0)), ('last_number', p.waited, coalesce(n.last, 0))
) x(counter, says, counted)
WHERE x.says <> x.counted AND (%(one)s::uuid IS NULL OR o.public_id = %(one)s)
ORDER BY 1, 2, 3
"""


def counters_wrong(event_id: UUID | None = None) -> list[WrongCounter]:
    """Every counter of a pool that its rows contradict, of one event or of all; empty when all is well. For `doctor` and tests."""
    with connection.cursor() as cursor:
        cursor.execute(_WRONG, {"one": event_id})
        return [
            WrongCounter(occurrence, audience, counter, says, int(counted))
            for occurrence, audience, counter, says, counted in cursor.fetchall()
        ]
