"""From order lines to member × period: the one heavy pass, written in Ibis only.

Sums are integers (fen, orders) from end to end, so that every engine gives the same digits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import ibis
import numpy as np
import pyarrow as pa

from tongxin.compass import costed, memberships, partitions
from tongxin.compass.adding import Sums, integer_sum
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

    `orders`: one row an order of any member (code, store, day, period, fen after refunds). `members`: code, number
    0…n−1 in code order, first day of purchase, part. `partial` when these are the members of one part only.
    `every`: the orders with those of nobody among them, where a join that finds the members need not sort these out first.
    """

    orders: Any
    members: Any
    calendar: Calendar
    partial: bool = False
    every: Any = None

    def part_of(self, number: int) -> Facts:
        """Return the facts of the members of one part; the orders of the others fall away when these are numbered."""
        return replace(self, members=self.members.filter(self.members.part == number), partial=True)

    def numbered(self, rows: Any) -> Any:
        """Return the rows of these members only, with the number of their `member_code` in `member`."""
        return rows.inner_join(self.members.select("member_code", "member"), "member_code")

    @property
    def bought(self) -> Any:
        """The orders of these members, numbered."""
        return self.numbered(self.joined)

    @property
    def joined(self) -> Any:
        """The orders as a join by member code takes them: one without a code finds no member."""
        return self.orders if self.every is None else self.every


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
    _running: dict[str, np.ndarray] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def members(self) -> int:
        """Number of members with at least one order."""
        return len(self.codes)

    @property
    def basis(self) -> str:
        """What a value is made of: margin where enough costs are known, spend otherwise."""
        return "margin" if (self.cost_known or 0.0) >= costed.ENOUGH_KNOWN else "spend"

    def running(self, name: str) -> np.ndarray:
        """Return the sums of a quantity over the periods before each period, shape (periods + 1, members).

        They are made once and lie period by period, in the narrowest integers that hold them.
        """
        if name not in self._running:
            values = self.values[name]
            most = max(abs(int(values.max(initial=0))), abs(int(values.min(initial=0)))) * values.shape[1]
            shape = (values.shape[1] + 1, values.shape[0])
            sums = np.zeros(shape, dtype=np.int32 if most < 2**31 else np.int64)
            for period, column in enumerate(values.T):
                np.add(sums[period], column, out=sums[period + 1], casting="unsafe")
            self._running[name] = sums
        return self._running[name]

    def rest(self) -> None:
        """Give back the memory of the running sums; if they are asked again, they are made again."""
        self._running.clear()

    def between(self, name: str, begin: int, end: int) -> np.ndarray:
        """Return each member's sum over the periods `begin`…`end` − 1, shape (members,)."""
        sums = self.running(name)
        return sums[end] - sums[begin]


def gather(dataset: Dataset, calendar: Calendar) -> Facts:
    """Net the orders and number the members."""
    parts = dataset.room.partitions
    orders = order_facts(dataset, calendar)
    if parts == 1 and _small(dataset):  # else they are read again: what does not fit must not be kept either
        orders = dataset.keep(orders)
        return Facts(orders, dataset.keep(member_index(orders, parts)), calendar)
    every = order_facts(dataset, calendar, guests=True)
    return Facts(orders, dataset.keep(member_index(orders, parts)), calendar, every=every)


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
    sums = Sums(len(codes), calendar)
    lined, priced = has_lines(dataset), dataset.has("order_lines") and costed.has_costs(dataset)
    for part in partitions.split(given, dataset.room.partitions):
        with partitions.refusing(dataset, given):
            sums.add(dataset, spend_rows(part))
            if lined:
                sums.add(dataset, line_rows(dataset, part, negative))
            if priced:
                sums.add(dataset, cost_rows(dataset, part), whole=("known", "paid"))
        if part.partial:
            tell("partition")
    values, known = sums.matrices(), None
    if lined:
        values["negative"] = sums.matrix("negative")
    if priced:
        known = sums.totals["known"] / sums.totals["paid"] if sums.totals["paid"] else 0.0
        values["margin"] = values["spend"] - values.pop("without")
    if dataset.has("memberships"):
        values |= memberships.by_period(dataset, codes, calendar)
    return Panel(codes, values, calendar, known)


