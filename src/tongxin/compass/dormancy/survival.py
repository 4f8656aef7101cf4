"""Members seen only once: no rhythm, and BG/NBD calls all of them alive. Kaplan and Meier (1958) tell what others did."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tongxin.compass.dormancy.days import Days

#: members a cohort's own curve needs
LEAST = 50
QUARTER = 91


@dataclass(frozen=True)
class Curve:
    """Share not yet back after each waiting time.

    Attributes
    ----------
    wait : int64 array, shape (k,)
        Waiting times in days at which somebody came back, ascending.
    away : float64 array, shape (k,)
        Share not yet back just after.
    variance : float64 array, shape (k,)
        Greenwood's variance of `away`.
    longest : int
        Longest time anybody was watched; nothing is said beyond it.
    members : int
    """

    wait: np.ndarray
    away: np.ndarray
    variance: np.ndarray
    longest: int
    members: int

    def at(self, days: np.ndarray) -> np.ndarray:
        """Return the share not yet back after `days`, same shape; held flat beyond `longest`."""
        step = np.searchsorted(self.wait, days, side="right")
        return np.concatenate(([1.0], self.away))[step]


def second_day(days: Days, as_of: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (member, wait, came): days from the first active day to the second, or to `as_of` where there is none."""
    seen = days.until(as_of)
    some = np.flatnonzero(seen.count > 0)
    came = seen.count[some] > 1
    first = seen.start[some]
    second = np.where(came, seen.day[np.minimum(first + 1, len(seen.day) - 1)], as_of)
    return some, second - seen.day[first], came


def kaplan_meier(wait: np.ndarray, came: np.ndarray) -> Curve:
    """Estimate the share not yet back, who is still being watched censored.

    Parameters
    ----------
    wait : int array, shape (members,)
    came : bool array, shape (members,)

    Examples
    --------
    >>> kaplan_meier(np.array([1, 2, 2, 3]), np.array([True, True, False, False])).away.tolist()
    [0.75, 0.5]
    """
    times, place = np.unique(wait, return_inverse=True)
    back = np.bincount(place, weights=came, minlength=len(times))
    leaving = np.bincount(place, minlength=len(times))
    at_risk = len(wait) - np.cumsum(leaving) + leaving
    with np.errstate(divide="ignore", invalid="ignore"):
        away = np.cumprod(1 - back / at_risk)
        summed = np.cumsum(np.where(at_risk > back, back / (at_risk * (at_risk - back)), 0.0))
    keep = back > 0
    longest = int(wait.max()) if len(wait) else 0
    return Curve(times[keep], away[keep], (away**2 * summed)[keep], longest, len(wait))


def chance_of_return(curve: Curve, waited: np.ndarray, ahead: int) -> np.ndarray:
    """Return the share of those away for `waited` days that come back within `ahead` more; same shape.

    nan where `waited + ahead` was never watched: nothing is made up beyond the data.

    Examples
    --------
    >>> curve = kaplan_meier(np.array([1, 2, 2, 3]), np.array([True, True, False, False]))
    >>> chance_of_return(curve, np.array([0, 1, 3]), 1).round(3).tolist()
    [0.25, 0.333, nan]
    """
    waited = np.asarray(waited)
    now, later = curve.at(waited), curve.at(waited + ahead)
    known = (waited + ahead <= curve.longest) & (now > 0)
    return np.where(known, 1 - later / np.where(now > 0, now, 1.0), np.nan)


def by_cohort(days: Days, as_of: int, *, length: int = QUARTER) -> dict[int, Curve]:
    """Return one curve a cohort of first days (`length` days each, numbered back from `as_of`), −1 = everybody.

    Cohorts below `LEAST` members have no curve of their own.
    """
    who, wait, came = second_day(days, as_of)
    first = days.until(as_of).first[who]
    cohort = (as_of - first) // length
    out = {-1: kaplan_meier(wait, came)}
    for name in np.unique(cohort).tolist():
        mine = cohort == name
        if mine.sum() >= LEAST:
            out[name] = kaplan_meier(wait[mine], came[mine])
    return out
