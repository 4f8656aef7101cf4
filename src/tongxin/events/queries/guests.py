"""Who registered for an occurrence: the organiser's lists by state, and the same as rows of a file."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, F
from django.db.models.functions import Coalesce
from psycopg import sql

from tongxin.events.models import Attendance, Occurrence, Registration
from tongxin.events.queries.access import ORGANISERS, access_event
from tongxin.events.terms import SEAT_LABELS, Seat
from tongxin.foundation.access import Verb, Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.pages import Page, page
from tongxin.foundation.sealing import mask_phone
from tongxin.people.models import Customer, Identity
from tongxin.people.terms import CustomerState, IdentityKind


class Guests(StrEnum):
    """The lists by state, as an organiser thinks of them."""

    COMING = "coming"
    WAITING = "waiting"
    ASKING = "asking"
    OVER = "over"


GUEST_LABELS: dict[Guests, tuple[str, str]] = {
    Guests.COMING: ("已报名", "registered"),
    Guests.WAITING: ("候补", "waiting"),
    Guests.ASKING: ("待确认", "to decide"),
    Guests.OVER: ("已取消", "cancelled"),
}
STATES: dict[Guests, tuple[Seat, ...]] = {
    Guests.COMING: (Seat.CONFIRMED,),
    Guests.WAITING: (Seat.OFFERED, Seat.WAITING),
    Guests.ASKING: (Seat.APPLIED, Seat.ENTERED),
    Guests.OVER: (Seat.CANCELLED, Seat.DECLINED, Seat.LOST_DRAW, Seat.REMOVED),
}


@dataclass(frozen=True)
class Guest:
    """One registration as the organisers see it. Who comes along is a number; names of children stand on the door's list alone."""

    public_id: UUID
    person: UUID
    name: str
    phone_hint: str
    state: Seat
    party: int
    number: int | None
    priority: int
    offered_until: datetime | None
    registered_at: datetime
    walk_in: bool
    answers: tuple[tuple[str, str], ...]
    came_at: datetime | None
    version: int

    @property
    def label(self) -> tuple[str, str]:
        """The state in words."""
        return SEAT_LABELS[self.state]


def guest_counts(viewer: Viewer, event: Occurrence) -> dict[Guests, int]:
    """How many registrations stand in each list. Refuses `absent` for who does not organise there."""
    _organises(viewer, event)
    counted = dict(
        Registration.objects.filter(occurrence=event).values_list("state").annotate(n=Count("id")).order_by()
    )
    return {kind: sum(counted.get(state.value, 0) for state in STATES[kind]) for kind in Guests}


def guests(
    viewer: Viewer, event: Occurrence, kind: Guests, *, limit: int = 50, cursor: str | None = None
) -> Page[Guest]:
    """One list, page by page: who waits in the order of the line, who is gone newest first. Four statements. Refuses `absent`."""
    _organises(viewer, event)
    rows = (
        Registration.objects.filter(occurrence=event, state__in=STATES[kind])
        .select_related("person")
        .annotate(who=Coalesce(F("person__survivor"), F("person_id")))
    )
    by = {Guests.WAITING: ("number", "id"), Guests.OVER: ("-id",)}.get(kind, ("id",))
    found = page(rows, by=by, limit=limit, cursor=cursor)
    shown: list[Any] = list(found.items)
    names = _named({row.who for row in shown})
    hints = _hints({row.who for row in shown})
    came = dict(
        Attendance.objects.filter(
            registration__in=[row.pk for row in shown], counted__isnull=False
        ).values_list("registration_id", "at")
    )
    asked = {str(q["id"]): str(q["text"]) for q in event.questions}
    return Page(tuple(_guest(row, names, hints, came, asked) for row in shown), found.cursor)


def _guest(
    row: Any,
    names: dict[int, tuple[UUID, str]],
    hints: dict[int, str],
    came: Mapping[int, datetime | None],
    asked: dict[str, str],
) -> Guest:
    person, name = names.get(row.who, (row.person.public_id, ""))
    given = json.loads(row.answers) if row.answers else {}
    return Guest(
        public_id=row.public_id,
        person=person,
        name=name,
        phone_hint=hints.get(row.who, ""),
        state=Seat(row.state),
        party=row.party,
        number=row.number,
        priority=row.priority,
        offered_until=row.offered_until,
        registered_at=row.registered_at,
        walk_in=row.walk_in,
        answers=tuple((asked[key], value) for key, value in given.items() if key in asked and value),
        came_at=came.get(row.pk),
        version=row.version,
    )


def _named(persons: set[int]) -> dict[int, tuple[UUID, str]]:
    rows = Customer.objects.filter(id__in=persons).exclude(state=CustomerState.ERASED)
    return {key: (public, name) for key, public, name in rows.values_list("id", "public_id", "nickname")}


def _hints(persons: set[int]) -> dict[int, str]:
    rows = Identity.objects.filter(kind=IdentityKind.PHONE, customer__in=persons).order_by("last_seen", "id")
    return {row.customer_id: mask_phone(row.value.removeprefix("+86")) for row in rows if row.value}


def _organises(viewer: Viewer, event: Occurrence) -> None:
    if not viewer.reaches(event.store_id, ORGANISERS):
        raise Refused("absent")


def _safe(column: str) -> str:
    """A text that a spreadsheet would take for a formula begins with an apostrophe there, as `foundation/sheets.py` writes it."""
    return f"CASE WHEN {column} ~ E'^''?[=+@\\t\\r\\n＝＋－＠﹢﹣﹦﹫−-]' THEN '''' || {column} ELSE {column} END"


_EXPORT = f"""
SELECT r.public_id::text, {_safe("c.nickname")}, r.state, r.party, r.number,
    to_char(r.registered_at AT TIME ZONE %(zone)s, 'YYYY-MM-DD HH24:MI'), {_safe("r.channel")}, r.walk_in,
    to_char(a.at AT TIME ZONE %(zone)s, 'YYYY-MM-DD HH24:MI')
FROM events_registration r
JOIN people_customer e ON e.id = r.person_id
JOIN people_customer c ON c.id = coalesce(e.survivor_id, e.id)
LEFT JOIN events_attendance a ON a.registration_id = r.id AND a.counted IS NOT NULL
WHERE r.occurrence_id = %(event)s ORDER BY r.id
"""  # noqa: S608 (names of columns)
COLUMNS = (
    "registration", "name", "state", "party", "number", "registered_at", "channel", "walk_in", "checked_in_at"
)  # fmt: skip


def exported(viewer: Viewer, event_id: UUID) -> Iterator[bytes]:
    """All registrations of an occurrence as CSV, streamed as the database writes it. Refuses `absent` before the first byte.

    Neither phones nor anything about children: a file travels further than a page.
    """
    event = access_event(viewer, event_id, Verb.CHANGE)
    return _copied(event)


def _copied(event: Occurrence) -> Iterator[bytes]:
    yield ("\ufeff" + ",".join(COLUMNS) + "\r\n").encode()  # the mark tells spreadsheets that it is UTF-8
    statement = _EXPORT % {
        "zone": sql.Literal(event.store.zone).as_string(None),
        "event": int(event.pk),
    }
    with connection.cursor() as cursor, cursor.copy(f"COPY ({statement}) TO STDOUT (FORMAT csv)") as copy:
        kept = bytearray()
        for block in copy:
            kept += block
            if len(kept) >= 1 << 16:
                yield bytes(kept)
                kept.clear()
        yield bytes(kept)
