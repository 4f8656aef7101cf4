"""Who hangs together with whom, found on the two-mode matrix itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from tongxin.compass.errors import BadInput
from tongxin.compass.graph.attendance import Attendance
from tongxin.compass.graph.deeds import Deeds


@dataclass(frozen=True)
class Components:
    """Connected groups.

    Attributes
    ----------
    label : int64 array, shape (members,)
        0 for the component of member 0, the next number for the first member outside it, and so on.
    sizes : int64 array, shape (components,)
    """

    label: np.ndarray
    sizes: np.ndarray

    @property
    def largest_share(self) -> float:
        """Share of all members in the largest component."""
        return float(self.sizes.max() / self.sizes.sum()) if len(self.sizes) else 0.0


def of(attendance: Attendance | None = None, deeds: Deeds | None = None) -> Components:
    """Return the components of the graph in which people met, did something towards each other, or both.

    Members and events are the nodes and a check-in is an edge, so nothing is projected: an event joins its people.
    Events above the attendance's bound join nobody.

    Raises
    ------
    BadInput
        Neither is given, or they are about different numbers of members.

    Examples
    --------
    >>> from tongxin.compass.graph import attendance
    >>> two = of(attendance.build(np.array([0, 2, 1]), np.array([0, 0, 1]), 3, 2))
    >>> two.label.tolist(), two.sizes.tolist()
    ([0, 1, 0], [2, 1])
    """
    if attendance is None and deeds is None:
        raise BadInput.one("components", "neither attendance nor deeds")
    if attendance is not None and deeds is not None and attendance.members != deeds.members:
        raise BadInput.one("components", f"{attendance.members} and {deeds.members} members")
    n = attendance.members if attendance is not None else deeds.members if deeds is not None else 0
    found = connected_components(_edges(attendance, deeds, n), directed=False, return_labels=True)[1][:n]
    _, first, place = np.unique(found, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    label = rank[place]
    return Components(label, np.bincount(label).astype(np.int64))


def _edges(attendance: Attendance | None, deeds: Deeds | None, n: int) -> sp.csr_array:
    """Members first, events after them; each edge once, which is enough for an undirected search."""
    if attendance is None:
        assert deeds is not None
        return deeds.matrix
    met = attendance.met
    events = met.shape[1]
    tail = np.full(events, met.nnz, dtype=np.int32)
    start = np.concatenate((met.indptr, tail))
    across = sp.csr_array((met.data, met.indices + np.int32(n), start), shape=(n + events, n + events))
    if deeds is None:
        return across
    tail = np.full(events, deeds.matrix.nnz, dtype=np.int32)
    start = np.concatenate((deeds.matrix.indptr, tail))
    return across + sp.csr_array((deeds.matrix.data, deeds.matrix.indices, start), shape=across.shape)
