"""Cohorts that began together: who is still buying, and what they brought, by age; never beyond the observed age.

A member lapses at the purchase before the first gap longer than the lapse. That is only known a whole lapse later, so
observation ends that much before the data do (Kaplan & Meier 1958; standard errors by Greenwood 1926).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import special

from tongxin.compass.ltv.purchases import Purchases, day_of
from tongxin.compass.periods import DAYS_PER_MONTH

#: a point of a curve stands on at least that many members
LEAST = 30


@dataclass(frozen=True)
class Point:
    """One age of one cohort: still buying (with interval), bought in that month, money per member in that month."""

    age: int
    at_risk: int
    kept: float
    ci: tuple[float, float]
    active: float | None
    spend: float | None


@dataclass(frozen=True)
class Curve:
    """One cohort; `cohort` is the first day of its slice, or `all`."""

    cohort: str
    members: int
    points: tuple[Point, ...]


def curves(bought: Purchases, *, lapse_days: int, cohort_days: int, level: float) -> tuple[Curve, ...]:
    """Draw the curve of all newcomers and of each cohort with enough members.

    Only newcomers count: members whose first purchase may lie before the data are left out (`newcomers`).
    """
    new = newcomers(bought, lapse_days)
    watched = new & (bought.first <= bought.cut.end - lapse_days)
    ended = bought.lapse >= 0
    age = np.where(ended, bought.lapse, bought.cut.end - lapse_days) - bought.first
    slices = (bought.first - bought.cut.start) // cohort_days
    found = []
    if watched.sum() >= LEAST:
        points = tuple(_points(age[watched], ended[watched], level))
        found.append(Curve("all", int(watched.sum()), points))
    money = _money(bought, slices, new)
    for one in np.unique(slices[watched]):
        here = watched & (slices == one)
        if here.sum() >= LEAST:
            points = tuple(_points(age[here], ended[here], level, money.get(int(one), {})))
            start = day_of(bought.cut.start + int(one) * cohort_days).isoformat()
            found.append(Curve(start, int(here.sum()), points))
    return tuple(found)


def newcomers(bought: Purchases, lapse_days: int) -> np.ndarray:
    """Members whose first purchase is known to be their first: registered in the data's time, or silent before it.

    Where no registration is known, a first purchase later than one lapse after the data begin counts as the first.
    """
    late = bought.first > bought.cut.start + lapse_days
    registered = bought.registered >= 0
    return np.where(registered, bought.registered >= bought.cut.start, late)


def survival(age: np.ndarray, ended: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Kaplan–Meier by whole days.

    Parameters
    ----------
    age : int array, shape (members,)
        Days until the lapse, or until observation ended.
    ended : bool array, shape (members,)

    Returns
    -------
    kept, variance, at_risk : arrays, shape (days + 1,)
        Share kept *after* day d, its Greenwood variance, members at risk on day d.
    """
    longest = int(age.max(initial=0))
    lapsed = np.bincount(age[ended], minlength=longest + 1)
    left = np.bincount(age, minlength=longest + 1)
    at_risk = len(age) - np.concatenate([[0], np.cumsum(left)[:-1]])
    hazard = lapsed / np.maximum(at_risk, 1)
    kept = np.cumprod(1 - hazard)
    rest = at_risk - lapsed
    growth = np.where((lapsed > 0) & (rest > 0), lapsed / np.maximum(at_risk * rest, 1), 0.0)
    return kept, kept**2 * np.cumsum(growth), at_risk


def _points(
    age: np.ndarray, ended: np.ndarray, level: float, money: dict[int, tuple[float, float]] | None = None
) -> Iterator[Point]:
    kept, variance, at_risk = survival(age, ended)
    z = float(special.ndtri(0.5 + level / 2))
    for month in range(int(len(kept) / DAYS_PER_MONTH) + 1):
        day = min(int(month * DAYS_PER_MONTH), len(kept) - 1)
        if at_risk[day] < LEAST:
            return
        reach = z * float(np.sqrt(variance[day]))
        ends = (max(0.0, float(kept[day]) - reach), min(1.0, float(kept[day]) + reach))
        active, spend = (money or {}).get(month, (None, None))
        yield Point(month, int(at_risk[day]), float(kept[day]), ends, active, spend)


def _money(
    bought: Purchases, slices: np.ndarray, new: np.ndarray
) -> dict[int, dict[int, tuple[float, float]]]:
    """Per cohort and age: share active and money per member, among members whose month was wholly observed.

    The sums leave out members who registered before the data; a slice in which others may have bought before is not told.
    """
    old = (bought.registered >= 0) & (bought.registered < bought.cut.start)
    whole = {int(one) for one in np.unique(slices) if new[(slices == one) & ~old].all()}
    found: dict[int, dict[int, tuple[float, float]]] = {}
    lasted = ((bought.cut.end + 1 - bought.first) * 16) // 487
    for row in bought.by_age.to_pylist():
        one, age = int(row["cohort"]), int(row["age"])
        observed = int(((slices == one) & (lasted > age) & ~old).sum())
        if one in whole and observed >= LEAST:
            found.setdefault(one, {})[age] = (row["active"] / observed, row["spend"] / 100 / observed)
    return found
