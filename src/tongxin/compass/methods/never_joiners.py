"""B: strata difference-in-differences against members who never joined.

Unbiased when people select on a lasting trait (levels differ, trends do not: Daw & Hatfield 2018); wrong when
they select on growth or when something hidden happens to them at entry.
"""

from collections.abc import Sequence
from functools import partial

from tongxin.compass import match, strata
from tongxin.compass.design import Design
from tongxin.compass.match import Match
from tongxin.compass.methods import standing
from tongxin.compass.methods.base import Method, whole_baseline
from tongxin.compass.panel import Panel
from tongxin.compass.population import Population
from tongxin.compass.riskset import RiskSet


def choose(panel: Panel, population: Population, design: Design, sets: Sequence[RiskSet]) -> Match:
    """Compare the treated of every cohort with the never-joiners of their cell."""
    rows = match.in_strata(
        "never_joiners",
        sets,
        partial(strata.ladder, panel, population, design),
        lambda one: one.never,
        min_controls=design.min_controls,
        min_cohort=design.min_cohort,
    )
    return standing.even(rows, standing.covariates(panel, population, design, rows), "never_joiners")


METHOD = Method("never_joiners", "B", choose, whole_baseline, "从未参加的会员", "never-joiners")
