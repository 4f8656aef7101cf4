"""An independent twin: the same estimator written as plain loops over dictionaries, for a tiny world."""

import math
from collections import defaultdict

import numpy as np
import pytest
from made_panels import made
from scipy import stats
from scipy.spatial import cKDTree

from tongxin.compass import window
from tongxin.compass.design import Design
from tongxin.compass.kpis import KPIS
from tongxin.compass.naive import matched_on_spend

DESIGN = Design(strata=("store",), min_controls=2, min_cohort=1, draws=0)


@pytest.fixture(scope="module")
def tiny():
    rng = np.random.default_rng(99)
    n, stores = 400, 34
    store = rng.integers(0, stores, size=n)
    entry = np.where(rng.random(n) < 0.3, rng.integers(12, 20, size=n), -1)
    spend = rng.integers(0, 30000, size=(n, 24))
    spend[rng.random((n, 24)) < 0.2] = 0
    spend[:5] = 0  # never alive
    orders = np.where(spend > 0, rng.integers(1, 5, size=(n, 24)), 0)
    return made(spend, entry, store=store, orders=orders, design=DESIGN)


def mean(values):
    return sum(values) / len(values)


def twin_rows(world, kind, length):
    """Cells as lists of member numbers: [(cohort, treated members, control members)]."""
    people, spend = world.population, world.panel.values["spend"].tolist()
    orders = world.panel.values["orders"].tolist()
    cells = []
    for g in range(12, 24 - length):
        treated, controls = [], []
        for i, e in enumerate(people.entry.tolist()):
            if sum(orders[i][g - 12 : g - 2]) == 0:
                continue
            if e == g:
                treated.append(i)
            elif (kind == "never_joiners" and e > 10**6) or (
                kind == "later_joiners" and g + length + 2 < e < 10**6  # not in the donut of their own entry
            ):
                controls.append(i)
        left = treated
        for rung in (people.store.tolist(), people.place.tolist(), [0] * len(spend)):
            by_code = defaultdict(list)
            for j in controls:
                by_code[rung[j]].append(j)
            took = [i for i in left if len(by_code[rung[i]]) >= 2]
            for code in sorted({rung[i] for i in took}):
                cells.append((g, [i for i in took if rung[i] == code], by_code[code]))
            left = [i for i in left if i not in took]
    return cells


def balanced(cells, size, total):
    """Entropy balancing on the size of the home store, by bisection: {(cell, control): weight}, balanced cohorts."""
    weights, even = {}, set()
    for g in sorted({cohort for cohort, _, _ in cells}):
        here = [(c, cell) for c, cell in enumerate(cells) if cell[0] == g]
        goal = sum(size[i] for _, (_, treated, _) in here for i in treated) / total

        def tilted(slope, here=here):
            out = {}
            for c, (_, treated, controls) in here:
                raw = [math.exp(slope * (size[j] - size[controls[0]])) for j in controls]
                for j, one in zip(controls, raw, strict=True):
                    out[c, j] = len(treated) / total * one / sum(raw)
            return out

        def reached(slope, tilted=tilted):
            return sum(w * size[j] for (_, j), w in tilted(slope).items())

        low, high = -5.0, 5.0
        if reached(low) < goal < reached(high) and reached(high) - reached(low) > 1e-9:
            for _ in range(200):
                middle = (low + high) / 2
                low, high = (middle, high) if reached(middle) < goal else (low, middle)
            weights |= tilted((low + high) / 2)
            even.add(g)
        else:
            weights |= tilted(0.0)
    return weights, even


def twin(world, kind, length, numerator, denominator=None):
    """Point estimate and clustered standard error, by hand."""
    unit = {"spend": 100, "orders": 1}
    names = [numerator] + ([denominator] if denominator else [])
    raw = {name: world.panel.values[name].tolist() for name in names}
    spans = {0: (1, length + 1), 1: (-12, -2)}

    def value_of(name, i, g, time):
        first, last = spans[time]
        return mean(raw[name][i][g + first : g + last]) / unit[name]

    cells = twin_rows(world, kind, length)
    total = sum(len(treated) for _, treated, _ in cells)
    store = world.population.store.tolist()
    size = [store.count(s) for s in store]
    weights, even = balanced(cells, size, total)
    by_store, by_member, levels, scores = defaultdict(float), defaultdict(float), {}, []
    for name in names:
        for time, sign in ((0, 1.0), (1, -1.0)):
            t = sum(value_of(name, i, g, time) for g, treated, _ in cells for i in treated) / total
            c = sum(w * value_of(name, j, cells[cell][0], time) for (cell, j), w in weights.items())
            levels[name, time] = (t, c)
            scores += influence(cells, weights, even, size, total, name, time, sign, value_of, levels)
    for name, time, arm, member, pull in scores:
        share = pull
        if denominator:
            a, b = levels[numerator, time][arm], levels[denominator, time][arm]
            share = pull / b if name == numerator else -a / b * pull / b
        by_store[store[member]] += share
        by_member[member] += share

    def level(arm, time):
        top = levels[numerator, time][arm]
        return top / levels[denominator, time][arm] if denominator else top

    effect = (level(0, 0) - level(0, 1)) - (level(1, 0) - level(1, 1))
    spread = [
        math.sqrt(len(s) / (len(s) - 1) * sum(x * x for x in s.values())) for s in (by_store, by_member)
    ]
    reach = [stats.t.ppf(0.975, len(s) - 1) for s in (by_store, by_member)]
    return effect, max(spread[0], spread[1] * reach[1] / reach[0]), total


