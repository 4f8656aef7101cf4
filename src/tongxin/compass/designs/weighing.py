"""Entropy balancing as an estimator by itself (Hainmueller 2012): exact strata kept, covariate means equal.

The interval is that of the weighted regression which balancing implicitly is (Zhao & Percival 2017).
"""

from __future__ import annotations

from collections.abc import Sequence
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
    arm : bool array, shape (r,)
        Whether they are treated.
    weight : float array, shape (r,)
        Sums to 1 in each arm.
    cell : int64 array, shape (r,)
    worst : float
        Largest |standardised difference| left (by the treated's standard deviation).
    offered : int
        Treated rows that were given.
    x, own : float arrays, shape (k, controls) and (treated, k)
        The covariates that were balanced.
    """

    rows: np.ndarray
    arm: np.ndarray
    weight: np.ndarray
    cell: np.ndarray
    worst: float
    offered: int
    x: np.ndarray
    own: np.ndarray


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
    x, own = known[rows[~arm]], known[rows[arm]]
    target = own.mean(axis=0)
    found = entropy.balance(weight[~arm], x, cell[~arm], target)
    if found is None:
        return None
    weight[~arm] = found
    spread = own.std(axis=0)
    gap = np.abs(target - found @ x) / np.where(spread > 0, spread, 1.0)
    worst = float(gap.max(initial=0.0))
    return Weighed(rows, arm, weight, cell, worst, int(treated.sum()), np.ascontiguousarray(x.T), own)


@dataclass(frozen=True)
class WeighedEffect:
    """Weighted difference, its standard error, the treated behind it."""

    value: float
    se: float
    treated: int


def effect(found: Weighed, outcome: np.ndarray) -> WeighedEffect:
    """Average effect on the treated of the kept strata; `outcome` has the shape (n,)."""
    return effects(found, (outcome,))[0]


def effects(found: Weighed, outcomes: Sequence[np.ndarray]) -> tuple[WeighedEffect, ...]:
    """Average effects on several outcomes; the regression on the covariates is solved for all at once."""
    arm, x, own = found.arm, found.x, found.own
    weight, cell = found.weight[~arm], found.cell[~arm]
    cells = int(found.cell.max()) + 1
    mass, m = np.bincount(cell, weights=weight, minlength=cells), np.bincount(cell, minlength=cells)
    heavy = x * weight
    x_mean = np.stack([np.bincount(cell, weights=column, minlength=cells) for column in heavy]) / mass
    gram = heavy @ x.T - (x_mean * mass) @ x_mean.T
    lever = np.sqrt(m / np.maximum(m - 1, 1))[cell]
    out = []
    for outcome in outcomes:
        y = outcome[found.rows]
        treated, control = y[arm], y[~arm]
        value = float(found.weight[arm] @ treated - weight @ control)
        y_mean = np.bincount(cell, weights=weight * control, minlength=cells) / mass
        slope = np.linalg.lstsq(gram, heavy @ control - (x_mean * mass) @ y_mean, rcond=None)[0]
        rest = y_mean - slope @ x_mean  # what a cell expects of a row, less its covariates' part
        left = control - slope @ x - rest[cell]
        over = treated - own @ slope - rest[found.cell[arm]] - value
        variance = ((found.weight[arm] * over) ** 2).sum() + ((weight * left * lever) ** 2).sum()
        out.append(WeighedEffect(value, float(np.sqrt(variance)), int(arm.sum())))
    return tuple(out)
