"""Entropy balancing, inference, strata, season classes, stability: each against something independent."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_panels import made, simulated
from scipy import stats
from scipy.optimize import minimize

from tongxin.compass import entropy, inference, strata, window
from tongxin.compass.checks import no_show, placebo, stability
from tongxin.compass.design import Design
from tongxin.compass.kpis import KPIS
from tongxin.compass.match import Match
from tongxin.compass.periods import Calendar

SPEND = KPIS["spend_per_month"]


def test_entropy_weights_against_a_general_optimiser():
    """Twin: the dual of Hainmueller (2012) minimised by BFGS, strata as dummies."""
    rng = np.random.default_rng(0)
    x, cell = rng.normal(size=(60, 2)), np.repeat([0, 1, 2], 20)
    base = np.full(60, 1 / 60)
    target = np.array([0.2, -0.1])
    features = np.c_[x, np.eye(3)[cell]]
    goal = np.r_[target, np.full(3, 1 / 3)]
    best = minimize(
        lambda z: np.log(1) + (base * np.exp(features @ z)).sum() - z @ goal,
        np.zeros(5),
        method="BFGS",
        tol=1e-12,
    )
    twin = base * np.exp(features @ best.x)
    found = entropy.balance(base, x, cell, target)
    assert found == pytest.approx(twin, abs=2e-6)  # the optimiser's own tolerance


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 4))
def test_balanced_weights_meet_their_target_and_keep_each_cell(seed, cells):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(80, 2)) * [1, 100]
    cell = np.sort(rng.integers(0, cells, size=80))
    _, cell = np.unique(cell, return_inverse=True)
    base = rng.random(80)
    goal = rng.dirichlet(np.ones(80) * 5) @ x * base.sum()
    found = entropy.balance(base, x, cell, goal)
    if found is not None:
        assert found @ x == pytest.approx(goal, rel=1e-5, abs=1e-5)
        assert np.bincount(cell, weights=found) == pytest.approx(np.bincount(cell, weights=base))
        assert (found >= 0).all()


def test_a_target_outside_the_data_cannot_be_balanced():
    x = np.array([[0.0], [1.0], [2.0]])
    assert entropy.balance(np.ones(3) / 3, x, np.zeros(3, int), np.array([5.0])) is None


def test_d_balances_the_early_window_and_nothing_else():
    opened = simulated(np.random.default_rng(4)).window(3)
    rows = opened.matches["split_window"]
    early = rows.covariates[:, -2:]  # after the standing covariates
    gap = rows.weight[rows.treated] @ early[rows.treated] - rows.weight[~rows.treated] @ early[~rows.treated]
    assert gap == pytest.approx([0, 0], abs=1e-6)
    base = opened.matches["never_joiners"]
    early_b = (
        base.weight[base.treated] @ early[base.treated] - base.weight[~base.treated] @ early[~base.treated]
    )
    assert abs(early_b[0]) > 10  # control arm: without balancing they differ


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(1e-6, 1), min_size=1, max_size=12))
def test_holm_against_its_definition(p_values):
    """Twin: the adjusted p of hypothesis i is the smallest level at which the step-down procedure rejects it."""
    found = inference.holm(p_values)
    order = np.argsort(p_values, kind="stable")
    running = 0.0
    for rank, i in enumerate(order):
        running = max(running, min(1.0, p_values[i] * (len(p_values) - rank)))
        assert found[i] == pytest.approx(running)


def test_holm_published():
    """R's documentation of p.adjust: five p-values from .01 to .05."""
    assert inference.holm([0.01, 0.02, 0.03, 0.04, 0.05]) == pytest.approx([0.05, 0.08, 0.09, 0.09, 0.09])


def rows_of(members):
    n = len(members)
    zero = np.zeros(n, dtype=np.int64)
    return Match(
        "x", np.asarray(members), zero, zero == 1, zero, np.full(n, 1 / n), np.zeros(1, dtype=int), 0
    )


def test_stores_as_clusters_from_thirty_on_members_below():
    rng = np.random.default_rng(1)
    many = inference.clusters_for(
        np.repeat(np.arange(30), 10), np.arange(300), "store", draws=999, seed=1, level=0.95
    )
    few = inference.clusters_for(
        np.repeat(np.arange(29), 10), np.arange(290), "store", draws=999, seed=1, level=0.95
    )
    asked = inference.clusters_for(
        np.repeat(np.arange(30), 10), np.arange(300), "member", draws=999, seed=1, level=0.95
    )
    assert (many.by, few.by, asked.by) == ("store", "member", "member")
    influence = rng.normal(size=300)
    found = many.estimate(rows_of(np.arange(300)), 0.0, influence)
    sums = influence.reshape(30, 10).sum(axis=1)
    by_store, by_member = np.sqrt(30 / 29 * (sums**2).sum()), np.sqrt(300 / 299 * (influence**2).sum())
    half = found.ci[1] / found.se
    assert stats.t.ppf(0.975, 29) <= half < 2.4  # never below Student's t; bootstrap noise of 999 draws above
    assert found.ci[1] == pytest.approx(max(half * by_store, stats.t.ppf(0.975, 299) * by_member))


def test_few_stores_that_move_together_widen_the_interval():
    store = np.repeat(np.arange(8), 50)
    clusters = inference.clusters_for(store, np.arange(400), "store", draws=999, seed=1, level=0.95)
    shared = np.random.default_rng(2).normal(size=8)[store] + np.random.default_rng(3).normal(size=400)
    together = clusters.estimate(rows_of(np.arange(400)), 0.0, shared)
    alone = dataclasses.replace(clusters, stores=1).estimate(rows_of(np.arange(400)), 0.0, shared)
    assert together.se > 2 * alone.se


