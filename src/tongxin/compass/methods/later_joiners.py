"""E: strata difference-in-differences against members who join only after the window.

They are the same kind of people, so selection on type, growth and hidden shocks at entry cancels as long as the
*timing* among joiners is as good as random (Callaway & Sant'Anna 2021, not-yet-treated controls).
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
    """Compare the treated of every cohort with the later joiners of their cell.

    The last cohorts have none by the calendar; what is offered counts the treated of the others.
    """
    rows = match.in_strata(
        "later_joiners",
        [one for one in sets if len(one.later)],
        partial(strata.ladder, panel, population, design),
        lambda one: one.later,
        min_controls=design.min_controls,
        min_cohort=design.min_cohort,
    )
    return standing.even(rows, standing.covariates(panel, population, design, rows), "later_joiners")


METHOD = Method("later_joiners", "E", choose, whole_baseline, "后来才参加的会员", "later joiners")
