"""The figures everybody knows: the NSW experiment, and what R MatchIt prints for its own lalonde."""

from pathlib import Path

import numpy as np
import pytest
from scipy import special

from tongxin.compass.designs import coarsening, pair_effects, pairing, propensity, randomised, weighing

DATA = Path(__file__).parents[1] / "published"
COVARIATES = ("age", "educ", "black", "hispan", "married", "nodegree", "re74", "re75")


@pytest.fixture(scope="module")
def lalonde():
    table = np.genfromtxt(DATA / "lalonde.csv", delimiter=",", names=True)
    known = np.column_stack([table[name] for name in COVARIATES])
    return known, table["treat"] == 1, table["re78"]


def test_the_experiment_of_the_national_supported_work():
    table = np.genfromtxt(DATA / "nsw.csv", delimiter=",", names=True)
    given = randomised.trial(np.zeros(len(table), int), table["treat"] == 1, np.arange(len(table)))
    found = randomised.difference(given, table["re78"])
    assert round(found.value, 2) == 1794.34
    assert (
        round(randomised.standard_error(given, found.influence), 2) == 671.00
    )  # Neyman's, as printed for HC2
    assert randomised.permutation_p(given, table["re78"], np.random.default_rng(1)) < 0.02


def _adjusted(pairs, known, treated, outcome):
    rows = np.concatenate([pairs.treated, pairs.control])
    x = np.column_stack([np.ones(len(rows)), treated[rows], known[rows]])
    return np.linalg.lstsq(x, outcome[rows], rcond=None)[0][1]


def test_nearest_propensity_without_replacement_as_matchit_prints_it(lalonde):
    known, treated, outcome = lalonde
    p = special.expit(propensity.linear_score(known, treated))
    one = np.zeros(len(p), int)
    as_printed = pairing.by_score(p, treated, one, replace=False, side="below")
    assert round(_adjusted(as_printed, known, treated, outcome), 3) == 1307.011
    nearest = pairing.by_score(p, treated, one, replace=False)
    assert len(nearest.treated) == 185
    # what "nearest" says: closer pairs, another figure
    assert nearest.distance.sum() < as_printed.distance.sum()
    assert round(_adjusted(nearest, known, treated, outcome), 3) == 1344.936


def test_coarsened_exact_matching_keeps_what_matchit_keeps(lalonde):
    known, treated, outcome = lalonde
    code = coarsening.crossed([coarsening.bins(column) for column in known.T])
    found = coarsening.match_cells(code, treated)
    assert (found.matched(treated), found.matched(~treated)) == (65, 75)
    assert round(found.effective(~treated), 5) == 41.28985
    assert round(coarsening.effect(found, outcome, treated).value, 3) == 1070.907


def test_mahalanobis_without_replacement_as_matchit_gives_it(lalonde):
    known, treated, outcome = lalonde
    space = pairing.whitened(known, treated)
    one = np.zeros(len(treated), int)
    pairs = pairing.by_distance(space, treated, one, replace=False)
    assert round(pair_effects.effect(pairs, outcome, treated, space).value, 4) == 516.6367


def test_entropy_balancing_leaves_no_difference(lalonde):
    known, treated, outcome = lalonde
    found = weighing.balanced(known, treated, np.zeros(len(treated), int))
    assert found is not None
    assert found.worst < 1e-9
    assert round(weighing.effect(found, outcome).value, 0) == 1273  # as R's ebal gives
