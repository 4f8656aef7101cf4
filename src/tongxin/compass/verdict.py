"""From estimates to a verdict: which control group speaks, what refuses, what only weakens. Plain values only."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tongxin.compass.refusals import LEAST_TREATED, REASONS, Reason

Interval = tuple[float, float]

#: later joiners speak when that many treated and that many effective controls stand behind them
HEADLINE_LEAST = 200


@dataclass(frozen=True)
class Seen:
    """One control group's result."""

    effect: float
    ci: Interval
    retained: int
    effective: float


@dataclass(frozen=True)
class Placebo:
    """Pseudo-entry inside the baseline; `testable` is False where the baseline is too short or R1 holds."""

    testable: bool
    effect: float = math.nan
    ci: Interval = (-math.inf, math.inf)
    equivalent: bool = False


@dataclass(frozen=True)
class Facts:
    """Everything a verdict rests on."""

    never: Seen
    later: Seen
    difference: float
    difference_se: float
    offered: int
    worst_covariate: tuple[str, float]
    placebo: Placebo
    negative_control_fails: bool
    direction: int = 1


@dataclass(frozen=True)
class Verdict:
    """The answer in one word, with what weakens it and why it was refused."""

    verdict: str
    headline: str
    labels: tuple[str, ...]
    reasons: tuple[Reason, ...]


def headline_of(later: Seen) -> str:
    """Later joiners if ≥ 200 treated and ≥ 200 effective controls stand behind them, else never-joiners."""
    return (
        "later_joiners"
        if later.retained >= HEADLINE_LEAST and later.effective >= HEADLINE_LEAST
        else "never_joiners"
    )


def judge(facts: Facts) -> Verdict:
    """Apply R1–R5 and read the interval."""
    headline = headline_of(facts.later)
    seen = facts.later if headline == "later_joiners" else facts.never
    refused = [*_few(seen), *_support(seen, facts.offered)]
    labels = ["matched_part_only"] if not refused and seen.retained < 0.8 * facts.offered else []
    if not refused and not math.isfinite(seen.effect):
        refused = [REASONS["R0_ratio"]]
    if refused:
        return Verdict("cannot_be_said", headline, tuple(labels), tuple(refused))
    refused += [*_unlike(facts), *_before_entry(facts.placebo, seen.effect)]
    disagreement, only_range = _disagree(facts)
    refused += [] if only_range else disagreement
    if not facts.placebo.testable or not facts.placebo.equivalent or facts.negative_control_fails:
        labels.append("weak_evidence")
    if facts.later.retained < LEAST_TREATED:
        labels.append("one_control_group")
    if refused:
        return Verdict("cannot_be_said", headline, tuple(labels), tuple(refused))
    if only_range:
        return Verdict("range_only", headline, tuple(labels), tuple(disagreement))
    verdict = _read(seen, facts, labels)
    untested = (REASONS["R4_untestable"],) if verdict == "range_only" else ()
    return Verdict(verdict, headline, tuple(labels), untested)


def _few(seen: Seen) -> list[Reason]:
    if seen.retained >= LEAST_TREATED:
        return []
    missing = LEAST_TREATED - seen.retained
    return [REASONS["R1"].filled(found=seen.retained, needed=LEAST_TREATED, missing=missing)]


def _support(seen: Seen, offered: int) -> list[Reason]:
    if offered and seen.retained < 0.5 * offered:
        return [REASONS["R2"].filled(share=seen.retained / offered)]
    return []


def _unlike(facts: Facts) -> list[Reason]:
    name, smd = facts.worst_covariate
    return [REASONS["R3"].filled(covariate=name, smd=smd)] if abs(smd) > 0.25 else []


def _before_entry(placebo: Placebo, effect: float) -> list[Reason]:
    clear = placebo.ci[0] > 0 or placebo.ci[1] < 0
    if placebo.testable and clear and abs(placebo.effect) > 0.25 * abs(effect):
        return [
            REASONS["R4"].filled(
                placebo=f"{placebo.effect:.2f}", low=f"{placebo.ci[0]:.2f}", high=f"{placebo.ci[1]:.2f}"
            )
        ]
    return []


def _disagree(facts: Facts) -> tuple[list[Reason], bool]:
    """R5: beyond noise and of other sign → refuse; beyond noise and more than half in size → a range only."""
    if facts.never.retained < LEAST_TREATED or facts.later.retained < LEAST_TREATED:
        return [], False
    if not abs(facts.difference) > 1.96 * facts.difference_se:
        return [], False
    reason = REASONS["R5"].filled(b=f"{facts.never.effect:.2f}", e=f"{facts.later.effect:.2f}")
    if facts.never.effect * facts.later.effect < 0:
        return [reason], False
    far = abs(facts.difference) > 0.5 * max(abs(facts.never.effect), abs(facts.later.effect))
    return ([reason], True) if far else ([], False)


def _read(seen: Seen, facts: Facts, labels: list[str]) -> str:
    low, high = seen.ci
    if low <= 0 <= high:
        return "no_evidence"
    good = (low > 0) == (facts.direction > 0)
    if good and not facts.placebo.testable:
        labels.append("placebo_not_testable")
        return "range_only"  # R1: without a placebo there is no positive headline
    return "positive" if good else "negative"
