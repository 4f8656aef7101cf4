"""BG/NBD: how often each member will buy again (Fader, Hardie & Lee 2005, Marketing Science 24(2)).

Members buy at random at their own rate (gamma over members: shape r, scale α) and after each purchase stop for good
with their own probability (beta over members: a, b). It forecasts; it does not say what caused anything.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from tongxin.compass.ltv.histories import Histories

NAMES = ("r", "alpha", "a", "b")
#: log-parameters are searched inside this box; an optimum on its wall is no optimum
WALL = 12.0
_SAMPLE = 20_000
_STARTS = (
    (0.5, 1.0, 1.0, 2.0),
    (0.25, 4.0, 0.8, 2.5),
    (1.5, 1.0, 0.2, 1.0),
    (5.0, 2.0, 0.1, 3.0),
)


@dataclass(frozen=True)
class BgNbd:
    """Fitted parameters.

    Attributes
    ----------
    r, alpha, a, b : float
        alpha in the unit of time of the histories.
    se : tuple of float
        Standard errors of the four, from the observed information (delta method).
    log_likelihood : float
    condition : float
        Condition number of the observed information in log-parameters: large where the data cannot tell them apart.
    converged : bool
        Gradient per member below 1e-7 inside the box.
    covariance : tuple of tuples
        Of the log-parameters, shape (4, 4); empty where there is no curvature.
    """

    r: float
    alpha: float
    a: float
    b: float
    se: tuple[float, float, float, float]
    log_likelihood: float
    condition: float
    converged: bool
    members: int
    covariance: tuple[tuple[float, ...], ...] = ()

    def moved(self, place: int, step: float) -> BgNbd:
        """Return the model with one log-parameter moved (for the delta method)."""
        r, alpha, a, b = (
            one * float(np.exp(step if place == at else 0.0)) for at, one in enumerate(self.parameters)
        )
        return dataclasses.replace(self, r=r, alpha=alpha, a=a, b=b)

    @property
    def parameters(self) -> tuple[float, float, float, float]:
        """(r, alpha, a, b)."""
        return self.r, self.alpha, self.a, self.b


class Likelihood:
    """Log-likelihood of distinct histories with its gradient in log-parameters.

    Everything that depends on x, recency or age alone is computed once a distinct value; only the term that mixes all
    three costs a step a history.
    """

    def __init__(self, data: Histories) -> None:
        self.members = float(data.count.sum())
        self._xs, of_x = np.unique(data.x, return_inverse=True)
        self._n_x = np.bincount(of_x, weights=data.count)
        self._ages, of_age = np.unique(data.age, return_inverse=True)
        self._n_age = np.bincount(of_age, weights=data.count)
        self._x_age = np.bincount(of_age, weights=data.count * data.x)
        again = data.x > 0
        self._recencies, self._of_recency = np.unique(data.recency[again], return_inverse=True)
        self._of_age, self._of_x = of_age[again], of_x[again]
        self._x, self._count = data.x[again].astype(np.float64), data.count[again]

    def __call__(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        """Return (log-likelihood, gradient), gradient with respect to log(r, α, a, b)."""
        r, alpha, a, b = np.exp(theta)
        x, n, members = self._xs, self._n_x, self.members
        log_age, log_recency = np.log(alpha + self._ages), np.log(alpha + self._recencies)
        value = (
            _dot(n, special.gammaln(r + x) + special.gammaln(b + x) - special.gammaln(a + b + x))
            + members * (r * np.log(alpha) - special.gammaln(r) + special.gammaln(a + b) - special.gammaln(b))
            - _dot(r * self._n_age + self._x_age, log_age)
        )
        psi_ab = special.digamma(a + b + x)
        d_r = members * (np.log(alpha) - special.digamma(r))
        d_r += _dot(n, special.digamma(r + x)) - _dot(self._n_age, log_age)
        d_alpha = members * r / alpha - _dot(r * self._n_age + self._x_age, 1 / (alpha + self._ages))
        d_a = members * special.digamma(a + b) - _dot(n, psi_ab)
        d_b = members * (special.digamma(a + b) - special.digamma(b))
        d_b += _dot(n, special.digamma(b + x) - psi_ab)
        if len(self._x):
            # log A3 + log(1 + A4/A3): A4/A3 = a/(b+x-1) * ((alpha+T)/(alpha+t_x))^(r+x)
            with np.errstate(divide="ignore"):
                odds = np.log(a) - np.log(b + np.maximum(x, 1) - 1)
            since = log_age[self._of_age] - log_recency[self._of_recency]
            power = self._x + r
            logit = odds[self._of_x] + power * since
            value += _dot(self._count, np.logaddexp(0.0, logit))
            gone = self._count * special.expit(logit)
            d_r += _dot(gone, since)
            gone_power = gone * power
            by_age = np.bincount(self._of_age, weights=gone_power, minlength=len(log_age))
            by_recency = np.bincount(self._of_recency, weights=gone_power, minlength=len(log_recency))
            d_alpha += _dot(by_age, 1 / (alpha + self._ages)) - _dot(
                by_recency, 1 / (alpha + self._recencies)
            )
            d_a += float(gone.sum()) / a
            by_x = np.bincount(self._of_x, weights=gone, minlength=len(x))
            d_b -= _dot(by_x, 1 / (b + np.maximum(x, 1) - 1))
        return float(value), np.array([d_r * r, d_alpha * alpha, d_a * a, d_b * b])

    def information(self, theta: np.ndarray, step: float = 1e-4) -> np.ndarray:
        """Observed information in log-parameters, shape (4, 4): central differences of the exact gradient."""
        rows = []
        for place in range(len(theta)):
            move = np.zeros(len(theta))
            move[place] = step
            rows.append((self(theta + move)[1] - self(theta - move)[1]) / (2 * step))
        found = -np.array(rows)
        return (found + found.T) / 2


def _dot(a: np.ndarray, b: np.ndarray) -> float:
    """Sum of products without BLAS, whose threads would spin for vectors as short as these."""
    return float(np.einsum("i,i->", a, b))


def fit(data: Histories) -> BgNbd:
    """Maximise the likelihood from several starts.

    The starts are tried on a systematic sample of the sorted histories; from the best one a few Newton steps with the
    sample's curvature finish on all of them.

    Parameters
    ----------
    data : Histories
        With at least one repeat purchase.

    Returns
    -------
    BgNbd
    """
    whole = Likelihood(data)
    sample = whole if len(data.x) <= _SAMPLE else Likelihood(_thinned(data))
    scale = _dot(data.count, data.age) / whole.members  # alpha is a time: start near the data's own
    best = max(
        (
            _climb(sample, np.log(np.array([r, alpha * scale / 10, a, b])), 1e-10)
            for r, alpha, a, b in _STARTS
        ),
        key=lambda found: found[0],
    )[1]
    theta = _finish(whole, best, sample.information(best) * (whole.members / sample.members))
    value, gradient = whole(theta)
    information = whole.information(theta)
    inside = bool((np.abs(theta) < WALL - 1e-6).all())
    condition, errors, covariance = _curvature(information, theta)
    r, alpha, a, b = (float(one) for one in np.exp(theta))
    steep = float(np.abs(gradient).max()) / whole.members
    good = inside and steep < 1e-7
    return BgNbd(r, alpha, a, b, errors, value, condition, good, int(whole.members), covariance)


def _thinned(data: Histories) -> Histories:
    """Every so-many-th member along the sorted histories: each history keeps its share to within one member."""
    step = max(1.0, float(data.count.sum()) / _SAMPLE)
    count = np.diff(np.floor(np.concatenate([[0.0], np.cumsum(data.count)]) / step))
    pick = count > 0
    return Histories(data.x[pick], data.recency[pick], data.age[pick], count[pick], np.zeros(0, np.int64))


def _climb(like: Likelihood, theta: np.ndarray, loose: float = 1e-14) -> tuple[float, np.ndarray]:
    """Climb inside the box until a step gains less than `loose` of the value."""

    def downhill(at: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = like(at)
        return -value / like.members, -gradient / like.members

    found = optimize.minimize(
        downhill,
        theta,
        jac=True,
        method="L-BFGS-B",
        bounds=[(-WALL, WALL)] * len(theta),
        options={"maxiter": 500, "ftol": loose, "gtol": 1e-8},
    )
    return -float(found.fun), np.asarray(found.x)


def _finish(like: Likelihood, theta: np.ndarray, information: np.ndarray) -> np.ndarray:
    """Newton steps with a fixed curvature as long as they climb; the general climber where they do not."""
    value, gradient = like(theta)
    for _ in range(20):
        if float(np.abs(gradient).max()) / like.members < 1e-9:
            return theta
        try:
            move = np.linalg.solve(information, gradient)
        except np.linalg.LinAlgError:
            break
        if not np.isfinite(move).all() or float(np.abs(move).max()) > 1:
            break
        there = np.clip(theta + move, -WALL, WALL)
        next_value, next_gradient = like(there)
        if next_value < value - 1e-9 * abs(value):
            break
        theta, value, gradient = there, next_value, next_gradient
    if float(np.abs(gradient).max()) / like.members < 1e-8:
        return theta
    return _climb(like, theta)[1]


def _curvature(
    information: np.ndarray, theta: np.ndarray
) -> tuple[float, tuple[float, float, float, float], tuple[tuple[float, ...], ...]]:
    """Condition number, standard errors on the natural scale, covariance of the log-parameters.

    Without curvature in some direction the first two are endless and there is no covariance.
    """
    roots = np.linalg.eigvalsh(information)
    if roots[0] <= 0:
        return float("inf"), (float("inf"),) * 4, ()
    covariance = np.linalg.inv(information)
    r, alpha, a, b = (float(one) for one in np.sqrt(np.diag(covariance)) * np.exp(theta))
    rows = tuple(tuple(float(one) for one in row) for row in covariance)
    return float(roots[-1] / roots[0]), (r, alpha, a, b), rows


def probability_alive(model: BgNbd, x: np.ndarray, recency: np.ndarray, age: np.ndarray) -> np.ndarray:
    """Probability that a member has not stopped (Fader, Hardie & Lee 2008), shape (members,); 1 where x = 0.

    >>> import numpy as np
    >>> model = BgNbd(.2426, 4.4135, .7929, 2.4258, (0, 0, 0, 0), 0, 1, True, 1)
    >>> probability_alive(model, np.array([0, 2]), np.array([0, 30.43]), np.array([38.86, 38.86])).round(4).tolist()
    [1.0, 0.7266]
    """
    r, alpha, a, b = model.parameters
    x = np.asarray(x, dtype=np.float64)
    repeat = np.maximum(x, 1)
    logit = np.log(a) - np.log(b + repeat - 1) + (r + x) * np.log((alpha + age) / (alpha + recency))
    return np.where(x > 0, special.expit(-logit), 1.0)


def expected_purchases(
    model: BgNbd, x: np.ndarray, recency: np.ndarray, age: np.ndarray, ahead: float
) -> np.ndarray:
    """Expected purchases in the next `ahead` units of time given a history (equation 10), shape (members,).

    Written with Euler's transformation of the hypergeometric function, whose small parameters stay exact where the
    textbook form overflows (large x).
    """
    r, alpha, a, b = model.parameters
    x = np.asarray(x, dtype=np.float64)
    share = ahead / (alpha + np.asarray(age) + ahead)
    a = a if abs(a - 1) > 1e-6 else 1 + 1e-6  # the limit at a = 1 is smooth
    tail = (1 - share) ** (a - 1) * special.hyp2f1(a - 1, a + b - 1 - r, a + b + x - 1, share)
    coming = (a + b + x - 1) / (a - 1) * (1 - tail)
    return coming * probability_alive(model, x, recency, age)


def expected_of_newcomer(model: BgNbd, ahead: np.ndarray) -> np.ndarray:
    """Expected repeat purchases of a random newcomer within `ahead` (equation 9), same shape as `ahead`."""
    r, alpha, a, b = model.parameters
    a = a if abs(a - 1) > 1e-6 else 1 + 1e-6
    ahead = np.asarray(ahead, dtype=np.float64)
    share = ahead / (alpha + ahead)
    tail = (1 - share) ** r * special.hyp2f1(r, b, a + b - 1, share)
    return (a + b - 1) / (a - 1) * (1 - tail)
