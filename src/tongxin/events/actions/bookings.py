"""Rooms, ovens and people are booked with an event; the database refuses two at once (migrations 0002 and 0003).

Minutes before and after an event (to set up, to clean) belong to its booking. Where many are booked at once and nobody is there
to be asked, what is taken becomes a booking that is not firm: a clash in the calendar, solved by `settle`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from tongxin.events import queries
from tongxin.events.models import Booking, Occurrence
from tongxin.events.terms import State
from tongxin.foundation import clock
from tongxin.foundation.access import Verb, Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.stores.models import Staff, StoreResource

LONGEST_AROUND = 240  # minutes before or after


@dataclass(frozen=True)
class Taken:
    """A wished thing that something else has: the thing's name, the other event's title, from when."""

    what: str
    with_what: str
    from_: datetime


def book(
    *,
    occurrence: Occurrence,
    resources: Sequence[UUID] = (),
    staff: int | None = None,
    instructors: Sequence[int] = (),
) -> None:
    """Take these things of the store, and the host's and instructors' time, for an event.

    The event's details say `buffer_before` and `buffer_after` in minutes. Refuses `absent` for another store's things and for
    who does not work here, `events.clash`, `input.bad` for a buffer that is no number of minutes.
    """
    things = _things(occurrence.store_id, resources)
    people = [*dict.fromkeys([*([] if staff is None else [staff]), *instructors])]
    _at_work(occurrence, people)
    _put(wished(occurrence, [thing.pk for thing in things], people), firm_only=True)


def reserve(
    *,
    viewer: Viewer,
    event_id: UUID,
    resources: Sequence[UUID],
    instructors: Sequence[int] = (),
    before: int = 0,
    after: int = 0,
) -> list[Booking]:
    """Instead of what was booked for an event: these things and people, and the minutes around it.

    Refuses `absent`, `events.state` once it is over or cancelled, `events.clash`, `input.bad`.
    """
    with transaction.atomic():
        found = Occurrence.objects.select_for_update(no_key=True, of=("self",)).get(
            pk=queries.access_event(viewer, event_id, Verb.CHANGE).pk
        )
        if found.state not in {State.DRAFT, State.PUBLISHED}:
            raise Refused("events.state")
        Booking.objects.filter(occurrence=found).delete()
        found.details = {**found.details, "buffer_before": before, "buffer_after": after}
        book(occurrence=found, resources=resources, staff=found.host_id, instructors=instructors)
        found.save(update_fields=["details"])
        trail(
            viewer=viewer,
            act="events.booked",
            subject=("events", "occurrence", str(found.public_id)),
            after={"resources": len(resources), "people": len(instructors) + (found.host_id is not None)},
        )
        return list(Booking.objects.filter(occurrence=found).order_by("id"))


def move(*, occurrence: Occurrence) -> None:
    """The bookings go along with the event. Refuses `events.clash`."""
    move_many(occurrences=[occurrence], firm_only=True)


def move_many(
    *,
    occurrences: Sequence[Occurrence],
    firm_only: bool,
    hosts: Mapping[int, int | None] | None = None,
    things: Sequence[int] | None = None,
) -> list[Taken]:
    """The bookings of many events go along with them; `hosts` (occurrence → staff) changes whose time it takes, `things` what is used.

    The same number of statements for one and for a thousand. With `firm_only` refuses `events.clash`; otherwise answers what is
    taken now, kept as bookings that are not firm.
    """
    by_key = {occurrence.pk: occurrence for occurrence in occurrences}
    rows = list(Booking.objects.filter(occurrence__in=by_key).order_by("id"))
    Booking.objects.filter(occurrence__in=by_key).delete()
    changed = hosts or {}
    fresh = [
        _spanned(
            Booking(resource_id=row.resource_id, staff_id=row.staff_id, before=row.before, after=row.after),
            at,
        )
        for row in rows
        if (at := by_key[row.occurrence_id])
        and not (row.staff_id and row.occurrence_id in changed)
        and not (row.resource_id and things is not None)
    ]
    fresh += [wish for one in occurrences for wish in wished(one, things or (), [])]
    for key, host in changed.items():
        if host is not None:
            fresh += wished(by_key[key], [], [host])
    return _put(fresh, firm_only=firm_only)


def put_many(*, wishes: Iterable[Booking], firm_only: bool) -> list[Taken]:
    """Book for many events at once; see `move_many`."""
    return _put(list(wishes), firm_only=firm_only)


def free(*, occurrences: Sequence[Occurrence]) -> None:
    """What was booked for cancelled events is free."""
    Booking.objects.filter(occurrence__in=[one.pk for one in occurrences]).delete()


_SETTLE = """
SELECT w.id FROM events_booking w JOIN events_occurrence o ON o.id = w.occurrence_id
WHERE NOT w.firm AND w.starts_at > %s AND o.state IN ('draft', 'published') AND NOT EXISTS (
    SELECT 1 FROM events_booking b WHERE b.firm AND b.starts_at < w.ends_at AND b.ends_at > w.starts_at
        AND (b.resource_id = w.resource_id OR b.staff_id = w.staff_id))
