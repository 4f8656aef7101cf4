"""From fitted models to members: coming purchases, chance of still being there, discounted value; and the total's interval."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

from tongxin.compass.ltv import bg_nbd, gamma_gamma
from tongxin.compass.ltv.bg_nbd import BgNbd
from tongxin.compass.ltv.gamma_gamma import GammaGamma
from tongxin.compass.ltv.histories import Histories
from tongxin.compass.periods import DAYS_PER_MONTH

_STEP = 1e-4


@dataclass(frozen=True)
class Forecast:
    """What is expected of each member over one horizon.

    Attributes
    ----------
    months : int
    purchases, value : float arrays, shape (members,)
        `value` is discounted, in currency units; nan where no value can be forecast.
    mean_purchases, mean_value : (value, low, high)
        Of an average member, with the interval that the parameters' uncertainty gives.
    """

    months: int
    purchases: np.ndarray
    value: np.ndarray
    mean_purchases: tuple[float, float, float]
    mean_value: tuple[float, float, float] | None


def discounts(months: int, rate: float) -> np.ndarray:
    """Weight of each coming month, as paid in its middle; shape (months,).

    >>> discounts(2, 0.0).tolist()
    [1.0, 1.0]
    """
    return np.asarray((1 + rate) ** (-(np.arange(months) + 0.5) / 12))


def over(
    months: int,
    data: Histories,
    model: BgNbd,
    *,
    means: tuple[GammaGamma, np.ndarray, np.ndarray] | None,
    rate: float,
    share: float,
    level: float,
) -> Forecast:
    """Forecast every member over a horizon.

    Parameters
    ----------
    months : int
    data : Histories
        In days, as of the last day.
    model : BgNbd
    means : (GammaGamma, x, mean) or None
        The value model and, a member, the repeat purchases and mean value it conditions on.
    rate : float
        Yearly discount rate.
    share : float
        Part of the spend that counts (margin share, or 1).
    level : float
    """
    weights = discounts(months, rate)
    totals, discounted = _coming(model, data, weights)
    value = np.full(data.members, np.nan)
    mean_value = None
    if means is not None:
        worth, x, mean = means
        per_purchase = gamma_gamma.expected_mean(worth, x, mean) * share
        value = discounted[data.of] * per_purchase
        mean_value = _interval(
            model, worth, lambda bg, gg: _mean_value(bg, gg, data, weights, x, mean) * share, level
        )
    purchases = _interval(model, None, lambda bg, _: _mean_purchases(bg, data, weights), level)
    return Forecast(months, totals[data.of], value, purchases, mean_value)


def _coming(model: BgNbd, data: Histories, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Expected purchases over the horizon, and the same discounted month by month, each shape (histories,)."""
    before = np.zeros(len(data.x))
    discounted = np.zeros(len(data.x))
    for month, weight in enumerate(weights, start=1):
        until = bg_nbd.expected_purchases(model, data.x, data.recency, data.age, month * DAYS_PER_MONTH)
        discounted += weight * (until - before)
        before = until
    return before, discounted


def _mean_purchases(model: BgNbd, data: Histories, weights: np.ndarray) -> float:
    ahead = len(weights) * DAYS_PER_MONTH
    each = bg_nbd.expected_purchases(model, data.x, data.recency, data.age, ahead)
    return float(data.count @ each / data.count.sum())


def _mean_value(  # noqa: PLR0917 - both models and what they are read on
    model: BgNbd, worth: GammaGamma, data: Histories, weights: np.ndarray, x: np.ndarray, mean: np.ndarray
) -> float:
    # one step for the whole horizon: its undiscounted total times the mean discount, which the parameters hardly move
    ahead = len(weights) * DAYS_PER_MONTH
    each = bg_nbd.expected_purchases(model, data.x, data.recency, data.age, ahead)
    value = gamma_gamma.expected_mean(worth, x, mean)
    return float((each[data.of] * value).mean()) * float(weights.mean())


def _interval(
    model: BgNbd,
    worth: GammaGamma | None,
    total: Callable[[BgNbd, GammaGamma], float],
    level: float,
) -> tuple[float, float, float]:
    """Delta method in log-parameters: (value, low, high); the two models are fitted apart, so their variances add."""
    anything = worth or GammaGamma(1.0, 2.0, 1.0, 0.0, 1.0, converged=True, members=0, correlation=0.0)
    value = total(model, anything)
    slopes = []
    for place in range(4):
        moved = [model.moved(place, sign * _STEP) for sign in (1, -1)]
        slopes.append((total(moved[0], anything) - total(moved[1], anything)) / (2 * _STEP))
    gradient = np.array(slopes)
    variance = float(gradient @ np.array(model.covariance) @ gradient)
    if worth is not None:
        slopes = []
        for place in range(3):
            pair = [worth.moved(place, sign * _STEP) for sign in (1, -1)]
            slopes.append((total(model, pair[0]) - total(model, pair[1])) / (2 * _STEP))
        gradient = np.array(slopes)
        variance += float(gradient @ np.array(worth.covariance) @ gradient)
    reach = float(special.ndtri(0.5 + level / 2)) * float(np.sqrt(max(0.0, variance)))
    return value, value - reach, value + reach
