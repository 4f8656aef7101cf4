"""What a cell may say: a table of values and verdicts, a column kind a row."""

from datetime import UTC, date, datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongxin.compass.tables import TABLES, Column
from tongxin.connect.files.cells import EMPTY, as_text, convert, shown
from tongxin.connect.files.mapping import fingerprint, load_profile, plain, save_profile, understand
from tongxin.connect.files.report import BadFile, Fault, Report, Tally
from tongxin.connect.files.writing import cell
from tongxin.foundation import money
from tongxin.foundation.sheets import safe

ORDERS = TABLES["orders"]
BAD = object()


def value(column: Column, text, *, fen=False):
    made = convert(column, pa.array([text], pa.string()), fen=fen)
    return BAD if made.faults else made.values.to_pylist()[0]


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("column", "text", "meant"),
    [
        ("order_no", "0012", "0012"),
        ("order_no", "  7\u3000", "7"),
        ("order_no", "８００－１", "800-1"),
        ("order_no", "8.00012E+11", BAD),
        ("order_no", "138****1234", BAD),
        ("order_no", "#N/A", BAD),
        ("order_no", "a\x01b", BAD),
        ("order_no", "x" * 121, BAD),
        ("order_no", "NULL", None),
        ("order_no", None, None),
        ("order_no", "'=1+1", "=1+1"),
        ("order_no", "''=1+1", "'=1+1"),
        ("status", "x" * 501, BAD),
        ("status", "已 完成", "已 完成"),
        ("status", "#REF!", BAD),
        ("status", "#1", "#1"),
        ("status", "b\x07", BAD),
        ("total_paid", "12.5", 1250),
        ("total_paid", "-3", -300),
        ("total_paid", "+3", 300),
        ("total_paid", "￥1,234.50", 123450),
        ("total_paid", "１２．５元", 1250),
        ("total_paid", "12.500", 1250),
        ("total_paid", "12.505", BAD),
        ("total_paid", "1e3", BAD),
        ("total_paid", "12,34", BAD),
        ("total_paid", "inf", BAD),
        ("version", "3", 3),
        ("version", "3.0", 3),
        ("version", "1,000", 1000),
        ("version", "3.5", BAD),
        ("ordered_at", "2026-03-07 10:05:00", utc(2026, 3, 7, 2, 5)),
        ("ordered_at", "2026-03-07T10:05:00+00:00", utc(2026, 3, 7, 10, 5)),
        ("ordered_at", "2026-03-07 10:05:00Z", utc(2026, 3, 7, 10, 5)),
        ("ordered_at", "2026/3/7 9:05", utc(2026, 3, 7, 1, 5)),
        ("ordered_at", "2026年3月7日 9时05分", utc(2026, 3, 7, 1, 5)),
        ("ordered_at", "20260307", utc(2026, 3, 6, 16)),
        ("ordered_at", "20260307100500", utc(2026, 3, 7, 2, 5)),
        ("ordered_at", "2028-02-29 00:00:00", utc(2028, 2, 28, 16)),
        ("ordered_at", "2026-02-29 00:00:00", BAD),
        ("ordered_at", "2026-02-30 00:00:00", BAD),
        ("ordered_at", "2026-03-07 25:00:00", BAD),
        ("ordered_at", "2026-13-07T10:05:00+08:00", BAD),
        ("ordered_at", "46088", BAD),
        ("ordered_at", "46088.52", BAD),
        ("ordered_at", "昨天", BAD),
        ("ordered_at", "1989-06-01 00:00:00", utc(1989, 5, 31, 15)),  # daylight saving
        ("channel", "STORE", "store"),
        ("channel", "小程序", "mini"),
        ("channel", "fax", BAD),
    ],
)  # fmt: skip
def test_values(column, text, meant):
    assert (
        value(ORDERS.column(column), text) is meant
        if meant is BAD
        else value(ORDERS.column(column), text) == meant
    )


@pytest.mark.parametrize(
    ("kind", "text", "meant"),
    [
        ("bool", "是", True), ("bool", "true", True), ("bool", "0", False), ("bool", "maybe", BAD),
        ("date", "2026-03-07", date(2026, 3, 7)), ("date", "2026/3/7", date(2026, 3, 7)), ("date", "2026-04-31", BAD), ("date", "46088", BAD),
        ("decimal", "1.25", 1.25), ("decimal", "1,250.5", 1250.5), ("decimal", "．5", 0.5), ("decimal", "nan", BAD), ("decimal", "+2", 2.0),
    ],
)  # fmt: skip
def test_other_kinds(kind, text, meant):
    assert value(Column("x", kind), text) == meant


def test_fen_columns_hold_whole_fen():
    assert value(ORDERS.column("total_paid"), "1250", fen=True) == 1250
    assert value(ORDERS.column("total_paid"), "12.5", fen=True) is BAD


def test_masked_phones_are_left_out_and_counted():
    made = convert(
        TABLES["members"].column("phone"),
        pa.array(["138****1234", "1.38123E+10", "１３８１２３４１２３４", None]),
    )
    assert (made.values.to_pylist(), made.faults, made.blanked) == ([None, None, "13812341234", None], (), 2)


def test_every_row_of_a_bad_value_is_named():
    made = convert(ORDERS.column("total_paid"), pa.array(["x", "1", "x", None]))
    assert [row for row, *_ in made.faults] == [0, 2]


@given(st.integers(-(10**13), 10**13))
def test_any_amount_comes_back(fen):
    assert value(ORDERS.column("total_paid"), money.plain(fen)) == fen


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=40))
def test_any_safe_text_comes_back(text):
    kept = text.strip()
    if kept in EMPTY or kept.startswith("#") or kept != text:
        return
    assert value(Column("x", "text"), safe(text)) == text
    assert safe(text)[:1] not in set("=+-@＝＋－＠\t\r")


