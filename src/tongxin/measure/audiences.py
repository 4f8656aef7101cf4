"""People a message can be for: those whom a saved segment means."""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.measure.models import Segment
from tongxin.measure.queries.segments import persons_of
from tongxin.outreach.terms import PLANNERS


class SegmentMembers:
    """`AUDIENCES = {"segment": SegmentMembers()}`. The key is a segment's public id; its newest wording holds.

    The people are those of the newest sheet: last night's. Whoever switched personalisation off, left or was erased since is in none.
    """

    id = "segment"

    def access(self, viewer: Viewer, key: str) -> None:
        """Whoever plans messages for its store (for the brand, where it has none). Refuses `absent`."""
        found = _read(key)
        if found is None or not viewer.reaches(found.store_id, PLANNERS):
            raise Refused("absent")

    def persons(self, key: str, *, at: datetime) -> Iterable[int]:
        """Whom it means. A sheet has no past: an earlier instant is answered by the newest."""
        del at
        found = _read(key)
        return [] if found is None else persons_of(found)

    def still_in(self, key: str, persons: Collection[int]) -> frozenset[int]:
        """Which of these it means now."""
        found = _read(key)
        return frozenset() if found is None else frozenset(persons_of(found)) & frozenset(persons)


def _read(key: str) -> Segment | None:
    try:
        return Segment.objects.filter(public_id=UUID(key), archived_at=None).first()
    except ValueError:
        return None