def test_what_is_not_a_number_gets_an_endless_interval():
    clusters = inference.clusters_for(
        np.zeros(3, dtype=int), np.arange(3), "store", draws=99, seed=1, level=0.95
    )
    found = clusters.estimate(rows_of(np.arange(3)), float("nan"), np.zeros(3))
    assert found.ci == (float("-inf"), float("inf"))
    assert not found.excludes_zero


def test_joint_test_has_power_and_size():
    rng = np.random.default_rng(5)
    clusters = inference.clusters_for(np.arange(200), np.arange(200), "store", draws=999, seed=1, level=0.95)
    rows = rows_of(np.arange(200))
    influences = [rng.normal(size=200) / 200 for _ in range(4)]
    assert clusters.joint_p(rows, [0.0] * 4, influences) > 0.5
    assert clusters.joint_p(rows, [0.0, 0.5, 0.0, 0.0], influences) < 0.01
    assert np.isnan(clusters.joint_p(rows, [], []))


def test_leave_one_store_out_against_really_leaving_it_out():
    world = simulated(np.random.default_rng(6), members=1500, stores=5)
    world = dataclasses.replace(world, design=dataclasses.replace(world.design, min_controls=1, min_cohort=1))
    opened = world.window(3)
    rows = opened.matches["never_joiners"]
    found = stability.leave_one_store_out(opened.frame, rows, SPEND)
    effects = []
    for shop in range(5):
        people = dataclasses.replace(world.population, usable=world.population.store != shop)
        without = dataclasses.replace(world, population=people).window(3)
        effects.append(window.read(without, "never_joiners", SPEND).contrast.effect)
    assert found.low == pytest.approx(min(effects))
    assert found.high == pytest.approx(max(effects))
    assert stability.leave_one_store_out(opened.frame, rows, KPIS["basket_value"]) is None


def test_strata_take_the_finest_rung_that_holds_enough_controls():
    store = np.array([0] * 8 + [1] * 4 + [2] * 3)
    entry = np.full(15, -1)
    entry[[0, 8, 12]] = 14
    world = made(
        np.full((15, 24), 9000),
        entry,
        store=store,
        place=np.where(store < 2, 0, 1),
        design=Design(min_cohort=1),
    )
    rows = world.window(3).matches["never_joiners"]
    rung = dict(
        zip(rows.member[rows.treated].tolist(), rows.rung[rows.cell[rows.treated]].tolist(), strict=True)
    )
    assert rung == {0: 0, 8: 1, 12: 2}  # own store holds 7, cluster 10, chain 12
    assert rows.weight[rows.treated].sum() == pytest.approx(1)
    assert rows.weight[~rows.treated].sum() == pytest.approx(1)


def test_season_classes_look_only_at_the_year_before_the_baseline():
    calendar = Calendar("month", 2022 * 12 + 1, 48)
    rng = np.random.default_rng(7)
    spend = rng.integers(5000, 20000, size=(40, 48))
    world = made(spend, np.full(40, -1), calendar=calendar)
    classes = strata.season_class(world.panel, world.population, world.design, 30)
    spend[:, 18:] = rng.integers(0, 99999, size=(40, 30))  # baseline, donut and after
    again = made(spend, np.full(40, -1), calendar=calendar)
    assert (strata.season_class(again.panel, again.population, again.design, 30) == classes).all()
    assert set(classes) <= {1, 2, 3, 4}
    assert (strata.season_class(world.panel, world.population, world.design, 20) == 0).all()
    assert strata.season_known(world.panel, world.design)


def test_tenure_bands_and_paid_status_are_as_of_entry():
    since = np.array([0, 200, 500, 1000, 3000])
    start = Calendar("month", 2024 * 12 + 1, 24).start_day(12)
    world = made(
        np.ones((5, 24)), np.full(5, -1), since=start - since, paid=np.array([1, 0, 0, 0, 0], dtype=bool)
    )
    assert strata.tenure_band(world.panel, world.population, world.design, 12).tolist() == [0, 0, 1, 2, 3]
    assert strata.paid_status(world.panel, world.population, world.design, 12).tolist() == [1, 0, 0, 0, 0]
    unknown = dataclasses.replace(world.population, tenure_known=False)
    assert set(strata.tenure_band(world.panel, unknown, world.design, 12)) == {0}


def test_no_shows_stand_in_as_pretended_participants():
    rng = np.random.default_rng(9)
    n = 2000
    spend = np.maximum(0, rng.normal(12000, 2000, size=(n, 24))).astype(int)
    pretend = np.where(rng.random(n) < 0.3, rng.integers(12, 20, size=n), -1)
    seen, found = no_show.test(made(spend, np.full(n, -1), no_show=pretend).window(3).frame, SPEND)
    assert seen > 200
    assert not found.excludes_zero
    after = (pretend[:, None] >= 0) & (np.arange(24) > pretend[:, None])
    _, moved = no_show.test(
        made(spend + after * 3000, np.full(n, -1), no_show=pretend).window(3).frame, SPEND
    )
    assert moved.excludes_zero
    assert no_show.test(made(spend, np.full(n, -1)).window(3).frame, SPEND) == (0, None)


@pytest.mark.parametrize(
    ("design", "expected"),
    [
        (Design(), ((-12, -9), -6, (-5, -3))),
        (
            Design(period="four_weeks", baseline=(-5, -2), early=(-5, -4), donut=1, windows=(3,)),
            ((-5, -5), -3, (-2, -2)),
        ),
        (Design(baseline=(-4, -3), early=(-4, -4)), None),
    ],
)
def test_placebo_ranges_lie_inside_the_baseline(design, expected):
    cut = placebo.ranges(design)
    assert (cut and (cut.baseline, cut.entry, cut.window)) == expected
