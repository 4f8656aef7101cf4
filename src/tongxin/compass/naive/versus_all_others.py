"""Participants against everybody else, same months, levels."""

from __future__ import annotations

import numpy as np

from tongxin.compass.frame import Frame
from tongxin.compass.match import Match, strata_weights
from tongxin.compass.naive.base import Naive
from tongxin.compass.population import NEVER


def choose(frame: Frame) -> Match:
    """Put the treated of each cohort against all members who have not joined by the end of its window."""
    population = frame.population
    member, cohort, arm, cell = [], [], [], []
    for place, one in enumerate(one for one in frame.sets if len(one.treated)):
        late = (population.entry > one.cohort + frame.window) | (population.entry == NEVER)
        others = np.flatnonzero(population.usable & late)
        member.append(np.concatenate([one.treated, others]))
        arm.append(np.arange(len(member[-1])) < len(one.treated))
        cohort.append(np.full(len(member[-1]), one.cohort))
        cell.append(np.full(len(member[-1]), place))
    offered = sum(len(one.treated) for one in frame.sets)
    if not member:
        none = np.zeros(0, dtype=np.int64)
        return Match(
            "versus_all_others", none, none, none.astype(bool), none, none.astype(float), none, offered
        )
    cells, treated = np.concatenate(cell), np.concatenate(arm)
    weight = strata_weights(cells, treated, len(cell))
    rung = np.zeros(len(cell), dtype=np.int64)
    return Match(
        "versus_all_others",
        np.concatenate(member),
        np.concatenate(cohort),
        treated,
        cells,
        weight,
        rung,
        offered,
    )


NAIVE = Naive(
    "versus_all_others",
    choose,
    lambda _: None,
    within=False,
    zh="参加的人和没参加的人直接比",
    en="participants against all others",
    why_zh="热心的会员本来就买得多；这个差大半是谁会来参加，不是参加带来了什么。",
    why_en="Keen members bought more to begin with: most of this gap is who joins, not what joining does.",
)
