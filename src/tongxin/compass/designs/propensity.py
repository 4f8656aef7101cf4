"""The chance to join, by logistic regression (Newton's steps, i.e. IRLS): what R's `glm` would give.

Large tables are added up in blocks that stay in the processor's cache, and Newton starts from a thinned table (every
treated row, every k-th control, the constant shifted by log k: case-control sampling, Prentice & Pyke 1979), so that
the whole table is only read three or four times. Where it ends does not depend on where it starts.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from tongxin.compass.errors import BadInput

_BLOCK = 4096
#: rows from which a thinned start pays
_LARGE = 100_000


def linear_score(known: np.ndarray, treated: np.ndarray, *, steps: int = 30) -> np.ndarray:
    """Logit of the probability to be treated, shape (n,).

    Parameters
    ----------
    known : float array, shape (n, k)
        Covariates without a constant; 32 or 64 bits.
    treated : bool array, shape (n,)

    Raises
    ------
    BadInput
        When the covariates separate the arms perfectly, repeat each other or never vary: there is no finite score.
    """
    centre, scale = _moments(known)
    beta = None if (scale <= 0).any() else _standardised_fit(known, treated, centre, scale, steps)
    if beta is None:
        raise BadInput.one(
            "covariates", "they separate the arms or repeat each other; there is no finite score"
        )
    out = np.empty(len(known))
    for at in range(0, len(known), _BLOCK):
        out[at : at + _BLOCK] = _whitened(known[at : at + _BLOCK], centre, scale) @ beta
    return out


def _moments(known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each covariate, in blocks about the first row."""
    shift = known[0].astype(np.float64) if len(known) else np.zeros(known.shape[1])
    total, square = np.zeros(known.shape[1]), np.zeros(known.shape[1])
    for at in range(0, len(known), _BLOCK):
        part = known[at : at + _BLOCK] - shift
        total += part.sum(axis=0)
        square += np.einsum("ij,ij->j", part, part)
    mean = total / max(1, len(known))
    return mean + shift, np.sqrt(np.maximum(square / max(1, len(known)) - mean**2, 0.0))


def _standardised_fit(
    known: np.ndarray, treated: np.ndarray, centre: np.ndarray, scale: np.ndarray, steps: int
) -> np.ndarray | None:
    start = None
    if len(known) >= _LARGE and 0 < treated.sum() < len(known):
        every = max(1, len(known) // _LARGE)
        thin = np.concatenate([np.flatnonzero(treated), np.flatnonzero(~treated)[::every]])
        start = _newton(_whitened(known[thin], centre, scale), treated[thin], None, steps=steps)
        if start is not None:
            start[0] -= np.log(every)
    return _newton(known, treated, start, steps=steps, centre=centre, scale=scale)


def _whitened(known: np.ndarray, centre: np.ndarray, scale: np.ndarray) -> np.ndarray:
    out = np.empty((len(known), known.shape[1] + 1))
    out[:, 0] = 1.0
    np.subtract(known, centre, out=out[:, 1:])
    out[:, 1:] *= 1.0 / scale
    return out


def fit(design: np.ndarray, treated: np.ndarray, *, steps: int = 30) -> np.ndarray | None:
    """Coefficients of the logistic regression of `treated` on `design`; None when there are none.

    Parameters
    ----------
    design : float array, shape (n, k)
        With a constant among its columns.
    treated : bool array, shape (n,)
    """
    return _newton(design, treated, None, steps=steps)


def _newton(
    known: np.ndarray,
    treated: np.ndarray,
    start: np.ndarray | None,
    *,
    steps: int,
    centre: np.ndarray | None = None,
    scale: np.ndarray | None = None,
) -> np.ndarray | None:
    y = treated.astype(np.float64)
    if not 0 < y.sum() < len(y):
        return None
    width = known.shape[1] + (centre is not None)
    beta = np.zeros(width) if start is None else start
    for _ in range(steps):
        gradient, hessian = np.zeros(width), np.zeros((width, width))
        for at in range(0, len(y), _BLOCK):
            part = known[at : at + _BLOCK]
            x = part if centre is None or scale is None else _whitened(part, centre, scale)
            p = special.expit(x @ beta)
            gradient += x.T @ (y[at : at + _BLOCK] - p)
            hessian += (x * (p * (1 - p))[:, None]).T @ x
        try:
            step = np.linalg.solve(hessian, gradient)
        except np.linalg.LinAlgError:
            return None
        beta = beta + step
        if not np.isfinite(beta).all() or np.abs(beta).max() > 500:
            return None
        if float(gradient @ step) < 1e-12 * len(y):
            return beta
    return None