def influence(cells, weights, even, size, total, name, time, sign, value_of, levels):  # noqa: PLR0917 - one formula
    """(name, time, arm, member, influence) of one mean: weighted cell means of controls with one slope a cohort."""
    out = []
    t, c = levels[name, time]
    for g in sorted({cohort for cohort, _, _ in cells}):
        here = [(k, cell) for k, cell in enumerate(cells) if cell[0] == g]
        centre = {}
        for k, (_, _, controls) in here:
            mass = sum(weights[k, j] for j in controls)
            centre[k] = (
                sum(weights[k, j] * value_of(name, j, g, time) for j in controls) / mass,
                sum(weights[k, j] * size[j] for j in controls) / mass,
            )
        up = down = 0.0
        for k, (_, _, controls) in here:
            for j in controls:
                x = size[j] - centre[k][1]
                up += weights[k, j] * x * (value_of(name, j, g, time) - centre[k][0])
                down += weights[k, j] * x * x
        slope = up / down if g in even and down > 1e-12 else 0.0
        for k, (_, treated, controls) in here:
            m = len(controls)
            for i in treated:
                hoped = centre[k][0] + slope * (size[i] - centre[k][1])
                out.append((name, time, 0, i, sign * (value_of(name, i, g, time) - t) / total))
                out.append((name, time, 1, i, -sign * (hoped - c) / total))
            for j in controls:
                hoped = centre[k][0] + slope * (size[j] - centre[k][1])
                left = value_of(name, j, g, time) - hoped
                out.append((name, time, 1, j, -sign * weights[k, j] * left * math.sqrt(m / (m - 1))))
    return out


@pytest.mark.parametrize("kind", ["never_joiners", "later_joiners"])
@pytest.mark.parametrize("code", ["spend_per_month", "orders_per_month", "basket_value"])
@pytest.mark.parametrize("length", [3, 4])
def test_the_engine_agrees_with_plain_loops(tiny, kind, code, length):
    kpi = KPIS[code]
    opened = tiny.window(length)
    found = window.read(opened, kind, kpi)
    effect, se, total = twin(tiny, kind, length, kpi.numerator, kpi.denominator)
    assert opened.matches[kind].retained == total
    assert opened.clusters.by == "store"
    # the same sums in another order: only rounding may differ
    assert found.estimate.value == pytest.approx(effect, rel=1e-7, abs=1e-9)
    assert found.estimate.se == pytest.approx(se, rel=1e-7)


def test_matched_on_spend_is_a_paired_difference(tiny):
    """Twin of the naive number: nearest neighbour by brute force, then the paired difference-in-differences."""
    opened = tiny.window(3)
    spend = tiny.panel.values["spend"].astype(float)
    gaps = []
    for one in opened.frame.sets:

        def parts(i, g=one.cohort):
            return [chunk.sum() for chunk in np.array_split(spend[i, g - 12 : g], 4)]

        pool = np.array([parts(j) for j in one.never])
        scale = np.maximum(pool.std(axis=0), 1.0)
        g = one.cohort
        for i in one.treated:
            j = one.never[np.argmin((((pool - parts(i)) / scale) ** 2).sum(axis=1))]
            change = [spend[k, g + 1 : g + 4].mean() - spend[k, g - 12 : g].mean() for k in (i, j)]
            gaps.append((change[0] - change[1]) / 100)
    found = window.read_naive(opened, "matched_on_spend", KPIS["spend_per_month"])
    assert found.value == pytest.approx(np.mean(gaps), rel=1e-9)


@pytest.mark.parametrize(("high", "ties"), [(10**6, False), (6, True)])
def test_the_nearest_in_past_spend_is_what_the_plain_tree_says_also_between_equals(high, ties):
    """The tree that is built faster answers only where one is nearest; between equals the plain one decides."""
    rng = np.random.default_rng(4)
    pool, wanted = rng.integers(0, high, (5000, 4)) / 3.0, rng.integers(0, high, (300, 4)) / 3.0
    far, plain = cKDTree(pool).query(wanted, k=2)
    quick = cKDTree(pool, balanced_tree=False, compact_nodes=False).query(wanted)[1]
    assert (far[:, 0] == far[:, 1]).any() == ties
    assert (quick != plain[:, 0]).any() == ties  # the control: the fast tree alone chooses others
    assert np.array_equal(matched_on_spend._looked_up(pool, wanted), cKDTree(pool).query(wanted)[1])
    assert matched_on_spend._looked_up(pool[:1], wanted).tolist() == [0] * 300


def test_relative_effect_is_effect_over_what_would_have_been(tiny):
    found = window.read(tiny.window(3), "never_joiners", KPIS["spend_per_month"]).contrast
    assert found.counterfactual_level == pytest.approx(found.treated_level - found.effect)
    assert found.relative == pytest.approx(found.effect / found.counterfactual_level)
