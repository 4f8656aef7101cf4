"""A champion tells those who registered something about the event: a letter each, through the one gate."""

from collections.abc import Collection
from uuid import UUID, uuid4

from django.db import transaction

from tongxin.events import queries
from tongxin.events.actions.letters import subject
from tongxin.events.models import Occurrence, Registration
from tongxin.events.terms import LIVE, Seat, State
from tongxin.foundation.access import Verb, Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.outreach import actions as outreach
from tongxin.outreach.terms import MessageClass, SendIn

TEXT_MOST = 300


def tell_guests(*, viewer: Viewer, event_id: UUID, text: str, states: Collection[Seat] = LIVE) -> int:
    """The same words to everybody in these states, as a service message; answers how many.

    Refuses `absent`, `outreach.empty`, `outreach.too_long`, `events.state` for a draft.
    """
    said = text.strip()
    if not said:
        raise Refused("outreach.empty")
    if len(said) > TEXT_MOST:
        raise Refused("outreach.too_long", most=TEXT_MOST)
    with transaction.atomic():
        event: Occurrence = queries.access_event(viewer, event_id, Verb.CHANGE)
        if event.state == State.DRAFT:
            raise Refused("events.state")
        round_of = uuid4()
        rows = Registration.objects.filter(occurrence=event, state__in=states).order_by("id")
        sends = [
            SendIn(
                person=row.person_id,
                kind="events.note",
                text=f"{event.title}：{said}",
                body={"path": f"/m/events/{event.public_id}/"},
                message_class=MessageClass.SERVICE,
                subject=subject(event),
                key=f"events.note:{round_of}:{row.public_id}",
                store=event.store_id,
            )
            for row in rows
        ]
        outreach.notify(viewer=viewer, sends=sends)
        trail(
            viewer=viewer,
            act="events.told",
            subject=("events", "occurrence", str(event.public_id)),
            after={"people": len(sends)},
        )
    return len(sends)
