"""`ltv fit` from orders to sentence, on CDNOW (nobody took part, people do leave) and on a simulated chain (nobody leaves)."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from tongxin.compass.dataset import open_sources
from tongxin.compass.errors import BadInput
from tongxin.compass.ltv import bg_nbd, fitting, histories
from tongxin.compass.ltv.fitting import Settings
from tongxin.faces.cli import ltv, main

PUBLISHED = Path(__file__).parents[1] / "published"


def cdnow_tables(*, registered=True, shuffle=False, cost=True):
    """The published sample as canonical tables: one order a row, registered on the day of the first purchase."""
    sample = pq.read_table(PUBLISHED / "cdnow_sample.parquet")["master"]
    rows = pq.read_table(PUBLISHED / "cdnow.parquet")
    rows = rows.filter(pc.is_in(rows["customer"], value_set=sample.combine_chunks()))
    if shuffle:
        rows = rows.take(pa.array(np.random.default_rng(1).permutation(len(rows))))
    stamp = pc.cast(rows["date"], pa.timestamp("us", "UTC"))
    codes = pc.binary_join_element_wise("C", pc.cast(rows["customer"], pa.string()), "")
    order_no = [f"N{i}" for i in range(len(rows))]
    cents = pc.cast(rows["cents"], pa.int64())
    tables = {
        "orders": pa.table(
            {
                "order_no": order_no,
                "ordered_at": stamp,
                "store_code": ["WEB"] * len(rows),
                "member_code": codes,
                "total_paid_fen": cents,
                "currency": ["USD"] * len(rows),
            }
        )
    }
    if cost:
        tables["order_lines"] = pa.table(
            {
                "order_no": order_no,
                "line_no": [1] * len(rows),
                "sku": ["CD"] * len(rows),
                "qty": [1.0] * len(rows),
                "paid_amount_fen": cents,
                "cost_fen": pc.cast(pc.floor(pc.multiply(cents, 0.75)), pa.int64()),
            }
        )
    if registered:
        first = (
            pa.table({"member_code": codes, "at": stamp}).group_by("member_code").aggregate([("at", "min")])
        )
        tables["members"] = pa.table({"member_code": first["member_code"], "registered_at": first["at_min"]})
    return tables


@pytest.fixture(scope="module")
def found():
    return fitting.fit(open_sources(cdnow_tables()), Settings(holdout_days=182))


def test_the_whole_way_ends_at_the_direct_fit(found):
    """Twin: days of purchase by plain loops, then the same model."""
    days = {}
    for row in cdnow_tables()["orders"].to_pylist():
        if row["total_paid_fen"] > 0 and row["ordered_at"].date().isoformat() <= found.as_of:
            days.setdefault(row["member_code"], set()).add(row["ordered_at"].date().toordinal())
    last = max(max(mine) for mine in days.values())
    rows = [(len(mine) - 1, max(mine) - min(mine), last - min(mine)) for mine in days.values()]
    x, recency, age = (np.array(column) for column in zip(*rows, strict=True))
    twin = bg_nbd.fit(histories.distinct(x, recency, age))
    assert found.frequency.parameters == pytest.approx(twin.parameters, rel=1e-6)
    assert found.population["fitted"] == len(rows)


def test_every_number_of_the_answer_comes_with_what_it_stands_on(found):
    zh, en = found.words.zh, found.words.en
    for piece in (
        "1998-06-28",
        "12 个月",
        "毛利",
        "8.0%",
        f"{found.population['fitted']:,} 人",
        "实际发生",
        "留出最后 182 天",
    ):
        assert piece in zh
    for piece in ("margin", "12 months", "observed", "not an effect"):
        assert piece in en
    assert [one.months for one in found.horizons] == [6, 12]
    for one in found.horizons:
        assert one.purchases[1] < one.purchases[0] < one.purchases[2]
        assert one.value[1] < one.value[0] < one.value[2]
    assert 0 < found.observed_share < 1
    assert found.causal["status"] == "not_testable"
    assert "没有参与记录" in found.causal_words.zh
    assert not found.refused
    traps = {trap.code: trap for trap in found.traps}
    assert "left_truncation" not in traps
    assert traps["same_day"].weight == "told"


def test_members_table(found):
    table = found.members
    assert table.column_names == [
        "member_code", "repeat_purchases", "recency_days", "age_days", "spend_fen",
        "purchases_6m", "value_6m", "purchases_12m", "value_12m", "probability_alive",
    ]  # fmt: skip
    six, twelve = (table[name].to_numpy() for name in ("purchases_6m", "purchases_12m"))
    assert (twelve > six).all()
    assert twelve.mean() == pytest.approx(found.horizons[1].purchases[0])
    alive = table["probability_alive"].to_numpy()
    assert ((alive > 0) & (alive <= 1)).all()


def test_the_held_out_half_year(found):
    """The forecast of 1998 from 1997: the total within a tenth, and the verdict is one of two."""
    tested = found.holdout
    assert tested.days == 182
    assert abs(tested.bias) < 0.10
    assert found.as_json()["holdout"]["status"] in {"beats_naive", "does_not_beat_naive"}
    assert tested.beats == (tested.mae < min(tested.mae_own_rate, tested.mae_last_year or np.inf))


def test_retention_of_newcomers(found):
    curve = found.retention[0]
    assert curve.cohort == "all"
    kept = [point.kept for point in curve.points]
    assert kept == sorted(kept, reverse=True)
    assert curve.points[0].at_risk > 2000
    assert any(point.spend for one in found.retention[1:] for point in one.points)


def test_plain_json(found):
    document = json.loads(found.to_json())
    assert document["schema"] == "tongxin.ltv/1"
    assert document["basis"] == "margin"
    assert document["forecast"]["bg_nbd"]["unit_of_time"] == "day"
    assert document["forecast"]["gamma_gamma"]["correlation_of_value_and_frequency"] is not None
    assert document["fingerprint"]["data"].startswith("sha256:")
    assert document["population"]["members"] >= document["population"]["fitted"]


def test_row_order_of_the_files_changes_nothing(found):
    other = fitting.fit(open_sources(cdnow_tables(shuffle=True)), Settings(holdout_days=182))
    assert other.as_json() == found.as_json()
    assert other.members.equals(found.members)


def test_unknown_costs_make_it_revenue_and_unknown_beginnings_are_warned(found):
    other = fitting.fit(open_sources(cdnow_tables(registered=False, cost=False)), Settings(holdout_days=0))
    assert other.basis == "revenue"
    assert "消费额" in other.words.zh
    assert other.horizons[1].value[0] == pytest.approx(found.horizons[1].value[0] / 0.25, rel=0.01)
    assert "left_truncation" in {trap.code for trap in other.traps}
    assert other.holdout is None
    assert other.as_json()["holdout"] == {"status": "not_testable"}
    assert "没有留出检验" in other.words.zh


def test_nobody_comes_twice():
    tables = cdnow_tables(cost=False)
    orders = tables["orders"]
    first = pc.unique(orders["member_code"])
    at = [orders["member_code"].index(code).as_py() for code in first[:400]]
    other = fitting.fit(open_sources({"orders": orders.take(pa.array(at))}))
    assert other.refused
    assert other.frequency is None
    assert "没有人买过第二次" in other.words.zh
    assert other.horizons == ()
    assert other.observed_share is None
    json.loads(other.to_json())


def test_returns_of_all_repeat_purchases_leave_counts_without_value():
    """A return receipt beside each repeat purchase takes more than it brought: no value model, but coming purchases."""
    tables = cdnow_tables(cost=False)
    orders = tables["orders"]
    seen, fen = set(), []
    for row in orders.to_pylist():
        fen.append(row["total_paid_fen"] if row["member_code"] not in seen else 0)
        seen.add(row["member_code"])
    amounts = [row["total_paid_fen"] - one - 1 for row, one in zip(orders.to_pylist(), fen, strict=True)]
    keep = [i for i, one in enumerate(fen) if one == 0 and amounts[i] > 0]
    returns = pa.table(
        {
            "order_no": [f"B{i}" for i in keep],
            "ordered_at": orders["ordered_at"].take(pa.array(keep)),
            "store_code": ["WEB"] * len(keep),
            "member_code": orders["member_code"].take(pa.array(keep)),
            "total_paid_fen": pa.array([-amounts[i] - 5 for i in keep], pa.int64()),
            "currency": ["USD"] * len(keep),
        }
    )
    other = fitting.fit(
        open_sources({"orders": pa.concat_tables([orders, returns])}), Settings(horizons=(3,), holdout_days=0)
    )
    assert other.value is None
    assert other.horizons[0].value is None
    assert other.horizons[0].purchases is not None
    assert "金额不给预测" in other.words.zh
    assert {"non_positive_means", "no_means"} <= {trap.code for trap in other.traps}


@pytest.fixture(scope="module")
def simulated(level):
    return fitting.fit(level.dataset, design=dataclasses.replace(level.design, windows=(6,), draws=99))


def test_a_chain_nobody_leaves_has_a_causal_answer_but_no_forecast(level, simulated):
    other = simulated
    assert other.refused
    assert "weak_identification" in {trap.code for trap in other.traps}
    assert "不给预测" in other.words.zh
    value = next(kpi for kpi in other.causal["kpis"] if kpi["kpi"] == "ltv_6m")
    truth = level.world.att(1, 6) * 6
    assert value["ci"][0] < truth < value["ci"][1]
    assert set(value["by_control"]) == {"never_joiners", "split_window", "later_joiners"}
    assert value["naive"]["versus_all_others"] > truth
    assert "6 个月累计价值：参加带来" in other.causal_words.zh
    assert "12 个月累计价值的因果答案还不能下" in other.causal_words.zh


@pytest.mark.parametrize(
    "settings",
    [
        {"horizons": ()},
        {"horizons": (6, 3)},
        {"discount": 1.0},
        {"level": 0.2},
        {"holdout_days": -1},
        {"lapse_days": 0},
    ],
)
def test_settings_that_are_none(settings):
    with pytest.raises(BadInput):
        Settings(**settings)


def test_the_command_writes_three_files(tmp_path, capsys):
    for name, table in cdnow_tables().items():
        pq.write_table(table, tmp_path / f"{name}.parquet")
    out = tmp_path / "out"
    line = ["ltv", "fit", str(tmp_path), "--out", str(out), "--holdout", "182", "--months", "3", "--lang"]
    assert main.run([*line, "zh"]) == 0
    said = capsys.readouterr().out
    assert "未来毛利" in said
    assert "新会员留存" in said
    assert json.loads((out / "ltv.json").read_text())["settings"]["horizons"] == [3]
    assert pq.read_table(out / "members.parquet").num_rows > 2000
    assert "forecast" not in (out / "report.txt").read_text()
    assert main.run([*line, "en", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["schema"] == "tongxin.ltv/1"
    assert "forecast" in (out / "report.txt").read_text()


def test_exit_codes(tmp_path, capsys):
    tables = cdnow_tables(cost=False, registered=False)
    orders = tables["orders"]
    once = [orders["member_code"].index(code).as_py() for code in pc.unique(orders["member_code"])[:300]]
    pq.write_table(orders.take(pa.array(once)), tmp_path / "orders.parquet")
    assert main.run(["ltv", "fit", str(tmp_path), "--out", str(tmp_path / "o"), "--demand"]) == 1
    assert main.run(["ltv", "fit", str(tmp_path / "nowhere"), "--out", str(tmp_path / "o")]) == 2
    blocked = tmp_path / "file"
    blocked.write_text("x")
    assert main.run(["ltv", "fit", str(tmp_path), "--out", str(blocked)]) == 2
    assert main.run(["ltv", "fit", str(tmp_path), "--out", str(tmp_path / "o"), "--discount", "3"]) == 2
    capsys.readouterr()


def test_the_report_shows_the_causal_answer(simulated):
    columns, rows = ltv.report(simulated)
    assert len(columns) == 6
    causal = [row for row in rows if "6 个月累计价值" in row[0] or "Value over 6" in row[0]]
    assert causal[0][3] != "—"
    assert all(len(row) == 6 for row in rows)
