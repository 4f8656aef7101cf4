"""An order export of a mini shop into the lake: `tongxin import FILE`, recognised by its header or named with `--as mini-shop`.

CSV (UTF-8, GB18030, …) or XLSX. One file becomes orders, lines and refunds under one source; the buyer's phone is looked up by its keyed
hash and is kept nowhere: who is a member gets the order, who is not stays unknown. The same file twice changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from tongxin.compass.tables import TABLES, Column
from tongxin.connect.files import cells
from tongxin.connect.files.loading import WIDTHS
from tongxin.connect.files.mapping import plain
from tongxin.connect.files.mini_shop_orders import Row, ShopOrder, Split, split
from tongxin.connect.files.reading import Opened
from tongxin.connect.files.report import BadFile, Fault, Report, Tally
from tongxin.connect.files.runs import Outcome, Setting, finished, run_table, same_file
from tongxin.connect.files.writing import write_xlsx
from tongxin.foundation.sealing import blind
from tongxin.foundation.sheets import safe
from tongxin.people.actions import upsert_members
from tongxin.people.models import Identity
from tongxin.people.queries.customers import phone_lookups
from tongxin.people.rules import MemberRow
from tongxin.people.terms import IdentityKind

NAME = "mini-shop"
#: the "store" of orders that name none
SHOP = "mini-shop"
#: raised when rows are read differently from the same file
RECIPE = 1
MADE = ("orders", "order_lines", "refunds")


@dataclass(frozen=True)
class Cell:
    """A column of the export: how its header may read, and as what it is typed."""

    headers: tuple[str, ...]
    column: Column


def _text(name: str) -> Column:
    return Column(name, "text")


def _money(name: str) -> Column:
    return Column(name, "money")


CELLS: dict[str, Cell] = {
    "order_no": Cell(("订单号", "订单编号", "订单id", "微信订单号", "交易单号"), _text("order_no")),
    "ordered_at": Cell(("下单时间", "订单创建时间", "创建时间", "订单下单时间", "支付时间", "付款时间"), Column("ordered_at", "datetime")),
    "status": Cell(("订单状态", "状态"), _text("status")),
    "sku": Cell(("商品编码", "商家编码", "sku编码", "商品sku编码", "sku编码(自定义)", "商品编码(自定义)", "商品skuid", "skuid", "商品id"), _text("sku")),
    "qty": Cell(("商品数量", "数量", "购买数量", "件数"), Column("qty", "decimal")),
    "price_fen": Cell(("商品单价", "商品价格", "单价", "商品售价"), _money("price")),
    "line_fen": Cell(("商品实付", "商品实付金额", "商品实付总价", "商品实际价格", "商品实收"), _money("paid_amount")),
    "total_fen": Cell(("订单实付金额", "订单实付", "实付金额", "订单实际支付金额", "实收金额", "订单实收金额", "订单支付金额"), _money("total_paid")),
    "list_fen": Cell(("商品总价", "订单总价", "订单总额", "订单金额"), _money("total_list")),
    "freight_fen": Cell(("运费", "订单运费", "快递费"), _money("freight")),
    "discount_fen": Cell(("优惠金额", "订单优惠金额", "优惠总金额", "商家优惠"), _money("discount")),
    "coupons": Cell(("优惠券", "优惠券码", "券码", "优惠券编号"), _text("coupon_codes")),
    "link": Cell(("渠道码", "渠道参数", "推广参数", "推广码", "来源参数", "自定义参数"), _text("link_code")),
    "store": Cell(("门店编码", "自提门店编码", "核销门店编码", "店号"), _text("store_code")),
    "after": Cell(("售后状态", "退款状态", "商品售后状态", "商品售后"), _text("after")),
    "back_fen": Cell(("退款金额", "已退款金额", "商品已退款金额", "实际退款金额"), _money("amount")),
    "back_at": Cell(("退款时间", "退款完成时间", "售后完成时间"), Column("refunded_at", "datetime")),
    "back_no": Cell(("售后单号", "退款单号", "售后编号"), _text("refund_no")),
    "updated_at": Cell(("更新时间", "订单更新时间", "最后更新时间"), Column("updated_at", "datetime")),
    "phone": Cell(("收货人手机", "收货人手机号", "收件人手机", "收件人电话", "收货人电话", "买家手机号", "手机号", "收件人手机号"), Column("phone", "text")),
}  # fmt: skip
NEEDED = ("order_no", "ordered_at", "qty")
#: what only such an export has beside an order's own columns
MARKS = ("phone", "after", "back_fen", "link", "freight_fen")


def places(headers: Sequence[str]) -> dict[str, int]:
    """Which cell stands where; of two headers for one cell the one that comes first in its list."""
    shown = {plain(header): place for place, header in reversed(list(enumerate(headers)))}
    found = {}
    for name, cell in CELLS.items():
        hits = [shown[plain(header)] for header in cell.headers if plain(header) in shown]
        if hits:
            found[name] = hits[0]
    return found


def fits(headers: Sequence[str]) -> bool:
    """Is this such an export? Orders with their articles on one row, and something only a shop writes."""
    there = places(headers)
    money = "line_fen" in there or "total_fen" in there
    return money and all(name in there for name in (*NEEDED, "sku")) and any(name in there for name in MARKS)


def check(opened: Opened) -> None:
    """Raises BadFile naming each column that is missing."""
    there = places(opened.headers)
    missing = [name for name in NEEDED if name not in there]
    if "line_fen" not in there and "total_fen" not in there:
        missing.append("total_fen")
    if missing:
        found = ", ".join(header.strip() for header in opened.headers if header.strip())
        raise BadFile(
            *(
                Fault(opened.name, opened.header_row, CELLS[name].headers[0], f"missing; found {found}", " / ".join(CELLS[name].headers))
                for name in missing
            )
        )  # fmt: skip


def run(opened: Opened, setting: Setting) -> Iterator[Outcome]:
    """Read the file and take its three tables in; one outcome a table, the rows that were refused with the first."""
    digests = {table: _digest(opened, table) for table in MADE}
    before = {table: finished(digest, table, setting) for table, digest in digests.items()}
    if before["orders"] is not None and all(before.values()):
        yield from (Outcome(same_file(opened.name, run), run) for run in before.values() if run is not None)
        return
    tally = Tally(opened.name)
    made = _read(opened, tally)
    codes = _buyers(made.orders, setting)
    for table in MADE:
        rows = _TABLES[table](made.orders, codes)
        refused = len(made.refused) if table == "orders" else 0
        outcome = run_table(opened.name, table, digests[table], rows, setting, refused=refused)
        if table == "orders":
            outcome.report = _told(outcome.report, opened, made, tally, setting)
        yield outcome


def _digest(opened: Opened, table: str) -> str:
    return hashlib.sha256(f"{NAME}|{RECIPE}|{opened.sha256}|{table}".encode()).hexdigest()


# ---- reading


def _read(opened: Opened, tally: Tally) -> Split:
    there = places(opened.headers)
    rows: list[Row] = []
    broken: dict[int, str] = {}
    for batch in opened.batches():
        for fault in batch.broken:
            broken[fault.row] = fault.reason
        typed: dict[str, list[Any]] = {}
        for name, place in there.items():
            column = CELLS[name].column
            given = cells.convert(column, batch.columns[place])
            typed[name] = given.values.to_pylist()
            found = [*given.faults, *_too_long(name, typed[name])]
            for at, what, allowed in found:
                fault = Fault(opened.name, batch.numbers[at], opened.headers[place].strip(), what, allowed)
                broken.setdefault(fault.row, fault.reason)
                tally.faults.append(fault)
        for at, number in enumerate(batch.numbers):
            row: dict[str, Any] = {name: values[at] for name, values in typed.items()}
            text = ("status", "sku", "coupons", "link", "store", "after", "back_no", "phone")
            row |= {name: row.get(name) or "" for name in text}
            row = {"order_no": None, "ordered_at": None} | row
            rows.append(Row(number, **row))
    return split(rows, broken)


def _too_long(name: str, values: Sequence[Any]) -> Iterator[tuple[int, str, str]]:
    widest = WIDTHS["orders"]["store_code"] if name == "store" else cells.LONGEST_CODE
    if name in ("order_no", "sku", "store", "link", "back_no"):
        for at, value in enumerate(values):
            if value and len(value) > widest:
                yield at, "too long", f"at most {widest} characters"


# ---- buyers: the phone is looked up and forgotten


def _buyers(orders: Sequence[ShopOrder], setting: Setting) -> dict[str, str]:
    """Phone as it stands in the file → member code, for members only; in a dry run nobody is given a code."""
    phones = {order.head.phone for order in orders} - {""}
    ways = {phone: phone_lookups(phone) for phone in phones}
    owners: dict[tuple[str, str], int] = {
        (kind, lookup): customer
        for kind, lookup, customer in Identity.objects.filter(
            kind__in=[IdentityKind.PHONE, IdentityKind.PHONE_SHA256],
            lookup__in={lookup for found in ways.values() for _, lookup in found},
        ).values_list("kind", "lookup", "customer")
    }
    known = {
        phone: owner
        for phone, found in ways.items()
        if (owner := next((owners[way] for way in found if way in owners), None)) is not None
    }
    coded = _codes(set(known.values()), setting.source)
    fresh = {phone: owner for phone, owner in known.items() if owner not in coded}
    given = {owner: _code(phone) for phone, owner in sorted(fresh.items())}
    if given and not setting.dry_run:
        rows = [
            MemberRow(given[owner], phone=phone)
            for phone, owner in sorted(fresh.items())
            if _code(phone) == given[owner]
        ]
        upsert_members(viewer=setting.viewer, rows=rows, source=setting.source, measurement_by_notice=False)
    return {phone: (coded | given)[owner] for phone, owner in known.items()}


def _codes(customers: set[int], source: str) -> dict[int, str]:
    """The code by which a member's orders find them: of this source, otherwise one that nobody else has."""
    mine = list(
        Identity.objects.filter(kind=IdentityKind.MEMBER_CODE, customer__in=customers)
        .order_by("id")
        .values_list("customer", "source", "lookup")
    )
    holders: dict[str, set[int]] = {}
    same = Identity.objects.filter(kind=IdentityKind.MEMBER_CODE, lookup__in={code for *_, code in mine})
    for code, customer in same.values_list("lookup", "customer"):
        holders.setdefault(code, set()).add(customer)
    found = {customer: code for customer, _, code in mine if len(holders[code]) == 1}
    return found | {customer: code for customer, issuer, code in mine if issuer == source}


