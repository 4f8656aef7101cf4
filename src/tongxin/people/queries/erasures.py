"""Tombstones: what a backup must keep apart, so that a restore forgets again."""

from dataclasses import dataclass
from datetime import datetime

from tongxin.people.models import Erased


@dataclass(frozen=True)
class Tombstone:
    """A keyed hash of what was erased. It says nothing without the keys and something to compare it with."""

    what: str
    hash: str
    at: datetime


def tombstones(*, since: datetime | None = None) -> list[Tombstone]:
    """All tombstones, oldest first; `since` for those younger than a backup."""
    found = Erased.objects.order_by("at", "id")
    if since is not None:
        found = found.filter(at__gte=since)
    return [Tombstone(*row) for row in found.values_list("what", "hash", "at")]
