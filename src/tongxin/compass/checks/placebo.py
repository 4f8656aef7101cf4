"""A pseudo-entry inside the baseline: the same rows, the same arithmetic, before anything happened.

A gate, not an ornament: on real orders with targeted selection the comparison can look clean everywhere else.
Besides "does its interval exclude zero" it asks whether it is *shown* to be small (equivalence, ± 25 % of the effect).
"""

from __future__ import annotations

from dataclasses import dataclass

from tongxin.compass.design import Design
from tongxin.compass.effects import Range
from tongxin.compass.inference import Estimate, equivalent
from tongxin.compass.kpis.base import Kpi
from tongxin.compass.refusals import LEAST_TREATED
from tongxin.compass.window import Window

#: how small a placebo must be shown to be, as a share of the effect that is claimed
MARGIN = 0.25


@dataclass(frozen=True)
class Ranges:
    """Pseudo-baseline, pseudo-entry and pseudo-window, all inside the real baseline."""

    baseline: Range
    entry: int
    window: Range


@dataclass(frozen=True)
class PlaceboResult:
    """What the pseudo-entry shows; `estimate` is None where it cannot be tested."""

    ranges: Ranges | None
    estimate: Estimate | None
    joint_p: float
    equivalent: bool


def ranges(design: Design) -> Ranges | None:
    """Cut the baseline into pseudo-baseline, pseudo-donut with entry, and pseudo-window.

    >>> ranges(Design())
    Ranges(baseline=(-12, -9), entry=-6, window=(-5, -3))
    """
    first, last = design.baseline
    length = last - first + 1
    if length < 3:
        return None
    window = max(1, round(0.3 * length))
    gap = min(design.donut + 1, length - window - 1)
    entry = last - window
    return Ranges((first, last - window - gap), entry, (entry + 1, last))


def test(  # a step of a study, no test of ours
    window: Window,
    method: str,
    kpi: Kpi,
    effect: float,
    threshold: float = 0.0,  # noqa: PT028 - as above
) -> PlaceboResult:
    """Run the pseudo-entry on a method's rows.

    The margin of equivalence is a quarter of the effect that is claimed, and never less than a quarter of `threshold`,
    the smallest effect that matters: next to an effect of zero nothing could be shown to be small.
    """
    cut = ranges(window.frame.design)
    rows = window.matches[method]
    if cut is None or rows.retained < LEAST_TREATED or not kpi.differenced:
        return PlaceboResult(cut, None, float("nan"), equivalent=False)
    found = window.contrast(method, kpi, cut.window, cut.baseline)
    estimate = window.estimate(method, found.effect, found.influence)
    each = [
        window.contrast(method, kpi, (e, e), cut.baseline) for e in range(cut.window[0], cut.window[1] + 1)
    ]
    joint = window.clusters.joint_p(rows, [one.effect for one in each], [one.influence for one in each])
    margin = MARGIN * max(abs(effect), threshold)
    return PlaceboResult(cut, estimate, joint, equivalent(estimate.value, estimate.se, margin))
