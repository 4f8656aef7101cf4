"""Chance to be active in a week, by a logit on member-weeks (Allison 1982), fitted by Newton's method with a ridge.

The default for communities: days with a deed are no Poisson purchases, and people come back from long silences, which
BG/NBD rules out. BG/NBD stays beside it as the benchmark.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from tongxin.compass.dormancy import weeks
from tongxin.compass.dormancy.days import Days
from tongxin.compass.errors import BadInput

RIDGE = 1.0
#: members whose weeks are enough to fit ten coefficients
ENOUGH = 20_000
_TOLERANCE = 1e-9
_MOST = 50


@dataclass(frozen=True)
class Hazard:
    """Fitted coefficients.

    Attributes
    ----------
    coefficient : float64 array, shape (columns,)
        On the columns of `weeks.features`.
    longest : float
        Longest silence in days that was seen; beyond it the chance may fall and never rise.
    rings : int
    season : bool
    converged : bool
    member_weeks : int
    """

    coefficient: np.ndarray
    longest: float
    rings: int
    season: bool
    converged: bool
    member_weeks: int


def fit(
    days: Days,
    as_of: int,
    rng: np.random.Generator,
    *,
    ring: np.ndarray | None = None,
    ridge: float = RIDGE,
    enough: int = ENOUGH,
) -> Hazard:
    """Fit on everything up to `as_of`; beyond `enough` members on a sample of them.

    Raises
    ------
    BadInput
        Nobody came back within the data, so there is nothing to learn from.
    """
    rings = np.zeros(days.members, dtype=np.int64) if ring is None else np.asarray(ring)
    seen = days.until(as_of)
    kept = _sample(seen, rng, enough)
    material = weeks.member_weeks(kept, as_of, rings)
    if not material.came.any():
        raise BadInput.one("dormancy", "nobody was seen twice", ("members with two active days",))
    season = (as_of - int(seen.day.min())) // 7 >= weeks.TWO_YEARS
    many = int(rings.max()) + 1
    columns = weeks.features(material.state, material.day, rings=many, season=season)
    coefficient, converged = newton(columns, material.came.astype(np.float64), ridge)
    longest = float((material.day - material.state.last).max())
    return Hazard(coefficient, longest, many, season, converged, len(material.came))


def newton(columns: np.ndarray, came: np.ndarray, ridge: float) -> tuple[np.ndarray, bool]:
    """Maximise the logit likelihood − ridge/2 · Σ (coefficient of the standardised column)², constant (column 0) free.

    Returns
    -------
    float64 array, shape (columns,), and whether the gradient vanished
        Coefficients on the columns as they were given. A column without variation gets 0.

    Examples
    --------
    >>> x = np.column_stack((np.ones(4), [0.0, 0.0, 1.0, 1.0]))
    >>> newton(x, np.array([0.0, 1.0, 0.0, 1.0]), 1.0)[0].round(6).tolist()
    [0.0, 0.0]
    """
    middle, spread = columns.mean(axis=0), columns.std(axis=0)
    middle[0], spread[0] = 0.0, 1.0
    used = spread > 1e-12
    x = (columns[:, used] - middle[used]) / spread[used]
    penalty = np.full(x.shape[1], ridge)
    penalty[0] = 0.0
    beta = np.zeros(x.shape[1])
    share = np.clip(came.mean(), 1e-6, 1 - 1e-6)
    beta[0] = np.log(share / (1 - share))
    converged = False
    value = _penalised(x, came, beta, penalty)
    for _ in range(_MOST):
        chance = special.expit(x @ beta)
        gradient = x.T @ (came - chance) - penalty * beta
        if np.abs(gradient).max() <= _TOLERANCE * max(len(came), 1):
            converged = True
            break
        curve = (x * (chance * (1 - chance))[:, None]).T @ x + np.diag(penalty + 1e-12)
        move = np.linalg.solve(curve, gradient)
        step, there = 1.0, _penalised(x, came, beta + move, penalty)
        while there < value and step > 1e-6:  # a full step may overshoot where chances are near 0 or 1
            step /= 2
            there = _penalised(x, came, beta + step * move, penalty)
        beta, value = beta + step * move, there
    out = np.zeros(columns.shape[1])
    out[used] = beta / spread[used]
    out[0] -= float((out[1:] * middle[1:]).sum())
    return out, converged


def _penalised(x: np.ndarray, came: np.ndarray, beta: np.ndarray, penalty: np.ndarray) -> float:
    eta = x @ beta
    return float(came @ eta - np.logaddexp(0.0, eta).sum() - 0.5 * (penalty * beta**2).sum())


def chance_of_return(
    model: Hazard, days: Days, as_of: int, ahead_weeks: int, ring: np.ndarray | None = None
) -> np.ndarray:
    """Return each member's chance to be active within `ahead_weeks` of `as_of`; nan for who was never seen.

    1 − Π(1 − h) over the coming weeks, each with the silence grown by a week; float64, shape (members,).
    """
    rings = np.zeros(days.members, dtype=np.int64) if ring is None else np.asarray(ring)
    seen = days.until(as_of)
    some = np.flatnonzero(seen.count > 0)
    state = weeks.states(seen, rings).rows(seen.start[some + 1] - 1)
    away = np.ones(len(some))
    for week in range(ahead_weeks):
        day = np.full(len(some), as_of + 1.0 + 7.0 * week)
        away *= special.expit(-_log_odds(model, state, day))
    out = np.full(days.members, np.nan)
    out[some] = 1 - away
    return out


def _log_odds(model: Hazard, state: weeks.State, day: np.ndarray) -> np.ndarray:
    """Return the log-odds of the week that begins on `day`; a silence nobody had is worth no more than the longest."""
    odds = weeks.features(state, day, rings=model.rings, season=model.season) @ model.coefficient
    beyond = day - state.last > model.longest
    if beyond.any():
        some = state.rows(beyond)
        edge = weeks.features(some, some.last + model.longest, rings=model.rings, season=model.season)
        odds[beyond] = np.minimum(odds[beyond], edge @ model.coefficient)
    return odds


def _sample(days: Days, rng: np.random.Generator, enough: int) -> Days:
    some = np.flatnonzero(days.count > 0)
    if len(some) <= enough:
        return days
    chosen = np.zeros(days.members, dtype=bool)
    chosen[rng.choice(some, enough, replace=False)] = True
    keep = chosen[days.who]
    count = np.where(chosen, days.count, 0)
    start = np.concatenate(([0], np.cumsum(count))).astype(np.int64)
    return Days(days.who[keep], days.day[keep], start)
