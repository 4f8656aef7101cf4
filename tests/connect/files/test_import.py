"""Files into the chain's tables: what goes in, what is refused and why, twice, cut short, and out again."""

import json
import os
import signal
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from django.db import connection

from tongxin.commerce.actions import connect_lake, erase_customer, forget_in_lake, lake_digests
from tongxin.commerce.erasing import CommerceEraser
from tongxin.commerce.lake import Writer
from tongxin.commerce.models import ImportRun, Membership, PurchaseDay
from tongxin.commerce.queries import access_run, import_runs, memberships_of, purchase_days, purchases_of
from tongxin.connect.files import actions, exporting, guards, reading, runs
from tongxin.connect.files.actions import Wish, import_files, import_upload
from tongxin.connect.files.report import BadFile
from tongxin.foundation.access import ANONYMOUS, Grant, Viewer, system
from tongxin.foundation.errors import Refused
from tongxin.people.models import Customer, Deed, Identity
from tongxin.people.ports import Person
from tongxin.stores.actions import open_brand
from tongxin.stores.models import Store

SYSTEM = system("test")

STORES = "store_code,name,region,city\n0012,南京西路店,华东,上海\n0013,五角场店,华东,上海\n"
MEMBERS = "会员号,手机号,姓名,性别,注册时间,归属门店\nM1,13812341234,小桃红,女,2025-01-02 10:00:00,0012\nM2,138****1234,大白,男,2025/2/3 9:05,0013\n"
ORDERS = (
    "小票号,交易时间,店号,实收金额,会员号,更新时间\n"
    'T1,2026-03-05 12:00:00,0012,"￥1,234.50",M1,2026-03-05 12:00:00\n'
    "T2,2026-03-06 12:00:00,0013,20,M2,2026-03-06 12:00:00\n"
    "T3,2026-03-07 12:00:00,0099,5.00,,2026-03-07 12:00:00\n"
)
LINES = "小票号,行号,货号,数量,实收金额\nT1,1,A,1,1000\nT1,2,B,2,234.50\nT2,1,A,1,20\n"
PRODUCTS = "sku,name,category_code,margin_class\nA,自有面包,C1,高\nB,牛奶,C2,\n"


@pytest.fixture
def place(tmp_path, settings):
    settings.HOME = tmp_path / "home"
    settings.TONGXIN_LAKE = tmp_path / "lake"
    return tmp_path


@pytest.fixture
def brand(db, place):
    return open_brand(viewer=SYSTEM, code="b", name="B")


def put(place: Path, name: str, text: str | bytes, encoding: str = "utf-8") -> Path:
    file = place / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return file


def take(*paths, **wish):
    return import_files(viewer=SYSTEM, paths=list(paths), wish=Wish(**wish))


def lake(sql):
    con = connect_lake()
    try:
        return con.execute(sql).fetchone()
    finally:
        con.close()


@pytest.fixture
def chain(brand, place):
    folder = place / "in"
    folder.mkdir()
    for name, text in {
        "stores.csv": STORES,
        "会员.csv": MEMBERS,
        "订单.csv": ORDERS,
        "订单明细.csv": LINES,
        "products.csv": PRODUCTS,
    }.items():
        put(folder, name, text)
    return {report.table: report for report in take(folder)}


def test_a_folder_of_a_chain(chain):
    assert list(chain) == ["stores", "members", "products", "orders", "order_lines"]
    assert all(report.ok for report in chain.values())
    assert [(r.new, r.changed, r.same, r.refused) for r in chain.values()] == [
        (2, 0, 0, 0),
        (2, 0, 0, 0),
        (2, 0, 0, 0),
        (3, 0, 0, 0),
        (3, 0, 0, 0),
    ]
    assert lake("SELECT sum(total_paid_fen), count(*) FROM orders") == (125_950, 3)
    assert "脱敏" in chain["members"].warnings[0]
    assert Identity.objects.filter(kind="phone").count() == 1
    unsorted = Store.objects.get(code="0099")
    assert unsorted.unsorted
    assert any("待归类" in w for w in chain["orders"].warnings)
    days = PurchaseDay.objects.order_by("business_date").values_list("net_fen", "high_margin_fen", "orders")
    assert list(days) == [(123_450, 100_000, 1), (2_000, 2_000, 1)]
    assert ImportRun.objects.filter(state="done").count() == 5


