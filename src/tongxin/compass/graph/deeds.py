"""Directed deeds between members (replies, referrals, likes) as one sparse matrix a kind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from tongxin.compass.errors import BadInput


@dataclass(frozen=True)
class Deeds:
    """Who did something towards whom.

    Attributes
    ----------
    matrix : scipy CSR, float64, shape (members, members)
        Row = who did it, column = towards whom, value = how often (or the summed weight). No deeds to oneself.
    """

    matrix: sp.csr_array

    @property
    def members(self) -> int:
        """Number of rows."""
        return int(self.matrix.shape[0])

    @property
    def people(self) -> np.ndarray:
        """From how many distinct others each member received something; int64, shape (members,)."""
        return np.bincount(self.matrix.indices, minlength=self.members).astype(np.int64)

    @property
    def received(self) -> np.ndarray:
        """Summed weight received; float64, shape (members,)."""
        return np.bincount(self.matrix.indices, weights=self.matrix.data, minlength=self.members)


def build(doer: np.ndarray, other: np.ndarray, members: int, weight: np.ndarray | None = None) -> Deeds:
    """Add equal pairs up; what somebody does towards themselves is left out.

    Parameters
    ----------
    doer, other : integer arrays, shape (rows,)
    weight : float array, shape (rows,), optional
        Without it every row counts 1.

    Raises
    ------
    BadInput
        A number out of range or arrays of unequal length.

    Examples
    --------
    >>> build(np.array([0, 0, 1]), np.array([1, 1, 1]), 2).matrix.toarray().tolist()
    [[0.0, 2.0], [0.0, 0.0]]
    """
    if len(doer) != len(other) or (weight is not None and len(weight) != len(doer)):
        raise BadInput.one("deeds", "columns of unequal length")
    for name, column in (("from", doer), ("to", other)):
        if len(column) and (column.min() < 0 or column.max() >= members):
            raise BadInput.one(f"deeds.{name}", "a number out of range", (f"0 to {members - 1}",))
    keep = doer != other
    key = np.asarray(doer[keep], dtype=np.int64) * max(members, 1) + other[keep]
    if weight is None:
        pairs, times = np.unique(key, return_counts=True)
        value = times.astype(np.float64)
    else:
        # sorted by (pair, weight), so that the order of the rows cannot reach the last digit of a sum
        order = np.lexsort((weight[keep], key))
        pairs, start = np.unique(key[order], return_index=True)
        value = np.add.reduceat(weight[keep][order], start) if len(pairs) else np.zeros(0)
    return Deeds(_matrix(pairs, value, members))


def together(first: Deeds, second: Deeds) -> Deeds:
    """Add two kinds of deeds up, weight on weight."""
    return Deeds(sp.csr_array(first.matrix + second.matrix))


def acquainted(deeds: Deeds) -> sp.csr_array:
    """Return the plain undirected graph: 1 where either did something towards the other; shape (members, members)."""
    pattern = sp.csr_array(
        (np.ones(deeds.matrix.nnz, dtype=np.int8), deeds.matrix.indices, deeds.matrix.indptr),
        shape=deeds.matrix.shape,
    )
    both = sp.csr_array(pattern + pattern.T)
    both.data[:] = 1
    return both


def _matrix(key: np.ndarray, value: np.ndarray, members: int) -> sp.csr_array:
    start = np.zeros(members + 1, dtype=np.int32)
    np.cumsum(np.bincount(key // max(members, 1), minlength=members), out=start[1:])
    where = (key % max(members, 1)).astype(np.int32)
    return sp.csr_array((value, where, start), shape=(members, members))
