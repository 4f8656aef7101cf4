"""Collapsed to people, a figure is what its rows say: the same arithmetic, row by row, to twelve digits.

The twin here knows nothing of months that are worked out beforehand, of sparse sums or of running totals: it reads every
span anew for every row and regresses cohort by cohort.
"""

import dataclasses
import math

import numpy as np
import pytest
from made_panels import made

from tongxin.compass import effects, outputs, ways, window
from tongxin.compass.design import Design
from tongxin.compass.kpis import KPIS
from tongxin.compass.methods import METHODS
from tongxin.compass.regression import Regression

EXACT = 1e-12


@pytest.fixture(scope="module")
def world():
    """Members in 12 stores of unequal size who joined earlier or later, with tenure that differs inside cells."""
    rng = np.random.default_rng(41)
    n = 3000
    store = np.minimum(rng.geometric(0.18, size=n) - 1, 11)
    entry = np.where(rng.random(n) < 0.35, rng.integers(12, 23, size=n), -1)
    spend = (rng.gamma(2.0, 4000, size=(n, 24)) * (1 + 0.3 * (entry >= 0))[:, None]).astype(np.int64)
    spend[rng.random((n, 24)) < 0.35] = 0
    orders = np.where(spend > 0, rng.integers(1, 6, size=(n, 24)), 0)
    design = Design(strata=("store",), min_controls=3, min_cohort=2, draws=99)
    found = made(spend, entry, store=store, orders=orders, design=design)
    since = np.full(n, found.panel.calendar.start_day(0) - 400) - rng.integers(0, 3000, size=n)
    people = dataclasses.replace(found.population, since_day=since, tenure_known=True)
    values = found.panel.values | {
        "line_spend": spend,
        "high_margin": spend * (rng.random((n, 24)) < 0.4),
    }
    return dataclasses.replace(
        found, population=people, panel=dataclasses.replace(found.panel, values=values)
    )


def means(rows, values):
    """Weighted control mean of each row's cell, its cell's leverage, and the slopes on the covariates."""
    control = ~rows.treated
    hoped, lever = np.zeros(len(values)), np.zeros(len(values))
    x = None if rows.covariates is None else np.zeros(rows.covariates.shape)
    for cell in np.unique(rows.cell):
        mine = np.flatnonzero(rows.cell == cell)
        base = mine[control[mine]]
        weight = rows.weight[base] / rows.weight[base].sum()
        hoped[mine] = weight @ values[base]
        lever[mine] = math.sqrt(len(base) / max(len(base) - 1, 1))
        if x is not None:
            x[mine] = rows.covariates[mine] - weight @ rows.covariates[base]
    if x is not None:
        spread = x.std(axis=0)
        x /= np.where(spread > 0, spread, 1.0)
        for cohort in np.unique(rows.cohort):
            mine = np.flatnonzero(rows.cohort == cohort)
            base = mine[control[mine]]
            root = np.sqrt(rows.weight[base])[:, None]
            slope, *_ = np.linalg.lstsq(x[base] * root, (values - hoped)[base] * root[:, 0], rcond=1e-5)
            hoped[mine] += x[mine] @ slope
    return hoped, lever


def one_mean(rows, values):
    """(treated level, control level, influence of each) by row."""
    arm, weight = rows.treated, rows.weight
    t, c = float(weight[arm] @ values[arm]), float(weight[~arm] @ values[~arm])
    hoped, lever = means(rows, values)
    f_t = np.where(arm, weight * (values - t), 0.0)
    f_c = np.where(arm, weight * (hoped - c), weight * (values - hoped) * lever)
    return t, c, f_t, f_c


def level(reader, rows, kpi, span, part):
    top = one_mean(rows, ways.values(reader, rows, kpi, kpi.numerator, span, part))
    if kpi.denominator is None:
        return top
    bottom = one_mean(rows, reader.mean(rows, kpi.denominator, span))
    ratios = [top[arm] / bottom[arm] for arm in (0, 1)]
    pulls = [(top[arm + 2] - ratios[arm] * bottom[arm + 2]) / bottom[arm] for arm in (0, 1)]
    return *ratios, *pulls


def twin(reader, rows, kpi, span, baseline):
    """Effect, level, relative effect, and their influences summed by member."""
    baseline = baseline if kpi.differenced else None
    part = ways.part_of(kpi, reader.terms, span, baseline)
    t, c, f_t, f_c = level(reader, rows, kpi, ways.ending(kpi, span, part), part)
    effect, pull, here = t - c, f_t - f_c, f_t
    if baseline:
        t0, c0, f_t0, f_c0 = level(reader, rows, kpi, baseline, part)
        effect, pull = effect - (t0 - c0), pull - (f_t0 - f_c0)
    other = t - effect
    relative = (pull - effect / other * (here - pull)) / other
    by_member = [np.bincount(rows.member, weights=one)[rows.people] for one in (pull, relative)]
    return effect, t, other, *by_member


