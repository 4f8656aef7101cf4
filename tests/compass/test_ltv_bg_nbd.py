"""BG/NBD: the published figures, a twin from the paper, the exact gradient, recovery, and what it refuses to say."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, special

from project import samples
from tongxin.compass.errors import BadInput
from tongxin.compass.ltv import bg_nbd, histories, traps
from tongxin.compass.ltv.bg_nbd import BgNbd, Likelihood

PUBLISHED = Path(__file__).parents[1] / "published"


@pytest.fixture(scope="module")
def cdnow():
    with (PUBLISHED / "cdnow_summary.csv").open() as file:
        rows = list(csv.DictReader(file))
    return tuple(np.array([float(row[name]) for row in rows]) for name in ("frequency", "recency", "T"))


@pytest.fixture(scope="module")
def model(cdnow):
    return bg_nbd.fit(histories.distinct(*cdnow))


def twin(r, alpha, a, b, rows):
    """Fader, Hardie & Lee (2005), equation 6, customer by customer, with nothing but the gamma function."""
    total = 0.0
    for x, t, age in rows:
        first = math.lgamma(r + x) - math.lgamma(r) + r * math.log(alpha)
        beta = math.lgamma(b + x) - math.lgamma(a + b + x) - math.lgamma(b) + math.lgamma(a + b)
        stay = (alpha + age) ** -(r + x)
        left = a / (b + x - 1) * (alpha + t) ** -(r + x) if x > 0 else 0.0
        total += first + beta + math.log(stay + left)
    return total


def test_published_parameters_to_the_printed_digit(model):
    assert [f"{one:.4f}" for one in model.parameters] == ["0.2426", "4.4135", "0.7929", "2.4258"]
    assert f"{model.log_likelihood:.2f}" == "-9582.43"
    assert model.converged
    assert model.condition < 1e3
    assert model.members == 2357


def test_the_likelihood_against_its_twin(cdnow, model):
    rows = list(zip(*cdnow, strict=True))
    assert model.log_likelihood == pytest.approx(twin(*model.parameters, rows), abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(
    st.floats(0.05, 5), st.floats(0.5, 50), st.floats(0.05, 5), st.floats(0.3, 8), st.integers(0, 2**32 - 1)
)
def test_value_and_gradient_anywhere(r, alpha, a, b, seed):
    """The value against the twin, the gradient against central differences of the twin."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 6, size=25)
    age = rng.integers(5, 60, size=25).astype(float)
    recency = np.where(x > 0, np.ceil(rng.random(25) * age), 0)
    like = Likelihood(histories.distinct(x, recency, age))
    theta = np.log([r, alpha, a, b])
    value, gradient = like(theta)
    rows = list(zip(x, recency, age, strict=True))
    assert value == pytest.approx(twin(r, alpha, a, b, rows), rel=1e-9)
    for place in range(4):
        moved = [theta.copy(), theta.copy()]
        moved[0][place] += 1e-6
        moved[1][place] -= 1e-6
        slope = (twin(*np.exp(moved[0]), rows) - twin(*np.exp(moved[1]), rows)) / 2e-6
        assert gradient[place] == pytest.approx(slope, rel=1e-4, abs=1e-4)


def test_counting_equal_histories_loses_nothing(cdnow):
    whole = histories.distinct(*cdnow)
    single = histories.Histories(
        whole.x[whole.of], whole.recency[whole.of], whole.age[whole.of], np.ones(2357), np.arange(2357)
    )
    theta = np.log([0.3, 5.0, 1.0, 2.0])
    assert Likelihood(whole)(theta)[0] == pytest.approx(Likelihood(single)(theta)[0], rel=1e-12)
    assert len(whole.x) < 1100


def test_the_order_of_members_changes_nothing(cdnow, model):
    shuffled = np.random.default_rng(3).permutation(2357)
    again = bg_nbd.fit(histories.distinct(*(column[shuffled] for column in cdnow)))
    assert again.parameters == model.parameters


def drawn(rng, n, parameters, low=100, high=400):
    """Customers of the model, event by event."""
    r, alpha, a, b = parameters
    rows = []
    for _ in range(n):
        rate, leave, age = rng.gamma(r, 1 / alpha), rng.beta(a, b), float(rng.integers(low, high))
        clock, x, last = 0.0, 0, 0.0
        while True:
            clock += rng.exponential(1 / max(rate, 1e-300))
            if clock > age:
                break
            x, last = x + 1, clock
            if rng.random() < leave:
                break
        rows.append((x, last, age))
    return tuple(np.array(column) for column in zip(*rows, strict=True))