def test_the_same_files_again_change_nothing(chain, place):
    def picture():
        return sorted(
            (str(p), p.stat().st_mtime_ns) for p in (place / "lake").rglob("*.parquet")
        ), Customer.objects.count()

    before = picture()
    again = take(place / "in")
    assert {report.state for report in again} == {"same_file"}
    assert all(r.same == r.rows for r in again)
    assert picture() == before
    # the same content in another file is another file, and changes nothing either
    put(place, "orders.csv", ORDERS + "\n")
    (report,) = take(place / "orders.csv")
    assert (report.new, report.changed, report.same) == (0, 0, 3)


def test_a_new_lake_is_filled_again(chain, place, settings):
    settings.TONGXIN_LAKE = place / "other"
    reports = {r.table: r.state for r in take(place / "in")}
    assert (reports["orders"], reports["members"]) == ("done", "same_file")


def test_a_dry_run_writes_nothing(brand, place):
    files = [
        put(place, "stores.csv", STORES),
        put(place, "members.csv", MEMBERS),
        put(place, "orders.csv", ORDERS),
    ]
    reports = take(*files, dry_run=True)
    assert [(r.state, r.new) for r in reports] == [("dry_run", 2), ("dry_run", 2), ("dry_run", 3)]
    assert not Store.objects.exists()
    assert not Customer.objects.exists()
    assert not ImportRun.objects.exists()
    assert lake("SELECT count(*) FROM orders") == (0,)


def test_members_that_come_after_their_orders_are_found(brand, place):
    take(put(place, "orders.csv", ORDERS))
    assert not PurchaseDay.objects.exists()
    take(put(place, "members.csv", MEMBERS))
    assert PurchaseDay.objects.count() == 2


def test_corrections_and_refunds_reach_the_summary(chain, place):
    fixed = ORDERS.replace(
        "T2,2026-03-06 12:00:00,0013,20,M2,2026-03-06", "T2,2026-03-06 12:00:00,0013,18,M2,2026-03-09"
    )
    take(put(place, "orders-2.csv", fixed))
    take(
        put(
            place,
            "refunds.csv",
            "退款单号,原订单号,退款时间,退款金额,行号\nR1,T1,2026-04-01 09:00:00,200,1\n",
        )
    )
    days = PurchaseDay.objects.order_by("business_date").values_list("net_fen", "high_margin_fen")
    assert list(days) == [(103_450, 80_000), (1_800, 2_000)]


# what is refused, and how it says so


def test_refused_rows_go_to_a_file_with_reasons_and_the_rest_goes_in(brand, place):
    bad = (
        ORDERS
        + "8.00012E+11,2026-03-05 12:00:00,0012,1,M1,\nT8,46088.5,0012,1,M1,\nT9,2026-03-05 12:00:00,0012,12.505,M1,\n,2026-03-05 12:00:00,0012,1,M1,\n"
    )
    (report,) = take(put(place, "orders.csv", bad))
    assert (report.new, report.refused, report.ok) == (3, 4, False)
    assert [(f.row, f.column) for f in report.faults] == [
        (5, "小票号"),
        (6, "交易时间"),
        (7, "实收金额"),
        (8, "小票号"),
    ]
    assert "Excel" in report.faults[0].line()
    rows = read_sheet(report.refused_file)
    assert rows[0][-2:] == ["行号", "原因"]
    assert [row[-2] for row in rows[1:]] == ["5", "6", "7", "8"]
    # mended and imported again: only the mended rows are new
    (again,) = take(
        put(place, "orders-3.csv", bad.replace("12.505", "12.50").replace("46088.5", "2026-03-07 00:00:00"))
    )
    assert (again.new, again.refused) == (2, 2)


def read_sheet(path):
    from python_calamine import CalamineWorkbook

    return CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()


def test_lost_leading_zeros_are_refused_not_guessed(chain, place):
    (report,) = take(
        put(
            place,
            "orders-9.csv",
            "order_no,ordered_at,store_code,total_paid\nX,2026-03-05 12:00:00,12,1\nY,2026-03-05 12:00:00,77,1\n",
        )
    )
    assert (report.new, report.refused) == (1, 1)
    assert "'0012'" in report.faults[0].found
    assert not Store.objects.filter(code="12").exists()


