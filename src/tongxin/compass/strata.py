"""Exact strata: who shares a cell with whom, and what happens where a store is too thin.

A ladder of three: own store, cluster of stores, whole chain, each crossed with tenure band, paid status and
season class as of the entry period. A treated member takes the finest rung that holds enough controls.
"""

from __future__ import annotations

import numpy as np

from tongxin.compass.design import Design
from tongxin.compass.panel import Panel
from tongxin.compass.periods import UNITS
from tongxin.compass.population import Population

RUNGS = ("store", "cluster", "chain")
_TENURE_YEARS = (1.0, 2.0, 4.0)


def ladder(panel: Panel, population: Population, design: Design, cohort: int) -> list[np.ndarray]:
    """Return one stratum code a member for each rung, finest first; each shape (n,)."""
    rest = np.zeros(panel.members, dtype=np.int64)
    for name, classes in (("tenure", tenure_band), ("paid", paid_status), ("season", season_class)):
        if name in design.strata:
            rest = rest * 8 + classes(panel, population, design, cohort)
    chain = rest
    if "store" not in design.strata:
        return [chain]
    width = 8**3
    return [population.store * width + rest, population.place * width + rest, chain]


def tenure_band(panel: Panel, population: Population, _: Design, cohort: int) -> np.ndarray:
    """Years since registration at entry: under 1, 1–2, 2–4, over 4; one band if registrations are unknown."""
    if not population.tenure_known:
        return np.zeros(panel.members, dtype=np.int64)
    years = (panel.calendar.start_day(cohort) - population.since_day) / 365.25
    return np.digitize(years, _TENURE_YEARS).astype(np.int64)


def paid_status(panel: Panel, population: Population, design: Design, cohort: int) -> np.ndarray:
    """Whether a paid membership ran on the first day of the donut (later ones may be an effect)."""
    day = panel.calendar.start_day(cohort - design.donut)
    return ((population.paid_from <= day) & (population.paid_to >= day)).astype(np.int64)


def season_class(panel: Panel, _: Population, design: Design, cohort: int) -> np.ndarray:
    """Quarter of the strongest spend in the year before the baseline; one class without such a year.

    It never looks at the months that serve as baseline: classes made from them would carry their noise.
    """
    year = round(365.25 / UNITS[design.period])
    end = cohort + design.baseline[0]
    if end - year < 0:
        return np.zeros(panel.members, dtype=np.int64)
    parts = np.array_split(np.arange(end - year, end), 4)
    quarters = np.stack([panel.between("spend", int(part[0]), int(part[-1]) + 1) for part in parts], axis=1)
    return np.where(quarters.sum(axis=1) > 0, quarters.argmax(axis=1) + 1, 0)


def season_known(panel: Panel, design: Design) -> bool:
    """Say whether any cohort has a year of orders before its baseline."""
    year = round(365.25 / UNITS[design.period])
    return panel.calendar.count - 1 - design.windows[0] + design.baseline[0] - year >= 0
