"""Groups that buy together: how many are in, how many are missing, until when."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from tongxin.events.models import BuyGroup, BuyPlace
from tongxin.events.queries.access import event_to_join
from tongxin.events.terms import Seat
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.people import queries as people


@dataclass(frozen=True)
class GroupCard:
    """A group as everybody may see it: numbers only, nobody's name or picture."""

    public_id: UUID
    event: UUID
    title: str
    size: int
    joined: int
    deadline: datetime
    complete: bool
    over: bool
    mine: bool

    @property
    def missing(self) -> int:
        """How many are still needed."""
        return 0 if self.complete else max(0, self.size - self.joined)


def group_card(viewer: Viewer, group_id: UUID) -> GroupCard:
    """One group, for who has its link. Refuses `absent` for an unknown one, and for an event one may not see."""
    found = _rows().filter(public_id=group_id).first()
    if found is None:
        raise Refused("absent")
    event_to_join(viewer, found.occurrence.public_id)
    return _card(found, _mine(viewer, [found.pk]))


def groups_of(viewer: Viewer, event_id: UUID, *, limit: int = 50) -> list[GroupCard]:
    """The open groups of an event, those that end first at the top. Refuses `absent`."""
    event = event_to_join(viewer, event_id)
    rows = _rows().filter(occurrence=event, completed_at=None, released_at=None, deadline__gt=clock.now())
    found = list(rows.order_by("deadline", "id")[:limit])
    mine = _mine(viewer, [one.pk for one in found])
    return [_card(one, mine) for one in found]


def _rows() -> QuerySet[BuyGroup]:
    held = (
        BuyPlace.objects.filter(group=OuterRef("pk"), registration__state=Seat.CONFIRMED)
        .values("group")
        .annotate(n=Count("pk"))
        .values("n")
    )
    return BuyGroup.objects.select_related("occurrence").annotate(joined=Coalesce(Subquery(held), 0))


def _mine(viewer: Viewer, groups: list[int]) -> frozenset[int]:
    if viewer.person is None:
        return frozenset()
    places = BuyPlace.objects.filter(
        group__in=groups,
        registration__person__in=people.cluster(viewer.person),
        registration__state=Seat.CONFIRMED,
    )
    return frozenset(places.values_list("group", flat=True))


def _card(row: BuyGroup, mine: frozenset[int]) -> GroupCard:
    return GroupCard(
        public_id=row.public_id,
        event=row.occurrence.public_id,
        title=row.occurrence.title,
        size=row.size,
        joined=row.joined,  # type: ignore[attr-defined]  # annotated in _rows
        deadline=row.deadline,
        complete=row.completed_at is not None,
        over=row.released_at is not None or (row.completed_at is None and row.deadline <= clock.now()),
        mine=row.pk in mine,
    )