def test_a_missing_column_is_one_clear_error(brand, place):
    (report,) = take(put(place, "orders.csv", "小票号,店号,实收\n1,2,3\n"))
    (fault,) = report.faults
    assert (report.state, fault.column) == ("refused", "ordered_at")
    assert "小票号, 店号, 实收" in fault.found
    assert "下单时间" in fault.allowed


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("orders.csv", b"", "empty"),
        ("orders.csv", b"\n\n\n", "no header"),
        ("orders.xlsx", b"PK\x03\x04 not a zip", "damaged"),
        ("orders.xls", b"\xd0\xcf\x11\xe0 old", "old .xls"),
        ("orders.parquet", b"PAR1 cut", "damaged"),
        ("something.csv", b"a,b\n1,2\n", "which table"),
        ("orders.csv", "order_no,ordered_at,store_code,total_paid,实收\n1,2,3,4,5\n".encode(), None),
        (
            "orders.csv",
            "订单号,单号,ordered_at,store_code,total_paid\n1,1,2026-03-05,S,4\n".encode(),
            "two columns",
        ),
    ],
)
def test_files_that_cannot_be_read_say_why(brand, place, name, content, said):
    (report,) = take(put(place, name, content))
    if said is None:  # the exact name goes before the alias
        assert report.aside == ("实收",)
        return
    assert report.state == "refused"
    assert said in report.faults[0].line()


def test_no_file_no_table_no_mapping(brand, place):
    assert "no such file" in take(place / "nothing.csv")[0].faults[0].found
    assert take(put(place, "a.csv", STORES), table="shops")[0].faults[0].column == "--as"
    assert take(put(place, "stores.csv", STORES), mapping="mine")[0].faults[0].column == "--mapping"


def test_half_a_file(brand, place):
    cut = ORDERS.rstrip("\n")[:-30]
    (report,) = take(put(place, "orders.csv", cut))
    assert (report.new, report.refused) == (2, 1)
    assert "cut off" in report.faults[0].found
    assert any("没有换行" in w for w in report.warnings)
    open_quote = ORDERS + '"T9,2026-03-05 12:00:00,0012,1,M1,\nT10,2026-03-05 12:00:00,0012,1,M1,\n'
    (report,) = take(put(place, "orders-2.csv", open_quote))
    assert (report.new, report.same, report.refused) == (1, 2, 1)
    assert "quotes" in report.faults[0].allowed


def test_unknown_columns_are_kept_aside(brand, place):
    (report,) = take(put(place, "stores.csv", STORES.replace("city", "心情")))
    assert (report.new, report.aside) == (2, ("心情",))


# encodings


@pytest.mark.parametrize("many", [1, 40, 400])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "big5", "utf-16", "utf-16-le"])
def test_encodings_are_found_never_guessed_wrong(brand, place, encoding, many):
    names = (
        ["台北中山門市", "臺中公益門市", "高雄左營門市"]
        if encoding == "big5"
        else ["南京西路店", "五角场店", "徐家汇店"]
    )
    text = "store_code,name,city,address\n" + "".join(
        f"S{n},{names[n % 3]},{'臺北' if encoding == 'big5' else '上海'},{names[(n + 1) % 3]}旁{n}號\n"
        if encoding == "big5"
        else f"S{n},{names[n % 3]},上海,{names[(n + 1) % 3]}旁{n}号二楼的小店里\n"
        for n in range(many)
    )
    (report,) = take(put(place, "stores.csv", text, encoding), dry_run=True)
    if (
        report.state == "refused"
    ):  # one short line may be too little to tell: then it asks, and guesses nothing
        assert many == 1
        assert "--encoding" in report.faults[0].allowed
        (report,) = take(place / "stores.csv", dry_run=True, encoding=encoding)
    assert report.new == many
    take(place / "stores.csv", encoding=encoding if many == 1 else "")
    assert Store.objects.get(code="S0").name == names[0]


def test_control_the_usual_shortcut_reads_big5_wrongly():
    text = "台北中山門市".encode("big5")
    assert text.decode("gb18030", errors="strict") != "台北中山門市"