def _code(phone: str) -> str:
    """A member code of ours: the keyed hash of the number, which says nothing without the key."""
    (_, lookup), *_ = phone_lookups(phone)
    return f"ms-{blind('mini_shop.buyer', lookup)[:32]}"


# ---- writing


def _orders(orders: Sequence[ShopOrder], codes: dict[str, str]) -> pa.Table:
    return _made(
        "orders",
        [
            {
                "order_no": one.head.order_no,
                "ordered_at": one.head.ordered_at,
                "store_code": one.head.store or SHOP,
                "total_paid_fen": one.paid_fen,
                "updated_at": one.head.updated_at,
                "member_code": codes.get(one.head.phone),
                "channel": "mini",
                "total_list_fen": one.head.list_fen,
                "discount_fen": one.head.discount_fen,
                "status": one.head.status or None,
                "coupon_codes": one.head.coupons or None,
                "link_code": one.head.link or None,
            }
            for one in orders
        ],
    )


def _lines(orders: Sequence[ShopOrder], _: dict[str, str]) -> pa.Table:
    return _made(
        "order_lines",
        [
            {
                "order_no": one.head.order_no,
                "line_no": line.line_no,
                "sku": line.sku,
                "qty": line.qty,
                "paid_amount_fen": line.paid_fen,
                "store_code": one.head.store or SHOP,
                "updated_at": one.head.updated_at,
            }
            for one in orders
            for line in one.lines
        ],
    )


