"""What matched pairs say, and how sure they are: Abadie–Imbens, pairs as clusters, bias correction.

The naive bootstrap is wrong for neighbours with replacement (Abadie & Imbens 2008), so it is not offered.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tongxin.compass.designs.pairing import Pairs


@dataclass(frozen=True)
class PairEffect:
    """Mean difference over pairs with its standard error and the treated behind it."""

    value: float
    se: float
    pairs: int


def effect(
    pairs: Pairs,
    outcome: np.ndarray,
    treated: np.ndarray,
    space: np.ndarray,
    *,
    corrected_by: np.ndarray | None = None,
) -> PairEffect:
    """Average effect on the matched treated.

    Parameters
    ----------
    pairs : Pairs
    outcome : float array, shape (n,)
    treated : bool array, shape (n,)
    space : float array, shape (n, k)
        Where likeness is measured (whitened covariates, or the score as one column); the variance of a control that
        serves more than once is learnt from its own nearest control (Abadie & Imbens 2006, theorem 7, J = 1).
    corrected_by : float array, shape (n, k), optional
        Covariates of the bias correction (Abadie & Imbens 2011): a regression on the matched controls.
    """
    count = len(pairs.treated)
    if not count:
        return PairEffect(float("nan"), float("inf"), 0)
    gap = outcome[pairs.treated].astype(float) - outcome[pairs.control]
    if corrected_by is not None:
        gap = gap - _correction(pairs, outcome, corrected_by)
    value = float(gap.mean())
    spread = float(((gap - value) ** 2).sum()) * (count / max(1, count - 1))
    used, first, times = np.unique(pairs.control, return_index=True, return_counts=True)
    more = times > 1
    if more.any():
        k = times[more].astype(float)
        own = _own_variance(pairs, used[more], first[more], outcome=outcome, treated=treated, space=space)
        spread += float((k * (k - 1)) @ own)
    return PairEffect(value, float(np.sqrt(spread)) / count, count)


def _own_variance(
    pairs: Pairs,
    rows: np.ndarray,
    first: np.ndarray,
    *,
    outcome: np.ndarray,
    treated: np.ndarray,
    space: np.ndarray,
) -> np.ndarray:
    """(Y − Y of its nearest other control)² / 2 for each of `rows`; with no other one, the variance of all controls."""
    other = _others(pairs, rows, space) if pairs.other is None else pairs.other[first]
    found = other >= 0
    variance = np.empty(len(rows))
    gap = outcome[rows[found]].astype(float) - outcome[other[found]]
    variance[found] = gap**2 / 2
    if not found.all():
        variance[~found] = float(outcome[~treated].var(ddof=1))
    return variance


def _others(pairs: Pairs, rows: np.ndarray, space: np.ndarray) -> np.ndarray:
    """Nearest other control of the same stratum for each of `rows` (ascending), −1 where there is none."""
    other = np.full(len(rows), -1, dtype=np.int64)
    for pool, tree in pairs.forest:
        asked = np.flatnonzero(np.isin(rows, pool, assume_unique=True))
        if not len(asked) or len(pool) < 2:
            continue
        near = tree.query(space[rows[asked]], k=2)[1]
        other[asked] = np.where(pool[near[:, 0]] == rows[asked], pool[near[:, 1]], pool[near[:, 0]])
    return other


def _correction(pairs: Pairs, outcome: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Difference of the fitted control outcomes between a treated row and its control, shape (pairs,)."""
    x = np.column_stack([np.ones(len(pairs.control)), known[pairs.control]])
    slope = np.linalg.lstsq(x, outcome[pairs.control], rcond=None)[0][1:]
    return np.asarray((known[pairs.treated] - known[pairs.control]) @ slope)
