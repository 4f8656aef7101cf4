"""Datasets at the edge: an answer or a refusal with a name, never a crash."""

import numpy as np
import pyarrow as pa
import pytest

from tongxin.compass import dataset, report, study
from tongxin.compass.design import Design
from tongxin.compass.errors import BadInput
from tongxin.compass.simulate import world
from tongxin.compass.simulate.world import Effect


@pytest.fixture(scope="module")
def tables():
    return world.make("level", Effect.parse("20"), np.random.default_rng(4), members=400, stores=3).tables


def answered(tables, **change):
    design = Design(draws=99, **change)
    answer = study.run(dataset.open_sources(tables), design)
    assert "<main>" in report.render(answer, "en")
    answer.to_json()
    return answer


def changed(tables, name, column, values):
    table = tables[name]
    place = table.column_names.index(column)
    return tables | {name: table.set_column(place, column, values)}


def test_orders_of_nobody(tables):
    nobody = changed(tables, "orders", "member_code", pa.nulls(len(tables["orders"]), pa.string()))
    answer = answered(nobody)
    assert answer.primary.verdict == "cannot_be_said"
    assert ("without_purchases", 40) in [(reason, n) for reason, n, _ in answer.population.excluded]


def test_orders_without_the_column_are_bad_input(tables):
    without = tables | {"orders": tables["orders"].drop_columns(["member_code"])}
    with pytest.raises(BadInput, match="must know who bought"):
        answered(without)


def test_nobody_took_part(tables):
    answer = answered(tables | {"participation": tables["participation"].slice(0, 0)})
    assert answer.primary.verdict == "cannot_be_said"
    assert answer.population.treated == 0


def test_everybody_took_part_so_nobody_is_left_to_compare(tables):
    members = tables["members"]["member_code"].combine_chunks()
    n = len(members)
    when = pa.array([np.datetime64("2025-02-03T10:00:00", "us")] * n)
    everybody = pa.table(
        {
            "member_code": members,
            "what": ["event"] * n,
            "what_code": ["e"] * n,
            "status": ["checked_in"] * n,
            "happened_at": when,
        }
    )
    answer = answered(tables | {"participation": everybody})
    assert answer.primary.verdict == "cannot_be_said"
    assert answer.primary.reasons[0].startswith("R1")


def test_one_store_only_and_strata_without_stores(tables):
    one = pa.array(["S001"] * len(tables["orders"]))
    lines = tables["order_lines"].drop_columns(["store_code"])
    single = changed(tables, "orders", "store_code", one) | {"order_lines": lines}
    answer = answered(single, min_cohort=1, windows=(3,))
    assert answer.checks["inference"]["stores"] <= 1
    assert answer.checks["sensitivity"]["leave_one_store_out"] is None
    flat = answered(tables, min_cohort=1, windows=(3,), strata=("tenure",))
    assert set(flat.checks["overlap"]["rungs"]) == {"chain"}


def test_nobody_ever_bought_again(tables):
    """Next to nothing after entry: ratios have no denominator, and say so instead of dividing."""
    orders = tables["orders"]
    when = orders["ordered_at"].to_numpy()
    early = orders.filter(pa.array(when < np.datetime64("2025-01-01")))
    late = orders.take([int(np.argmax(when))])
    whole = pa.concat_tables([early, late])
    dates = dataset.open_sources(tables | {"orders": whole})
    answer = study.run(
        dates, Design(draws=99, min_cohort=1, windows=(3,), kpis=("spend_per_month", "basket_value"))
    )
    answer.to_json()
    assert {kpi.verdict for kpi in answer.kpis if kpi.kpi == "basket_value"} == {"cannot_be_said"}
