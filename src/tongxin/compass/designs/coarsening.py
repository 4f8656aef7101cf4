"""Coarsened exact matching (Iacus, King & Porro 2012): bins, cells, weights; bins as R MatchIt draws them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: codes below this are looked up in a table (64 MB at most) instead of by bisection
_TABLE = 2**24


@dataclass(frozen=True)
class Coarsened:
    """Cells that hold both arms.

    Attributes
    ----------
    cell : int64 array, shape (n,)
        Matched cell 0…c−1 of each row, −1 where a row found nobody of the other arm.
    weight : float array, shape (n,)
        1 for a matched treated row, n_cell/m_cell for its controls, 0 for the unmatched.
    cells : int
    """

    cell: np.ndarray
    weight: np.ndarray
    cells: int

    def matched(self, arm: np.ndarray) -> int:
        """Matched rows of one arm (a mask)."""
        return int((arm & (self.cell >= 0)).sum())

    def effective(self, arm: np.ndarray) -> float:
        """Kish's effective number of rows of one arm, (Σw)²/Σw²."""
        weight = self.weight[arm]
        return float(weight.sum() ** 2 / max((weight**2).sum(), 1e-300))


def sturges(n: int) -> int:
    """Bins of equal width for n values: ⌈log₂ n + 1⌉ (Sturges 1926; R's `nclass.Sturges`).

    >>> sturges(614)
    11
    """
    return int(np.ceil(np.log2(n) + 1))


def bins(values: np.ndarray, count: int | None = None) -> np.ndarray:
    """Bin of each value: `count` bins of equal width from the smallest to the largest, closed on the left.

    >>> bins(np.array([0.0, 1.0, 2.0, 3.0, 4.0]), 2).tolist()
    [0, 0, 1, 1, 1]
    """
    count = count or sturges(len(values))
    low, high = float(values.min()), float(values.max())
    if high <= low or count < 2:
        return np.zeros(len(values), dtype=np.int16)
    edges = low + np.arange(1, count) * ((high - low) / count)
    if count > 6:
        return np.searchsorted(edges, values, side="right").astype(np.int16)
    out, above = np.zeros(len(values), dtype=np.int8), np.empty(len(values), dtype=bool)
    for edge in edges:
        np.greater_equal(values, edge, out=above)
        out += above.view(np.int8)
    return out


def crossed(columns: list[np.ndarray]) -> np.ndarray:
    """One code for each combination of integer codes, shape (n,); the same combination has the same code."""
    out = np.zeros(len(columns[0]), dtype=np.int64)
    reach = 1
    for column in columns:
        low = int(column.min())
        width = int(column.max()) - low + 1
        if reach * width >= 2**62:
            _, out = np.unique(out, return_inverse=True)
            reach = int(out.max()) + 1
        out = out * width + (column.astype(np.int64) - low)
        reach *= width
    return out


def match_cells(code: np.ndarray, treated: np.ndarray) -> Coarsened:
    """Keep the cells that hold both arms and weigh their controls like their treated.

    Parameters
    ----------
    code : int64 array, shape (n,)
    treated : bool array, shape (n,)
    """
    wanted, n = np.unique(code[treated], return_counts=True)
    place = _looked_up(wanted, code)
    rows = np.flatnonzero(place >= 0)
    place, one = place[rows], treated[rows]
    m = np.bincount(place[~one], minlength=len(wanted))
    both = m > 0
    fresh = np.where(both, np.cumsum(both) - 1, -1)
    share = n / np.maximum(m, 1)
    cell, weight = np.full(len(code), -1, dtype=np.int64), np.zeros(len(code))
    cell[rows] = fresh[place]
    weight[rows] = np.where(both[place], np.where(one, 1.0, share[place]), 0.0)
    return Coarsened(cell, weight, int(both.sum()))


def _looked_up(wanted: np.ndarray, code: np.ndarray) -> np.ndarray:
    """Place of each code among the wanted ones, −1 where it is none of them."""
    if not len(wanted):
        return np.full(len(code), -1)
    if int(code.min()) >= 0 and int(code.max()) < _TABLE:
        kind = np.int16 if len(wanted) < 2**15 else np.int32
        table = np.full(int(code.max()) + 1, -1, dtype=kind)
        table[wanted] = np.arange(len(wanted), dtype=kind)
        return np.asarray(table[code])
    place = np.clip(np.searchsorted(wanted, code), 0, len(wanted) - 1)
    return np.where(wanted[place] == code, place, -1)


@dataclass(frozen=True)
class CellEffect:
    """Difference over the matched cells, its robust standard error, the treated behind it."""

    value: float
    se: float
    treated: int


def effect(found: Coarsened, outcome: np.ndarray, treated: np.ndarray) -> CellEffect:
    """Weighted difference of means; the variance is the sandwich of the weighted regression on cells.

    Parameters
    ----------
    outcome : float array, shape (n,)
    treated : bool array, shape (n,)
    """
    kept = found.cell >= 0
    cell, y, arm, weight = found.cell[kept], outcome[kept], treated[kept], found.weight[kept]
    count = int(arm.sum())
    if not count:
        return CellEffect(float("nan"), float("inf"), 0)
    value = float(y[arm].mean() - (weight[~arm] @ y[~arm]) / count)
    m = np.bincount(cell[~arm], minlength=found.cells)
    mean = np.bincount(cell[~arm], weights=y[~arm], minlength=found.cells) / m
    gap = y - mean[cell]
    influence = np.where(arm, gap - value, weight * gap * np.sqrt(m / np.maximum(m - 1, 1))[cell]) / count
    return CellEffect(value, float(np.sqrt((influence**2).sum())), count)
