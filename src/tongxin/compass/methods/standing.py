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
    at, cell = np.flatnonzero(~arm), cell - cell.min()
    base, theirs, treated = weight[at], cell[at], np.flatnonzero(arm)
    mass = np.maximum(np.bincount(theirs, weights=base), 1e-300)
    controls, spread, gap = x[at], np.zeros(x.shape[1]), np.zeros(x.shape[1])
    for k, column in enumerate(controls.T):
        means = np.bincount(theirs, weights=base * column) / mass
        spread[k] = np.sqrt(np.average((column - means[theirs]) ** 2, weights=base))
        gap[k] = np.abs(weight[treated] @ (x[treated, k] - means[cell[treated]]))
    # what does not vary inside any cell cannot be balanced there, and need not be
    left = np.flatnonzero(spread > 1e-9 * np.maximum(1.0, np.abs(x).max(axis=0)))
    while len(left):
        goal = weight[treated] @ x[treated][:, left]
        found = entropy.balance(base, controls[:, left], theirs, goal)
        if found is not None:
            return found, left
        left = np.delete(left, int(np.argmax(gap[left] / spread[left])))
    return base, left
