"""Entropy balancing as an estimator by itself (Hainmueller 2012): exact strata kept, covariate means equal.

The interval is that of the weighted regression which balancing implicitly is (Zhao & Percival 2017).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tongxin.compass import entropy
from tongxin.compass.designs import codes


@dataclass(frozen=True)
class Weighed:
    """Balanced rows.

    Attributes
    ----------
    rows : int64 array, shape (r,)
        Rows of strata that hold both arms.
    weight : float array, shape (r,)
        Sums to 1 in each arm.
    cell : int64 array, shape (r,)
    worst : float
        Largest |standardised difference| left (by the treated's standard deviation).
    offered : int
        Treated rows that were given.
    """

    rows: np.ndarray
    weight: np.ndarray
    cell: np.ndarray
    worst: float
    offered: int


def balanced(known: np.ndarray, treated: np.ndarray, stratum: np.ndarray) -> Weighed | None:
    """Weigh the controls; None when no positive weights can balance.

    Parameters
    ----------
    known : float array, shape (n, k)
    treated : bool array, shape (n,)
    stratum : int array, shape (n,)
    """
    place, count = codes.compact(stratum)
    n = np.bincount(place[treated], minlength=count)
    m = np.bincount(place[~treated], minlength=count)
    both = (n > 0) & (m > 0)
    fresh = np.cumsum(both) - 1
    kept = both[place]
    rows = np.flatnonzero(kept)
    cell, arm = fresh[place[rows]], treated[rows]
    total = int(arm.sum())
    if not total:
        return None
    weight = np.where(arm, 1.0 / total, (n[both] / np.maximum(m[both], 1))[cell] / total)
    x = known[rows[~arm]]
    target = known[rows[arm]].mean(axis=0)
    found = entropy.balance(weight[~arm], x, cell[~arm], target)
    if found is None:
        return None
    weight[~arm] = found
    spread = known[rows[arm]].std(axis=0)
    gap = np.abs(target - found @ x) / np.where(spread > 0, spread, 1.0)
    return Weighed(rows, weight, cell, float(gap.max(initial=0.0)), int(treated.sum()))


@dataclass(frozen=True)
class WeighedEffect:
    """Weighted difference, its standard error, the treated behind it."""

    value: float
    se: float
    treated: int


def effect(found: Weighed, outcome: np.ndarray, known: np.ndarray, treated: np.ndarray) -> WeighedEffect:
    """Average effect on the treated of the kept strata.

    Parameters
    ----------
    outcome : float array, shape (n,)
    known : float array, shape (n, k)
        The covariates that were balanced.
    treated : bool array, shape (n,)
    """
    y, x, arm = outcome[found.rows], known[found.rows], treated[found.rows]
    weight, cell = found.weight, found.cell
    value = float(weight[arm] @ y[arm] - weight[~arm] @ y[~arm])
    cells = int(cell.max()) + 1
    mass = np.bincount(cell[~arm], weights=weight[~arm], minlength=cells)
    m = np.bincount(cell[~arm], minlength=cells)

    xc, yc, wc, cc = x[~arm], y[~arm], weight[~arm], cell[~arm]
    y_mean = np.bincount(cc, weights=wc * yc, minlength=cells) / mass
    x_sum = [np.bincount(cc, weights=wc * column, minlength=cells) for column in xc.T]
    x_mean = np.stack(x_sum, axis=1) / mass[:, None]
    flat = xc - x_mean[cc]
    heavy = flat * wc[:, None]
    slope = np.linalg.lstsq(heavy.T @ flat, heavy.T @ (yc - y_mean[cc]), rcond=None)[0]
    rest = y_mean - x_mean @ slope  # what a cell expects of a row, less its covariates' part
    left = y - x @ slope - rest[cell]
    lever = np.sqrt(m / np.maximum(m - 1, 1))[cell]
    influence = np.where(arm, weight * (left - value), weight * left * lever)
    return WeighedEffect(value, float(np.sqrt((influence**2).sum())), int(arm.sum()))
