"""The stage of a community's life and its early warnings, from daily counts alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from tongxin.communities.terms import Stage, Warned

WEEKS = 4
MONTH = 28  # days
SEED_LEAST = 20  # under so many people one cannot tell growth from chance
GREW = 0.05  # in four weeks
FADED = 0.7  # active people against the four weeks before
QUIETER_BY = 0.15
SILENT_DAYS = 14


@dataclass(frozen=True)
class Day:
    """One daily count. `active` are members who did something in the 28 days up to it, `moved` those who did on the day."""

    day: date
    stock: int
    joins: int
    leaves: int
    active: int
    moved: int


@dataclass(frozen=True)
class Life:
    """Stage, warnings, and the figures they follow from."""

    stage: Stage
    warnings: tuple[Warned, ...] = ()
    grown: float | None = None  # over 28 days, as a share
    active_now: float | None = None
    active_before: float | None = None


def live(days: Sequence[Day], *, closed: bool) -> Life:
    """Read a life from its days, oldest first and without gaps.

    Under 28 days or 20 people it is a seed and nothing is warned of: too little to know. Fading is judged against its own past.
    """
    if closed:
        return Life(Stage.CLOSED)
    if len(days) < MONTH or days[-1].stock < SEED_LEAST:
        return Life(Stage.SEED)
    last = days[-MONTH:]
    before = days[-2 * MONTH : -MONTH]
    first = last[0].stock - last[0].joins + last[0].leaves
    grown = (days[-1].stock - first) / first if first else None
    now_active = _mean(last)
    was_active = _mean(before) if len(before) == MONTH else None
    fell = was_active is not None and was_active > 0 and now_active < FADED * was_active
    if fell or (grown is not None and grown < -GREW):
        stage = Stage.FADING
    elif grown is None or grown >= GREW:
        stage = Stage.GROWING
    else:
        stage = Stage.MATURE
    return Life(stage, _warnings(days), grown, now_active, was_active)


def _mean(days: Sequence[Day]) -> float:
    return sum(one.active for one in days) / len(days)


def _warnings(days: Sequence[Day]) -> tuple[Warned, ...]:
    weeks = [days[end - 7 : end] for end in range(len(days), 6, -7)][: WEEKS + 1][::-1]
    found = []
    if len(weeks) == WEEKS + 1:
        means = [_mean(week) for week in weeks]
        falling = all(later < earlier for earlier, later in pairwise(means))
        if falling and means[-1] <= (1 - QUIETER_BY) * means[0]:
            found.append(Warned.QUIETER)
    lately = weeks[-WEEKS:]
    if len(lately) == WEEKS and all(
        sum(one.leaves for one in week) > sum(one.joins for one in week) for week in lately
    ):
        found.append(Warned.MORE_LEAVE)
    if not any(one.joins for one in days[-MONTH:]):
        found.append(Warned.NOBODY_NEW)
    if not any(one.moved for one in days[-SILENT_DAYS:]):
        found.append(Warned.SILENT)
    return tuple(found)
