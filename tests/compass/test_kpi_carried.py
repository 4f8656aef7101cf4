"""What a default design asks for follows the tables; a study with costs ends in money."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from jsonschema import Draft202012Validator
from test_study_answer import SCHEMA

from tongxin.compass import carried, dataset, design, report, study
from tongxin.compass.kpis import CORE
from tongxin.compass.periods import Calendar
from tongxin.compass.simulate import world
from tongxin.compass.simulate.world import Effect

START = datetime(2025, 1, 1, 4, tzinfo=UTC)


def shop(*, cost=False, starts=None):
    """Two years of one order a day."""
    days = range(730)
    tables = {
        "orders": pa.table(
            {
                "order_no": [f"N{day}" for day in days],
                "ordered_at": [START + timedelta(days=day) for day in days],
                "store_code": ["A"] * 730,
                "member_code": ["a"] * 730,
                "total_paid_fen": pa.array([100] * 730, pa.int64()),
            }
        )
    }
    if cost:
        tables["order_lines"] = pa.table(
            {
                "order_no": ["N1"],
                "line_no": [1],
                "sku": ["s"],
                "qty": [1.0],
                "paid_amount_fen": pa.array([100], pa.int64()),
                "cost_fen": pa.array([60], pa.int64()),
            }
        )
    if starts is not None:
        tables["memberships"] = pa.table(
            {
                "member_code": ["a"],
                "program": ["P"],
                "status": ["on"],
                "started_at": [START + timedelta(days=starts)],
            }
        )
    return dataset.open_sources(tables)


YEARS_TWO, YEARS_THREE = Calendar("month", 2025 * 12 + 1, 24), Calendar("month", 2025 * 12 + 1, 36)


@pytest.mark.parametrize(
    ("tables", "calendar", "more"),
    [
        ({}, YEARS_TWO, {"retention", "ltv_6m"}),
        ({}, YEARS_THREE, {"retention", "ltv_6m", "ltv_12m"}),
        ({}, Calendar("month", 2025 * 12 + 1, 12), {"retention"}),
        ({"cost": True}, YEARS_TWO, {"retention", "ltv_6m", "margin_per_month"}),
        ({"starts": 500}, YEARS_TWO, {"retention", "ltv_6m", "paid_conversion"}),
        ({"starts": 100}, YEARS_TWO, {"retention", "ltv_6m"}),  # before any window
        ({"starts": 500}, Calendar("month", 2025 * 12 + 1, 12), {"retention"}),
    ],
)
def test_a_kpi_is_asked_where_the_tables_carry_it(tables, calendar, more):
    assert set(carried.kpis_for(shop(**tables), calendar, 12)) == set(CORE) | more


@pytest.fixture(scope="module")
def priced():
    """+25 % planted; every line costs 70 % of what is paid; a third begin to pay at random."""
    made = world.make(
        "level", Effect.parse("25%"), np.random.default_rng(3), seed=3, members=3000, join_share=0.2
    )
    tables = dict(made.tables)
    paid = tables["order_lines"]["paid_amount_fen"].to_numpy()
    tables["order_lines"] = tables["order_lines"].append_column("cost_fen", pa.array(paid - paid * 3 // 10))
    opened = dataset.open_sources(tables, simulated=True)
    costs = {
        "materials_fen": 300_000,
        "vouchers_fen": 90_000,
        "staff_hours": 100,
        "hourly_fen": 3000,
        "other_fen": 0,
    }
    base, notes = design.default_for(opened)
    asked = design.from_mapping(
        {
            "costs": costs,
            "kpis": ["spend_per_month", "margin_per_month", "ltv_6m"],
            "windows": [6],
            "draws": 199,
        },
        base,
    )
    return made, study.run(opened, asked, notes=notes)


def test_a_study_with_costs_ends_in_money(priced):
    made, answer = priced
    told = {kpi.kpi: kpi for kpi in answer.kpis}
    assert told["margin_per_month"].effect == pytest.approx(0.3 * told["spend_per_month"].effect, rel=0.02)
    money = answer.money
    truth = made.att(1, 6) * 6 * 0.3 * money.people
    assert money.ci[0] < truth < money.ci[1]
    assert money.costs.total_fen == 690_000
    assert money.net == pytest.approx(money.margin - 6900)
    assert money.people == int((made.entry >= 0).sum())
    assert money.compared == told["margin_per_month"].treated
    assert money.cost_known == 1.0


def test_its_json_fits_the_schema_and_its_page_shows_it(priced):
    document = priced[1].as_json()
    assert list(Draft202012Validator(SCHEMA).iter_errors(document)) == []
    assert document["money"]["costs_fen"]["total"] == 690_000
    assert document["money"]["roi"] is not None
    assert "花的钱，赚回来了吗" in report.render(priced[1], "zh")
    codes = [warning["zh"] for warning in document["warnings"]]
    assert any("价值按毛利计" in text for text in codes)


def test_control_arm_without_costs_there_is_a_reason_instead(level):
    money = level.json["money"]
    assert money["net"] is None
    assert money["reason"]["zh"]
    assert list(Draft202012Validator(SCHEMA).iter_errors(level.json)) == []