def test_a_broken_byte_names_its_line(brand, place):
    lines = STORES.encode() + b"0014,\xff\xfe\xff,x,y\n" * 1
    (report,) = take(put(place, "stores.csv", lines))
    assert report.state == "refused"
    assert report.faults[0].row == 4
    assert not Store.objects.exists()


def test_a_chosen_encoding_is_kept_to(brand, place):
    (report,) = take(put(place, "stores.csv", STORES, "gb18030"), encoding="utf-8")
    assert (report.state, report.faults[0].row) == ("refused", 2)
    (report,) = take(place / "stores.csv", encoding="ebcdic")
    assert report.faults[0].column == "encoding"


# XLSX and Parquet


def sheet(path: Path, rows, start=0) -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet()
        date = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        for r, row in enumerate(rows, start=start):
            for c, value in enumerate(row):
                if hasattr(value, "year"):
                    page.write_datetime(r, c, value, date)
                else:
                    page.write(r, c, value)
    return path


def test_a_workbook_as_people_make_them(brand, place):
    from datetime import datetime

    rows = [
        ["三月小票汇总"],
        ["小票号", "交易时间", "店号", "实收（元）"],
        ["T1", datetime(2026, 3, 5, 12, 30), 12, 0.1 + 0.2],
        ["T2", "2026-03-05 12:00", "0012", "1,234.50"],
        [8.00012e15, datetime(2026, 3, 5), "0012", 3],
    ]
    (report,) = take(sheet(place / "订单.xlsx", rows))
    assert (report.new, report.refused) == (2, 1)
    assert "Excel" in report.faults[0].found
    assert any("前导零" in w for w in report.warnings)
    assert lake("SELECT list(total_paid_fen ORDER BY order_no) FROM orders") == ([30, 123_450],)


def test_parquet_with_types(brand, place):
    table = pa.table(
        {
            "order_no": ["1", "2"],
            "ordered_at": pa.array(
                [1_772_700_000_000_000, 1_772_700_000_123_456], pa.timestamp("us", tz="UTC")
            ),
            "store_code": pa.array(["S1", "S1"]).dictionary_encode(),
            "total_paid_fen": [150, -20],
            "updated_at": pa.array([1_772_700_000_000_000_001, 2 * 10**18], pa.timestamp("ns")),
        }
    )
    pq.write_table(table, place / "orders.parquet")
    (report,) = take(place / "orders.parquet")
    assert report.new == 2
    assert lake("SELECT sum(total_paid_fen), max(epoch_us(ordered_at)) FROM orders") == (
        130,
        1_772_700_000_123_456,
    )
    pq.write_table(
        pa.table(
            {
                "member_code": ["a"],
                "program": ["p"],
                "status": ["active"],
                "started_at": ["2026-01-01"],
                "fee": [12.5],
            }
        ),
        place / "m.parquet",
    )
    assert take(place / "m.parquet", table="memberships")[0].refused == 1  # nobody has that code


# uploads


def bomb(path: Path, *, text: bytes = b" " * (60 * guards.MB)) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/worksheets/sheet1.xml", text)
    return path


def test_bombs_entities_and_giants_are_refused_before_parsing(brand, place):
    tidy = sheet(place / "orders.xlsx", [["order_no"]])
    entity = place / "entity.xlsx"
    with zipfile.ZipFile(tidy) as source, zipfile.ZipFile(entity, "w", zipfile.ZIP_DEFLATED) as target:
        for part in source.infolist():
            data = source.read(part)
            if part.filename == "xl/workbook.xml":
                data = data.replace(b"?>", b'?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>', 1)
            target.writestr(part, data)
    rows = bomb(
        place / "rows.xlsx", text=b"".join(b'<row r="%d">%d</row>' % (n, n * 7919) for n in range(200_010))
    )
    long = put(place, "long.csv", "store_code,name\n" + "1,2\n" * 200_001)
    for file, said in {
        bomb(place / "bomb.xlsx"): "times its size",
        entity: "entity",
        rows: "200000 rows",
        long: "200001 rows",
    }.items():
        report = import_upload(
            viewer=SYSTEM, name="orders.xlsx", data=file, table="orders" if file != long else "stores"
        )
        assert report.state == "refused", file
        assert said in report.faults[0].line()
        assert report.faults[0].file == "orders.xlsx"


