"""Segments written down, and the sheet behind them prepared each night."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from tongxin.commerce.actions import connect_lake
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.measure.actions.worker import refuse_in_web_worker
from tongxin.measure.models import Segment, SegmentVersion
from tongxin.measure.queries.segments import (
    WRITERS,
    access_segment,
    communities_named,
    home,
    preview_segment,
)
from tongxin.people import ledger
from tongxin.people.models import Customer, Deed, Identity
from tongxin.people.queries import consented
from tongxin.people.terms import CustomerState, IdentityKind, Purpose
from tongxin.rings.models import Placement
from tongxin.rings.queries.book import switched_off
from tongxin.stores.models import Brand, Store
from tongxin.stores.queries import the_brand

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from tongxin.measure.segments.sheet import Sheet

ROOM = "measure"
RING_CODES = {"outer": 0, "middle": 1, "inner": 2}
CHUNK = 50_000


def save_segment(
    *, viewer: Viewer, name: str, rule: str, segment: UUID | str | None = None, store: Store | None = None
) -> Segment:
    """Write a rule down under a name, or a new wording of a segment; `store` keeps it to the people at home there.

    Refuses `forbidden`, `absent`, `measure.segment_name` and what a preview refuses.
    """
    before = None if segment is None else access_segment(viewer, segment)
    place = before.store_id if before is not None else None if store is None else store.pk
    if not viewer.reaches(place, WRITERS):
        raise Refused("forbidden")
    found = preview_segment(viewer, rule)
    called = name.strip()[:80]
    if len(called) < 2:
        raise Refused("measure.segment_name")
    with transaction.atomic():
        made = _named(viewer, before, called, store)
        last = SegmentVersion.objects.filter(segment=made).order_by("-number").first()
        version = SegmentVersion.objects.create(
            segment=made,
            number=1 if last is None else last.number + 1,
            rule=rule.strip(),
            said=found.said_zh,
            people=found.total,
            sheet=found.fingerprint,
            as_of=found.as_of,
            by=viewer.name,
            at=clock.now(),
        )
        trail(
            viewer=viewer,
            act="measure.segment_saved",
            subject=(ROOM, "segment", str(made.public_id)),
            after={"number": version.number, "people": found.total, "rule": found.said_zh[:400]},
        )
    return made


def _named(viewer: Viewer, before: Segment | None, name: str, store: Store | None) -> Segment:
    try:
        with transaction.atomic():
            if before is None:
                return Segment.objects.create(
                    brand=the_brand(), store=store, name=name, made_by=viewer.name, made_at=clock.now()
                )
            row = Segment.objects.select_for_update(no_key=True).get(pk=before.pk)
            row.name = name
            row.save(update_fields=["name"])
            return row
    except IntegrityError as fault:
        if "segment_name_once" in str(fault):
            raise Refused("measure.segment_name") from None
        raise


def archive_segment(*, viewer: Viewer, segment: UUID | str) -> Segment:
    """Put a segment away: plans that aim at it reach nobody any more. Refuses `absent`, `forbidden`."""
    with transaction.atomic():
        row = Segment.objects.select_for_update(no_key=True).get(pk=access_segment(viewer, segment).pk)
        if not viewer.reaches(row.store_id, WRITERS):
            raise Refused("forbidden")
        row.archived_at = clock.now()
        row.save(update_fields=["archived_at"])
        trail(viewer=viewer, act="measure.segment_archived", subject=(ROOM, "segment", str(row.public_id)))
    return row


# ---- the sheet; job worker only


def prepare_sheet(*, viewer: Viewer, memory: str = "1GB") -> Sheet:
    """Prepare the sheet as of the end of today from the book's copy, the till and what is known of members.

    Days that were never copied are copied first, today's anew into a place of its own. Refuses `stores.no_brand`,
    `measure.in_web_worker`.
    """
    refuse_in_web_worker()
    from tongxin.measure.segments.preparing import Given, prepare  # noqa: PLC0415  # slow: brings DuckDB

    brand, now = the_brand(), clock.now()
    today = clock.business_day(now, brand.zone)
    with TemporaryDirectory(prefix="tongxin-sheet-") as folder:
        files = _book_files(brand, today, Path(folder))
        con = connect_lake(memory)
        try:
            roots = _roots(brand)
            people, stores = _people(brand, today)
            orders, bought = _till(con)
            given = Given(
                book=files,
                people=people,
                roots=roots,
                words={"store": stores, "community": communities_named(), "category": _categories(con)},
                orders=orders,
                bought=bought,
            )
            found = prepare(con, given, home(), ends=clock.day_end(today, brand.zone), now=now)
        finally:
            con.close()
    with transaction.atomic():
        trail(
            viewer=viewer,
            act="measure.sheet_prepared",
            subject=(ROOM, "sheet", found.folder.name),
            after={"people": found.people, "fingerprint": found.fingerprint},
        )
    return found


def _book_files(brand: Brand, today: Any, folder: Path) -> tuple[Path, ...]:
    files = ledger.copied(Path(settings.TONGXIN_LAKE) / "book", before=today, zone=brand.zone).values()
    if not files and not Deed.objects.exists():
        return ()
    return (*files, ledger.copy_day(today, folder, zone=brand.zone))


def _roots(brand: Brand) -> pa.Table:
    import pyarrow as pa  # noqa: PLC0415  # slow, as above

    rows = list(Customer.objects.filter(brand=brand, survivor__isnull=False).values_list("id", "survivor"))
    return pa.table(
        {
            "entry": pa.array([entry for entry, _ in rows], pa.int64()),
            "root": pa.array([root for _, root in rows], pa.int64()),
        }
    )


def _people(brand: Brand, today: Any) -> tuple[pa.Table, dict[str, str]]:
    """One row a live member that does not work here: whether they may be looked at, home, ring, tenure, what they agreed to."""
    import pyarrow as pa  # noqa: PLC0415  # slow, as above

    rows = list(
        Customer.objects.filter(brand=brand, state=CustomerState.LIVE, is_staff=False)
        .order_by("id")
        .values_list("id", "home_store", "registered_at", "created_at", "personalise", "is_paid")
        .iterator(chunk_size=CHUNK)
    )
    ids = [row[0] for row in rows]
    rings = dict(
        Placement.objects.filter(period__upper_inf=True)
        .values_list("customer", "ring")
        .iterator(chunk_size=CHUNK)
    )
    off: set[int] = set()
    for at in range(0, len(ids), CHUNK):
        off |= switched_off(ids[at : at + CHUNK])
    agreed = {purpose: consented(purpose) for purpose in Purpose}
    columns: dict[str, Any] = {
        "person": pa.array(ids, pa.int64()),
        "usable": pa.array([row[4] and row[0] not in off for row in rows], pa.bool_()),
        "store": pa.array([row[1] or 0 for row in rows], pa.int32()),
        "ring": pa.array([RING_CODES.get(rings.get(row[0], ""), -1) for row in rows], pa.int8()),
        "tenure": pa.array([_days(row[2] or row[3], today, brand.zone) for row in rows], pa.int32()),
        "paid": pa.array([bool(row[5]) for row in rows], pa.bool_()),
    }
    for purpose in Purpose:
        columns[f"consent_{purpose.value}"] = pa.array(
            [person in agreed[purpose] for person in ids], pa.bool_()
        )
    stores = {code: str(pk) for pk, code in Store.objects.filter(brand=brand).values_list("id", "code")}
    return pa.table(columns), stores


def _days(since: datetime, today: Any, zone: str) -> int:
    return max(0, (today - clock.business_day(since, zone)).days)


_BUYERS = """
    CREATE OR REPLACE TEMP VIEW sheet_orders AS
    WITH anywhere AS (SELECT code, any_value(person) AS person FROM sheet_codes GROUP BY code HAVING count(DISTINCT person) = 1)
    SELECT coalesce(p.person, a.person) AS person, o.ordered_at AS at, o.net_fen, o.source, o.store_code, o.order_no
    FROM net_orders o
    LEFT JOIN sheet_codes p ON p.source = o.source AND p.code = o.member_code
    LEFT JOIN anywhere a ON a.code = o.member_code
    WHERE coalesce(p.person, a.person) IS NOT NULL
