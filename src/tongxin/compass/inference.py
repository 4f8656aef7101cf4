"""From influence rows to intervals: clusters, multiplier bootstrap, Holm, equivalence.

With 30 or more stores the influence function is summed by home store, with fewer by member; in both cases it is
summed the other way too, and the wider of the two intervals is used. Critical values come from 999 multiplier draws on the compact
cluster sums (cost independent of order lines), never below Student's t.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
from scipy import special

#: below this many stores a store cluster is too few to trust by itself
ENOUGH_STORES = 30
_WEBB = np.array([-np.sqrt(1.5), -1.0, -np.sqrt(0.5), np.sqrt(0.5), 1.0, np.sqrt(1.5)])


@dataclass(frozen=True)
class Estimate:
    """A number that never travels alone."""

    value: float
    se: float
    ci: tuple[float, float]
    p: float

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval lies on one side of zero."""
        return self.ci[0] > 0 or self.ci[1] < 0


class People(Protocol):
    """Whose influence it is: distinct member numbers, ascending."""

    @property
    def people(self) -> np.ndarray:
        """Member numbers, shape (p,)."""


@dataclass(frozen=True)
class Together:
    """Several comparisons in one."""

    people: np.ndarray


def together(people: Sequence[np.ndarray], influences: Sequence[np.ndarray]) -> tuple[Together, np.ndarray]:
    """Add up the influences of several comparisons, person by person."""
    everybody = np.concatenate(people)
    found = np.flatnonzero(np.bincount(everybody))
    place = np.searchsorted(found, everybody)
    return Together(found), np.bincount(place, weights=np.concatenate(influences), minlength=len(found))


@dataclass(frozen=True)
class Clusters:
    """How influence rows are added up before they are squared.

    Attributes
    ----------
    code : int64 array, shape (n members,)
        Cluster of each member.
    store : int64 array, shape (n members,)
    by : {"store", "member"}
    draws : int
    seed : int
    level : float
    """

    code: np.ndarray
    store: np.ndarray
    by: str
    stores: int
    draws: int
    seed: int
    level: float

    def sums(self, rows: People, influence: np.ndarray) -> np.ndarray:
        """Influence of each of the people summed by cluster, shape (clusters that occur,)."""
        return influence if self.by == "member" else _by(self.code[rows.people], influence)

    def estimate(self, rows: People, value: float, influence: np.ndarray) -> Estimate:
        """Return value, clustered standard error, interval and p-value.

        `influence` has one number for each of the people. A value that is not a number (nobody bought) stays one, with
        an endless interval.
        """
        if not np.isfinite(value) or not np.isfinite(influence).all():
            return Estimate(float("nan"), float("inf"), (float("-inf"), float("inf")), 1.0)
        sums = self.sums(rows, influence)
        se, freedom = standard_error(sums), max(1, len(sums) - 1)
        critical = max(
            float(special.stdtrit(freedom, 0.5 + self.level / 2)),
            self._critical(sums, se) if self.by == "store" else 0.0,
        )
        wide = self._other_way(rows, influence)
        if wide > critical * se:
            se = wide / critical
        p = 2 * float(special.stdtr(freedom, -abs(value) / se)) if se > 0 else 1.0
        return Estimate(value, se, (value - critical * se, value + critical * se), p)

    def _other_way(self, rows: People, influence: np.ndarray) -> float:
        """Half-width when the rows are summed the other way: by member where stores cluster, by store otherwise.

        What a few dozen stores say of their own spread is itself uncertain by a tenth, and too small as often as too
        large; the members set a floor that hardly varies.
        """
        if self.by == "store":
            freedom = max(1, len(influence) - 1)
            return standard_error(influence) * float(special.stdtrit(freedom, 0.5 + self.level / 2))
        if self.stores < 2:
            return 0.0
        shops = _by(self.store[rows.people], influence)
        return standard_error(shops) * self._critical(shops, standard_error(shops))

    def _critical(self, sums: np.ndarray, se: float) -> float:
        """Quantile of |t*| over multiplier draws (Rademacher; Webb's six points below 30 clusters)."""
        if se <= 0 or self.draws == 0:
            return 0.0
        draws = self.multipliers(len(sums))
        return float(np.quantile(np.abs(draws @ sums) / se, self.level))

    def multipliers(self, clusters: int) -> np.ndarray:
        """Seeded multipliers, shape (draws, clusters); the same for every estimate on the same clusters."""
        return _multipliers(self.seed, self.draws, clusters)

    def joint_p(self, rows: People, values: Sequence[float], influences: Sequence[np.ndarray]) -> float:
        """P-value of "all are zero" by the sup-t statistic over the same multiplier draws."""
        if self.draws == 0 or not values:
            return float("nan")
        code = self._joint_code(rows)
        stack = np.stack([_by(code, influence) for influence in influences], axis=1)
        scale = np.sqrt((stack**2).sum(axis=0))
        if not np.isfinite(scale).all() or (scale <= 0).any():
            return float("nan")
        observed = np.max(np.abs(np.array(values)) / scale)
        sup = np.max(np.abs(self.multipliers(len(stack)) @ stack) / scale, axis=1)
        return float((1 + (sup >= observed).sum()) / (1 + self.draws))

    def _joint_code(self, rows: People) -> np.ndarray:
        """Stores, also where members are the clusters: a draw a member would not stay compact."""
        return (self.store if self.stores >= ENOUGH_STORES else self.code)[rows.people]


def clusters_for(
    store: np.ndarray, members: np.ndarray, by: str, *, draws: int, seed: int, level: float
) -> Clusters:
    """Cluster by store when the members in question have at least 30 home stores, else by member."""
    stores = len(np.unique(store[members]))
    use_store = by == "store" and stores >= ENOUGH_STORES
    code = store if use_store else np.arange(len(store))
    return Clusters(code, store, "store" if use_store else "member", stores, draws, seed, level)


@lru_cache(maxsize=8)
def _multipliers(seed: int, draws: int, clusters: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    if clusters < ENOUGH_STORES:
        return rng.choice(_WEBB, size=(draws, clusters))
    return rng.integers(0, 2, size=(draws, clusters)).astype(np.float64) * 2 - 1


def _by(code: np.ndarray, influence: np.ndarray) -> np.ndarray:
    """Sums of the codes that occur, in ascending order of code."""
    return np.bincount(code, weights=influence)[np.bincount(code) > 0]


def standard_error(sums: np.ndarray) -> float:
    """Cluster-robust standard error with the G/(G−1) correction.

    >>> round(standard_error(np.array([1.0, -1.0])), 6)
    2.0
    """
    groups = len(sums)
    return float(np.sqrt(groups / max(groups - 1, 1) * (sums**2).sum()))


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down adjustment, in the order given.

    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    out, floor = [1.0] * len(p_values), 0.0
    for rank, i in enumerate(order):
        floor = max(floor, min(1.0, (len(p_values) - rank) * p_values[i]))
        out[i] = floor
    return out


def equivalent(value: float, se: float, margin: float, alpha: float = 0.05) -> bool:
    """Two one-sided tests (Hartman & Hidalgo 2018): is |value| shown to be below the margin?

    >>> equivalent(0.1, 0.2, 1.0), equivalent(0.1, 0.9, 1.0)
    (True, False)
    """
    reach = float(special.ndtri(1 - alpha)) * se
    return margin > 0 and value - reach > -margin and value + reach < margin
