"""Which KPIs a dataset can carry: what a default design asks for."""

from __future__ import annotations

from tongxin.compass import ways
from tongxin.compass.dataset import Dataset
from tongxin.compass.kpis import CORE, KPIS
from tongxin.compass.kpis.base import Kpi
from tongxin.compass.periods import Calendar

#: a value's horizon is only asked for where that many cohorts can have lived through it
_LEAST_COHORTS = 3


def kpis_for(dataset: Dataset, calendar: Calendar, baseline: int) -> tuple[str, ...]:
    """Return the codes of the KPIs that the tables carry, in the order of the visible list.

    Parameters
    ----------
    dataset : Dataset
    calendar : Calendar
        In the design's unit.
    baseline : int
        Periods before entry that the design needs.
    """
    return tuple(
        code for code, kpi in KPIS.items() if code in CORE or _carries(dataset, calendar, baseline, kpi)
    )


def _carries(dataset: Dataset, calendar: Calendar, baseline: int, kpi: Kpi) -> bool:
    if kpi.missing(dataset):
        return False
    if kpi.horizon:
        return calendar.count - baseline - ways.length_of(kpi, calendar.unit) >= _LEAST_COHORTS
    if kpi.among == "not_paid":
        return _begins_inside(dataset, calendar, baseline)
    return True


def _begins_inside(dataset: Dataset, calendar: Calendar, baseline: int) -> bool:
    """Say whether any paid membership begins where a window could see it."""
    if calendar.count <= baseline:
        return False
    day = dataset.tables["memberships"].started_at_day
    inside = (day >= calendar.start_day(baseline)) & (day < calendar.start_day(calendar.count))
    rows = dataset.arrow(dataset.tables["memberships"].filter(inside).limit(1).select("member_code"))
    return len(rows) > 0
