"""The dial that decides how badly matching on past spending goes wrong: the reliability of a twelve-month mean."""

from typing import Any

import numpy as np

from tongxin.compass.simulate.draft import AR, NOISE_SD, STORE_SD, TRAIT_SD, Draft
from tongxin.compass.simulate.switches.base import Switch


def mean_variance(months: int) -> float:
    """Variance of the mean of `months` neighbours of a first-order autocorrelated noise with variance 1.

    >>> mean_variance(1)
    1.0
    """
    lags = np.arange(1, months)
    return float((1 + 2 * ((1 - lags / months) * AR**lags).sum()) / months)


def act(draft: Draft, value: float, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG001 - draws nothing
    """Scale the noise so that `value` of the variance of a twelve-month mean is lasting."""
    lasting = TRAIT_SD**2 + STORE_SD**2
    sd = np.sqrt(lasting * (1 - value) / value / mean_variance(12))
    draft.noise = draft.noise * (sd / NOISE_SD)
    return {"noise_sd_yuan": float(sd), "autocorrelation": AR}


SWITCH = Switch(
    "reliability",
    "spending",
    0.7,
    0.05,
    0.99,
    "reliability of a twelve-month mean",
    "十二个月均值的信度",
    "how reliable a year's mean is",
    act,
)