def _refunds(orders: Sequence[ShopOrder], _: dict[str, str]) -> pa.Table:
    return _made(
        "refunds",
        [
            {
                "refund_no": back.number,
                "order_no": one.head.order_no,
                "refunded_at": back.at,
                "amount_fen": back.fen,
                "store_code": one.head.store or SHOP,
                "updated_at": one.head.updated_at,
                "line_no": back.line_no,
            }
            for one in orders
            for back in one.backs
        ],
    )


_TABLES = {"orders": _orders, "order_lines": _lines, "refunds": _refunds}


def _made(table: str, rows: list[dict[str, Any]]) -> pa.Table:
    kinds = {column.stored: cells.ARROW[column.kind] for column in TABLES[table].columns}
    names = list(rows[0]) if rows else [column.stored for column in TABLES[table].columns]
    return pa.table({name: pa.array([row[name] for row in rows], kinds[name]) for name in names})


def together(reports: Sequence[Report]) -> Report:
    """One report of a file whose rows became several tables: for who shows one file as one line."""
    first, *rest = reports
    if not rest:
        return first
    counts = {
        name: sum(getattr(one, name) for one in reports)
        for name in ("rows", "new", "changed", "same", "refused")
    }
    said = tuple(dict.fromkeys(sentence for one in reports for sentence in one.warnings))
    return Report(**first.__dict__ | counts | {"table": NAME, "warnings": said})


