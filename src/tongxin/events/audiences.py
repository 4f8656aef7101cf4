"""People a message can be for: who has a place at an event, who waits for one, who was there."""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce

from tongxin.events.models import Attendance, Occurrence, Registration
from tongxin.events.terms import Seat
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.outreach.terms import PLANNERS
from tongxin.people.models import Customer
from tongxin.people.terms import CustomerState

REGISTERED, WAITING, ATTENDED = "registered", "waiting", "attended"
SEATS: dict[str, tuple[Seat, ...]] = {
    REGISTERED: (Seat.CONFIRMED,),
    WAITING: (Seat.WAITING, Seat.OFFERED),
    ATTENDED: (),
}


class EventGuests:
    """`AUDIENCES = {"event": EventGuests()}`. The key is `<event's public id>:<registered, waiting or attended>`."""

    id = "event"

    def access(self, viewer: Viewer, key: str) -> None:
        """Whoever plans messages for the event's store. Refuses `absent`."""
        event, _ = _read(key)
        if event is None or not viewer.reaches(event.store_id, PLANNERS):
            raise Refused("absent")

    def persons(self, key: str, *, at: datetime) -> Iterable[int]:
        """The surviving people: those registered by an instant who have the place or wait now, or who had come by then."""
        return _guests(key, at).values_list("id", flat=True)

    def still_in(self, key: str, persons: Collection[int]) -> frozenset[int]:
        """Which of these still are: who gave the place back is not, who came stays."""
        return frozenset(_guests(key, clock.now()).filter(id__in=persons).values_list("id", flat=True))


def _guests(key: str, at: datetime) -> QuerySet[Customer]:
    event, which = _read(key)
    live = Customer.objects.filter(state=CustomerState.LIVE)
    if event is None:
        return live.none()
    root = Coalesce(F("person__survivor"), F("person"))  # whoever stands for the entry that registered
    if which == ATTENDED:
        came = Attendance.objects.filter(occurrence=event, counted__isnull=False, at__lte=at)
        return live.filter(id__in=came.values_list(root))
    placed = Registration.objects.filter(occurrence=event, state__in=SEATS[which], registered_at__lte=at)
    return live.filter(id__in=placed.values_list(root))


def _read(key: str) -> tuple[Occurrence | None, str]:
    """The event and which of its guests; no event for a key of another shape."""
    name, _, which = key.partition(":")
    if which not in SEATS:
        return None, ""
    try:
        return Occurrence.objects.filter(public_id=UUID(name)).first(), which
    except ValueError:
        return None, ""
