"""Fieller's set: against its definition, against simulation, and beside the delta method that is too short."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tongxin.compass import fieller


def inside(rho, a, b, var_a, var_b, cov, k):  # noqa: PLR0917 - the definition's own letters
    """The definition: is a − ρb within k standard errors of zero?"""
    return (a - rho * b) ** 2 <= k * k * (var_a - 2 * rho * cov + rho * rho * var_b)


numbers = st.floats(-50, 50, allow_nan=False)
spreads = st.floats(0.01, 20)


@settings(max_examples=120, deadline=None)
@given(numbers, numbers, spreads, spreads, st.floats(-0.99, 0.99), st.floats(-200, 200))
def test_the_set_is_what_its_definition_says(a, b, sd_a, sd_b, r, rho):  # noqa: PLR0917 - as above
    cov = r * sd_a * sd_b
    found = fieller.ratio(a, b, sd_a**2, sd_b**2, cov, 1.96)
    edge = abs((a - rho * b) ** 2 - 1.96**2 * (sd_a**2 - 2 * rho * cov + rho**2 * sd_b**2))
    assume(edge > 1e-6 * (1 + rho * rho) * (1 + a * a + b * b))
    assume(abs(b * b - 1.96**2 * sd_b**2) > 1e-6)
    if found.shape == "interval":
        said = found.ci[0] <= rho <= found.ci[1]
    elif found.shape == "rays":
        said = rho <= found.ci[0] or rho >= found.ci[1]
    else:
        said = True
    assert said == inside(rho, a, b, sd_a**2, sd_b**2, cov, 1.96)


def test_a_known_denominator_only_divides():
    found = fieller.ratio(30, 10, 4, 0, critical=1.96)
    assert found.ci == pytest.approx((3 - 0.392, 3 + 0.392))
    assert found.delta == pytest.approx(found.ci)
    assert found.moved(-1).ci == pytest.approx((2 - 0.392, 2 + 0.392))


def test_endless_sets_are_not_dressed_up_as_intervals():
    rays = fieller.ratio(10, 1, 1, 4)
    assert rays.shape == "rays"
    assert rays.ci[0] < 0 < rays.ci[1]
    nothing = fieller.ratio(0.1, 0.1, 1, 1)
    assert (nothing.shape, nothing.ci) == ("everything", None)
    assert math.isnan(fieller.ratio(1, 0, 1, 1).value)
    assert fieller.ratio(1, 0, 1, 1).delta is None
    assert rays.moved(-1).shape == "rays"
    assert nothing.moved(-1).ci is None


def test_fieller_covers_where_the_delta_method_does_not():
    """Control arm: 20,000 draws with a noisy denominator; Fieller's 95 % set keeps 95 %, delta loses on one side."""
    rng = np.random.default_rng(1)
    truth, draws = 2.0, 20_000
    b = rng.normal(3, 1, draws)
    a = rng.normal(6, 1, draws)
    held, below = 0, 0
    for one, two in zip(a, b, strict=True):
        found = fieller.ratio(one, two, 1, 1)
        if found.shape == "interval":
            held += found.ci[0] <= truth <= found.ci[1]
        elif found.shape == "rays":
            held += truth <= found.ci[0] or truth >= found.ci[1]
        else:
            held += 1
        below += found.delta[1] < truth
    assert held / draws == pytest.approx(0.95, abs=0.006)
    assert below / draws > 0.04  # twice what one tail should be
