"""From order lines to member × period: the one heavy pass, written in Ibis only.

Sums are integers (fen, orders) from end to end, so that every engine gives the same digits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import ibis
import ibis.expr.operations as ops
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tongxin.compass import costed, memberships, partitions
from tongxin.compass.dataset import Dataset
from tongxin.compass.errors import BadInput
from tongxin.compass.periods import Calendar

#: what the panel may hold, each an integer matrix (members, periods); money in fen
QUANTITIES = (
    "orders",
    "spend",
    "line_spend",
    "high_margin",
    "negative",
    "margin",
    "paid",
    "paid_starts",
)

#: those of them that count something; the others are fen
COUNTS = frozenset({"orders", "paid", "paid_starts"})

#: bytes of one kept order (code, store, number, day, period, fen)
ORDER_BYTES = 80

#: an order in one of these states was never a sale
DEAD_STATUSES = ("cancelled", "canceled", "closed", "void", "trade_closed", "已取消", "已关闭", "作废")


@dataclass(frozen=True)
class Facts:
    """The two Ibis tables that everything else starts from.

    `orders`: one row an order of a member (code, store, day, period, fen after refunds). `members`: code, number
    0…n−1 in code order, first day of purchase, part. `partial` when these are the members of one part only.
    """

    orders: Any
    members: Any
    calendar: Calendar
    partial: bool = False

    def part_of(self, number: int) -> Facts:
        """Return the facts of the members of one part."""
        members = self.members.filter(self.members.part == number)
        return replace(
            self, members=members, orders=self.orders.semi_join(members, "member_code"), partial=True
        )

    def of_these(self, rows: Any) -> Any:
        """Return the rows of these members only: before adding up, so that memory follows the part."""
        return rows.semi_join(self.members, "member_code") if self.partial else rows

    @property
    def inside(self) -> Any:
        """The orders that lie in a period of the calendar."""
        return self.orders.filter((self.orders.period >= 0) & (self.orders.period < self.calendar.count))


@dataclass(frozen=True)
class Panel:
    """Member × period sums.

    Attributes
    ----------
    codes : pyarrow array of str, shape (n,)
        Member codes in ascending order; row i of every matrix is member i.
    values : dict of str to int64 array, shape (n, periods)
    calendar : Calendar
    cost_known : float, optional
        Share of the spend on lines whose cost is known; None where no table says a cost.
    """

    codes: pa.Array
    values: dict[str, np.ndarray]
    calendar: Calendar
    cost_known: float | None = None

    @property
    def members(self) -> int:
        """Number of members with at least one order."""
        return len(self.codes)

    @property
    def basis(self) -> str:
        """What a value is made of: margin where enough costs are known, spend otherwise."""
        return "margin" if (self.cost_known or 0.0) >= costed.ENOUGH_KNOWN else "spend"


def gather(dataset: Dataset, calendar: Calendar) -> Facts:
    """Net the orders and number the members."""
    parts = dataset.room.partitions
    orders = order_facts(dataset, calendar)
    if parts == 1 and _small(dataset):  # else they are read again: what does not fit must not be kept either
        orders = dataset.keep(orders)
    return Facts(orders, dataset.keep(member_index(orders, parts)), calendar)


def _small(dataset: Dataset) -> bool:
    """Say whether the netted orders take little of the memory that was allowed."""
    count = dataset.arrow(dataset.tables["orders"].count().as_table()).column(0)[0].as_py()
    return int(count) * ORDER_BYTES <= dataset.room.bytes / 4


def build(
    dataset: Dataset,
    calendar: Calendar,
    given: Facts,
    negative: str = "",
    tell: Callable[[str], None] = lambda _: None,
) -> Panel:
    """Sum orders and lines to member × period, one part of the members after the other.

    Only the matrices stay in memory between parts. `tell` hears "partition" after each part when there are several.

    Raises
    ------
    OutOfRoom
        A part does not fit; says how many parts would.
    """
    who = given.members
    codes = dataset.arrow(who.select("member_code", "member").order_by("member"))[
        "member_code"
    ].combine_chunks()
    shape = (len(codes), calendar.count)
    sums: dict[str, np.ndarray] = {}
    shares = np.zeros(2, dtype=np.int64)
    lined, priced = has_lines(dataset), dataset.has("order_lines") and costed.has_costs(dataset)
    for part in partitions.split(given, dataset.room.partitions):
        _place(sums, partitions.ask(dataset, spend_by_period(part), given), shape)
        if lined:
            _place(sums, partitions.ask(dataset, lines_by_period(dataset, part, negative), given), shape)
        if priced:
            costs = partitions.ask(dataset, costs_by_period(dataset, part), given)
            _place(sums, costs.drop_columns(["known", "paid"]), shape)
            shares += [_total(costs, "known"), _total(costs, "paid")]
        if part.partial:
            tell("partition")
    values, known = {name: sums[name] for name in sums if name != "without"}, None
    if priced:
        known = int(shares[0]) / int(shares[1]) if shares[1] else 0.0
        values["margin"] = values["spend"] - sums["without"]
    if dataset.has("memberships"):
        values |= memberships.by_period(dataset, codes, calendar)
    return Panel(codes, values, calendar, known)


def has_lines(dataset: Dataset) -> bool:
    """Say whether order lines can be tied to categories."""
    return all(dataset.has(table) for table in ("order_lines", "products", "categories"))


def integer_sum(column: Any) -> Any:
    """Sum as int64 with the same digits on every engine (a plain SUM would be HUGEINT, then DOUBLE)."""
    # ibis leaves out a cast it believes needless; a cast by way of decimal(38) costs as much as the sum itself
    return ops.Cast(column.sum(), to="int64").to_expr()


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


def member_index(facts: Any, parts: int = 1) -> Any:
    """Return one row a member: code, number 0…n-1 in code order, part, first day of purchase, number of orders."""
    each = facts.group_by("member_code").agg(first_day=facts.day.min(), n_orders=facts.count())
    part = partitions.part(each.member_code, parts) if parts > 1 else ibis.literal(0, "int64")
    return each.mutate(member=ibis.row_number().over(order_by=each.member_code), part=part)


def spend_by_period(given: Facts) -> Any:
    """Return (member, period, orders, spend)."""
    inside, who = given.inside, given.members
    summed = inside.group_by("member_code", "period").agg(
        orders=integer_sum((inside.net > 0).cast("int64")), spend=integer_sum(inside.net)
    )
    return summed.inner_join(who, "member_code").select("member", "period", "orders", "spend")


def carries_members(dataset: Dataset) -> bool:
    """Say whether each line says whose it is and when, so that no order has to be looked up."""
    return dataset.has("order_lines", "member_code", "ordered_at_day")


def tie(dataset: Dataset, lines: Any, given: Facts) -> Any:
    """Return the lines of these members inside the calendar, with `member_code` and `period`.

    Lines that carry both are taken at their word (less those of orders that were never a sale); others follow their order.
    """
    own = [name for name in lines.columns if name not in _carried(dataset)]
    if not carries_members(dataset):
        inside, keys = given.inside, _order_keys(lines)
        orders = inside.select(*keys, "member_code", "period")
        return lines.inner_join(orders, keys).select(
            *[lines[name] for name in own], orders.member_code, orders.period
        )
    rows = lines.mutate(period=given.calendar.index(lines.ordered_at_day, lines.ordered_at_date))
    rows = rows.filter(rows.member_code.notnull() & (rows.period >= 0) & (rows.period < given.calendar.count))
    orders = dataset.tables["orders"]
    if "status" in orders.columns:
        dead = orders.filter(orders.status.lower().isin(DEAD_STATUSES))
        rows = rows.anti_join(dead, _order_keys(lines))
    return given.of_these(rows).select(*own, "member_code", "period")


def _carried(dataset: Dataset) -> list[str]:
    return ["member_code", "ordered_at_day", "ordered_at_date"] if carries_members(dataset) else []


def lines_by_period(dataset: Dataset, given: Facts, negative: str) -> Any:
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
    lines = tie(dataset, lines.select(*keys, *_carried(dataset), "sku", net=net), given)
    kinds = product_kinds(dataset, negative)
    joined = lines.left_join(kinds, "sku").select(
        lines.member_code, lines.period, lines.net, kinds.high, kinds.negative
    )
    summed = joined.group_by("member_code", "period").agg(
        line_spend=integer_sum(joined.net),
        high_margin=integer_sum(ibis.ifelse(joined.high, joined.net, 0)),
        negative=integer_sum(ibis.ifelse(joined.negative, joined.net, 0)),
    )
    return summed.inner_join(given.members, "member_code").select(
        "member", "period", "line_spend", "high_margin", "negative"
    )


def costs_by_period(dataset: Dataset, given: Facts) -> Any:
    """Return (member, period, without, known, paid) in fen.

    `without` is what has to leave the spend so that margin remains: the known costs, and the whole paid amount of
    lines whose cost nobody knows. `known` is the paid amount of lines with a cost, `paid` of all lines.
    """
    lines = costed.with_cost(dataset, dataset.tables["order_lines"])
    keys = _order_keys(lines)
    fen = lines.paid_amount_fen.cast("int64")
    joined = tie(dataset, lines.select(*keys, *_carried(dataset), "cost", fen=fen), given)
    summed = joined.group_by("member_code", "period").agg(
        without=integer_sum(ibis.coalesce(joined.cost, joined.fen)),
        known=integer_sum(ibis.ifelse(joined.cost.notnull(), joined.fen, 0)),
        paid=integer_sum(joined.fen),
    )
    return summed.inner_join(given.members, "member_code").select(
        "member", "period", "without", "known", "paid"
    )


def _total(rows: pa.Table, name: str) -> int:
    return int(pc.sum(rows[name]).as_py() or 0)


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


def _place(matrices: dict[str, np.ndarray], rows: pa.Table, shape: tuple[int, int]) -> None:
    """Write one part's sums into their matrices; a member stands in one part only, so nothing is added twice."""
    place = rows["member"].to_numpy() * shape[1] + rows["period"].to_numpy()
    for name in rows.column_names:
        if name not in {"member", "period"}:
            matrix = matrices.setdefault(name, np.zeros(shape, dtype=np.int64))
            matrix.reshape(-1)[place] = rows[name].to_numpy()
