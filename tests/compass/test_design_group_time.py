"""Group-time effects: cells against members, formulas against loops, standard errors against repeated samples."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongxin.compass.designs import conditional, group_cells, group_influence, group_sums, group_time
from tongxin.compass.designs.group_cells import NEVER_TREATED
from tongxin.compass.errors import BadInput

PERIODS = np.arange(6)


def _panel(rng, n=240, *, effect=1.0, drift=0.0, early=0):
    """Three cohorts and the never-treated; the effect grows by a half a period."""
    known = rng.normal(size=n)
    first = np.array([2, 3, 4, NEVER_TREATED])[rng.integers(0, 4, n)]
    if drift:  # who enters early also grows faster: only the covariate can tell
        chance = 1 / (1 + np.exp(-known))
        first = np.where(rng.random(n) < chance, first, NEVER_TREATED)
    since = PERIODS[None, :] - first[:, None]
    lift = np.where(since >= -early, effect * (1 + 0.5 * np.maximum(since, 0)), 0.0)
    level = rng.normal(size=(n, 1)) * 3
    outcome = level + 0.3 * PERIODS + drift * known[:, None] * PERIODS + rng.normal(size=(n, 6)) + lift
    return outcome, first, known


def _twin(outcome, first, g, t, *, comparison="never", anticipation=0):
    """One ATT(g, t) in plain loops, from the paper."""
    base = t - 1 if t < g - anticipation else g - anticipation - 1
    treated = [i for i in range(len(first)) if first[i] == g]
    late = max(t, base) + anticipation
    held = [
        i
        for i in range(len(first))
        if first[i] == NEVER_TREATED or (comparison == "not_yet" and first[i] > late and first[i] != g)
    ]
    change = {i: outcome[i, t] - outcome[i, base] for i in treated + held}
    up = sum(change[i] for i in treated) / len(treated)
    usual = sum(change[i] for i in held) / len(held)
    n = len(first)
    spread = sum(((n / len(treated)) * (change[i] - up)) ** 2 for i in treated)
    spread += sum(((n / len(held)) * (change[i] - usual)) ** 2 for i in held)
    return up - usual, math.sqrt(spread) / n


@pytest.mark.parametrize("comparison", ["never", "not_yet"])
@pytest.mark.parametrize("anticipation", [0, 1])
def test_every_effect_by_hand(comparison, anticipation):
    outcome, first, _ = _panel(np.random.default_rng(1))
    found = group_time.from_cells(
        group_cells.cells_of(outcome, first, PERIODS), comparison=comparison, anticipation=anticipation
    )
    assert len(found.effect) == 3 * 5
    for g, t, effect, se in zip(found.group, found.period, found.effect, found.se, strict=True):
        value, error = _twin(outcome, first, g, t, comparison=comparison, anticipation=anticipation)
        assert effect == pytest.approx(value, abs=1e-10)
        assert se == pytest.approx(error, rel=1e-9)


@given(st.integers(0, 2**31), st.sampled_from(["never", "not_yet"]), st.sampled_from([None, 7]))
@settings(max_examples=15, deadline=None)
def test_cells_say_what_members_say(seed, comparison, clusters):
    """With no covariate but the constant the doubly robust path, kept member by member, must agree in everything."""
    rng = np.random.default_rng(seed)
    outcome, first, _ = _panel(rng, 120)
    cluster = None if clusters is None else rng.integers(0, clusters, 120)
    short = group_time.from_cells(
        group_cells.cells_of(outcome, first, PERIODS, cluster), comparison=comparison
    )
    long = group_time.given(
        outcome, first, PERIODS, np.zeros((120, 0)), comparison=comparison, cluster=cluster
    )
    assert np.allclose(short.effect, long.effect)
    assert np.allclose(short.influence.covariance(), long.influence.covariance())
    for make in group_sums.SUMS.values():
        a, b = make(short), make(long)
        assert a.overall == pytest.approx(b.overall)
        assert a.overall_se == pytest.approx(b.overall_se)
        assert np.allclose(a.covariance, b.covariance)


def test_sums_weigh_cohorts_by_their_size_and_know_that_sizes_are_estimated():
    """The influence of a sum, member by member, by leaving a share out: a numerical twin of the weight term."""
    outcome, first, _ = _panel(np.random.default_rng(2), 200)
    long = group_time.given(outcome, first, PERIODS, np.zeros((200, 0)))
    after = long.period >= long.group

    def simple(shares):
        weight = shares[long.place[after]]
        return float(weight @ long.effect[after] / weight.sum())

    groups = sorted(set(first.tolist()))
    place = np.searchsorted(groups, first)
    psi = np.zeros(200)
    step = 1e-6
    for k in range(len(groups)):
        bent = long.shares.copy()
        bent[k] += step
        slope = (simple(bent) - simple(long.shares)) / step
        psi += slope * ((place == k) - long.shares[k])
    weight = long.shares[long.place[after]] / long.shares[long.place[after]].sum()
    psi += long.influence.psi[:, after] @ weight
    found = group_sums.simple(long)
    assert found.overall == pytest.approx(simple(long.shares))
    assert found.overall_se == pytest.approx(math.sqrt((psi**2).sum()) / 200, rel=1e-5)


def test_the_path_by_hand():
    outcome, first, _ = _panel(np.random.default_rng(3))
    found = group_time.from_cells(group_cells.cells_of(outcome, first, PERIODS))
    path = group_sums.dynamic(found, (1, 2))
    size = {g: int((first == g).sum()) for g in (2, 3, 4)}
    for e, value in zip(path.label.tolist(), path.effect, strict=True):
        parts = [(size[g], _twin(outcome, first, g, g + e)[0]) for g in (2, 3, 4) if 1 <= g + e <= 5]
        assert value == pytest.approx(sum(n * v for n, v in parts) / sum(n for n, _ in parts))
    inside = [value for e, value in zip(path.label, path.effect, strict=True) if e in (1, 2)]
    assert path.overall == pytest.approx(np.mean(inside))
    by_cohort = group_sums.group(found)
    assert by_cohort.effect[2] == pytest.approx(np.mean([_twin(outcome, first, 4, t)[0] for t in (4, 5)]))
    assert group_sums.calendar(found).label.tolist() == [2, 3, 4, 5]


def test_a_longer_base_is_steadier_and_a_universal_one_is_zero_at_itself():
    outcome, first, _ = _panel(np.random.default_rng(4), 2000)
    cells = group_cells.cells_of(outcome, first, PERIODS)
    one, two = (group_sums.simple(group_time.from_cells(cells, span=span)) for span in (1, 2))
    assert two.overall_se < one.overall_se
    fixed = group_time.from_cells(cells, base="universal")
    assert not ((fixed.period == fixed.group - 1) & (fixed.group < 99)).any()
    third = fixed.effect[(fixed.group == 3) & (fixed.period == 0)][0]
    mean = [outcome[first == g].mean(axis=0) for g in (3, NEVER_TREATED)]
    assert third == pytest.approx((mean[0][0] - mean[0][2]) - (mean[1][0] - mean[1][2]))


def test_anticipation_moves_the_base_out_of_its_reach():
    """People who already shop differently a month before they enter bend the plain estimate, not the other."""
    rng = np.random.default_rng(5)
    plain, wary = [], []
    for _ in range(40):
        outcome, first, _ = _panel(rng, 600, early=1)
        cells = group_cells.cells_of(outcome, first, PERIODS)
        plain.append(group_sums.dynamic(group_time.from_cells(cells), (0, 0)).overall)
        wary.append(group_sums.dynamic(group_time.from_cells(cells, anticipation=1), (0, 0)).overall)
    assert np.mean(wary) == pytest.approx(1.0, abs=0.1)
    assert np.mean(plain) < 0.3


def _conditional_twin(change, d, x):
    """Doubly robust in the three lines of the paper, from other solvers."""
    from scipy.optimize import minimize

    def loss(b):
        z = x @ b
        return np.sum(np.logaddexp(0, z) - d * z)

    beta = minimize(loss, np.zeros(x.shape[1]), method="BFGS", options={"gtol": 1e-9}).x
    p = 1 / (1 + np.exp(-x @ beta))
    slope = np.linalg.lstsq(x[d == 0], change[d == 0], rcond=None)[0]
    odds = p * (1 - d) / (1 - p)
    left = change - x @ slope
    dr = (d @ left) / d.sum() - (odds @ left) / odds.sum()
    ipw = (d @ change) / d.sum() - (odds @ change) / odds.sum()
    return {"dr": dr, "ipw": ipw, "or": (d @ left) / d.sum()}


def test_the_three_estimators_given_covariates_by_hand():
    rng = np.random.default_rng(6)
    x = np.column_stack([np.ones(400), rng.normal(size=(400, 2))])
    d = (rng.random(400) < 1 / (1 + np.exp(1 - x[:, 1]))).astype(float)
    change = x @ [1.0, 2.0, -1.0] + d + rng.normal(size=400)
    twin = _conditional_twin(change, d, x)
    for code in conditional.ESTIMATORS:
        value, influence = conditional.two_by_two(change, d > 0, x, code)
        assert value == pytest.approx(twin[code], abs=1e-4), code
        assert influence.mean() == pytest.approx(0.0, abs=1e-9), code


@pytest.mark.parametrize("code", ["or", "ipw", "dr"])
def test_the_claimed_error_given_covariates_is_the_real_one(code):
    """Over repeated samples, with the terms of the estimated score and regression in it."""
    rng = np.random.default_rng(7)
    values, claims = [], []
    for _ in range(250):
        x = np.column_stack([np.ones(400), rng.normal(size=400)])
        d = (rng.random(400) < 1 / (1 + np.exp(0.5 - 0.8 * x[:, 1]))).astype(float)
        change = 2 * x[:, 1] + d + rng.normal(size=400)
        value, influence = conditional.two_by_two(change, d > 0, x, code)
        values.append(value)
        claims.append(math.sqrt((influence**2).sum()) / 400)
    assert np.mean(values) == pytest.approx(1.0, abs=0.05)
    assert np.mean(claims) == pytest.approx(np.std(values), rel=0.15)


def test_covariates_take_out_growth_that_follows_them():
    rng = np.random.default_rng(8)
    outcome, first, known = _panel(rng, 4000, drift=0.5)
    cells = group_cells.cells_of(outcome, first, PERIODS)
    blind = group_sums.dynamic(group_time.from_cells(cells), (0, 0))
    for estimator in ("or", "ipw", "dr"):
        seeing = group_sums.dynamic(
            group_time.given(outcome, first, PERIODS, known[:, None], estimator=estimator), (0, 0)
        )
        assert abs(seeing.overall - 1.0) < 3.5 * seeing.overall_se, estimator
    assert abs(blind.overall - 1.0) > 4 * blind.overall_se  # the control arm


def test_bands_hold_for_the_whole_path():
    covariance = np.diag([1.0, 4.0, 9.0])
    got = group_influence.band(covariance, level=0.95, draws=20000, rng=np.random.default_rng(9))
    assert got == pytest.approx(2.388, abs=0.03)  # Šidák for three independent figures
    same = group_influence.band(np.ones((3, 3)), level=0.95, draws=20000, rng=np.random.default_rng(9))
    assert same == pytest.approx(1.96, abs=0.03)
    none = group_influence.band(np.zeros((2, 2)), level=0.95, draws=99, rng=np.random.default_rng(9))
    assert math.isnan(none)


def test_clustered_errors_see_what_stores_share():
    rng = np.random.default_rng(10)
    outcome, first, _ = _panel(rng, 1200)
    store = rng.integers(0, 40, 1200)
    first = np.array([2, 3, 4, NEVER_TREATED])[store % 4]
    outcome = outcome + (rng.normal(size=(40, 6)) * 2)[store]
    alone = group_sums.simple(group_time.from_cells(group_cells.cells_of(outcome, first, PERIODS)))
    by_store = group_sums.simple(group_time.from_cells(group_cells.cells_of(outcome, first, PERIODS, store)))
    assert by_store.overall == alone.overall
    assert by_store.overall_se > 2 * alone.overall_se


def test_long_rows_in_any_order_give_the_same_panel():
    rng = np.random.default_rng(11)
    outcome, first, _ = _panel(rng, 30)
    for names in (np.arange(100, 130), np.sort(rng.choice(10**9, 30, replace=False))):
        order = rng.permutation(180)
        unit, period = np.repeat(names, 6)[order], np.tile(PERIODS, 30)[order]
        got = group_cells.wide(unit, period, outcome.ravel()[order], np.repeat(first, 6)[order])
        assert np.array_equal(got[0], outcome)
        assert np.array_equal(got[1], first)
        assert np.array_equal(got[2], PERIODS)


def test_what_cannot_be_computed_is_refused():
    rng = np.random.default_rng(12)
    outcome, first, known = _panel(rng, 60)
    with pytest.raises(BadInput, match="shape"):
        group_cells.cells_of(outcome, first[:-1], PERIODS)
    with pytest.raises(BadInput, match="missing"):
        group_cells.cells_of(np.where(outcome == outcome[0, 0], np.nan, outcome), first, PERIODS)
    with pytest.raises(BadInput, match="balanced"):
        group_cells.wide(np.array([1, 1, 2]), np.array([0, 1, 0]), np.zeros(3), np.array([1, 1, 1]))
    with pytest.raises(BadInput, match="changes"):
        group_cells.wide(np.array([1, 1]), np.array([0, 1]), np.zeros(2), np.array([1, 2]))
    with pytest.raises(BadInput, match="control group"):
        group_time.from_cells(group_cells.cells_of(outcome, np.full(60, 2), PERIODS))
    split = np.where(first == 3, 9.0, 0.0)[:, None]
    with pytest.raises(BadInput, match="cohort 2"):
        group_time.given(outcome, np.where(first == 3, 2, NEVER_TREATED), PERIODS, split)
    for code in conditional.ESTIMATORS:
        change, one = rng.normal(size=20), np.ones((20, 2))
        assert conditional.two_by_two(change, np.arange(20) < 9, one, code) is None
    del known


def test_members_treated_from_the_first_period_on_have_no_before():
    outcome, first, _ = _panel(np.random.default_rng(13), 100)
    bent = first.copy()
    bent[:10] = 0
    cells = group_cells.cells_of(outcome, bent, PERIODS)
    assert cells.size == 90
    assert len(group_time.given(outcome, bent, PERIODS, np.zeros((100, 0))).influence.psi) == 90
