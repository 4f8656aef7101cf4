"""An independent twin: the same estimator written as plain loops over dictionaries, for a tiny world."""

import math
from collections import defaultdict

import numpy as np
import pytest
from made_panels import made

from tongxin.compass import window
from tongxin.compass.design import Design
from tongxin.compass.kpis import KPIS

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
                kind == "later_joiners" and g + length < e < 10**6
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


def twin(world, kind, length, numerator, denominator=None):
    """Point estimate and store-clustered standard error, by hand."""
    unit = {"spend": 100, "orders": 1}
    raw = {name: world.panel.values[name].tolist() for name in ("spend", "orders")}

    def change_parts(name, i, g):
        row = raw[name][i]
        factor = 30.4375 / (30.4375) / unit[name]
        return mean(row[g + 1 : g + length + 1]) * factor, mean(row[g - 12 : g - 2]) * factor

    cells = twin_rows(world, kind, length)
    total = sum(len(treated) for _, treated, _ in cells)
    names = [numerator] + ([denominator] if denominator else [])
    levels = {}
    for name in names:
        for time in (0, 1):
            t = sum(change_parts(name, i, g)[time] for g, treated, _ in cells for i in treated) / total
            c = 0.0
            for g, treated, controls in cells:
                c += len(treated) / total * mean([change_parts(name, j, g)[time] for j in controls])
            levels[name, time] = (t, c)

    def value(arm, time):
        top = levels[numerator, time][arm]
        return top / levels[denominator, time][arm] if denominator else top

    effect = (value(0, 0) - value(0, 1)) - (value(1, 0) - value(1, 1))
    score = defaultdict(float)  # influence by store
    store = world.population.store.tolist()
    for g, treated, controls in cells:
        m, n = len(controls), len(treated)
        for time, sign in ((0, 1.0), (1, -1.0)):
            parts = {name: [change_parts(name, j, g)[time] for j in controls] for name in names}
            expected = {name: mean(parts[name]) for name in names}

            def linear(arm, own, time=time):
                """Influence of one observation on a (ratio of) mean(s)."""
                if denominator is None:
                    return own[numerator] - levels[numerator, time][arm]
                b = levels[denominator, time][arm]
                ratio = levels[numerator, time][arm] / b
                return ((own[numerator] - levels[numerator, time][arm]) - ratio * (own[denominator] - b)) / b

            for i in treated:
                own = {name: change_parts(name, i, g)[time] for name in names}
                score[store[i]] += sign * (linear(0, own) - linear(1, expected)) / total
            for k, j in enumerate(controls):
                residual = {name: parts[name][k] - expected[name] for name in names}
                if denominator is None:
                    pull = residual[numerator]
                else:
                    b = levels[denominator, time][1]
                    pull = (residual[numerator] - levels[numerator, time][1] / b * residual[denominator]) / b
                score[store[j]] -= sign * pull * (n / total / m) * math.sqrt(m / (m - 1))
    groups = len(score)
    return effect, math.sqrt(groups / (groups - 1) * sum(s * s for s in score.values())), total


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
    assert found.estimate.value == pytest.approx(effect, rel=1e-9, abs=1e-9)
    assert found.estimate.se == pytest.approx(se, rel=1e-9)


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


def test_relative_effect_is_effect_over_what_would_have_been(tiny):
    found = window.read(tiny.window(3), "never_joiners", KPIS["spend_per_month"]).contrast
    assert found.counterfactual_level == pytest.approx(found.treated_level - found.effect)
    assert found.relative == pytest.approx(found.effect / found.counterfactual_level)
