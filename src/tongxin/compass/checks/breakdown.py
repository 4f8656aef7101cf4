"""How wrong may "they would have moved alike" be before the finding falls? (Rambachan & Roth 2023, relative magnitudes.)

Time is cut into bins of `width` periods. d_s is the difference-in-differences between two neighbouring bins of the
baseline: how far the two groups drifted apart from one bin to the next before anything happened. The restriction
Δ^RM(M̄) says that after the baseline the groups drift by at most M̄ times the largest |d_s| a bin.

What the reference is, here, must be said: the *mean of the whole baseline*, as in the figure itself, not the last period
before entry. The donut and the period of entry are not seen, but drift goes on through them. So the number of steps from
the reference to the window is the distance of their middles in bins, L = (middle of window − middle of baseline) / width,
and M̄ = 1 is exactly as much as a straight-line drift that simply goes on.

Δ^RM is the union over s and sign of {every later step at most M̄·(±d_s)}. Inside each, the ends θ ∓ M̄·L·(±d_s) are
linear in the estimates, so each gets a normal interval with the full covariance of the influence functions; the robust
interval is the union of them (a projection: valid whichever bin was truly the worst, wider than the conditional or
hybrid tests of the paper). It is closed form: each end crosses zero at a root of Fieller's quadratic.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tongxin.compass.effects import Range
from tongxin.compass.inference import standard_error
from tongxin.compass.kpis.base import Kpi
from tongxin.compass.methods import METHODS
from tongxin.compass.refusals import LEAST_TREATED
from tongxin.compass.window import Reading, Window

#: for how many times the drift before entry the interval is printed
PRINTED = (0.25, 0.5, 1.0)


@dataclass(frozen=True)
class Bins:
    """Bins of the baseline, oldest first, and the steps L from the middle of the baseline to that of the window."""

    ranges: tuple[Range, ...]
    width: int
    steps: float


@dataclass(frozen=True)
class Breakdown:
    """What is left of a finding when the groups are allowed to drift apart.

    Attributes
    ----------
    mbar : float
        Largest M̄ whose interval still excludes zero; 0 where even M̄ = 0 does not, infinite where nothing breaks it.
    drift : tuple of float
        d_s, oldest first.
    intervals : tuple of (M̄, low, high)
    """

    mbar: float
    bins: Bins
    drift: tuple[float, ...]
    intervals: tuple[tuple[float, float, float], ...]


def bins(baseline: Range, window: int) -> Bins | None:
    """Cut a baseline into equal bins, as wide as the window or a third of the baseline; None under three periods.

    They are counted back from its end; what is left over at its old end stays out of the drift (not of the reference).

    >>> bins((-12, -3), 6)
    Bins(ranges=((-11, -9), (-8, -6), (-5, -3)), width=3, steps=3.6666666666666665)
    >>> bins((-5, -2), 3).ranges
    ((-5, -5), (-4, -4), (-3, -3), (-2, -2))
    """
    first, last = baseline
    length = last - first + 1
    width = min(window, length // 3)
    if width < 1:
        return None
    ranges = [(end - width + 1, end) for end in range(last, first + width - 2, -width)]
    steps = ((1 + window) / 2 - (first + last) / 2) / width
    return Bins(tuple(reversed(ranges)), width, steps)


def look(window: Window, method: str, kpi: Kpi, spoken: Reading) -> Breakdown | None:
    """Compute the breakdown of one figure; None where the baseline has no three bins, under R1, for yes/no figures."""
    if kpi.reads != "sum" or not kpi.differenced:
        return None  # a share "with any purchase" depends on the length of the span: bins do not compare
    cut = bins(METHODS[method].baseline(window.frame.design), window.length)
    rows = window.matches[method]
    few = rows.retained < LEAST_TREATED
    if cut is None or few or not math.isfinite(spoken.estimate.se):
        return None
    moves = [
        window.contrast(method, kpi, later, earlier)
        for earlier, later in zip(cut.ranges, cut.ranges[1:], strict=False)
    ]
    stack = [spoken.contrast.influence, *[one.influence for one in moves]]
    if not all(np.isfinite(one).all() for one in stack) or spoken.estimate.se <= 0:
        return None
    sums = np.stack([window.clusters.sums(rows, one) for one in stack], axis=1)
    covariance = sums.T @ sums * len(sums) / max(len(sums) - 1, 1)
    # few stores: the headline's interval was widened by the bootstrap over stores; the rest widens alike
    covariance *= (spoken.estimate.se / standard_error(sums[:, 0])) ** 2
    critical = (spoken.estimate.ci[1] - spoken.contrast.effect) / spoken.estimate.se
    drift = np.array([one.effect for one in moves])
    return from_moments(spoken.contrast.effect, drift, covariance, cut, critical)


def from_moments(
    effect: float, drift: np.ndarray, covariance: np.ndarray, cut: Bins, critical: float
) -> Breakdown:
    """Return the breakdown of an estimate from its moments.

    Parameters
    ----------
    effect : float
        θ, the averaged effect after entry.
    drift : float array, shape (k,)
        d_s.
    covariance : float array, shape (1 + k, 1 + k)
        Of (θ, d_1 … d_k).
    cut : Bins
        Gives L.
    critical : float
        Critical value of the interval.
    """
    sign = 1.0 if effect >= 0 else -1.0
    roots = [
        _root(abs(effect), side * float(move), covariance[[0, place]][:, [0, place]], sign * side, critical)
        for place, move in enumerate(drift, start=1)
        for side in (1.0, -1.0)
    ]
    intervals = tuple(
        (mbar, *interval(effect, drift, covariance, mbar * cut.steps, critical)) for mbar in PRINTED
    )
    return Breakdown(min(roots) / cut.steps, cut, tuple(float(move) for move in drift), intervals)


def interval(
    effect: float, drift: np.ndarray, covariance: np.ndarray, reach: float, critical: float
) -> tuple[float, float]:
    """Robust interval for a drift of up to `reach` = M̄·L times the largest |d_s|."""
    low, high = math.inf, -math.inf
    for place, move in enumerate(drift, start=1):
        for side in (1.0, -1.0):
            end = effect - reach * side * float(move)
            variance = covariance[0, 0] + reach**2 * covariance[place, place]
            spread = critical * math.sqrt(max(0.0, variance - 2 * reach * side * covariance[0, place]))
            low, high = min(low, end - spread), max(high, end + spread)
    return low, high


def _root(effect: float, move: float, covariance: np.ndarray, side: float, critical: float) -> float:
    """Smallest g ≥ 0 at which effect − g·move − critical·se(effect − g·move) reaches zero (Fieller 1954).

    `covariance` is that of (θ, d), shape (2, 2); `side` turns its sign to that of `effect` and `move`. The expression is
    concave in g, so it crosses zero once at most on its way down.
    """
    k = critical**2
    v_effect, v_move, both = (
        float(covariance[0, 0]),
        float(covariance[1, 1]),
        side * float(covariance[0, 1]),
    )
    if effect**2 <= k * v_effect:
        return 0.0
    a, b, c = move**2 - k * v_move, -2 * (effect * move - k * both), effect**2 - k * v_effect
    if abs(a) < 1e-300:
        found = [-c / b] if b < 0 else []
    else:
        inside = b * b - 4 * a * c
        if inside < 0:
            return math.inf
        root = math.sqrt(inside)
        found = [(-b - root) / (2 * a), (-b + root) / (2 * a)]
    # the other root belongs to the upper end: there effect − g·move is negative
    down = [g for g in found if g > 0 and effect - g * move >= -1e-9 * effect]
    return min(down, default=math.inf)