def test_control_the_command_line_has_no_row_limit_but_keeps_the_guards(place):
    file = bomb(place / "bomb.xlsx")
    with pytest.raises(BadFile, match="times its size"):
        guards.check(file, guards.COMMAND_LINE)
    guards.check(file, guards.Limits(ratio=10**6))  # without the guard the bomb would be parsed


@pytest.mark.django_db(transaction=True)
def test_an_upload_is_read_in_a_process_of_its_own(place, monkeypatch):
    open_brand(viewer=SYSTEM, code="b", name="B")
    file = put(place, "x.tmp", STORES, "gb18030")
    report = import_upload(viewer=SYSTEM, name="C:\\Users\\a\\stores.csv", data=file, dry_run=True)
    assert (report.file, report.table, report.state, report.new) == ("stores.csv", "stores", "dry_run", 2)
    assert import_upload(viewer=SYSTEM, name="stores.csv", data=file).new == 2
    assert Store.objects.count() == 2
    with pytest.raises(Refused) as refused:  # a refusal of the child is a refusal here
        import_upload(viewer=SYSTEM, name="orders.csv", data=put(place, "y.tmp", ORDERS), source="x" * 65)
    assert refused.value.code == "connect.import_failed"
    monkeypatch.setattr(actions, "PATIENCE", 0.01)
    with pytest.raises(Refused, match=r"import_failed"):
        import_upload(viewer=SYSTEM, name="stores.csv", data=file)


@pytest.mark.parametrize("role", ["champion", "store_manager", "hq_analyst", "auditor"])
def test_only_headquarters_imports_and_exports(brand, place, role):
    viewer = Viewer(account=1, name="a", grants=(Grant(role, everywhere=True),))
    file = put(place, "stores.csv", STORES)
    for attempt in (
        lambda v: import_files(viewer=v, paths=[file]),
        lambda v: import_upload(viewer=v, name="stores.csv", data=file),
        lambda v: actions.import_named(viewer=v, name="complete-journey"),
        lambda v: exporting.export_tables(viewer=v, tables=["stores"], to=place / "out"),
    ):
        for asking in (viewer, ANONYMOUS):
            with pytest.raises(Refused, match=r"connect\.no_reach"):
                attempt(asking)
    assert (
        import_files(
            viewer=Viewer(account=None, name="a", grants=(Grant("admin", everywhere=True),)), paths=[file]
        )[0].new
        == 2
    )


# killed in the middle

OWNERS = {"merge": Writer, "advance_run": runs, "refresh_purchase_days": actions}


def killed(when, act):
    """Run `act` in a forked process that is killed when a function is called the nth time; its exit code."""
    name, _, nth = when.partition(":")
    connection.close()
    pid = os.fork()
    if pid == 0:
        owner, calls = OWNERS[name], [0]
        original = getattr(owner, name)

        def deadly(*args, **kwargs):
            calls[0] += 1
            if calls[0] == int(nth):
                os.kill(os.getpid(), signal.SIGKILL)
            return original(*args, **kwargs)

        setattr(owner, name, deadly)
        try:
            act()
        finally:
            os._exit(1)
    status = os.waitpid(pid, 0)[1]
    return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("when", ["merge:2", "advance_run:2", "refresh_purchase_days:1"])
def test_killed_in_the_middle_a_rerun_completes_with_the_same_state(place, monkeypatch, when):
    open_brand(viewer=SYSTEM, code="b", name="B")
    take(put(place, "members.csv", MEMBERS))
    text = (
        "order_no,ordered_at,store_code,total_paid,member_code\n"
        + "".join(
            f"T{n},2026-0{1 + n % 3}-05 12:00:00,S{n % 5},{n}.{n % 100:02d},M{1 + n % 2}\n"
            for n in range(3000)
        )
        + "bad,row\n"
    )
    file = put(place, "orders.csv", text)
    monkeypatch.setattr(reading, "BATCH", 1000)
    monkeypatch.setattr(runs, "CHUNK", 1000)
    assert killed(when, lambda: take(file)) == -signal.SIGKILL
    run = ImportRun.objects.get(table="orders")
    assert run.state == "running"
    done = lake("SELECT count(*) FROM orders")[0]
    assert done in (1000, 2000, 3000)
    (report,) = take(file)
    assert (report.state, report.refused) == ("done", 1)
    assert lake("SELECT count(*), sum(total_paid_fen) FROM orders") == (
        3000,
        sum(n * 100 + n % 100 for n in range(3000)),
    )
    assert sum(PurchaseDay.objects.values_list("net_fen", flat=True)) == sum(
        n * 100 + n % 100 for n in range(3000)
    )
    assert [row[-2] for row in read_sheet(report.refused_file)[1:]] == ["3002"]
    assert ImportRun.objects.get(table="orders").state == "done"
    assert take(file)[0].state in ("done", "same_file")


