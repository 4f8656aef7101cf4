"""E-values against the worked example of VanderWeele & Ding (2017), and where they make no sense."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongxin.compass.checks import e_value
from tongxin.compass.kpis import KPIS


@pytest.mark.parametrize(
    ("ratio", "low", "high", "value", "limit"),
    [
        (3.9, 1.8, 8.7, 7.26, 3.0),  # the paper's example
        (3.9, 2.4, 8.7, 7.26, 4.23),  # a documented run of another implementation
        (0.8, 0.71, 0.91, 1.81, 1.43),  # protective: the reciprocal is used, and the upper end
        (1.2, 0.9, 1.6, 1.69, 1.0),  # the interval holds 1: nothing needs explaining away
    ],
)
def test_worked_numbers(ratio, low, high, value, limit):
    found = e_value.of_interval(ratio, low, high)
    assert round(found.value, 2) == value
    assert round(found.limit, 2) == limit


def biased_away(ratio, strength):
    """Cornfield's bound by hand: the largest ratio that a hidden cause of that strength (both ways) can make."""
    return strength * strength / (strength + strength - 1)


@given(st.floats(1.001, 50))
def test_a_hidden_cause_of_that_strength_is_just_enough(ratio):
    assert math.isclose(biased_away(ratio, e_value.of_ratio(ratio)), ratio, rel_tol=1e-9)


@given(st.floats(0.02, 50))
def test_a_ratio_and_its_reciprocal_are_the_same_claim(ratio):
    assert math.isclose(e_value.of_ratio(ratio), e_value.of_ratio(1 / ratio), rel_tol=1e-9)
    assert e_value.of_ratio(ratio) >= 1


def test_only_yes_no_figures_have_one():
    assert e_value.of_effect(KPIS["paid_conversion"], 0.5, (0.2, 0.8)).ratio == 1.5
    assert e_value.of_effect(KPIS["retention"], -0.2, (-0.3, -0.1)).limit == e_value.of_ratio(0.9)
    assert e_value.of_effect(KPIS["spend_per_month"], 0.5, (0.2, 0.8)) is None
    assert e_value.of_effect(KPIS["high_margin_share"], 0.5, (0.2, 0.8)) is None  # a ratio of sums
    assert e_value.of_effect(KPIS["retention"], math.nan, (0.0, 1.0)) is None
    assert e_value.of_effect(KPIS["retention"], None, None) is None


def test_nothing_can_be_said_of_a_ratio_that_is_none():
    assert math.isnan(e_value.of_ratio(0.0))
    assert math.isnan(e_value.of_ratio(math.inf))
    assert e_value.of_interval(1.5, -0.2, 3.0).limit == 1.0
