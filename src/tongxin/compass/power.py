"""How small an effect can be found? Before a study starts, and beside every answer.

With a normal estimate of standard error se, a two-sided test at critical value c finds an effect of size x with
probability Φ(x/se − c) + Φ(−x/se − c); the minimum detectable effect at 80 % is (c + 0.84)·se (Bloom 1995).
"""

from __future__ import annotations

import math

from scipy import special

#: how often a real effect of that size is found
POWER = 0.8


def mde(se: float, critical: float = 1.959963984540054, power: float = POWER) -> float:
    """Smallest effect that is found with the given probability.

    >>> round(mde(1.0), 3)
    2.802
    """
    return (critical + float(special.ndtri(power))) * se


def power_of(effect: float, se: float, critical: float = 1.959963984540054) -> float:
    """Probability that the interval of an effect of that size excludes zero.

    >>> round(power_of(2.802, 1.0), 3), round(power_of(0.0, 1.0), 3)
    (0.8, 0.05)
    """
    if se <= 0 or not math.isfinite(se):
        return math.nan
    size = abs(effect) / se
    return float(special.ndtr(size - critical) + special.ndtr(-size - critical))


def needed(treated: int, found: float, wanted: float) -> int:
    """Treated members at which the detectable effect falls to `wanted`, if the error falls with their root.

    >>> needed(100, 10.0, 5.0)
    400
    """
    return math.ceil(treated * (found / wanted) ** 2) if wanted > 0 else 0
