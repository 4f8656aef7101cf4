"""Which places of an event are kept for whom, and until when."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count

from tongxin.events.models import Occurrence, Pool
from tongxin.events.queries.access import access_event
from tongxin.foundation.access import Verb, Viewer
from tongxin.people.models import Tag
from tongxin.people.queries import customers as people


@dataclass(frozen=True)
class KeptPlaces:
    """One pool of an event; `audience` "" is everybody's."""

    audience: str
    size: int
    taken: int
    held: int
    waiting: int
    release_at: datetime | None
    released_at: datetime | None

    @property
    def kind(self) -> str:
        """`ring`, `tag`, or "" for everybody's."""
        return self.audience.partition(":")[0] if self.audience else ""

    @property
    def word(self) -> str:
        """The ring or the tag."""
        return self.audience.partition(":")[2]

    @property
    def left(self) -> int:
        """Places of it that nobody has or is offered."""
        return max(0, self.size - self.taken - self.held)


def kept_places(viewer: Viewer, event_id: UUID) -> tuple[Occurrence, tuple[KeptPlaces, ...]]:
    """An event in reach of its organisers with its pools, everybody's first. Refuses `absent`."""
    event = access_event(viewer, event_id, Verb.CHANGE)
    rows = Pool.objects.filter(occurrence=event).order_by("audience")
    return event, tuple(
        KeptPlaces(row.audience, row.size, row.taken, row.held, row.waited, row.release_at, row.released_at)
        for row in rows
    )


def tags_in_reach(viewer: Viewer, *, limit: int = 30) -> list[str]:
    """The tags that most people in reach carry, to choose from."""
    rows = Tag.objects.filter(customer__in=people.reached(viewer).values("id")).values("label")
    return list(rows.annotate(n=Count("pk")).order_by("-n", "label").values_list("label", flat=True)[:limit])
