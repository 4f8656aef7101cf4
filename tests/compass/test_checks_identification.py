"""R8: the share of sales with a member code, by hand and in worlds where it moves."""

import json
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pytest
from made_panels import made

from tongxin.compass import answer as answers
from tongxin.compass import dataset, study
from tongxin.compass.checks import identification, surroundings
from tongxin.compass.design import Design
from tongxin.compass.periods import calendar_for
from tongxin.compass.simulate import world
from tongxin.compass.simulate.world import Effect

DESIGN = Design(draws=99, windows=(3,), min_cohort=5, kpis=("spend_per_month",))


@pytest.fixture(scope="module")
def tables():
    made = world.make(
        "level", Effect.parse("20"), np.random.default_rng(31), members=1500, stores=12, join_share=0.3
    )
    return made.tables


def with_strangers(tables, share_of):
    """Add an anonymous order for some orders; `share_of(store, month)` is the share of them."""
    orders = tables["orders"]
    rng = np.random.default_rng(5)
    stores = np.array(orders["store_code"].to_pylist())
    when = orders["ordered_at"].to_numpy().astype("datetime64[M]").astype(int)
    odds = np.array([share_of(store, month) for store, month in zip(stores, when, strict=True)])
    picked = np.flatnonzero(rng.random(len(odds)) < odds)
    extra = orders.take(picked)
    extra = extra.set_column(0, "order_no", pa.array([f"X{i:07d}" for i in range(len(extra))]))
    place = extra.column_names.index("member_code")
    extra = extra.set_column(place, "member_code", pa.nulls(len(extra), pa.string()))
    return tables | {"orders": pa.concat_tables([orders, extra])}


def studied(tables, design=DESIGN):
    return study.run(dataset.open_sources(tables), design)


def test_without_anonymous_sales_it_cannot_be_tested_and_says_why(tables):
    found = studied(tables).checks["identification"]
    assert found["status"] == "not_testable"
    assert found["reason"] == "no_unidentified_sales"
    assert "会员号" in found["words"]["zh"]


def test_a_steady_share_passes_and_a_falling_one_refuses(tables):
    steady = studied(with_strangers(tables, lambda store, month: 0.4))
    assert steady.checks["identification"]["status"] == "passes"
    assert "R8" not in [code for code, _, _ in steady.primary.reason_words]
    assert 0.65 < steady.checks["identification"]["treated_before"] < 0.78
    start = int(np.datetime64("2025-01", "M").astype(int))
    fallen = studied(with_strangers(tables, lambda store, month: 0.4 if month < start else 0.1))
    found = fallen.checks["identification"]
    assert found["status"] == "fails"
    assert found["change"] > 0.05
    assert fallen.primary.verdict == "cannot_be_said"
    assert "R8" in [code for code, _, _ in fallen.primary.reason_words]
    assert json.loads(json.dumps(answers._plain(found)))["bar"] == 0.05


def test_stores_that_ask_more_often_differ_between_the_arms():
    """Two stores far apart in share; strata without stores let one arm live in one of them."""
    n, months = 600, 24
    sold = identification.Sales(
        np.full((2, months), 1000, dtype=np.int64), np.array([[900] * months, [700] * months], dtype=np.int64)
    )
    rng = np.random.default_rng(2)
    entry = np.where(np.arange(n) < 200, 14, -1)
    store = np.where(entry >= 0, 0, rng.integers(0, 2, size=n))
    opened = made(
        rng.integers(9000, 15000, size=(n, months)),
        entry,
        store=store,
        design=Design(draws=0, min_cohort=1, strata=("tenure",), cluster="member"),
    ).window(3)
    found = identification.look(sold, opened, "never_joiners")
    controls = store[200:]
    expected = 0.9 - (0.9 * (controls == 0).mean() + 0.7 * (controls == 1).mean())
    assert found.gap == pytest.approx(expected)
    assert found.change == pytest.approx(0.0)
    assert found.fails


def test_sales_equal_a_count_by_hand(tables):
    mixed = with_strangers(tables, lambda store, month: 0.5 if store < "S006" else 0.2)
    orders = mixed["orders"].to_pylist()
    orders[0] = orders[0] | {"status": "cancelled"}
    for order in orders[1:]:
        order["status"] = "paid"
    opened = dataset.open_sources({"orders": pa.Table.from_pylist(orders)})
    stores = tuple(sorted({order["store_code"] for order in orders}))
    calendar = calendar_for("month", opened)
    found = identification.sales(opened, calendar, stores)
    total, known = np.zeros_like(found.total), np.zeros_like(found.known)
    for order in orders[1:]:
        local = order["ordered_at"] + timedelta(hours=8)
        period = calendar.of(local.date())
        if 0 <= period < calendar.count:
            at = stores.index(order["store_code"]), period
            total[at] += order["total_paid_fen"]
            known[at] += order["total_paid_fen"] if order["member_code"] else 0
    assert (found.total == total).all()
    assert (found.known == known).all()
    assert not found.all_known


def test_nothing_looked_at_is_said_to_be_so():
    assert surroundings.NOWHERE.identified(None, "never_joiners") is None
    assert surroundings.NOWHERE.identification_json(None, "never_joiners")["status"] == "not_testable"
