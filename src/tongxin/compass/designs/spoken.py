"""From numbers to a figure of the answer: interval, sizes, labels, verdict, refusals."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tongxin.compass import inference, power
from tongxin.compass.answer import ByControl, KpiAnswer, NaiveNumber
from tongxin.compass.design import Design
from tongxin.compass.kpis.base import Kpi
from tongxin.compass.methods import METHODS
from tongxin.compass.refusals import LEAST_TREATED, REASONS, Reason
from tongxin.compass.sentence import Words, points

Interval = tuple[float, float]
_NOTHING = ByControl(None, None, 0, 0, 0.0)
_UNTESTED = {"status": "not_testable", "effect": None, "ci": None, "equivalent": False}


@dataclass(frozen=True)
class Numbers:
    """What a design found for one figure.

    Attributes
    ----------
    effect, se, p : float
    ci : (float, float)
    level, other : float
        Level of the treated and without treatment.
    relative_se : float
    treated, controls : int
    effective : float
        Effective number of controls.
    """

    effect: float
    se: float
    p: float
    ci: Interval
    level: float
    other: float
    relative_se: float
    treated: int
    controls: int
    effective: float
    critical: float = 1.959963984540054

    @property
    def relative(self) -> float:
        """Effect over the level without treatment."""
        return self.effect / self.other if self.other > 0 else math.nan


@dataclass(frozen=True)
class Beside:
    """What stands beside one figure: other comparisons, naive numbers, the placebo, labels."""

    by_control: Mapping[str, ByControl] = field(default_factory=dict)
    naive: Mapping[str, NaiveNumber] = field(default_factory=dict)
    placebo: Mapping[str, Any] = field(default_factory=lambda: dict(_UNTESTED))
    labels: tuple[str, ...] = ()


def threshold_of(design: Design, kpi: Kpi, found: Numbers) -> float:
    """Smallest effect that matters: the design's own for the primary figure, else a share of the level."""
    if design.threshold is not None and kpi.code == design.primary:
        return design.threshold
    return design.threshold_share * max(found.other, 0.0)


def figure(
    design: Design,
    kpi: Kpi,
    window: int,
    found: Numbers,
    *,
    headline: str,
    refused: tuple[Reason, ...] = (),
    beside: Beside | None = None,
    currency: str = "CNY",
) -> KpiAnswer:
    """Read the interval unless something forbids it."""
    beside = beside or Beside()
    limit = threshold_of(design, kpi, found)
    mde = power.mde(found.se, found.critical)
    reasons = _few(found) or [*refused]
    if not reasons and not math.isfinite(found.effect):
        reasons.append(REASONS["R0_ratio"])
    if not reasons and limit > 0 and mde > 2 * limit:
        size = {"mde": points(mde, kpi.unit, currency), "threshold": points(limit, kpi.unit, currency)}
        enough = power.needed(found.treated, mde, 2 * limit)
        reasons.append(REASONS["R1_power"].filled(**size, needed=enough, found=found.treated))
    verdict = "cannot_be_said" if reasons else _read(found.ci, kpi.direction)
    told = not reasons
    own = ByControl(found.effect, found.ci, found.treated, found.controls, found.effective)
    reach = found.critical * found.relative_se
    return KpiAnswer(
        kpi=kpi.code,
        name=Words(kpi.zh, kpi.en),
        unit=kpi.unit,
        window=window,
        primary=kpi.code == design.primary and window == design.horizon,
        treated_level=found.level if told else None,
        counterfactual_level=found.other if told else None,
        effect=found.effect if told else None,
        ci=found.ci if told else None,
        relative=found.relative if told else None,
        relative_ci=(found.relative - reach, found.relative + reach) if told else None,
        p_value=found.p if told else None,
        p_adjusted=None,
        headline=headline,
        labels=beside.labels if told else (),
        by_control=_controls(
            beside.by_control, headline, own if found.treated >= LEAST_TREATED else _NOTHING
        ),
        naive=beside.naive,
        verdict=verdict,
        reasons=tuple(f"{reason.code} {reason.en}" for reason in reasons),
        reason_words=tuple(
            (reason.code, Words(reason.zh, reason.en), Words(reason.cure_zh, reason.cure_en))
            for reason in reasons
        ),
        placebo=beside.placebo,
        treated=found.treated,
        power={
            "mde": mde,
            "threshold": limit,
            "enough": not mde > 2 * limit,
            "needed": power.needed(found.treated, mde, 2 * limit),
        }
        if found.treated >= LEAST_TREATED and math.isfinite(mde)
        else {},
    )


def refused(design: Design, kpi: Kpi, window: int, reason: Reason, headline: str) -> KpiAnswer:
    """Return a figure that is not even tried."""
    nothing = Numbers(
        math.nan, math.inf, 1.0, (-math.inf, math.inf), math.nan, math.nan, math.inf, LEAST_TREATED, 0, 0.0
    )
    spoken = figure(design, kpi, window, nothing, headline=headline, refused=(reason,))
    empty = _controls({}, headline, _NOTHING)
    return dataclasses.replace(spoken, treated=0, by_control=empty, power={})


def _controls(given: Mapping[str, ByControl], headline: str, own: ByControl) -> dict[str, ByControl]:
    return {**dict.fromkeys(METHODS, _NOTHING), **given, headline: own}


def _few(found: Numbers) -> list[Reason]:
    if found.treated >= LEAST_TREATED:
        return []
    missing = LEAST_TREATED - found.treated
    return [REASONS["R1"].filled(found=found.treated, needed=LEAST_TREATED, missing=missing)]


def _read(ci: Interval, direction: int) -> str:
    low, high = ci
    if low <= 0 <= high:
        return "no_evidence"
    return "positive" if (low > 0) == (direction > 0) else "negative"


def corrected(kpis: tuple[KpiAnswer, ...], level: float) -> tuple[KpiAnswer, ...]:
    """Holm over the secondary figures; a difference that does not survive it is no evidence."""
    secondary = [i for i, kpi in enumerate(kpis) if not kpi.primary and kpi.p_value is not None]
    found = [dataclasses.replace(kpi, p_adjusted=kpi.p_value) if kpi.primary else kpi for kpi in kpis]
    adjusted = inference.holm([kpis[i].p_value or 0.0 for i in secondary])
    for i, p in zip(secondary, adjusted, strict=True):
        kpi = kpis[i]
        lost = kpi.verdict in {"positive", "negative"} and p > 1 - level
        found[i] = dataclasses.replace(
            kpi,
            p_adjusted=p,
            verdict="no_evidence" if lost else kpi.verdict,
            labels=(*kpi.labels, "not_after_correction") if lost else kpi.labels,
        )
    return tuple(found)
