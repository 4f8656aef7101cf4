"""A list of names leaves the house: written down before its first byte."""

from collections.abc import Iterator
from uuid import UUID

from django.db import transaction

from tongxin.events.queries import guests
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail


def export_registrations(*, viewer: Viewer, event_id: UUID) -> Iterator[bytes]:
    """All registrations of an occurrence as CSV, streamed; who took them along stands in the trail. Refuses `absent`."""
    found = guests.exported(viewer, event_id)
    with transaction.atomic():
        trail(viewer=viewer, act="events.exported", subject=("events", "occurrence", str(event_id)))
    return found
