"""k-core: the largest group in which everybody knows at least k others of the group."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp


def numbers(graph: sp.csr_array) -> np.ndarray:
    """Return each member's core number by peeling whole layers (Batagelj and Zaveršnik 2003; here by numpy).

    Parameters
    ----------
    graph : scipy CSR, shape (members, members)
        Undirected, without loops: `deeds.acquainted`.

    Returns
    -------
    int64 array, shape (members,)

    Examples
    --------
    >>> from tongxin.compass.graph import deeds
    >>> triangle_and_tail = deeds.build(np.array([0, 1, 2, 2]), np.array([1, 2, 0, 3]), 4)
    >>> numbers(deeds.acquainted(triangle_and_tail)).tolist()
    [2, 2, 2, 1]
    """
    degree = np.diff(graph.indptr).astype(np.int64)
    core = np.zeros(len(degree), dtype=np.int64)
    alive = np.ones(len(degree), dtype=bool)
    left, level = len(degree), 0
    while left:
        level = max(level, int(degree[alive].min()))
        layer = np.flatnonzero(alive & (degree <= level))
        while len(layer):
            core[layer] = level
            alive[layer] = False
            left -= len(layer)
            around = neighbours(graph, layer)
            layer = _lower(degree, around[alive[around]], level)
    return core


def _lower(degree: np.ndarray, around: np.ndarray, level: int) -> np.ndarray:
    """Take the losses off `degree` in place; returns who fell to the level, ascending."""
    if len(around) * 8 > len(degree):  # counting everybody is then cheaper than sorting those who lost
        lost = np.bincount(around, minlength=len(degree))
        degree -= lost
        return np.flatnonzero((lost > 0) & (degree <= level))
    touched, times = np.unique(around, return_counts=True)
    degree[touched] -= times
    return touched[degree[touched] <= level]


def neighbours(graph: sp.csr_array, rows: np.ndarray) -> np.ndarray:
    """Return the column numbers of several rows, one after the other."""
    return graph.indices[places(graph, rows)]


def places(graph: sp.csr_array, rows: np.ndarray) -> np.ndarray:
    """Return where the entries of several rows stand in `graph.indices`."""
    start = graph.indptr[rows].astype(np.int64)
    length = graph.indptr[rows + 1].astype(np.int64) - start
    before = np.cumsum(length) - length
    return np.arange(int(length.sum())) + np.repeat(start - before, length)
