"""What is looked at once a window and then weighs on every figure in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tongxin.compass import balance as balances
from tongxin.compass.balance import BalanceRow
from tongxin.compass.checks import followup, no_show
from tongxin.compass.checks.no_show import Pretended
from tongxin.compass.checks.surroundings import NOWHERE, Around, speaker
from tongxin.compass.verdict import ALIKE, Balance, Identification
from tongxin.compass.window import Window


@dataclass(frozen=True)
class Beside:
    """Balance, no-shows, follow-up, stores and surroundings of one window."""

    around: Around = NOWHERE
    worst: tuple[str, float] = ("", 0.0)
    balance: Balance = ALIKE
    identified: Identification | None = None
    no_shows: Pretended | None = None
    without_baseline: float = 0.0
    stores: int | None = None


def look(window: Window, around: Around) -> Beside:
    """Collect everything for the control group that speaks."""
    method = speaker(window)
    rows = window.matches[method]
    if not rows.retained:
        return Beside(around)
    stores = len(np.unique(window.frame.population.store[rows.member[rows.treated]]))
    matched = matched_rows(window, method)
    return Beside(
        around,
        worst_of(matched),
        balance_of(matched),
        around.identified(window, method),
        no_show.pretend(window.frame),
        followup.without_baseline(window, method),
        stores,
    )


def matched_rows(window: Window, method: str) -> list[BalanceRow]:
    """Return the covariates that must agree, for a method's rows."""
    rows = window.matches[method]
    if not rows.retained:
        return []
    table = balances.table(
        window.frame,
        window.naives["versus_all_others"],
        rows,
        window.matches["split_window"],
        role="matched",
    )
    return list(table)


def worst_of(rows: list[BalanceRow]) -> tuple[str, float]:
    """Covariate with the largest |SMD| after weighting, in words, and its SMD."""
    worst = max(rows, key=lambda row: abs(row.smd_after), default=None)
    return (worst.zh, worst.smd_after) if worst else ("", 0.0)


def balance_of(rows: list[BalanceRow]) -> Balance:
    """Worst variance ratio (on the log scale) and worst single cohort of what must agree.

    A yes/no trait has no spread of its own: its variance ratio only repeats its mean and is left out.
    """
    spreads = [row for row in rows if row.covariate != "paid_member" and row.variance_ratio > 0]
    worst = max(spreads, key=lambda row: abs(np.log(row.variance_ratio)), default=None)
    cohorts = [row for row in rows if np.isfinite(row.cohort_max)]
    cohort = max(cohorts, key=lambda row: row.cohort_max, default=None)
    return Balance(
        (worst.zh, worst.variance_ratio) if worst else ("", 1.0),
        (cohort.zh, cohort.cohort_max) if cohort else ("", 0.0),
    )
