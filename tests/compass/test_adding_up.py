"""Rows that fall into matrices, files whose statistics are believed, texts trimmed at leisure, and who is at home where."""

from dataclasses import replace

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tongxin.compass import engines, homes, panel, reading
from tongxin.compass.adding import Sums
from tongxin.compass.dataset import Room, open_dataset, open_sources
from tongxin.compass.errors import BadInput
from tongxin.compass.periods import calendar_for


def chain(rng, n=4000, members=60):
    day = np.datetime64("2024-01-01") + rng.integers(0, 400, n)
    return pa.table(
        {
            "order_no": [f"O{number:05d}" for number in range(n)],
            "ordered_at": pa.array(day.astype("datetime64[us]"), pa.timestamp("us", tz="UTC")),
            "store_code": [f"S{s}" for s in rng.integers(0, 7, n)],
            "total_paid_fen": rng.integers(-50, 900, n),
            "member_code": [None if m == 0 else f"M{m:03d}" for m in rng.integers(0, members, n)],
        }
    )


@pytest.fixture(scope="module")
def orders():
    return chain(np.random.default_rng(8))


def test_streamed_and_grouped_sums_are_the_same(orders, monkeypatch):
    """An engine across a network adds up before it hands over; the embedded one does not: the same integers."""
    found = []
    for stream in (engines.ENGINES["duckdb"].stream, None):
        monkeypatch.setitem(engines.ENGINES, "duckdb", replace(engines.ENGINES["duckdb"], stream=stream))
        opened = open_sources({"orders": orders}, room=Room(partitions=3))
        assert opened.streams is (stream is not None)
        calendar = calendar_for("month", opened)
        facts = panel.gather(opened, calendar)
        sums = panel.build(opened, calendar, facts)
        people = opened.con.table("orders").select("member_code").limit(0).mutate(entered=0)
        found.append((sums, homes.of(opened, facts, people, sums.members)))
    one, other = found
    for name in ("orders", "spend"):
        assert np.array_equal(one[0].values[name], other[0].values[name])
    assert np.array_equal(one[1][0], other[1][0])
    assert one[1][1] == other[1][1]


def test_days_outside_the_calendar_do_not_count_and_totals_are_single_numbers(orders):
    opened = open_sources({"orders": orders})
    calendar = replace(calendar_for("month", opened), count=4)
    facts = panel.gather(opened, calendar)
    table = pa.Table.to_pylist(orders)
    sums = Sums(60, calendar)
    rows = panel.spend_rows(facts)
    sums.add(opened, rows.mutate(all=rows.spend), whole=("all",))
    begin, end = calendar.start(0), calendar.start(4)
    inside = [row for row in table if row["member_code"] and begin <= row["ordered_at"].date() < end]
    assert sums.totals == {"all": sum(row["total_paid_fen"] for row in inside)}
    assert sums.matrix("spend").sum() == sums.totals["all"]
    assert sums.matrix("orders").sum() == sum(row["total_paid_fen"] > 0 for row in inside)
    assert not sums.matrix("never heard of").any()


def test_home_is_where_most_orders_were_before_entry_then_after_then_the_lowest_code(orders):
    opened = open_sources({"orders": orders})
    calendar = calendar_for("month", opened)
    facts = panel.gather(opened, calendar)
    codes = opened.arrow(facts.members.order_by("member"))["member_code"].to_pylist()
    rng = np.random.default_rng(2)
    entered = {code: int(19723 + rng.integers(0, 400)) for code in codes[::2]}
    late = pa.table({"member_code": list(entered), "entered": list(entered.values())})
    opened.con.con.register("late", late)
    home, stores = homes.of(opened, facts, opened.con.table("late"), len(codes))
    assert stores == tuple(f"S{s}" for s in range(7))
    days = opened.arrow(facts.orders.select("member_code", "store_code", "day")).to_pylist()
    for place, code in enumerate(codes):
        mine = [row for row in days if row["member_code"] == code]
        scores = {}
        for row in mine:
            score = scores.setdefault(row["store_code"], [0, 0])
            score[row["day"] >= entered.get(code, 10**9)] += 1
        best = min(scores, key=lambda store: (-scores[store][0], -scores[store][1], store))
        assert stores[home[place]] == best


