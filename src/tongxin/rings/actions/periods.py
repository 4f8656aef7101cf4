"""Writing history: closing a period and opening the next at the same instant, so that nobody is ever nowhere or in two places."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from tongxin.rings.models import Placement

BATCH = 5000


def open_periods(customers: Iterable[int] | None = None) -> dict[int, Placement]:
    """The open period of each customer (of some), by customer id, locked for the rest of the transaction."""
    rows = Placement.objects.filter(period__upper_inf=True).defer("reasons")
    if customers is not None:
        rows = rows.filter(customer_id__in=list(customers))
    return {row.customer_id: row for row in rows.select_for_update(of=("self",)).iterator(chunk_size=20_000)}


def close(rows: Sequence[Placement], at: datetime) -> None:
    """End open periods at `at`. One that began at the very same instant lasted for nobody: it goes."""
    if rows:
        ids = [row.pk for row in rows]
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM rings_placement WHERE id = ANY(%s) AND lower(period) >= %s", [ids, at]
            )
            cursor.execute(
                "UPDATE rings_placement SET period = tstzrange(lower(period), %s, '[)') WHERE id = ANY(%s)",
                [at, ids],
            )


def begin(rows: Sequence[Placement]) -> None:
    """Write new open periods."""
    Placement.objects.bulk_create(rows, batch_size=BATCH)


def from_now_on(at: datetime) -> DateTimeTZRange:
    """The range `[at, ∞)`."""
    return DateTimeTZRange(at, None, "[)")
