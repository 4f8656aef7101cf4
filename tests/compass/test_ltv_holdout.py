"""A forecast against months it has not seen: errors by plain loops, and it says so when it loses."""

import dataclasses

import numpy as np
import pytest
from test_ltv_purchases import chain, gathered

from tongxin.compass.ltv import bg_nbd, forecast, histories, holdout, traps
from tongxin.compass.ltv.bg_nbd import BgNbd
from tongxin.compass.ltv.gamma_gamma import GammaGamma
from tongxin.compass.ltv.holdout import Holdout


@pytest.fixture(scope="module")
def bought():
    return gathered(chain(21, days=600, n=300)[0])


def test_errors_against_plain_loops(bought):
    model, found = holdout.test(bought)
    cut = bought.cut
    rows = [i for i in range(bought.members) if bought.known_days[i] > 0 and bought.first[i] < cut.known_to]
    expected, mine, own, year = [], 0.0, 0.0, 0.0
    for i in rows:
        x = int(bought.known_days[i]) - 1
        age = int(cut.known_to - bought.first[i])
        recency = int(bought.known_last[i] - bought.first[i])
        one = bg_nbd.expected_purchases(model, np.array([x]), np.array([recency]), np.array([age]), 120.0)[0]
        actual = int(bought.held_out[i])
        expected.append(one)
        mine += abs(one - actual)
        own += abs(x / age * 120 - actual)
        year += abs(int(bought.year_ago[i]) - actual)
    assert found.members == len(rows)
    assert found.expected == pytest.approx(sum(expected))
    assert found.actual == sum(int(bought.held_out[i]) for i in rows)
    assert found.mae == pytest.approx(mine / len(rows))
    assert found.mae_own_rate == pytest.approx(own / len(rows))
    assert found.mae_last_year == pytest.approx(year / len(rows))
    assert found.tracking[-1].actual == found.actual
    assert found.tracking[-1].expected == pytest.approx(found.expected)
    assert [one.month for one in found.tracking] == [1, 2, 3, 4]


def made(**more):
    values = {"days": 90, "members": 100, "expected": 102.0, "actual": 100, "mae": 1.0, "mae_own_rate": 1.2}
    return Holdout(**(values | {"mae_last_year": 1.5, "tracking": ()} | more))


@pytest.mark.parametrize(
    ("found", "beats", "within", "says"),
    [
        (made(), True, True, "胜过“自己过去的频率”的 1.20"),
        (made(mae_last_year=0.8), False, True, "没有胜过“去年同期”的 0.80"),
        (made(mae_last_year=None, mae=1.2), False, True, "没有胜过“自己过去的频率”"),
        (made(expected=120.0), True, False, "+20.0%（超出 ±5%）"),
        (made(expected=80.0), True, False, "−20.0%"),
    ],
)
def test_the_verdict_in_words(found, beats, within, says):
    assert (found.beats, found.within) == (beats, within)
    assert says in found.words.zh
    assert ("adds nothing" in found.words.en) == (not beats)


def test_without_purchases_there_is_no_bias():
    assert np.isnan(made(actual=0).bias)
    assert not made(actual=0).within


def test_nothing_held_out_is_not_a_test(bought):
    whole = dataclasses.replace(bought, cut=dataclasses.replace(bought.cut, known_to=bought.cut.end))
    assert holdout.test(whole) == (None, None)
    nobody = dataclasses.replace(bought, known_days=np.minimum(bought.known_days, 1), known_last=bought.first)
    assert holdout.test(nobody) == (None, None)


def test_clockwork_members_are_forecast_better_by_last_year():
    """Control arm: buyers with a strong season that repeats; the model cannot know it and must say that it lost."""
    rng = np.random.default_rng(3)
    n, start, known_to, end = 400, 0, 699, 790
    first = rng.integers(0, 60, size=n)
    summer = rng.integers(0, 2, size=n).astype(bool)  # half buy only in the held-out season, each year
    held = np.where(summer, 9, 0)
    days = np.where(summer, 18, 18) + (rng.random(n) < 0.5)
    zero = np.zeros(n, dtype=np.int64)
    base = gathered(chain(21, days=600, n=30)[0])
    seasonal = dataclasses.replace(
        base, codes=base.codes, first=first, last=np.full(n, end), days=days + held, spend=zero, first_spend=zero,
        known_days=days, known_last=np.full(n, known_to - 5), known_spend=zero, held_out=held, year_ago=held,
        lapse=zero - 1, registered=zero - 1, cut=dataclasses.replace(base.cut, start=start, known_to=known_to, end=end), by_month=(),
    )  # fmt: skip
    _, found = holdout.test(seasonal)
    assert found.mae_last_year == 0.0
    assert not found.beats
    assert "去年同期" in found.words.zh


