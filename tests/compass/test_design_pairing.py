"""Neighbours found fast are the neighbours found by looking at everybody."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongxin.compass.designs import coarsening, codes, likeness, pair_effects, pairing, propensity, weighing
from tongxin.compass.errors import BadInput
from tongxin.compass.sentence import Words


def _made(rng, n=60, strata=3, coarse=4):
    treated = rng.random(n) < 0.3
    score = rng.integers(0, coarse * 5, n) / coarse  # many ties
    return score, treated, rng.integers(0, strata, n)


def _twin_by_score(score, treated, stratum, *, replace, caliper=math.inf):
    """Highest score first; look at every control; of equals the first."""
    free = set(np.flatnonzero(~treated).tolist())
    out = {}
    queue = sorted(np.flatnonzero(treated).tolist(), key=lambda i: (stratum[i], -score[i], i))
    for i in queue:
        best = min(
            ((abs(score[i] - score[j]), j) for j in free if stratum[j] == stratum[i]), default=(math.inf, -1)
        )
        if best[1] >= 0 and best[0] <= caliper:
            out[i] = best[1]
            if not replace:
                free.discard(best[1])
    return out


@given(st.integers(0, 2**31), st.booleans(), st.sampled_from([math.inf, 0.3]))
@settings(max_examples=60, deadline=None)
def test_by_score_is_the_plain_search(seed, replace, caliper):
    score, treated, stratum = _made(np.random.default_rng(seed))
    found = pairing.by_score(score, treated, stratum, replace=replace, caliper=caliper)
    twin = _twin_by_score(score, treated, stratum, replace=replace, caliper=caliper)
    assert dict(zip(found.treated.tolist(), found.control.tolist(), strict=True)) == twin
    assert found.unmatched == int(treated.sum()) - len(twin)
    if not replace:
        assert len(set(found.control.tolist())) == len(found.control)


@given(st.integers(0, 2**31), st.booleans())
@settings(max_examples=30, deadline=None)
def test_by_distance_is_the_plain_search(seed, replace):
    rng = np.random.default_rng(seed)
    _, treated, stratum = _made(rng)
    space = rng.integers(0, 4, (60, 2)).astype(float)
    found = pairing.by_distance(space, treated, stratum, replace=replace)
    free, twin = set(np.flatnonzero(~treated).tolist()), {}
    for i in np.flatnonzero(treated).tolist():
        near = [
            (round(float(((space[i] - space[j]) ** 2).sum()), 9), j) for j in free if stratum[j] == stratum[i]
        ]
        if near:
            twin[i] = min(near)[1]
            if not replace:
                free.discard(twin[i])
    assert dict(zip(found.treated.tolist(), found.control.tolist(), strict=True)) == twin


def test_a_caliper_in_space_leaves_the_far_ones_out():
    space = np.array([[0.0], [10.0], [0.1], [3.0]])
    treated = np.array([True, True, False, False])
    for replace in (True, False):
        found = pairing.by_distance(space, treated, np.zeros(4, int), replace=replace, caliper=1.0)
        assert (found.treated.tolist(), found.control.tolist(), found.unmatched) == ([0], [2], 1)


def test_many_treated_for_few_controls_look_further_each_time():
    rng = np.random.default_rng(3)
    space = rng.normal(size=(80, 2))
    treated = np.arange(80) < 45
    found = pairing.by_distance(space, treated, np.zeros(80, int), replace=False)
    assert len(found.treated) == 35
    assert len(set(found.control.tolist())) == 35


def test_the_lower_neighbour_rule():
    score = np.array([5.0, 5.0, 1.0, 4.0, 5.5, 5.0])
    treated = np.array([True, True, True, False, False, False])
    one = np.zeros(6, int)
    found = pairing.by_score(score, treated, one, replace=False, side="below")
    # the first takes 4.0 though 5.0 is there (equal, but of a later row), the second what is left above
    assert dict(zip(found.treated.tolist(), found.control.tolist(), strict=True)) == {0: 3, 1: 5, 2: 4}
    again = pairing.by_score(score, treated, one, replace=True, side="below")
    assert again.control.tolist() == [3, 3, 3]
    few = pairing.by_score(score[:4], treated[:4], one[:4], replace=False, side="below")
    assert (len(few.treated), few.unmatched) == (1, 2)


def test_whitened_space_has_mahalanobis_distances():
    rng = np.random.default_rng(4)
    known = rng.normal(size=(200, 3)) @ np.array([[2, 0.5, 0], [0, 1, 0.3], [0, 0, 5]])
    known = np.column_stack([known, known[:, 0]])  # a repeated covariate counts once
    treated = rng.random(200) < 0.4
    pooled = (
        sum(
            (len(part) - 1) * np.cov(part, rowvar=False)
            for part in (known[treated][:, :3], known[~treated][:, :3])
        )
        / 198
    )
    space = pairing.whitened(known, treated)
    gap = known[0, :3] - known[1, :3]
    assert ((space[0] - space[1]) ** 2).sum() == pytest.approx(gap @ np.linalg.inv(pooled) @ gap, rel=1e-6)


def test_abadie_imbens_by_hand():
    """Theorem 7 of Abadie & Imbens (2006) with J = 1, written out."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(40, 1))
    treated = np.arange(40) < 18
    stratum = rng.integers(0, 2, 40)
    outcome = 2 * x[:, 0] + treated + rng.normal(size=40)
    pairs = pairing.by_distance(x, treated, stratum)
    found = pair_effects.effect(pairs, outcome, treated, x)
    n = len(pairs.treated)
    gaps = [outcome[i] - outcome[j] for i, j in zip(pairs.treated, pairs.control, strict=True)]
    value = sum(gaps) / n
    spread = sum((g - value) ** 2 for g in gaps) * n / (n - 1)
    for j in set(pairs.control.tolist()):
        k = pairs.control.tolist().count(j)
        others = [i for i in range(40) if not treated[i] and stratum[i] == stratum[j] and i != j]
        near = min(others, key=lambda i: abs(x[i, 0] - x[j, 0]))
        spread += k * (k - 1) * (outcome[j] - outcome[near]) ** 2 / 2
    assert found.value == pytest.approx(value)
    assert found.se == pytest.approx(math.sqrt(spread) / n)


