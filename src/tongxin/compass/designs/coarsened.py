"""Coarsened exact matching: covariates cut into bins, only cells with both arms count (Iacus, King & Porro 2012)."""

from __future__ import annotations

import numpy as np

from tongxin.compass.designs import coarsening, matched_answer
from tongxin.compass.designs.base import Asked, Draft, Kind
from tongxin.compass.match import Match, strata_weights


def choose(asked: Asked, rows: Match, known: np.ndarray) -> Match:
    """Split every cell further by the bins of the covariates."""
    count = asked.design.bins or None
    code = coarsening.crossed([rows.cell, *[coarsening.bins(column, count) for column in known.T]])
    found = coarsening.match_cells(code, rows.treated)
    kept = np.flatnonzero(found.cell >= 0)
    treated, cell = rows.treated[kept], found.cell[kept]
    weight = strata_weights(cell, treated, found.cells) if len(kept) else np.zeros(0)
    rung = np.zeros(found.cells, dtype=np.int64)
    rung[cell] = rows.rung[rows.cell[kept]]
    return Match("coarsened", rows.member[kept], rows.cohort[kept], treated, cell, weight, rung, rows.offered)


def answer(asked: Asked) -> Draft:
    """Answer a question with coarsened cells."""
    return matched_answer.answer(asked, "coarsened", choose, matched_answer.REGRESSES)


KIND = Kind(
    "coarsened",
    "粗化精确匹配",
    "Coarsened exact matching",
    randomised=False,
    headline="coarsened",
    why_not_default=matched_answer.REGRESSES,
    answer=answer,
)
