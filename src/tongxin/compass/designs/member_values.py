"""One value a row for a figure, after the draw and before it, read the way the default study reads it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tongxin.compass import questions, ways
from tongxin.compass.dataset import Dataset
from tongxin.compass.design import Design
from tongxin.compass.designs.reasons import REASONS
from tongxin.compass.effects import Range, Reader
from tongxin.compass.kpis import KPIS
from tongxin.compass.kpis.base import Kpi
from tongxin.compass.match import Match
from tongxin.compass.panel import Panel
from tongxin.compass.refusals import Reason


@dataclass(frozen=True)
class Values:
    """Numerator and (for ratios) denominator of each row, shape (rows,), over the window and over the baseline."""

    top: np.ndarray
    bottom: np.ndarray | None
    top_before: np.ndarray | None
    bottom_before: np.ndarray | None


def rows_of(
    method: str, member: np.ndarray, cohort: np.ndarray, treated: np.ndarray, cell: np.ndarray
) -> Match:
    """Rows of a comparison whose treated and controls weigh 1/N in all."""
    count = max(1, int(treated.sum())), max(1, int((~treated).sum()))
    weight = np.where(treated, 1 / count[0], 1 / count[1])
    cells = int(cell.max(initial=-1)) + 1
    rung = np.zeros(cells, dtype=np.int64)
    return Match(method, member, cohort, treated, cell, weight, rung, int(treated.sum()))


def read(reader: Reader, rows: Match, kpi: Kpi, window: Range, baseline: Range) -> Values:
    """Read one figure for every row.

    Parameters
    ----------
    rows : Match
        Members and their periods.
    window, baseline : (first, last) relative periods
    """
    base = baseline if kpi.differenced else None
    part = ways.part_of(kpi, reader.terms, window, base)
    top = ways.values(reader, rows, kpi, kpi.numerator, ways.ending(kpi, window, part), part)
    before = ways.values(reader, rows, kpi, kpi.numerator, base, part) if base else None
    if kpi.denominator is None:
        return Values(top, None, before, None)
    bottom = reader.mean(rows, kpi.denominator, window)
    return Values(top, bottom, before, reader.mean(rows, kpi.denominator, base) if base else None)


def at_risk(panel: Panel, rows: Match, kpi: Kpi) -> np.ndarray:
    """Rows that can move the figure, judged in the period before the draw: nothing later may choose them."""
    if kpi.among != "not_paid":
        return np.ones(len(rows.member), dtype=bool)
    return np.asarray(panel.values["paid"][rows.member, np.maximum(rows.cohort - 1, 0)] == 0)


def questions_of(
    dataset: Dataset, design: Design, panel: Panel, *, means_only: bool = False
) -> Iterator[tuple[Kpi, int, Reason | None]]:
    """Yield (figure, window, why it is not tried), window by window in the order of the design."""
    unit = panel.calendar.unit
    for window in design.windows:
        for code in design.kpis:
            kpi = KPIS[code]
            if kpi.horizon and ways.length_of(kpi, unit) != window and window != design.horizon:
                continue
            yield kpi, window, _why_not(dataset, panel, kpi, window, means_only=means_only)


def _why_not(dataset: Dataset, panel: Panel, kpi: Kpi, window: int, *, means_only: bool) -> Reason | None:
    missing = kpi.missing(dataset)
    if missing:
        return questions.NO_TABLES.filled(tables=", ".join(name.replace("_fen", "") for name in missing))
    if kpi.numerator == "margin" and "margin" not in panel.values:
        return questions.NO_COSTS.filled(share=panel.cost_known or 0.0, needed=1.0)
    length = ways.length_of(kpi, panel.calendar.unit) if kpi.horizon else window
    if (means_only and not kpi.is_mean) or length != window:
        return REASONS["R0_mean"].filled(name=kpi.zh)
    return None
