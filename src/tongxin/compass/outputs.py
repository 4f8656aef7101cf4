"""The two tables an analyst takes away: who was compared with whom, and the cells the numbers rest on."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from tongxin.compass.kpis.base import Kpi
from tongxin.compass.methods import METHODS
from tongxin.compass.strata import RUNGS
from tongxin.compass.window import Window


def matches(windows: tuple[Window, ...]) -> pa.Table:
    """Return (window, method, member_code, cohort, arm, cell, rung, weight), one row a compared member."""
    parts = []
    for window in windows:
        codes = window.frame.panel.codes
        for method, rows in window.matches.items():
            n = len(rows.member)
            parts.append(
                pa.table(
                    {
                        "window": pa.array(np.full(n, window.length, dtype=np.int32)),
                        "method": pa.array([method] * n, pa.string()),
                        "member_code": codes.take(pa.array(rows.member)),
                        "cohort": pa.array(rows.cohort.astype(np.int32)),
                        "treated": pa.array(rows.treated),
                        "cell": pa.array(rows.cell.astype(np.int32)),
                        "rung": _rungs(rows.rung[rows.cell], window),
                        "weight": pa.array(rows.weight),
                    }
                )
            )
    return pa.concat_tables(parts).combine_chunks()


def _rungs(rung: np.ndarray, window: Window) -> pa.Array:
    names = RUNGS if "store" in window.frame.design.strata else ("chain",)
    return pa.array(names, pa.string()).take(pa.array(rung))


def cells(windows: tuple[Window, ...], kpis: tuple[Kpi, ...]) -> pa.Table:
    """Return (window, method, cohort, cell, store, treated, quantity, period, n, total, squares, weighted).

    `period` is relative to entry; `total` and `squares` are sums over the members of the cell and store of the
    period's monthly figure, `weighted` the sum with the weights of the method (they sum to 1 in each arm). With it
    every mean KPI can be recomputed without members.
    """
    quantities = sorted({name for kpi in kpis for name in (kpi.numerator, kpi.denominator) if name})
    parts = [part for window in windows for method in METHODS for part in _of(window, method, quantities)]
    return pa.concat_tables(parts).combine_chunks() if parts else _of_nothing()


def _of(window: Window, method: str, quantities: list[str]) -> list[pa.Table]:
    rows, frame = window.matches[method], window.frame
    if not rows.retained:
        return []
    store = frame.population.store[rows.member]
    groups, first, place = np.unique(
        np.stack([rows.cell, store, rows.treated.astype(np.int64)]),
        axis=1,
        return_index=True,
        return_inverse=True,
    )
    place = place.ravel()
    n = np.bincount(place)
    names = pa.array(frame.population.stores)
    parts = []
    for quantity in quantities:
        for period in range(frame.design.baseline[0], window.length + 1):
            values = frame.reader.mean(rows, quantity, (period, period))
            size = len(n)
            parts.append(
                pa.table(
                    {
                        "window": pa.array(np.full(size, window.length, dtype=np.int32)),
                        "method": pa.array([method] * size, pa.string()).dictionary_encode(),
                        "cohort": pa.array(rows.cohort[first].astype(np.int32)),
                        "cell": pa.array(groups[0].astype(np.int32)),
                        "store_code": names.take(pa.array(groups[1])),
                        "treated": pa.array(groups[2].astype(bool)),
                        "quantity": pa.array([quantity] * size, pa.string()).dictionary_encode(),
                        "period": pa.array(np.full(size, period, dtype=np.int32)),
                        "n": pa.array(n),
                        "total": pa.array(np.bincount(place, weights=values)),
                        "squares": pa.array(np.bincount(place, weights=values**2)),
                        "weighted": pa.array(np.bincount(place, weights=rows.weight * values)),
                    }
                )
            )
    return parts


def _of_nothing() -> pa.Table:
    names = (
        "window",
        "method",
        "cohort",
        "cell",
        "store_code",
        "treated",
        "quantity",
        "period",
        "n",
        "total",
        "squares",
        "weighted",
    )
    return pa.table({name: pa.array([], pa.string()) for name in names})
