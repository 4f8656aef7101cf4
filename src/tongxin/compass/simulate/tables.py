"""The canonical tables of a simulated chain: orders and lines that add up to the planted spending."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from tongxin.compass.simulate import attendance
from tongxin.compass.simulate.clock import DAY, month_starts, numbered, stamp
from tongxin.compass.simulate.draft import COUPONS, NEVER_DAY, Draft, Streams

ORDER_MEAN = 6000  # fen: about two orders a month
REGIONS = ("华东", "华南", "华北", "西南")
#: code, name, margin class, own brand, imported, organic, share of a basket
CATEGORIES = (
    ("FRESH", "生鲜", "mid", False, False, False, 0.34),
    ("GROCERY", "粮油杂货", "low", False, False, False, 0.30),
    ("OWN", "自有品牌", "high", True, False, False, 0.12),
    ("ORGANIC", "有机蔬果", "high", False, False, True, 0.06),
    ("IMPORT", "进口食品", "high", False, True, False, 0.06),
    ("HOME", "家居日用", "mid", False, False, False, 0.08),
    ("TOBACCO", "烟草", "low", False, False, False, 0.04),
)
SKUS_EACH = 20
#: place of the negative control among the categories
UNMOVABLE = len(CATEGORIES) - 1
OWN_BRAND = 2
#: share of orders in another store, of members with a paid membership, of those who refuse measurement
AWAY, PAID, REFUSE = 0.05, 0.15, 0.01
#: how far back registrations and paid memberships reach
SINCE_YEARS, PAID_DAYS = 6, 700


def write(draft: Draft, rng: np.random.Generator, streams: Streams) -> dict[str, pa.Table]:
    """Return the tables of a draft; what each member spends is y1, and y0 what it would be untreated.

    What joining adds never goes into the negative-control category. Days of registration, of paid membership and
    refusals of measurement are drawn here and noted in the draft.
    """
    starts = month_starts(draft.months)
    members = pa.array(draft.codes)
    stores = pa.array([f"S{number:03d}" for number in range(1, draft.stores + 1)])
    orders, lines = _all_orders(draft, starts, members, stores, rng, streams)
    tables = {
        "stores": _stores(draft, stores, starts),
        "staff": _staff(draft, members, stores),
        "members": _members(draft, members, stores, starts, rng),
        "memberships": _memberships(draft, members, starts, rng),
        **goods(),
        "orders": orders,
        "order_lines": lines,
        "participation": attendance.write(draft, members, stores, starts, rng),
    }
    return tables | attendance.ties(draft, members, starts, streams.of("ties"))


def goods() -> dict[str, pa.Table]:
    """What the shelves hold: categories and products."""
    names = ("category_code", "name", "margin_class", "is_private_label", "is_imported", "is_organic")
    skus = [f"{code}-{number:02d}" for code, *_ in CATEGORIES for number in range(1, SKUS_EACH + 1)]
    of = [code for code, *_ in CATEGORIES for _ in range(SKUS_EACH)]
    return {
        "categories": pa.table({name: [row[at] for row in CATEGORIES] for at, name in enumerate(names)}),
        "products": pa.table({"sku": skus, "name": skus, "category_code": of}),
    }


def _stores(draft: Draft, stores: pa.Array, starts: np.ndarray) -> pa.Table:
    columns: dict[str, Any] = {
        "store_code": stores,
        "name": pa.array([f"模拟店 {number}" for number in range(1, draft.stores + 1)]),
        "region": pa.array([REGIONS[number % len(REGIONS)] for number in range(draft.stores)]),
    }
    for name, month in (("opened_on", draft.opened), ("closed_on", draft.closed)):
        if month is not None:
            day = (starts[np.maximum(month, 0)] + 8 * 3600) // DAY
            columns[name] = pa.array(day.astype(np.int32), pa.int32(), mask=month < 0).cast(pa.date32())
    return pa.table(columns)


def _staff(draft: Draft, members: pa.Array, stores: pa.Array) -> pa.Table:
    count = draft.stores
    codes = [f"W{number:03d}" for number in range(1, count + 1)]
    names = [f"店员 {number}" for number in range(1, count + 1)]
    if draft.staff is None:
        return pa.table({"staff_code": pa.array(codes), "name": pa.array(names), "store_code": stores})
    who = np.flatnonzero(draft.staff)
    codes += [f"W{count + number:03d}" for number in range(1, len(who) + 1)]
    names += [f"店员 {count + number}" for number in range(1, len(who) + 1)]
    shops = pa.concat_arrays([stores, stores.take(pa.array(draft.store[who]))])
    own = pa.concat_arrays([pa.nulls(count, pa.string()), members.take(pa.array(who))])
    return pa.table(
        {"staff_code": pa.array(codes), "name": pa.array(names), "store_code": shops, "member_code": own}
    )


def _all_orders(  # noqa: PLR0917 - one ledger
    draft: Draft,
    starts: np.ndarray,
    members: pa.Array,
    stores: pa.Array,
    rng: np.random.Generator,
    streams: Streams,
) -> tuple[pa.Table, pa.Table]:
    """Write the store's orders and, where there are any, the online ones; together they are y1."""
    if draft.online is None:
        return cut(draft, draft.y1, starts, members, stores, rng, streams, prefix="N")
    shop = cut(draft, draft.y1 - draft.online, starts, members, stores, rng, streams, prefix="N")
    placed = draft.order_member, draft.order_month
    online = cut(draft, draft.online, starts, members, stores, streams.of("online"), streams, prefix="E")
    draft.order_member = np.concatenate([placed[0], draft.order_member])
    draft.order_month = np.concatenate([placed[1], draft.order_month])
    marked = [
        table.append_column("channel", pa.array([channel] * len(table), pa.string()))
        for table, channel in ((shop[0], "store"), (online[0], "delivery"))
    ]
    return pa.concat_tables(marked).combine_chunks(), pa.concat_tables([shop[1], online[1]]).combine_chunks()


