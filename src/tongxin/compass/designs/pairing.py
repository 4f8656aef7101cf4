"""Nearest neighbours inside exact strata, on one score or in whitened space; equal distances go to the lower index.

With replacement every treated row gets its nearest control. Without, treated rows choose one after another, the
highest score first (what R MatchIt does), and a control serves once.

`side="below"` takes the neighbour with the next lower score whenever there is one, near or not. That is what MatchIt
4.5.1 does where C's `abs` is the integer one (mended in 4.5.3, its issue 163); it is kept to be held against figures
printed with that version, and for nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.spatial import cKDTree

from tongxin.compass.designs import codes

#: points in a leaf of a search tree: with eight covariates larger leaves are quicker to build and to search
_LEAF = 64


@dataclass(frozen=True)
class Pairs:
    """Who got whom.

    Attributes
    ----------
    treated, control : int64 arrays, shape (pairs,)
        Rows of the arrays that were given, ordered by treated row.
    distance : float array, shape (pairs,)
    unmatched : int
        Treated rows without a control in their stratum (or within the caliper).
    forest : tuple of (rows, tree)
        Controls of each stratum with the tree they were searched in, for the variance; empty for a score.
    other : int64 array, shape (pairs,), or None
        On a score: the control that is nearest to each pair's control, −1 where it is alone in its stratum.
    """

    treated: np.ndarray
    control: np.ndarray
    distance: np.ndarray
    unmatched: int
    forest: tuple[tuple[np.ndarray, cKDTree], ...] = ()
    other: np.ndarray | None = None


def caliper_of(score: np.ndarray, treated: np.ndarray, widths: float = 0.2) -> float:
    """0.2 pooled standard deviations of the logit (Austin 2011)."""
    spread = (score[treated].var(ddof=1) + score[~treated].var(ddof=1)) / 2
    return widths * float(np.sqrt(spread))


def by_score(
    score: np.ndarray,
    treated: np.ndarray,
    stratum: np.ndarray,
    *,
    replace: bool = True,
    caliper: float = np.inf,
    side: Literal["either", "below"] = "either",
) -> Pairs:
    """Nearest control on one number.

    Parameters
    ----------
    score : float array, shape (n,)
    treated : bool array, shape (n,)
    stratum : int array, shape (n,)
    replace : bool
    caliper : float
        Largest distance allowed, in units of the score.
    side : {"either", "below"}
        `below` as in the head of this module.
    """
    found, others = [], []
    for rows_t, rows_c in _strata(stratum, treated):
        order = codes.order_by_value(score[rows_c])
        pool, at = rows_c[order], score[rows_c][order]
        if side == "below":
            found.append(_next_lower(rows_t, score, pool, at, replace=replace))
        elif replace:
            pick = _nearest(at, pool, score[rows_t])
            far = np.abs(score[rows_t] - at[pick])
            found.append(_within(rows_t, pool[pick], far, caliper))
            others.append(_beside(at, pool, pick)[far <= caliper])
        else:
            queue = rows_t[np.argsort(-score[rows_t], kind="stable")]
            found.append(_one_by_one(queue, score, pool, at, caliper))
    return _joined(found, int(treated.sum()), others=others)


def _nearest(at: np.ndarray, pool: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Place in the sorted `at` of the nearest value; of equals the one with the lowest row."""
    last = len(at) - 1
    right = np.searchsorted(at, wanted, side="left")
    left = np.searchsorted(at, at[np.clip(right - 1, 0, last)], side="left")
    right = np.minimum(right, last)
    far_left, far_right = np.abs(wanted - at[left]), np.abs(wanted - at[right])
    use_left = (far_left < far_right) | ((far_left == far_right) & (pool[left] < pool[right]))
    return np.where(use_left, left, right)


