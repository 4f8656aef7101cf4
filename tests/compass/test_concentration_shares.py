"""Concentration: the published figures, twins, and worlds in which "10 % bring 70 %" is true, false or open."""

import math
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongxin.compass import concentration
from tongxin.compass.concentration import Increment
from tongxin.compass.errors import BadInput
from tongxin.compass.inequality import Curve, Ranking, lorenz, palma

CDNOW = Path(__file__).parents[1] / "published" / "cdnow.parquet"
VALUES = st.lists(st.integers(0, 1000), min_size=1, max_size=40).map(np.array)


def rng(seed=1):
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def cdnow():
    """Spend of 23,570 customers in the first and in the second 273 days."""
    table = pq.read_table(CDNOW)
    who, cents = table["customer"].to_numpy(), table["cents"].to_numpy().astype(np.int64)
    early = table["date"].to_numpy().astype("datetime64[D]") < np.datetime64("1997-01-01") + 273
    size = who.max() + 1
    halves = [np.bincount(who[part], weights=cents[part], minlength=size)[1:] for part in (early, ~early)]
    return halves[0], halves[1]


def test_cdnow_as_published(cdnow):
    before, after = cdnow
    whole = concentration.measure("revenue", before + after, before + after, rng(), draws=200)
    assert round(whole.ex_post.value, 3) == 0.509
    assert whole.ex_post.ci == pytest.approx((0.498, 0.521), abs=0.004)
    assert round(whole.gini.value, 3) == 0.635
    second = concentration.measure("revenue", before, after, rng(), draws=200)
    assert round(second.ex_post.value, 3) == 0.763
    assert round(second.ex_ante.value, 3) == 0.498
    assert second.verdict == "not_supported"
    assert second.placebo_holds
    assert abs(second.placebo[0] - 0.10) < 0.01
    assert second.palma is None  # more than 40 % bought nothing
    assert "不成立" in second.words.zh


def twin_top_share(rank_by, value, top):
    """Walk down the ranks; a group of equals is taken in part, everybody in it alike."""
    places, got = top * len(value), 0.0
    for rank in sorted(set(rank_by), reverse=True):
        inside = [v for r, v in zip(rank_by, value, strict=True) if r == rank]
        take = min(len(inside), max(0.0, places))
        got += sum(inside) * take / len(inside)
        places -= take
    return got / sum(value)


def twin_gini(value):
    """Mean absolute difference over twice the mean."""
    n, mean = len(value), sum(value) / len(value)
    return sum(abs(a - b) for a in value for b in value) / (2 * n * n * mean)


@given(VALUES.filter(lambda v: v.sum() > 0), st.sampled_from([0.05, 0.1, 0.33, 0.5]), st.integers(0, 99))
def test_figures_against_twins(value, top, seed):
    rank_by = np.random.default_rng(seed).integers(0, 5, len(value))
    ranked = Ranking.of(rank_by).top_share(value, top)
    assert ranked == pytest.approx(twin_top_share(rank_by.tolist(), value.tolist(), top))
    assert Curve.of(value).gini() == pytest.approx(twin_gini(value.tolist()))
    order = sorted(value.tolist(), reverse=True)
    fewest = next(k for k in range(1, len(order) + 1) if sum(order[:k]) * 2 >= sum(order))
    assert Curve.of(value).absence() == fewest


@given(VALUES.filter(lambda v: v.sum() > 0), st.integers(0, 99))
def test_counts_are_copies(value, seed):
    counts = np.random.default_rng(seed).integers(0, 4, len(value)).astype(float)
    copies = np.repeat(value, counts.astype(int))
    if not copies.sum():
        assert math.isnan(Curve.of(value).gini(counts))
        assert Curve.of(value).absence(counts) == 0
        assert math.isnan(Ranking.of(value).top_share(value, 0.1, counts))
        return
    assert Curve.of(value).gini(counts) == pytest.approx(Curve.of(copies).gini())
    assert Curve.of(value).absence(counts) == Curve.of(copies).absence()
    assert Ranking.of(value).top_share(value, 0.1, counts) == pytest.approx(
        Ranking.of(copies).top_share(copies, 0.1)
    )


@given(VALUES.filter(lambda v: v.sum() > 0))
def test_the_lorenz_curve_is_one(value):
    curve = lorenz(value)
    assert curve[0].tolist() == [0, 0]
    assert curve[-1] == pytest.approx([1, 1])
    assert (np.diff(curve[:, 1]) >= -1e-12).all()
    assert (curve[:, 1] <= curve[:, 0] + 1e-12).all()
    area = np.trapezoid(curve[:, 1], curve[:, 0])
    assert 1 - 2 * area == pytest.approx(Curve.of(value).gini(), abs=0.03)


def test_nothing_at_all():
    found = concentration.measure("output", np.zeros(5), np.zeros(5), rng(), draws=20)
    assert found.verdict == "cannot_be_said"
    assert found.ex_ante.reason.code == found.gini.reason.code == "C2"
    assert (found.absence, found.palma) == (0, None)
    assert not found.placebo_holds
    assert lorenz(np.zeros(3))[-1].tolist() == [1, 1]
    assert "分母" in found.words.zh


