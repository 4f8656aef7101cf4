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
    order = np.argsort(cell.astype(np.uint16) if cells <= 2**16 else cell, kind="stable")
    there, starts = np.unique(cell[order], return_index=True)
    mass = np.add.reduceat(base[order], starts)
    place = np.repeat(np.arange(len(there)), np.diff(np.append(starts, len(order))))
    centre, scale = covariates.mean(axis=0), covariates.std(axis=0)
    scale[scale == 0] = 1.0
    total = float(mass.sum())
    x, goal = covariates[order].astype(np.float64, copy=False), (target - total * centre) / scale
    x -= centre
    x /= scale
    heavy = np.empty_like(x)  # one buffer for all steps
    begun, weight = base[order], base[order]
    dual = np.zeros(x.shape[1])
    for _ in range(steps):
        weight = _weights(begun, x @ dual, place, starts, mass)
        gap = goal - weight @ x
        if np.abs(gap).max() < 1e-10 * max(1.0, total):
            return _in_order(weight, order)
        np.multiply(x, weight[:, None], out=heavy)
        inside = np.add.reduceat(heavy, starts, axis=0)
        hessian = heavy.T @ x - (inside / np.maximum(mass, 1e-300)[:, None]).T @ inside
        try:
            step = np.linalg.solve(hessian + 1e-12 * np.eye(len(gap)), gap)
        except np.linalg.LinAlgError:
            return None
        dual = dual + step * min(1.0, 5.0 / max(np.abs(step).max(), 1e-12))
        if not np.isfinite(dual).all() or np.abs(dual).max() > 50:
            return None
    fits = np.abs(goal - weight @ x).max() < 1e-6 * max(1.0, total)
    return _in_order(weight, order) if fits else None


def _weights(
    base: np.ndarray, score: np.ndarray, place: np.ndarray, starts: np.ndarray, mass: np.ndarray
) -> np.ndarray:
    """Weights tilted by the score; the sum of every cell stays what it was."""
    raw = base * np.exp(score - score.max())
    total = np.add.reduceat(raw, starts)
    return np.asarray(raw * (mass / np.maximum(total, 1e-300))[place])


def _in_order(weight: np.ndarray, order: np.ndarray) -> np.ndarray:
    out = np.empty(len(weight))
    out[order] = weight
    return out
