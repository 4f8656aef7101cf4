"""The order export of a mini shop: one file becomes orders, lines and refunds; whole orders or none; nobody's phone is kept."""

import dataclasses
from datetime import UTC, datetime

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from connect.files.shop_exports import HEADERS, export
from rings.chain import SYSTEM, join, open_chain
from tongxin.commerce.actions import connect_lake
from tongxin.commerce.models import ImportRun, PurchaseDay
from tongxin.connect.files import mini_shop
from tongxin.connect.files.actions import Wish, import_files, import_upload
from tongxin.connect.files.mini_shop_orders import Back, Line, Row, split
from tongxin.connect.files.report import Report
from tongxin.people.models import Consent, Customer, Identity

AT = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
ONE = Row(2, "X1", AT, "已完成", "A", 2, total_fen=5_000)
MEMBER, STRANGER = "13812341234", "13900001111"


# ---- rules


@pytest.mark.parametrize(
    ("rows", "paid", "lines", "backs"),
    [
        ([ONE], 5_000, [Line(1, "A", 2, 5_000)], []),
        ([{"freight_fen": 600}], 5_000, [Line(1, "A", 2, 4_400)], []),
        ([{"line_fen": 4_000}], 5_000, [Line(1, "A", 2, 4_000)], []),
        ([{"line_fen": 4_000, "total_fen": None, "freight_fen": 100}], 4_100, [Line(1, "A", 2, 4_000)], []),
        # by price, to the fen, the rest to the largest cut
        (
            [{"price_fen": 100, "total_fen": 1_000, "qty": 1}, {"number": 3, "order_no": None, "sku": "B", "qty": 2, "price_fen": 100}],
            1_000,
            [Line(1, "A", 1, 333), Line(2, "B", 2, 667)],
            [],
        ),
        ([{"after": "退款成功"}], 5_000, [Line(1, "A", 2, 5_000)], [Back("X1-1", 1, AT, 5_000)]),
        ([{"after": "退款成功", "status": "交易关闭"}], 5_000, [Line(1, "A", 2, 5_000)], [Back("X1-1", 1, AT, 5_000)]),
        ([{"after": "部分退款", "back_fen": 700, "back_no": "S9"}], 5_000, [Line(1, "A", 2, 5_000)], [Back("S9", 1, AT, 700)]),
        ([{"after": "退款中"}], 5_000, [Line(1, "A", 2, 5_000)], []),  # asked for is not given
    ],
)  # fmt: skip
def test_rows_become_an_order(rows, paid, lines, backs):
    made = split([one if isinstance(one, Row) else dataclasses.replace(ONE, **one) for one in rows], {})
    (order,) = made.orders
    assert (order.paid_fen, list(order.lines), list(order.backs)) == (paid, lines, backs)
    assert made.refused == {}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"order_no": None}, "订单号"),
        ({"ordered_at": None}, "下单时间"),
        ({"qty": None}, "商品数量"),
        ({"qty": -1}, "商品数量"),
        ({"total_fen": None}, "订单实付金额"),
        ({"line_fen": 5_001}, "商品实付"),
        ({"freight_fen": 5_001}, "运费"),
        ({"after": "部分退款"}, "退款金额"),
        ({"back_fen": 5_001}, "退款金额"),
        ({"back_fen": -1}, "退款金额"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(change, why):
    made = split([dataclasses.replace(ONE, **change)], {})
    assert made.orders == ()
    assert made.refused[2].startswith(why)


def test_an_order_goes_in_whole_or_not_at_all():
    rows = [
        ONE,
        dataclasses.replace(ONE, number=3, order_no=None),
        dataclasses.replace(ONE, number=4, order_no="X2"),
    ]
    made = split(rows, {3: "商品数量：'两'；应为：a number"})
    assert [one.head.order_no for one in made.orders] == ["X2"]
    assert made.refused == {3: "商品数量：'两'；应为：a number", 2: "同一订单的第 3 行有问题，整单没有导入"}


@pytest.mark.parametrize(
    ("status", "kept"), [("待付款", 0), ("已取消", 0), ("交易关闭", 0), ("待发货", 1), ("", 1)]
)
def test_what_nobody_paid_is_no_order(status, kept):
    made = split([dataclasses.replace(ONE, status=status)], {})
    assert (len(made.orders), made.not_bought) == (kept, 1 - kept)


def test_it_is_known_by_its_header():
    assert mini_shop.fits(HEADERS)
    assert not mini_shop.fits(("订单号", "下单时间", "门店编码", "实收"))
    assert not mini_shop.fits(("小票号", "行号", "货号", "数量", "实收金额"))


def test_one_file_is_one_line_where_files_are_shown():
    """Control: the three reports by themselves are three tables."""
    parts = [
        Report("x.csv", table, "done", rows=n, new=n, warnings=("a",))
        for n, table in enumerate(mini_shop.MADE, 1)
    ]
    whole = mini_shop.together(parts)
    assert (whole.table, whole.rows, whole.new, whole.warnings) == ("mini-shop", 6, 6, ("a",))
    assert mini_shop.together(parts[:1]) is parts[0]


# ---- through the database and the lake


@pytest.fixture
def shop(db, settings, tmp_path, noon):
    settings.HOME, settings.TONGXIN_LAKE = tmp_path / "home", tmp_path / "lake"
    here, _ = open_chain()
    return join(here, phone=MEMBER)


def take(path, **wish):
    return import_files(viewer=SYSTEM, paths=[path], wish=Wish(**({"source": "weixin"} | wish)))


def lake(sql):
    con = connect_lake()
    try:
        return con.execute(sql).fetchall()
    finally:
        con.close()


def put(tmp_path, data, name="订单导出.csv"):
    file = tmp_path / name
    file.write_bytes(data)
    return file


def test_an_export_in_gb18030(shop, tmp_path):
    made = export(60, [MEMBER, STRANGER])
    file = put(tmp_path, made.csv("gb18030"))
    dry = take(file, dry_run=True)
    assert ([one.new for one in dry], Identity.objects.count()) == ([made.orders, made.lines, dry[2].new], 1)
    reports = take(file)
    assert [(one.table, one.state, one.refused) for one in reports] == [
        ("orders", "done", 0),
        ("order_lines", "done", 0),
        ("refunds", "done", 0),
    ]
    assert (reports[0].encoding, reports[0].aside) == ("gb18030", ("商品名称", "收货地址"))
    assert any(f"{made.unpaid} 单" in said for said in reports[0].warnings)
    assert lake("SELECT count(*), sum(total_paid_fen), sum(refunded_fen) FROM net_orders") == [
        (made.orders, made.paid, made.back)
    ]
    assert lake("SELECT count(*), count(DISTINCT order_no) FROM order_lines") == [(made.lines, made.orders)]
    assert lake("SELECT DISTINCT channel, store_code, source FROM orders") == [
        ("mini", "mini-shop", "weixin")
    ]
    assert set(lake("SELECT DISTINCT link_code FROM orders")) == {("pst-0",), ("pst-1",), ("pst-2",)}
    (mine,) = lake("SELECT sum(net_fen) FROM net_orders WHERE member_code IS NOT NULL")
    assert sum(PurchaseDay.objects.filter(customer=shop.pk).values_list("net_fen", flat=True)) == mine[0] > 0
    # the stranger stays unknown, the member agreed to nothing by this
    assert (Customer.objects.count(), Consent.objects.count()) == (1, 0)
    assert not lake(f"SELECT 1 FROM orders WHERE member_code LIKE '%{MEMBER[-8:]}%'")


def test_the_same_file_again_and_a_newer_one(shop, tmp_path):
    file = put(tmp_path, export(20, [MEMBER]).csv("utf-8-sig"))
    take(file)
    runs = ImportRun.objects.count()
    assert [one.state for one in take(file)] == ["same_file"] * 3
    assert ImportRun.objects.count() == runs
    rows = [dict(zip(HEADERS, row, strict=True)) for row in export(20, [MEMBER]).rows]
    rows[0] |= {"售后状态": "退款成功", "退款金额": "", "更新时间": "2026-03-25 00:00:00"}
    text = "\n".join([",".join(HEADERS), *(",".join(row[h] for h in HEADERS) for row in rows)])
    later = take(put(tmp_path, text.encode(), "later.csv"))
    assert (later[0].new, later[0].changed) == (0, 1)
    (back,) = lake(f"SELECT refunded_fen FROM net_orders WHERE order_no = '{rows[0]['订单号']}'")
    assert back[0] > 0


def test_refused_rows_lie_in_a_sheet_with_reasons(shop, tmp_path):
    rows = [list(row) for row in export(6, [MEMBER]).rows]
    first = next(at for at, row in enumerate(rows) if row[0] and row[2] == "已完成")
    rows[first][6] = "两件"
    book = tmp_path / "小店订单.xlsx"
    with xlsxwriter.Workbook(str(book)) as out:
        sheet = out.add_worksheet()
        for at, row in enumerate([HEADERS, *rows]):
            for place, text in enumerate(row):
                sheet.write_string(at, place, text)
    report, *_ = take(book)
    assert report.refused >= 1
    assert report.faults[0].row == first + 2
    kept = CalamineWorkbook.from_path(report.refused_file).get_sheet_by_index(0).to_python()
    assert next(row[-1] for row in kept[1:]).startswith("商品数量：")
    assert len(kept) - 1 == report.refused
    again, *_ = take(book)
    assert (again.refused, again.new, again.same) == (report.refused, 0, report.new), (
        "reported anew, written once"
    )


def test_a_missing_column_is_named(shop, tmp_path):
    (report,) = take(put(tmp_path, "订单号,下单时间,收货人手机\n1,2026-03-01,\n".encode()), table="mini-shop")
    assert (report.state, [one.column for one in report.faults]) == ("refused", ["商品数量", "订单实付金额"])


@pytest.mark.nightly
@pytest.mark.django_db(transaction=True)
def test_an_upload_is_one_line(settings, tmp_path):
    settings.HOME, settings.TONGXIN_LAKE = tmp_path / "home", tmp_path / "lake"
    open_chain()
    made = export(5, [MEMBER])
    file = put(tmp_path, made.csv("utf-8"))
    report = import_upload(viewer=SYSTEM, name="小店.csv", data=file, source="weixin")
    assert (report.table, report.state, report.ok) == ("mini-shop", "done", True)
