"""The lot's arithmetic, each figure held against a twin written out by hand."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongxin.compass.designs import holdout_numbers, randomised


def _made(rng, *, blocks=4, size=14, lift=0.0, come=0.6):
    block = np.repeat(np.arange(blocks), size)
    won = np.concatenate([rng.permutation(np.arange(size) < 5 + b % 3) for b in range(blocks)])
    trait = rng.normal(size=len(block))
    attended = won & (rng.random(len(block)) < come)
    outcome = 10 + block + trait + lift * attended + rng.normal(size=len(block))
    return block, won, attended, outcome, trait


def _mean(values):
    return sum(values) / len(values)


def _variance(values):
    centre = _mean(values)
    return sum((v - centre) ** 2 for v in values) / (len(values) - 1)


def _twin(block, won, outcome):
    """Neyman (1923) by blocks, in plain loops."""
    total, spread, n = 0.0, 0.0, len(block)
    for b in sorted(set(block.tolist())):
        ones = [float(y) for y, w, c in zip(outcome, won, block, strict=True) if c == b and w]
        zeros = [float(y) for y, w, c in zip(outcome, won, block, strict=True) if c == b and not w]
        share = (len(ones) + len(zeros)) / n
        total += share * (_mean(ones) - _mean(zeros))
        spread += share**2 * (_variance(ones) / len(ones) + _variance(zeros) / len(zeros))
    return total, math.sqrt(spread)


def test_difference_and_standard_error_are_neymans():
    block, won, _, outcome, _ = _made(np.random.default_rng(1))
    found = randomised.trial(block, won, np.arange(len(block)))
    effect = randomised.difference(found, outcome)
    value, se = _twin(block, won, outcome)
    assert effect.value == pytest.approx(value, abs=1e-12)
    assert randomised.standard_error(found, effect.influence) == pytest.approx(se, abs=1e-12)
    assert effect.level_won - effect.level_lost == pytest.approx(effect.value)


def test_one_block_is_hc2_of_a_regression():
    rng = np.random.default_rng(2)
    won = np.arange(30) < 11
    outcome = rng.normal(size=30) + won
    x = np.column_stack([np.ones(30), won])
    inverse = np.linalg.inv(x.T @ x)
    left = outcome - x @ inverse @ x.T @ outcome
    lever = np.einsum("ij,jk,ik->i", x, inverse, x)
    hc2 = inverse @ (x.T * (left**2 / (1 - lever))) @ x @ inverse
    found = randomised.trial(np.zeros(30, int), won, np.arange(30))
    effect = randomised.difference(found, outcome)
    assert randomised.standard_error(found, effect.influence) == pytest.approx(math.sqrt(hc2[1, 1]))


def test_a_block_without_two_in_either_arm_is_left_out():
    block = np.array([0, 0, 0, 0, 7, 7, 7])
    won = np.array([1, 1, 0, 0, 1, 0, 0], bool)
    found = randomised.trial(block, won, np.arange(7))
    assert found.rows.tolist() == [0, 1, 2, 3]
    assert found.weight.tolist() == [1.0]
    assert (found.arm(won=True), found.arm(won=False)) == (2, 2)
    assert randomised.trial(np.zeros(0, int), np.zeros(0, bool), np.zeros(0, int)).size == 0


def test_a_ratio_by_the_delta_method():
    """A twin by small changes of the means themselves."""
    rng = np.random.default_rng(3)
    won = np.arange(400) % 2 == 0
    orders = rng.poisson(4, 400).astype(float)
    spend = orders * rng.gamma(3, 10, 400) + 5 * won * orders
    found = randomised.trial(np.zeros(400, int), won, np.arange(400))
    effect = randomised.difference(found, spend, orders)
    value, spread = 0.0, 0.0
    for arm, sign in ((won, 1), (~won, -1)):
        a, b = spend[arm], orders[arm]
        ratio = a.mean() / b.mean()
        value += sign * ratio
        spread += np.var((a - ratio * b) / b.mean(), ddof=1) / arm.sum()
    assert effect.value == pytest.approx(value)
    assert randomised.standard_error(found, effect.influence) == pytest.approx(math.sqrt(spread))
    nobody = randomised.difference(found, spend, np.zeros(400))
    assert math.isnan(nobody.value)


def test_people_in_several_draws_are_added_up_first():
    block, won, _, outcome, _ = _made(np.random.default_rng(4), blocks=2)
    person = np.arange(len(block)) % (len(block) // 2)
    found = randomised.trial(block, won, person)
    effect = randomised.difference(found, outcome)
    by_hand = {}
    for who, share in zip(person.tolist(), effect.influence.tolist(), strict=True):
        by_hand[who] = by_hand.get(who, 0.0) + share
    groups = len(by_hand)
    expected = math.sqrt(groups / (groups - 1) * sum(v**2 for v in by_hand.values()))
    assert randomised.standard_error(found, effect.influence) == pytest.approx(expected)


def test_the_complier_effect_is_two_stage_least_squares():
    block, won, attended, outcome, _ = _made(np.random.default_rng(5), blocks=1, size=200, lift=3.0)
    won = np.arange(200) < 90
    attended = won & (np.random.default_rng(6).random(200) < 0.7)
    outcome = outcome + 3.0 * attended
    found = randomised.trial(block, won, np.arange(200))
    effect = randomised.difference(found, outcome)
    got = randomised.complier(found, effect, attended)
    # 2SLS with one instrument: cov(y, z) / cov(d, z), robust variance with the second-stage residual
    z, d = won - won.mean(), attended.astype(float)
    slope = (z @ outcome) / (z @ d)
    assert got.value == pytest.approx(slope)
    left = outcome - slope * d
    arms = [left[won], left[~won]]
    se = math.sqrt(sum(np.var(a, ddof=1) / len(a) for a in arms)) / abs(got.first_stage)
    assert got.se == pytest.approx(se)
    assert not got.weak


def test_a_lot_that_hardly_moves_attendance_gives_no_complier_effect():
    rng = np.random.default_rng(7)
    won = np.arange(60) % 2 == 0
    attended = rng.random(60) < 0.5
    found = randomised.trial(np.zeros(60, int), won, np.arange(60))
    got = randomised.complier(found, randomised.difference(found, rng.normal(size=60)), attended)
    assert got.weak
    assert math.isnan(got.value)
    every = randomised.complier(found, randomised.difference(found, rng.normal(size=60)), won)
    assert math.isinf(every.strength)
    none = randomised.complier(found, randomised.difference(found, rng.normal(size=60)), np.zeros(60))
    assert none.strength == 0.0


def test_the_randomisation_p_value_against_all_lots_there_are():
    outcome = np.array([3.0, 1.0, 4.0, 1.5, 5.5, 9.0, 2.0])
    won = np.array([0, 0, 1, 0, 1, 1, 0], bool)
    found = randomised.trial(np.zeros(7, int), won, np.arange(7))

    def student(chosen):
        ones, zeros = outcome[list(chosen)], np.delete(outcome, list(chosen))
        # plain population moments over n − 1, as the estimator has them
        spread = sum(a.var() / (len(a) - 1) for a in (ones, zeros))
        return abs(ones.mean() - zeros.mean()) / math.sqrt(spread)

    every = [student(lot) for lot in itertools.combinations(range(7), 3)]
    exact = sum(t >= student((2, 4, 5)) - 1e-12 for t in every) / len(every)
    got = randomised.permutation_p(found, outcome, np.random.default_rng(8), draws=4000)
    assert got == pytest.approx(exact, abs=0.015)
    assert math.isnan(randomised.permutation_p(found, outcome, np.random.default_rng(8), draws=0))
    assert math.isnan(randomised.permutation_p(found, outcome * np.nan, np.random.default_rng(8)))


def test_under_no_effect_the_p_value_is_uniform_enough():
    rng = np.random.default_rng(9)
    hits = 0
    for _ in range(200):
        block, won, _, outcome, _ = _made(rng)
        found = randomised.trial(block, won, np.arange(len(block)))
        hits += randomised.permutation_p(found, outcome, rng, draws=99) <= 0.05
    assert hits <= 20  # 99.9 % limit of Binomial(200, .05)


def test_what_was_known_before_takes_out_variance_and_no_effect():
    rng = np.random.default_rng(10)
    plain, helped, values = [], [], []
    for _ in range(150):
        block, won, attended, _, trait = _made(rng, size=40)
        outcome = 5 * trait + 2.0 * attended + rng.normal(size=len(block))
        before = 5 * trait + rng.normal(size=len(block))
        found = randomised.trial(block, won, np.arange(len(block)))
        raw = randomised.difference(found, outcome)
        adjusted, removed = randomised.cuped(found, raw, randomised.difference(found, before))
        assert 0 <= removed < 1
        plain.append(raw.value)
        helped.append(adjusted.value)
        values.append(randomised.standard_error(found, adjusted.influence))
    assert np.var(helped) < 0.25 * np.var(plain)
    assert np.mean(helped) == pytest.approx(1.2, abs=0.15)
    assert np.mean(values) == pytest.approx(np.std(helped), rel=0.25)  # the claimed error is the real one


def test_without_a_usable_before_nothing_is_adjusted():
    block, won, _, outcome, _ = _made(np.random.default_rng(11))
    found = randomised.trial(block, won, np.arange(len(block)))
    raw = randomised.difference(found, outcome)
    same, removed = randomised.cuped(found, raw, randomised.difference(found, np.ones(len(block))))
    assert (same, removed) == (raw, 0.0)


def test_a_fair_lot_passes_and_an_unfair_one_does_not():
    rng = np.random.default_rng(12)
    block, won, _, _, trait = _made(rng, size=60)
    found = randomised.trial(block, won, np.arange(len(block)))
    noise = rng.normal(size=(len(block), 2))
    assert randomised.fair(found, noise).p > 0.01
    bent = np.column_stack([noise, trait + 2 * won])
    got = randomised.fair(found, bent)
    assert got.p < 0.001
    assert abs(got.smd[2]) > 0.5
    assert randomised.fair(found, np.ones((len(block), 1))).p == 1.0


@given(st.integers(0, 2**31))
@settings(max_examples=25, deadline=None)
def test_the_order_of_rows_changes_nothing(seed):
    rng = np.random.default_rng(seed)
    block, won, _, outcome, _ = _made(rng)
    order = rng.permutation(len(block))
    one = randomised.trial(block, won, np.arange(len(block)))
    two = randomised.trial(block[order], won[order], np.arange(len(block)))
    a, b = randomised.difference(one, outcome), randomised.difference(two, outcome[order])
    assert a.value == pytest.approx(b.value, abs=1e-10)
    assert randomised.standard_error(one, a.influence) == pytest.approx(
        randomised.standard_error(two, b.influence), abs=1e-10
    )


def test_the_design_effect_of_groups():
    rng = np.random.default_rng(13)
    group = np.repeat(np.arange(60), 50)
    won = group % 2 == 0
    shared = rng.normal(size=60)[group] * math.sqrt(0.1)
    values = shared + rng.normal(size=3000) * math.sqrt(0.9) + won
    found = holdout_numbers.design_effect(values, group, won)
    assert found.correlation == pytest.approx(0.1, abs=0.04)
    assert found.factor == pytest.approx(1 + 49 * found.correlation)
    alone = holdout_numbers.design_effect(values, np.arange(3000), won)
    assert (alone.correlation, alone.size) == (0.0, 1.0)


def test_an_interval_that_may_be_looked_at_every_day_holds_at_every_look():
    """Fixed-horizon intervals are broken by peeking, the always-valid one is not."""
    rng = np.random.default_rng(14)
    looks = np.arange(50, 1001, 50)
    broken, runs = {"fixed": 0, "always": 0}, 300
    for _ in range(runs):
        values = rng.normal(size=1000)
        mean = np.cumsum(values)[looks - 1] / looks
        fixed = [holdout_numbers.fixed_reach(1 / math.sqrt(n), int(n), 0.95) for n in looks]
        always = [holdout_numbers.always_valid_reach(1 / math.sqrt(n), int(n), 1000, 0.95) for n in looks]
        broken["fixed"] += bool((np.abs(mean) > fixed).any())
        broken["always"] += bool((np.abs(mean) > always).any())
    assert broken["always"] <= 0.05 * runs
    assert broken["fixed"] > 0.12 * runs  # the control arm: what peeking costs


def test_a_split_that_is_not_as_planned_is_seen():
    assert holdout_numbers.split_p(9000, 1000, 0.1) == 1.0
    assert holdout_numbers.split_p(9200, 800, 0.1) < holdout_numbers.SRM_LEVEL
    assert holdout_numbers.split_p(0, 0, 0.1) == 1.0
