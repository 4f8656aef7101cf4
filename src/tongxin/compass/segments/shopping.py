"""How each member shops in the months before the cut: the material that conditions look at.

Of children only one thing is looked at: that a grown-up member's own baskets hold goods for them. Nothing that is kept
about a child enters here, and members under 18 are left out altogether.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tongxin.compass import panel
from tongxin.compass.adding import integer_sum
from tongxin.compass.dataset import Dataset
from tongxin.compass.graph import people as everybody
from tongxin.compass.graph.people import NEVER, number
from tongxin.compass.periods import Calendar
from tongxin.compass.tables import NAIVE_ZONE

#: words in a category's name that mean goods for children (the chain may give its own)
CHILD_WORDS = (
    "婴", "儿童", "童", "宝宝", "奶粉", "辅食", "纸尿裤", "尿不湿", "玩具", "母婴", "孕",
    "baby", "kids", "child", "infant", "toddler", "diaper", "toy",
)  # fmt: skip
#: first local hour of each part of the day; the last one runs over midnight
DAYPARTS = (("morning", 5), ("noon", 11), ("afternoon", 14), ("evening", 17), ("night", 21))
ADULT = 18
_UTC_PLUS = 8


@dataclass(frozen=True)
class Shopping:
    """Counts a member, in code order.

    Attributes
    ----------
    codes : pyarrow array of str, shape (n,)
    usable : bool array, shape (n,)
        Bought in the window; not staff, not under 18, measurement not refused.
    orders, weekend, children : int64 arrays, shape (n,)
        Orders in the window, those on Saturday or Sunday, those with goods for children.
    dayparts : dict of part to int64 array
        Orders in each part of the day; empty where store clocks differ.
    channels : dict of channel to int64 array
    store : int64 array, shape (n,); stores, regions : what the numbers mean
    since : int64 array, shape (n,)
        Day of registration or first order, the earlier.
    paid : bool array or None
    birth_year : int64 array, shape (n,)
        Of the member; 0 = unknown.
    first_day, cut : int
        First day of the window and first day after it.
    """

    codes: pa.Array
    usable: np.ndarray
    orders: np.ndarray
    weekend: np.ndarray
    children: np.ndarray | None
    dayparts: dict[str, np.ndarray]
    channels: dict[str, np.ndarray]
    store: np.ndarray
    stores: tuple[str, ...]
    region: np.ndarray
    regions: tuple[str, ...]
    since: np.ndarray
    paid: np.ndarray | None
    birth_year: np.ndarray
    first_day: int
    cut: int


def read(dataset: Dataset, first_day: int, cut: int, child_words: tuple[str, ...] = CHILD_WORDS) -> Shopping:
    """Count the orders of days first_day…cut−1."""
    facts = panel.order_facts(dataset, Calendar("month", dataset.first_day.year * 12, 1))
    facts = facts.filter(facts.net > 0)
    first = dataset.arrow(facts.group_by("member_code").agg(day=facts.day.min()))
    window = facts.filter((facts.day >= first_day) & (facts.day < cut))
    codes = everybody.unique_codes([first["member_code"]])
    n = len(codes)
    info = everybody.member_facts(dataset, codes)
    weekend = ((window.day + 3) % 7 >= 5).cast("int64")
    each = window.group_by("member_code").agg(orders=window.count(), weekend=integer_sum(weekend))
    sums = _placed(dataset, each, codes, ("orders", "weekend"))
    bought = np.full(n, NEVER)
    bought[number(first["member_code"], codes)] = first["day"].to_numpy()
    store, stores = info["store"], info["stores"]
    if not stores:
        store, stores = _most_visited(dataset, window, codes)
    born = _birth_years(dataset, codes)
    minor = (born > 0) & (_year(cut) - born < ADULT)
    region, regions = _regions(dataset, store, stores)
    return Shopping(
        codes,
        (sums["orders"] > 0) & ~info["staff"] & ~info["refused"] & ~minor,
        sums["orders"],
        sums["weekend"],
        _children(dataset, window, codes, child_words),
        _dayparts(dataset, window, codes),
        _channels(dataset, window, codes),
        store,
        stores,
        region,
        regions,
        np.minimum(bought, info["since"]),
        _paid(dataset, codes, cut),
        born,
        first_day,
        cut,
    )


def narrowed(shopping: Shopping, who: np.ndarray) -> Shopping:
    """Return the rows of some members only."""
    changes: dict[str, Any] = {
        name: value[who]
        for name in (
            "usable",
            "orders",
            "weekend",
            "children",
            "store",
            "region",
            "since",
            "paid",
            "birth_year",
        )
        if (value := getattr(shopping, name)) is not None
    }
    for name in ("dayparts", "channels"):
        changes[name] = {key: value[who] for key, value in getattr(shopping, name).items()}
    return replace(shopping, codes=shopping.codes.take(pa.array(who)), **changes)


def _placed(dataset: Dataset, each: Any, codes: pa.Array, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    rows = dataset.arrow(each)
    at = number(rows["member_code"], codes)
    out = {name: np.zeros(len(codes), dtype=np.int64) for name in names}
    for name in names:
        out[name][at] = rows[name].to_numpy()
    return out


def _counted(dataset: Dataset, rows: Any, column: str, codes: pa.Array) -> dict[str, np.ndarray]:
    """Return value → orders a member, values in order."""
    counts = dataset.arrow(rows.group_by("member_code", column).agg(n=rows.count()))
    names = everybody.unique_codes([counts[column]])
    who, kind, times = (
        number(counts["member_code"], codes),
        number(counts[column], names),
        counts["n"].to_numpy(),
    )
    out = {}
    for place, name in enumerate(names.to_pylist()):
        out[name] = np.zeros(len(codes), dtype=np.int64)
        out[name][who[kind == place]] = times[kind == place]
    return out


def _keys(table: Any) -> list[str]:
    return ["store_code", "order_no"] if "store_code" in table.columns else ["order_no"]


def _children(
    dataset: Dataset, window: Any, codes: pa.Array, child_words: tuple[str, ...]
) -> np.ndarray | None:
    if not panel.has_lines(dataset):
        return None
    categories, products = dataset.tables["categories"], dataset.tables["products"]
    named = categories["name"].lower()
    is_child = ibis.literal(False)
    for word in child_words:
        is_child = is_child | named.contains(word.lower())
    skus = products.inner_join(categories.filter(is_child).select("category_code"), "category_code").select(
        "sku"
    )
    lines = dataset.tables["order_lines"]
    keys = _keys(lines)
    with_them = lines.semi_join(skus, "sku").select(*keys).distinct()
    orders = window.semi_join(with_them, keys)
    return _placed(dataset, orders.group_by("member_code").agg(n=orders.count()), codes, ("n",))["n"]


def _dayparts(dataset: Dataset, window: Any, codes: pa.Array) -> dict[str, np.ndarray]:
    """Count orders by local hour; left out where stores keep other clocks than the dataset's."""
    if dataset.has("stores", "timezone"):
        zones = dataset.tables["stores"]
        if len(dataset.arrow(zones.filter(zones.timezone != NAIVE_ZONE).select("store_code"))):
            return {}
    orders = dataset.tables["orders"]
    hour = (orders.ordered_at.hour().cast("int64") + _UTC_PLUS) % 24
    part = ibis.literal(DAYPARTS[-1][0])
    for (name, begin), (_, end) in pairwise(DAYPARTS):
        part = ibis.ifelse((hour >= begin) & (hour < end), name, part)
    told = orders.select("store_code", "order_no", part=part)
    joined = window.inner_join(told, ["store_code", "order_no"]).select("member_code", "part")
    return _counted(dataset, joined, "part", codes)


