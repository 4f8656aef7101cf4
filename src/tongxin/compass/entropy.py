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
    ordered = cell[order]
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    begun, count = base[order], np.diff(np.append(starts, len(order)))
    mass, total = np.add.reduceat(begun, starts), float(base.sum())
    # one covariate after the other, controls of a cell together: every step runs along what lies together
    x = np.empty((covariates.shape[1], len(order)))
    goal = np.empty(len(x))
    for k, column in enumerate(covariates.T):
        centre, scale = column.mean(), column.std() or 1.0
        np.take(column, order, out=x[k])
        x[k] -= centre
        x[k] /= scale
        goal[k] = (target[k] - total * centre) / scale
    heavy, weight = np.empty_like(x), begun  # one buffer for all steps
    dual = np.zeros(len(x))
    for _ in range(steps):
        weight = _weights(begun, dual @ x, starts, count, mass)
        gap = goal - x @ weight
        if np.abs(gap).max() < 1e-10 * max(1.0, total):
            return _in_order(weight, order)
        np.multiply(x, weight, out=heavy)
        inside = np.add.reduceat(heavy, starts, axis=1)
        hessian = heavy @ x.T - (inside / np.maximum(mass, 1e-300)) @ inside.T
        try:
            step = np.linalg.solve(hessian + 1e-12 * np.eye(len(gap)), gap)
        except np.linalg.LinAlgError:
            return None
        dual = dual + step * min(1.0, 5.0 / max(np.abs(step).max(), 1e-12))
        if not np.isfinite(dual).all() or np.abs(dual).max() > 50:
            return None
    fits = np.abs(goal - x @ weight).max() < 1e-6 * max(1.0, total)
    return _in_order(weight, order) if fits else None


def _weights(
    base: np.ndarray, score: np.ndarray, starts: np.ndarray, count: np.ndarray, mass: np.ndarray
) -> np.ndarray:
    """Weights tilted by the score; the sum of every cell stays what it was."""
    score -= score.max()
    raw = np.exp(score, out=score)
    raw *= base
    total = np.add.reduceat(raw, starts)
    raw *= np.repeat(mass / np.maximum(total, 1e-300), count)
    return raw


def _in_order(weight: np.ndarray, order: np.ndarray) -> np.ndarray:
    out = np.empty(len(weight))
    out[order] = weight
    return out