def test_bias_correction_takes_out_what_is_left_between_pairs():
    rng = np.random.default_rng(6)
    x = np.concatenate([rng.normal(0.6, 1, 300), rng.normal(0, 1, 400)])[:, None]
    treated = np.arange(700) < 300
    outcome = 4 * x[:, 0] + 1.0 * treated + rng.normal(0, 0.1, 700)
    one = np.zeros(700, int)
    pairs = pairing.by_distance(x, treated, one, replace=False)
    raw = pair_effects.effect(pairs, outcome, treated, x)
    better = pair_effects.effect(pairs, outcome, treated, x, corrected_by=x)
    assert abs(better.value - 1.0) < 0.1 < abs(raw.value - 1.0)


def test_no_pairs_no_number():
    nobody = pairing.by_score(np.zeros(3), np.array([True, True, False]), np.array([0, 0, 1]))
    assert nobody.unmatched == 2
    found = pair_effects.effect(nobody, np.zeros(3), np.zeros(3, bool), np.zeros((3, 1)))
    assert math.isnan(found.value)


def test_a_control_alone_in_its_stratum_borrows_the_variance_of_all():
    x = np.array([[0.0], [0.1], [0.05], [5.0], [6.0]])
    treated = np.array([True, True, False, False, False])
    stratum = np.array([0, 0, 0, 1, 1])
    outcome = np.array([1.0, 2.0, 0.0, 3.0, 9.0])
    pairs = pairing.by_distance(x, treated, stratum)
    found = pair_effects.effect(pairs, outcome, treated, x)
    expected = (0.5 * 2 / 1 + 2 * np.var([0.0, 3.0, 9.0], ddof=1)) ** 0.5 / 2
    assert found.se == pytest.approx(expected)


def test_the_caliper_of_austin():
    score, treated = np.array([0.0, 2.0, 0.0, 4.0]), np.array([True, True, False, False])
    assert pairing.caliper_of(score, treated) == pytest.approx(0.2 * math.sqrt((2 + 8) / 2))