def _channels(dataset: Dataset, window: Any, codes: pa.Array) -> dict[str, np.ndarray]:
    if not dataset.has("orders", "channel"):
        return {}
    told = dataset.tables["orders"].select("store_code", "order_no", "channel")
    joined = window.inner_join(told, ["store_code", "order_no"]).select("member_code", "channel")
    return _counted(dataset, joined, "channel", codes)


def _most_visited(dataset: Dataset, window: Any, codes: pa.Array) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the store with most orders of each member (ties: the first code)."""
    rows = dataset.arrow(window.group_by("member_code", "store_code").agg(n=window.count()))
    stores = everybody.unique_codes([rows["store_code"]])
    who, store = number(rows["member_code"], codes), number(rows["store_code"], stores)
    order = np.lexsort((-store, rows["n"].to_numpy(), who))
    out = np.full(len(codes), -1, dtype=np.int64)
    out[who[order]] = store[order]  # the last one written is the one with most orders
    return out, tuple(stores.to_pylist())


def _regions(
    dataset: Dataset, store: np.ndarray, stores: tuple[str, ...]
) -> tuple[np.ndarray, tuple[str, ...]]:
    none = np.full(len(store), -1, dtype=np.int64)
    if not stores or not dataset.has("stores", "region"):
        return none, ()
    rows = dataset.arrow(dataset.tables["stores"].select("store_code", "region"))
    regions = everybody.unique_codes([rows["region"]])
    of_store = np.full(len(stores), -1, dtype=np.int64)
    at = number(rows["store_code"], pa.array(stores))
    of_store[at[at >= 0]] = number(rows["region"], regions)[at >= 0]
    return np.where(store >= 0, of_store[store], none), tuple(regions.to_pylist())


def _paid(dataset: Dataset, codes: pa.Array, cut: int) -> np.ndarray | None:
    """Say who was a paid member on the day before the cut."""
    if not dataset.has("memberships"):
        return None
    table = dataset.tables["memberships"]
    running = table.started_at_day < cut
    if "ended_at_day" in table.columns:
        running = running & (table.ended_at_day.isnull() | (table.ended_at_day >= cut))
    at = number(dataset.arrow(table.filter(running).select("member_code"))["member_code"], codes)
    out = np.zeros(len(codes), dtype=bool)
    out[at[at >= 0]] = True
    return out


def _birth_years(dataset: Dataset, codes: pa.Array) -> np.ndarray:
    out = np.zeros(len(codes), dtype=np.int64)
    if dataset.has("members", "birth_year"):
        rows = dataset.arrow(dataset.tables["members"].select("member_code", "birth_year"))
        at = number(rows["member_code"], codes)
        year = pc.fill_null(rows["birth_year"], 0).to_numpy()
        out[at[at >= 0]] = year[at >= 0]
    return out


def _year(day: int) -> int:
    return int(np.datetime64(day, "D").astype("datetime64[Y]").astype(int)) + 1970
