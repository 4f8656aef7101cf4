"""Nearest neighbours inside exact strata, on the propensity score or by Mahalanobis distance."""

from __future__ import annotations

import numpy as np

from tongxin.compass.designs import matched_answer, pairing, propensity
from tongxin.compass.designs.base import Asked, Draft, Kind
from tongxin.compass.match import Match


def choose(asked: Asked, rows: Match, known: np.ndarray) -> Match:
    """Give each treated row its nearest control of the same cell."""
    design = asked.design
    if design.nearness == "mahalanobis":
        space = pairing.whitened(known, rows.treated)
        pairs = pairing.by_distance(space, rows.treated, rows.cell, replace=design.replacement)
    else:
        score = propensity.linear_score(known, rows.treated)
        wide = pairing.caliper_of(score, rows.treated, design.caliper) if design.caliper > 0 else np.inf
        pairs = pairing.by_score(score, rows.treated, rows.cell, replace=design.replacement, caliper=wide)
    count = len(pairs.treated)
    both = np.concatenate([pairs.treated, pairs.control])
    by_cohort = np.argsort(rows.cohort[both], kind="stable")
    both, arm = both[by_cohort], (np.arange(2 * count) < count)[by_cohort]
    # cells stay the strata: a control that serves twice is then added up under its own name before it is squared
    there, cell = np.unique(rows.cell[both], return_inverse=True)
    weight = np.full(2 * count, 1.0 / max(1, count))
    return Match(
        "nearest",
        rows.member[both],
        rows.cohort[both],
        arm,
        cell.astype(np.int64),
        weight,
        rows.rung[there],
        rows.offered,
    )


def answer(asked: Asked) -> Draft:
    """Answer a question with matched pairs."""
    return matched_answer.answer(asked, "nearest", choose, matched_answer.REGRESSES)


KIND = Kind(
    "nearest",
    "最近邻配对",
    "Nearest neighbours",
    randomised=False,
    headline="nearest",
    why_not_default=matched_answer.REGRESSES,
    answer=answer,
)