COVARIANCE = tuple(tuple(0.01 * (i == j) for j in range(4)) for i in range(4))
MODEL = BgNbd(0.6, 60.0, 1.1, 3.0, (0,) * 4, 0, 1, True, 1, COVARIANCE)
WORTH = GammaGamma(
    6.0, 4.0, 15.0, 0, 1, True, 1, 0.1, tuple(tuple(0.01 * (i == j) for j in range(3)) for i in range(3))
)


def few(rng, n=60):
    x = rng.integers(0, 6, size=n)
    age = rng.integers(100, 400, size=n).astype(float)
    recency = np.where(x > 0, np.ceil(rng.random(n) * age), 0.0)
    return x, recency, age


def test_value_is_purchases_month_by_month_discounted_times_their_size():
    x, recency, age = few(np.random.default_rng(4))
    means = np.where(x > 0, 20.0 + x, 0.0)
    data = histories.distinct(x, recency, age)
    found = forecast.over(3, data, MODEL, means=(WORTH, x, means), rate=0.1, share=0.3, level=0.95)
    for i in range(len(x)):
        until = [
            bg_nbd.expected_purchases(
                MODEL, x[i : i + 1], recency[i : i + 1], age[i : i + 1], month * 30.4375
            )[0]
            for month in range(4)
        ]
        size = 6.0 * (15.0 + x[i] * means[i]) / (6.0 * x[i] + 4.0 - 1)
        twin = sum((until[m + 1] - until[m]) * 1.1 ** (-(m + 0.5) / 12) for m in range(3)) * size * 0.3
        assert found.value[i] == pytest.approx(twin)
        assert found.purchases[i] == pytest.approx(until[3])
    assert found.mean_value[0] == pytest.approx(found.value.mean(), rel=0.01)
    assert found.mean_purchases[0] == pytest.approx(found.purchases.mean())
    assert found.mean_value[1] < found.mean_value[0] < found.mean_value[2]


def test_the_interval_is_that_of_drawn_parameters():
    """Twin: 2,000 draws of the log-parameters from their covariance."""
    rng = np.random.default_rng(5)
    x, recency, age = few(rng)
    data = histories.distinct(x, recency, age)
    found = forecast.over(6, data, MODEL, means=None, rate=0.0, share=1.0, level=0.95)
    drawn = []
    for _ in range(2000):
        moved = MODEL
        for place, step in enumerate(rng.normal(0, 0.1, size=4)):
            moved = moved.moved(place, step)
        each = bg_nbd.expected_purchases(moved, data.x, data.recency, data.age, 6 * 30.4375)
        drawn.append(float(data.count @ each / data.count.sum()))
    middle, low, high = found.mean_purchases
    assert (high - low) / 2 == pytest.approx(1.96 * np.std(drawn), rel=0.08)
    assert low < middle < high
    assert found.mean_value is None
    assert np.isnan(found.value).all()


def test_traps_found_before_anything_is_fitted(bought):
    """The members who may have bought before, those of the last day, and a chain where nobody came twice."""
    age, x = bought.cut.end - bought.first, bought.days - 1
    codes = {trap.code: trap.weight for trap in traps.in_purchases(bought, x, age, 60)}
    assert codes["same_day"] == "told"
    assert codes["refunds"] == "told"
    assert "no_repeats" not in codes
    late = age.copy()
    late[0] = 0
    found = {trap.code: trap for trap in traps.in_purchases(bought, np.zeros_like(x), late, 1000)}
    assert found["no_time"].weight == "told"
    assert found["no_repeats"].refuses
    assert found["left_truncation"].weight == "warns"
    assert "100%" in found["left_truncation"].words.zh


@pytest.mark.parametrize(
    ("x", "means", "codes"),
    [
        ([1, 2, 3], [5.0, 6.0, 7.0], []),
        ([1, 2, 3], [5.0, -6.0, 7.0], ["non_positive_means"]),
        ([0, 2, 0], [0.0, 6.0, 0.0], ["no_means"]),
        ([1, 2], [-1.0, 0.0], ["non_positive_means", "no_means"]),
    ],
)
def test_traps_of_means(x, means, codes):
    assert [trap.code for trap in traps.in_means(np.array(x), np.array(means))] == codes
