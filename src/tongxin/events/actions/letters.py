"""What people are told about their places: messages anchored to the event, so that a move takes them along."""

from collections.abc import Collection, Sequence
from datetime import timedelta

from tongxin.events.messages import spoken
from tongxin.events.models import Occurrence, Registration
from tongxin.events.terms import Seat
from tongxin.foundation.access import Viewer
from tongxin.outreach import actions as outreach
from tongxin.outreach.terms import MessageClass, SendIn

ROOM = "events"
REMIND = timedelta(hours=-24)
KIND = {
    Seat.CONFIRMED: "events.confirmed",
    Seat.WAITING: "events.waiting",
    Seat.APPLIED: "events.applied",
    Seat.ENTERED: "events.entered",
    Seat.OFFERED: "events.offer",
    Seat.DECLINED: "events.declined",
    Seat.LOST_DRAW: "events.lost_draw",
}


def subject(event: Occurrence) -> tuple[str, str]:
    """What the messages of an event hang on."""
    return (ROOM, str(event.public_id))


def tell(*, viewer: Viewer, registration: Registration) -> None:
    """Say where a registration stands now; a confirmed place also gets a reminder the day before."""
    tell_each(viewer=viewer, registrations=[registration])


def tell_each(*, viewer: Viewer, registrations: Sequence[Registration]) -> None:
    """The same for many of one event, in one statement."""
    sends = []
    for row in registrations:
        sends.append(_send(row, KIND[Seat(row.state)]))
        if row.state == Seat.CONFIRMED:
            sends.append(_send(row, "events.reminder", anchor=REMIND))
    outreach.notify(viewer=viewer, sends=sends)


def tell_as(*, viewer: Viewer, registration: Registration, kind: str) -> None:
    """Say one particular thing about a registration."""
    outreach.notify(viewer=viewer, sends=[_send(registration, kind)])


def tell_all(*, viewer: Viewer, occurrence: Occurrence, kind: str, states: Collection[Seat]) -> None:
    """The same message to everybody whose registration is in one of these states."""
    tell_all_of(viewer=viewer, occurrences=[occurrence], kind=kind, states=states)


def tell_all_of(
    *, viewer: Viewer, occurrences: Sequence[Occurrence], kind: str, states: Collection[Seat]
) -> None:
    """The same for many events, in as many statements."""
    by_key = {one.pk: one for one in occurrences}
    rows = Registration.objects.filter(occurrence__in=by_key, state__in=states).order_by("id")
    for row in rows:
        row.occurrence = by_key[row.occurrence_id]
    outreach.notify(viewer=viewer, sends=[_send(row, kind) for row in rows])


def supersede(*, viewer: Viewer, occurrences: Sequence[Occurrence], kind: str) -> None:
    """What was to be said of these events and has not left is not said any more: something newer is. One statement for all."""
    outreach.cancel_many(
        viewer=viewer,
        room=ROOM,
        keys=[str(one.public_id) for one in occurrences],
        kinds={kind},
        reason="superseded",
    )


def withdraw(*, viewer: Viewer, registration: Registration) -> None:
    """What was to be sent about a place that was given back is not sent any more."""
    outreach.cancel(
        viewer=viewer,
        subject=subject(registration.occurrence),
        person=registration.person_id,
        reason="registration_cancelled",
    )


def _send(row: Registration, kind: str, *, anchor: timedelta | None = None) -> SendIn:
    event = row.occurrence
    when, until = spoken(event.starts_at, event.store.zone), ("", "")
    if row.offered_until is not None:
        until = spoken(row.offered_until, event.store.zone)
    return SendIn(
        person=row.person_id,
        kind=kind,
        body={
            "title": event.title,
            "when_zh": when[0],
            "when_en": when[1],
            "until_zh": until[0],
            "until_en": until[1],
            "store_zh": event.store.name,
            "number": row.number,
            "path": f"/m/registrations/{row.public_id}",
        },
        message_class=MessageClass.SERVICE,
        subject=subject(event),
        key=f"{kind}:{row.public_id}:{event.schedule}:{row.version}",
        due_at=None if anchor is None else event.starts_at + anchor,
        expires_at=event.starts_at if kind in {"events.reminder", "events.offer"} else None,
        anchor=anchor,
        store=event.store_id,
    )
