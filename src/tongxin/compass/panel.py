"""From order lines to member × period: the one heavy pass, written in Ibis only.

Sums are integers (fen, orders) from end to end, so that every engine gives the same digits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ibis
import numpy as np
import pyarrow as pa

from tongxin.compass.dataset import Dataset
from tongxin.compass.errors import BadInput
from tongxin.compass.periods import Calendar

#: what the panel may hold, each an integer matrix (members, periods); money in fen
QUANTITIES = ("orders", "spend", "line_spend", "high_margin", "negative")

#: an order in one of these states was never a sale
DEAD_STATUSES = ("cancelled", "canceled", "closed", "void", "trade_closed", "已取消", "已关闭", "作废")


@dataclass(frozen=True)
class Facts:
    """The two Ibis tables that everything else starts from, computed once.

    `orders`: one row an order of a member (code, store, day, period, fen after refunds). `members`: code, number
    0…n−1 in code order, first day of purchase.
    """

    orders: Any
    members: Any


@dataclass(frozen=True)
class Panel:
    """Member × period sums.

    Attributes
    ----------
    codes : pyarrow array of str, shape (n,)
        Member codes in ascending order; row i of every matrix is member i.
    values : dict of str to int64 array, shape (n, periods)
    calendar : Calendar
    """

    codes: pa.Array
    values: dict[str, np.ndarray]
    calendar: Calendar

    @property
    def members(self) -> int:
        """Number of members with at least one order."""
        return len(self.codes)


def gather(dataset: Dataset, calendar: Calendar) -> Facts:
    """Net the orders and number the members."""
    orders = order_facts(dataset, calendar).cache()
    return Facts(orders, member_index(orders).cache())


def build(dataset: Dataset, calendar: Calendar, given: Facts, negative: str = "") -> Panel:
    """Sum orders and lines to member × period."""
    facts, who = given.orders, given.members
    codes = dataset.arrow(who.select("member_code", "member").order_by("member"))[
        "member_code"
    ].combine_chunks()
    shape = (len(codes), calendar.count)
    spent = dataset.arrow(spend_by_period(facts, who, calendar.count))
    values = {name: _matrix(spent, name, shape) for name in ("orders", "spend")}
    if has_lines(dataset):
        lines = dataset.arrow(lines_by_period(dataset, facts, who, calendar.count, negative))
        values |= {name: _matrix(lines, name, shape) for name in ("line_spend", "high_margin", "negative")}
    return Panel(codes, values, calendar)


def has_lines(dataset: Dataset) -> bool:
    """Say whether order lines can be tied to categories."""
    return all(dataset.has(table) for table in ("order_lines", "products", "categories"))


def integer_sum(column: Any) -> Any:
    """Sum as int64 with the same digits on every engine (a plain SUM would be HUGEINT, then DOUBLE)."""
    return column.sum().cast("decimal(38,0)").cast("int64")


def order_facts(dataset: Dataset, calendar: Calendar) -> Any:
    """Return one row an order of a member: code, store, day, period, fen after refunds."""
    if not dataset.has("orders", "member_code"):
        raise BadInput.one(
            "orders.member_code", "missing: a study must know who bought", ("a column member_code",)
        )
    orders = dataset.tables["orders"]
    orders = orders.filter(orders.member_code.notnull())
    if "status" in orders.columns:
        orders = orders.filter(orders.status.isnull() | orders.status.lower().notin(DEAD_STATUSES))
    net = orders.total_paid_fen
    if dataset.has("refunds"):
        refunds = dataset.tables["refunds"]
        keys = _order_keys(refunds)
        back = refunds.group_by(keys).agg(back=integer_sum(refunds.amount_fen))
        orders = orders.left_join(back, keys).select(*[orders[c] for c in orders.columns], back.back)
        net = orders.total_paid_fen - ibis.coalesce(orders.back, 0)
    return orders.select(
        "member_code",
        "store_code",
        "order_no",
        day=orders.ordered_at_day.cast("int64"),
        period=calendar.index(orders.ordered_at_day, orders.ordered_at_date),
        net=net.cast("int64"),
    )


def member_index(facts: Any) -> Any:
    """Return one row a member: code, number 0…n-1 in code order, first day of purchase, number of orders."""
    each = facts.group_by("member_code").agg(first_day=facts.day.min(), n_orders=facts.count())
    return each.mutate(member=ibis.row_number().over(order_by=each.member_code))


def spend_by_period(facts: Any, who: Any, periods: int) -> Any:
    """Return (member, period, orders, spend)."""
    inside = facts.filter((facts.period >= 0) & (facts.period < periods))
    summed = inside.group_by("member_code", "period").agg(
        orders=integer_sum((inside.net > 0).cast("int64")), spend=integer_sum(inside.net)
    )
    return summed.inner_join(who, "member_code").select("member", "period", "orders", "spend")


def lines_by_period(dataset: Dataset, facts: Any, who: Any, periods: int, negative: str) -> Any:
    """Return (member, period, line_spend, high_margin, negative) in fen."""
    lines = dataset.tables["order_lines"]
    keys = _order_keys(lines)
    net = lines.paid_amount_fen
    if dataset.has("refunds", "line_no"):
        refunds = dataset.tables["refunds"]
        refunds = refunds.filter(refunds.line_no.notnull())
        line_keys = [*[key for key in keys if key in refunds.columns], "line_no"]
        back = refunds.group_by(line_keys).agg(back=integer_sum(refunds.amount_fen))
        lines = lines.left_join(back, line_keys).select(*[lines[c] for c in lines.columns], back.back)
        net = lines.paid_amount_fen - ibis.coalesce(lines.back, 0)
    lines = lines.select(*keys, "sku", net=net)
    kinds = product_kinds(dataset, negative)
    typed = lines.left_join(kinds, "sku").select(
        *[lines[c] for c in lines.columns], kinds.high, kinds.negative
    )
    inside = facts.filter((facts.period >= 0) & (facts.period < periods))
    joined = typed.inner_join(inside, keys).select(
        inside.member_code, inside.period, typed.net, typed.high, typed.negative
    )
    summed = joined.group_by("member_code", "period").agg(
        line_spend=integer_sum(joined.net),
        high_margin=integer_sum(ibis.ifelse(joined.high, joined.net, 0)),
        negative=integer_sum(ibis.ifelse(joined.negative, joined.net, 0)),
    )
    return summed.inner_join(who, "member_code").select(
        "member", "period", "line_spend", "high_margin", "negative"
    )


def product_kinds(dataset: Dataset, negative: str) -> Any:
    """Return (sku, high, negative): is it 高毛利, is it the negative-control category."""
    products, categories = dataset.tables["products"], dataset.tables["categories"]
    marks = [
        ibis.coalesce(categories[mark], False)
        for mark in ("is_private_label", "is_imported", "is_organic")
        if mark in categories.columns
    ]
    high = ibis.literal(False)
    for mark in marks:
        high = high | mark
    if "margin_class" in categories.columns:
        high = high | (ibis.coalesce(categories.margin_class, "") == "high")
    word = negative.upper()
    code = categories.category_code.upper()
    unmovable = (code == word) | (categories["name"].upper() == word) | code.startswith(f"{word}/")
    if "parent_code" in categories.columns:
        unmovable = unmovable | (ibis.coalesce(categories.parent_code, "").upper() == word)
    flags = categories.select(
        "category_code", high=high, negative=unmovable if negative else ibis.literal(False)
    )
    joined = products.left_join(flags, "category_code")
    high = ibis.coalesce(joined.high, False)
    if "margin_class" in products.columns:  # a product's own class overrides its category's
        high = ibis.ifelse(joined.margin_class.notnull(), joined.margin_class == "high", high)
    return joined.select("sku", high=high, negative=ibis.coalesce(joined.negative, False))


def _order_keys(table: Any) -> list[str]:
    return ["store_code", "order_no"] if "store_code" in table.columns else ["order_no"]


def _matrix(rows: pa.Table, name: str, shape: tuple[int, int]) -> np.ndarray:
    out = np.zeros(shape, dtype=np.int64)
    place = (rows["member"].to_numpy(), rows["period"].to_numpy())
    out[place] = rows[name].to_numpy()
    return out
