"""How strong is one figure: what its sample can find, what would break it, whether it was drifting before."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from tongxin.compass import power as powers
from tongxin.compass.checks import breakdown as breakdowns
from tongxin.compass.checks import drift as drifting
from tongxin.compass.checks import e_value as e_values
from tongxin.compass.checks.breakdown import Breakdown
from tongxin.compass.checks.drift import Drift
from tongxin.compass.checks.e_value import EValue
from tongxin.compass.design import Design
from tongxin.compass.kpis.base import Kpi
from tongxin.compass.refusals import LEAST_TREATED
from tongxin.compass.sentence import Words, difference
from tongxin.compass.verdict import Power
from tongxin.compass.window import Reading, Window

#: a drift weakens the evidence when, carried on, it would make up that share of the effect
CARRIED = 0.25


@dataclass(frozen=True)
class Strength:
    """Everything about one figure's strength; None where it cannot be said."""

    power: Power | None
    breakdown: Breakdown | None
    drift: Drift | None
    e_value: EValue | None
    no_breakdown: str = "no_claim"

    @property
    def threshold(self) -> float:
        """Smallest effect that matters; 0 where the level is unknown."""
        return self.power.threshold if self.power else 0.0

    @property
    def mbar(self) -> float | None:
        """Breakdown M̄."""
        return self.breakdown.mbar if self.breakdown else None

    def drifts(self, effect: float) -> bool:
        """Whether the path leaned before entry, by more than noise and enough to matter."""
        found = self.drift
        return found is not None and found.slope.excludes_zero and abs(found.carried) > CARRIED * abs(effect)

    def power_json(self) -> dict[str, Any]:
        """Return `power` of a figure."""
        if self.power is None:
            return {}
        return {
            "mde": self.power.mde,
            "threshold": self.power.threshold,
            "enough": not self.power.mde > 2 * self.power.threshold,
            "needed": self.power.needed,
        }

    def breakdown_json(self) -> dict[str, Any]:
        """Return `breakdown` of a figure, with the drift before entry."""
        if self.breakdown is None:
            return {"status": "not_testable", "reason": self.no_breakdown, "mbar": None}
        found = self.breakdown
        return {
            "status": "computed",
            "mbar": found.mbar if math.isfinite(found.mbar) else None,
            "unbroken": not math.isfinite(found.mbar),
            "restriction": "relative_magnitudes",
            "reference": "mean_of_baseline",
            "interval": "union_of_linear_ends",
            "bins": [list(one) for one in found.bins.ranges],
            "steps": found.bins.steps,
            "drift": list(found.drift),
            "intervals": [{"mbar": m, "ci": [low, high]} for m, low, high in found.intervals],
        }

    def e_value_json(self) -> dict[str, Any] | None:
        """Return `e_value` of a yes/no figure."""
        if self.e_value is None:
            return None
        found = self.e_value
        return {
            "risk_ratio": found.ratio,
            "ci": found.ci,
            "e_value": found.value,
            "e_value_limit": found.limit,
        }


def drift_json(window: Window, method: str, kpi: Kpi) -> dict[str, Any]:
    """Return `checks.drift`."""
    found = drifting.look(window, method, kpi)
    if found is None:
        why = _why_no_path(window, method, kpi)
        return {"status": "not_testable", "reason": why, "effect": None, "ci": None}
    slope = found.slope
    return {
        "status": "fails" if slope.excludes_zero else "passes",
        "effect": slope.value,
        "ci": slope.ci,
        "carried": found.carried,
    }


def of(window: Window, method: str, kpi: Kpi, spoken: Reading, *, currency: str) -> Strength:
    """Measure the strength of one figure with the rows of a method.

    Drift is read for the primary figure; a breakdown for it and for every figure that claims a difference.
    """
    primary = kpi.code == window.frame.design.primary
    claimed = primary or spoken.estimate.excludes_zero
    return Strength(
        _power(window, method, kpi, spoken, currency=currency),
        breakdowns.look(window, method, kpi, spoken) if claimed else None,
        drifting.look(window, method, kpi) if primary else None,
        e_values.of_effect(kpi, spoken.contrast.relative, spoken.relative.ci),
        _why_no_breakdown(window, method, kpi, claimed=claimed),
    )


def _why_no_breakdown(window: Window, method: str, kpi: Kpi, *, claimed: bool) -> str:
    if not claimed:
        return "no_claim"
    return _why_no_path(window, method, kpi)


def _why_no_path(window: Window, method: str, kpi: Kpi) -> str:
    if e_values.binary(kpi):
        return "yes_no_figure"
    if kpi.reads != "sum":
        return "span_figure"
    return "too_few" if window.matches[method].retained < LEAST_TREATED else "short_baseline"


def threshold_of(design: Design, kpi: Kpi, level: float) -> float:
    """Smallest effect on a figure that matters: the design's own, else a share of the level without joining."""
    if design.threshold is not None and kpi.code == design.primary:
        return design.threshold
    return design.threshold_share * abs(level)


def _power(window: Window, method: str, kpi: Kpi, spoken: Reading, *, currency: str) -> Power | None:
    estimate, level = spoken.estimate, spoken.contrast.counterfactual_level
    if not (math.isfinite(estimate.se) and estimate.se > 0 and math.isfinite(level)):
        return None
    critical = (estimate.ci[1] - estimate.value) / estimate.se
    found = powers.mde(estimate.se, critical)
    threshold = threshold_of(window.frame.design, kpi, level)
    if threshold <= 0:
        return None
    # R1 asks for at most twice the threshold
    wanted = max(LEAST_TREATED, powers.needed(window.matches[method].retained, found, 2 * threshold))
    return Power(found, threshold, wanted, money_words(kpi, currency, found, threshold))


def money_words(kpi: Kpi, currency: str, found: float, threshold: float) -> tuple[Words, Words]:
    """Write what can be found and what matters, in the figure's unit."""
    return (
        difference(found, kpi.unit, currency, signed=False),
        difference(threshold, kpi.unit, currency, signed=False),
    )
