"""The lake, from the side of Django: its writer, its reader, the daily summary."""

from __future__ import annotations

import io
from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connection

from tongxin.commerce.models import PurchaseDay
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.locks import advisory
from tongxin.foundation.sealing import blind
from tongxin.people.models import Identity
from tongxin.people.terms import IdentityKind
from tongxin.stores.models import Store

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from tongxin.commerce.lake import Writer

DAYS = "commerce.purchase_days"


def lake_writer() -> Writer:
    """A writer of the chain's lake that knows the stores' clocks and who was erased. Not in a web worker."""
    from tongxin.commerce.lake import Writer  # noqa: PLC0415  # slow: brings DuckDB, which web workers never load

    away = Store.objects.exclude(zone=clock.SHANGHAI, cutoff_hour=0).values_list(
        "code", "zone", "cutoff_hour"
    )
    clocks = {code: (zone, cutoff) for code, zone, cutoff in away}
    return Writer(settings.TONGXIN_LAKE, clocks=clocks, digest=lake_digests)


def lake_digests(source: str, member_code: str) -> tuple[str, str]:
    """The keyed hashes under which an erased member code is remembered: of its source, and of any source."""
    return blind("lake.member_code", f"{source}|{member_code}"), blind("lake.member_code", f"*|{member_code}")


def refresh_purchase_days(*, viewer: Viewer, since: date | None = None) -> int:
    """Bring the daily summary in line with the lake, from `since` on (None = all of it); answers how many rows changed.

    Orders of codes that nobody has yet wait in the lake until the member comes. Repeating changes nothing. Not in a web worker.
    """
    from tongxin.commerce.lake import open_lake, purchase_days  # noqa: PLC0415  # slow: brings DuckDB

    del viewer  # named by every caller; a summary that can be recomputed at any time leaves no trail
    with advisory(DAYS):
        con = open_lake(settings.TONGXIN_LAKE, memory="256MB")
        try:
            con.register("people", _codes())
            con.register("shops", _shops())
            days = purchase_days(con, since)
            con.register("days", days.to_arrow_table())
            found = con.execute(_MATCHED).to_arrow_table()
        finally:
            con.close()
        return _replace_days(found, since)


# A code is first looked for at its own issuer; a till that prints the codes of another issuer still finds the member,
# as long as that code means one person only.
_MATCHED = """
    WITH anywhere AS (
        SELECT code, any_value(customer) AS customer FROM people GROUP BY code HAVING count(DISTINCT customer) = 1
    )
    SELECT coalesce(p.customer, a.customer) AS customer_id, s.store AS store_id, d.business_date, d.source,
           CAST(sum(d.orders) AS BIGINT) AS orders, CAST(sum(d.net_fen) AS BIGINT) AS net_fen,
           CAST(sum(d.high_margin_fen) AS BIGINT) AS high_margin_fen
    FROM days d
    JOIN shops s ON s.code = d.store_code
    LEFT JOIN people p ON p.source = d.source AND p.code = d.member_code
    LEFT JOIN anywhere a ON a.code = d.member_code
    WHERE coalesce(p.customer, a.customer) IS NOT NULL
    GROUP BY ALL
"""

_COLUMNS = "customer_id, store_id, business_date, source, orders, net_fen, high_margin_fen"


def _codes() -> pa.Table:
    import pyarrow as pa  # noqa: PLC0415  # slow: pages do without it

    rows = Identity.objects.filter(kind=IdentityKind.MEMBER_CODE).values_list(
        "source", "lookup", "customer_id"
    )
    columns = list(zip(*rows.iterator(chunk_size=50_000), strict=True)) or [(), (), ()]
    types = (pa.string(), pa.string(), pa.int64())
    return pa.table(
        {
            name: pa.array(column, kind)
            for name, column, kind in zip(("source", "code", "customer"), columns, types, strict=True)
        }
    )


def _shops() -> pa.Table:
    import pyarrow as pa  # noqa: PLC0415  # slow

    rows = list(Store.objects.values_list("code", "id"))
    return pa.table(
        {
            "code": pa.array([code for code, _ in rows], pa.string()),
            "store": pa.array([pk for _, pk in rows], pa.int64()),
        }
    )


def _replace_days(found: pa.Table, since: date | None) -> int:
    from pyarrow import csv  # noqa: PLC0415  # slow

    buffer = io.BytesIO()
    csv.write_csv(found, buffer, csv.WriteOptions(include_header=False))
    table = PurchaseDay._meta.db_table  # noqa: SLF001 (Django's public name for it)
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMP TABLE fresh_days ON COMMIT DROP AS SELECT {_COLUMNS} FROM {table} WITH NO DATA"  # noqa: S608 - our own names
        )
        with cursor.copy(f"COPY fresh_days ({_COLUMNS}) FROM STDIN (FORMAT csv)") as copy:
            copy.write(buffer.getvalue())
        cursor.execute("ANALYZE fresh_days")
        cursor.execute(
            f"""
            DELETE FROM {table} d WHERE (%s::date IS NULL OR d.business_date >= %s) AND NOT EXISTS (
                SELECT 1 FROM fresh_days f WHERE f.customer_id = d.customer_id AND f.business_date = d.business_date
                AND f.store_id = d.store_id AND f.source = d.source)
            """,  # noqa: S608 - our own names
            [since, since],
        )
        gone = cursor.rowcount
        cursor.execute(
            f"""
            INSERT INTO {table} AS d ({_COLUMNS}) SELECT {_COLUMNS} FROM fresh_days
            ON CONFLICT (customer_id, business_date, store_id, source) DO UPDATE
            SET orders = excluded.orders, net_fen = excluded.net_fen, high_margin_fen = excluded.high_margin_fen
            WHERE (d.orders, d.net_fen, d.high_margin_fen)
                  IS DISTINCT FROM (excluded.orders, excluded.net_fen, excluded.high_margin_fen)
            """  # noqa: S608 - our own names
        )
        written = cursor.rowcount
        cursor.execute("DROP TABLE fresh_days")
    return gone + written


def forget_in_lake(digests: Iterable[str]) -> int:
    """Take erased codes out of the lake; answers the number of orders. Repeating changes nothing. Not in a web worker."""
    with lake_writer() as writer:
        return writer.forget(digests)


def connect_lake(memory: str = "1GB") -> duckdb.DuckDBPyConnection:
    """The chain's lake, read only. Not in a web worker."""
    from tongxin.commerce.lake import open_lake  # noqa: PLC0415  # slow: brings DuckDB

    return open_lake(settings.TONGXIN_LAKE, memory=memory)
