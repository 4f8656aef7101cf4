"""The audience and the groups that need no upper room: a store's members, its group. The reference for sources that others bring."""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.outreach.ports import GroupLine
from tongxin.outreach.terms import PLANNERS
from tongxin.people.models import Customer
from tongxin.people.terms import CustomerState
from tongxin.stores.models import Store

EVERY_STORE = "all"


class StoreMembers:
    """`AUDIENCES = {"store": StoreMembers()}`. The key is a store's public id, or `all` for the whole chain."""

    id = "store"

    def access(self, viewer: Viewer, key: str) -> None:
        """Whoever plans messages for that store. Refuses `absent`."""
        place = None if key == EVERY_STORE else _store(key)
        if (place is None and key != EVERY_STORE) or not viewer.reaches(place, PLANNERS):
            raise Refused("absent")

    def persons(self, key: str, *, at: datetime) -> Iterable[int]:  # noqa: ARG002 - home stores have no history
        """The surviving members at home there, themselves or by an entry behind them."""
        return _members(key).values_list("id", flat=True)

    def still_in(self, key: str, persons: Collection[int]) -> frozenset[int]:
        """Which of these are at home there now."""
        return frozenset(_members(key).filter(id__in=persons).values_list("id", flat=True))


def _members(key: str) -> QuerySet[Customer]:
    live = Customer.objects.filter(state=CustomerState.LIVE)
    if key == EVERY_STORE:
        return live
    place = _store(key)
    if place is None:
        return live.none()
    behind = Customer.objects.filter(home_store=place, survivor__isnull=False).values("survivor")
    return live.filter(Q(home_store=place) | Q(id__in=behind))


def _store(key: str) -> int | None:
    try:
        return Store.objects.filter(public_id=UUID(key)).values_list("id", flat=True).first()
    except ValueError:
        return None


class StoreGroups:
    """`GROUPS = {"store": StoreGroups()}`: one group of members a store, as every store has one in somebody's phone. Keys as above.

    Who is in it is not known, so as many are counted as are at home there, and it is never called lively or quiet.
    """

    id = "store"

    def access(self, viewer: Viewer, key: str) -> None:
        """Whoever plans messages for that store. Refuses `absent`."""
        StoreMembers().access(viewer, key)

    def groups(self, key: str, *, at: datetime) -> Iterable[GroupLine]:
        """A group for each store that is open, in the order of the stores."""
        rows = Store.objects.filter(unsorted=False).order_by("id")
        if key != EVERY_STORE:
            rows = rows.filter(id=_store(key) or 0)
        rows = rows.filter(Q(closed_on=None) | Q(closed_on__gt=at.date()))
        homes = dict(
            Customer.objects.filter(state=CustomerState.LIVE, home_store__in=rows)
            .order_by()
            .values_list("home_store")
            .annotate(n=Count("id"))
        )
        return [
            GroupLine(f"store:{row.public_id}", row.name, row.pk, homes.get(row.pk, 0), _opened(row, at))
            for row in rows
        ]


def _opened(store: Store, at: datetime) -> datetime:
    return at if store.opened_on is None else clock.day_start(store.opened_on, store.zone)
