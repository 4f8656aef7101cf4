"""Who is at risk: a KPI that only some members can move is read from those members alone."""

from __future__ import annotations

import dataclasses

import numpy as np

from tongxin.compass import match
from tongxin.compass.kpis.base import Kpi
from tongxin.compass.match import Match
from tongxin.compass.panel import Panel
from tongxin.compass.regression import Regression
from tongxin.compass.window import Window


def narrowed(window: Window, kpi: Kpi) -> Window:
    """Return the window with every control group cut to the members at risk, so that every size counts them alone.

    For `not_paid`: members without a paid membership up to and in their period of entry, in both arms. Whoever had to
    pay in order to take part is not at risk any more and is in neither arm.
    """
    if not kpi.among:
        return window
    panel = window.frame.panel
    matches = {code: _cut(rows, _at_risk(rows, panel)) for code, rows in window.matches.items()}
    naives = {code: _cut(rows, _at_risk(rows, panel)) for code, rows in window.naives.items()}
    regressions = {code: Regression(rows) for code, rows in matches.items()}
    return dataclasses.replace(
        window, matches=matches, naives=naives, regressions=regressions, naive_regressions={}
    )


def _at_risk(rows: Match, panel: Panel) -> np.ndarray:
    paid = panel.values["paid"]
    return paid[rows.member, np.clip(rows.cohort, 0, paid.shape[1] - 1)] == 0


def _cut(rows: Match, keep: np.ndarray) -> Match:
    """Drop rows, then cells that lost an arm; in every cell the controls weigh as much as its treated again."""
    cells = len(rows.rung)
    arms = [np.bincount(rows.cell[keep & arm], minlength=cells) > 0 for arm in (rows.treated, ~rows.treated)]
    # naive numbers without a control arm keep their treated
    both = arms[0] & arms[1] if (~rows.treated).any() else arms[0]
    keep &= both[rows.cell] if len(rows.cell) else keep
    treated, cell, weight = rows.treated[keep], rows.cell[keep], rows.weight[keep]
    equal = match.strata_weights(cell, treated, cells) if len(cell) else weight
    mass = np.bincount(cell[~treated], weights=weight[~treated], minlength=cells)
    goal = np.bincount(cell[treated], minlength=cells) / max(1, int(treated.sum()))
    balanced = weight * (goal / np.where(mass > 0, mass, 1.0))[cell]
    return dataclasses.replace(
        rows,
        member=rows.member[keep],
        cohort=rows.cohort[keep],
        treated=treated,
        cell=cell,
        weight=np.where(treated, equal, balanced),
        covariates=None if rows.covariates is None or not keep.any() else rows.covariates[keep],
        offered=_offered(rows, keep),
    )


def _offered(rows: Match, keep: np.ndarray) -> int:
    """Treated members on offer, in the same proportion as among those who found controls."""
    had = int(rows.treated.sum())
    return rows.offered if had == 0 else round(rows.offered * int((rows.treated & keep).sum()) / had)
