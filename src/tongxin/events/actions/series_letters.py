"""What people are told when many dates of a series move at once: three statements, however many dates and people."""

from collections.abc import Sequence
from uuid import UUID

from tongxin.events.actions.letters import ROOM, subject, supersede
from tongxin.events.messages import spoken
from tongxin.events.models import Occurrence, Registration
from tongxin.events.terms import LIVE
from tongxin.foundation.access import Viewer
from tongxin.outreach import actions as outreach
from tongxin.outreach.terms import MessageClass, SendIn

KIND = "events.moved"


def moved(*, viewer: Viewer, rows: Sequence[Occurrence]) -> None:
    """Everybody with a place or a wish for one on these dates is told when and where it is now; reminders move along.

    Who has not been told yet of an earlier move is told of the last one only.
    """
    if not rows:
        return
    by_key = {row.pk: row for row in rows}
    outreach.anchor_many(viewer=viewer, room=ROOM, at={subject(row)[1]: row.starts_at for row in rows})
    supersede(viewer=viewer, occurrences=rows, kind=KIND)
    people = Registration.objects.filter(occurrence__in=by_key, state__in=LIVE).order_by("id")
    when = {row.pk: spoken(row.starts_at, row.store.zone) for row in rows}
    outreach.notify(
        viewer=viewer,
        sends=[
            _moved(by_key[event], when[event], person, place, version)
            for event, person, place, version in people.values_list(
                "occurrence", "person", "public_id", "version"
            )
        ],
    )


def _moved(event: Occurrence, when: tuple[str, str], person: int, place: UUID, version: int) -> SendIn:
    zh, en = when
    return SendIn(
        person=person,
        kind=KIND,
        body={
            "title": event.title,
            "when_zh": zh,
            "when_en": en,
            "store_zh": event.store.name,
            "path": f"/m/registrations/{place}",
        },
        message_class=MessageClass.SERVICE,
        subject=subject(event),
        key=f"{KIND}:{place}:{event.schedule}:{version}",
        store=event.store_id,
    )
