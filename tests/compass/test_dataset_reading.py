"""Reading a DATASET: what is accepted, and one line for everything that is not."""

from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tongxin.compass.dataset import Room, open_dataset, open_sources
from tongxin.compass.errors import BadInput, OutOfRoom
from tongxin.compass.tables import TABLES


def orders(**change):
    rows = {
        "order_no": ["001", "002"],
        "ordered_at": ["2026-03-07T10:00:00+08:00", "2026-03-07 23:59:00"],
        "store_code": ["07", "07"],
        "total_paid": ["12.34", "5"],
        "member_code": ["00012", None],
    } | change
    return pa.table({name: column for name, column in rows.items() if column is not None})


def read(dataset, table="orders"):
    return dataset.arrow(dataset.tables[table].order_by(TABLES[table].key[-1])).to_pylist()


def faults(**change):
    with pytest.raises(BadInput) as error:
        open_sources({"orders": orders(**change)})
    return str(error.value)


def test_codes_keep_zeros_money_becomes_fen_times_become_utc_and_business_dates():
    first, second = read(open_sources({"orders": orders()}))
    assert (first["order_no"], first["store_code"], first["member_code"]) == ("001", "07", "00012")
    assert (first["total_paid_fen"], second["total_paid_fen"]) == (1234, 500)
    assert first["ordered_at"] == datetime(2026, 3, 7, 2, 0)
    assert second["ordered_at_date"] == date(2026, 3, 7)
    assert second["ordered_at_day"] == (date(2026, 3, 7) - date(1970, 1, 1)).days


@pytest.mark.parametrize(
    ("column", "fen"),
    [
        (pa.array(["-3.10", "+2"]), [-310, 200]),
        (pa.array([12.34, 0.29]), [1234, 29]),  # 0.29 * 100 = 28.999999…
        (pa.array([Decimal("12.30"), Decimal("-1.05")]), [1230, -105]),
        (pa.array([7, 8], pa.int64()), [700, 800]),
        (pa.array(["1.500", "2.0"]), [150, 200]),
    ],
)
def test_yuan_in_every_form(column, fen):
    assert [row["total_paid_fen"] for row in read(open_sources({"orders": orders(total_paid=column)}))] == fen


def test_fen_are_taken_as_they_are():
    table = orders(total_paid=None).append_column("total_paid_fen", pa.array([5, -7]))
    assert [row["total_paid_fen"] for row in read(open_sources({"orders": table}))] == [5, -7]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"total_paid": ["12.345", "5"]}, "orders.total_paid: 1 value(s) cannot be read, e.g. '12.345'"),
        ({"total_paid": [0.123, 1.0]}, "orders.total_paid: 1 value(s) cannot be read"),
        ({"total_paid": ["￥12", "x"]}, "2 value(s) cannot be read"),
        (
            {"ordered_at": ["2026-13-01", "2026-03-07"]},
            "orders.ordered_at: 1 value(s) cannot be read, e.g. '2026-13-01'",
        ),
        ({"store_code": None}, "orders.store_code: required column is missing; found order_no"),
        ({"store_code": ["07", ""]}, "orders.store_code: 1 row(s) have no value in a required column"),
        ({"store_code": [7.0, 8.0]}, "orders.store_code: holds DOUBLE numbers"),
        ({"channel": ["store", "moon"]}, "allowed: store, mini, delivery, group-buy"),
        ({"total_paid_fen": [1, 2]}, "orders.total_paid: given twice"),
        ({"order_no": ["001", "001"]}, "repeat a key with other content and nothing says which is newer"),
        ({"currency": ["CNY", "USD"]}, "orders.currency: holds CNY, USD"),
    ],
)
def test_one_line_a_fault(change, says):
    assert says in faults(**change)


def test_all_faults_come_at_once():
    with pytest.raises(BadInput) as error:
        open_sources(
            {"orders": orders(store_code=None, total_paid=None), "stores": pa.table({"name": ["x"]})}
        )
    assert {fault.where for fault in error.value.faults} == {
        "orders.store_code",
        "orders.total_paid",
        "stores.store_code",
    }


def test_unknown_columns_and_tables():
    opened = open_sources({"orders": orders(colour=["red", "blue"])})
    assert opened.aside["orders"] == ("colour",)
    assert "colour" in opened.notes[0].en
    with pytest.raises(BadInput, match="unknown table baskets"):
        open_sources({"baskets": orders()})