def test_the_propensity_score_solves_its_equations():
    rng = np.random.default_rng(7)
    x = rng.normal(size=(3000, 3)) * [1, 20, 0.1] + [0, 100, 5]
    treated = rng.random(3000) < 1 / (1 + np.exp(-(x[:, 0] - 1)))
    score = propensity.linear_score(x, treated)
    gap = treated - 1 / (1 + np.exp(-score))
    assert abs(gap.sum()) < 1e-6
    assert np.abs(x.T @ gap).max() < 1e-3
    with pytest.raises(BadInput, match="separate"):
        propensity.linear_score(x[:, :1], x[:, 0] > 0)
    with pytest.raises(BadInput):
        propensity.linear_score(np.ones((50, 1)), rng.random(50) < 0.5)
    with pytest.raises(BadInput):
        propensity.linear_score(np.column_stack([x[:, 0], x[:, 0]]), treated)
    with pytest.raises(BadInput):
        propensity.linear_score(x, np.ones(3000, bool))


def test_a_large_table_starts_thin_and_ends_where_the_whole_one_does():
    rng = np.random.default_rng(17)
    x = rng.normal(size=(210_000, 2)).astype(np.float32)
    treated = rng.random(len(x)) < 1 / (1 + np.exp(3.5 - x[:, 0]))
    score = propensity.linear_score(x, treated)
    whole = np.column_stack([np.ones(len(x)), x.astype(float)])
    assert np.abs(score - whole @ propensity.fit(whole, treated)).max() < 1e-9


def test_codes_are_numbered_and_ordered_alike_however_far_apart():
    near, far = np.array([5, 3, 5, 9]), np.array([5, 3, 5, 10**12])
    for code in (near, far):
        place, count = codes.compact(code)
        assert place.tolist() == [1, 0, 1, 2]
        assert count == 3
        assert codes.order_of(place, count).tolist() == [1, 0, 2, 3]
    assert codes.compact(np.zeros(0, int))[1] == 0
    assert codes.order_by_value(np.array([2.0, 1.0, 2.0, 1.0])).tolist() == [1, 3, 0, 2]


@given(st.integers(0, 2**31))
@settings(max_examples=25, deadline=None)
def test_coarsened_cells_by_hand(seed):
    rng = np.random.default_rng(seed)
    known = rng.gamma(2, 10, (80, 2))
    treated = rng.random(80) < 0.4
    if not treated.any() or treated.all():
        return
    columns = [coarsening.bins(c, 3) for c in known.T]
    found = coarsening.match_cells(coarsening.crossed(columns), treated)
    cells = {}
    for i in range(80):
        key = []
        for c in known.T:
            width = (c.max() - c.min()) / 3
            key.append(sum(c[i] >= c.min() + step * width for step in (1, 2)))
        cells.setdefault(tuple(key), []).append(i)
    value, count = 0.0, 0
    for members in cells.values():
        ones, zeros = [i for i in members if treated[i]], [i for i in members if not treated[i]]
        both = bool(ones and zeros)
        assert all((found.cell[i] >= 0) == both for i in members)
        for j in zeros:
            assert found.weight[j] == pytest.approx(len(ones) / len(zeros) if both else 0.0)
    outcome = rng.normal(size=80)
    for members in cells.values():
        ones, zeros = [i for i in members if treated[i]], [i for i in members if not treated[i]]
        if ones and zeros:
            value += sum(outcome[i] for i in ones) - len(ones) * sum(outcome[i] for i in zeros) / len(zeros)
            count += len(ones)
    got = coarsening.effect(found, outcome, treated)
    if count:
        assert got.value == pytest.approx(value / count)
        assert got.treated == count
    else:
        assert math.isnan(got.value)


