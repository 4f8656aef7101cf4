"""Gamma-gamma: what a member's purchases are worth on average (Fader & Hardie 2013, "The Gamma-Gamma Model").

Only for members with at least one repeat purchase and a positive mean; it assumes that how much and how often do not go
together, so their correlation is always reported beside it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from tongxin.compass.errors import BadInput

NAMES = ("p", "q", "v")
WALL = 15.0
Downhill = Callable[[np.ndarray], tuple[float, np.ndarray]]

_STARTS = ((1.0, 2.0, 1.0), (6.0, 4.0, 0.5), (2.0, 10.0, 5.0), (20.0, 3.0, 0.1))


@dataclass(frozen=True)
class GammaGamma:
    """Fitted parameters; v in the unit of the means. `correlation` is Pearson's of frequency and mean value."""

    p: float
    q: float
    v: float
    log_likelihood: float
    condition: float
    converged: bool
    members: int
    correlation: float
    covariance: tuple[tuple[float, ...], ...] = ()

    def moved(self, place: int, step: float) -> GammaGamma:
        """Return the model with one log-parameter moved (for the delta method)."""
        name = NAMES[place]
        return dataclasses.replace(self, **{name: getattr(self, name) * float(np.exp(step))})

    @property
    def mean(self) -> float:
        """Mean value of a purchase over members, p·v/(q−1); endless where q ≤ 1.

        >>> round(GammaGamma(6.2488, 3.7446, 15.4477, 0, 1, True, 946, 0.1).mean, 2)
        35.17
        """
        return self.p * self.v / (self.q - 1) if self.q > 1 else float("inf")


def fit(x: np.ndarray, mean: np.ndarray) -> GammaGamma:
    """Maximise the likelihood from several starts, with its exact gradient, in log-parameters.

    Parameters
    ----------
    x : array, shape (members,)
        Purchases that each mean stands on, at least 1.
    mean : array, shape (members,)
        Mean value of those purchases, above 0.

    Raises
    ------
    BadInput
        A mean that is not positive, a member without purchases, or nobody at all.
    """
    x, mean = np.asarray(x, dtype=np.float64), np.asarray(mean, dtype=np.float64)
    if not len(x) or (x < 1).any() or not (mean > 0).all():
        raise BadInput.one("gamma_gamma", "needs purchases and positive means", ("x >= 1 and mean > 0",))
    order = np.lexsort((mean, x))  # sums in one order, whatever order the members came in
    x, mean = x[order], mean[order]
    scale = float(mean.mean())  # v is money: search in units of the mean purchase

    def downhill(theta: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = log_likelihood(theta, x, mean / scale)
        return -value / len(x), -gradient / len(x)

    found = min((_climb(downhill, np.log(start)) for start in _STARTS), key=lambda one: float(one.fun))
    theta = np.asarray(found.x)
    p, q, v = (float(one) for one in np.exp(theta))
    value = -float(found.fun) * len(x) - len(x) * float(np.log(scale))
    inside = bool((np.abs(theta) < WALL - 1e-6).all())
    steep = float(np.abs(downhill(theta)[1]).max())
    spread = len(x) > 1 and x.std() > 0 and mean.std() > 0
    correlation = float(np.corrcoef(x, mean)[0, 1]) if spread else float("nan")
    condition, covariance = _curvature(downhill, theta, len(x))
    good = inside and steep < 1e-5
    return GammaGamma(p, q, v * scale, value, condition, good, len(x), correlation, covariance)


def log_likelihood(theta: np.ndarray, x: np.ndarray, mean: np.ndarray) -> tuple[float, np.ndarray]:
    """Log-likelihood (equation 1a) with its gradient in log(p, q, v)."""
    p, q, v = np.exp(theta)
    n, px, total = len(x), p * x, x * mean
    log_mean, log_scale = np.log(mean), np.log(total + v)
    value = float(
        (special.gammaln(px + q) - special.gammaln(px) - log_mean + px * (log_mean + np.log(x))).sum()
        + n * (q * np.log(v) - special.gammaln(q))
        - ((px + q) * log_scale).sum()
    )
    psi = special.digamma(px + q)
    d_p = float((x * (psi - special.digamma(px) + log_mean + np.log(x) - log_scale)).sum())
    d_q = float((psi - log_scale).sum()) + n * (np.log(v) - special.digamma(q))
    d_v = n * q / v - float(((px + q) / (total + v)).sum())
    return value, np.array([d_p * p, d_q * q, d_v * v])


def expected_mean(model: GammaGamma, x: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Expected mean value of a member's coming purchases, p(v + x·m)/(p·x + q − 1), shape (members,).

    Members without repeat purchases (x = 0) get the mean over members.
    """
    x = np.asarray(x, dtype=np.float64)
    known = np.where(x > 0, np.asarray(mean, dtype=np.float64) * x, 0.0)
    return np.asarray(model.p * (model.v + known) / (model.p * x + model.q - 1))


def _climb(downhill: Downhill, theta: np.ndarray) -> optimize.OptimizeResult:
    return optimize.minimize(
        downhill,
        theta,
        jac=True,
        method="L-BFGS-B",
        bounds=[(-WALL, WALL)] * len(theta),
        options={"maxiter": 1000, "ftol": 1e-15, "gtol": 1e-9},
    )


def _curvature(
    downhill: Downhill, theta: np.ndarray, members: int, step: float = 1e-4
) -> tuple[float, tuple[tuple[float, ...], ...]]:
    """Condition number of the observed information in log-parameters and its inverse; endless without curvature."""
    rows = []
    for place in range(len(theta)):
        move = np.zeros(len(theta))
        move[place] = step
        rows.append((downhill(theta + move)[1] - downhill(theta - move)[1]) / (2 * step))
    information = np.array(rows) * members
    information = (information + information.T) / 2
    roots = np.linalg.eigvalsh(information)
    if roots[0] <= 0:
        return float("inf"), ()
    inverse = np.linalg.inv(information)
    return float(roots[-1] / roots[0]), tuple(tuple(float(one) for one in row) for row in inverse)