@pytest.mark.parametrize(
    ("array", "column", "fen", "meant"),
    [
        (pa.array([150], pa.int32()), "total_paid", True, 150),
        (pa.array([12], pa.int32()), "total_paid", False, 1200),
        (pa.array([12.34]), "total_paid", False, 1234),
        (pa.array([float("nan")]), "total_paid", False, None),
        (pa.array([datetime(2026, 3, 7, 10)], pa.timestamp("ns")), "ordered_at", False, utc(2026, 3, 7, 2)),
        (pa.array([date(2026, 3, 7)]), "ordered_at", False, utc(2026, 3, 6, 16)),
        (pa.array(["a"]).dictionary_encode(), "order_no", False, "a"),
        (pa.array([12]), "order_no", False, "12"),
    ],
)
def test_typed_columns(array, column, fen, meant):
    assert convert(ORDERS.column(column), array, fen=fen).values.to_pylist() == [meant]


def test_other_typed_columns():
    assert convert(Column("x", "bool"), pa.array([True])).values.to_pylist() == [True]
    assert convert(Column("x", "date"), pa.array([date(2026, 1, 1)])).values.to_pylist() == [date(2026, 1, 1)]
    assert convert(Column("x", "decimal"), pa.array([1.5, float("inf"), 2.0])).values.to_pylist() == [
        1.5,
        None,
        2.0,
    ]
    assert (
        as_text(pa.array([utc(2026, 1, 1)], pa.timestamp("us", tz="UTC")))
        .to_pylist()[0]
        .startswith("2026-01-01 00:00:00")
    )


@pytest.mark.parametrize(
    ("cell_", "text"),
    [
        ("a", "a"),
        (True, "true"),
        (12.0, "12"),
        (0.1 + 0.2, "0.3"),
        (8.00012e15, "8.00012E+15"),
        (None, ""),
        (datetime(2026, 1, 2, 3), "2026-01-02 03:00:00"),
        (date(2026, 1, 2), "2026-01-02"),
    ],
)
def test_shown(cell_, text):
    assert shown(cell_) == text


def test_cells_out():
    paid = ORDERS.column("total_paid")
    assert cell(123450, paid) == 1234.5
    assert cell(10**15, paid) == "10000000000000.00"
    assert cell(None, paid) is None
    assert cell(True, Column("x", "bool")) is True
    assert cell(utc(2026, 3, 7), ORDERS.column("ordered_at")) == "2026-03-07T08:00:00+08:00"
    assert cell("a\x00b", Column("x", "text")) == "ab"


# headers


def test_headers_in_any_dress():
    headers = ["订单号", " 交易时间 ", "门店编码", "实收金额（元）", "优惠（分）", "心情", ""]
    mapped = understand("f", 1, headers, ORDERS)
    assert {u.column.name: (u.place, u.fen) for u in mapped.used} == {
        "order_no": (0, False), "ordered_at": (1, False), "store_code": (2, False), "total_paid": (3, False), "discount": (4, True),
    }  # fmt: skip
    assert mapped.aside == ("心情",)
    assert plain("Total_Paid_Fen") == "totalpaidfen"


def test_profiles_go_before_aliases(tmp_path):
    headers = ["no", "when", "shop", "money", "实收"]
    columns = {
        "no": "order_no",
        "when": "ordered_at",
        "shop": "store_code",
        "money": "total_paid",
        "实收": "",
    }
    saved = save_profile(tmp_path, headers, "orders", columns)
    assert fingerprint(headers) in saved.name
    mapped = understand("f", 1, headers, ORDERS, load_profile(tmp_path, "f", headers, "orders"))
    assert len(mapped.used) == 4
    save_profile(tmp_path, headers, "orders", columns, "mine")
    assert load_profile(tmp_path, "f", ["other"], "orders", "mine") == columns
    assert load_profile(tmp_path, "f", ["other"], "orders") == {}
    for name in ("nobody", "../../etc/passwd"):
        with pytest.raises(BadFile, match="mine"):
            load_profile(tmp_path, "f", headers, "orders", name)
    with pytest.raises(ValueError, match="no column"):
        save_profile(tmp_path, headers, "orders", {"a": "b"})
    with pytest.raises(ValueError, match="name"):
        save_profile(tmp_path, headers, "orders", {}, "a/b")


def test_every_table_has_words_for_every_column():
    from tongxin.connect.files.mapping import ALIASES

    assert set(ALIASES) == set(TABLES)
    for name, table in TABLES.items():
        assert set(ALIASES[name]) <= set(table.names)
        assert all(ALIASES[name].get(column.name) for column in table.needed("required"))


# reports


def test_a_report_survives_json():
    report = Report(
        "f", "orders", "done", faults=(Fault("f", 3, "c", "x", "y"),), warnings=("w",), aside=("a",)
    )
    assert Report.of(report.as_dict()) == report
    assert report.faults[0].line() == "f:3 c: x (allowed: y)"
    assert Fault("f", 0, "", "x", "").line() == "f: x"


def test_a_tally_counts_all_and_keeps_the_first():
    tally = Tally("f")
    for row in range(1_500):
        tally.refuse(Fault("f", row, "", "x", ""))
    tally.warn("w", 0)
    tally.warn("w", 2)
    tally.warn("v")
    assert (tally.refused, len(tally.faults), tally.sentences()) == (1500, 1000, ("w（2 处）", "v"))
