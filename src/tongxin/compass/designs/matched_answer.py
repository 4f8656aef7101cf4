"""Matched comparisons as a study: the default one is made as well, and stands beside every figure.

Pairs, cells or weights are made inside the exact strata of the default study, on covariates from the early window
only (never on the months that serve as baseline); the effect is a difference of differences against the late part of
the baseline, as in method D. Matching on past spend brings regression to the mean: its size is estimated, printed, and
refuses the number when it could be more than a quarter of it.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tongxin.compass import balance as balances
from tongxin.compass import checking, questions
from tongxin.compass import frame as frames
from tongxin.compass import window as windows
from tongxin.compass.answer import ByControl, EventPoint, KpiAnswer, NaiveNumber
from tongxin.compass.checks import placebo as placebos
from tongxin.compass.checks import stability
from tongxin.compass.designs import spoken, tables_out
from tongxin.compass.designs.base import Asked, Draft
from tongxin.compass.designs.reasons import REASONS as OWN
from tongxin.compass.designs.spoken import Beside, Numbers
from tongxin.compass.effects import Range
from tongxin.compass.frame import Frame
from tongxin.compass.kpis import KPIS
from tongxin.compass.kpis.base import Kpi
from tongxin.compass.match import Match
from tongxin.compass.methods import METHODS, never_joiners, split_window
from tongxin.compass.naive import NAIVES
from tongxin.compass.refusals import LEAST_TREATED, REASONS, Reason
from tongxin.compass.regression import Regression
from tongxin.compass.sentence import Words, points
from tongxin.compass.window import Window
from tongxin.compass.words import headline as plain_headline

#: rows in, rows out: who is compared with whom inside the strata
Chooser = Callable[[Asked, Match, np.ndarray], Match]


@dataclass(frozen=True)
class Matched:
    """One window with the design's own rows beside those of the default methods."""

    window: Window
    code: str
    rows: Match
    regression: Regression


def late_baseline(asked: Asked) -> Range:
    """The part of the baseline that no covariate comes from."""
    return METHODS["split_window"].baseline(asked.design)


def covariates(frame: Frame, rows: Match) -> np.ndarray:
    """Early spend and orders, months of membership, paid membership; shape (rows, up to 4), none that never varies."""
    people, calendar = frame.population, frame.panel.calendar
    start = np.array([calendar.start_day(c) for c in range(calendar.count)])
    early = split_window.early_means(frame.panel, frame.design, rows)
    day = start[np.maximum(rows.cohort - frame.design.donut, 0)]
    paid = (people.paid_from[rows.member] <= day) & (people.paid_to[rows.member] >= day)
    columns = [
        *early.T,
        np.minimum((start[rows.cohort] - people.since_day[rows.member]) / 30.4375, 240.0),
        paid,
    ]
    return np.stack([column for column in columns if len(column) and column.std() > 0], axis=1).astype(float)


def opened(asked: Asked, code: str, choose: Chooser) -> list[Matched]:
    """Open every window of the design and choose its rows."""
    out = []
    for length in asked.design.windows:
        frame = frames.frame(asked.panel, asked.population, asked.design, length, asked.reader)
        window = windows.open_window(frame)
        strata = never_joiners.METHOD.choose(frame.panel, frame.population, frame.design, frame.sets)
        rows = strata
        if strata.retained:
            rows = choose(asked, strata, covariates(frame, strata))
        rows = dataclasses.replace(rows, method=code, offered=strata.offered)
        regression = Regression(rows)
        beside = dataclasses.replace(
            window,
            matches={**window.matches, code: rows},
            regressions={**window.regressions, code: regression},
        )
        out.append(Matched(beside, code, rows, regression))
    return out


