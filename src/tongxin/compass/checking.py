"""What stands beside the figures: sizes, balance, path, falsifications, stability, warnings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tongxin.compass import answering, riskset, strata, strength
from tongxin.compass import balance as balances
from tongxin.compass import window as windows
from tongxin.compass.answer import EventPoint, KpiAnswer, People
from tongxin.compass.checks import event_study, no_show, stability
from tongxin.compass.checks.surroundings import NOWHERE, Around
from tongxin.compass.dataset import Dataset
from tongxin.compass.inference import ENOUGH_STORES, Estimate
from tongxin.compass.kpis import KPIS
from tongxin.compass.population import NEVER
from tongxin.compass.refusals import LEAST_TREATED
from tongxin.compass.sentence import Words
from tongxin.compass.window import Window
from tongxin.compass.words import EXCLUSIONS, LABEL_WARNINGS, UNTESTABLE


def people_of(window: Window, headline: str) -> People:
    """Count everybody once: who took part, who could be studied, who was left out and why."""
    frame, population = window.frame, window.frame.population
    rows = window.matches[headline]
    entered = (population.entry != NEVER) & population.usable
    first, last = -frame.design.baseline[0], frame.panel.calendar.count - window.length
    looked_at = [one.cohort for one in frame.sets]
    returning = [
        cohort
        for cohort in riskset.cohorts(frame.panel, frame.design, window.length)
        if cohort not in looked_at
    ]
    eligible = sum(len(one.treated) for one in frame.sets)
    reasons = (
        *population.excluded,
        ("without_purchases", population.treated_total - int((population.entry != NEVER).sum())),
        ("entered_before_baseline", int((entered & (population.entry < first)).sum())),
        ("window_not_closed", int((entered & (population.entry >= max(first, last))).sum())),
        ("returns_open", int((entered & np.isin(population.entry, returning)).sum())),
        ("not_alive", sum(one.not_alive for one in frame.sets)),
        ("too_new", sum(one.too_new for one in frame.sets)),
        ("no_controls", eligible - rows.retained),
    )
    return People(
        population.treated_total,
        eligible,
        rows.retained,
        window.matches["never_joiners"].controls,
        window.matches["later_joiners"].controls,
        tuple((reason, n, EXCLUSIONS[reason]) for reason, n in reasons if n),
    )


def balance_rows(window: Window, headline: str) -> tuple[dict[str, Any], ...]:
    """Return the love plot's data as plain rows."""
    rows = window.matches[headline]
    if not rows.retained:
        return ()
    table = balances.table(
        window.frame, window.naives["versus_all_others"], rows, window.matches["split_window"]
    )
    return tuple(
        {
            "covariate": row.covariate,
            "role": row.role,
            "zh": row.zh,
            "en": row.en,
            "smd_before": row.smd_before,
            "smd_after": row.smd_after,
            "smd_split_window": row.smd_split,
            "variance_ratio": row.variance_ratio,
            "smd_cohort_max": row.cohort_max,
        }
        for row in table
    )


def event_paths(window: Window, kpis: tuple[KpiAnswer, ...]) -> tuple[EventPoint, ...]:
    """Return the path of every KPI in the longest window; nothing where under 100 treated stand behind it."""
    points: list[EventPoint] = []
    for kpi in kpis:
        asked = KPIS[kpi.kpi]
        drawn = asked.differenced and (asked.reads == "sum" or kpi.primary)
        if kpi.window != window.length or kpi.treated < LEAST_TREATED or not drawn:
            continue
        points += [
            EventPoint(kpi.kpi, one.period, one.estimate.value, one.estimate.ci, one.counted)
            for one in event_study.path(window, kpi.headline, asked)
        ]
    return tuple(points)


def all_checks(
    window: Window, kpis: tuple[KpiAnswer, ...], primary: KpiAnswer, around: Around = NOWHERE
) -> dict[str, Any]:
    """Return every check of the contract for the primary figure; one that cannot be made says `not_testable`."""
    kpi, frame = KPIS[primary.kpi], window.frame
    rows = window.matches[primary.headline]
    few = rows.retained < LEAST_TREATED
    gap = _gap(window, primary)
    missed, pretended = no_show.test(frame, kpi)
    store = stability.leave_one_store_out(frame, rows, kpi)
    regress = stability.regression_index(frame, window.matches["never_joiners"], kpi)
    found: dict[str, Any] = {
        "placebo": dict(primary.placebo),
        "overlap": {
            "retained_share": rows.retained / rows.offered if rows.offered else None,
            "effective_controls": rows.effective,
            "largest_weight_share": rows.largest_share,
            "rungs": _rungs(window, primary.headline),
        },
        "power": dict(primary.power) or _untestable("too_few" if few else "no_level"),
        "drift": strength.drift_json(window, primary.headline, kpi),
        "sensitivity": {
            "never_minus_later": gap,
            "leave_one_store_out": None if store is None else vars(store),
            "regression_to_the_mean": None if regress is None else vars(regress),
            "breakdown": dict(primary.breakdown) or _untestable("no_comparison") | {"mbar": None},
            "e_value": _e_values(kpis),
            "reasons": {
                name: why
                for name, found, why in (
                    ("never_minus_later", gap, "one_group"),
                    ("leave_one_store_out", store, "one_store" if kpi.is_mean else "ratio"),
                    (
                        "regression_to_the_mean",
                        regress,
                        "ratio" if not kpi.is_mean else "no_difference_before",
                    ),
                )
                if found is None
            },
        },
        "no_show": _falsification(pretended, "too_few" if missed else "no_no_shows") | {"treated": missed},
        "negative_control": _negative(window),
        "interference": around.interference_json(window, kpi),
        "identification": around.identification_json(window, primary.headline),
        "inference": {
            "clustered_by": window.clusters.by,
            "stores": window.clusters.stores,
            "draws": window.clusters.draws,
        },
        "horizons": sorted({item.window for item in kpis}),
    }
    return {name: _said(check) for name, check in found.items()}


