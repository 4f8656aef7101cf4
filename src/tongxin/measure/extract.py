# ruff: noqa: S608 - only names of our own are put into SQL
"""From book and lake to the tables of the compass: only the columns a study needs, ids that say nothing. Job worker only.

A person is a number in the order of their member codes. Who does not agree to measurement and who works here stay in the tables
as such, so that the engine leaves them out of both arms and counts them; who was erased, or belongs to another world, never
enters, and is counted here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from django.db.models import Min
from django.db.models.functions import Coalesce

from tongxin.commerce.actions import connect_lake
from tongxin.commerce.models import Membership
from tongxin.foundation.errors import Refused
from tongxin.measure.book import read_book
from tongxin.measure.kit_codes import kit_codes
from tongxin.measure.models import Measurement, Study
from tongxin.measure.terms import TEACHING_SOURCES
from tongxin.people.models import Customer, Identity
from tongxin.people.queries import consented
from tongxin.people.terms import CustomerState, IdentityKind, Purpose
from tongxin.stores.models import Store

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from tongxin.compass.dataset import Dataset


@dataclass(frozen=True)
class Extract:
    """The dataset, who never entered it (reason → how many), and whether any of it is simulated."""

    dataset: Dataset
    left_out: dict[str, int]
    simulated: bool


@dataclass(frozen=True)
class _People:
    """Who is in: customer id → number, in the order of their member codes; entries behind a survivor have its number."""

    numbers: dict[int, str]
    rows: list[Customer]
    left_out: dict[str, int]
    simulated: bool


@contextmanager
def extract(study: Study | Measurement, memory: str = "700MB") -> Iterator[Extract]:
    """The dataset of a study, for as long as the block lasts. Refuses `measure.no_orders`."""
    from tongxin.compass.dataset import Room, open_sources  # noqa: PLC0415  # slow: brings DuckDB and Ibis
    from tongxin.compass.sentence import Words  # noqa: PLC0415  # slow, as above

    with TemporaryDirectory(prefix="tongxin-study-") as folder:
        to, con = Path(folder), connect_lake(memory)
        try:
            sources = _sources(con)
            if not sources:
                raise Refused("measure.no_orders")
            people = _people(study)
            con.register("people", _codes(people))
            found: dict[str, Path | pa.Table] = {
                name: _copy(con, name, to)
                for name in ("orders", "order_lines", "refunds", "products", "categories")
            }
        finally:
            con.close()
        found |= _own_tables(study, people)
        teaching = [source for source in sources if source in TEACHING_SOURCES]
        simulated = people.simulated or bool(teaching)
        dataset = open_sources(
            {name: table for name, table in found.items() if table is not None},
            room=Room(memory=memory, temp=to),
            currency=study.brand.currency,
            simulated=simulated,
            notes=tuple(Words(*TEACHING_SOURCES[source]) for source in teaching),
        )
        yield Extract(dataset, people.left_out, simulated)


def _sources(con: duckdb.DuckDBPyConnection) -> list[str]:
    return [row[0] for row in con.execute("SELECT DISTINCT source FROM orders ORDER BY 1").fetchall()]


# ---- people


def _people(study: Study | Measurement) -> _People:
    live = Customer.objects.filter(brand=study.brand, state=CustomerState.LIVE).select_related("home_store")
    real = list(live.filter(simulated=False).order_by("id"))
    acted = list(live.filter(simulated=True).order_by("id"))
    # One world a study: the simulated neighbours of a demo must not stand among real people, nor be lost where all are simulated.
    rows, others = (real, acted) if real else (acted, [])
    here = [row for row in rows if _inside(study, row)]
    first_code = dict(
        Identity.objects.filter(kind=IdentityKind.MEMBER_CODE)
        .annotate(person=Coalesce("customer__survivor", "customer"))
        .values_list("person")
        .annotate(code=Min("lookup"))
    )
    # Bytes of the code, as the engine sorts: then a study from here gives the digits of one from the files.
    here.sort(key=lambda row: (row.pk not in first_code, first_code.get(row.pk, "").encode(), row.pk))
    numbers = {row.pk: f"p{place:09d}" for place, row in enumerate(here)}
    behind = Customer.objects.filter(survivor__in=numbers.keys()).values_list("id", "survivor")
    numbers |= {entry: numbers[survivor] for entry, survivor in behind if survivor is not None}
    left_out = {
        "erased": Customer.objects.filter(brand=study.brand, state=CustomerState.ERASED).count(),
        "simulated": len(others),
        "elsewhere": len(rows) - len(here),
    }
    return _People(numbers, here, {why: n for why, n in left_out.items() if n}, not real)


def _inside(study: Study | Measurement, row: Customer) -> bool:
    if study.store_id is not None:
        return row.home_store_id == study.store_id
    return study.region_id is None or (
        row.home_store is not None and row.home_store.region_id == study.region_id
    )


def _codes(people: _People) -> pa.Table:
    """source, code → number. A till that prints the codes of another issuer still finds the member, as in the daily summary."""
    import pyarrow as pa  # noqa: PLC0415  # slow: pages do without it

    rows = [
        (source, code, people.numbers[customer])
        for source, code, customer in Identity.objects.filter(kind=IdentityKind.MEMBER_CODE)
        .values_list("source", "lookup", "customer")
        .iterator(chunk_size=50_000)
        if customer in people.numbers
    ]
    return _table({"source": pa.string(), "code": pa.string(), "person": pa.string()}, rows)


# ---- the lake: what each table gives, as SQL over its views

_FOUND = """
    WITH anywhere AS (SELECT code, any_value(person) AS person FROM people GROUP BY code HAVING count(DISTINCT person) = 1)
    SELECT o.*, coalesce(p.person, a.person) AS person FROM orders o
    LEFT JOIN people p ON p.source = o.source AND p.code = o.member_code
    LEFT JOIN anywhere a ON a.code = o.member_code