def figure(asked: Asked, given: Matched, kpi: Kpi, refused: Reason | None) -> KpiAnswer:
    """Answer one figure in one window."""
    design, window = asked.design, given.window
    if refused:
        return spoken.refused(design, kpi, window.length, refused, given.code)
    if not given.rows.retained:
        few = REASONS["R1"].filled(found=0, needed=LEAST_TREATED, missing=LEAST_TREATED)
        return spoken.refused(design, kpi, window.length, few, given.code)
    baseline = late_baseline(asked)
    found = window.contrast(given.code, kpi, (1, window.length), baseline)
    estimate = window.estimate(given.code, found.effect, found.influence)
    relative = window.estimate(given.code, found.relative, found.relative_influence)
    critical = (estimate.ci[1] - estimate.value) / estimate.se if 0 < estimate.se < math.inf else 1.96
    seen = Numbers(
        found.effect,
        estimate.se,
        estimate.p,
        estimate.ci,
        found.treated_level,
        found.counterfactual_level,
        relative.se,
        given.rows.retained,
        given.rows.controls,
        given.rows.effective,
        critical,
    )
    limit = design.threshold_share * max(found.counterfactual_level, 0.0)
    tested = placebos.test(_late_only(asked, window), given.code, kpi, found.effect, limit)
    why, labels = _forbids(asked, given, kpi, seen, tested)
    naive = {code: windows.read_naive(window, code, kpi) for code in NAIVES}
    beside = Beside(
        {code: _control(window, code, kpi) for code in METHODS},
        {code: NaiveNumber(one.value, one.ci) for code, one in naive.items() if one},
        _placebo(tested),
        labels,
    )
    return spoken.figure(
        design,
        kpi,
        window.length,
        seen,
        headline=given.code,
        refused=why,
        beside=beside,
        currency=asked.dataset.currency,
    )


def _late_only(asked: Asked, window: Window) -> Window:
    """The same rows with the late baseline alone: a pseudo-entry must not start from the months that were matched on."""
    late = late_baseline(asked)
    design = dataclasses.replace(asked.design, baseline=late, early=(late[0], late[0]))
    return dataclasses.replace(window, frame=dataclasses.replace(window.frame, design=design))


def _control(window: Window, code: str, kpi: Kpi) -> ByControl:
    rows, reading = window.matches[code], windows.read(window, code, kpi)
    shown = reading is not None and rows.retained >= LEAST_TREATED
    return ByControl(
        reading.contrast.effect if shown and reading else None,
        reading.estimate.ci if shown and reading else None,
        rows.retained,
        rows.controls,
        rows.effective,
    )


def _forbids(
    asked: Asked, given: Matched, kpi: Kpi, seen: Numbers, tested: placebos.PlaceboResult
) -> tuple[tuple[Reason, ...], tuple[str, ...]]:
    """R2 support, R3 balance, R4 placebo, R15 regression to the mean; evidence stays weak without a placebo."""
    why, labels = [], ["weak_evidence"]
    share = given.rows.retained / max(1, given.rows.offered)
    if share < 0.5:
        why.append(REASONS["R2"].filled(share=share))
    elif share < 0.8:
        labels.append("matched_part_only")
    worst = _worst(given)
    if worst is not None and abs(worst[1]) > 0.25:
        why.append(REASONS["R3"].filled(covariate=worst[0], smd=worst[1]))
    if tested.estimate is None:
        labels.append("placebo_not_testable")
    elif tested.estimate.excludes_zero and abs(tested.estimate.value) > 0.25 * abs(seen.effect):
        low, high = tested.estimate.ci
        why.append(
            REASONS["R4"].filled(placebo=f"{tested.estimate.value:.2f}", low=f"{low:.2f}", high=f"{high:.2f}")
        )
    regress = stability.regression_index(given.window.frame, given.window.matches["never_joiners"], kpi)
    if regress is not None and abs(regress.bias) > 0.25 * abs(seen.effect):
        sizes = [points(value, kpi.unit, asked.dataset.currency) for value in (regress.bias, seen.effect)]
        why.append(OWN["R15"].filled(bias=sizes[0], effect=sizes[1]))
    return tuple(why), tuple(labels)


def _worst(given: Matched) -> tuple[str, float] | None:
    window = given.window
    if not window.matches["split_window"].retained:
        return None
    table = balances.table(
        window.frame, window.naives["versus_all_others"], given.rows, window.matches["split_window"]
    )
    found = [(row.zh, row.smd_after) for row in table if row.role == "matched"]
    return max(found, key=lambda one: abs(one[1])) if found else None


