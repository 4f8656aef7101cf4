"""The interval of a ratio of two estimates (Fieller 1954), which may honestly be endless; the delta method beside it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Interval = tuple[float, float]


@dataclass(frozen=True)
class Ratio:
    """A ratio with Fieller's set.

    Attributes
    ----------
    value : float
    shape : {"interval", "rays", "everything"}
        `rays`: everything up to ci[0] and everything from ci[1] on; the denominator cannot be told from zero.
        `everything`: neither numerator nor denominator can be told from zero; no ratio is excluded.
    ci : tuple of float or None
    delta : tuple of float
        The symmetric interval that is usually printed; too short where the denominator is uncertain.
    """

    value: float
    shape: Literal["interval", "rays", "everything"]
    ci: Interval | None
    delta: Interval | None

    def moved(self, by: float) -> Ratio:
        """Return the same set shifted (return on investment = margin over cost, less 1)."""
        shift = [None if one is None else (one[0] + by, one[1] + by) for one in (self.ci, self.delta)]
        return Ratio(self.value + by, self.shape, shift[0], shift[1])


def ratio(  # noqa: PLR0917 - two estimates with their covariance matrix, in the order of the textbook
    a: float, b: float, var_a: float, var_b: float, covariance: float = 0.0, critical: float = 1.96
) -> Ratio:
    """Solve (a − ρb)² ≤ k²·(var_a − 2ρ·cov + ρ²·var_b) for ρ.

    Parameters
    ----------
    a, b : float
        Estimates of numerator and denominator.
    var_a, var_b, covariance : float
        Their sampling variances, var_a and var_b at least 0.
    critical : float
        k, the quantile of the interval.

    Examples
    --------
    >>> ratio(10, 5, 4, 0, critical=2).ci
    (1.2, 2.8)
    >>> ratio(10, 1, 1, 4, critical=2).shape
    'rays'
    >>> ratio(0.1, 0.1, 1, 1, critical=2).shape
    'everything'
    """
    k2 = critical**2
    square = b * b - k2 * var_b
    linear = a * b - k2 * covariance
    free = a * a - k2 * var_a
    inside = linear * linear - square * free
    value = a / b if b else math.nan
    if square > 0:
        reach = math.sqrt(max(0.0, inside))
        ends: Interval = ((linear - reach) / square, (linear + reach) / square)
        return Ratio(value, "interval", ends, _delta(a, b, var_a, var_b, covariance, critical))
    delta = _delta(a, b, var_a, var_b, covariance, critical) if b * b > 0 else None
    if square < 0 and inside > 0:
        reach = math.sqrt(inside)
        low, high = sorted(((linear - reach) / square, (linear + reach) / square))
        return Ratio(value, "rays", (low, high), delta)
    return Ratio(value, "everything", None, delta)


def _delta(  # noqa: PLR0917 - as above
    a: float, b: float, var_a: float, var_b: float, covariance: float, critical: float
) -> Interval:
    value = a / b
    variance = (var_a - 2 * value * covariance + value * value * var_b) / (b * b)
    reach = critical * math.sqrt(max(0.0, variance))
    return value - reach, value + reach
