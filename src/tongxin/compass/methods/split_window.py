"""D: never-joiners balanced on an early window, differenced against a later one.

Entropy balancing uses spend and frequency of the early periods only; the baseline of the difference starts after
them, so the noise that balancing picks up does not flow back as regression to the mean.
"""

from collections.abc import Sequence

import numpy as np

from tongxin.compass.design import Design
from tongxin.compass.match import Match
from tongxin.compass.methods import never_joiners, standing
from tongxin.compass.methods.base import Method
from tongxin.compass.panel import Panel
from tongxin.compass.population import Population
from tongxin.compass.riskset import RiskSet


def late_baseline(design: Design) -> tuple[int, int]:
    """Return the part of the baseline after the early window."""
    return design.early[1] + 1, design.baseline[1]


def early_means(panel: Panel, design: Design, rows: Match) -> np.ndarray:
    """Monthly spend (currency units) and orders of each row in its early window, shape (rows, 2)."""
    first, last = design.early
    out = []
    for name, unit in (("spend", 100.0), ("orders", 1.0)):
        span = np.zeros(len(rows.member), dtype=np.int64)
        for part in rows.by_cohort():
            cohort = int(rows.cohort[part.start])
            span[part] = panel.between(name, cohort + first, cohort + last + 1)[rows.member[part]]
        out.append(span * panel.calendar.per_month / (last - first + 1) / unit)
    return np.stack(out, axis=1)


def choose(panel: Panel, population: Population, design: Design, sets: Sequence[RiskSet]) -> Match:
    """Reweight the never-joiners of each cohort; a cohort that cannot be balanced keeps its weights."""
    return reweigh(panel, population, design, never_joiners.choose(panel, population, design, sets))


def reweigh(panel: Panel, _: Population, design: Design, rows: Match) -> Match:
    """Reweight rows of the never-joiners; their standing covariates stay balanced."""
    early = early_means(panel, design, rows)
    if rows.covariates is None:
        return standing.even(rows, early, "split_window")
    return standing.even(rows, np.concatenate([rows.covariates, early], axis=1), "split_window")


METHOD = Method(
    "split_window", "D", choose, late_baseline, "早期窗口配平的从未参加者", "early-window balanced", reweigh
)