ORDER BY o.made_at, w.id
"""


def settle(*, viewer: Viewer) -> int:
    """Whatever was a clash and is free by now is booked, first come first served; answers how many. A nightly job's part."""
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE, [clock.now()])
        free_now = [row[0] for row in cursor.fetchall()]
    done = sum(_firmed(key) for key in free_now)
    if done:
        with transaction.atomic():
            trail(
                viewer=viewer,
                act="events.booked",
                subject=("events", "bookings", "settled"),
                after={"firm": done},
            )
    return done


def _firmed(key: int) -> int:
    try:
        with transaction.atomic():
            return Booking.objects.filter(pk=key, firm=False).update(firm=True)
    except IntegrityError:  # another of the same clash came first
        return 0


def wished(occurrence: Occurrence, resources: Iterable[int], staff: Iterable[int]) -> list[Booking]:
    """Bookings for an event, not saved yet. Refuses `input.bad` for a buffer that is no number of minutes."""
    before, after = (_minutes(occurrence, name) for name in ("buffer_before", "buffer_after"))
    rows = [Booking(resource_id=key, before=before, after=after) for key in resources]
    rows += [Booking(staff_id=key, before=before, after=after) for key in staff]
    return [_spanned(row, occurrence) for row in rows]


def _minutes(occurrence: Occurrence, name: str) -> int:
    value = occurrence.details.get(name, 0)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LONGEST_AROUND:
        raise Refused("input.bad", field=name, reason=f"0–{LONGEST_AROUND}")
    return value


def _spanned(row: Booking, occurrence: Occurrence) -> Booking:
    row.occurrence = occurrence
    row.starts_at = occurrence.starts_at - timedelta(minutes=row.before)
    row.ends_at = occurrence.ends_at + timedelta(minutes=row.after)
    return row


def things_of(store: int, resources: Sequence[UUID]) -> list[StoreResource]:
    """The things of a store by their public ids. Refuses `absent` when one is not the store's."""
    return _things(store, resources)


def _things(store: int, resources: Sequence[UUID]) -> list[StoreResource]:
    if not resources:
        return []
    found = list(StoreResource.objects.filter(public_id__in=resources, store=store).order_by("id"))
    if len(found) != len(set(resources)):
        raise Refused("absent")
    return found


def _at_work(occurrence: Occurrence, people: Sequence[int]) -> None:
    if not people:
        return
    here = Staff.objects.filter(pk__in=people, active=True, brand=occurrence.store.brand_id).count()
    if here != len(people):
        raise Refused("absent")


_TAKEN = """
SELECT DISTINCT ON (v.n) v.n, coalesce(r.name, p.code), o.title, b.starts_at
FROM unnest(%s::int[], %s::bigint[], %s::bigint[], %s::timestamptz[], %s::timestamptz[]) AS v(n, resource, staff, starts, ends)
JOIN events_booking b ON b.firm AND tstzrange(b.starts_at, b.ends_at) && tstzrange(v.starts, v.ends) AND (
    (b.resource_id IS NOT NULL AND int8range(b.resource_id, b.resource_id, '[]') && int8range(v.resource, v.resource, '[]')
        AND v.resource IS NOT NULL)
    OR (b.staff_id IS NOT NULL AND int8range(b.staff_id, b.staff_id, '[]') && int8range(v.staff, v.staff, '[]')
        AND v.staff IS NOT NULL))
JOIN events_occurrence o ON o.id = b.occurrence_id
LEFT JOIN stores_storeresource r ON r.id = b.resource_id
LEFT JOIN stores_staff p ON p.id = b.staff_id
ORDER BY v.n, b.starts_at
"""


def _taken(rows: Sequence[Booking]) -> dict[int, Taken]:
    """Which of these are taken, and by what: one statement."""
    columns: list[Any] = [
        list(range(len(rows))),
        [row.resource_id for row in rows],
        [row.staff_id for row in rows],
        [row.starts_at for row in rows],
        [row.ends_at for row in rows],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_TAKEN, columns)
        return {n: Taken(what, title, at) for n, what, title, at in cursor.fetchall()}


def _put(rows: list[Booking], *, firm_only: bool) -> list[Taken]:
    if not rows:
        return []
    taken = _taken(rows)
    if taken and firm_only:
        raise _clash(next(iter(taken.values())), len(taken))
    for n, row in enumerate(rows):
        row.firm = n not in taken
    try:
        with transaction.atomic():
            Booking.objects.bulk_create(rows)
    except IntegrityError:  # somebody else booked it in this very moment, or two of these overlap
        taken = _taken(rows)
        raise _clash(next(iter(taken.values()), Taken("", "", rows[0].starts_at)), len(taken)) from None
    return list(taken.values())


def _clash(first: Taken, count: int) -> Refused:
    return Refused(
        "events.clash", what=first.what, with_what=first.with_what, at=first.from_.isoformat(), count=count
    )
