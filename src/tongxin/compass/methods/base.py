"""What a method is: it takes the risk sets of all cohorts and says who is compared with whom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tongxin.compass.design import Design
from tongxin.compass.match import Match
from tongxin.compass.panel import Panel
from tongxin.compass.population import Population
from tongxin.compass.riskset import RiskSet

Chooser = Callable[[Panel, Population, Design, Sequence[RiskSet]], Match]


@dataclass(frozen=True)
class Method:
    """One control group: how it is chosen, which baseline its difference starts from, its name in words.

    `reweigh` makes it from the rows of the never-joiners where these are chosen already.
    """

    code: str
    letter: str
    choose: Chooser
    baseline: Callable[[Design], tuple[int, int]]
    zh: str
    en: str
    reweigh: Callable[[Panel, Population, Design, Match], Match] | None = None


def whole_baseline(design: Design) -> tuple[int, int]:
    """Return the design's baseline as it stands."""
    return design.baseline
