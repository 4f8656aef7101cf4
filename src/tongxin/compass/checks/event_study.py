"""The path of the effect from twelve periods before entry to the end of the window."""

from __future__ import annotations

from dataclasses import dataclass

from tongxin.compass.inference import Estimate
from tongxin.compass.kpis.base import Kpi
from tongxin.compass.methods import METHODS
from tongxin.compass.window import Window


@dataclass(frozen=True)
class Point:
    """One relative period; `counted` is False in the donut and in the period of entry."""

    kpi: str
    period: int
    estimate: Estimate
    counted: bool


def path(window: Window, method: str, kpi: Kpi) -> tuple[Point, ...]:
    """Estimate every relative period against the baseline of the method."""
    design = window.frame.design
    if not window.matches[method].retained:
        return ()
    baseline = METHODS[method].baseline(design)
    points = []
    for period in range(design.baseline[0], window.length + 1):
        found = window.contrast(method, kpi, (period, period), baseline)
        estimate = window.estimate(method, found.effect, found.influence)
        points.append(Point(kpi.code, period, estimate, not -design.donut <= period <= 0))
    return tuple(points)
