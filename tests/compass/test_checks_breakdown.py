"""Rambachan & Roth's relative magnitudes: a twin in loops, what M̄ = 1 means, and whether the interval covers."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_panels import made, simulated

from tongxin.compass import window
from tongxin.compass.checks import breakdown
from tongxin.compass.design import Design
from tongxin.compass.kpis import KPIS

SPEND = KPIS["spend_per_month"]
CUT = breakdown.bins((-12, -3), 6)


def twin_interval(effect, drift, covariance, reach, critical):
    """Straight from the definition: every bin may be the worst one, in either direction; take the widest ends."""
    lows, highs = [], []
    for s in range(len(drift)):
        for sign in (-1, 1):
            contrast = np.zeros(len(drift) + 1)
            contrast[0] = 1.0
            contrast[s + 1] = sign * reach
            end = effect + sign * reach * drift[s]
            variance = 0.0
            for i in range(len(contrast)):
                for j in range(len(contrast)):
                    variance += contrast[i] * contrast[j] * covariance[i][j]
            lows.append(end - critical * math.sqrt(max(variance, 0)))
            highs.append(end + critical * math.sqrt(max(variance, 0)))
    return min(lows), max(highs)


def twin_breakdown(effect, drift, covariance, steps, critical):
    """Bisection for the largest M̄ whose interval keeps off zero."""

    def off_zero(mbar):
        low, high = twin_interval(effect, drift, covariance, mbar * steps, critical)
        return low > 0 or high < 0

    if not off_zero(0.0):
        return 0.0
    low, high = 0.0, 1.0
    while off_zero(high):
        high *= 2
        if high > 1e9:
            return math.inf
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if off_zero(middle) else (low, middle)
    return low


moments = st.tuples(
    st.floats(-40, 40),
    st.lists(st.floats(-10, 10), min_size=2, max_size=4),
    st.integers(0, 10_000),
    st.floats(0.05, 5),
)


@settings(max_examples=150, deadline=None)
@given(moments)
def test_closed_form_equals_the_twin(given_moments):
    effect, drift, seed, scale = given_moments
    k = len(drift) + 1
    root = np.random.default_rng(seed).normal(size=(k, k)) * scale
    covariance = root @ root.T + 0.01 * np.eye(k)
    found = breakdown.from_moments(effect, np.array(drift), covariance, CUT, 1.96)
    expected = twin_breakdown(effect, drift, covariance, CUT.steps, 1.96)
    assert found.mbar == pytest.approx(expected, rel=1e-6, abs=1e-9)
    for mbar, low, high in found.intervals:
        assert (low, high) == pytest.approx(
            twin_interval(effect, drift, covariance, mbar * CUT.steps, 1.96), rel=1e-9
        )
    widths = [high - low for _, low, high in found.intervals]
    assert widths == sorted(widths)


def test_sign_of_the_effect_does_not_matter():
    covariance = np.array([[1.0, 0.3, -0.2], [0.3, 2.0, -0.7], [-0.2, -0.7, 1.5]])
    drift = np.array([1.0, -2.0])
    up = breakdown.from_moments(12.0, drift, covariance, CUT, 1.96)
    flipped = covariance * np.outer([-1, 1, 1], [-1, 1, 1])
    down = breakdown.from_moments(-12.0, drift, flipped, CUT, 1.96)
    assert up.mbar == pytest.approx(down.mbar)
    assert up.intervals[0][1] == pytest.approx(-down.intervals[0][2])


def test_without_any_drift_before_nothing_breaks_a_sharp_finding():
    still = breakdown.from_moments(5.0, np.zeros(2), np.diag([1.0, 0.0, 0.0]), CUT, 1.96)
    assert still.mbar == math.inf
    faint = breakdown.from_moments(1.0, np.zeros(2), np.diag([1.0, 0.0, 0.0]), CUT, 1.96)
    assert faint.mbar == 0.0  # the interval held zero before any drift was allowed


@pytest.mark.parametrize(
    ("baseline", "length"), [((-12, -3), 6), ((-12, -3), 3), ((-5, -2), 3), ((-9, -4), 4)]
)
def test_one_is_a_straight_line_that_goes_on(baseline, length):
    """Pure straight-line drift of 2 a period: at M̄ = 1 the set just reaches zero, so the breakdown is 1."""
    cut = breakdown.bins(baseline, length)
    middle = sum(baseline) / 2
    effect = 2.0 * ((1 + length) / 2 - middle)  # nothing but drift, seen against the mean of the baseline
    drift = np.full(len(cut.ranges) - 1, 2.0 * cut.width)
    tiny = np.eye(len(drift) + 1) * 1e-18
    assert breakdown.from_moments(effect, drift, tiny, cut, 1.96).mbar == pytest.approx(1.0, rel=1e-6)


def test_a_baseline_too_short_for_bins():
    assert breakdown.bins((-4, -3), 3) is None
    assert breakdown.bins((-5, -3), 3).ranges == ((-5, -5), (-4, -4), (-3, -3))


def test_covers_the_truth_when_the_restriction_holds():
    """2,000 draws at the edge of the restriction, worst bin unknown: at least 95 % less three Monte-Carlo errors."""
    rng = np.random.default_rng(8)
    covariance = np.array([[1.0, -0.2, 0.1], [-0.2, 1.6, -0.7], [0.1, -0.7, 1.6]])
    root = np.linalg.cholesky(covariance)
    hits = 0
    for _ in range(2000):
        drift = rng.normal(0, 1.5, size=2)
        mbar = 0.5
        bias = rng.choice([-1, 1]) * mbar * CUT.steps * np.abs(drift).max()
        seen = np.array([10.0 + bias, *drift]) + root @ rng.normal(size=3)
        low, high = breakdown.interval(seen[0], seen[1:], covariance, mbar * CUT.steps, 1.96)
        hits += low <= 10.0 <= high
    assert hits / 2000 >= 0.95 - 3 * math.sqrt(0.95 * 0.05 / 2000)


def test_control_arm_the_plain_interval_does_not_cover_such_drift():
    rng = np.random.default_rng(9)
    hits = 0
    for _ in range(500):
        bias = rng.choice([-1, 1]) * 0.5 * CUT.steps * 1.5
        hits += abs(bias + rng.normal()) <= 1.96
    assert hits / 500 < 0.6


def test_read_from_a_panel_with_the_covariance_of_the_influence_rows():
    """d_s and their covariance against means and sums over members made by hand, one store and one cohort."""
    rng = np.random.default_rng(3)
    n = 900
    entry = np.where(np.arange(n) < 300, 14, -1)
    spend = np.maximum(
        0, rng.normal(12000, 3000, size=(n, 24)) + (np.arange(24) > 14) * (entry[:, None] == 14) * 4000
    )
    opened = made(
        spend.astype(np.int64),
        entry,
        design=Design(draws=0, min_cohort=1, strata=("tenure",), windows=(6,)),
    ).window(6)
    spoken = window.read(opened, "never_joiners", SPEND)
    found = breakdown.look(opened, "never_joiners", SPEND, spoken)
    treated, control = spend[:300].astype(np.int64) / 100, spend[300:].astype(np.int64) / 100

    def gap(first, last):
        columns = slice(14 + first, 14 + last + 1)
        return treated[:, columns].mean() - control[:, columns].mean()

    parts = [gap(*one) for one in CUT.ranges]
    assert found.drift == pytest.approx([parts[1] - parts[0], parts[2] - parts[1]])

    def change(rows, later, earlier):
        return rows[:, 14 + later[0] : 14 + later[1] + 1].mean(axis=1) - rows[
            :, 14 + earlier[0] : 14 + earlier[1] + 1
        ].mean(axis=1)

    pairs = [((1, 6), (-12, -3)), (CUT.ranges[1], CUT.ranges[0]), (CUT.ranges[2], CUT.ranges[1])]
    by_arm = [np.stack([change(rows, *pair) for pair in pairs]) for rows in (treated, control)]
    covariance = sum(np.cov(rows, ddof=1) / rows.shape[1] for rows in by_arm)
    expected = twin_breakdown(spoken.contrast.effect, found.drift, covariance, CUT.steps, 1.962)
    assert found.mbar == pytest.approx(expected, rel=0.01)
    assert found.mbar > 0.5


def test_a_clear_effect_survives_and_yes_no_figures_have_none():
    opened = simulated(np.random.default_rng(4), members=2500, share=0.25, effect=40.0).window(3)
    spoken = window.read(opened, "never_joiners", SPEND)
    found = breakdown.look(opened, "never_joiners", SPEND, spoken)
    assert found.mbar > 0.25
    assert found.intervals[0][1] < spoken.contrast.effect < found.intervals[0][2]
    assert breakdown.look(opened, "never_joiners", KPIS["retention"], spoken) is None


def test_r1_holds_here_too():
    rng = np.random.default_rng(1)
    n = 400
    few = made(
        rng.integers(9000, 15000, size=(n, 24)),
        np.where(np.arange(n) < 60, 14, -1),
        design=Design(draws=0, min_cohort=1, strata=("tenure",)),
    ).window(3)
    assert breakdown.look(few, "never_joiners", SPEND, window.read(few, "never_joiners", SPEND)) is None
