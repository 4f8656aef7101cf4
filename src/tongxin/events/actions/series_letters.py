"""What people are told when many dates of a series move at once: two statements, however many dates and people."""

from collections.abc import Sequence

from django.db import connection

from tongxin.events.actions.letters import subject
from tongxin.events.messages import spoken
from tongxin.events.models import Occurrence, Registration
from tongxin.events.terms import LIVE
from tongxin.foundation.access import Viewer
from tongxin.outreach import actions as outreach
from tongxin.outreach.terms import MessageClass, SendIn

# The same as `outreach.anchor`, for many subjects: what hangs on a date and has not gone moves along, expiry too.
_ANCHOR = """
UPDATE outreach_send s SET due_at = v.at + s.anchor, next_at = v.at + s.anchor,
    expires_at = s.expires_at + (v.at + s.anchor - s.due_at)
FROM unnest(%s::text[], %s::timestamptz[]) AS v(key, at)
WHERE s.subject_room = 'events' AND s.subject_key = v.key AND s.state = 'queued' AND s.handed_at IS NULL
    AND s.anchor IS NOT NULL
"""


def moved(*, viewer: Viewer, rows: Sequence[Occurrence]) -> None:
    """Everybody with a place or a wish for one on these dates is told when and where it is now; reminders move along."""
    if not rows:
        return
    by_key = {row.pk: row for row in rows}
    with connection.cursor() as cursor:
        cursor.execute(_ANCHOR, [[subject(row)[1] for row in rows], [row.starts_at for row in rows]])
    people = (
        Registration.objects.filter(occurrence__in=by_key, state__in=LIVE).defer("answers").order_by("id")
    )
    when = {row.pk: spoken(row.starts_at, row.store.zone) for row in rows}
    outreach.notify(
        viewer=viewer,
        sends=[_moved(one, by_key[one.occurrence_id], when[one.occurrence_id]) for one in people],
    )


def _moved(one: Registration, event: Occurrence, when: tuple[str, str]) -> SendIn:
    zh, en = when
    return SendIn(
        person=one.person_id,
        kind="events.moved",
        body={
            "title": event.title,
            "when_zh": zh,
            "when_en": en,
            "store_zh": event.store.name,
            "path": f"/m/registrations/{one.public_id}",
        },
        message_class=MessageClass.SERVICE,
        subject=subject(event),
        key=f"events.moved:{one.public_id}:{event.schedule}:{one.version}",
        store=event.store_id,
    )