"""
_BASKETS = """
    CREATE OR REPLACE TEMP VIEW sheet_bought AS
    SELECT o.person, p.category_code AS category, o.source || '/' || o.order_no AS order_no, o.at
    FROM sheet_orders o
    JOIN order_lines l USING (source, store_code, order_no)
    JOIN products p USING (sku)
    WHERE p.category_code IS NOT NULL
"""


def _till(con: duckdb.DuckDBPyConnection) -> tuple[str | None, str | None]:
    import pyarrow as pa  # noqa: PLC0415  # slow, as above

    if con.execute("SELECT 1 FROM orders LIMIT 1").fetchone() is None:
        return None, None
    rows = [
        (source, code, survivor or customer)
        for source, code, customer, survivor in Identity.objects.filter(kind=IdentityKind.MEMBER_CODE)
        .values_list("source", "lookup", "customer", "customer__survivor")
        .iterator(chunk_size=CHUNK)
    ]
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    kinds = (pa.string(), pa.string(), pa.int64())
    con.register(
        "sheet_codes",
        pa.table(
            {
                name: pa.array(column, kind)
                for name, column, kind in zip(("source", "code", "person"), columns, kinds, strict=True)
            }
        ),
    )
    con.execute(_BUYERS)
    con.execute(_BASKETS)
    return "sheet_orders", "sheet_bought"


def _categories(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Names and codes of categories → code; a name that two share stands for neither."""
    rows = con.execute("SELECT category_code, name FROM categories ORDER BY 1").fetchall()
    seen: dict[str, set[str]] = {}
    for code, name in rows:
        seen.setdefault(str(name or code), set()).add(str(code))
    return {str(code): str(code) for code, _ in rows} | {
        name: next(iter(codes)) for name, codes in seen.items() if len(codes) == 1
    }
