"""A member's own rhythm: days since last seen against their own median gap, never against one rule for all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tongxin.compass.dormancy.days import Days
from tongxin.compass.errors import BadInput
from tongxin.compass.sentence import Words

#: gap ratio from which a member is at risk, and from which dormant
AT_RISK, DORMANT = 2.0, 4.0
#: gaps at which a member's own median weighs as much as the segment's
PULL = 3.0

STATES: tuple[str, ...] = ("never", "once", "active", "at_risk", "dormant")
NAMES: dict[str, Words] = {
    "never": Words("还没来过", "Never seen"),
    "once": Words("只来过一次", "Seen once"),
    "active": Words("在自己的节奏里", "In their own rhythm"),
    "at_risk": Words("开始变慢", "Slowing down"),
    "dormant": Words("沉睡", "Dormant"),
}


@dataclass(frozen=True)
class Rhythm:
    """One row a member.

    Attributes
    ----------
    since_last : int64 array
        Days since last seen; −1 for never.
    usual : float64 array
        Usual gap in days: own median drawn towards the segment's on the log scale; nan below two active days.
    ratio : float64 array
        since_last / usual; nan where there is no rhythm.
    state : int64 array
        Place in `STATES`.
    """

    since_last: np.ndarray
    usual: np.ndarray
    ratio: np.ndarray
    state: np.ndarray


def of(days: Days, as_of: int, segment: np.ndarray | None = None, *, pull: float = PULL) -> Rhythm:
    """Return everybody's rhythm on the evening of `as_of`; later days are not looked at.

    Parameters
    ----------
    segment : int array, shape (members,), optional
        Whose median gap a member with few gaps is drawn towards (store, ring …); by default everybody's.

    Raises
    ------
    BadInput
        A segment array of another length.

    Examples
    --------
    >>> from tongxin.compass.dormancy import days
    >>> weekly = days.build([(np.zeros(4, int), np.array([0, 7, 14, 21]))], 1)
    >>> [STATES[of(weekly, day).state[0]] for day in (28, 40, 60)]
    ['active', 'at_risk', 'dormant']
    """
    seen = days.until(as_of)
    group = np.zeros(days.members, dtype=np.int64) if segment is None else np.asarray(segment)
    if len(group) != days.members:
        raise BadInput.one("dormancy.segment", f"{len(group)} values", (f"{days.members} values",))
    who, gap = seen.gaps()
    count = np.bincount(who, minlength=days.members)
    own = medians(who, gap, days.members)
    usual = _drawn(own, count, group, pull)
    since = np.where(seen.count > 0, as_of - seen.last, -1)
    ratio = np.where(count > 0, since / usual, np.nan)
    state = np.full(days.members, STATES.index("active"))
    state[ratio > AT_RISK] = STATES.index("at_risk")
    state[ratio > DORMANT] = STATES.index("dormant")
    state[seen.count == 1] = STATES.index("once")
    state[seen.count == 0] = STATES.index("never")
    return Rhythm(since.astype(np.int64), np.where(count > 0, usual, np.nan), ratio, state.astype(np.int64))


def medians(who: np.ndarray, gap: np.ndarray, members: int) -> np.ndarray:
    """Return the median of each member's values, nan without any; float64, shape (members,).

    Examples
    --------
    >>> medians(np.array([0, 0, 2]), np.array([4, 8, 5]), 3).tolist()
    [6.0, nan, 5.0]
    """
    order = np.lexsort((gap, who))
    value = gap[order].astype(np.float64)
    count = np.bincount(who, minlength=members)
    start = np.cumsum(count) - count
    out = np.full(members, np.nan)
    some = count > 0
    low = start[some] + (count[some] - 1) // 2
    high = start[some] + count[some] // 2
    out[some] = (value[low] + value[high]) / 2
    return out


def _drawn(own: np.ndarray, count: np.ndarray, group: np.ndarray, pull: float) -> np.ndarray:
    """exp of the weighted mean of log medians; a segment in which nobody has a gap takes everybody's."""
    some = count > 0
    overall = float(np.median(own[some])) if some.any() else np.nan
    names, place = np.unique(group, return_inverse=True)
    of_group = medians(place[some], own[some], len(names)) if some.any() else np.full(len(names), np.nan)
    towards = np.where(np.isnan(of_group), overall, of_group)[place]
    mine = np.where(some, np.log(np.where(some, own, 1.0)), 0.0)
    return np.exp((count * mine + pull * np.log(towards)) / (count + pull))
