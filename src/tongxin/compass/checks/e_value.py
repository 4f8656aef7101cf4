"""E-value: how strong a hidden common cause would have to be to explain a risk ratio away (VanderWeele & Ding 2017).

Only for yes/no outcomes (paid conversion, retention). On the scale of risk ratios, a hidden cause would have to be
tied to joining *and* to the outcome by at least this much, beyond everything that was compared like with like.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from tongxin.compass.kpis.base import Kpi


@dataclass(frozen=True)
class EValue:
    """Risk ratio with interval, its E-value, and the E-value of the end of the interval that is nearer to 1."""

    ratio: float
    ci: tuple[float, float]
    value: float
    limit: float


def binary(kpi: Kpi) -> bool:
    """Say whether a KPI is the share of members for whom something is true."""
    return kpi.unit == "share" and kpi.denominator is None


def of_ratio(ratio: float) -> float:
    """E-value of one risk ratio; 1 where there is nothing to explain away.

    >>> round(of_ratio(3.9), 2), round(of_ratio(1 / 3.9), 2), of_ratio(1.0)
    (7.26, 7.26, 1.0)
    """
    if not math.isfinite(ratio) or ratio <= 0:
        return math.nan
    high = ratio if ratio >= 1 else 1 / ratio
    return high + math.sqrt(high * (high - 1))


def of_interval(ratio: float, low: float, high: float) -> EValue:
    """E-values of a risk ratio and of the nearer end of its interval (1 where the interval holds 1).

    >>> round(of_interval(3.9, 1.8, 8.7).limit, 2), of_interval(1.2, 0.9, 1.6).limit
    (3.0, 1.0)
    """
    near = low if ratio >= 1 else high
    covered = low <= 1 <= high
    return EValue(ratio, (low, high), of_ratio(ratio), 1.0 if covered or near <= 0 else of_ratio(near))


def of_effect(kpi: Kpi, relative: float | None, relative_ci: tuple[float, float] | None) -> EValue | None:
    """E-value of a relative effect of a yes/no figure; None for any other figure or without a level."""
    if not binary(kpi) or relative is None or relative_ci is None or not math.isfinite(relative):
        return None
    return of_interval(1 + relative, max(0.0, 1 + relative_ci[0]), 1 + relative_ci[1])
