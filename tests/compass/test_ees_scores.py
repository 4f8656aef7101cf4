"""The arithmetic of the index against twins written from the handbook and the papers."""

import math

import numpy as np
import pytest
from ees_facts import plain_facts
from hypothesis import given, settings
from hypothesis import strategies as st

from tongxin.compass.ees import scores, versions
from tongxin.compass.ees.indicators import rows_of
from tongxin.compass.errors import BadInput

VERSION = versions.load()


def twin_pull(by_store):
    """Ratios, one within variance, DerSimonian–Laird between variance, pull; lists of (above, below) by store."""
    ratio = [sum(a for a, _ in rows) / sum(b for _, b in rows) for rows in by_store]
    residual = sum((a - r * b) ** 2 for r, rows in zip(ratio, by_store, strict=True) for a, b in rows)
    square = sum(b * b for rows in by_store for _, b in rows)
    v = [residual / square * sum(b * b for _, b in rows) / sum(b for _, b in rows) ** 2 for rows in by_store]
    w = [1 / each for each in v]
    fixed = sum(a * b for a, b in zip(w, ratio, strict=True)) / sum(w)
    q = sum(a * (b - fixed) ** 2 for a, b in zip(w, ratio, strict=True))
    tau2 = max(0.0, (q - (len(w) - 1)) / (sum(w) - sum(a * a for a in w) / sum(w)))
    star = [1 / (tau2 + each) for each in v]
    mean = sum(a * b for a, b in zip(star, ratio, strict=True)) / sum(star)
    return [(tau2 * r + each * mean) / (tau2 + each) for r, each in zip(ratio, v, strict=True)]


@settings(max_examples=40)
@given(
    st.lists(
        st.lists(st.tuples(st.integers(-1, 1), st.integers(1, 3)), min_size=2, max_size=30),
        min_size=2,
        max_size=6,
    )
)
def test_the_pull_against_the_twin(by_store):
    flat = [(s, m, a, b) for s, rows in enumerate(by_store) for m, (a, b) in enumerate(rows)]
    rows = rows_of(*(np.array(column) for column in zip(*flat, strict=True)))
    found = scores.pull(rows, len(by_store))
    if all(len({a / b for a, b in one}) == 1 for one in by_store):
        assert found.shrunk == pytest.approx(found.ratio)
    else:
        assert found.shrunk == pytest.approx(twin_pull(by_store))
    assert ((found.keep >= 0) & (found.keep <= 1)).all()


def test_the_standard_error_of_nps_is_the_textbook_one():
    votes = np.array([1] * 50 + [0] * 30 + [-1] * 20)
    rows = rows_of(np.zeros(100, int), np.arange(100), votes, np.ones(100, int))
    found = scores.pull(rows, 1)
    assert found.ratio[0] == pytest.approx(0.30)
    assert found.se[0] == pytest.approx(math.sqrt(0.5 + 0.2 - 0.3**2) / math.sqrt(100))
    assert found.shrunk[0] == pytest.approx(0.30)  # alone, there is nobody to lean on


def test_a_small_store_is_pulled_and_five_equal_answers_are_not_certainty():
    rng = np.random.default_rng(1)
    store = np.repeat([0, 1, 2, 3], [500, 500, 500, 5])
    share = np.array([0.3, 0.5, 0.7, 1.0])[store]
    votes = (rng.random(len(store)) < share).astype(int)
    found = scores.pull(rows_of(store, np.arange(len(store)), votes, np.ones_like(votes)), 4)
    assert found.ratio[3] == 1.0
    assert 0.4 < found.shrunk[3] < 0.85
    assert abs(found.shrunk[0] - found.ratio[0]) < 0.01


def test_shrinkage_beats_the_raw_means_on_small_stores():
    """Control arm: squared error of raw store means is larger than that of pulled ones."""
    rng = np.random.default_rng(2)
    raw = pulled = 0.0
    for _ in range(30):
        truth = rng.normal(0.5, 0.06, 40).clip(0.05, 0.95)
        store = np.repeat(np.arange(40), 20)
        votes = (rng.random(800) < truth[store]).astype(int)
        found = scores.pull(rows_of(store, np.arange(800), votes, np.ones_like(votes)), 40)
        raw += ((found.ratio - truth) ** 2).sum()
        pulled += ((found.shrunk - truth) ** 2).sum()
    assert pulled < 0.5 * raw


def test_goalposts_are_fixed_and_cut_off():
    values = np.full((1, len(VERSION.indicators)), np.nan)
    values[0, 0] = 0.5
    assert scores.goalposts(VERSION, values)[0, 0] == 75.0  # (NPS + 100) / 2 with NPS 50
    values[0, 1] = 9.0
    assert scores.goalposts(VERSION, values)[0, 1] == 100.0
    assert math.isnan(scores.goalposts(VERSION, values)[0, 2])


SIDES = st.lists(st.one_of(st.just(math.nan), st.floats(0, 100)), min_size=5, max_size=5)


@given(SIDES, st.sampled_from(["geometric", "arithmetic"]))
def test_aggregation_against_the_twin_and_both_ways_agree(sides, kind):
    present = [x for x in sides if not math.isnan(x)]
    point = scores.point(VERSION, np.array(sides), kind)
    vector = scores.aggregate(np.array(sides), np.full(5, 0.2), kind, VERSION.least)
    if not present:
        assert point is None
        return
    if kind == "geometric":
        twin = math.prod(max(x, 1.0) for x in present) ** (1 / len(present))
    else:
        twin = sum(present) / len(present)
    assert point == pytest.approx(twin, abs=1e-4)
    assert float(vector) == pytest.approx(twin)


def test_the_geometric_mean_does_not_let_one_side_buy_another():
    even, uneven = np.full(5, 60.0), np.array([100.0, 100, 60, 35, 5])
    assert scores.point(VERSION, even, "arithmetic") == scores.point(VERSION, uneven, "arithmetic") == 60
    assert scores.point(VERSION, uneven, "geometric") < 42


def test_a_dimension_uses_what_is_there():
    values = np.full(len(VERSION.indicators), np.nan)
    codes = [each.code for each in VERSION.indicators]
    values[codes.index("job_done")] = 80.0
    sides = scores.dimensions(VERSION, values)
    assert sides[2] == 80.0
    assert np.isnan(sides[[0, 1, 3, 4]]).all()


def test_replicates_have_the_spread_of_the_pulled_value():
    """√λ: the spread of the draws is that of the value given the data, λ v; for the raw mean it would be v."""
    facts = plain_facts(stores=30, members=40, seed=5)
    pulled = {formula: scores.pull(rows, 30) for formula, rows in facts.rows.items()}
    drawn = scores.replicates(facts, VERSION, pulled)
    base = pulled["csat/1"]
    column = [each.formula for each in VERSION.indicators].index("csat/1")
    assert np.median(drawn[:, :, column].std(axis=0) / (base.se * np.sqrt(base.keep))) == pytest.approx(
        1, abs=0.12
    )
    assert (scores.replicates(facts, VERSION, pulled) == drawn).all()


def test_rows_are_checked():
    with pytest.raises(BadInput, match="length"):
        rows_of(np.zeros(2, int), np.zeros(1, int), np.zeros(2, int), np.zeros(2, int))
    with pytest.raises(BadInput, match="whole"):
        rows_of(np.zeros(1, int), np.zeros(1, int), np.zeros(1), np.zeros(1, int))