@pytest.mark.parametrize("listed", [["S9", "S6", "S5", "S4", "S3", "S2", "S1", "S0", "S0"], ["S0", "S3"], []])
def test_the_list_of_stores_decides_nothing_about_homes(orders, listed):
    """A list with every store, and stores nobody buys in, saves a reading; one that lacks some is not believed."""
    found = []
    for more in ({}, {"stores": pa.table({"store_code": listed, "name": listed})}):
        opened = open_sources({"orders": orders} | more, room=Room(settled=True))
        facts = panel.gather(opened, calendar_for("month", opened))
        people = opened.con.table("orders").select("member_code").limit(0).mutate(entered=0)
        found.append(homes.of(opened, facts, people, 59))
    assert np.array_equal(found[0][0], found[1][0])
    assert found[0][1] == found[1][1] == tuple(f"S{s}" for s in range(7))


def test_orders_of_nobody_are_left_out_of_joins_whether_they_are_kept_or_read_again(orders):
    """Read again they pass by with the others, and find no member."""
    found = []
    for parts in (1, 2):
        opened = open_sources({"orders": orders}, room=Room(partitions=parts))
        facts = panel.gather(opened, calendar_for("month", opened))
        assert (facts.every is None) is (parts == 1)
        rows = opened.arrow(facts.bought.select("order_no", "member").order_by("order_no"))
        found.append(rows.to_pylist())
    named = sum(code is not None for code in orders["member_code"].to_pylist())
    assert found[0] == found[1]
    assert len(found[0]) == named < len(orders)
    guests = opened.arrow(facts.joined.filter(facts.joined.member_code.isnull()))
    assert len(guests) == len(orders) - named


@pytest.mark.parametrize(
    ("values", "known"),
    [
        (["a", "b"], True),
        (["a", None], False),
        (["a", ""], False),
        (["a", "  "], False),
        (["a", " b"], False),
        (["a", "　"], False),  # an ideographic blank is trimmed away too
        (["a", "中文"], False),  # not known by its statistics: counted
    ],
)
def test_columns_that_are_full_by_the_statistics_of_the_files(values, known, tmp_path):
    pq.write_table(pa.table({"code": pa.array(values, pa.string())}), tmp_path / "1.parquet")
    con = duckdb.connect()
    assert reading.always_there(con, str(tmp_path / "*.parquet")) == ({"code"} if known else set())
    pq.write_table(pa.table({"other": ["x"]}), tmp_path / "2.parquet")
    assert reading.always_there(con, str(tmp_path / "*.parquet")) == set()


def test_files_without_statistics_are_counted(tmp_path):
    pq.write_table(pa.table({"code": ["a"]}), tmp_path / "1.parquet", write_statistics=False)
    assert reading.always_there(duckdb.connect(), str(tmp_path / "1.parquet")) == set()


def test_an_empty_value_in_a_required_column_is_still_found(orders, tmp_path):
    """Control: the statistics spare the counting only where they prove it needless."""
    folder = tmp_path / "orders"
    folder.mkdir()
    pq.write_table(orders, folder / "1.parquet")
    assert open_dataset(tmp_path).has("orders")
    holes = orders.set_column(0, "order_no", pa.array([" ", *orders["order_no"].to_pylist()[1:]]))
    pq.write_table(holes, folder / "2.parquet")
    with pytest.raises(BadInput, match=r"orders\.order_no: 1 row"):
        open_dataset(tmp_path)


def test_texts_are_trimmed_of_every_blank_and_nothing_else():
    texts = ["plain", " left", "right ", "　宽空格　", "中文", "\u00a0hard", "a b", "tab\t", "x" * 30 + " "]
    table = pa.table({"sku": texts, "name": [str(n) for n in range(len(texts))]})
    opened = open_sources({"products": table.append_column("category_code", table["name"])})
    rows = opened.arrow(opened.tables["products"].order_by(opened.tables["products"]["name"]))
    assert rows["sku"].to_pylist() == [
        "plain", "left", "right", "宽空格", "中文", "hard", "a b", "tab\t", "x" * 30
    ]  # fmt: skip
