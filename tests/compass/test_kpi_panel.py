"""Margin and paid memberships by member and period: twins by plain loops, and what nobody knows is never guessed."""

from datetime import UTC, datetime, timedelta
from math import floor

import numpy as np
import pyarrow as pa
import pytest

from tongxin.compass import memberships, panel
from tongxin.compass.dataset import open_sources
from tongxin.compass.periods import Calendar, calendar_for

START = datetime(2025, 1, 1, 4, tzinfo=UTC)


def random_shop(seed, *, line_costs=True, unit_costs=True, orders=400, shuffle=False):
    """Orders over four months with refunds, returns, unknown costs; every amount whole fen."""
    rng = np.random.default_rng(seed)
    rows, lines, refunds = [], [], []
    for n in range(orders):
        parts = [
            (int(rng.integers(1, 9000)), int(rng.integers(0, 6)), float(rng.integers(1, 4))) for _ in range(2)
        ]
        if rng.random() < 0.05:  # a return in the same file
            parts = [(-int(rng.integers(1, 3000)), 0, -1.0)]
        rows.append((f"N{n}", START + timedelta(days=int(rng.integers(0, 120))), f"M{rng.integers(0, 12)}"))
        for i, (fen, sku, qty) in enumerate(parts):
            cost = int(rng.integers(0, 5000)) if rng.random() < 0.5 else None
            lines.append((f"N{n}", i + 1, f"S{sku}", qty, fen, cost))
        if rng.random() < 0.1:
            refunds.append((f"R{n}", f"N{n}", START + timedelta(days=125), abs(parts[0][0]) // 2, 1))
    rows.append(("LAST", START + timedelta(days=119), "M0"))
    lines.append(("LAST", 1, "S1", 1.0, 100, None))
    if shuffle:
        rows = [rows[i] for i in rng.permutation(len(rows))]
        lines = [lines[i] for i in rng.permutation(len(lines))]
    paid = {}
    for order, _, _, _, fen, _ in lines:
        paid[order] = paid.get(order, 0) + fen
    columns = {
        "order_no": [line[0] for line in lines],
        "line_no": [line[1] for line in lines],
        "sku": [line[2] for line in lines],
        "qty": [line[3] for line in lines],
        "paid_amount_fen": pa.array([line[4] for line in lines], pa.int64()),
    }
    if line_costs:
        columns["cost_fen"] = pa.array([line[5] for line in lines], pa.int64())
    products = {"sku": [f"S{i}" for i in range(6)], "name": ["x"] * 6, "category_code": ["C"] * 6}
    units = [1000, 2000, None, 501, 0, 700]
    if unit_costs:
        products["unit_cost_fen"] = pa.array(units, pa.int64())
    tables = {
        "orders": pa.table(
            {
                "order_no": [row[0] for row in rows],
                "ordered_at": [row[1] for row in rows],
                "store_code": ["A"] * len(rows),
                "member_code": [row[2] for row in rows],
                "total_paid_fen": pa.array([paid[row[0]] for row in rows], pa.int64()),
            }
        ),
        "order_lines": pa.table(columns),
        "products": pa.table(products),
        "refunds": pa.table(
            {
                "refund_no": [r[0] for r in refunds],
                "order_no": [r[1] for r in refunds],
                "refunded_at": [r[2] for r in refunds],
                "amount_fen": pa.array([r[3] for r in refunds], pa.int64()),
                "line_no": [r[4] for r in refunds],
            }
        ),
    }
    return tables, rows, lines, refunds, (units if unit_costs else [None] * 6)


def margin_twin(rows, lines, refunds, units, *, line_costs):
    """Plain loops: paid − refunds − cost, cost of the line before qty × unit cost, unknown costs give no margin."""
    margin, known, total = {}, 0, 0
    where = {row[0]: (row[2], (row[1] + timedelta(hours=8)).month - 1) for row in rows}
    for order, _, sku, qty, fen, own in lines:
        cost, unit = own if line_costs else None, units[int(sku[1:])]
        if cost is None and unit is not None:
            cost = floor(max(qty, 0) * unit + 0.5)
        margin[where[order]] = margin.get(where[order], 0) + (0 if cost is None else fen - cost)
        known, total = known + (fen if cost is not None else 0), total + fen
    for _, order, _, fen, _ in refunds:
        margin[where[order]] = margin.get(where[order], 0) - fen
    return margin, known / total


@pytest.mark.parametrize(("line_costs", "unit_costs"), [(True, True), (True, False), (False, True)])
def test_margin_against_plain_loops(line_costs, unit_costs):
    tables, rows, lines, refunds, units = random_shop(3, line_costs=line_costs, unit_costs=unit_costs)
    dataset = open_sources(tables)
    calendar = Calendar("month", 2025 * 12 + 1, 4)
    found = panel.build(dataset, calendar, panel.gather(dataset, calendar))
    twin, share = margin_twin(rows, lines, refunds, units, line_costs=line_costs)
    codes = found.codes.to_pylist()
    for (code, month), fen in twin.items():
        if month < 4:
            assert found.values["margin"][codes.index(code), month] == fen
    assert found.values["margin"].sum() == sum(fen for (_, month), fen in twin.items() if month < 4)
    assert found.cost_known == pytest.approx(share)


def test_without_any_cost_there_is_no_margin_and_value_is_spend():
    tables, *_ = random_shop(4, line_costs=False, unit_costs=False)
    dataset = open_sources(tables)
    calendar = calendar_for("month", dataset)
    found = panel.build(dataset, calendar, panel.gather(dataset, calendar))
    assert "margin" not in found.values
    assert (found.cost_known, found.basis) == (None, "spend")


def test_few_known_costs_do_not_become_a_value():
    tables, *_ = random_shop(5, line_costs=True, unit_costs=False)
    dataset = open_sources(tables)
    calendar = calendar_for("month", dataset)
    found = panel.build(dataset, calendar, panel.gather(dataset, calendar))
    assert 0.2 < found.cost_known < 0.8
    assert found.basis == "spend"


def test_row_order_does_not_reach_the_margin():
    found = []
    for shuffle in (False, True):
        tables, *_ = random_shop(6, shuffle=shuffle)
        dataset = open_sources(tables)
        calendar = calendar_for("month", dataset)
        found.append(panel.build(dataset, calendar, panel.gather(dataset, calendar)))
    assert (found[0].values["margin"] == found[1].values["margin"]).all()


def test_paid_memberships_by_period_against_plain_loops():
    rng = np.random.default_rng(8)
    calendar = Calendar("month", 2025 * 12 + 1, 12)
    zero = datetime(2024, 10, 1, 4, tzinfo=UTC)
    rows = []
    for who in range(30):
        at = 0
        for _ in range(int(rng.integers(0, 4))):
            at += int(rng.integers(1, 120))
            length = int(rng.integers(1, 200))
            rows.append((f"M{who:02d}", at, None if rng.random() < 0.2 else at + length))
            at += length
    rows.append(("stranger", 100, None))
    table = pa.table(
        {
            "member_code": [row[0] for row in rows],
            "program": ["P"] * len(rows),
            "status": ["x"] * len(rows),
            "started_at": [zero + timedelta(days=row[1]) for row in rows],
            "ended_at": pa.array(
                [None if row[2] is None else zero + timedelta(days=row[2]) for row in rows],
                pa.timestamp("us", "UTC"),
            ),
        }
    )
    dataset = open_sources({"memberships": table})
    codes = pa.array([f"M{who:02d}" for who in range(30)])
    found = memberships.by_period(dataset, codes, calendar)
    for who in range(30):
        mine = [row for row in rows if row[0] == f"M{who:02d}"]
        for month in range(12):
            days = [
                d
                for d in range(600)
                if (zero + timedelta(days=d)).year == 2025 and (zero + timedelta(days=d)).month == month + 1
            ]
            running = any(row[1] <= d and (row[2] is None or d <= row[2]) for row in mine for d in days)
            begins = any(row[1] in days for row in mine)
            assert found["paid"][who, month] == running
            assert found["paid_starts"][who, month] == begins


def test_memberships_without_an_end_column_run_on():
    table = pa.table(
        {
            "member_code": ["a"],
            "program": ["P"],
            "status": ["x"],
            "started_at": [datetime(2025, 3, 5, 4, tzinfo=UTC)],
        }
    )
    found = memberships.by_period(
        open_sources({"memberships": table}), pa.array(["a"]), Calendar("month", 2025 * 12 + 1, 6)
    )
    assert found["paid"].tolist() == [[0, 0, 1, 1, 1, 1]]
    assert found["paid_starts"].tolist() == [[0, 0, 1, 0, 0, 0]]
