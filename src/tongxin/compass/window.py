"""One follow-up window: every control group chosen once, every KPI read from the same rows."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from tongxin.compass import effects, inference, ways
from tongxin.compass.effects import Contrast, Range
from tongxin.compass.frame import Frame
from tongxin.compass.inference import Clusters, Estimate
from tongxin.compass.kpis.base import Kpi
from tongxin.compass.match import Match
from tongxin.compass.methods import METHODS
from tongxin.compass.naive import NAIVES
from tongxin.compass.regression import Regression


@dataclass(frozen=True)
class Window:
    """Matches of all methods and naive numbers of one window."""

    frame: Frame
    matches: dict[str, Match]
    regressions: dict[str, Regression]
    naives: dict[str, Match]
    clusters: Clusters
    naive_regressions: dict[str, Regression] = field(default_factory=dict)

    @property
    def length(self) -> int:
        """Number of periods after entry."""
        return self.frame.window

    def contrast(self, method: str, kpi: Kpi, window: Range, baseline: Range | None) -> Contrast:
        """Read one KPI over any two relative ranges from a method's rows."""
        rows = self.matches[method]
        return effects.contrast(
            self.frame.reader, rows, kpi, window, baseline, regress=self.regressions[method]
        )

    def rest(self) -> None:
        """Give back the memory of what was worked out for its figures; if it is asked again, it is worked out again."""
        for regress in (*self.regressions.values(), *self.naive_regressions.values()):
            regress.rest()

    def estimate(self, method: str, value: float, influence: np.ndarray) -> Estimate:
        """Attach interval and p-value."""
        return self.clusters.estimate(self.matches[method], value, influence)


def open_window(frame: Frame) -> Window:
    """Choose the rows of every method and of every naive number."""
    design, population = frame.design, frame.population
    given = (frame.panel, population, design)
    never = METHODS["never_joiners"].choose(*given, frame.sets)
    matches = {
        code: never
        if code == never.method
        else method.reweigh(*given, never)
        if method.reweigh
        else method.choose(*given, frame.sets)
        for code, method in METHODS.items()
    }
    everybody = np.concatenate([np.zeros(0, dtype=np.int64), *[rows.people for rows in matches.values()]])
    clusters = inference.clusters_for(
        population.store, everybody, design.cluster, draws=design.draws, seed=design.seed, level=design.level
    )
    chosen = {choose: choose(frame) for choose in {naive.choose for naive in NAIVES.values()}}
    naives = {code: chosen[naive.choose] for code, naive in NAIVES.items()}
    return Window(
        frame, matches, {code: Regression(rows) for code, rows in matches.items()}, naives, clusters
    )


@dataclass(frozen=True)
class Reading:
    """One KPI by one control group."""

    contrast: Contrast
    estimate: Estimate
    relative: Estimate


def read(window: Window, method: str, kpi: Kpi) -> Reading | None:
    """Estimate one KPI with one method; None when the method has no rows."""
    if not window.matches[method].retained:
        return None
    baseline = METHODS[method].baseline(window.frame.design)
    found = window.contrast(method, kpi, (1, window.length), baseline)
    return Reading(
        found,
        window.estimate(method, found.effect, found.influence),
        window.estimate(method, found.relative, found.relative_influence),
    )


def difference(window: Window, first: Reading, second: Reading, codes: tuple[str, str]) -> Estimate:
    """Estimate first − second of two control groups; members who serve in both are summed before squaring."""
    a, b = (window.matches[code] for code in codes)
    joined, influence = inference.together(
        [a.people, b.people], [first.contrast.influence, -second.contrast.influence]
    )
    return window.clusters.estimate(joined, first.contrast.effect - second.contrast.effect, influence)


def read_naive(window: Window, code: str, kpi: Kpi) -> Estimate | None:
    """Compute a naive number the way it is usually computed, with the interval it would be given."""
    rows, naive = window.naives[code], NAIVES[code]
    if not rows.retained:
        return None
    span, baseline = (1, window.length), naive.baseline(window.frame)
    if naive.within:
        reader, before_span = window.frame.reader, baseline or span
        part = ways.part_of(kpi, reader.terms, span, before_span)
        after = effects.level(reader, rows, kpi, ways.ending(kpi, span, part), part)
        before = effects.level(reader, rows, kpi, before_span, part)
        return window.clusters.estimate(rows, after[0] - before[0], after[1] - before[1])
    if code not in window.naive_regressions:
        window.naive_regressions[code] = Regression(rows)
    regress = window.naive_regressions[code]
    found = effects.contrast(window.frame.reader, rows, kpi, span, baseline, regress=regress)
    return window.clusters.estimate(rows, found.effect, found.influence)
