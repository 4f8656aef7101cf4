"""A champion leaves: when the grant ends, and what may not be left to nobody."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from tongxin.champions.terms import Handed
from tongxin.foundation.errors import Refused

LAST_DAY_MOST = 90

# What waits for a person: without a successor it would lie there. A door is closed, the check is asked again tomorrow.
WAITS: frozenset[Handed] = frozenset(
    {Handed.EVENT, Handed.SERIES, Handed.PROPOSAL, Handed.LETTER, Handed.CONCERN}
)


@dataclass(frozen=True)
class Thing:
    """One thing that goes to another pair of hands: what it is, its key, and words that name nobody."""

    kind: Handed
    key: str
    said: str = ""
    at: str = ""


def check_last_day(last_day: date, today: date) -> None:
    """Refuses `champions.last_day` for a day that is over, or too far to be a plan."""
    if not 0 <= (last_day - today).days <= LAST_DAY_MOST:
        raise Refused("champions.last_day", most=LAST_DAY_MOST)


def check_succession(things: Iterable[Thing], *, succeeds: bool) -> None:
    """Refuses `champions.no_successor` where something waits and nobody takes it."""
    waiting = sum(thing.kind in WAITS for thing in things)
    if waiting and not succeeds:
        raise Refused("champions.no_successor", n=waiting)


def counted(things: Collection[Thing]) -> dict[Handed, int]:
    """How many of each kind, in the order of the list."""
    return {kind: n for kind in Handed if (n := sum(thing.kind is kind for thing in things))}
