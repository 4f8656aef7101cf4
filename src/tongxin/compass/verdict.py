"""From estimates to a verdict: which control group speaks, what refuses, what only weakens. Plain values only.

The order is fixed, so that a verdict can be told from the top down:

1. who speaks (`headline_of`);
2. is there a number at all: R1 (people), R2 (support), a ratio without denominator — these end it;
3. may it be believed: R7 (follow-up), R3 (alike), R8 (identification), R9 (near controls), R4 (placebo), R5 (the control
   groups disagree, in sign), R1 (power) — each is told, any of them refuses;
4. R5 in size only, or a good difference whose placebo cannot be tested: a range;
5. does the interval exclude zero; a good difference must survive R6 (breakdown).

What only weakens becomes a label, whatever the verdict.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from tongxin.compass.refusals import LEAST_TREATED, REASONS, Reason
from tongxin.compass.sentence import Words, difference

Interval = tuple[float, float]

#: later joiners speak when that many treated and that many effective controls stand behind them
HEADLINE_LEAST = 200
#: R3: standardised difference that warns and that refuses; variance ratio that warns
SMD_WARNS, SMD_REFUSES, VARIANCE_WARNS = 0.1, 0.25, 2.0
#: R6: M̄ below which a finding is only suggestive, and below which no good difference is told
BREAKDOWN_SUGGESTS, BREAKDOWN_REFUSES = 0.5, 0.25
#: R7: share of the treated without a whole baseline
BASELINE_REFUSES = 0.05
#: R8: difference or change, as a share of sales
IDENTIFIED_REFUSES = 0.05
#: R9: share of the control weight near the treated
NEAR_REFUSES = 0.2
#: R10: stores below which nothing is said about stores in general
LEAST_STORES = 10


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
class Balance:
    """Beyond the worst covariate: worst variance ratio and worst single cohort, each with its covariate in words."""

    variance: tuple[str, float] = ("", 1.0)
    cohort: tuple[str, float] = ("", 0.0)


#: nothing to balance
ALIKE = Balance()


@dataclass(frozen=True)
class Power:
    """What the sample can find (`mde`, at 80 % power), what would matter, and how many treated that takes."""

    mde: float
    threshold: float
    needed: int
    words: tuple[Words, Words] = (Words("", ""), Words("", ""))


@dataclass(frozen=True)
class Identification:
    """Share of sales with a member code in the home stores of each arm, before entry and after it (R8)."""

    treated_before: float
    treated_after: float
    control_before: float
    control_after: float

    @property
    def gap(self) -> float:
        """Larger difference between the arms, before or after."""
        gaps = (self.treated_before - self.control_before, self.treated_after - self.control_after)
        return max(gaps, key=abs)

    @property
    def change(self) -> float:
        """Change at entry in the stores of the treated."""
        return self.treated_after - self.treated_before

    @property
    def fails(self) -> bool:
        """Whether the arms differ, or the share changed, by more than the bar."""
        return abs(self.gap) > IDENTIFIED_REFUSES or abs(self.change) > IDENTIFIED_REFUSES


@dataclass(frozen=True)
class Near:
    """Share of the control weight near the treated, and treated left with far controls (R9)."""

    share: float
    far_only: bool = False
    left: int = 0


@dataclass(frozen=True)
class Facts:
    """Everything a verdict rests on; what is None was not looked at or could not be.

    `offered` are the treated that the speaking control group could have had by the calendar, `eligible` all that could be
    studied: R2 asks how many of the first find anybody, the label `matched_part_only` how many of all stand behind the figure.
    """

    never: Seen
    later: Seen
    difference: float
    difference_se: float
    offered: int
    worst_covariate: tuple[str, float]
    placebo: Placebo
    negative_control_fails: bool
    direction: int = 1
    eligible: int = 0
    balance: Balance = ALIKE
    power: Power | None = None
    breakdown: float | None = None
    drifts: bool = False
    no_show_fails: bool = False
    without_baseline: float = 0.0
    identification: Identification | None = None
    near: Near | None = None
    stores: int | None = None
    unit: str = ""
    currency: str = "CNY"

    def write(self, value: float) -> Words:
        """Write a difference in the figure's unit."""
        return difference(value, self.unit, self.currency)


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
    """Apply R1–R10 in the order told above and read the interval."""
    headline = headline_of(facts.later)
    seen = facts.later if headline == "later_joiners" else facts.never
    refused = [*_few(seen), *_support(seen, facts.offered)]
    spoken_for = max(facts.offered, facts.eligible)
    labels = ["matched_part_only"] if not refused and seen.retained < 0.8 * spoken_for else []
    if not refused and not math.isfinite(seen.effect):
        refused = [REASONS["R0_ratio"]]
    if refused:
        return Verdict("cannot_be_said", headline, tuple(labels), tuple(refused))
    labels += _weakened(facts)
    refused += [
        *_unfinished(facts),
        *_unlike(facts),
        *_identified(facts.identification),
        *_near(facts.near),
        *_before_entry(facts, seen.effect),
    ]
    disagreement, only_range = _disagree(facts)
    refused += [] if only_range else disagreement
    refused += _blunt(facts.power, seen.retained)
    if refused:
        return Verdict("cannot_be_said", headline, tuple(labels), tuple(refused))
    if only_range:
        return Verdict("range_only", headline, tuple(labels), tuple(disagreement))
    return _read(seen, facts, headline, labels)