def _placebo(tested: placebos.PlaceboResult) -> dict[str, object]:
    if tested.estimate is None:
        return {"status": "not_testable", "effect": None, "ci": None, "equivalent": False}
    clear = tested.estimate.excludes_zero
    shown = "equivalent" if tested.equivalent else "not_shown_equivalent"
    return {
        "status": "difference_before_entry" if clear else shown,
        "effect": tested.estimate.value,
        "ci": tested.estimate.ci,
        "equivalent": tested.equivalent,
    }


def path(asked: Asked, given: Matched, kpi: Kpi) -> tuple[EventPoint, ...]:
    """Effect in every period against the late baseline."""
    points_ = []
    for period in range(asked.design.baseline[0], given.window.length + 1):
        found = given.window.contrast(given.code, kpi, (period, period), late_baseline(asked))
        one = given.window.estimate(given.code, found.effect, found.influence)
        counted = not -asked.design.donut <= period <= 0
        points_.append(EventPoint(kpi.code, period, one.value, one.ci, counted))
    return tuple(points_)


def answer(asked: Asked, code: str, choose: Chooser, warning: Words) -> Draft:
    """Answer every figure with the design's own rows, the default methods beside it."""
    all_windows = opened(asked, code, choose)
    by_length = {one.window.length: one for one in all_windows}
    figures = []
    for question in questions.of(asked.dataset, tuple(one.window for one in all_windows)):
        length = question.window.length
        if length not in by_length:
            refused: Reason | None = OWN["R0_mean"].filled(name=question.kpi.zh)
            given = all_windows[-1]
        else:
            refused = question.refused
            given = dataclasses.replace(
                by_length[length], window=question.window, rows=question.window.matches[code]
            )
        figures.append(figure(asked, given, question.kpi, refused))
    kpis = spoken.corrected(tuple(figures), asked.design.level)
    primary = next(kpi for kpi in kpis if kpi.primary)
    last = all_windows[-1]
    drawn: tuple[EventPoint, ...] = ()
    for one in kpis:
        if one.window == last.window.length and one.effect is not None and not KPIS[one.kpi].horizon:
            drawn += path(asked, last, KPIS[one.kpi])
    balance: tuple[dict[str, Any], ...] = ()
    if last.rows.retained and last.window.matches["split_window"].retained:
        balance = checking.balance_rows(last.window, code)
    checks = checking.all_checks(last.window, kpis, dataclasses.replace(primary, headline="never_joiners"))
    regress = checks["sensitivity"]["regression_to_the_mean"]
    index = Words("", "")
    if regress is not None:
        size = points(regress["bias"], KPIS[primary.kpi].unit, asked.dataset.currency)
        index = Words(
            f"本数据估计的均值回归约 {size}。",
            f" Regression to the mean is estimated at {size} in these data.",
        )
    said = ("regression_to_the_mean", Words(warning.zh + index.zh, warning.en + index.en))
    quantities = sorted({KPIS[name].numerator for name in asked.design.kpis} & set(asked.panel.values))
    shown = [(one.window.length, one.rows) for one in all_windows]
    return Draft(
        checking.people_of(last.window, code),
        balance,
        kpis,
        drawn,
        checks | {"placebo": dict(primary.placebo), "overlap": _overlap(last.rows)},
        plain_headline(primary, asked.design, asked.dataset.currency),
        (said, *checking.warnings(asked.dataset, last.window, primary, checks, asked.notes)),
        tables_out.matches(asked, shown),
        tables_out.cells(asked, shown, quantities),
    )


def _overlap(rows: Match) -> dict[str, object]:
    return {
        "retained_share": rows.retained / rows.offered if rows.offered else None,
        "effective_controls": rows.effective,
        "largest_weight_share": rows.largest_share,
        "rungs": {},
    }


REGRESSES = Words(
    "按过去消费配对会把均值回归算成效果：配上的人去年碰巧买得多，之后会回落。默认设计不这样配对。",
    "Matching on past spend counts regression to the mean as effect: the matched had a lucky year and fall back. The "
    "default design does not match on it.",
)
