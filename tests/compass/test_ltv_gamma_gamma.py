"""Gamma-gamma: published figures on CDNOW, twin from the paper, exact gradient, recovery, refusals."""

import math
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongxin.compass.errors import BadInput
from tongxin.compass.ltv import gamma_gamma, traps
from tongxin.compass.ltv.gamma_gamma import GammaGamma

PUBLISHED = Path(__file__).parents[1] / "published"


@pytest.fixture(scope="module")
def cdnow():
    """Repeat purchase days of the sample up to 30 September 1997 and their mean in dollars, by plain loops."""
    sample = set(pq.read_table(PUBLISHED / "cdnow_sample.parquet")["master"].to_pylist())
    days = {}
    for row in pq.read_table(PUBLISHED / "cdnow.parquet").to_pylist():
        if row["customer"] in sample and row["date"].isoformat() <= "1997-09-30":
            mine = days.setdefault(row["customer"], {})
            mine[row["date"]] = mine.get(row["date"], 0) + row["cents"]
    rows = []
    for mine in days.values():
        later = [mine[day] for day in sorted(mine)[1:]]
        if later:
            rows.append((len(later), sum(later) / len(later) / 100))
    return np.array([row[0] for row in rows]), np.array([row[1] for row in rows])


def twin(p, q, v, rows):
    """Fader & Hardie (2013), equation 1a."""
    total = 0.0
    for x, m in rows:
        total += math.lgamma(p * x + q) - math.lgamma(p * x) - math.lgamma(q) + q * math.log(v)
        total += (p * x - 1) * math.log(m) + p * x * math.log(x) - (p * x + q) * math.log(x * m + v)
    return total


def test_published_to_the_printed_digit(cdnow):
    """The paper prints 6.25, 3.74, 15.44; lifetimes' file holds the means rounded to cents and gives 6.2488 3.7446 15.4477."""
    x, mean = cdnow
    assert len(x) == 946
    exact = gamma_gamma.fit(x, mean)
    assert [f"{one:.2f}" for one in (exact.p, exact.q, exact.v)] == ["6.25", "3.74", "15.44"]
    cents = gamma_gamma.fit(x, np.round(mean + 1e-9, 2))
    assert [f"{one:.4f}" for one in (cents.p, cents.q, cents.v)] == ["6.2488", "3.7446", "15.4477"]
    assert exact.converged
    assert exact.correlation == pytest.approx(0.11, abs=0.01)
    assert exact.log_likelihood == pytest.approx(
        twin(exact.p, exact.q, exact.v, list(zip(x, mean, strict=True))), abs=1e-6
    )


@settings(max_examples=60, deadline=None)
@given(st.floats(0.2, 20), st.floats(0.2, 20), st.floats(0.2, 50), st.integers(0, 2**32 - 1))
def test_value_and_gradient_anywhere(p, q, v, seed):
    rng = np.random.default_rng(seed)
    x, mean = rng.integers(1, 9, size=15), rng.gamma(2, 20, size=15) + 0.5
    theta, rows = np.log([p, q, v]), list(zip(x, mean, strict=True))
    value, gradient = gamma_gamma.log_likelihood(theta, x.astype(float), mean)
    assert value == pytest.approx(twin(p, q, v, rows), rel=1e-9)
    for place in range(3):
        up, down = theta.copy(), theta.copy()
        up[place] += 1e-6
        down[place] -= 1e-6
        slope = (twin(*np.exp(up), rows) - twin(*np.exp(down), rows)) / 2e-6
        assert gradient[place] == pytest.approx(slope, rel=1e-4, abs=1e-4)


def drawn(rng, n, p, q, v):
    x = rng.integers(1, 12, size=n)
    rate = rng.gamma(q, 1 / v, size=n)
    return x, rng.gamma(p * x, 1 / (x * rate))


def test_known_parameters_are_recovered_and_shrunk_means_are_better():
    rng = np.random.default_rng(2)
    x, mean = drawn(rng, 8000, 3.0, 5.0, 40.0)
    found = gamma_gamma.fit(x, mean)
    assert (found.p, found.q, found.v) == pytest.approx((3.0, 5.0, 40.0), rel=0.15)
    assert found.mean == pytest.approx(30.0, rel=0.03)
    # control arm: the raw mean as forecast has more error than the model's
    rate = rng.gamma(5.0, 1 / 40.0, size=4000)
    truth, one = 3.0 / rate, rng.gamma(3.0, 1 / rate)
    model = gamma_gamma.expected_mean(found, np.ones(4000), one)
    assert np.abs(model - truth).mean() < np.abs(one - truth).mean()
    assert gamma_gamma.expected_mean(found, np.zeros(1), np.zeros(1))[0] == pytest.approx(found.mean)


def test_order_and_currency_change_nothing():
    x, mean = drawn(np.random.default_rng(3), 500, 3.0, 5.0, 40.0)
    one = gamma_gamma.fit(x, mean)
    turned = gamma_gamma.fit(x[::-1], mean[::-1])
    assert (turned.p, turned.q, turned.v) == (one.p, one.q, one.v)
    cents = gamma_gamma.fit(x, mean * 100)
    assert (cents.p, cents.q, cents.v) == pytest.approx((one.p, one.q, one.v * 100), rel=1e-4)


@pytest.mark.parametrize(("x", "mean"), [([], []), ([0], [5.0]), ([2], [0.0]), ([2], [-1.0])])
def test_what_cannot_be_fitted(x, mean):
    with pytest.raises(BadInput, match="positive means"):
        gamma_gamma.fit(np.array(x), np.array(mean))


def made(**more):
    values = {"p": 6.0, "q": 3.7, "v": 15.0, "log_likelihood": 0.0, "condition": 900.0, "converged": True}
    return GammaGamma(**(values | {"members": 100, "correlation": 0.1} | more))


@pytest.mark.parametrize(
    ("model", "codes"),
    [
        (made(), []),
        (made(q=0.9), ["infinite_mean"]),
        (made(condition=1e9), ["weak_value"]),
        (made(converged=False), ["weak_value"]),
        (made(correlation=0.5), ["value_and_frequency"]),
        (made(correlation=-0.5), ["value_and_frequency"]),
    ],
)
def test_traps_of_the_value_model(model, codes):
    found = traps.in_gamma_gamma(model)
    assert [trap.code for trap in found] == codes
    assert all(trap.words.zh and trap.words.en for trap in found)
    assert made(q=0.9).mean == float("inf")


def test_a_heavy_tail_is_found_by_the_fit_itself():
    """q below 1: the mean over members does not exist, and the fit sees it."""
    x, mean = drawn(np.random.default_rng(4), 3000, 3.0, 0.7, 10.0)
    assert [trap.code for trap in traps.in_gamma_gamma(gamma_gamma.fit(x, mean)) if trap.refuses] == [
        "infinite_mean"
    ]


def test_equal_means_leave_no_correlation():
    found = gamma_gamma.fit(np.array([2, 2, 2]), np.array([5.0, 6.0, 7.0]))
    assert math.isnan(found.correlation)