def test_bins_and_codes_at_the_edges():
    assert coarsening.bins(np.full(5, 3.0)).tolist() == [0] * 5
    fine = coarsening.bins(np.arange(100.0), 10)
    assert fine.tolist() == [i // 10 if i < 99 else 9 for i in range(100)] or fine.max() == 9
    wide = [np.array([0, 2**40, 0]), np.array([0, 2**40, 0]), np.array([5, 5, 5])]
    code = coarsening.crossed(wide)
    assert code[0] == code[2] != code[1]
    none = coarsening.match_cells(np.array([1, 2]), np.array([False, False]))
    assert none.cells == 0
    assert none.weight.tolist() == [0.0, 0.0]


def test_balancing_keeps_strata_and_equals_means():
    rng = np.random.default_rng(8)
    stratum = rng.integers(0, 5, 900)
    treated = rng.random(900) < 0.25
    known = rng.normal(size=(900, 2)) + 0.5 * treated[:, None]
    found = weighing.balanced(known, treated, stratum)
    arm = treated[found.rows]
    assert found.worst < 1e-8
    for code in range(5):
        here = stratum[found.rows] == code
        assert found.weight[here & arm].sum() == pytest.approx(found.weight[here & ~arm].sum())
    outcome = known @ [2.0, -1.0] + 3.0 * treated + rng.normal(size=900)
    got = weighing.effect(found, outcome)
    assert got.value == pytest.approx(3.0, abs=4 * got.se)
    # the interval is that of the regression: with the outcome an exact function of the covariates nothing is left
    exact = weighing.effect(found, known @ [2.0, -1.0])
    assert exact.value == pytest.approx(0.0, abs=1e-7)
    assert exact.se == pytest.approx(0.0, abs=1e-7)


def test_balancing_refuses_groups_that_do_not_overlap():
    known = np.array([[0.0], [0.1], [9.0], [9.1]])
    treated = np.array([False, False, True, True])
    assert weighing.balanced(known, treated, np.zeros(4, int)) is None
    assert weighing.balanced(known, treated, np.arange(4)) is None


def test_the_standard_errors_are_the_real_ones():
    """Spread over repeated samples against the claimed standard error, each estimator."""
    rng = np.random.default_rng(9)
    values, claims = {"pairs": [], "cells": [], "weights": []}, {"pairs": [], "cells": [], "weights": []}
    for _ in range(120):
        known = rng.normal(size=(800, 2))
        treated = rng.random(800) < 1 / (1 + np.exp(2 - known[:, 0]))
        outcome = known.sum(axis=1) * 0.3 + 1.0 * treated + rng.normal(size=800)
        one = np.zeros(800, int)
        space = pairing.whitened(known, treated)
        pairs = pairing.by_distance(space, treated, one)
        cells = coarsening.match_cells(coarsening.crossed([coarsening.bins(c, 6) for c in known.T]), treated)
        found = {
            "pairs": pair_effects.effect(pairs, outcome, treated, space),
            "cells": coarsening.effect(cells, outcome, treated),
            "weights": weighing.effect(weighing.balanced(known, treated, one), outcome),
        }
        for code, got in found.items():
            values[code].append(got.value)
            claims[code].append(got.se)
    for code, seen in values.items():
        assert np.mean(seen) == pytest.approx(1.0, abs=0.06), code
        assert np.mean(claims[code]) == pytest.approx(np.std(seen), rel=0.25), code


TRAITS = (
    likeness.Trait("spend", Words("月消费额", "spend a month"), Words("元", "yuan")),
    likeness.Trait("visits", Words("到店次数", "visits"), Words("次", ""), 1),
)


def test_five_twins_in_words():
    known = np.array(
        [[100.0, 4.0], [100.0, 4.0], [180.0, 4.0], [100.0, 2.0], [95.0, 4.1], [400.0, 9.0], [100.0, 4.0]]
    )
    stratum = np.array([0, 0, 0, 0, 0, 0, 1])
    candidate = np.array([True, True, True, True, True, True, True])
    found = likeness.twins(known, TRAITS, stratum, candidate, 0)
    assert [twin.row for twin in found] == [1, 4, 2, 3, 5]
    assert found[0].distance == 0.0
    assert found[0].differs == Words("几乎一样", "almost the same")
    assert found[2].differs.zh == "月消费额多 80 元"
    assert found[4].differs.en == "300 yuan more spend a month, 5.0 more visits"
    assert [twin.distance for twin in found] == sorted(twin.distance for twin in found)
    assert likeness.twins(known, TRAITS, stratum, np.arange(7) == 6, 6) == ()
