"""People who registered and did not come: the same kind of people without the treatment; their "effect" should be 0."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from tongxin.compass import frame as frames
from tongxin.compass import inference
from tongxin.compass.effects import contrast
from tongxin.compass.frame import Frame
from tongxin.compass.inference import Clusters, Estimate
from tongxin.compass.kpis.base import Kpi
from tongxin.compass.match import Match
from tongxin.compass.methods import never_joiners
from tongxin.compass.population import NEVER
from tongxin.compass.refusals import LEAST_TREATED


@dataclass(frozen=True)
class Pretended:
    """The no-shows of a window and who they are compared with; rows may be too few to read."""

    frame: Frame
    rows: Match
    clusters: Clusters

    def read(self, kpi: Kpi) -> Estimate | None:
        """Return the "effect" of an event that was missed; None under R1."""
        if self.rows.retained < LEAST_TREATED:
            return None
        found = contrast(
            self.frame.reader, self.rows, kpi, (1, self.frame.window), self.frame.design.baseline
        )
        return self.clusters.estimate(self.rows, found.effect, found.influence)


def pretend(frame: Frame) -> Pretended | None:
    """Treat the first no-show as if it were an entry; None where nobody missed anything."""
    population, design = frame.population, frame.design
    if not (population.no_show < NEVER).any():
        return None
    pretended = dataclasses.replace(
        population, entry=population.no_show, usable=population.usable & (population.entry == NEVER)
    )
    other = frames.frame(frame.panel, pretended, design, frame.window, frame.reader)
    rows = never_joiners.choose(frame.panel, pretended, design, other.sets)
    clusters = inference.clusters_for(
        population.store,
        np.unique(rows.member),
        design.cluster,
        draws=design.draws,
        seed=design.seed,
        level=design.level,
    )
    return Pretended(frame, rows, clusters)


def test(frame: Frame, kpi: Kpi) -> tuple[int, Estimate | None]:
    """Return how many no-shows can be compared, and their "effect" on one KPI (None under R1)."""
    missed = pretend(frame)
    return (missed.rows.retained, missed.read(kpi)) if missed else (0, None)
