"""Group-time effects as a study: every entry cohort against never- or not-yet-treated members (Callaway & Sant'Anna).

One population for all cohorts: members who bought in the first periods of the data, as many as the baseline has. The
base is the mean of the design's baseline (which ends before the donut, so the donut is the anticipation); effects are
averaged over the window with cohort sizes as weights, each cohort with its whole window.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from scipy import special

from tongxin.compass.answer import EventPoint, KpiAnswer, People
from tongxin.compass.designs import (
    group_cells,
    group_influence,
    group_sums,
    member_values,
    spoken,
    tables_out,
)
from tongxin.compass.designs.base import Asked, Draft, Kind
from tongxin.compass.designs.entry_cohorts import Cohorts, cohorts, effects
from tongxin.compass.designs.spoken import Beside, Numbers
from tongxin.compass.errors import BadInput
from tongxin.compass.kpis import KPIS
from tongxin.compass.kpis.base import Kpi
from tongxin.compass.refusals import REASONS, Reason
from tongxin.compass.sentence import Words
from tongxin.compass.words import EXCLUSIONS, headline

_OPEN = Words("参加得太晚，随访未满", "entered too late, the window has not closed")


@dataclass(frozen=True)
class _Read:
    """One figure in one window: the whole path, its band, and what it says."""

    path: group_sums.Summed
    critical: float
    numbers: Numbers


def _read(asked: Asked, given: Cohorts, kpi: Kpi, window: int) -> _Read:
    found, outcome = effects(asked, given, kpi)
    last = asked.panel.calendar.count - 1 - window
    found = found.only((found.group <= last) & (found.period - found.group <= window))
    path = group_sums.dynamic(found, (1, window))
    rng = np.random.default_rng(asked.design.seed)
    critical = group_influence.band(
        path.covariance, level=asked.design.level, draws=asked.design.draws, rng=rng
    )
    treated = np.flatnonzero(given.first <= last)
    at = given.first[treated]
    level = float(np.mean([outcome[treated, at + e].mean() for e in range(1, window + 1)]))
    independent = len(np.unique(given.cluster)) if given.cluster is not None else len(given.member)
    reach_by = float(special.stdtrit(max(1, independent - 1), 0.5 + asked.design.level / 2))
    se, other = path.overall_se, level - path.overall
    controls = int((given.first == group_cells.NEVER_TREATED).sum())
    if asked.design.comparison == "not_yet":
        controls += int(((given.first > last) & (given.first != group_cells.NEVER_TREATED)).sum())
    ci = (path.overall - reach_by * se, path.overall + reach_by * se)
    p = math.erfc(abs(path.overall) / se / math.sqrt(2)) if se > 0 else 1.0
    relative_se = se / other if other > 0 else math.nan
    numbers = Numbers(
        path.overall, se, p, ci, level, other, relative_se, len(treated), controls, float(controls), reach_by
    )
    return _Read(path, critical, numbers)


def answer(asked: Asked) -> Draft:
    """Answer a question by group-time effects."""
    given = cohorts(asked)
    figures: list[KpiAnswer] = []
    points: tuple[EventPoint, ...] = ()
    for kpi, window, refused in member_values.questions_of(
        asked.dataset, asked.design, asked.panel, means_only=True
    ):
        why, read = refused or _too_short(asked, given, window), None
        if why is None:
            try:
                read = _read(asked, given, kpi, window)
            except BadInput:
                why = _no_window(asked, window)
        if read is None:
            figures.append(
                spoken.refused(asked.design, kpi, window, why or _no_window(asked, window), "group_time")
            )
            continue
        placebo = _placebo(asked, read)
        labels = ("weak_evidence",) if placebo["status"] != "passes" else ()
        beside = Beside(placebo=placebo, labels=labels)
        against = _before(placebo, read.numbers.effect)
        one = spoken.figure(
            asked.design,
            kpi,
            window,
            read.numbers,
            headline="group_time",
            refused=against,
            beside=beside,
            currency=asked.dataset.currency,
        )
        figures.append(one)
        if window == asked.design.horizon and one.effect is not None:
            points += _points(asked, kpi, read)
    kpis = spoken.corrected(tuple(figures), asked.design.level)
    primary = next(kpi for kpi in kpis if kpi.primary)
    return Draft(
        _people(asked, given),
        (),
        kpis,
        points,
        _checks(asked, given, primary),
        headline(primary, asked.design, asked.dataset.currency),
        _warnings(asked),
        *_tables(asked, given),
    )


def _too_short(asked: Asked, given: Cohorts, window: int) -> Reason | None:
    last = asked.panel.calendar.count - 1 - window
    if given.treated(last) and last >= -asked.design.baseline[0]:
        return None
    return _no_window(asked, window)


def _no_window(asked: Asked, window: int) -> Reason:
    needed = -asked.design.baseline[0] + window + 1
    count = asked.panel.calendar.count
    return REASONS["R7"].filled(
        baseline=-asked.design.baseline[0], window=window, periods=count, missing=max(1, needed - count)
    )


def _placebo(asked: Asked, read: _Read) -> dict[str, Any]:
    """The largest step of the path before entry, judged by a band that holds for the whole path."""
    before = np.flatnonzero(read.path.label < -asked.design.donut)
    se = read.path.se
    before = before[se[before] > 0]
    if not len(before):
        return {"status": "not_testable", "effect": None, "ci": None, "equivalent": False}
    worst = before[np.argmax(np.abs(read.path.effect[before]) / se[before])]
    value, reach = float(read.path.effect[worst]), read.critical * float(se[worst])
    status = "difference_before_entry" if abs(value) > reach else "passes"
    return {"status": status, "effect": value, "ci": (value - reach, value + reach), "equivalent": False}


def _before(placebo: Mapping[str, Any], effect: float) -> tuple[Reason, ...]:
    if placebo["status"] != "difference_before_entry" or abs(placebo["effect"]) <= 0.25 * abs(effect):
        return ()
    low, high = placebo["ci"]
    return (REASONS["R4"].filled(placebo=f"{placebo['effect']:.2f}", low=f"{low:.2f}", high=f"{high:.2f}"),)


def _points(asked: Asked, kpi: Kpi, read: _Read) -> tuple[EventPoint, ...]:
    out = []
    for label, value, se in zip(read.path.label, read.path.effect, read.path.se, strict=True):
        if int(label) < asked.design.baseline[0]:
            continue
        reach = read.critical * float(se)
        counted = not -asked.design.donut <= int(label) <= 0
        out.append(
            EventPoint(
                kpi.code, int(label), float(value), (float(value) - reach, float(value) + reach), counted
            )
        )
    return tuple(out)


def _people(asked: Asked, given: Cohorts) -> People:
    last = asked.panel.calendar.count - 1 - asked.design.horizon
    entered = given.first != group_cells.NEVER_TREATED
    late = int((entered & (given.first > last)).sum())
    words = {**EXCLUSIONS, "window_not_closed": _OPEN}
    excluded = (*given.excluded, ("window_not_closed", late))
    return People(
        asked.population.treated_total,
        int(entered.sum()),
        given.treated(last),
        int((~entered).sum()),
        late,
        tuple((code, n, words[code]) for code, n in excluded if n),
    )


def _checks(asked: Asked, given: Cohorts, primary: KpiAnswer) -> dict[str, Any]:
    last = asked.panel.calendar.count - 1 - asked.design.horizon
    eligible = int((given.first != group_cells.NEVER_TREATED).sum())
    untested = {"status": "not_testable", "effect": None, "ci": None}
    clusters = 0 if given.cluster is None else len(np.unique(given.cluster))
    return {
        "placebo": dict(primary.placebo),
        "overlap": {
            "retained_share": given.treated(last) / eligible if eligible else None,
            "effective_controls": float((given.first == group_cells.NEVER_TREATED).sum()),
            "largest_weight_share": None,
            "rungs": {},
        },
        "power": dict(primary.power) or {"status": "not_testable"},
        "drift": {"status": "not_testable"},
        "sensitivity": {
            "never_minus_later": None,
            "leave_one_store_out": None,
            "regression_to_the_mean": None,
            "breakdown": {"status": "not_testable", "mbar": None},
            "e_value": {},
        },
        "no_show": untested | {"treated": 0},
        "negative_control": untested | {"category": asked.design.negative_control, "relative": None},
        "interference": {"status": "not_checked"},
        "identification": {"status": "not_checked"},
        "inference": {
            "clustered_by": "member" if given.cluster is None else "store",
            "stores": clusters or len(np.unique(asked.population.store[given.member])),
            "draws": asked.design.draws,
            "band": "uniform",
        },
        "horizons": sorted(set(asked.design.windows)),
    }


_NEVER_LIKE = Words(
    "以从未参加者为主要对照，没有按门店和会龄分层：人若按增长势头挑时间参加，这里看不出来。",
    "Never-treated members are the main control, without strata by store and tenure: people who enter because they are "
    "growing anyway cannot be told apart here.",
)


def _warnings(asked: Asked) -> tuple[tuple[str, Words], ...]:
    found: list[tuple[str, Words]] = [("not_the_default", _NEVER_LIKE)]
    if asked.dataset.simulated:
        found.insert(0, ("simulated", Words("这是模拟数据。", "These are simulated data.")))
    return (*found, *(("note", note) for note in (*asked.notes, *asked.dataset.notes)))


def _tables(asked: Asked, given: Cohorts) -> tuple[pa.Table, pa.Table]:
    """Treated members with a whole window and the never-treated as of the middle cohort."""
    last = asked.panel.calendar.count - 1 - asked.design.horizon
    entered = given.first <= last
    middle = int(np.median(given.first[entered])) if entered.any() else -asked.design.baseline[0]
    shown = entered | (given.first == group_cells.NEVER_TREATED)
    cohort = np.where(entered, given.first, middle)[shown]
    if middle > last:
        shown, cohort = np.zeros(len(shown), dtype=bool), np.zeros(0, dtype=np.int64)
    member = given.member[shown]
    rows = member_values.rows_of(
        "group_time", member, cohort.astype(np.int64), entered[shown], np.zeros(len(member), dtype=np.int64)
    )
    quantities = sorted({KPIS[code].numerator for code in asked.design.kpis} & set(asked.panel.values))
    pairs = [(asked.design.horizon, rows)]
    return tables_out.matches(asked, pairs), tables_out.cells(asked, pairs, quantities)


KIND = Kind(
    "group_time",
    "分批双重差分",
    "Group-time effects",
    randomised=False,
    headline="group_time",
    why_not_default=_NEVER_LIKE,
    answer=answer,
)
