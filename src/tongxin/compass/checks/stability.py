"""How much hangs on one store, and how much matching on past spend would have added."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from tongxin.compass.frame import Frame
from tongxin.compass.kpis.base import Kpi
from tongxin.compass.match import Match


@dataclass(frozen=True)
class StoreRange:
    """Smallest and largest effect when one store is left out, and the store that moves it most."""

    low: float
    high: float
    store: str
    stores: int


def leave_one_store_out(frame: Frame, rows: Match, kpi: Kpi) -> StoreRange | None:
    """Recompute a mean KPI's effect without each store in turn, from cell × store sums.

    A cell that loses all its controls leaves with its treated. None for ratio KPIs and for fewer than two stores.
    """
    if not kpi.is_mean or not rows.retained:
        return None
    change = frame.reader.mean(rows, kpi.numerator, (1, frame.window)) - frame.reader.mean(
        rows, kpi.numerator, frame.design.baseline
    )
    store = frame.population.store[rows.member]
    stores = np.unique(frame.population.store[rows.people])
    if len(stores) < 2:
        return None
    n = _cells_by_store(rows, store, rows.weight)
    y = _cells_by_store(rows, store, rows.weight * change)
    whole_n, whole_y = ({arm: one[arm].sum(axis=1) for arm in one} for one in (n, y))
    effects = [
        _from_cells(
            {arm: _without(whole_n[arm], n[arm], one) for arm in n},
            {arm: _without(whole_y[arm], y[arm], one) for arm in y},
        )
        for one in stores.tolist()
    ]
    found, full = np.array(effects), _from_cells(whole_n, whole_y)
    worst = int(np.argmax(np.abs(found - full)))
    name = frame.population.stores[int(stores[worst])]
    return StoreRange(float(found.min()), float(found.max()), name, len(stores))


def _cells_by_store(rows: Match, store: np.ndarray, values: np.ndarray) -> dict[bool, sparse.csc_array]:
    """Sums by cell and store of each arm, shape (cells, stores)."""
    shape = (len(rows.rung), int(store.max()) + 1)
    found = {}
    for arm in (True, False):
        mask = rows.treated == arm
        found[arm] = sparse.csc_array(
            sparse.coo_array((values[mask], (rows.cell[mask], store[mask])), shape=shape)
        )
    return found


def _without(whole: np.ndarray, by_store: sparse.csc_array, store: int) -> np.ndarray:
    """Sums by cell less what one store gave."""
    begin, end = by_store.indptr[store : store + 2]
    left = whole.copy()
    left[by_store.indices[begin:end]] -= by_store.data[begin:end]
    return left


def _from_cells(n: dict[bool, np.ndarray], y: dict[bool, np.ndarray]) -> float:
    # weights sum to 1 in each arm: what is left of a subtraction is not a member
    both = (n[True] > 1e-12) & (n[False] > 1e-12)
    gap = y[True][both] / n[True][both] - y[False][both] / n[False][both]
    return float(np.average(gap, weights=n[True][both])) if both.any() else float("nan")


@dataclass(frozen=True)
class Regress:
    """Regression to the mean: reliability of the baseline mean, the gap before, and the bias matching would add."""

    reliability: float
    gap: float
    bias: float


def regression_index(frame: Frame, rows: Match, kpi: Kpi) -> Regress | None:
    """(1 − reliability) × gap before entry (Ham & Miratrix 2022): what matching on the baseline would add.

    Reliability is the correlation of the controls' first and second half of the baseline inside cells, stepped up by
    Spearman–Brown (halves in time, since neighbouring periods share their noise).
    """
    first, last = frame.design.baseline
    if not kpi.is_mean or not rows.retained or last - first < 1:
        return None
    middle = (first + last) // 2
    halves = [frame.reader.mean(rows, kpi.numerator, part) for part in ((first, middle), (middle + 1, last))]
    control = ~rows.treated
    residual = [_inside_cells(half, rows)[control] for half in halves]
    if min(part.std() for part in residual) == 0:
        return None
    correlation = float(np.corrcoef(*residual)[0, 1])
    reliability = max(0.0, 2 * correlation / (1 + correlation))
    base = frame.reader.mean(rows, kpi.numerator, frame.design.baseline)
    gap = float(rows.weight[rows.treated] @ base[rows.treated] - rows.weight[control] @ base[control])
    return Regress(reliability, gap, (1 - reliability) * gap)


def _inside_cells(values: np.ndarray, rows: Match) -> np.ndarray:
    control = ~rows.treated
    cells = len(rows.rung)
    count = np.maximum(np.bincount(rows.cell[control], minlength=cells), 1)
    mean = np.bincount(rows.cell[control], weights=values[control], minlength=cells) / count
    return values - mean[rows.cell]