def has_lines(dataset: Dataset) -> bool:
    """Say whether order lines can be tied to categories."""
    return all(dataset.has(table) for table in ("order_lines", "products", "categories"))


def order_facts(dataset: Dataset, calendar: Calendar, *, guests: bool = False) -> Any:
    """Return one row an order of a member: code, store, day, period, fen after refunds; with `guests` of nobody too."""
    if not dataset.has("orders", "member_code"):
        raise BadInput.one(
            "orders.member_code", "missing: a study must know who bought", ("a column member_code",)
        )
    orders = dataset.tables["orders"]
    if not guests:
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


def spend_rows(given: Facts) -> Any:
    """Return (member, day, period, orders, spend), one row an order."""
    rows = given.bought
    return rows.select("member", "day", "period", orders=(rows.net > 0).cast("int64"), spend=rows.net)


def carries_members(dataset: Dataset) -> bool:
    """Say whether each line says whose it is and when, so that no order has to be looked up."""
    return dataset.has("order_lines", "member_code", "ordered_at_day")


def tie(dataset: Dataset, lines: Any, given: Facts) -> Any:
    """Return the lines of these members, with `member`, `day` and `period`.

    Lines that carry both are taken at their word (less those of orders that were never a sale); others follow their order.
    """
    own = [name for name in lines.columns if name not in _carried(dataset)]
    if not carries_members(dataset):
        keys = _order_keys(lines)
        orders = given.bought.select(*keys, "member", "day", "period")
        return lines.inner_join(orders, keys).select(*own, "member", "day", "period")
    rows = lines.mutate(
        day=lines.ordered_at_day.cast("int64"),
        period=given.calendar.index(lines.ordered_at_day, lines.ordered_at_date),
    )
    orders = dataset.tables["orders"]
    if "status" in orders.columns:
        dead = orders.filter(orders.status.lower().isin(DEAD_STATUSES))
        rows = rows.anti_join(dead, _order_keys(lines))
    return given.numbered(rows).select(*own, "member", "day", "period")


def _carried(dataset: Dataset) -> list[str]:
    return ["member_code", "ordered_at_day", "ordered_at_date"] if carries_members(dataset) else []


def line_rows(dataset: Dataset, given: Facts, negative: str) -> Any:
    """Return (member, day, period, line_spend, high_margin) in fen, and `negative` if a category is asked for."""
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
    joined = lines.left_join(kinds, "sku")
    net = joined.net.cast("int64")
    sums = {"line_spend": net, "high_margin": ibis.ifelse(joined.high, net, 0)}
    if negative:
        sums["negative"] = ibis.ifelse(joined.negative, net, 0)
    return joined.select("member", "day", "period", **sums)


def cost_rows(dataset: Dataset, given: Facts) -> Any:
    """Return (member, day, period, without, known, paid) in fen.

    `without` is what has to leave the spend so that margin remains: the known costs, and the whole paid amount of
    lines whose cost nobody knows. `known` is the paid amount of lines with a cost, `paid` of all lines.
    """
    lines = costed.with_cost(dataset, dataset.tables["order_lines"])
    keys = _order_keys(lines)
    fen = lines.paid_amount_fen.cast("int64")
    joined = tie(dataset, lines.select(*keys, *_carried(dataset), "cost", fen=fen), given)
    return joined.select(
        "member",
        "day",
        "period",
        without=ibis.coalesce(joined.cost, joined.fen),
        known=ibis.ifelse(joined.cost.notnull(), joined.fen, 0),
        paid=joined.fen,
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