# memberships, the book


def test_paid_periods_never_overlap(chain, place):
    text = (
        "会员号,会员计划,状态,开始时间,结束时间,会费\n"
        "M1,plus,ended,2025-01-01,2026-01-01,99\nM1,plus,active,2026-01-01,,99\nM1,plus,active,2026-02-01,,99\n"
        "M1,baby,active,2026-02-01,,50\nM9,plus,active,2026-01-01,,99\nM2,plus,active,2026-01-01,2025-01-01,99\n"
    )
    (report,) = take(put(place, "memberships.csv", text))
    assert (report.new, report.refused) == (3, 3)
    assert [(f.row, f.column) for f in report.faults] == [
        (4, "started_at"),
        (6, "member_code"),
        (7, "ended_at"),
    ]
    (report,) = take(put(place, "memberships-2.csv", text.replace("M1,baby,active", "M1,baby,paused")))
    assert (report.new, report.changed, report.same) == (0, 1, 2)
    customer = Identity.objects.get(lookup="M1").customer
    assert [(p.program, p.status) for p in memberships_of(SYSTEM, customer)] == [
        ("baby", "paused"),
        ("plus", "active"),
        ("plus", "ended"),
    ]


def test_control_the_database_itself_refuses_overlap(chain):
    from datetime import UTC, datetime

    from django.db import IntegrityError, transaction

    customer = Identity.objects.get(lookup="M1").customer
    at = datetime(2026, 1, 1, tzinfo=UTC)
    Membership.objects.create(
        customer=customer, program="p", status="a", started_at=at, source="s", source_id="1"
    )
    with pytest.raises(IntegrityError, match="membership_no_overlap"), transaction.atomic():
        Membership.objects.create(
            customer=customer,
            program="p",
            status="a",
            started_at=datetime(2027, 1, 1, tzinfo=UTC),
            source="s",
            source_id="2",
        )
    Membership.objects.create(
        customer=customer, program="q", status="a", started_at=at, source="s", source_id="3"
    )


def test_participation_surveys_and_ties_enter_the_book_once(chain, place):
    part = (
        "member_code,what,what_code,status,happened_at,registered_at,store_code\n"
        "M1,活动,E1,已签到,2026-03-05 10:00:00,2026-03-01 09:00:00,0012\nM1,event,E1,registered,2026-03-01 09:00:00,,0012\nM9,event,E1,no_show,2026-03-05 10:00:00,,\n"
    )
    (report,) = take(put(place, "participation.csv", part))
    assert (report.refused, Deed.objects.count()) == (1, 2)
    assert set(Deed.objects.values_list("kind", "subject__key", "store__code")) == {
        ("checked_in", "event:E1", "0012"),
        ("registered", "event:E1", "0012"),
    }
    take(put(place, "participation-2.csv", part + "\n"))
    assert Deed.objects.count() == 2
    take(
        put(
            place,
            "surveys.csv",
            "member_code,answered_at,kind,score\nM1,2026-03-06,nps,9\nM2,2026-03-06,nps,90000\n",
        )
    )
    take(
        put(
            place,
            "ties.csv",
            "from_member_code,to_member_code,kind,at\nM1,M2,accepted,2026-03-06\nM1,M2,like,2026-03-06\n",
        )
    )
    kinds = {d.kind: (d.person_id, d.counterpart_id, d.value) for d in Deed.objects.all()}
    m1, m2 = (Identity.objects.get(lookup=code).customer_id for code in ("M1", "M2"))
    assert kinds["survey_answered"] == (m1, None, 9)
    assert kinds["answer_accepted"] == (m2, m1, None)
    assert kinds["reacted"] == (m1, m2, None)