def test_known_parameters_are_recovered():
    true = (0.8, 30.0, 1.2, 3.0)
    found = bg_nbd.fit(histories.distinct(*drawn(np.random.default_rng(4), 6000, true)))
    for one, se, wanted in zip(found.parameters, found.se, true, strict=True):
        assert abs(one - wanted) < 3.5 * se
        assert se < wanted


def test_standard_errors_against_the_curvature_of_the_twin(cdnow, model):
    """Second differences of the paper's likelihood in log-parameters, inverted, brought back by the delta method."""
    rows = list(zip(*cdnow, strict=True))
    theta, step = np.log(model.parameters), 3e-3

    def at(*moves):
        there = theta.copy()
        for place, sign in moves:
            there[place] += sign * step
        return twin(*np.exp(there), rows)

    curvature = np.empty((4, 4))
    for i in range(4):
        for j in range(4):
            corners = at((i, 1), (j, 1)) - at((i, 1), (j, -1)) - at((i, -1), (j, 1)) + at((i, -1), (j, -1))
            curvature[i, j] = -corners / (4 * step**2)
    errors = np.sqrt(np.diag(np.linalg.inv(curvature))) * model.parameters
    assert model.se == pytest.approx(errors, rel=1e-2)


def test_a_million_would_be_thinned_and_still_agree(monkeypatch):
    """The way for many histories (a sample first, then Newton on all) ends where the direct way ends."""
    data = histories.distinct(*drawn(np.random.default_rng(5), 3000, (0.5, 20.0, 0.8, 2.5)))
    direct = bg_nbd.fit(data)
    monkeypatch.setattr(bg_nbd, "_SAMPLE", 400)
    sampled = bg_nbd.fit(data)
    assert sampled.log_likelihood == pytest.approx(direct.log_likelihood, abs=1e-6)
    assert sampled.parameters == pytest.approx(direct.parameters, rel=1e-4)


def test_published_conditional_expectation(model):
    """The paper's customer with x = 2, t_x = 30.43, T = 38.86: 1.226 expected in the next 39 weeks."""
    found = bg_nbd.expected_purchases(model, np.array([2]), np.array([30.43]), np.array([38.86]), 39)
    assert f"{found[0]:.3f}" == "1.226"


@pytest.mark.parametrize(
    ("x", "t", "age", "ahead"), [(0, 0, 10, 20), (1, 3, 10, 5), (4, 30.4, 38.9, 39), (9, 20, 38, 80)]
)
def test_expected_purchases_against_numerical_integration(x, t, age, ahead):
    """Twin: E[(1 − (1−p)-thinned purchases)] over the posterior of rate and dropout, integrated numerically."""
    r, alpha, a, b = 0.6, 8.0, 1.7, 2.9
    model = BgNbd(r, alpha, a, b, (0,) * 4, 0, 1, True, 1)

    def weight(rate, p):
        alive = (1 - p) ** x * rate**x * math.exp(-rate * age)
        return alive * rate ** (r - 1) * math.exp(-alpha * rate) * p ** (a - 1) * (1 - p) ** (b - 1)

    def gone(rate, p):
        if x == 0:
            return 0.0
        left = p * (1 - p) ** (x - 1) * rate**x * math.exp(-rate * t)
        return left * rate ** (r - 1) * math.exp(-alpha * rate) * p ** (a - 1) * (1 - p) ** (b - 1)

    def coming(rate, p):
        return (1 - math.exp(-rate * p * ahead)) / p

    def mean(of):
        return integrate.dblquad(of, 1e-9, 1 - 1e-9, 1e-9, 6.0, epsabs=1e-11, epsrel=1e-7)[0]

    top = mean(lambda rate, p: weight(rate, p) * coming(rate, p))
    bottom = mean(weight) + mean(gone)
    found = bg_nbd.expected_purchases(model, np.array([x]), np.array([t]), np.array([age]), ahead)[0]
    assert found == pytest.approx(top / bottom, rel=2e-3)
    alive = bg_nbd.probability_alive(model, np.array([x]), np.array([t]), np.array([age]))[0]
    assert alive == pytest.approx(mean(weight) / bottom, rel=2e-3)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 40), st.floats(0.01, 1), st.floats(1, 400), st.floats(0.1, 400))
