"""Who could have entered in period g, and who is a fair control for those who did.

Witman et al. 2018 (rolling entry): everybody is looked at as of the same period, with data from before it only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tongxin.compass.design import Design
from tongxin.compass.panel import Panel
from tongxin.compass.population import NEVER, Population


@dataclass(frozen=True)
class RiskSet:
    """One cohort's eligible members (indices into the panel).

    Attributes
    ----------
    cohort : int
        Entry period g.
    treated, never, later : int64 arrays
        Entered in g; never entered by the end of the data; entered after g + window + donut. Members who enter
        inside (g, g + window + donut] are in none of them: people join after a good month, so the periods just before
        their own entry must not lie in the window in which they serve as controls (Callaway & Sant'Anna 2021:
        not yet treated, with anticipation).
    """

    cohort: int
    treated: np.ndarray
    never: np.ndarray
    later: np.ndarray
    not_alive: int
    too_new: int


def cohorts(panel: Panel, design: Design, window: int) -> range:
    """Entry periods with a full baseline before them and a closed window after them."""
    return range(-design.baseline[0], panel.calendar.count - window)


def at(panel: Panel, population: Population, design: Design, window: int, cohort: int) -> RiskSet:
    """Return the risk set of one cohort."""
    first, last = design.baseline
    alive = panel.between("orders", cohort + first, cohort + last + 1) > 0
    old = panel.calendar.of_days(population.since_day) <= cohort - design.min_tenure
    fit = population.usable & alive & old
    entered = (population.entry == cohort) & population.usable
    return RiskSet(
        cohort,
        np.flatnonzero(fit & (population.entry == cohort)),
        np.flatnonzero(fit & (population.entry == NEVER)),
        np.flatnonzero(
            fit & (population.entry > cohort + window + design.donut) & (population.entry != NEVER)
        ),
        int((entered & ~alive).sum()),
        int((entered & alive & ~old).sum()),
    )


def all_of(panel: Panel, population: Population, design: Design, window: int) -> tuple[RiskSet, ...]:
    """Return the risk sets of all cohorts that have treated members."""
    sets = (at(panel, population, design, window, cohort) for cohort in cohorts(panel, design, window))
    return tuple(one for one in sets if len(one.treated) or one.not_alive or one.too_new)
