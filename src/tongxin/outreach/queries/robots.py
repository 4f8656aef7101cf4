"""Reading the robots of groups of colleagues; never their addresses."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.outreach.models import Robot
from tongxin.outreach.terms_handover import KEEPERS


@dataclass(frozen=True)
class RobotCard:
    """A robot: whose group it is in, and since when."""

    public_id: UUID
    label: str
    store: str
    at: datetime
    by: str


def robots_for(viewer: Viewer) -> list[RobotCard]:
    """Those of the stores in reach, headquarters' first. Refuses `forbidden`."""
    places = viewer.places(KEEPERS)
    if places is not None and not places:
        raise Refused("forbidden")
    rows = Robot.objects.filter(closed_at=None).select_related("store").defer("url")
    if places is not None:
        rows = rows.filter(store__in=places)
    found = sorted(rows, key=lambda row: (row.store is not None, row.store.name if row.store else "", row.pk))
    return [
        RobotCard(row.public_id, row.label, row.store.name if row.store else "", row.at, row.by)
        for row in found
    ]


def stores_with_robots() -> frozenset[int]:
    """Stores whose colleagues have one."""
    rows = Robot.objects.filter(closed_at=None, store__isnull=False)
    return frozenset(pk for pk in rows.values_list("store", flat=True) if pk is not None)
