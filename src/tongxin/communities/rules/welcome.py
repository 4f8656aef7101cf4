"""The first week of a newcomer: what comes next, who takes them by the hand, whom they should meet."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tongxin.communities.terms import FIRST_WEEK, FirstStep


@dataclass(frozen=True)
class Due:
    """One step of the first week: `late` once its day has passed and it is not done. No blame, only a nudge."""

    step: FirstStep
    done: bool
    day: int
    late: bool


def first_week(joined_at: datetime, done: Collection[FirstStep], now: datetime) -> tuple[Due, ...]:
    """The whole list, in order."""
    return tuple(
        Due(step, step in done, day, step not in done and now >= joined_at + timedelta(days=day + 1))
        for step, (_, _, day) in FIRST_WEEK.items()
    )


@dataclass(frozen=True)
class Helper:
    """A member who might take a newcomer by the hand: whom they help now, whether of the same store, and since when here."""

    member: int
    helps: int
    same_store: bool
    joined_at: datetime


MOST_AT_ONCE = 3


def buddy(helpers: Sequence[Helper]) -> int | None:
    """Who helps least comes first, then a neighbour of the same store, then the longest here; nobody helps more than three at once."""
    free = [one for one in helpers if one.helps < MOST_AT_ONCE]
    chosen = min(
        free, key=lambda one: (one.helps, not one.same_store, one.joined_at, one.member), default=None
    )
    return None if chosen is None else chosen.member


def shared(mine: Collection[str], theirs: Collection[str]) -> tuple[str, ...]:
    """The interests two people have in common, in a fixed order."""
    return tuple(sorted(set(mine) & set(theirs)))