def cut(  # noqa: PLR0917 - one ledger
    draft: Draft,
    spent: np.ndarray,
    starts: np.ndarray,
    members: pa.Array,
    stores: pa.Array,
    rng: np.random.Generator,
    streams: Streams,
    *,
    prefix: str,
) -> tuple[pa.Table, pa.Table]:
    """Cut each member-month into orders, each order into one or two lines; nothing is lost in rounding."""
    flat, without = spent.ravel(), draft.y0.ravel()
    bought = np.flatnonzero(flat > 0)
    amount = flat[bought]
    gained = np.maximum(0, amount - without[bought])
    counted = amount - np.rint(draft.basket_share * gained).astype(np.int64) if draft.basket_share else amount
    count = 1 + rng.poisson(np.maximum(0.0, counted / ORDER_MEAN - 1))
    count = np.minimum(count, amount)  # an order is worth at least one fen
    paid = _split(amount, count, rng)
    of = np.repeat(bought, count)
    member, month = of // spent.shape[1], of % spent.shape[1]
    draft.order_member, draft.order_month = member, month
    length = (starts[1:] - starts[:-1])[month] // DAY
    day = (rng.random(len(of)) * length).astype(np.int64)
    second = rng.integers(8 * 3600, 21 * 3600, size=len(of))
    number = np.arange(1, len(of) + 1)
    away = rng.random(len(of)) < AWAY
    home = draft.store[member] if draft.shop is None else draft.shop[member, month]
    shop = np.where(away, rng.integers(0, len(stores), size=len(of)), home)
    order_no = numbered(prefix, number, 9)
    store_code = stores.take(pa.array(shop))
    orders = pa.table(
        {
            "order_no": order_no,
            "ordered_at": stamp(starts[month] + day * DAY + second),
            "store_code": store_code,
            "member_code": members.take(pa.array(member)),
            "total_paid_fen": paid,
        }
    )
    if draft.coupon is not None:
        marks = pa.array([name or None for name in COUPONS], pa.string())
        orders = orders.append_column("coupon_codes", marks.take(pa.array(draft.coupon[member, month])))
    pieces = np.minimum(1 + (rng.random(len(of)) < 0.5), paid)
    line_paid = _split(paid, pieces, rng)
    line_of = np.repeat(np.arange(len(of)), pieces)
    line_no = np.arange(len(line_of)) - np.repeat(np.cumsum(pieces) - pieces, pieces) + 1
    shares = np.cumsum([row[-1] for row in CATEGORIES])
    category = np.searchsorted(shares / shares[-1], rng.random(len(line_of)))
    # a share y0/y1 of the negative control stays: 25 % more spending is not 25 % more tobacco
    at = of[line_of]
    stays = rng.spawn(1)[0].random(len(line_of)) * flat[at] <= without[at]
    category = np.where((category == UNMOVABLE) & ~stays, 0, category)
    if draft.mix_share:
        new = streams.of("mix").random(len(line_of)) * flat[at] < draft.mix_share * (flat - without)[at]
        category = np.where(new, OWN_BRAND, category)
    sku = category * SKUS_EACH + rng.integers(0, SKUS_EACH, size=len(line_of))
    sku_names = pa.array([f"{code}-{n:02d}" for code, *_ in CATEGORIES for n in range(1, SKUS_EACH + 1)])
    lines = pa.table(
        {
            "order_no": order_no.take(pa.array(line_of)),
            "line_no": line_no,
            "store_code": store_code.take(pa.array(line_of)),
            "sku": sku_names.take(pa.array(sku)),
            "qty": np.ones(len(line_of)),
            "paid_amount_fen": line_paid,
        }
    )
    return orders, lines