def test_zones_of_stores_and_staff(brand, place):
    (report,) = take(
        put(
            place,
            "stores.csv",
            "store_code,name,timezone\nS1,a,America/New_York\nS2,b,Mars\nS3," + "长" * 130 + ",\n",
        )
    )
    assert (report.new, report.refused) == (1, 2)
    (report,) = take(put(place, "staff.csv", "工号,姓名,店号,岗位\nE1,王芳,S1,主理人\n"))
    assert report.new == 1
    take(put(place, "orders.csv", "order_no,ordered_at,store_code,total_paid\n1,2026-03-05 09:00:00,S1,1\n"))
    assert str(lake("SELECT business_date FROM orders")[0]) == "2026-03-04"


# reading


def test_who_sees_purchases(chain):
    m1 = Identity.objects.get(lookup="M1").customer
    here = Store.objects.get(code="0012")
    champion = Viewer(account=1, name="c", grants=(Grant("champion", places=frozenset({here.pk})),))
    (seen,) = purchases_of(champion, m1)
    assert (seen.store_code, seen.net_fen, seen.high_margin_fen) == ("0012", 123_450, 100_000)
    assert purchases_of(Viewer(account=2, name="m", person=m1.pk), m1) == [seen]
    elsewhere = Viewer(account=1, name="c", grants=(Grant("champion", places=frozenset({here.pk + 999})),))
    for query in (purchases_of, memberships_of):
        with pytest.raises(Refused, match="absent"):
            query(elsewhere, m1)
    assert [row.person for row in purchase_days(champion, since=seen.business_date)] == [m1.pk]
    assert purchase_days(SYSTEM, since=seen.business_date, until=seen.business_date, customers=[m1.pk]) == []


def test_who_sees_imports(chain):
    assert len(import_runs(SYSTEM)) == 5
    run = import_runs(SYSTEM)[0]
    assert access_run(SYSTEM, run.public_id) == run
    for viewer, key in (
        (ANONYMOUS, run.public_id),
        (SYSTEM, "nonsense"),
        (SYSTEM, "00000000-0000-4000-8000-000000000000"),
    ):
        with pytest.raises(Refused, match="absent"):
            access_run(viewer, key)


# forgetting


def test_an_erased_member_leaves_summary_and_lake(chain, place):
    m1 = Identity.objects.get(lookup="M1").customer
    person = Person((m1.pk,), (m1.public_id,), (("default", "M1"),))
    assert len(CommerceEraser().export(person)["purchases"]) == 1
    asked = []
    assert erase_customer(person=person, forget=asked.extend) == 1
    assert set(asked) == set(lake_digests("default", "M1"))
    assert not any("M1" in digest for digest in asked)
    assert forget_in_lake(asked) == 1
    assert lake("SELECT count(*) FROM orders WHERE member_code = 'M1'") == (0,)
    assert lake("SELECT count(*) FROM orders") == (3,)
    take(put(place, "orders-7.csv", ORDERS.replace("2026-03-05 12:00:00\nT2", "2026-03-08 12:00:00\nT2")))
    assert lake("SELECT count(*) FROM orders WHERE member_code = 'M1'") == (0,)
    assert not any("M1" in p.read_text(errors="ignore") for p in (place / "lake").glob("*.json"))


def test_a_code_that_two_issuers_gave_is_forgotten_at_its_own(chain, place):
    take(put(place, "members-2.csv", "member_code\nM1\n"), source="other")
    m1 = Identity.objects.get(lookup="M1", source="default").customer
    asked = []
    erase_customer(person=Person((m1.pk,), (m1.public_id,), (("default", "M1"),)), forget=asked.extend)
    assert asked == [lake_digests("default", "M1")[0]]


@pytest.mark.django_db(transaction=True)
def test_the_eraser_queues_hashes_only(place):
    open_brand(viewer=SYSTEM, code="b", name="B")
    take(put(place, "members.csv", MEMBERS))
    m1 = Identity.objects.get(lookup="M1").customer
    CommerceEraser().erase(Person((m1.pk,), (m1.public_id,), (("default", "M1"),)))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT args::text FROM procrastinate_jobs WHERE task_name = 'commerce.forget_in_lake'"
        )
        ((args,),) = cursor.fetchall()
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")
    assert len(json.loads(args)["digests"]) == 2
    assert "M1" not in args


