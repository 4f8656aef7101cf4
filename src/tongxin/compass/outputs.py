"""The two tables an analyst takes away: who was compared with whom, and the cells the numbers rest on."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from scipy import sparse

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
                        "member_code": pa.DictionaryArray.from_arrays(rows.member.astype(np.int32), codes),
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
    grouped: list[_Groups] = []
    for window in windows:
        for method in METHODS:
            if window.matches[method].retained:
                grouped.append(_Groups(window, method, grouped[-1] if grouped else None))
    found = {}
    for quantity in quantities:
        reader = windows[0].frame.reader
        each = reader.monthly(quantity)
        squares = each**2
        for number, one in enumerate(grouped):
            found[number, quantity] = one.tables(quantity, each, squares)
    parts = [
        part for number in range(len(grouped)) for quantity in quantities for part in found[number, quantity]
    ]
    return pa.concat_tables(parts).combine_chunks() if parts else _of_nothing()


class _Groups:
    """The cells × stores × arms of one method in one window, as sparse sums over members."""

    def __init__(self, window: Window, method: str, last: _Groups | None) -> None:
        rows, frame = window.matches[method], window.frame
        self._window, self._method, self._rows = window, method, rows
        # a method that only reweighs the rows of another sums up the same members
        self._same = last if last is not None and rows.cell is last._rows.cell else None  # noqa: SLF001 - its own kind
        self._last: tuple[str, np.ndarray, np.ndarray] | None = None
        self.key: np.ndarray
        self._place: np.ndarray
        self._first: np.ndarray
        if self._same is not None:
            self.key, self._place, self._first = self._same.key, self._same._place, self._same._first  # noqa: SLF001
        else:
            stores = len(frame.population.stores)
            key = (rows.cell * stores + frame.population.store[rows.member]) * 2 + rows.treated
            self.key, self._first, self._place = np.unique(key, return_index=True, return_inverse=True)
        self._n = np.bincount(self._place, minlength=len(self.key))

    def _summed(self, values: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
        """Sums over the members of each group, shape (groups, relative periods)."""
        rows, design = self._rows, self._window.frame.design
        data = np.ones(len(rows.member)) if weight is None else weight
        shape = (len(self.key), len(values))
        table = sparse.csc_array(sparse.coo_array((data, (self._place, rows.member)), shape=shape)) @ values
        periods = np.arange(design.baseline[0], self._window.length + 1)
        return np.take_along_axis(table, rows.cohort[self._first][:, None] + periods, axis=1)

    def tables(self, quantity: str, each: np.ndarray, squares: np.ndarray) -> list[pa.Table]:
        """One table a relative period; `each` and `squares` have the shape (members, periods)."""
        if self._same is not None and self._same._last is not None and self._same._last[0] == quantity:  # noqa: SLF001
            _, total, square = self._same._last  # noqa: SLF001
        else:
            total, square = self._summed(each, None), self._summed(squares, None)
        self._last = quantity, total, square
        weighted = self._summed(each, self._rows.weight)
        rows, frame, size = self._rows, self._window.frame, len(self.key)
        store = pa.array(frame.population.stores).take(pa.array(self.key // 2 % len(frame.population.stores)))
        fixed = {
            "window": pa.array(np.full(size, self._window.length, dtype=np.int32)),
            "method": pa.array([self._method] * size, pa.string()).dictionary_encode(),
            "cohort": pa.array(rows.cohort[self._first].astype(np.int32)),
            "cell": pa.array(rows.cell[self._first].astype(np.int32)),
            "store_code": store,
            "treated": pa.array(rows.treated[self._first]),
            "quantity": pa.array([quantity] * size, pa.string()).dictionary_encode(),
        }
        return [
            pa.table(
                fixed
                | {
                    "period": pa.array(np.full(size, period, dtype=np.int32)),
                    "n": pa.array(self._n),
                    "total": pa.array(total[:, place]),
                    "squares": pa.array(square[:, place]),
                    "weighted": pa.array(weighted[:, place]),
                }
            )
            for place, period in enumerate(range(frame.design.baseline[0], self._window.length + 1))
        ]


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