def _split(amount: np.ndarray, count: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Cut whole amounts into `count` positive whole parts each; the parts add up exactly."""
    of = np.repeat(np.arange(len(amount)), count)
    share = rng.exponential(size=len(of)) + 0.2
    share /= np.bincount(of, weights=share, minlength=len(amount))[of]
    parts = 1 + np.floor(share * (amount - count)[of]).astype(np.int64)
    last = np.cumsum(count) - 1
    parts[last] += amount - np.bincount(of, weights=parts, minlength=len(amount)).astype(np.int64)
    return parts


def _members(
    draft: Draft, members: pa.Array, stores: pa.Array, starts: np.ndarray, rng: np.random.Generator
) -> pa.Table:
    n = len(members)
    since = starts[0] - (rng.random(n) * SINCE_YEARS * 365).astype(np.int64) * DAY
    if draft.newcomers:
        since[-draft.newcomers :] = starts[draft.entry[-draft.newcomers :]]
    born = rng.integers(1950, 2005, size=n)
    draft.refused = rng.random(n) <= REFUSE
    draft.since_day = (since + 8 * 3600) // DAY
    return pa.table(
        {
            "member_code": members,
            "registered_at": stamp(since),
            "home_store_code": stores.take(pa.array(draft.store)),
            "birth_year": born,
            "consent_measurement": ~draft.refused,
        }
    )


def _memberships(draft: Draft, members: pa.Array, starts: np.ndarray, rng: np.random.Generator) -> pa.Table:
    """Paid memberships from before the first month, and conversions where a switch makes some."""
    who = np.flatnonzero(rng.random(len(members)) < PAID)
    begun = starts[0] - (rng.random(len(who)) * PAID_DAYS).astype(np.int64) * DAY
    if draft.paid_month is not None:
        later = np.setdiff1d(np.flatnonzero(draft.paid_month >= 0), who)
        who = np.concatenate([who, later])
        begun = np.concatenate([begun, starts[draft.paid_month[later]]])
    draft.paid_from = np.full(len(members), NEVER_DAY)
    draft.paid_from[who] = (begun + 8 * 3600) // DAY
    return pa.table(
        {
            "member_code": members.take(pa.array(who)),
            "program": pa.array(["PLUS"] * len(who)),
            "status": pa.array(["active"] * len(who)),
            "started_at": stamp(begun),
        }
    )