@settings(max_examples=10, deadline=None)
@given(st.permutations(range(30)))
def test_row_order_cannot_reach_the_answer(order):
    before, after = rng(3).integers(0, 9, 30), rng(4).integers(0, 9, 30)
    first = concentration.measure("x", before, after, rng(), draws=30)
    again = concentration.measure("x", before[list(order)], after[list(order)], rng(), draws=30)
    assert (again.ex_ante, again.gini, again.placebo, again.absence_ci) == (
        first.ex_ante, first.gini, first.placebo, first.absence_ci,
    )  # fmt: skip


def world(members, heavy, seed):
    """A tenth of the members buy `heavy` times as much as the others, in both periods."""
    draw = np.random.default_rng(seed)
    rate = np.where(np.arange(members) < members // 10, heavy, 1.0) * 5
    return draw.poisson(rate), draw.poisson(rate)


@pytest.mark.parametrize(("heavy", "verdict"), [(60, "supported"), (4, "not_supported")])
def test_the_claim_is_answered(heavy, verdict):
    before, after = world(3000, heavy, 5)
    assert concentration.measure("x", before, after, rng(), draws=200).verdict == verdict


def test_few_members_leave_it_open():
    draw = np.random.default_rng(2)
    value = draw.pareto(0.9, 40)
    assert concentration.measure("x", value, value, rng(), draws=300).verdict == "undecided"


def test_control_arm_ranking_afterwards_finds_kings_where_all_are_equal():
    """Everybody alike, rare purchases: afterwards the top tenth holds most of it, beforehand a tenth."""
    draw = np.random.default_rng(8)
    before, after = draw.poisson(0.08, 5000), draw.poisson(0.08, 5000)
    found = concentration.measure("x", before, after, rng(), draws=100)
    assert found.ex_post.value > 0.95
    assert found.ex_ante.value == pytest.approx(0.10, abs=0.05)


def test_growth_is_signed_refused_where_small_and_may_exceed_all_of_it():
    before = np.repeat([10.0, 1.0], [100, 900])
    change = np.where(np.arange(1000) < 100, 9.0, -0.5) + np.random.default_rng(1).normal(0, 0.2, 1000)
    found = concentration.measure("growth", before, change, rng(), signed=True, draws=100)
    assert found.ex_ante.value == pytest.approx(2.0, abs=0.1)  # 900 of net 450
    assert found.gross.value == pytest.approx(1.0, abs=0.02)
    noise = np.random.default_rng(2).normal(0, 5, 1000)
    noise -= noise.mean() - 0.1
    small = concentration.measure("growth", before, noise, rng(), signed=True, draws=50)
    assert small.ex_post.reason.code == "C1"
    assert small.verdict == "cannot_be_said"
    assert small.gross.value is not None
    loss = concentration.measure("growth", before, -change, rng(), signed=True, draws=50)
    assert loss.ex_ante.reason.code == "C4"
    alone = concentration.measure("growth", np.array([1.0]), np.array([2.0]), rng(), signed=True, draws=20)
    assert alone.ex_ante.reason.code == "C1"


def test_the_incremental_share_takes_a_study_and_gives_fieller_limits():
    none = concentration.incremental_share(None)
    assert none.reason.code == "C3"
    assert "对照组" in none.reason.cure_zh
    found = concentration.incremental_share(Increment(40.0, 4.0, 60.0, 5.0))
    assert found.value == pytest.approx(0.4)
    draws = np.random.default_rng(0).normal([40, 60], [4, 5], size=(200_000, 2))
    ratio = draws[:, 0] / draws.sum(axis=1)
    assert found.ci == pytest.approx(tuple(np.quantile(ratio, [0.025, 0.975])), abs=0.004)
    weak = concentration.incremental_share(Increment(1.0, 4.0, 1.0, 5.0))
    assert weak.reason.code == "C1"
    assert concentration.incremental_share(Increment(0.0, 0.0, 0.0, 0.0)).reason.code == "C1"


def test_coverage_of_the_interval_the_verdict_stands_on():
    """Ranked beforehand, a population of 40,000, 95 % intervals from 60 samples of 400 members (bench: 200 samples)."""
    love = np.random.default_rng(0).gamma(0.5, 5, 40_000)
    before, after = (np.random.default_rng(seed).poisson(love) for seed in (1, 2))
    truth = Ranking.of(before).top_share(after, 0.1)
    inside = 0
    for seed in range(60):
        some = np.random.default_rng(seed).choice(40_000, 400)
        found = concentration.measure("x", before[some], after[some], rng(seed), draws=80)
        low, high = found.ex_ante.ci
        inside += low <= truth <= high
    assert inside / 60 >= 0.87


def test_palma_by_hand():
    assert palma(np.arange(1, 11)) == pytest.approx(1.0)
    assert palma(np.array([0, 0, 0, 0, 0, 0, 0, 1, 1, 8])) is None


@pytest.mark.parametrize(
    ("before", "after", "signed"),
    [([1], [1, 2], False), ([], [], False), ([1, math.nan], [1, 1], False), ([1, 1], [1, -1], False)],
)
def test_refused_at_the_door(before, after, signed):
    with pytest.raises(BadInput):
        concentration.measure("x", np.array(before), np.array(after), rng(), signed=signed)