def _told(report: Report, opened: Opened, made: Split, tally: Tally, setting: Setting) -> Report:
    """The report of the file: refused rows with their reasons and where they lie, orders that nobody paid."""
    there = set(places(opened.headers).values())
    aside = tuple(h.strip() for place, h in enumerate(opened.headers) if h.strip() and place not in there)
    said = [*opened.warnings, *report.warnings]
    if made.not_bought:
        said.append(f"没有付款的订单不导入（{made.not_bought} 单）")
    typed = {fault.row for fault in tally.faults}
    faults = [
        *tally.faults,
        *(_fault(opened.name, row, why) for row, why in made.refused.items() if row not in typed),
    ]
    where = "" if setting.dry_run or not made.refused else str(_journal(opened, made, setting))
    changes = {
        "rows": report.rows + len(made.refused),
        "refused": len(made.refused),
        "faults": tuple(sorted(faults, key=lambda one: one.row)),
        "warnings": tuple(said),
        "encoding": opened.encoding,
        "aside": aside,
        "refused_file": where,
    }
    return Report(**report.__dict__ | changes)


def _fault(name: str, row: int, why: str) -> Fault:
    column, _, rest = why.partition("：")
    found, _, allowed = rest.partition("；应为：")
    return Fault(name, row, column, found, allowed) if rest else Fault(name, row, "", why, "")


def _journal(opened: Opened, made: Split, setting: Setting) -> object:
    """The refused rows as a sheet with the reason beside each."""
    setting.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = setting.folder / f"错误行-{opened.path.stem[:80]}-{opened.sha256[:8]}.xlsx"
    rows = {}
    for batch in opened.batches():
        for at, number in enumerate(batch.numbers):
            if number in made.refused:
                rows[number] = [safe(cells.shown(column[at].as_py())) for column in batch.columns]
    for number in made.refused.keys() - rows.keys():
        rows[number] = [""] * len(opened.headers)
    headers = [*(safe(header) for header in opened.headers), "行号", "原因"]
    write_xlsx(target, headers, ([*rows[n], str(n), made.refused[n]] for n in sorted(rows)))
    return target
