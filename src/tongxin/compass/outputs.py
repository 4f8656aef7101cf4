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
                        "method": _named(np.zeros(n, dtype=np.int8), (method,)),
                        "member_code": pa.DictionaryArray.from_arrays(rows.member.astype(np.int32), codes),
                        "cohort": pa.array(rows.cohort.astype(np.int32)),
                        "treated": pa.array(rows.treated),
                        "cell": pa.array(rows.cell.astype(np.int32)),
                        "rung": _named(rows.rung.astype(np.int8)[rows.cell], _rungs(window)),
                        "weight": pa.array(rows.weight),
                    }
                )
            )
    return pa.concat_tables(parts)


def _named(places: np.ndarray, names: tuple[str, ...]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(places, pa.array(names, pa.string()))


def _rungs(window: Window) -> tuple[str, ...]:
    return RUNGS if "store" in window.frame.design.strata else ("chain",)


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
    found, each = {}, None
    for quantity in quantities:
        each = windows[0].frame.reader.monthly(quantity, each)
        sums = [one.sums(each) for one in grouped]
        squares = _squares(grouped, each)
        for number, one in enumerate(grouped):
            found[number, quantity] = one.tables(quantity, *sums[number], squares[number])
    parts = [
        part for number in range(len(grouped)) for quantity in quantities for part in found[number, quantity]
    ]
    return pa.concat_tables(parts).combine_chunks() if parts else _of_nothing()


def _squares(grouped: list[_Groups], each: np.ndarray) -> list[np.ndarray]:
    """Sums of squares of every method; `each` is squared where it lies."""
    np.square(each, out=each)
    found: list[np.ndarray] = []
    for number, one in enumerate(grouped):
        found.append(found[number - 1] if one.same else one.total(each))
    return found


class _Groups:
    """The cells × stores × arms of one method in one window, as sparse sums over members."""

    def __init__(self, window: Window, method: str, last: _Groups | None) -> None:
        rows, frame = window.matches[method], window.frame
        self._window, self._method, self._rows = window, method, rows
        # a method that only reweighs the rows of another sums up the same members
        self.same = last if last is not None and rows.cell is last._rows.cell else None  # noqa: SLF001 - its own kind
        self._total: np.ndarray | None = None
        if self.same is not None:
            self.key, self._first, self._n, self._table = self.same.groups
        else:
            stores = len(frame.population.stores)
            key = (rows.cell * stores + frame.population.store[rows.member]) * 2 + rows.treated
            self.key, self._first, place = np.unique(key, return_index=True, return_inverse=True)
            self._n = np.bincount(place, minlength=len(self.key))
            shape = (len(self.key), frame.panel.members)
            number = np.arange(len(key), dtype=np.float64)
            # a member stands in a group once; by member, for theirs is the long table and the groups stay in the cache
            self._table = sparse.csc_array(sparse.coo_array((number, (place, rows.member)), shape=shape))
        self._once = np.ones(len(self._table.data))

    @property
    def groups(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, sparse.csc_array]:
        """Key, first row and size of each group; which row stands in which group, shape (groups, members)."""
        return self.key, self._first, self._n, self._table

    def _summed(self, values: np.ndarray, weight: np.ndarray) -> np.ndarray:
        """Sums over the members of each group, shape (groups, relative periods); weights as they lie in the table."""
        table = self._table
        sums = sparse.csc_array((weight, table.indices, table.indptr), shape=table.shape) @ values
        periods = np.arange(self._window.frame.design.baseline[0], self._window.length + 1)
        return np.take_along_axis(sums, self._rows.cohort[self._first][:, None] + periods, axis=1)

    def total(self, values: np.ndarray) -> np.ndarray:
        """Sums without weights, of values of shape (members, periods)."""
        return self._summed(values, self._once)

    def sums(self, each: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Sums without weights and with the weights of the method."""
        same = self.same
        self._total = self.total(each) if same is None or same._total is None else same._total  # noqa: SLF001
        return self._total, self._summed(each, self._rows.weight[self._table.data.astype(np.int64)])

    def tables(
        self, quantity: str, total: np.ndarray, weighted: np.ndarray, square: np.ndarray
    ) -> list[pa.Table]:
        """One table a relative period, of sums of shape (groups, relative periods)."""
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