def _beside(at: np.ndarray, pool: np.ndarray, pick: np.ndarray) -> np.ndarray:
    """Row of the control next to each picked place of the sorted scores, −1 where there is no other."""
    left, right = np.maximum(pick - 1, 0), np.minimum(pick + 1, len(at) - 1)
    to_left = np.where(pick > 0, at[pick] - at[left], np.inf)
    to_right = np.where(pick < len(at) - 1, at[right] - at[pick], np.inf)
    return np.where(
        np.isinf(to_left) & np.isinf(to_right), -1, pool[np.where(to_left <= to_right, left, right)]
    )


def _one_by_one(
    queue: np.ndarray, score: np.ndarray, pool: np.ndarray, at: np.ndarray, caliper: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Greedy: each takes the nearest that is left; two chains of forwarding pointers skip the taken ones."""
    size = len(pool)
    up, down = list(range(size + 1)), list(range(size + 1))  # down is shifted by one: 0 means "none left"
    starts = np.searchsorted(at, score[queue], side="left").tolist()
    runs = np.searchsorted(at, at, side="left").tolist()
    values, rows, scores = at.tolist(), pool.tolist(), score[queue].tolist()
    picks: list[int] = []
    for start, wanted in zip(starts, scores, strict=True):
        right = _root(up, start)
        left = _root(down, start) - 1
        if left >= 0:
            left = _root(up, runs[left])
        gap_right = abs(values[right] - wanted) if right < size else np.inf
        gap_left = abs(values[left] - wanted) if left >= 0 else np.inf
        if min(gap_left, gap_right) > caliper or (right >= size and left < 0):
            picks.append(-1)
            continue
        equal_left = gap_left == gap_right and rows[left] < rows[right]
        taken = left if gap_left < gap_right or equal_left else right
        up[taken], down[taken + 1] = taken + 1, taken
        picks.append(taken)
    pick = np.array(picks, dtype=np.int64)
    kept = pick >= 0
    return queue[kept], pool[pick[kept]], np.abs(score[queue[kept]] - at[pick[kept]])


def _next_lower(
    rows: np.ndarray, score: np.ndarray, pool: np.ndarray, at: np.ndarray, *, replace: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Take the free control just before in the order of (score, row), or the one just after where there is none."""
    queue = rows[np.argsort(-score[rows], kind="stable")]
    free = np.ones(len(pool), dtype=bool)
    treated, control = [], []
    for row in queue:
        low, high = (
            np.searchsorted(at, score[row], side="left"),
            np.searchsorted(at, score[row], side="right"),
        )
        start = low + int((pool[low:high] < row).sum())
        before, behind = np.flatnonzero(free[:start]), np.flatnonzero(free[start:])
        if not len(before) and not len(behind):
            break
        pick = before[-1] if len(before) else start + behind[0]
        free[pick] = replace
        treated.append(row)
        control.append(pool[pick])
    one, other = np.array(treated, np.int64), np.array(control, np.int64)
    return one, other, np.abs(score[one] - score[other])


def _root(chain: list[int], place: int) -> int:
    while chain[place] != place:
        chain[place] = chain[chain[place]]
        place = chain[place]
    return place


def whitened(known: np.ndarray, treated: np.ndarray) -> np.ndarray:
    """Covariates in a space where plain distance is Mahalanobis' with the covariance pooled inside the arms.

    Shape (n, k); a covariate that repeats another is given no weight.
    """
    centred = known - known.mean(axis=0)
    ones = centred[treated]
    n, m = len(ones), len(known) - len(ones)
    up = ones.sum(axis=0)
    # about the arms' own means: X'X less what the two means carry (the sums of both arms cancel)
    between = np.outer(up, up) * (1 / max(1, n) + 1 / max(1, m))
    covariance = (centred.T @ centred - between) / (len(known) - 2)
    values, vectors = np.linalg.eigh(covariance)
    good = values > values.max() * 1e-12
    return np.asarray(known @ (vectors[:, good] / np.sqrt(values[good])))


def by_distance(
    space: np.ndarray,
    treated: np.ndarray,
    stratum: np.ndarray,
    *,
    replace: bool = True,
    caliper: float = np.inf,
) -> Pairs:
    """Nearest control in `space` (whitened covariates, shape (n, k)) inside the same stratum."""
    found, forest = [], []
    for rows_t, rows_c in _strata(stratum, treated):
        tree = cKDTree(space[rows_c], leafsize=_LEAF, balanced_tree=False, compact_nodes=False)
        forest.append((rows_c, tree))
        if replace:
            pick, far = _closest(tree, space[rows_t])
            found.append(_within(rows_t, rows_c[pick], far, caliper))
        else:
            found.append(_left_over(tree, space, rows_t, rows_c, caliper))
    return _joined(found, int(treated.sum()), tuple(forest))


def _closest(tree: cKDTree, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Nearest point of the tree; where two are equally far, the lower index."""
    far, near = tree.query(wanted, k=min(2, tree.n))
    if tree.n == 1:
        return np.zeros(len(wanted), dtype=np.int64), np.asarray(far).ravel()
    pick, reach = near[:, 0].astype(np.int64), far[:, 0]
    for i in np.flatnonzero(far[:, 1] <= far[:, 0] * (1 + 1e-14)):
        ball = np.array(tree.query_ball_point(wanted[i], reach[i] * (1 + 1e-12) + 1e-300), dtype=np.int64)
        exact = np.sqrt(((tree.data[ball] - wanted[i]) ** 2).sum(axis=1))
        pick[i] = ball[exact <= exact.min() * (1 + 1e-14)].min() if len(ball) else pick[i]
    return pick, reach


def _left_over(
    tree: cKDTree, space: np.ndarray, rows_t: np.ndarray, rows_c: np.ndarray, caliper: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Greedy without replacement, in the order of the rows."""
    free = np.ones(len(rows_c), dtype=bool)
    treated, control, gaps = [], [], []
    for row in rows_t[: len(rows_c)]:
        reach = 8
        while True:
            reach = min(reach, len(rows_c))
            far, near = (np.atleast_1d(part) for part in tree.query(space[row], k=reach))
            left = free[near]
            if reach == len(rows_c) or (left.any() and far[left].min() < far[-1]):
                break  # nobody that is as near can lie outside
            reach *= 4
        best = far[left].min()
        if best > caliper:
            continue
        pick = int(near[left][far[left] <= best].min())
        free[pick] = False
        treated.append(row)
        control.append(rows_c[pick])
        gaps.append(best)
    return np.array(treated, np.int64), np.array(control, np.int64), np.array(gaps, float)


def _strata(stratum: np.ndarray, treated: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """(treated rows, control rows) of every stratum that has both, in ascending order."""
    place, count = codes.compact(stratum)
    ones = np.flatnonzero(treated)
    zeros = np.flatnonzero(~treated)
    ones = ones[codes.order_of(place[ones], count)]
    zeros = zeros[codes.order_of(place[zeros], count)]
    ends = np.arange(1, count)
    parts_t = np.split(ones, np.searchsorted(place[ones], ends))
    parts_c = np.split(zeros, np.searchsorted(place[zeros], ends))
    return [(one, zero) for one, zero in zip(parts_t, parts_c, strict=True) if len(one) and len(zero)]


def _within(
    treated: np.ndarray, control: np.ndarray, distance: np.ndarray, caliper: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    kept = distance <= caliper
    return treated[kept], control[kept], distance[kept]


def _joined(
    parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]],
    offered: int,
    forest: tuple[tuple[np.ndarray, cKDTree], ...] = (),
    others: list[np.ndarray] | None = None,
) -> Pairs:
    none = np.zeros(0, dtype=np.int64)
    treated, control = (np.concatenate([none, *[part[i] for part in parts]]) for i in (0, 1))
    distance = np.concatenate([np.zeros(0), *[part[2] for part in parts]])
    order = np.argsort(treated, kind="stable")
    other = np.concatenate(others)[order] if others else None
    return Pairs(treated[order], control[order], distance[order], offered - len(treated), forest, other)
