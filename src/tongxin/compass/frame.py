"""What every step of one window looks at: the panel, the people, the design and the risk sets."""

from __future__ import annotations

from dataclasses import dataclass

from tongxin.compass import riskset
from tongxin.compass.design import Design
from tongxin.compass.effects import Reader
from tongxin.compass.panel import Panel
from tongxin.compass.population import Population
from tongxin.compass.riskset import RiskSet


@dataclass(frozen=True)
class Frame:
    """One window of one study."""

    panel: Panel
    population: Population
    design: Design
    window: int
    sets: tuple[RiskSet, ...]
    reader: Reader


def frame(panel: Panel, population: Population, design: Design, window: int, reader: Reader) -> Frame:
    """Collect the risk sets of a window."""
    return Frame(panel, population, design, window, riskset.all_of(panel, population, design, window), reader)
