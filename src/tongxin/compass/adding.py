"""Adding up to member × period: rows pass by and fall into dense integer matrices.

The embedded engine hands its rows over as they are: falling into a matrix costs less than grouping by millions of keys,
and needs no memory in the engine. An engine across a network adds up first. Both are sums of integers, so the digits agree.
"""

from __future__ import annotations

from typing import Any

import ibis.expr.operations as ops
import numpy as np
import pyarrow as pa

from tongxin.compass.dataset import Dataset
from tongxin.compass.periods import Calendar

#: what names a row's place; every other column is added up
PLACE = frozenset({"member", "day", "period"})


def integer_sum(column: Any) -> Any:
    """Sum as int64 with the same digits on every engine (a plain SUM would be HUGEINT, then DOUBLE)."""
    # ibis leaves out a cast it believes needless; a cast by way of decimal(38) costs as much as the sum itself
    return ops.Cast(column.sum(), to="int64").to_expr()


class Sums:
    """Integer matrices of shape (members, periods), by quantity, zero to begin with.

    They lie period by period: extracts come in the order of time, so what is being added to stays in the cache.
    """

    def __init__(self, members: int, calendar: Calendar) -> None:
        self._shape = (calendar.count, members)
        self._calendar = calendar
        self._flat: dict[str, np.ndarray] = {}
        self.totals: dict[str, int] = {}

    def add(self, dataset: Dataset, rows: Any, *, whole: tuple[str, ...] = ()) -> None:
        """Add up an Ibis table with `member`, `day`, `period` and whole numbers; days outside the calendar do not count.

        The columns named in `whole` make one number each, in `totals`.
        """
        names = [name for name in rows.columns if name not in PLACE]
        for name in names:
            if name in whole:
                self.totals.setdefault(name, 0)
            elif name not in self._flat:
                self._flat[name] = np.zeros(self._shape[0] * self._shape[1], dtype=np.int64)
        if not dataset.streams:
            inside = rows.filter(self._calendar.holds(rows.day))
            grouped = inside.group_by("member", "period").agg(
                **{name: integer_sum(inside[name]) for name in names}
            )
            for batch in dataset.batches(grouped):
                self._take(batch, batch["period"].to_numpy(), names)
            return
        begin, end = (self._calendar.start_day(period) for period in (0, self._calendar.count))
        period = self._calendar.of_days(np.arange(begin, end))
        for batch in dataset.batches(rows.drop("period")):
            day = batch["day"].to_numpy()
            inside = (day >= begin) & (day < end)
            kept = batch if inside.all() else batch.filter(pa.array(inside))
            self._take(kept, period[day[inside] - begin], names)

    def _take(self, batch: Any, period: np.ndarray, names: list[str]) -> None:
        place = period * self._shape[1] + batch["member"].to_numpy()
        for name in names:
            if name in self.totals:
                self.totals[name] += int(batch[name].to_numpy().sum())
            else:
                np.add.at(self._flat[name], place, batch[name].to_numpy())

    def matrix(self, name: str) -> np.ndarray:
        """Return one quantity, shape (members, periods); zeros if nothing was added to it."""
        flat = self._flat.get(name)
        return (np.zeros(self._shape, dtype=np.int64) if flat is None else flat.reshape(self._shape)).T

    def matrices(self) -> dict[str, np.ndarray]:
        """Return every quantity that was added to."""
        return {name: self.matrix(name) for name in self._flat}
