"""The two tables an analyst takes away, for designs with rows of their own (columns as in the default study)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from tongxin.compass.designs.base import Asked
from tongxin.compass.match import Match


def matches(asked: Asked, found: Sequence[tuple[int, Match]]) -> pa.Table:
    """Return (window, method, member_code, cohort, treated, cell, rung, weight) of each window's rows."""
    parts = []
    for window, rows in found:
        n = len(rows.member)
        parts.append(
            pa.table(
                {
                    "window": pa.array(np.full(n, window, dtype=np.int32)),
                    "method": pa.array([rows.method] * n, pa.string()),
                    "member_code": asked.panel.codes.take(pa.array(rows.member)),
                    "cohort": pa.array(rows.cohort.astype(np.int32)),
                    "treated": pa.array(rows.treated),
                    "cell": pa.array(rows.cell.astype(np.int32)),
                    "rung": pa.array([""] * n, pa.string()),
                    "weight": pa.array(rows.weight),
                }
            )
        )
    return pa.concat_tables(parts).combine_chunks()


def cells(asked: Asked, found: Sequence[tuple[int, Match]], quantities: Sequence[str]) -> pa.Table:
    """Return (window, method, cohort, store_code, treated, quantity, period, n, total, squares)."""
    parts = [part for window, rows in found for part in _of(asked, window, rows, quantities)]
    return (
        pa.concat_tables(parts).combine_chunks() if parts else pa.table({"window": pa.array([], pa.int32())})
    )


def _of(asked: Asked, window: int, rows: Match, quantities: Sequence[str]) -> list[pa.Table]:
    if not len(rows.member):
        return []
    store = asked.population.store[rows.member]
    key = np.stack([rows.cohort, store, rows.treated.astype(np.int64)])
    groups, place = np.unique(key, axis=1, return_inverse=True)
    place = place.ravel()
    n = np.bincount(place)
    names = pa.array(asked.population.stores)
    parts = []
    for quantity in quantities:
        for period in range(asked.design.baseline[0], window + 1):
            values = asked.reader.mean(rows, quantity, (period, period))
            parts.append(
                pa.table(
                    {
                        "window": pa.array(np.full(len(n), window, dtype=np.int32)),
                        "method": pa.array([rows.method] * len(n), pa.string()),
                        "cohort": pa.array(groups[0].astype(np.int32)),
                        "store_code": names.take(pa.array(groups[1])),
                        "treated": pa.array(groups[2].astype(bool)),
                        "quantity": pa.array([quantity] * len(n), pa.string()),
                        "period": pa.array(np.full(len(n), period, dtype=np.int32)),
                        "n": pa.array(n),
                        "total": pa.array(np.bincount(place, weights=values)),
                        "squares": pa.array(np.bincount(place, weights=values**2)),
                    }
                )
            )
    return parts
