"""People a message can be for: those who stand in a ring, of a store or of the whole chain."""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.outreach.terms import PLANNERS
from tongxin.people.models import Customer
from tongxin.people.terms import CustomerState
from tongxin.rings.models import Placement
from tongxin.rings.terms import Ring
from tongxin.stores.models import Store

EVERY_STORE = "all"


class RingMembers:
    """`AUDIENCES = {"ring": RingMembers()}`. The key is `<store's public id, or all>:<ring>`.

    Who has switched the use of their data for rings off stands outside for everybody, also here.
    """

    id = "ring"

    def access(self, viewer: Viewer, key: str) -> None:
        """Whoever plans messages for that store. Refuses `absent`."""
        place, ring = _read(key)
        known = key.startswith(f"{EVERY_STORE}:") or place is not None
        if ring is None or not known or not viewer.reaches(place, PLANNERS):
            raise Refused("absent")

    def persons(self, key: str, *, at: datetime) -> Iterable[int]:
        """The surviving members who stood there at an instant."""
        return _standing(key, at).values_list("id", flat=True)

    def still_in(self, key: str, persons: Collection[int]) -> frozenset[int]:
        """Which of these stand there now."""
        return frozenset(_standing(key, clock.now()).filter(id__in=persons).values_list("id", flat=True))


def _standing(key: str, at: datetime) -> QuerySet[Customer]:
    place, ring = _read(key)
    live = Customer.objects.filter(state=CustomerState.LIVE)
    if ring is None or (place is None and not key.startswith(f"{EVERY_STORE}:")):
        return live.none()
    placed = Placement.objects.filter(period__contains=at)
    here = Q(id__in=placed.filter(ring=ring).values("customer"), personalise=True)
    if ring is Ring.OUTER:
        here |= Q(personalise=False)
    found = live.filter(here)
    if place is None:
        return found
    behind = Customer.objects.filter(home_store=place, survivor__isnull=False).values("survivor")
    return found.filter(Q(home_store=place) | Q(id__in=behind))


def _read(key: str) -> tuple[int | None, Ring | None]:
    """(store or None, ring or None for what is no key)."""
    store, _, word = key.partition(":")
    ring = next((one for one in Ring if one.value == word), None)
    try:
        place = None if store == EVERY_STORE else Store.objects.filter(public_id=UUID(store)).first()
    except ValueError:
        return None, None
    return (None if place is None else place.pk), ring
