"""One population for group-time effects: who entered when, and the figures of everybody in every period."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np

from tongxin.compass.designs import group_cells, group_time
from tongxin.compass.designs.base import Asked
from tongxin.compass.designs.group_time import Comparison, GroupTime
from tongxin.compass.inference import ENOUGH_STORES
from tongxin.compass.kpis.base import Kpi
from tongxin.compass.panel import COUNTS
from tongxin.compass.population import NEVER


@dataclass(frozen=True)
class Cohorts:
    """Members of the common population and when they entered.

    Attributes
    ----------
    member : int64 array, shape (n,)
        Rows of the panel.
    first : int64 array, shape (n,)
        Entry period, `group_cells.NEVER_TREATED` for none.
    cluster : int64 array, shape (n,), or None
        Home store where there are enough of them, else members stand alone.
    """

    member: np.ndarray
    first: np.ndarray
    cluster: np.ndarray | None
    excluded: tuple[tuple[str, int], ...]

    def treated(self, last: int) -> int:
        """Members whose whole window lies in the data (entered by `last`)."""
        return int((self.first <= last).sum())


def cohorts(asked: Asked) -> Cohorts:
    """Everybody who bought in the first baseline-many periods and had not entered by then."""
    people, start = asked.population, -asked.design.baseline[0]
    alive = asked.panel.values["orders"][:, :start].sum(axis=1) > 0
    late = people.entry >= start
    fit = people.usable & alive & late
    member = np.flatnonzero(fit)
    entry = people.entry[member]
    first = np.where(entry == NEVER, group_cells.NEVER_TREATED, entry)
    entered = people.usable & (people.entry != NEVER)
    stores = len(np.unique(people.store[member]))
    by_store = asked.design.cluster == "store" and stores >= ENOUGH_STORES
    excluded = (
        *people.excluded,
        ("entered_before_baseline", int((entered & ~late).sum())),
        ("not_alive", int((entered & late & ~alive).sum())),
    )
    return Cohorts(member, first, people.store[member] if by_store else None, excluded)


def effects(asked: Asked, given: Cohorts, kpi: Kpi) -> tuple[GroupTime, np.ndarray]:
    """All ATT(g, t) of one mean, and the members' monthly figures, shape (n, periods)."""
    design, panel = asked.design, asked.panel
    unit = 1.0 if kpi.numerator in COUNTS else 100.0
    outcome = panel.values[kpi.numerator][given.member] * (panel.calendar.per_month / unit)
    periods = np.arange(panel.calendar.count)
    comparison = cast("Comparison", design.comparison)
    span = design.baseline[1] - design.baseline[0] + 1
    anticipation = -design.baseline[1] - 1
    if design.estimator == "none":
        cells = group_cells.cells_of(outcome, given.first, periods, given.cluster)
        return (
            group_time.from_cells(
                cells, comparison=comparison, anticipation=anticipation, base="universal", span=span
            ),
            outcome,
        )
    return (
        group_time.given(
            outcome,
            given.first,
            periods,
            _known(asked, given),
            estimator=design.estimator,
            comparison=comparison,
            anticipation=anticipation,
            base="universal",
            span=span,
            cluster=given.cluster,
        ),
        outcome,
    )


def _known(asked: Asked, given: Cohorts) -> np.ndarray:
    """Months of membership and paid membership at the end of the first baseline; never past spend."""
    people, day = asked.population, asked.panel.calendar.start_day(-asked.design.baseline[0])
    tenure = np.clip((day - people.since_day[given.member]) / 30.4375, 0.0, 240.0)
    paid = (people.paid_from[given.member] <= day) & (people.paid_to[given.member] >= day)
    columns = [column for column in (tenure, paid.astype(float)) if column.std() > 0]
    return np.stack(columns, axis=1) if columns else np.zeros((len(given.member), 0))
