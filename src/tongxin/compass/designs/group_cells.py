"""Cells of a panel: how many, their sums and cross-products by entry cohort and pair of periods.

Everything group-time needs without covariates follows from these; once they are there, the cost no longer depends on
the number of members. By store as well, cluster-robust intervals follow too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tongxin.compass.errors import BadInput

#: first treated period of members who are never treated
NEVER_TREATED = 2**40


@dataclass(frozen=True)
class GroupCells:
    """Sufficient figures by cohort.

    Attributes
    ----------
    first : int64 array, shape (groups,)
        First treated period, ascending; `NEVER_TREATED` last.
    periods : int64 array, shape (T,)
        Periods of the panel, ascending.
    n : int64 array, shape (groups,)
    mean : float array, shape (groups, T)
    cross : float array, shape (groups, T, T)
        Cross-products about the group's means.
    cluster_n : int64 array, shape (groups, clusters), or None
    cluster_total : float array, shape (groups, clusters, T), or None
        Sums of outcomes less the group's means.
    """

    first: np.ndarray
    periods: np.ndarray
    n: np.ndarray
    mean: np.ndarray
    cross: np.ndarray
    cluster_n: np.ndarray | None = None
    cluster_total: np.ndarray | None = None

    @property
    def size(self) -> int:
        """Members in all groups."""
        return int(self.n.sum())


def cells_of(
    outcome: np.ndarray, first: np.ndarray, periods: np.ndarray, cluster: np.ndarray | None = None
) -> GroupCells:
    """Add members up.

    Parameters
    ----------
    outcome : float array, shape (n, T)
        Balanced: every member in every period.
    first : int64 array, shape (n,)
        First treated period of each member, `NEVER_TREATED` (or anything after the last period) for none. Members who
        are treated from the first period on have no "before" and are left out.
    periods : int64 array, shape (T,)
        Ascending.
    cluster : int64 array, shape (n,), optional
        0…clusters−1.

    Raises
    ------
    BadInput
        When an outcome is missing or the shapes do not fit.
    """
    if outcome.shape != (len(first), len(periods)):
        raise BadInput.one("outcome", f"shape {outcome.shape}", (f"({len(first)}, {len(periods)})",))
    capped = np.where(first > periods[-1], NEVER_TREATED, first)
    groups = np.unique(capped[capped > periods[0]])
    n, mean, cross, by_n, by_total = [], [], [], [], []
    clusters = 0 if cluster is None or not len(cluster) else int(cluster.max()) + 1
    for group in groups:
        rows = np.flatnonzero(capped == group)
        block = outcome[rows]
        centre = block.mean(axis=0)
        block = block - centre
        n.append(len(rows))
        mean.append(centre)
        cross.append(block.T @ block)
        if cluster is not None:
            by_n.append(np.bincount(cluster[rows], minlength=clusters))
            added = [np.bincount(cluster[rows], weights=column, minlength=clusters) for column in block.T]
            by_total.append(np.stack(added, axis=1))
    size = len(periods)
    if not np.isfinite(np.array(mean)).all():
        raise BadInput.one("outcome", "values are missing", ("every member in every period",))
    return GroupCells(
        groups,
        periods,
        np.array(n, dtype=np.int64),
        np.array(mean).reshape(len(groups), size),
        np.array(cross).reshape(len(groups), size, size),
        np.array(by_n) if cluster is not None else None,
        np.array(by_total) if cluster is not None else None,
    )


def wide(
    unit: np.ndarray, period: np.ndarray, value: np.ndarray, first: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Turn long rows into (outcome, first, periods), members in ascending order of `unit`.

    Parameters
    ----------
    unit, period, first : int arrays, shape (rows,)
    value : float array, shape (rows,)

    Raises
    ------
    BadInput
        Unless every member stands once in every period with one first treated period.
    """
    periods = np.unique(period)
    members = len(unit) // max(1, len(periods))
    at = np.searchsorted(periods, period)
    low = int(unit.min(initial=0))
    width = int(unit.max(initial=0)) - low + 1
    if width <= 4 * max(1, members):  # numbers without large gaps: count instead of sorting
        there = np.zeros(width, dtype=np.int64)
        there[unit - low] = 1
        place = (np.cumsum(there) - 1)[unit - low]
        members = int(there.sum())
    else:
        names, place = np.unique(unit, return_inverse=True)
        members = len(names)
    seen = np.bincount(place * len(periods) + at, minlength=members * len(periods))
    if len(seen) != members * len(periods) or (seen != 1).any():
        raise BadInput.one("panel", "a member is missing in a period or stands twice", ("a balanced panel",))
    outcome = np.empty((members, len(periods)))
    outcome[place, at] = value
    began = np.empty(members, dtype=np.int64)
    began[place] = first
    if (began[place] != first).any():
        raise BadInput.one("first", "changes within a member", ("one first treated period a member",))
    return outcome, began, periods
