"""The canonical tables of a simulated chain: orders and lines that add up to the planted spending."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

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
_DAY = 86_400


def write(
    spent: np.ndarray,
    *,
    without: np.ndarray,
    entry: np.ndarray,
    no_show: np.ndarray,
    store: np.ndarray,
    stores: int,
    codes: list[str],
    first_entry: int,
    rng: np.random.Generator,
) -> dict[str, pa.Table]:
    """Return the tables; `spent` is what each member spends in each month, `without` what it would be untreated.

    Both in fen, shape (members, months). What joining adds never goes into the negative-control category.
    """
    starts = _month_starts(spent.shape[1])
    member_codes = pa.array(codes)
    store_codes = pa.array([f"S{number:03d}" for number in range(1, stores + 1)])
    orders, lines = _orders(
        spent, without=without, store=store, starts=starts, members=member_codes, stores=store_codes, rng=rng
    )
    sku_names = [f"{code}-{number:02d}" for code, *_ in CATEGORIES for number in range(1, SKUS_EACH + 1)]
    return {
        "stores": pa.table(
            {
                "store_code": store_codes,
                "name": pa.array([f"模拟店 {number}" for number in range(1, stores + 1)]),
                "region": pa.array([REGIONS[number % len(REGIONS)] for number in range(stores)]),
            }
        ),
        "staff": pa.table(
            {
                "staff_code": pa.array([f"W{number:03d}" for number in range(1, stores + 1)]),
                "name": pa.array([f"店员 {number}" for number in range(1, stores + 1)]),
                "store_code": store_codes,
            }
        ),
        "members": _members(store, member_codes, store_codes, starts, rng),
        "memberships": _memberships(member_codes, starts, rng),
        "categories": pa.table(
            {
                "category_code": [row[0] for row in CATEGORIES],
                "name": [row[1] for row in CATEGORIES],
                "margin_class": [row[2] for row in CATEGORIES],
                "is_private_label": [row[3] for row in CATEGORIES],
                "is_imported": [row[4] for row in CATEGORIES],
                "is_organic": [row[5] for row in CATEGORIES],
            }
        ),
        "products": pa.table(
            {
                "sku": sku_names,
                "name": sku_names,
                "category_code": [code for code, *_ in CATEGORIES for _ in range(SKUS_EACH)],
            }
        ),
        "orders": orders,
        "order_lines": lines,
        "participation": _participation(
            entry,
            no_show=no_show,
            store=store,
            starts=starts,
            first_entry=first_entry,
            members=member_codes,
            stores=store_codes,
            rng=rng,
        ),
    }


def _month_starts(months: int) -> np.ndarray:
    """Seconds since 1970 (UTC) of 00:00 Asia/Shanghai on the first of each month, and of the month after."""
    first = np.datetime64("2024-01", "M") + np.arange(months + 1)
    return first.astype("datetime64[s]").astype(np.int64) - 8 * 3600


def _stamp(seconds: np.ndarray) -> pa.Array:
    return pa.array(seconds * 1_000_000, pa.timestamp("us", tz="UTC"))


def _numbered(prefix: str, numbers: np.ndarray, width: int) -> pa.Array:
    text = pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), width, "0")
    return pc.binary_join_element_wise(pa.scalar(prefix), text, "")


def _orders(
    spent: np.ndarray,
    *,
    without: np.ndarray,
    store: np.ndarray,
    starts: np.ndarray,
    members: pa.Array,
    stores: pa.Array,
    rng: np.random.Generator,
) -> tuple[pa.Table, pa.Table]:
    """Cut each member-month into orders, each order into one or two lines; nothing is lost in rounding."""
    flat = spent.ravel()
    bought = np.flatnonzero(flat > 0)
    amount = flat[bought]
    count = 1 + rng.poisson(np.maximum(0.0, amount / ORDER_MEAN - 1))
    count = np.minimum(count, amount)  # an order is worth at least one fen
    paid = _split(amount, count, rng)
    of = np.repeat(bought, count)
    member, month = of // spent.shape[1], of % spent.shape[1]
    length = (starts[1:] - starts[:-1])[month] // _DAY
    day = (rng.random(len(of)) * length).astype(np.int64)
    second = rng.integers(8 * 3600, 21 * 3600, size=len(of))
    number = np.arange(1, len(of) + 1)
    away = rng.random(len(of)) < 0.05
    shop = np.where(away, rng.integers(0, len(stores), size=len(of)), store[member])
    order_no = _numbered("N", number, 9)
    store_code = stores.take(pa.array(shop))
    orders = pa.table(
        {
            "order_no": order_no,
            "ordered_at": _stamp(starts[month] + day * _DAY + second),
            "store_code": store_code,
            "member_code": members.take(pa.array(member)),
            "total_paid_fen": paid,
        }
    )
    pieces = np.minimum(1 + (rng.random(len(of)) < 0.5), paid)
    line_paid = _split(paid, pieces, rng)
    line_of = np.repeat(np.arange(len(of)), pieces)
    line_no = np.arange(len(line_of)) - np.repeat(np.cumsum(pieces) - pieces, pieces) + 1
    shares = np.cumsum([row[-1] for row in CATEGORIES])
    category = np.searchsorted(shares / shares[-1], rng.random(len(line_of)))
    # a share y0/y1 of the negative control stays: 25 % more spending is not 25 % more tobacco
    stays = rng.spawn(1)[0].random(len(line_of)) * flat[of[line_of]] <= without.ravel()[of[line_of]]
    category = np.where((category == UNMOVABLE) & ~stays, 0, category)
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
    store: np.ndarray, members: pa.Array, stores: pa.Array, starts: np.ndarray, rng: np.random.Generator
) -> pa.Table:
    n = len(members)
    since = starts[0] - (rng.random(n) * 6 * 365).astype(np.int64) * _DAY
    return pa.table(
        {
            "member_code": members,
            "registered_at": _stamp(since),
            "home_store_code": stores.take(pa.array(store)),
            "birth_year": rng.integers(1950, 2005, size=n),
            "consent_measurement": rng.random(n) > 0.01,
        }
    )


def _memberships(members: pa.Array, starts: np.ndarray, rng: np.random.Generator) -> pa.Table:
    who = np.flatnonzero(rng.random(len(members)) < 0.15)
    begun = starts[0] - (rng.random(len(who)) * 700).astype(np.int64) * _DAY
    return pa.table(
        {
            "member_code": members.take(pa.array(who)),
            "program": pa.array(["PLUS"] * len(who)),
            "status": pa.array(["active"] * len(who)),
            "started_at": _stamp(begun),
        }
    )


def _participation(
    entry: np.ndarray,
    *,
    no_show: np.ndarray,
    store: np.ndarray,
    starts: np.ndarray,
    first_entry: int,
    members: pa.Array,
    stores: pa.Array,
    rng: np.random.Generator,
) -> pa.Table:
    """Registered and checked in, or registered and no-show; one event a store and month."""
    came, missed = np.flatnonzero(entry >= 0), np.flatnonzero(no_show)
    months = len(starts) - 1
    month = np.concatenate([entry[came], rng.integers(first_entry, months, size=len(missed))])
    who = np.concatenate([came, missed])
    day = rng.integers(0, 27, size=len(who))
    at = starts[month] + day * _DAY + 10 * 3600
    final = np.where(np.arange(len(who)) < len(came), "checked_in", "no_show")
    code = _numbered("EV", store[who] * 1000 + month, 6)
    both = np.concatenate([who, who])
    return pa.table(
        {
            "member_code": members.take(pa.array(both)),
            "what": pa.array(["event"] * len(both)),
            "what_code": pa.concat_arrays([code, code]),
            "status": pa.concat_arrays([pa.array(["registered"] * len(who)), pa.array(final)]),
            "happened_at": _stamp(np.concatenate([at - 5 * _DAY, at])),
            "store_code": stores.take(pa.array(store[both])),
        }
    )
