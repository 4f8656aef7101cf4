"""Entropy balancing inside exact strata (Hainmueller 2012, Political Analysis 20(1)).

Control weights stay as near as possible (in entropy) to the strata weights while the weighted control means of
the covariates equal the treated means. The strata constraints are solved in closed form (weights are rescaled
inside each cell), so Newton only works on the k covariates.
"""

from __future__ import annotations

import numpy as np


def balance(
    base: np.ndarray, covariates: np.ndarray, cell: np.ndarray, target: np.ndarray, *, steps: int = 50
) -> np.ndarray | None:
    """Return balanced weights, or None when no positive weights can balance (the groups do not overlap).

    Parameters
    ----------
    base : float array, shape (m,)
        Control weights before; their sum in each cell is kept.
    covariates : float array, shape (m, k)
    cell : int array, shape (m,)
    target : float array, shape (k,)
        Weighted treated mean of each covariate times the total weight.

    Examples
    --------
    >>> w = balance(np.ones(4) / 4, np.array([[0.0], [1.0], [2.0], [3.0]]), np.zeros(4, int), np.array([2.0]))
    >>> round(float(w @ np.array([0, 1, 2, 3])), 6)
    2.0
    """
    cells = int(cell.max()) + 1
    mass = np.bincount(cell, weights=base, minlength=cells)
    scale = covariates.std(axis=0)
    scale[scale == 0] = 1.0
    x, goal = covariates / scale, target / scale
    dual = np.zeros(x.shape[1])
    weight = base
    for _ in range(steps):
        weight = _weights(base, x, cell, mass, dual)
        gap = goal - weight @ x
        if np.abs(gap).max() < 1e-10 * max(1.0, mass.sum()):
            return weight
        means = np.stack([np.bincount(cell, weights=weight * col, minlength=cells) for col in x.T], axis=1)
        centred = x - (means / np.maximum(mass, 1e-300)[:, None])[cell]
        hessian = (centred * weight[:, None]).T @ centred
        try:
            step = np.linalg.solve(hessian + 1e-12 * np.eye(len(gap)), gap)
        except np.linalg.LinAlgError:
            return None
        dual = dual + step * min(1.0, 5.0 / max(np.abs(step).max(), 1e-12))
        if not np.isfinite(dual).all() or np.abs(dual).max() > 50:
            return None
    return weight if np.abs(goal - weight @ x).max() < 1e-6 * max(1.0, mass.sum()) else None


def _weights(
    base: np.ndarray, x: np.ndarray, cell: np.ndarray, mass: np.ndarray, dual: np.ndarray
) -> np.ndarray:
    score = x @ dual
    raw = base * np.exp(score - score.max())
    total = np.bincount(cell, weights=raw, minlength=len(mass))
    return raw * (mass / np.maximum(total, 1e-300))[cell]
