"""The textbook: nearest neighbours on spend of the four quarters before entry, then difference-in-differences.

It balances perfectly and is wrong: among people who spend alike, the non-joiners are those who had a lucky year and
fall back to their own mean afterwards (Daw & Hatfield 2018; Ham & Miratrix 2022). In the null simulation it calls a
zero effect significant in 97 % of runs. It stands here so that nobody has to take that on trust.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from tongxin.compass.frame import Frame
from tongxin.compass.match import Match
from tongxin.compass.naive.base import Naive
from tongxin.compass.riskset import RiskSet

#: a second neighbour this much further away than the first is further away in any arithmetic
CLEARLY = 1 + 1e-9


def quarters(frame: Frame, members: np.ndarray, cohort: int) -> np.ndarray:
    """Spend in (up to) four equal parts of all periods before entry, shape (members, parts)."""
    periods = np.arange(cohort + frame.design.baseline[0], cohort)
    parts = np.array_split(periods, min(4, len(periods)))
    spend = [frame.panel.between("spend", int(part[0]), int(part[-1]) + 1)[members] for part in parts]
    return np.stack(spend, axis=1).astype(float)


def _nearest(frame: Frame, one: RiskSet) -> np.ndarray:
    """Place of each treated member's nearest never-joiner; windows that ask for the same people share the answer."""
    known = frame.reader.nearest.get(one.cohort)
    if known and np.array_equal(known[0], one.treated) and np.array_equal(known[1], one.never):
        return known[2]
    pool = quarters(frame, one.never, one.cohort)
    scale = np.maximum(pool.std(axis=0), 1.0)
    nearest = _looked_up(pool / scale, quarters(frame, one.treated, one.cohort) / scale)
    frame.reader.nearest[one.cohort] = one.treated, one.never, nearest
    return nearest


def _looked_up(pool: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Place of the point of the pool that is nearest to each wanted one.

    A tree that is cut in the middle of space is built in half the time of one that is cut in the middle of the points.
    Both find the same point wherever one is nearest; between equally near ones the second decides, as it always has.
    """
    if len(pool) > 1:
        quick = cKDTree(pool, balanced_tree=False, compact_nodes=False)
        far, nearest = quick.query(wanted, k=2)
        if (far[:, 1] > far[:, 0] * CLEARLY).all():
            return np.asarray(nearest[:, 0])
    return np.asarray(cKDTree(pool).query(wanted)[1])


def choose(frame: Frame) -> Match:
    """Give each treated member the never-joiner with the nearest past spend (with replacement)."""
    member, cohort, cell, cells = [], [], [], 0
    for one in frame.sets:
        if not len(one.treated) or not len(one.never):
            continue
        nearest = _nearest(frame, one)
        n = len(one.treated)
        member.append(np.concatenate([one.treated, one.never[nearest]]))
        cohort.append(np.full(2 * n, one.cohort))
        cell.append(np.concatenate([np.arange(cells, cells + n)] * 2))
        cells += n
    none = np.zeros(0, dtype=np.int64)
    offered = sum(len(one.treated) for one in frame.sets)
    treated = (
        np.concatenate([np.arange(len(part)) < len(part) // 2 for part in member]) if member else none == 1
    )
    weight = np.full(len(treated), 1.0 / max(cells, 1))
    return Match(
        "matched_on_spend",
        np.concatenate([none, *member]),
        np.concatenate([none, *cohort]),
        treated,
        np.concatenate([none, *cell]),
        weight,
        np.zeros(cells, dtype=np.int64),
        offered,
    )


NAIVE = Naive(
    "matched_on_spend",
    choose,
    lambda frame: (frame.design.baseline[0], -1),
    within=False,
    zh="按过去消费配对再比",
    en="matched on past spend",
    why_zh="配上的人去年碰巧买得多，之后会回落到自己的平均；这个回落被当成了活动的效果。效果为零时它也常报“显著”。",
    why_en="The matched controls happened to have a good year and fall back to their own mean; that fall is read as "
    "an effect. With no effect at all it still calls one significant most of the time.",
)
