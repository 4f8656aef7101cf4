"""Entropy balancing inside exact strata as a design of its own (Hainmueller 2012)."""

from __future__ import annotations

import numpy as np

from tongxin.compass.designs import matched_answer, weighing
from tongxin.compass.designs.base import Asked, Draft, Kind
from tongxin.compass.match import Match


def choose(_: Asked, rows: Match, known: np.ndarray) -> Match:
    """Weigh the controls of all cells so that every covariate's mean agrees; nobody where it cannot be done."""
    found = weighing.balanced(known, rows.treated, rows.cell)
    kept = np.zeros(0, dtype=np.int64) if found is None else found.rows
    weight = np.zeros(0) if found is None else found.weight
    cell = rows.cell[kept] if found is None else found.cell
    rung = rows.rung[np.unique(rows.cell[kept])] if len(kept) else np.zeros(0, dtype=np.int64)
    return Match(
        "balancing",
        rows.member[kept],
        rows.cohort[kept],
        rows.treated[kept],
        cell,
        weight,
        rung,
        rows.offered,
        known[kept],
    )


def answer(asked: Asked) -> Draft:
    """Answer a question with balanced weights."""
    return matched_answer.answer(asked, "balancing", choose, matched_answer.REGRESSES)


KIND = Kind(
    "balancing",
    "熵平衡",
    "Entropy balancing",
    randomised=False,
    headline="balancing",
    why_not_default=matched_answer.REGRESSES,
    answer=answer,
)
