"""The slope before entry: a least-squares twin on the path, a world that leans and one that does not."""

import numpy as np
import pytest
from made_panels import made, simulated

from tongxin.compass.checks import drift, event_study
from tongxin.compass.design import Design
from tongxin.compass.kpis import KPIS

SPEND = KPIS["spend_per_month"]


def test_slope_equals_a_least_squares_line_through_the_path():
    opened = simulated(np.random.default_rng(2), members=2000, share=0.3).window(3)
    found = drift.look(opened, "never_joiners", SPEND)
    path = [p for p in event_study.path(opened, "never_joiners", SPEND) if -12 <= p.period <= -3]
    slope = np.polyfit([p.period for p in path], [p.estimate.value for p in path], 1)[0]
    assert found.slope.value == pytest.approx(slope)
    assert found.carried == pytest.approx(slope * (2 - -7.5))


@pytest.mark.parametrize(("lean", "seen"), [(300, True), (0, False)])
def test_a_lean_is_seen_and_none_is_not_invented(lean, seen):
    rng = np.random.default_rng(5)
    n = 2400
    entry = np.where(rng.random(n) < 0.3, rng.integers(12, 20, size=n), -1)
    spend = rng.normal(12000, 1500, size=(n, 24)) + (entry[:, None] >= 0) * np.arange(24) * lean
    opened = made(np.maximum(0, spend).astype(np.int64), entry, design=Design(draws=99)).window(3)
    found = drift.look(opened, "never_joiners", SPEND)
    assert found.slope.excludes_zero is seen
    if seen:
        assert found.slope.value == pytest.approx(lean / 100, rel=0.15)


def test_false_alarms_stay_at_their_rate():
    """40 worlds without a lean: at most 6 alarms at 5 % (the 99 % binomial end)."""
    alarms = 0
    for seed in range(40):
        rng = np.random.default_rng(700 + seed)
        opened = simulated(rng, members=800, share=0.3, design=Design(draws=99, min_cohort=5)).window(3)
        alarms += drift.look(opened, "never_joiners", SPEND).slope.excludes_zero
    assert alarms <= 6


def test_nothing_is_said_of_yes_no_figures_or_too_few():
    opened = simulated(np.random.default_rng(2), members=2000, share=0.3).window(3)
    assert drift.look(opened, "never_joiners", KPIS["retention"]) is None
    few = simulated(np.random.default_rng(2), members=400, share=0.1, design=Design(min_cohort=1)).window(3)
    assert few.matches["never_joiners"].retained < 100
    assert drift.look(few, "never_joiners", SPEND) is None