def test_eulers_form_is_the_textbook_form(x, part, age, ahead):
    """Equation 10 as printed, where it does not overflow."""
    r, alpha, a, b = 0.5, 10.0, 0.8, 2.5
    t = part * age if x else 0.0
    model = BgNbd(r, alpha, a, b, (0,) * 4, 0, 1, True, 1)
    z = ahead / (alpha + age + ahead)
    hyper = special.hyp2f1(r + x, b + x, a + b + x - 1, z)
    top = (a + b + x - 1) / (a - 1) * (1 - ((alpha + age) / (alpha + age + ahead)) ** (r + x) * hyper)
    bottom = 1 + (x > 0) * a / (b + max(x, 1) - 1) * ((alpha + age) / (alpha + t)) ** (r + x)
    found = bg_nbd.expected_purchases(model, np.array([x]), np.array([t]), np.array([age]), ahead)[0]
    assert found == pytest.approx(top / bottom, rel=1e-7, abs=1e-9)


def test_many_purchases_do_not_overflow():
    model = BgNbd(0.5, 10.0, 0.8, 2.5, (0,) * 4, 0, 1, True, 1)
    found = bg_nbd.expected_purchases(model, np.array([5000]), np.array([3640.0]), np.array([3650.0]), 365)
    assert 0 < found[0] < 600
    nearly = BgNbd(0.5, 10.0, 1.0, 2.5, (0,) * 4, 0, 1, True, 1)
    beside = BgNbd(0.5, 10.0, 1.00001, 2.5, (0,) * 4, 0, 1, True, 1)
    both = [
        bg_nbd.expected_purchases(one, np.array([3]), np.array([20.0]), np.array([30.0]), 30)[0]
        for one in (nearly, beside)
    ]
    assert both[0] == pytest.approx(both[1], rel=1e-4)


PEOPLE = 20_000 if samples.WHOLE else 4_000


@pytest.mark.sampled
def test_newcomers_against_simulation():
    true = (0.8, 30.0, 1.2, 3.0)
    model = BgNbd(*true, (0,) * 4, 0, 1, True, 1)
    x, _, _ = drawn(np.random.default_rng(6), PEOPLE, true, 200, 201)
    found = float(bg_nbd.expected_of_newcomer(model, np.array([200.0]))[0])
    assert found == pytest.approx(x.mean(), abs=4 * x.std() / math.sqrt(PEOPLE))
    assert (
        bg_nbd.expected_of_newcomer(BgNbd(0.8, 30, 1.0, 3.0, (0,) * 4, 0, 1, True, 1), np.array([0.0]))[0]
        == 0
    )


def test_nobody_ever_leaves_and_the_fit_says_so():
    """a and b cannot be told apart; with people who leave (control arm) they can."""
    rng = np.random.default_rng(7)
    age = np.full(800, 300.0)
    rate = rng.gamma(5, 1 / 50, size=800)
    x = rng.poisson(rate * 300) + 1
    recency = age - np.minimum(rng.exponential(1 / rate), 290)
    stays = bg_nbd.fit(histories.distinct(x, np.ceil(recency), age))
    found = traps.in_bg_nbd(stays)
    assert [trap.code for trap in found] == ["weak_identification"]
    assert found[0].refuses
    leaves = bg_nbd.fit(histories.distinct(*drawn(rng, 2000, (0.8, 30.0, 1.2, 3.0))))
    assert traps.in_bg_nbd(leaves) == []


@pytest.mark.parametrize(
    ("x", "recency", "age", "says"),
    [
        ([], [], [], "no members"),
        ([1], [2.0], [0.0], "age"),
        ([1], [5.0], [4.0], "do not fit"),
        ([0], [3.0], [4.0], "do not fit"),
        ([2], [0.0], [4.0], "do not fit"),
    ],
)
def test_histories_that_no_customer_can_have(x, recency, age, says):
    with pytest.raises(BadInput, match=says):
        histories.distinct(np.array(x), np.array(recency), np.array(age))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(1, 9), st.integers(9, 12)), min_size=1, max_size=40),
    st.booleans(),
)
def test_distinct_histories_stand_for_everybody(rows, halves):
    x = np.array([row[0] for row in rows])
    recency = np.where(x > 0, [row[1] for row in rows], 0) / (2 if halves else 1)
    age = np.array([row[2] for row in rows], dtype=float)
    found = histories.distinct(x, recency, age)
    assert (found.x[found.of] == x).all()
    assert (found.recency[found.of] == recency).all()
    assert (found.age[found.of] == age).all()
    assert found.count.sum() == found.members == len(rows)
    assert len(set(zip(found.x, found.recency, found.age, strict=True))) == len(found.x)
