"""Balance inside strata on what nobody changes: months of membership and the size of the home store.

Strata are bands, and thin ones are filled from other stores; entropy balancing closes what is left of the difference
in standing covariates. Past spending is not among them: balancing on it would bring regression to the mean.
"""

from __future__ import annotations

import numpy as np

from tongxin.compass import entropy
from tongxin.compass.design import Design
from tongxin.compass.match import Match
from tongxin.compass.panel import Panel
from tongxin.compass.periods import DAYS_PER_MONTH
from tongxin.compass.population import Population


def covariates(panel: Panel, population: Population, design: Design, rows: Match) -> np.ndarray:
    """Months of membership at entry and members of the home store, where the design knows them; shape (rows, k)."""
    found = []
    if population.tenure_known:
        start = np.array([panel.calendar.start_day(c) for c in range(panel.calendar.count)])
        found.append((start[rows.cohort] - population.since_day[rows.member]) / DAYS_PER_MONTH)
    if "store" in design.strata:
        found.append(np.bincount(population.store)[population.store[rows.member]].astype(float))
    return np.stack(found, axis=1) if found else np.zeros((len(rows.member), 0))


def even(rows: Match, x: np.ndarray, method: str) -> Match:
    """Reweight the controls of each cohort to the treated means of `x`, shape (rows, k).

    What no positive weights can balance is given up covariate by covariate, the furthest first; it stands as zero in
    the covariates of the returned match for that cohort, so that nothing is regressed on it.
    """
    if not rows.retained or not x.shape[1]:
        return rows.reweighted(rows.weight, None, method)
    weight, kept = rows.weight.copy(), np.zeros(x.shape)
    for part in rows.by_cohort():
        arm = rows.treated[part]
        balanced, left = _balanced(rows.weight[part], x[part], rows.cell[part], arm)
        weight[part.start + np.flatnonzero(~arm)] = balanced
        kept[part, left] = x[part, left]
    return rows.reweighted(weight, kept, method)


def _balanced(
    weight: np.ndarray, x: np.ndarray, cell: np.ndarray, arm: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Weights of the controls of one cohort, and the columns of `x` that they balance."""
    _, cell = np.unique(cell, return_inverse=True)
    base, cells = weight[~arm], int(cell.max()) + 1
    mass = np.maximum(np.bincount(cell[~arm], weights=base, minlength=cells), 1e-300)
    means = [np.bincount(cell[~arm], weights=base * column, minlength=cells) / mass for column in x[~arm].T]
    inside = x - np.stack(means, axis=1)[cell]
    spread = np.sqrt(np.average(inside[~arm] ** 2, weights=base, axis=0))
    gap = np.abs(weight[arm] @ inside[arm])
    # what does not vary inside any cell cannot be balanced there, and need not be
    left = np.flatnonzero(spread > 1e-9 * np.maximum(1.0, np.abs(x).max(axis=0)))
    while len(left):
        goal = weight[arm] @ x[arm][:, left]
        found = entropy.balance(base, x[~arm][:, left], cell[~arm], goal)
        if found is not None:
            return found, left
        left = np.delete(left, int(np.argmax(gap[left] / spread[left])))
    return base, left
