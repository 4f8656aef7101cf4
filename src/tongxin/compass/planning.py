"""Before a study starts: what could it find? Pseudo-entries in the dataset's own past, the design's own estimator.

Nobody has been treated yet, so the error of the coming study is read from people who never took part: some are given
a made-up entry, the study's own control groups, strata, baseline and clusters do the rest. Done again with smaller and
larger groups, the squared error follows a/N + b: a is what more people mend, b is what they share (their stores) and
more people do not.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize

from tongxin.compass import effects, inference, panel, population, power, riskset, strength, ways
from tongxin.compass import frame as frames
from tongxin.compass.dataset import Dataset
from tongxin.compass.design import Design
from tongxin.compass.effects import Reader
from tongxin.compass.errors import BadInput
from tongxin.compass.kpis import KPIS
from tongxin.compass.kpis.base import Kpi
from tongxin.compass.methods import METHODS
from tongxin.compass.panel import Panel
from tongxin.compass.periods import UNITS, calendar_for
from tongxin.compass.population import NEVER, Population
from tongxin.compass.refusals import LEAST_TREATED, REASONS, Reason
from tongxin.compass.regression import Regression
from tongxin.compass.verdict import HEADLINE_LEAST

#: sizes tried around the expected number, and pseudo-entries drawn for each
TIMES, DRAWS = (0.25, 0.5, 1.0, 2.0, 4.0), 4
#: effects of the power curve, as shares of the level
CURVE = (0.01, 0.02, 0.03, 0.05, 0.08, 0.1, 0.15, 0.2)
#: control groups a study can speak with
GROUPS = ("never_joiners", "later_joiners")


@dataclass(frozen=True)
class Precision:
    """How precise the study is with one control group in one window; `se` is nan under R1."""

    method: str
    window: int
    treated: int
    se: float
    critical: float
    level: float

    @property
    def mde(self) -> float:
        """Smallest effect found four times out of five."""
        return power.mde(self.se, self.critical)


@dataclass(frozen=True)
class Plan:
    """What a coming study could find.

    Attributes
    ----------
    expected : int
        Participants the plan counts on; `source` says where the number is from (`given`, `seen`, `assumed`).
    pool : int
        Members who never took part and could have been studied.
    precision : tuple of Precision
        Each window and control group at the expected number; the last window's speaker is `spoken`.
    sizes : tuple of (participants, mde, mde with later joiners)
    curve : tuple of (share of the level, effect, power)
    needed : int or None
        Participants at which twice the threshold is found (R1); None where more people would not do.
    needed_threshold : int or None
        The same for the threshold itself.
    rate : float or None
        Participants a period, as seen in the data.
    months : float or None
        Months until `needed` participants have been there and their window is closed.
    reasons : tuple of Reason
        Empty where the study could be made.
    """

    kpi: Kpi
    design: Design
    currency: str
    expected: int
    source: str
    pool: int
    threshold: float
    precision: tuple[Precision, ...]
    sizes: tuple[tuple[int, float, float], ...]
    curve: tuple[tuple[float, float, float], ...]
    needed: int | None
    needed_threshold: int | None
    rate: float | None
    months: float | None
    reasons: tuple[Reason, ...]

    @property
    def measurable(self) -> bool:
        """Whether the study, with the expected number, would pass R1."""
        return not self.reasons

    @property
    def spoken(self) -> Precision | None:
        """Precision of the last window, with the control group that would speak."""
        last = [one for one in self.precision if one.window == self.design.horizon and math.isfinite(one.se)]
        later = [one for one in last if one.method == "later_joiners" and one.treated >= HEADLINE_LEAST]
        never = [one for one in last if one.method == "never_joiners"]
        speaking = later or never
        return speaking[0] if speaking else None


def plan(dataset: Dataset, design: Design, expect: int | None = None) -> Plan:
    """Plan a study of a design's primary figure.

    Parameters
    ----------
    dataset : Dataset
        With `orders`; `participation` may be missing or empty, nothing has happened yet.
    design : Design
    expect : int, optional
        Participants to count on; those seen in the data, or a tenth of the members, otherwise.

    Raises
    ------
    BadInput
        No orders, a figure that the dataset cannot carry, or an expected number below 1.
    """
    dataset.require("orders")
    kpi = KPIS[design.primary]
    if kpi.missing(dataset):
        raise BadInput.one("design.primary", f"{kpi.code} needs {', '.join(kpi.missing(dataset))}")
    if expect is not None and expect < 1:
        raise BadInput.one("--expect", str(expect), ("1 or more",))
    whole = _with_participation(dataset)
    calendar = calendar_for(design.period, whole)
    facts = panel.gather(whole, calendar)
    sums = panel.build(whole, calendar, facts, "")
    people = population.gather(whole, design, sums, facts)
    return plan_from(sums, people, design, dataset.currency, expect)


def plan_from(
    sums: Panel, people: Population, design: Design, currency: str, expect: int | None = None
) -> Plan:
    """Plan a study from a panel and its people."""
    kpi, reader = KPIS[design.primary], Reader(sums, ways.terms_for(design))
    seen = int((people.entry != NEVER).sum())
    feasible = list(riskset.cohorts(sums, design, design.horizon))
    pool = _pool(sums, people, design, feasible)
    expected = expect or (seen if seen >= LEAST_TREATED else max(1, len(pool) // 10))
    source = "given" if expect else "seen" if seen >= LEAST_TREATED else "assumed"
    trials = _Trials(sums, people, design, reader, kpi, pool, feasible, _likeness(sums, people, design, pool))
    precision = tuple(one for window in design.windows for one in trials.precision(expected, window))
    sizes = tuple(sorted({max(1, round(expected * times)) for times in TIMES}))
    tried = {n: trials.precision(n, design.horizon) for n in sizes} if feasible else {}
    rate = _rate(people, seen)
    bare = Plan(
        kpi, design, currency, expected, source, len(pool), 0.0, precision, (), (), None, None, rate, None, ()
    )
    spoken = bare.spoken
    if spoken is None:
        return dataclasses.replace(bare, reasons=(_too_few(sums, design, feasible, expected),))
    threshold = strength.threshold_of(design, kpi, spoken.level)
    needed, threshold_needed = (_needed(tried, spoken, goal) for goal in (2 * threshold, threshold))
    reasons = () if spoken.mde <= 2 * threshold else (_blunt(bare, spoken, threshold, needed),)
    return dataclasses.replace(
        bare,
        threshold=threshold,
        sizes=tuple(
            (n, _mde(found, "never_joiners"), _mde(found, "later_joiners")) for n, found in tried.items()
        ),
        curve=tuple(
            (share, share * spoken.level, power.power_of(share * spoken.level, spoken.se, spoken.critical))
            for share in CURVE
        ),
        needed=needed,
        needed_threshold=threshold_needed,
        months=_months(design, rate, needed),
        reasons=reasons,
    )


def _with_participation(dataset: Dataset) -> Dataset:
    """Give a dataset without participation an empty one."""
    if dataset.has("participation"):
        return dataset
    orders = dataset.tables["orders"]
    nothing = orders.filter(orders.order_no.isnull() & orders.order_no.notnull()).select(
        member_code=orders.order_no,
        what=orders.order_no,
        what_code=orders.order_no,
        status=orders.order_no,
        kit_code=orders.order_no,
        community_code=orders.order_no,
        happened_at_date=orders.ordered_at_date,
        happened_at_day=orders.ordered_at_day,
    )
    return dataclasses.replace(dataset, tables={**dataset.tables, "participation": nothing})


def _pool(sums: Panel, people: Population, design: Design, feasible: Sequence[int]) -> np.ndarray:
    """Members who never took part and could have been studied in some cohort."""
    fit = np.zeros(sums.members, dtype=bool)
    for cohort in feasible:
        fit[riskset.at(sums, people, design, design.horizon, cohort).never] = True
    return np.flatnonzero(fit)


def _likeness(sums: Panel, people: Population, design: Design, pool: np.ndarray) -> np.ndarray:
    """Odds with which each of the pool is drawn: as often as joiners spend like them, where joiners are known."""
    joined = np.flatnonzero((people.entry != NEVER) & people.usable)
    if len(joined) < LEAST_TREATED or not len(pool):
        return np.full(len(pool), 1 / max(1, len(pool)))
    early = sums.values["spend"][:, : -design.baseline[0]].sum(axis=1)
    cuts = np.quantile(early[pool], np.linspace(0.1, 0.9, 9))
    here, there = np.searchsorted(cuts, early[pool]), np.searchsorted(cuts, early[joined])
    odds = (np.bincount(there, minlength=10) / np.maximum(1, np.bincount(here, minlength=10)))[here]
    return np.asarray(odds / odds.sum())


@dataclass(frozen=True)
class _Trials:
    """Draws pseudo-entries and reads the design's own errors."""

    sums: Panel
    people: Population
    design: Design
    reader: Reader
    kpi: Kpi
    pool: np.ndarray
    feasible: list[int]
    odds: np.ndarray

    def precision(self, treated: int, window: int) -> list[Precision]:
        """Average the errors of a few draws, by control group; the later of the feasible periods serve as entries."""
        if not self.feasible or treated * 2 > len(self.pool):
            return [self._nothing(method, window) for method in GROUPS]
        found = [self._once(treated, window, draw) for draw in range(DRAWS)]
        return [self._mean([one[place] for one in found]) for place in range(len(GROUPS))]

    def _nothing(self, method: str, window: int) -> Precision:
        return Precision(method, window, 0, math.nan, math.nan, math.nan)

    def _mean(self, found: list[Precision]) -> Precision:
        good = [one for one in found if math.isfinite(one.se)]
        if len(good) < len(found):
            return self._nothing(found[0].method, found[0].window)
        return Precision(
            good[0].method,
            good[0].window,
            round(float(np.mean([one.treated for one in good]))),
            math.sqrt(float(np.mean([one.se**2 for one in good]))),
            float(np.mean([one.critical for one in good])),
            float(np.mean([one.level for one in good])),
        )

    def _once(self, treated: int, window: int, draw: int) -> list[Precision]:
        design, n = self.design, self.sums.members
        rng = np.random.default_rng([design.seed, treated, draw])
        some = max(1, min(len(self.feasible), treated // max(1, 2 * design.min_cohort)))
        able = int((self.odds > 0).sum())
        chosen = rng.choice(self.pool, size=min(treated, able), replace=False, p=self.odds)
        entry = np.full(n, NEVER)
        entry[chosen] = rng.choice(np.array(self.feasible[-some:]), size=len(chosen))
        pretended = dataclasses.replace(
            self.people, entry=entry, usable=self.people.usable & (self.people.entry == NEVER)
        )
        frame = frames.frame(self.sums, pretended, design, window, self.reader)
        return [self._read(frame, method) for method in GROUPS]

    def _read(self, frame: frames.Frame, method: str) -> Precision:
        design, people = frame.design, frame.population
        rows = METHODS[method].choose(frame.panel, people, design, frame.sets)
        if rows.retained < LEAST_TREATED:
            return self._nothing(method, frame.window)
        baseline = METHODS[method].baseline(design)
        found = effects.contrast(
            self.reader, rows, self.kpi, (1, frame.window), baseline, regress=Regression(rows)
        )
        clusters = inference.clusters_for(
            people.store,
            np.unique(rows.member),
            design.cluster,
            draws=design.draws,
            seed=design.seed,
            level=design.level,
        )
        seen = clusters.estimate(rows, found.effect, found.influence)
        if not (math.isfinite(seen.se) and seen.se > 0):
            return self._nothing(method, frame.window)
        critical = (seen.ci[1] - seen.value) / seen.se
        return Precision(method, frame.window, rows.retained, seen.se, critical, found.counterfactual_level)


def _mde(found: list[Precision], method: str) -> float:
    return next(one.mde for one in found if one.method == method)


def _needed(tried: dict[int, list[Precision]], spoken: Precision, goal: float) -> int | None:
    """Participants at which the detectable effect falls to `goal`: se² = a/N + b, fitted with a, b ≥ 0."""
    points = [
        (n, one.se)
        for n, found in tried.items()
        for one in found
        if one.method == spoken.method and math.isfinite(one.se)
    ]
    if not points:
        return None
    n = np.array([point[0] for point in points], dtype=float)
    square = np.array([point[1] for point in points]) ** 2
    (a, b), _ = optimize.nnls(np.stack([1 / n, np.ones_like(n)], axis=1) / square[:, None], np.ones_like(n))
    room = (goal / power.mde(1.0, spoken.critical)) ** 2 - b
    if room <= 0:
        return None
    return max(LEAST_TREATED, math.ceil(a / room))


def _rate(people: Population, seen: int) -> float | None:
    """Participants a period between the first and the last entry; None where too few have been seen."""
    if seen < LEAST_TREATED:
        return None
    entries = people.entry[people.entry != NEVER]
    return seen / float(entries.max() - entries.min() + 1)


def _months(design: Design, rate: float | None, needed: int | None) -> float | None:
    if rate is None or needed is None:
        return None
    periods = math.ceil(needed / rate) + design.horizon
    return round((periods * UNITS[design.period] + design.return_days) / 30.4375, 1)


def _too_few(sums: Panel, design: Design, feasible: Sequence[int], expected: int) -> Reason:
    if not feasible:
        needed = -design.baseline[0] + design.horizon + 1
        return REASONS["R7"].filled(
            baseline=-design.baseline[0],
            window=design.horizon,
            periods=sums.calendar.count,
            missing=needed - sums.calendar.count,
        )
    return REASONS["R1"].filled(
        found=expected, needed=LEAST_TREATED, missing=max(1, LEAST_TREATED - expected)
    )


def _blunt(bare: Plan, spoken: Precision, threshold: float, needed: int | None) -> Reason:
    mde, matters = strength.money_words(bare.kpi, bare.currency, spoken.mde, threshold)
    if needed is None:
        return REASONS["R1_shared"].filled(mde=mde, threshold=matters)
    return REASONS["R1_power"].filled(mde=mde, threshold=matters, needed=needed, found=bare.expected)