CODES = (
    "spend_per_month",
    "orders_per_month",
    "basket_value",
    "high_margin_share",
    "high_margin_reach",
    "retention",
    "ltv_6m",
)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("code", CODES)
def test_every_kpi_of_every_control_group_is_its_rows(world, method, code):
    length, kpi = (6 if code == "ltv_6m" else 3), KPIS[code]
    opened = world.window(length)
    rows, reader = opened.matches[method], opened.frame.reader
    assert rows.retained > 20
    for span, baseline in (
        ((1, length), METHODS[method].baseline(opened.frame.design)),
        ((-3, -3), (-7, -6)),
        ((1, length), None),
    ):
        if kpi.reads == "last" and span == (-3, -3):
            continue
        found = opened.contrast(method, kpi, span, baseline)
        effect, treated, other, pull, relative = twin(reader, rows, kpi, span, baseline)
        scale = max(abs(treated), abs(other))
        assert found.effect == pytest.approx(effect, rel=EXACT, abs=EXACT * scale)
        assert found.treated_level == pytest.approx(treated, rel=EXACT)
        assert found.counterfactual_level == pytest.approx(other, rel=EXACT)
        for got, wanted in ((found.influence, pull), (found.relative_influence, relative)):
            assert got.shape == rows.people.shape
            assert math.sqrt((got**2).sum()) == pytest.approx(math.sqrt((wanted**2).sum()), rel=EXACT)
            assert np.abs(got - wanted).max() <= 1e-9 * np.abs(wanted).max()


def test_covariates_matter_here(world):
    """Control arm: without the slopes the twin would not agree, so the agreement above says something about them."""
    opened = world.window(3)
    rows = opened.matches["split_window"]
    assert rows.covariates is not None
    plain = dataclasses.replace(rows, covariates=None)
    kpi = KPIS["spend_per_month"]
    with_slopes, without = (
        effects.contrast(opened.frame.reader, one, kpi, (1, 3), (-7, -3), regress=Regression(one)).influence
        for one in (rows, plain)
    )
    assert abs(np.linalg.norm(with_slopes) / np.linalg.norm(without) - 1) > 1e-6


def test_what_is_worked_out_once_is_what_is_worked_out_whole(world):
    opened = world.window(3)
    rows, reader, kpi = opened.matches["never_joiners"], opened.frame.reader, KPIS["basket_value"]
    whole = opened.contrast("never_joiners", kpi, (1, 3), (-12, -3))
    once = effects.contrast(reader, rows, kpi, (1, 3), (-12, -3))
    assert once.effect == pytest.approx(whole.effect, rel=1e-12)
    assert np.allclose(once.influence, whole.influence, rtol=1e-9, atol=1e-15)


def test_months_are_given_up_oldest_first_and_come_back_the_same(world, monkeypatch):
    opened = world.window(3)
    kpi = KPIS["spend_per_month"]
    before = opened.contrast("never_joiners", kpi, (1, 3), (-12, -3))
    monkeypatch.setattr(effects, "KEPT", 0)
    opened.contrast("never_joiners", KPIS["orders_per_month"], (1, 3), (-12, -3))
    assert len(opened.frame.reader._arms) == 1
    again = opened.contrast("never_joiners", kpi, (1, 3), (-12, -3))
    assert again.effect == before.effect
    assert np.array_equal(again.influence, before.influence)


@pytest.mark.parametrize("span", [(1, 9), (-30, -3)])
def test_periods_outside_the_data_are_an_error(world, span):
    with pytest.raises(IndexError, match="outside the data"):
        world.window(3).contrast("never_joiners", KPIS["spend_per_month"], span, None)


def test_the_level_of_the_treated_alone(world):
    opened = world.window(3)
    rows, reader = opened.naives["versus_all_others"], opened.frame.reader
    for code in CODES[:4]:
        kpi = KPIS[code]
        found, influence = effects.level(reader, rows, kpi, (1, 3))
        t, _, f_t, _ = level(reader, rows, kpi, (1, 3), ways.part_of(kpi, reader.terms, (1, 3), None))
        assert found == pytest.approx(t, rel=EXACT)
        assert np.allclose(influence, np.bincount(rows.member, weights=f_t)[rows.people], rtol=1e-9)


def test_the_cells_are_sums_over_their_members(world):
    opened = world.window(3)
    table = outputs.cells((opened,), (KPIS["basket_value"],))
    rng = np.random.default_rng(1)
    reader, stores = opened.frame.reader, opened.frame.population.stores
    for place in rng.integers(0, len(table), size=150).tolist():
        row = {name: table[name][place].as_py() for name in table.column_names}
        rows = opened.matches[row["method"]]
        store = np.array(stores)[opened.frame.population.store[rows.member]]
        mine = (rows.cell == row["cell"]) & (store == row["store_code"]) & (rows.treated == row["treated"])
        values = reader.mean(rows, row["quantity"], (row["period"], row["period"]))[mine]
        assert row["n"] == mine.sum()
        assert row["cohort"] == rows.cohort[mine][0]
        assert row["total"] == pytest.approx(values.sum(), rel=EXACT)
        assert row["squares"] == pytest.approx((values**2).sum(), rel=EXACT)
        assert row["weighted"] == pytest.approx(rows.weight[mine] @ values, rel=EXACT)
    assert (
        len(table)
        == sum(
            len(
                np.unique(
                    np.stack([rows.cell, opened.frame.population.store[rows.member], rows.treated]), axis=1
                ).T
            )
            for rows in opened.matches.values()
        )
        * 2
        * 16
    )  # two quantities, sixteen periods


def test_naive_numbers_share_their_rows_and_stay_what_they_were(world):
    opened = world.window(3)
    assert opened.naives["before_after"] is opened.naives["versus_all_others"]
    rows, kpi = opened.naives["versus_all_others"], KPIS["spend_per_month"]
    effect, _, _, pull, _ = twin(opened.frame.reader, rows, kpi, (1, 3), None)
    found = window.read_naive(opened, "versus_all_others", kpi)
    assert found.value == pytest.approx(effect, rel=EXACT)
    assert found.se == pytest.approx(opened.clusters.estimate(rows, effect, pull).se, rel=EXACT)
