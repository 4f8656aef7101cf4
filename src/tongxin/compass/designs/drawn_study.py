"""A study in which a lot decided: the same answer as the default one, without its assumptions about people.

Everybody counts where the lot put them (intention to treat). Effects are read over fixed windows after the occurrence,
adjusted for what the same figure was before the draw; the placebo is that figure before the draw.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from tongxin.compass.answer import ByControl, EventPoint, KpiAnswer, NaiveNumber
from tongxin.compass.design import Design
from tongxin.compass.designs import holdout_numbers, lots, member_values, randomised, spoken
from tongxin.compass.designs.base import Asked
from tongxin.compass.designs.lots import Lots
from tongxin.compass.designs.member_values import Values
from tongxin.compass.designs.randomised import Effect, Trial
from tongxin.compass.designs.spoken import Beside, Numbers
from tongxin.compass.kpis.base import Kpi
from tongxin.compass.match import Match
from tongxin.compass.refusals import Reason

#: the joint test of "the lot was fair" refuses below this
FAIR_LEVEL = 0.01


@dataclass(frozen=True)
class Drawn:
    """The draw, ready to be read: lots, who is compared with whom, and what forbids it."""

    asked: Asked
    lots: Lots
    trial: Trial
    rows: Match
    came: np.ndarray
    fair: randomised.DrawBalance
    known: np.ndarray
    refused: tuple[Reason, ...]

    @property
    def units(self) -> int:
        """Independent units."""
        return len(np.unique(self.trial.unit))


def drawn(asked: Asked, forbids: Callable[[Drawn], tuple[Reason, ...]]) -> Drawn:
    """Look the draw up and test it; `forbids` adds what the design itself asks for."""
    found = lots.gather(asked)
    trial = randomised.trial(found.block, found.won, found.unit)
    kept = trial.rows
    rows = member_values.rows_of("itt", found.member[kept], found.period[kept], trial.won, trial.block)
    known = _known(asked, rows) if trial.size else np.zeros((0, 1))
    fair = randomised.fair(trial, known) if trial.size else randomised.DrawBalance(np.zeros(1), 1.0)
    start = Drawn(asked, found, trial, rows, found.came[kept], fair, known, ())
    return dataclasses.replace(start, refused=forbids(start)) if trial.size else start


#: what is known before the draw: code, Chinese, English
KNOWN = (
    ("tenure_months", "入会月数", "months of membership"),
    ("paid_member", "付费会员", "paid membership"),
    ("baseline_spend", "抽签前的月消费额", "spend a month before the draw"),
    ("baseline_orders", "抽签前的到店次数", "orders a month before the draw"),
)


def _known(asked: Asked, rows: Match) -> np.ndarray:
    """Traits before the draw, shape (rows, len(KNOWN))."""
    people, calendar = asked.population, asked.panel.calendar
    start = np.array([calendar.start_day(c) for c in range(calendar.count)])[rows.cohort]
    paid = (people.paid_from[rows.member] <= start) & (people.paid_to[rows.member] >= start)
    tenure = np.clip((start - people.since_day[rows.member]) / 30.4375, 0, None)
    means = [asked.reader.mean(rows, name, asked.design.baseline) for name in ("spend", "orders")]
    return np.column_stack([tenure, paid.astype(float), *means])


@dataclass(frozen=True)
class Reading:
    """One figure: adjusted and raw difference, what it was before, and the trial it was read from."""

    trial: Trial
    values: Values
    effect: Effect
    before: Effect | None
    removed: float
    came: np.ndarray
    member: np.ndarray


def read(given: Drawn, kpi: Kpi, window: int) -> Reading | None:
    """Read one figure; None when nobody is at risk or an arm is empty."""
    asked = given.asked
    mask = member_values.at_risk(asked.panel, given.rows, kpi)
    trial = given.trial
    rows = given.rows
    came = given.came
    if not mask.all():
        old = trial
        trial = randomised.trial(old.block[mask], old.won[mask], old.unit[mask])
        kept = np.flatnonzero(mask)[trial.rows]
        rows = member_values.rows_of("itt", rows.member[kept], rows.cohort[kept], trial.won, trial.block)
        came = came[kept]
    if not trial.size:
        return None
    values = member_values.read(asked.reader, rows, kpi, (1, window), asked.design.baseline)
    raw = randomised.difference(trial, values.top, values.bottom)
    before = None
    if values.top_before is not None:
        before = randomised.difference(trial, values.top_before, values.bottom_before)
    if before is None or not asked.design.cuped or not np.isfinite(before.influence).all():
        return Reading(trial, values, raw, before, 0.0, came, rows.member)
    adjusted, removed = randomised.cuped(trial, raw, before)
    return Reading(trial, values, adjusted, before, removed, came, rows.member)


def reach_of(design: Design, se: float, units: int) -> float:
    """Half-width of the interval the design asked for."""
    if design.interval == "always_valid":
        return holdout_numbers.always_valid_reach(se, units, units, design.level)
    return holdout_numbers.fixed_reach(se, units, design.level)


def numbers(given: Drawn, found: Reading) -> Numbers:
    """Attach the interval; the p-value is Student's (the lot's own p-value stands in the checks)."""
    design = given.asked.design
    se = randomised.standard_error(found.trial, found.effect.influence)
    units = len(np.unique(found.trial.unit))
    reach = reach_of(design, se, units)
    critical = reach / se if se > 0 else 1.96
    freedom = max(1, units - 2)
    p = 2 * float(special.stdtr(freedom, -abs(found.effect.value) / se)) if se > 0 else 1.0
    relative_se = randomised.standard_error(found.trial, found.effect.relative_influence)
    treated, held = found.trial.arm(won=True), found.trial.arm(won=False)
    ci = (found.effect.value - reach, found.effect.value + reach)
    if not math.isfinite(found.effect.value):
        return Numbers(
            math.nan, math.inf, 1.0, (-math.inf, math.inf), math.nan, math.nan, math.inf, treated, held, held
        )
    level = found.effect.level_won
    return Numbers(
        found.effect.value,
        se,
        p,
        ci,
        level,
        found.effect.level_lost,
        relative_se,
        treated,
        held,
        float(held),
        critical,
    )


def complier(found: Reading) -> randomised.Complier:
    """Effect on those who came because of the lot."""
    return randomised.complier(found.trial, found.effect, found.came)


def figure(given: Drawn, kpi: Kpi, window: int, *, with_complier: bool) -> KpiAnswer:
    """Answer one figure in one window."""
    design, currency = given.asked.design, given.asked.dataset.currency
    found = read(given, kpi, window)
    if found is None:
        nothing = Numbers(
            math.nan, math.inf, 1.0, (-math.inf, math.inf), math.nan, math.nan, math.inf, 0, 0, 0.0
        )
        return spoken.figure(design, kpi, window, nothing, headline="itt", currency=currency)
    seen = numbers(given, found)
    controls: dict[str, ByControl] = {}
    if with_complier and math.isfinite(seen.effect):
        late = complier(found)
        if not late.weak:
            reach = seen.critical * late.se
            size = int(found.came[found.trial.won].sum())
            controls["complier"] = ByControl(
                late.value, (late.value - reach, late.value + reach), size, seen.controls, seen.effective
            )
    beside = Beside(controls, naive(given, found), placebo(given, found), ())
    return spoken.figure(
        design, kpi, window, seen, headline="itt", refused=given.refused, beside=beside, currency=currency
    )


def naive(given: Drawn, found: Reading) -> dict[str, NaiveNumber]:
    """What would be quoted without looking at the lot: those who came against those who did not, and before/after."""
    came, top, bottom = found.came, found.values.top, found.values.bottom
    if came.sum() < 2 or (~came).sum() < 2:
        return {}
    whole = randomised.trial(np.zeros(len(came), dtype=np.int64), came, found.member)
    out = {"versus_all_others": _naive(given, whole, randomised.difference(whole, top, bottom))}
    before = found.values.top_before
    if before is not None:
        both = np.concatenate([top[came], before[came]])
        below = None
        if bottom is not None and found.values.bottom_before is not None:
            below = np.concatenate([bottom[came], found.values.bottom_before[came]])
        late = np.arange(len(both)) < came.sum()
        pair = randomised.trial(
            np.zeros(len(both), dtype=np.int64), late, np.concatenate([found.member[came]] * 2)
        )
        out["before_after"] = _naive(given, pair, randomised.difference(pair, both, below))
    return {code: one for code, one in out.items() if math.isfinite(one.effect)}


def _naive(given: Drawn, trial: Trial, effect: Effect) -> NaiveNumber:
    se = randomised.standard_error(trial, effect.influence)
    reach = holdout_numbers.fixed_reach(se, len(np.unique(trial.unit)), given.asked.design.level)
    return NaiveNumber(effect.value, (effect.value - reach, effect.value + reach))


def placebo(given: Drawn, found: Reading) -> dict[str, Any]:
    """The same difference before the draw: it can only be chance, or the lot was not fair."""
    if found.before is None or not math.isfinite(found.before.value):
        return {"status": "not_testable", "effect": None, "ci": None, "equivalent": False}
    se = randomised.standard_error(found.trial, found.before.influence)
    reach = holdout_numbers.fixed_reach(se, len(np.unique(found.trial.unit)), given.asked.design.level)
    value = found.before.value
    # one figure in twenty leans by chance; the joint test of everything known before decides
    clear = abs(value) > reach and given.fair.p < FAIR_LEVEL
    return {
        "status": "difference_before_entry" if clear else "passes",
        "effect": value,
        "ci": (value - reach, value + reach),
        "equivalent": False,
        "window": given.asked.design.baseline,
    }


def path(given: Drawn, kpi: Kpi, window: int) -> tuple[EventPoint, ...]:
    """Difference between the arms in every period around the draw (means per member only)."""
    if not kpi.is_mean or not given.trial.size:
        return ()
    points = []
    for period in range(given.asked.design.baseline[0], window + 1):
        values = given.asked.reader.mean(given.rows, kpi.numerator, (period, period))
        effect = randomised.difference(given.trial, values)
        reach = holdout_numbers.fixed_reach(
            randomised.standard_error(given.trial, effect.influence), given.units, given.asked.design.level
        )
        points.append(
            EventPoint(
                kpi.code, period, effect.value, (effect.value - reach, effect.value + reach), period >= 1
            )
        )
    return tuple(points)


def lot_p(given: Drawn, found: Reading) -> float:
    """Randomisation p-value of the adjusted figure; groups are drawn as wholes."""
    trial, values = found.trial, found.values
    one = _linear(values.top, values.bottom)
    if values.top_before is not None and given.asked.design.cuped:
        before = _linear(values.top_before, values.bottom_before)
        gap = before - before.mean()
        one = one - (gap @ (one - one.mean())) / max(float(gap @ gap), 1e-300) * before
    rng = np.random.default_rng(given.asked.design.seed)
    if len(np.unique(trial.unit)) < trial.size and given.asked.design.unit != "member":
        names, place = np.unique(trial.unit, return_inverse=True)
        total = np.bincount(place, weights=one - one.mean())
        won = np.bincount(place, weights=trial.won) > 0
        block = np.zeros(len(names), dtype=np.int64)
        block[place] = trial.block
        whole = randomised.trial(block, won, np.arange(len(names)))
        return randomised.permutation_p(whole, total[whole.rows], rng, given.asked.design.draws)
    return randomised.permutation_p(trial, one, rng, given.asked.design.draws)


def _linear(top: np.ndarray, bottom: np.ndarray | None) -> np.ndarray:
    if bottom is None or bottom.mean() <= 0:
        return top
    return np.asarray((top - top.mean() / bottom.mean() * bottom) / bottom.mean())