def test_the_newest_version_of_a_key_wins_and_equal_rows_fall_together():
    table = orders(order_no=["001", "001"], updated_at=["2026-03-08", "2026-03-09"], total_paid=["1", "2"])
    opened = open_sources({"orders": pa.concat_tables([table, table])})
    assert [row["total_paid_fen"] for row in read(opened)] == [200]
    assert "保留了最新" in opened.notes[0].zh


def test_number_columns_for_codes_are_read_as_text_when_whole():
    opened = open_sources({"orders": orders(order_no=pa.array([1, 2]))})
    assert [row["order_no"] for row in read(opened)] == ["1", "2"]


def test_stores_with_their_own_clock_have_their_own_business_day():
    stores = pa.table(
        {"store_code": ["07", "08"], "name": ["a", "b"], "timezone": ["Asia/Shanghai", "America/New_York"]}
    )
    both = orders(ordered_at=["2026-03-07T01:00:00+08:00"] * 2, store_code=["07", "08"])
    rows = read(open_sources({"orders": both, "stores": stores}))
    assert [row["ordered_at_date"] for row in rows] == [date(2026, 3, 7), date(2026, 3, 6)]
    with pytest.raises(BadInput, match=r"stores.timezone: Mars/Olympus is no time zone"):
        open_sources(
            {
                "orders": both,
                "stores": stores.set_column(2, "timezone", pa.array(["Asia/Shanghai", "Mars/Olympus"])),
            }
        )


def test_a_date_in_the_summer_of_1988_survives_daylight_saving():
    old = open_sources({"orders": orders(ordered_at=["1988-07-01 00:30:00", "1988-07-01 23:30:00"])})
    assert {row["ordered_at_date"] for row in read(old)} == {date(1988, 7, 1)}


def test_lines_without_store_need_unique_order_numbers():
    lines = pa.table({"order_no": ["001"], "line_no": [1], "sku": ["a"], "qty": [1.0], "paid_amount": ["3"]})
    twice = orders(order_no=["001", "001"], store_code=["07", "08"])
    open_sources({"orders": orders(), "order_lines": lines})
    with pytest.raises(BadInput, match=r"order_lines.store_code: missing, and 1 order numbers repeat"):
        open_sources({"orders": twice, "order_lines": lines})


def test_a_directory_of_csv_parquet_and_parts(tmp_path):
    (tmp_path / "stores.csv").write_text("\ufeffstore_code,name\n007,東店\n", encoding="utf-8")
    pq.write_table(orders(), tmp_path / "orders.parquet")
    for month in ("2026-01", "2026-02"):
        (tmp_path / "refunds" / f"month={month}").mkdir(parents=True)
        part = pa.table(
            {"refund_no": [month], "order_no": ["001"], "refunded_at": [f"{month}-05"], "amount": ["1.00"]}
        )
        pq.write_table(part, tmp_path / "refunds" / f"month={month}" / "a.parquet")
    opened = open_dataset(tmp_path)
    assert read(opened, "stores")[0]["store_code"] == "007"
    assert len(read(opened, "refunds")) == 2
    assert opened.has("orders", "total_paid_fen")
    assert not opened.has("ties")
    with pytest.raises(BadInput, match="no table participation"):
        opened.require("orders", "participation")


def test_directories_that_hold_nothing_useful(tmp_path):
    (tmp_path / "readme.txt").write_text("hello")
    with pytest.raises(BadInput, match=r"holds no canonical table; found readme.txt"):
        open_dataset(tmp_path)
    with pytest.raises(BadInput, match="is not a directory"):
        open_dataset(tmp_path / "nowhere")


def test_a_csv_in_another_encoding_is_refused_with_advice(tmp_path):
    (tmp_path / "stores.csv").write_bytes("store_code,name\n1,东店\n".encode("gb18030"))
    with pytest.raises(BadInput, match="tongxin import reads others"):
        open_dataset(tmp_path)


def test_an_empty_order_table_is_refused():
    with pytest.raises(BadInput, match="the table is empty"):
        open_sources({"orders": orders().slice(0, 0)})


def test_out_of_memory_is_a_refusal_with_advice(tmp_path):
    import ibis

    opened = open_sources({"orders": orders()}, room=Room(memory="20MB", temp_size="1MB", temp=tmp_path))
    big = ibis.range(0, 3_000_000).unnest().name("n").as_table()
    heavy = big.mutate(text=big.n.cast("string").repeat(20)).group_by("text").agg(n=big.n.max())
    with pytest.raises(OutOfRoom, match="larger memory limit"):
        opened.arrow(heavy.order_by("text"))


def test_the_data_given_to_us_are_not_changed():
    table = orders()
    before = table.to_pydict()
    open_sources({"orders": table})
    assert table.to_pydict() == before