# out again


@pytest.mark.parametrize("form", ["parquet", "csv", "xlsx"])
def test_what_goes_out_comes_in_again(chain, place, settings, form):
    take(
        put(place, "memberships.csv", "会员号,会员计划,状态,开始时间,会费\nM1,plus,active,2026-01-01,99.5\n")
    )
    take(
        put(
            place,
            "participation.csv",
            "member_code,what,what_code,status,happened_at\nM1,event,E1,checked_in,2026-03-05 10:00:00\n",
        )
    )
    tables = ["stores", "members", "memberships", "products", "orders", "order_lines", "participation"]
    done = exporting.export_tables(viewer=SYSTEM, tables=tables, to=place / "out", form=form)
    assert {d.table: d.rows for d in done} == {
        "stores": 3,
        "members": 2,
        "memberships": 1,
        "products": 2,
        "orders": 3,
        "order_lines": 3,
        "participation": 1,
    }
    reports = take(place / "out")
    assert {r.table: (r.new, r.refused) for r in reports} == dict.fromkeys(tables, (0, 0))
    assert {r.table: r.changed for r in reports if r.table != "stores"} == dict.fromkeys(
        [t for t in tables if t != "stores"], 0
    )
    before = lake(
        "SELECT list((order_no, total_paid_fen, epoch_us(ordered_at)) ORDER BY order_no) FROM orders"
    )
    settings.TONGXIN_LAKE = place / "second"
    take(place / "out")
    assert (
        lake("SELECT list((order_no, total_paid_fen, epoch_us(ordered_at)) ORDER BY order_no) FROM orders")
        == before
    )


def test_exports_are_safe_in_excel(brand, place):
    evil = ["=1+1", "+1", "-1", "@x", "\tx", "＝1", "－x", "'=quoted", "a=b", "1-2"]
    rows = "store_code,name\n" + "".join(f'S{n},"{word}"\n' for n, word in enumerate(evil))
    take(put(place, "stores.csv", rows))
    kept = dict(Store.objects.values_list("code", "name"))
    exporting.export_tables(viewer=SYSTEM, tables=["stores"], to=place / "out", form="csv")
    raw = (place / "out" / "stores.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    exporting.export_tables(viewer=SYSTEM, tables=["stores"], to=place / "out", form="xlsx")
    for row in read_sheet(str(place / "out" / "stores.xlsx"))[1:]:
        assert not any(
            str(cell)[:1] in tuple("=+-@\t＝＋－＠") for cell in row if isinstance(cell, str) and cell
        )
    for line in raw.decode("utf-8-sig").splitlines()[1:]:
        assert not any(cell.strip('"')[:1] in tuple("=+-@\t＝＋－＠") for cell in line.split(",") if cell)
    take(place / "out" / "stores.csv")
    assert dict(Store.objects.values_list("code", "name")) == kept


def test_numbers_stay_numbers(chain, place):
    exporting.export_tables(viewer=SYSTEM, tables=["orders"], to=place / "out", form="xlsx")
    header, first, *_ = read_sheet(str(place / "out" / "orders.xlsx"))
    row = dict(zip(header, first, strict=True))
    assert row["total_paid"] == 1234.5
    assert row["store_code"] == "0012"


def test_exports_say_what_they_cannot(brand, place):
    for wrong in ({"tables": ["shops"]}, {"tables": []}, {"tables": ["stores"], "form": "pdf"}):
        with pytest.raises(BadFile):
            exporting.export_tables(viewer=SYSTEM, to=place / "out", **wrong)


def test_no_phone_and_no_name_of_a_member_leaves(chain, place):
    exporting.export_tables(viewer=SYSTEM, tables=list(exporting.TABLES), to=place / "out", form="csv")
    everything = "".join(p.read_text("utf-8-sig") for p in (place / "out").iterdir())
    assert "M1" in everything
    for secret in ("13812341234", "小桃红", "大白"):
        assert secret not in everything
