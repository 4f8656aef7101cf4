"""Cohort curves: Kaplan–Meier with Greenwood's error against plain loops; nothing beyond what was observed."""

import dataclasses

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongxin.compass.ltv import retention
from tongxin.compass.ltv.purchases import Cut, Purchases


def km_twin(age, ended):
    """Kaplan & Meier (1958), day by day; Greenwood's variance beside it."""
    kept, growth, out = 1.0, 0.0, {}
    for day in range(max(age) + 1):
        at_risk = sum(a >= day for a in age)
        lapsed = sum(a == day and e for a, e in zip(age, ended, strict=True))
        kept *= 1 - lapsed / at_risk
        if at_risk > lapsed:
            growth += lapsed / (at_risk * (at_risk - lapsed))
        out[day] = (kept, kept**2 * growth, at_risk)
    return out


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 15), st.booleans()), min_size=1, max_size=30))
def test_survival_against_its_definition(rows):
    age, ended = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    kept, variance, at_risk = retention.survival(age, ended)
    for day, (share, error, left) in km_twin(age.tolist(), ended.tolist()).items():
        assert kept[day] == pytest.approx(share)
        assert variance[day] == pytest.approx(error)
        assert at_risk[day] == left


def test_published_survival():
    """Freireich et al. (1963), 6-MP arm: 21 patients; S(6) = .857, S(23) = .448 with errors .0764 and .1346."""
    age = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
    ended = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
    kept, variance, _ = retention.survival(np.array(age), np.array(ended, dtype=bool))
    assert round(float(kept[6]), 3) == 0.857
    assert round(float(kept[23]), 3) == 0.448
    assert round(float(np.sqrt(variance[6])), 4) == 0.0764
    assert round(float(np.sqrt(variance[23])), 4) == 0.1346


START = 1000


def bought(first, lapse, *, end=720, registered=None, by_age=()):
    """Everything counted from the first day of the data, which is day 1000; −1 = never."""
    first, lapse = START + np.asarray(first), np.where(np.asarray(lapse) < 0, -1, START + np.asarray(lapse))
    zero = np.zeros(len(first), dtype=np.int64)
    rows = pa.Table.from_pylist(
        [dict(zip(("cohort", "age", "spend", "active"), row, strict=True)) for row in by_age],
        schema=pa.schema([(name, pa.int64()) for name in ("cohort", "age", "spend", "active")]),
    )
    return Purchases(
        pa.array([f"M{i}" for i in range(len(first))]), first, first, zero + 1, zero, zero, zero, zero, zero, zero, zero,
        lapse, zero - 1 if registered is None else START + np.asarray(registered), Cut(START, START + end, START + end), 0, 0, 0, None, None, (), rows,
    )  # fmt: skip


def test_curves_by_cohort_and_for_all():
    """Sixty begin on day 100, sixty on day 200; half of each leave 65 days later."""
    first = np.repeat([100, 200], 60)
    lapse = np.where(np.arange(120) % 2 == 0, first + 65, -1)
    found = retention.curves(bought(first, lapse), lapse_days=90, cohort_days=91, level=0.95)
    assert [(one.cohort, one.members) for one in found] == [
        ("all", 120),
        ("1972-12-27", 60),
        ("1973-03-28", 60),
    ]
    everybody = {point.age: point for point in found[0].points}
    assert everybody[2].kept == 1.0  # day 60
    assert everybody[3].kept == 0.5
    assert everybody[3].ci[0] < 0.5 < everybody[3].ci[1]
    assert everybody[0].at_risk == 120
    assert everybody[3].at_risk == 60


def test_nothing_beyond_the_observed_age():
    first = np.repeat([100, 500], 40)
    found = retention.curves(bought(first, np.full(80, -1)), lapse_days=90, cohort_days=91, level=0.95)
    ages = {one.cohort: one.points[-1].age for one in found}
    assert ages["all"] == int((720 - 90 - 100) / 30.4375)
    assert min(ages.values()) == int((720 - 90 - 500) / 30.4375)


def test_members_who_may_have_bought_before_are_no_newcomers():
    """Control arm: counting them as new would start everybody's clock at the beginning of the data."""
    first = np.repeat([10, 200], 50)
    unknown = bought(first, np.full(100, -1))
    assert retention.newcomers(unknown, 90).sum() == 50
    known = dataclasses.replace(unknown, registered=START + np.repeat([5, -300], 50))
    assert retention.newcomers(known, 90).tolist() == [True] * 50 + [False] * 50
    assert [one.members for one in retention.curves(unknown, lapse_days=90, cohort_days=91, level=0.95)] == [
        50,
        50,
    ]


def test_too_few_have_no_curve():
    assert retention.curves(bought([200] * 5, [-1] * 5), lapse_days=90, cohort_days=91, level=0.95) == ()


def test_money_stands_beside_its_cohort():
    first = np.full(40, 200)
    rows = [(2, 0, 400_000, 40), (2, 1, 100_000, 10), (9, 0, 1, 1)]
    found = retention.curves(
        bought(first, np.full(40, -1), by_age=rows), lapse_days=90, cohort_days=91, level=0.95
    )
    points = {point.age: point for point in found[1].points}
    assert (points[0].active, points[0].spend) == (1.0, 100.0)
    assert (points[1].active, points[1].spend) == (0.25, 25.0)
    assert (points[2].active, points[2].spend) == (None, None)
    mixed = dataclasses.replace(
        bought(first, np.full(40, -1), by_age=rows), registered=START + np.repeat([-5, 3], 20)
    )
    told = retention.curves(mixed, lapse_days=90, cohort_days=91, level=0.95)
    assert told == ()  # twenty newcomers are too few
