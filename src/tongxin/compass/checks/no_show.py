"""People who registered and did not come: the same kind of people without the treatment; their "effect" should be 0."""

from __future__ import annotations

import dataclasses

import numpy as np

from tongxin.compass import frame as frames
from tongxin.compass import inference
from tongxin.compass.effects import contrast
from tongxin.compass.frame import Frame
from tongxin.compass.inference import Estimate
from tongxin.compass.kpis.base import Kpi
from tongxin.compass.methods import never_joiners
from tongxin.compass.population import NEVER
from tongxin.compass.refusals import LEAST_TREATED


def test(frame: Frame, kpi: Kpi) -> tuple[int, Estimate | None]:
    """Treat the first no-show as if it were an entry; (people, estimate), None under R1."""
    population = frame.population
    if not (population.no_show < NEVER).any():
        return 0, None
    pretended = dataclasses.replace(
        population, entry=population.no_show, usable=population.usable & (population.entry == NEVER)
    )
    other = frames.frame(frame.panel, pretended, frame.design, frame.window, frame.reader)
    rows = never_joiners.choose(frame.panel, pretended, frame.design, other.sets)
    if rows.retained < LEAST_TREATED:
        return rows.retained, None
    found = contrast(frame.reader, rows, kpi, (1, frame.window), frame.design.baseline)
    design = frame.design
    clusters = inference.clusters_for(
        population.store,
        np.unique(rows.member),
        design.cluster,
        draws=design.draws,
        seed=design.seed,
        level=design.level,
    )
    return rows.retained, clusters.estimate(rows, found.effect, found.influence)