def _said(check: Any) -> Any:
    """Give every reason for which a check could not be made its words."""
    if not isinstance(check, dict):
        return check
    said = {name: _said(item) for name, item in check.items()}
    if check.get("status") == "not_testable" and check.get("reason") in UNTESTABLE:
        said["words"] = vars(UNTESTABLE[check["reason"]])
    return said


def _rungs(window: Window, method: str) -> dict[str, int]:
    rows = window.matches[method]
    names = strata.RUNGS if "store" in window.frame.design.strata else ("chain",)
    counts = (
        np.bincount(rows.rung[rows.cell[rows.treated]], minlength=len(names))
        if rows.retained
        else [0] * len(names)
    )
    return {name: int(n) for name, n in zip(names, counts, strict=True)}


def _gap(window: Window, primary: KpiAnswer) -> dict[str, Any] | None:
    kpi = KPIS[primary.kpi]
    codes = ("never_joiners", "later_joiners")
    if any(window.matches[code].retained < LEAST_TREATED for code in codes):
        return None
    never, later = (windows.read(window, code, kpi) for code in codes)
    if never is None or later is None:
        return None
    found = windows.difference(window, never, later, codes)
    return {"effect": found.value, "ci": found.ci}


def _e_values(kpis: tuple[KpiAnswer, ...]) -> dict[str, Any]:
    """E-values of the yes/no figures in their longest window."""
    found = {item.kpi: dict(item.e_value) for item in kpis if item.e_value is not None}
    return {"status": "computed", "kpis": found} if found else _untestable("not_yes_no") | {"kpis": {}}


def _untestable(why: str) -> dict[str, Any]:
    return {"status": "not_testable", "reason": why}


def _falsification(found: Estimate | None, why: str) -> dict[str, Any]:
    if found is None:
        return _untestable(why) | {"effect": None, "ci": None}
    return {"status": "fails" if found.excludes_zero else "passes", "effect": found.value, "ci": found.ci}


def _negative(window: Window) -> dict[str, Any]:
    category = window.frame.design.negative_control
    if "negative" not in window.frame.panel.values:
        return _falsification(None, "no_lines") | {"category": category}
    found = answering.negative_control(window)
    relative = None if found is None else found.contrast.relative
    why = "too_few" if category else "no_category"
    return _falsification(found.estimate if found else None, why) | {
        "category": category,
        "relative": relative,
    }


def warnings(
    dataset: Dataset, window: Window, primary: KpiAnswer, checks: Mapping[str, Any], notes: tuple[Words, ...]
) -> tuple[tuple[str, Words], ...]:
    """Collect what a reader must know before using the number."""
    design, clusters = window.frame.design, window.clusters
    found: list[tuple[str, Words]] = []
    if dataset.simulated:
        found.append(("simulated", Words("这是模拟数据。", "These are simulated data.")))
    found += [("note", note) for note in (*notes, *dataset.notes)]
    if clusters.by == "member" and design.cluster == "store":
        found.append(
            (
                "few_stores",
                Words(
                    f"只有 {clusters.stores} 家店（不足 {ENOUGH_STORES} 家）：标准误按会员计算，并与按店自助法比较，取较宽者。",
                    f"Only {clusters.stores} stores (fewer than {ENOUGH_STORES}): standard errors by member, checked "
                    "against a bootstrap over stores; the wider one is used.",
                ),
            )
        )
    if "one_control_group" in primary.labels:
        found.append(
            (
                "one_control_group",
                Words(
                    "后来才参加的会员不足 100 人，没有第二个对照组：参加当时发生的隐藏变化查不出来。",
                    "Fewer than 100 treated can be compared with later joiners: a hidden shock at entry cannot be seen.",
                ),
            )
        )
    found += [(label, LABEL_WARNINGS[label]) for label in primary.labels if label in LABEL_WARNINGS]
    if checks["negative_control"]["status"] == "fails":
        found.append(
            (
                "negative_control",
                Words(
                    f"活动影响不到的品类（{design.negative_control}）也出现了差异：两组人还有别的不同。",
                    f"Spend on {design.negative_control}, which the treatment cannot move, differs too: the groups "
                    "differ in something else.",
                ),
            )
        )
    if design.min_cohort < 2:
        found.append(("pooled", Words("各批参加者人数少，合并估计。", "Cohorts are small and pooled.")))
    if "season" in design.strata and not strata.season_known(window.frame.panel, design):
        found.append(
            (
                "no_season",
                Words(
                    "数据不足两年，没有按季节型分层。",
                    "No season classes: less than a year of data before the baseline.",
                ),
            )
        )
    if design.treated != "participation":
        found.append(
            (
                "other_participation",
                Words("对照会员可能参加过其他活动。", "Controls may have taken part in other activities."),
            )
        )
    return tuple(found)
