"""Are the groups alike? Standardised differences and variance ratios before and after weighting (Austin 2009)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tongxin.compass.frame import Frame
from tongxin.compass.match import Match
from tongxin.compass.methods import split_window


@dataclass(frozen=True)
class BalanceRow:
    """One covariate.

    Attributes
    ----------
    role : {"matched", "differenced"}
        `matched` must agree (R3). `differenced` is past behaviour: its level may differ, since the method takes
        differences; matching on it would bring regression to the mean.
    smd_split : float
        After the early-window balancing of method D.
    cohort_max : float
        Largest |SMD| after weighting in any cohort with at least 20 treated: a pooled figure can hide cohorts.
    """

    covariate: str
    role: str
    zh: str
    en: str
    smd_before: float
    smd_after: float
    smd_split: float
    variance_ratio: float
    cohort_max: float


@dataclass(frozen=True)
class _Covariate:
    code: str
    role: str
    zh: str
    en: str
    after: np.ndarray
    before: np.ndarray
    split: np.ndarray


def table(
    frame: Frame, before: Match, after: Match, split: Match, *, role: str = ""
) -> tuple[BalanceRow, ...]:
    """Return the love plot's data.

    Parameters
    ----------
    frame : Frame
    before : Match
        Treated against all eligible never-joiners of their cohort, no strata.
    after : Match
        The headline's rows.
    split : Match
        The rows of method D.
    role : {"", "matched"}
        Only the covariates that must agree.
    """
    rows = []
    found = _standing(frame, before, after, split)
    if not role:
        found += _past(frame, before, after, split)
    for item in found:
        sd = _deviation(item.before[before.treated])
        ratio = _variance(item.after, after, treated=True) / _variance(item.after, after, treated=False)
        rows.append(
            BalanceRow(
                item.code,
                item.role,
                item.zh,
                item.en,
                _gap(item.before, before) / sd,
                _gap(item.after, after) / sd,
                _gap(item.split, split) / sd if split.retained else float("nan"),
                ratio,
                _worst_cohort(item.after, after, sd),
            )
        )
    return tuple(rows)


def _standing(frame: Frame, before: Match, after: Match, split: Match) -> list[_Covariate]:
    """What nobody changes; it must agree."""
    panel, population, design = frame.panel, frame.population, frame.design
    start = np.array([panel.calendar.start_day(c) for c in range(panel.calendar.count)])
    out = []
    if population.tenure_known:
        values = [
            (start[rows.cohort] - population.since_day[rows.member]) / 30.4375
            for rows in (after, before, split)
        ]
        out.append(_Covariate("tenure_months", "matched", "入会月数", "months of membership", *values))
    if (population.paid_from < 2**39).any():
        values = [
            _paid(population.paid_from, population.paid_to, rows, start, design.donut)
            for rows in (after, before, split)
        ]
        out.append(_Covariate("paid_member", "matched", "付费会员", "paid membership", *values))
    sizes = np.bincount(population.store)[population.store].astype(float)
    if "store" in design.strata:
        out.append(
            _Covariate(
                "store_size",
                "matched",
                "门店规模",
                "size of home store",
                *[sizes[r.member] for r in (after, before, split)],
            )
        )
    return out


def _past(frame: Frame, before: Match, after: Match, split: Match) -> list[_Covariate]:
    """Past behaviour, of which the method takes differences."""
    early = [split_window.early_means(frame.panel, frame.design, rows) for rows in (after, before, split)]
    out = []
    out.append(
        _Covariate(
            "early_spend",
            "differenced",
            "早期窗口消费额",
            "spend in the early window",
            *[e[:, 0] for e in early],
        )
    )
    out.append(
        _Covariate(
            "early_orders",
            "differenced",
            "早期窗口到店次数",
            "orders in the early window",
            *[e[:, 1] for e in early],
        )
    )
    return out


def _paid(since: np.ndarray, until: np.ndarray, rows: Match, start: np.ndarray, donut: int) -> np.ndarray:
    day = start[np.maximum(rows.cohort - donut, 0)]
    return ((since[rows.member] <= day) & (until[rows.member] >= day)).astype(float)


def _deviation(values: np.ndarray) -> float:
    return float(values.std(ddof=1)) or 1.0 if len(values) > 1 else 1.0


def _gap(values: np.ndarray, rows: Match) -> float:
    arm = rows.treated
    return float(rows.weight[arm] @ values[arm] - rows.weight[~arm] @ values[~arm])


def _variance(values: np.ndarray, rows: Match, *, treated: bool) -> float:
    arm = rows.treated if treated else ~rows.treated
    weight = rows.weight[arm] / rows.weight[arm].sum()
    mean = weight @ values[arm]
    return float(weight @ (values[arm] - mean) ** 2) or float("nan")


def _worst_cohort(values: np.ndarray, rows: Match, sd: float) -> float:
    worst = float("nan")
    for part in rows.by_cohort():
        treated, control = rows.treated[part], ~rows.treated[part]
        if treated.sum() < 20:
            continue
        here, weight = values[part], rows.weight[part]
        gap = np.average(here[treated], weights=weight[treated]) - np.average(
            here[control], weights=weight[control]
        )
        worst = float(np.nanmax([worst, abs(gap) / sd]))
    return worst
