"""What measurement hears of events that use a kit: that people can sign up from now on, and whether a lot decides."""

from collections.abc import Sequence

from tongxin.events.models import Occurrence
from tongxin.events.terms import Admission
from tongxin.foundation.access import Viewer
from tongxin.measure import actions as measure
from tongxin.measure.actions import Published

ROOM = "events"


def registered(viewer: Viewer, rows: Sequence[Occurrence]) -> int:
    """The day-90 report of these events is written down before anybody can have come. Events without a kit cost nothing."""
    events = [
        Published(str(row.public_id), drawn=row.admission == Admission.LOTTERY) for row in rows if row.kit
    ]
    return measure.preregister(viewer=viewer, room=ROOM, events=events) if events else 0
