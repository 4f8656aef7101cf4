"""Two-by-two difference-in-differences given covariates, with influence functions (Sant'Anna & Zhao 2020).

The terms that come from estimating the regression and the propensity score are part of the influence function.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import special

from tongxin.compass.designs.propensity import fit

#: controls whose odds of treatment are above this are left out, as the authors' own package does
_TRIM = 0.995

Found = tuple[float, np.ndarray]


def two_by_two(change: np.ndarray, treated: np.ndarray, x: np.ndarray, estimator: str) -> Found | None:
    """ATT and influence (its mean is zero, its mean square over n the variance); None without a solution.

    Parameters
    ----------
    change : float array, shape (n,)
        Outcome after less outcome before.
    treated : bool array, shape (n,)
    x : float array, shape (n, k)
        With a constant as first column.
    estimator : {"or", "ipw", "dr"}
    """
    return ESTIMATORS[estimator](change, treated.astype(float), x)


def _regression(change: np.ndarray, d: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Fitted change of the controls for everybody, and the influence of the coefficients, shape (n, k)."""
    gram = (x * (1 - d)[:, None]).T @ x / len(d)
    if np.linalg.matrix_rank(gram, hermitian=True) < len(gram):
        return None
    slope = np.linalg.solve(gram, x.T @ ((1 - d) * change) / len(d))
    fitted = x @ slope
    influence = (x * ((1 - d) * (change - fitted))[:, None]) @ np.linalg.inv(gram)
    return fitted, influence


def _odds(d: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Odds weights of the controls, their derivative's place, and the influence of the logit's coefficients."""
    beta = fit(x, d > 0)
    if beta is None:
        return None
    p = np.minimum(special.expit(x @ beta), 1 - 1e-6)
    hessian = (x * (p * (1 - p))[:, None]).T @ x / len(d)
    if np.linalg.matrix_rank(hessian, hermitian=True) < len(hessian):
        return None
    influence = (x * (d - p)[:, None]) @ np.linalg.inv(hessian)
    kept = (d > 0) | (p < _TRIM)
    return np.where(kept, p * (1 - d) / (1 - p), 0.0), kept.astype(float), influence


def outcome_regression(change: np.ndarray, d: np.ndarray, x: np.ndarray) -> Found | None:
    """Heckman, Ichimura & Todd (1997): what the controls' regression expects of the treated."""
    found = _regression(change, d, x)
    if found is None:
        return None
    fitted, influence = found
    share = d.mean()
    effect = float((d * (change - fitted)).mean() / share)
    own = d * (change - fitted - effect)
    return effect, (own - influence @ (x * d[:, None]).mean(axis=0)) / share


def inverse_probability(change: np.ndarray, d: np.ndarray, x: np.ndarray) -> Found | None:
    """Abadie (2005) with weights that sum to one (Hájek)."""
    found = _odds(d, x)
    if found is None:
        return None
    odds, kept, influence = found
    treated = d * kept
    level_t = float((treated * change).mean() / treated.mean())
    level_c = float((odds * change).mean() / odds.mean())
    own_t = treated * (change - level_t) / treated.mean()
    own_c = odds * (change - level_c)
    score = influence @ (x * own_c[:, None]).mean(axis=0)
    return level_t - level_c, own_t - (own_c + score) / odds.mean()


def doubly_robust(change: np.ndarray, d: np.ndarray, x: np.ndarray) -> Found | None:
    """Right when either the regression or the score is right."""
    regressed, scored = _regression(change, d, x), _odds(d, x)
    if regressed is None or scored is None:
        return None
    (fitted, by_slope), (odds, kept, by_score) = regressed, scored
    treated, gap = d * kept, change - fitted
    level_t = float((treated * gap).mean() / treated.mean())
    level_c = float((odds * gap).mean() / odds.mean())
    own_t = (treated * (gap - level_t) - by_slope @ (x * treated[:, None]).mean(axis=0)) / treated.mean()
    own_c = odds * (gap - level_c)
    score = by_score @ (x * own_c[:, None]).mean(axis=0)
    slope = by_slope @ (x * odds[:, None]).mean(axis=0)
    return level_t - level_c, own_t - (own_c + score - slope) / odds.mean()


#: the visible list
ESTIMATORS: dict[str, Callable[[np.ndarray, np.ndarray, np.ndarray], Found | None]] = {
    "or": outcome_regression,
    "ipw": inverse_probability,
    "dr": doubly_robust,
}