"""
_QUERIES = {
    # Orders of nobody, or of somebody who is not in the study, stay without a member: a store's till still rang.
    "orders": f"""
        SELECT source || '/' || order_no AS order_no, store_code, ordered_at, total_paid_fen, status, channel, person AS member_code
        FROM ({_FOUND})
    """,
    "order_lines": """
        SELECT source || '/' || order_no AS order_no, line_no, store_code, sku, coalesce(qty, 1) AS qty, paid_amount_fen,
            list_amount_fen, cost_fen FROM order_lines WHERE store_code IS NOT NULL
    """,
    # One number may refund several lines: the line is part of the key.
    "refunds": """
        SELECT source || '/' || refund_no || '/' || line_key AS refund_no, source || '/' || order_no AS order_no, refunded_at,
            amount_fen, store_code, line_no FROM refunds WHERE store_code IS NOT NULL
    """,
    "products": """
        SELECT sku, sku AS name, category_code, margin_class, unit_cost_fen FROM products WHERE category_code IS NOT NULL
    """,
    "categories": """
        SELECT category_code, name, parent_code, margin_class, is_private_label, is_imported, is_organic FROM categories
    """,
}


def _copy(con: duckdb.DuckDBPyConnection, name: str, to: Path) -> Path | None:
    """One table of the lake as a file of the columns that are needed; None when it is empty."""
    file = to / f"{name}.parquet"
    row = con.execute(f"COPY ({_QUERIES[name]}) TO '{file}' (FORMAT parquet, COMPRESSION zstd)").fetchone()
    return file if row is not None and row[0] else None


# ---- our own tables


def _own_tables(study: Study | Measurement, people: _People) -> dict[str, Any]:
    import pyarrow as pa  # noqa: PLC0415  # slow: pages do without it

    text, stamp, flag = pa.string(), pa.timestamp("us", tz="UTC"), pa.bool_()
    agreed = consented(Purpose.MEASUREMENT)
    stores = list(Store.objects.filter(brand=study.brand).select_related("region").order_by("code"))
    book = read_book(people.numbers, {store.pk: store.code for store in stores}, kit_codes(study))
    paid = list(Membership.objects.filter(customer__in=people.numbers.keys()).order_by("id"))
    staff = [("staff", "staff", "", people.numbers[row.pk]) for row in people.rows if row.is_staff]
    return {
        "stores": _table(
            {"store_code": text, "name": text, "region": text, "timezone": text},
            [(s.code, s.code, s.region.code if s.region else None, s.zone) for s in stores],
        ),
        "members": _table(
            {
                "member_code": text,
                "registered_at": stamp,
                "home_store_code": text,
                "birth_year": pa.int64(),
                "source_channel": text,
                "consent_measurement": flag,
            },
            [_member(people.numbers[row.pk], row, agreed) for row in people.rows],
        ),
        "staff": _table(
            {"staff_code": text, "name": text, "store_code": text, "member_code": text}, _numbered(staff)
        )
        if staff
        else None,
        "memberships": _table(
            {"member_code": text, "program": text, "status": text, "started_at": stamp, "ended_at": stamp},
            [(people.numbers[m.customer_id], m.program, m.status, m.started_at, m.ended_at) for m in paid],
        )
        if paid
        else None,
        "participation": _table(
            {
                "member_code": text,
                "what": text,
                "what_code": text,
                "status": text,
                "happened_at": stamp,
                "store_code": text,
                "kit_code": text,
                "community_code": text,
            },
            book.participation,
        ),
        "surveys": _table(
            {
                "member_code": text,
                "answered_at": stamp,
                "kind": text,
                "score": pa.int64(),
                "what_code": text,
                "store_code": text,
                "sampled": text,
            },
            book.surveys,
        )
        if book.surveys
        else None,
        "ties": _table(
            {
                "from_member_code": text,
                "to_member_code": text,
                "kind": text,
                "at": stamp,
                "community_code": text,
            },
            book.ties,
        )
        if book.ties
        else None,
    }


def _member(number: str, row: Customer, agreed: Collection[int]) -> tuple[Any, ...]:
    """What a measure may see of a member. Who does not agree to measurement is a number with a date, and counted."""
    home = None if row.home_store is None else row.home_store.code
    if row.pk not in agreed:
        return number, row.registered_at, home, None, None, False
    return number, row.registered_at, home, row.birth_year, row.source_channel or None, True


def _numbered(rows: list[tuple[str, str, str, str]]) -> list[tuple[str, str, str, str]]:
    return [
        (f"{code}{place}", name, store or "-", member)
        for place, (code, name, store, member) in enumerate(rows)
    ]


def _table(schema: dict[str, Any], rows: list[tuple[Any, ...]]) -> pa.Table:
    import pyarrow as pa  # noqa: PLC0415  # slow: pages do without it

    columns = list(zip(*rows, strict=True)) or [() for _ in schema]
    return pa.table(
        {name: pa.array(column, kind) for (name, kind), column in zip(schema.items(), columns, strict=True)}
    )
