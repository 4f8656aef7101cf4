"""The order export of a mini shop (小商店、微信小店 and their like), as rules: rows of articles → orders, lines, refunds.

One row is one article; what belongs to the whole order stands on each of its rows, or on the first only. An order is taken whole
or refused whole: half of its articles would be another order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from tongxin.compass.apportion import hand_out

#: what an order is called that nobody paid; with a refund on it, somebody had
NOT_BOUGHT = frozenset(
    {"待付款", "待支付", "未付款", "未支付", "已取消", "取消", "交易关闭", "已关闭", "支付超时"}
)
#: the after-sale is done and the money went back
GIVEN_BACK = frozenset(
    {"退款成功", "已退款", "退款完成", "全部退款", "退货退款成功", "售后完成", "退款退货成功"}
)
PARTLY = frozenset({"部分退款", "部分退款成功"})

NO_ORDER = "订单号：空；应为：订单号"


@dataclass(frozen=True)
class Row:
    """One row of the export, typed; None where the cell is empty. `number` is its row in the file."""

    number: int
    order_no: str | None
    ordered_at: datetime | None
    status: str = ""
    sku: str = ""
    qty: float | None = None
    price_fen: int | None = None
    line_fen: int | None = None
    total_fen: int | None = None
    list_fen: int | None = None
    freight_fen: int | None = None
    discount_fen: int | None = None
    coupons: str = ""
    link: str = ""
    store: str = ""
    after: str = ""
    back_fen: int | None = None
    back_at: datetime | None = None
    back_no: str = ""
    updated_at: datetime | None = None
    phone: str = ""


@dataclass(frozen=True)
class Line:
    """An article of an order."""

    line_no: int
    sku: str
    qty: float
    paid_fen: int


@dataclass(frozen=True)
class Back:
    """Money that went back for an article."""

    number: str
    line_no: int
    at: datetime
    fen: int


@dataclass(frozen=True)
class ShopOrder:
    """An order with what belongs to it; `head` is its first row."""

    head: Row
    paid_fen: int
    lines: tuple[Line, ...]
    backs: tuple[Back, ...]


@dataclass(frozen=True)
class Split:
    """Orders of a file, rows that are refused with the reason, and how many orders nobody paid."""

    orders: tuple[ShopOrder, ...]
    refused: dict[int, str]
    not_bought: int


def split(rows: Sequence[Row], broken: dict[int, str]) -> Split:
    """Put the rows of each order together; `broken` are rows of which a cell could not be read. Every row ends somewhere."""
    groups: dict[str, list[Row]] = {}
    refused = dict(broken)
    last = ""
    for row in rows:
        name = row.order_no or last
        if not name:
            refused.setdefault(row.number, NO_ORDER)
            continue
        last = name
        groups.setdefault(name, []).append(row)
    orders, not_bought = [], 0
    for name, group in groups.items():
        bad = [row.number for row in group if row.number in broken]
        made = _order(name, group) if not bad else f"同一订单的第 {bad[0]} 行有问题，整单没有导入"
        if made is None:
            not_bought += 1
        elif isinstance(made, str):
            for row in group:
                refused.setdefault(row.number, made)
        else:
            orders.append(made)
    return Split(tuple(orders), refused, not_bought)


def _order(name: str, group: Sequence[Row]) -> ShopOrder | str | None:
    """The order, why it is refused, or None when nobody paid."""
    head = _whole(name, group)
    given_back = any(row.after in GIVEN_BACK or row.after in PARTLY or row.back_fen for row in group)
    if head.status in NOT_BOUGHT and not given_back:
        return None
    if head.ordered_at is None:
        return "下单时间：空；应为：日期和时间"
    if any(row.qty is None or row.qty <= 0 for row in group):
        return "商品数量：空或不是正数；应为：大于 0 的数"
    paid = _paid(head, group)
    if isinstance(paid, str):
        return paid
    total, parts = paid
    lines = tuple(
        Line(place, row.sku or "-", row.qty or 0.0, part)
        for place, (row, part) in enumerate(zip(group, parts, strict=True), start=1)
    )
    backs = _backs(name, head, group, lines)
    if isinstance(backs, str):
        return backs
    if sum(one.fen for one in backs) > total:
        return "退款金额：合计大于订单实付；应为：不超过实付"
    return ShopOrder(head, total, lines, backs)


def _whole(name: str, group: Sequence[Row]) -> Row:
    """The order's own cells: of each the first that is not empty."""
    found = {
        field: next((value for row in group if (value := getattr(row, field))), getattr(group[0], field))
        for field in (
            "ordered_at", "status", "total_fen", "list_fen", "freight_fen", "discount_fen", "coupons", "link", "store",
            "updated_at", "phone",
        )
    }  # fmt: skip
    return Row(group[0].number, name, **found)


def _paid(head: Row, group: Sequence[Row]) -> tuple[int, list[int]] | str:
    """What the order came to and each article of it, in fen that add up: the total less freight, by price where articles say nothing."""
    freight = head.freight_fen or 0
    said = [row.line_fen for row in group]
    known = [fen for fen in said if fen is not None]
    if len(known) == len(said):
        total = head.total_fen if head.total_fen is not None else sum(known) + freight
        if sum(known) > total:
            return "商品实付：合计大于订单实付；应为：不超过订单实付"
        return total, known
    if known:
        return "商品实付：有的行空着；应为：每行都填，或都不填"
    if head.total_fen is None:
        return "订单实付金额：空；应为：金额"
    goods = head.total_fen - freight
    if goods < 0:
        return "运费：大于订单实付；应为：不超过订单实付"
    weights = {f"{place:06d}": _worth(row) for place, row in enumerate(group)}
    if not any(weights.values()):
        weights = dict.fromkeys(weights, Fraction(1))
    fen = hand_out(goods, weights)
    return head.total_fen, [fen[key] for key in sorted(fen)]


def _worth(row: Row) -> Fraction:
    return Fraction(row.price_fen or 0) * Fraction(row.qty or 0)


def _backs(name: str, head: Row, group: Sequence[Row], lines: Sequence[Line]) -> tuple[Back, ...] | str:
    """Refunds as amounts say, or as the status of the after-sale says: done means the whole article."""
    found = []
    for row, line in zip(group, lines, strict=True):
        if row.back_fen is None and row.after in PARTLY:
            return "退款金额：部分退款没有写金额；应为：金额"
        fen = row.back_fen if row.back_fen is not None else (line.paid_fen if row.after in GIVEN_BACK else 0)
        if fen < 0:
            return "退款金额：负数；应为：不小于 0"
        at = row.back_at or head.updated_at or head.ordered_at
        if fen and at is not None:
            found.append(Back(row.back_no or f"{name}-{line.line_no}", line.line_no, at, fen))
    return tuple(found)
