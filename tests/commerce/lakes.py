"""Rows for the lake's tests, and the state of a lake as plain values."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from tongxin.commerce.lake import open_lake

TYPES = {
    "version": pa.int64(),
    "line_no": pa.int64(),
    "total_paid_fen": pa.int64(),
    "paid_amount_fen": pa.int64(),
    "amount_fen": pa.int64(),
    "qty": pa.float64(),
    "ordered_at": pa.timestamp("us", tz="UTC"),
    "refunded_at": pa.timestamp("us", tz="UTC"),
    "updated_at": pa.timestamp("us", tz="UTC"),
}


def at(day: int, month: int = 3, hour: int = 4) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def order(no: str, store: str = "S1", paid: int = 100, **more) -> dict:
    return {"order_no": no, "store_code": store, "total_paid_fen": paid, "ordered_at": at(5), **more}


def line(no: str, number: int, store: str | None = "S1", paid: int = 50, **more) -> dict:
    row = {
        "order_no": no,
        "line_no": number,
        "sku": f"sku{number}",
        "qty": 1.0,
        "paid_amount_fen": paid,
        **more,
    }
    return row | ({"store_code": store} if store else {})


def refund(no: str, order_no: str, store: str | None = "S1", amount: int = 10, **more) -> dict:
    row = {"refund_no": no, "order_no": order_no, "amount_fen": amount, "refunded_at": at(9), **more}
    return row | ({"store_code": store} if store else {})


def rows(*many: dict) -> pa.Table:
    names = list(dict.fromkeys(name for row in many for name in row))
    return pa.table(
        {name: pa.array([row.get(name) for row in many], TYPES.get(name, pa.string())) for name in names}
    )


VIEWS = ("orders", "order_lines", "refunds", "products", "categories", "net_orders", "net_lines")


def state(lake: Path) -> dict[str, list[tuple]]:
    """Everything a reader can see, in an order of its own."""
    con = open_lake(lake, memory="200MB")
    try:
        con.execute("SET TimeZone = 'UTC'")
        tables = {view: con.execute(f"SELECT * FROM {view}").to_arrow_table() for view in VIEWS}
        return {
            view: sorted(zip(*(column.to_pylist() for column in table.columns), strict=True), key=repr)
            for view, table in tables.items()
        }
    finally:
        con.close()


def one(lake: Path, sql: str) -> tuple:
    con = open_lake(lake, memory="200MB")
    try:
        return con.execute(sql).fetchone()
    finally:
        con.close()


def files(lake: Path) -> dict[str, bytes]:
    """Every partition with its bytes."""
    return {
        str(p.relative_to(lake)): p.read_bytes()
        for p in sorted(lake.rglob("*.parquet"))
        if ".s" not in str(p.relative_to(lake))
    }
