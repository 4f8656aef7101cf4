"""Are too many events meant for the same people in one week?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

# Chosen by us: more than one event a day for everybody, or every other day for a named audience, tires those who are asked.
WEEKLY_MOST: Mapping[str, int] = {"": 7}
NAMED_MOST = 3


@dataclass(frozen=True)
class Load:
    """How many events of a store's week are for an audience ("" is everybody there, else "ring:…" or "tag:…")."""

    store: int
    week: date
    audience: str
    events: int


@dataclass(frozen=True)
class Tired:
    """A week with too many, and how many would be enough."""

    load: Load
    most: int


def tired(load: Load) -> Tired | None:
    """Too many? None when not."""
    most = WEEKLY_MOST.get(load.audience, NAMED_MOST)
    return Tired(load, most) if load.events > most else None
