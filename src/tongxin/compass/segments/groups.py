"""Candidate groups from single and paired conditions, and which of them are worth testing.

All pairs are counted at once by two sparse products, so the number of members enters only linearly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp


@dataclass(frozen=True)
class Group:
    """Places of one or two conditions (equal for a single one) and how clearly the group stood out."""

    first: int
    second: int
    z: float


def z_of(hits: np.ndarray, size: np.ndarray, all_hits: np.ndarray, everybody: np.ndarray) -> np.ndarray:
    """Return the score statistic of a share against the rest's; 0 where either side is empty.

    Examples
    --------
    >>> z_of(np.array([30.0]), np.array([50.0]), np.array([50.0]), np.array([100.0])).round(3).tolist()
    [2.0]
    """
    rest = everybody - size
    pooled = np.divide(all_hits, everybody, out=np.zeros(np.shape(everybody)), where=everybody > 0)
    spread = pooled * (1 - pooled) * (1 / np.maximum(size, 1) + 1 / np.maximum(rest, 1))
    gap = hits / np.maximum(size, 1) - (all_hits - hits) / np.maximum(rest, 1)
    fine = (size > 0) & (rest > 0) & (spread > 0)
    return np.where(fine, gap / np.sqrt(np.where(fine, spread, 1.0)), 0.0)


def candidates(
    holds: sp.csr_array, families: list[str], wanted: np.ndarray, least: int, clear: float
) -> list[Group]:
    """Return singles and pairs with `least` members whose z is at least `clear`, clearest first.

    A pair must also stand out inside each of its two conditions, else the single condition says it all.

    Parameters
    ----------
    holds : scipy CSR of 0/1, shape (members, conditions)
    wanted : bool array, shape (members,)
    """
    n, total = holds.shape[0], float(wanted.sum())
    size = (holds.T @ holds).toarray().astype(np.float64)
    hits = (holds.T @ (sp.diags_array(wanted.astype(np.float64)) @ holds)).toarray()
    z = z_of(hits, size, np.full(size.shape, total), np.full(size.shape, float(n)))
    own_size, own_hits = np.diag(size), np.diag(hits)
    inside = z_of(
        hits,
        size,
        np.broadcast_to(own_hits[:, None], size.shape),
        np.broadcast_to(own_size[:, None], size.shape),
    )
    found = []
    for i in range(len(families)):
        for j in np.flatnonzero((z[i] >= clear) & (size[i] >= least)).tolist():
            if j < i or (j > i and families[i] == families[j]):
                continue
            if j == i or (inside[i, j] >= clear and inside[j, i] >= clear):
                found.append(Group(i, j, float(z[i, j])))
    return sorted(found, key=lambda group: (-group.z, group.first, group.second))


def members_of(columns: sp.csc_array, group: Group) -> np.ndarray:
    """Return who is in the group; bool, shape (members,)."""
    both = columns[:, [group.first]].toarray().reshape(-1) > 0
    return both & (columns[:, [group.second]].toarray().reshape(-1) > 0)


def pruned(
    holds: sp.csr_array, found: list[Group], wanted: np.ndarray, *, overlap: float, clear: float, most: int
) -> list[Group]:
    """Leave out groups that a clearer one already explains.

    Kept is who overlaps no kept group by more than `overlap` (Jaccard) and still stands out among the members
    outside all kept groups.
    """
    columns = holds.tocsc()
    kept: list[Group] = []
    inside: list[np.ndarray] = []
    told = np.zeros(holds.shape[0], dtype=bool)
    for group in found:
        if len(kept) == most:
            break
        mine = members_of(columns, group)
        if any((mine & other).sum() > overlap * (mine | other).sum() for other in inside):
            continue
        left = ~told
        z = z_of(
            *(np.array([float(x.sum())]) for x in (wanted[left & mine], left & mine, wanted[left], left))
        )
        if z[0] >= clear:
            kept.append(group)
            inside.append(mine)
            told |= mine
    return kept
