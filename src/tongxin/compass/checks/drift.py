"""Were the groups drifting apart before entry? The slope of the path over the baseline, with its interval.

One number with one interval for "do the points before entry lean", which reading ten noisy points does not give. The
slope times the distance from the middle of the baseline to the middle of the window is what a straight-line drift that
went on would have added to the effect.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tongxin.compass.inference import Estimate
from tongxin.compass.kpis.base import Kpi
from tongxin.compass.methods import METHODS
from tongxin.compass.refusals import LEAST_TREATED
from tongxin.compass.window import Window


@dataclass(frozen=True)
class Drift:
    """Slope a period over the baseline, and what it would add to the effect if it went on."""

    slope: Estimate
    carried: float


def look(window: Window, method: str, kpi: Kpi) -> Drift | None:
    """Estimate the drift; None under R1, for yes/no figures, or with fewer than three periods of baseline.

    Least squares on the path: slope = Σ (t − t̄)·β_t / Σ (t − t̄)², linear in the influence functions.
    """
    first, last = METHODS[method].baseline(window.frame.design)
    rows = window.matches[method]
    periods = np.arange(first, last + 1, dtype=float)
    if (
        kpi.reads != "sum"
        or not kpi.differenced
        or len(periods) < 3
        or rows.retained < LEAST_TREATED
        or not kpi.differenced
    ):
        return None
    weight = (periods - periods.mean()) / ((periods - periods.mean()) ** 2).sum()
    points = [window.contrast(method, kpi, (int(t), int(t)), None) for t in periods]
    slope = float(sum(w * one.effect for w, one in zip(weight, points, strict=True)))
    influence = np.zeros(len(rows.people))
    for w, one in zip(weight, points, strict=True):
        influence += w * one.influence
    found = window.estimate(method, slope, influence)
    return Drift(found, slope * ((1 + window.length) / 2 - float(periods.mean())))
