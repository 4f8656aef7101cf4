"""May somebody join (again), and what one person's periods in a community must look like."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise


@dataclass(frozen=True)
class Period:
    """One stay. `until` None is open; `rests_until` is set when they were asked to leave."""

    since: datetime
    until: datetime | None
    rests_until: datetime | None = None


def why_not_join(held: Sequence[Period], now: datetime) -> str | None:
    """None when a new period may begin, otherwise `member` (there is an open one) or `resting` (removed for a time)."""
    if any(one.until is None for one in held):
        return "member"
    if any(one.rests_until is not None and one.rests_until > now for one in held):
        return "resting"
    return None


def overlap(held: Sequence[Period]) -> bool:
    """Do any two periods share an instant? They are half open: one may begin as another ends."""
    ordered = sorted(held, key=lambda one: one.since)
    return any(before.until is None or before.until > after.since for before, after in pairwise(ordered))
