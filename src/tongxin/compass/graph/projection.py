"""The weighted one-mode graph of co-attendance as an operator: it multiplies, it is never written down.

Two people at an event of n share 1/(n−1) of a tie there (Newman 2001, "Scientific collaboration networks II"), so that
every event attended adds exactly 1 to a member's strength. As a matrix that is W = B D B' − diag(B∘B d); one broadcast
with 50,000 viewers would be 1,249,975,000 entries of W and is 50,000 entries of B.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import LinearOperator

from tongxin.compass.graph.attendance import Attendance

#: rows of W looked at together where something about single ties has to be known
ROWS_AT_A_TIME = 2_000


def multiply(attendance: Attendance, vector: np.ndarray) -> np.ndarray:
    """Return W·vector as B(D(B'z)) − (B∘B d)∘z; shape (members,), two passes over the check-ins.

    Examples
    --------
    >>> from tongxin.compass.graph import attendance
    >>> pair = attendance.build(np.array([0, 1]), np.array([0, 0]), 2, 1)
    >>> multiply(pair, np.array([3.0, 5.0])).tolist()
    [5.0, 3.0]
    """
    return attendance.met @ (attendance.share * (attendance.met.T @ vector)) - own(attendance) * vector


def own(attendance: Attendance) -> np.ndarray:
    """Return what B D B' puts on the diagonal, (B∘B) d: B holds only 0 and 1, so B∘B is B; shape (members,)."""
    return attendance.met @ attendance.share


def operator(attendance: Attendance) -> LinearOperator:
    """Return W as a scipy LinearOperator, shape (members, members)."""
    n, mine = attendance.members, own(attendance)
    met, back, share = attendance.met, attendance.met.T, attendance.share

    def apply(vector: np.ndarray) -> np.ndarray:
        flat = vector.reshape(-1)
        return met @ (share * (back @ flat)) - mine * flat

    return LinearOperator((n, n), matvec=apply, rmatvec=apply, dtype=np.float64)


def rows(attendance: Attendance, first: int, last: int) -> sp.csr_array:
    """Return rows first…last−1 of W; at most `largest`−1 entries a meeting attended.

    Returns
    -------
    scipy CSR, shape (last − first, members)
    """
    some = attendance.met[first:last]
    block = (some @ sp.diags_array(attendance.share)) @ attendance.met.T
    block = sp.csr_array(block)
    here = np.repeat(np.arange(first, last), np.diff(block.indptr))
    keep = block.indices != here
    start = np.concatenate(([0], np.cumsum(np.bincount(here[keep] - first, minlength=last - first))))
    return sp.csr_array((block.data[keep], block.indices[keep], start), shape=block.shape)


def degrees(attendance: Attendance) -> np.ndarray:
    """Return with how many distinct people each member has met; int64, shape (members,).

    Goes through W some rows at a time and forgets them, so memory does not grow with the number of ties.
    """
    n = attendance.members
    found = np.zeros(n, dtype=np.int64)
    for first in range(0, n, ROWS_AT_A_TIME):
        last = min(first + ROWS_AT_A_TIME, n)
        found[first:last] = np.diff(rows(attendance, first, last).indptr)
    return found
