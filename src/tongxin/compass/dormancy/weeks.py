"""Member-weeks: the material of a discrete-time hazard, seen only with what was known at the start of each week."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tongxin.compass.dormancy.days import Days

#: the gap in days that everybody is taken to have had once before anything was seen
PRIOR_GAP = 30.0
YEAR = 365.25
#: weeks of data from which a season can be told from a trend
TWO_YEARS = 104


@dataclass(frozen=True)
class State:
    """What is known of some members after their last active day, without the passing of time itself.

    Attributes
    ----------
    last, first : float64 arrays
        Last and first active day.
    gaps : float64 array
        Number of gaps so far.
    ring : int64 array
        Ring number, 0 where none is given.
    """

    last: np.ndarray
    first: np.ndarray
    gaps: np.ndarray
    ring: np.ndarray

    def rows(self, place: np.ndarray) -> State:
        """Return some of the rows."""
        return State(self.last[place], self.first[place], self.gaps[place], self.ring[place])


def states(days: Days, ring: np.ndarray) -> State:
    """Return the state after each active day, one row a (member, day) pair; shape (pairs,)."""
    mine = days.start[days.who]
    nth = np.arange(len(days.day)) - mine
    return State(
        days.day.astype(np.float64), days.day[mine].astype(np.float64), nth.astype(np.float64), ring[days.who]
    )


def features(state: State, day: np.ndarray, *, rings: int, season: bool) -> np.ndarray:
    """Return the columns of the hazard for the week that begins on `day`; shape (rows, columns).

    Constant; log weeks since last, and its square; log gap ratio against the own mean gap; own pace times log weeks
    since last (a silence weighs more for who used to come often); log pace over the whole tenure; seen once, alone and
    with log weeks since last; a column a ring; a yearly wave where two years were seen.
    """
    since = np.maximum(day - state.last, 1.0)
    log_since = np.log1p(since / 7.0)
    pace = np.log((state.gaps + 1.0) / (state.last - state.first + PRIOR_GAP))
    over_tenure = np.log((state.gaps + 1 / 3) / (day - state.first + PRIOR_GAP / 3))
    once = (state.gaps == 0).astype(np.float64)
    columns = [
        np.ones(len(since)),
        log_since,
        log_since**2,
        np.log(since) + pace,
        pace * log_since,
        over_tenure,
        once,
        once * log_since,
        *((state.ring == name).astype(np.float64) for name in range(1, rings)),
    ]
    if season:
        turn = 2 * np.pi * day / YEAR
        columns += [np.sin(turn), np.cos(turn)]
    return np.column_stack(columns)


@dataclass(frozen=True)
class MemberWeeks:
    """One row a member and week, with what was known on the evening before.

    Attributes
    ----------
    state : State
    day : float64 array, shape (rows,)
        First day of the week.
    came : bool array, shape (rows,)
        Whether the member was active within it.
    """

    state: State
    day: np.ndarray
    came: np.ndarray


def member_weeks(days: Days, as_of: int, ring: np.ndarray) -> MemberWeeks:
    """Cut the time since each member's first active day into weeks counted back from `as_of`.

    The same weeks for everybody and the same grid as the weeks ahead, so that silences of every length are learned
    from as they are forecast from. The week in which a member was first seen is no row.
    """
    seen = days.until(as_of)
    state = states(seen, ring)
    again = np.append(seen.who[1:] == seen.who[:-1], False) if len(seen.who) else np.zeros(0, dtype=bool)
    following = np.where(again, np.append(seen.day[1:], 0), as_of)
    # week j begins on as_of + 1 − 7j; those that begin after this active day and not after the following one
    newest = np.maximum(-((following - as_of - 1) // 7), 1)
    count = np.maximum((as_of - seen.day) // 7 - newest + 1, 0)
    place = np.repeat(np.arange(len(count)), count)
    nth = np.arange(len(place)) - np.repeat(np.cumsum(count) - count, count)
    day = as_of + 1.0 - 7.0 * (newest[place] + nth)
    return MemberWeeks(state.rows(place), day, again[place] & (nth == 0))