def _weakened(facts: Facts) -> list[str]:
    """Labels that hold whatever the verdict."""
    covariate, smd = facts.worst_covariate
    ratio = facts.balance.variance[1]
    shaky = (
        not facts.placebo.testable
        or not facts.placebo.equivalent
        or facts.negative_control_fails
        or facts.no_show_fails
        or facts.drifts
    )
    found = {
        "weak_evidence": shaky,
        "some_imbalance": bool(covariate) and SMD_WARNS < abs(smd) <= SMD_REFUSES,
        "spread_differs": not 1 / VARIANCE_WARNS <= ratio <= VARIANCE_WARNS,
        "cohort_imbalance": abs(facts.balance.cohort[1]) > SMD_REFUSES,
        "far_controls": facts.near is not None and facts.near.far_only,
        "one_control_group": facts.later.retained < LEAST_TREATED,
        "these_stores_only": facts.stores is not None and facts.stores < LEAST_STORES,
    }
    return [label for label, holds in found.items() if holds]


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
    return [REASONS["R3"].filled(covariate=name, smd=smd)] if abs(smd) > SMD_REFUSES else []


def _unfinished(facts: Facts) -> list[Reason]:
    if facts.without_baseline > BASELINE_REFUSES:
        return [REASONS["R7_baseline"].filled(share=facts.without_baseline)]
    return []


def _identified(found: Identification | None) -> list[Reason]:
    if found is None or not found.fails:
        return []
    return [
        REASONS["R8"].filled(
            treated_before=found.treated_before,
            treated_after=found.treated_after,
            control_before=found.control_before,
            control_after=found.control_after,
        )
    ]


def _near(found: Near | None) -> list[Reason]:
    if found is None or found.far_only or not found.share > NEAR_REFUSES:
        return []
    return [REASONS["R9"].filled(share=found.share, left=found.left)]


def _blunt(power: Power | None, found: int) -> list[Reason]:
    """R1: the sample could only find what is more than twice as large as what matters."""
    if power is None or not power.mde > 2 * power.threshold:
        return []
    mde, threshold = power.words
    return [REASONS["R1_power"].filled(mde=mde, threshold=threshold, needed=power.needed, found=found)]


def _before_entry(facts: Facts, effect: float) -> list[Reason]:
    placebo = facts.placebo
    clear = placebo.ci[0] > 0 or placebo.ci[1] < 0
    if placebo.testable and clear and abs(placebo.effect) > 0.25 * abs(effect):
        low, high = (facts.write(end) for end in placebo.ci)
        return [REASONS["R4"].filled(placebo=facts.write(placebo.effect), low=low, high=high)]
    return []


def _disagree(facts: Facts) -> tuple[list[Reason], bool]:
    """R5: beyond noise and of other sign → refuse; beyond noise and more than half in size → a range only."""
    if facts.never.retained < LEAST_TREATED or facts.later.retained < LEAST_TREATED:
        return [], False
    if not abs(facts.difference) > 1.96 * facts.difference_se:
        return [], False
    reason = REASONS["R5"].filled(b=facts.write(facts.never.effect), e=facts.write(facts.later.effect))
    if facts.never.effect * facts.later.effect < 0:
        return [reason], False
    far = abs(facts.difference) > 0.5 * max(abs(facts.never.effect), abs(facts.later.effect))
    return ([reason], True) if far else ([], False)


def _read(seen: Seen, facts: Facts, headline: str, labels: list[str]) -> Verdict:
    """R4, R6: a difference is called good only where a placebo could be made and the finding is not fragile."""
    low, high = seen.ci
    if low <= 0 <= high:
        return Verdict("no_evidence", headline, tuple(labels), ())
    good = (low > 0) == (facts.direction > 0)
    fragile = facts.breakdown is not None and facts.breakdown < BREAKDOWN_SUGGESTS
    labels += ["suggestive"] if fragile else []
    if good and not facts.placebo.testable:
        # R1: a placebo that cannot be made leaves no good difference
        labels.append("placebo_not_testable")
        return Verdict("range_only", headline, tuple(labels), (REASONS["R4_untestable"],))
    if good and facts.breakdown is not None and facts.breakdown < BREAKDOWN_REFUSES:
        return Verdict(
            "cannot_be_said", headline, tuple(labels), (REASONS["R6"].filled(mbar=facts.breakdown),)
        )
    return Verdict("positive" if good else "negative", headline, tuple(labels), ())
