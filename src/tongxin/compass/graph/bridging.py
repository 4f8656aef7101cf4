"""Who links stores: the participation coefficient, a cheap stand-in for betweenness."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from tongxin.compass.graph import projection
from tongxin.compass.graph.attendance import Attendance
from tongxin.compass.graph.deeds import Deeds


def participation(
    store: np.ndarray, stores: int, attendance: Attendance | None = None, deeds: Deeds | None = None
) -> np.ndarray:
    """Return 1 − Σ_s (w_is / w_i)², w_is = weight of member i's ties to members of store s (Guimerà and Amaral 2005).

    0 = all ties in one store (or none at all); near 1 = evenly spread over many.

    Parameters
    ----------
    store : int array, shape (members,)
        Home store of each member; −1 = unknown, and ties to them are left out.

    Returns
    -------
    float64 array, shape (members,)

    Examples
    --------
    >>> from tongxin.compass.graph import deeds
    >>> replies = deeds.build(np.array([0, 0]), np.array([1, 2]), 3)
    >>> participation(np.array([0, 0, 1]), 2, deeds=replies).tolist()
    [0.5, 0.0, 0.0]
    """
    n = len(store)
    known = np.flatnonzero(store >= 0)
    home = sp.csr_array((np.ones(len(known)), (known, store[known])), shape=(n, stores))
    both = None if deeds is None else deeds.matrix + deeds.matrix.T
    out = np.zeros(n)
    for first in range(0, n, projection.ROWS_AT_A_TIME):
        last = min(first + projection.ROWS_AT_A_TIME, n)
        weight = sp.csr_array((last - first, stores))
        if attendance is not None:
            weight = weight + projection.rows(attendance, first, last) @ home
        if both is not None:
            weight = weight + both[first:last] @ home
        out[first:last] = _spread(sp.csr_array(weight))
    return out


def _spread(weight: sp.csr_array) -> np.ndarray:
    weight.sort_indices()
    row = np.repeat(np.arange(weight.shape[0]), np.diff(weight.indptr))
    total = np.bincount(row, weights=weight.data, minlength=weight.shape[0])
    squares = np.bincount(row, weights=weight.data**2, minlength=weight.shape[0])
    out = np.zeros(weight.shape[0])
    tied = total > 0
    out[tied] = 1.0 - squares[tied] / total[tied] ** 2
    return np.maximum(out, 0.0)
