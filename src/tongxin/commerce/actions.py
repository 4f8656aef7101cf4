"""Writes of commerce: paid-membership periods, the daily summary, imports, forgetting a member."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import connection, transaction

from tongxin.commerce.models import ImportRun, Membership, PurchaseDay
from tongxin.commerce.rules import MembershipRow, Span, clash, turned_round
from tongxin.commerce.terms import RunState
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.locks import advisory
from tongxin.foundation.sealing import blind
from tongxin.people.models import Identity
from tongxin.people.ports import Person
from tongxin.people.queries.customers import people_by_code
from tongxin.people.terms import IdentityKind
from tongxin.stores.models import Store

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from tongxin.commerce.lake import Writer

DAYS = "commerce.purchase_days"
MEMBERSHIPS = "commerce.memberships"


# ---- paid membership


@dataclass(frozen=True)
class Taken:
    """What an import of periods did; `unknown` and `clashing` hold the places of rows that were not taken, in the order given."""

    new: int = 0
    changed: int = 0
    same: int = 0
    unknown: tuple[int, ...] = ()
    clashing: tuple[int, ...] = ()
    turned: tuple[int, ...] = ()


def upsert_memberships(*, viewer: Viewer, rows: Sequence[MembershipRow], source: str) -> Taken:
    """Take paid periods in, by (member code, program, start). A period that overlaps another of its program is not taken."""
    with advisory(MEMBERSHIPS):
        people = people_by_code({row.member_code for row in rows}, source=source)
        held = _held(set(people.values()))
        fresh: list[Membership] = []
        moved: list[Membership] = []
        same = 0
        unknown, clashing, turned = [], [], []
        for place, row in enumerate(rows):
            if row.member_code not in people:
                unknown.append(place)
                continue
            if turned_round(Span(row.started_at, row.ended_at)):
                turned.append(place)
                continue
            key = f"{row.member_code}|{row.program}|{clock.as_utc(row.started_at).isoformat()}"
            periods = held[people[row.member_code], row.program]
            kept = next((m for m in periods if (m.source, m.source_id) == (source, key)), None)
            others = [Span(m.started_at, m.ended_at) for m in periods if m is not kept]
            if clash(Span(row.started_at, row.ended_at), others):
                clashing.append(place)
                continue
            if kept is None:
                kept = Membership(customer_id=people[row.member_code], source=source, source_id=key)
                periods.append(kept)
                fresh.append(kept)
                _set(kept, row)
            elif _set(kept, row):
                if kept.pk is not None and kept not in moved:
                    moved.append(kept)
            else:
                same += 1
        Membership.objects.bulk_update(moved, _PERIOD, batch_size=2000)
        Membership.objects.bulk_create(fresh, batch_size=2000)
        if fresh or moved:
            trail(
                viewer=viewer,
                act="commerce.memberships_imported",
                subject=("commerce", "source", source),
                after={"new": len(fresh), "changed": len(moved), "same": same},
            )
    return Taken(len(fresh), len(moved), same, tuple(unknown), tuple(clashing), tuple(turned))


_PERIOD = ["program", "status", "started_at", "ended_at", "fee_fen", "auto_renew"]


def _held(customers: set[int]) -> defaultdict[tuple[int, str], list[Membership]]:
    held: defaultdict[tuple[int, str], list[Membership]] = defaultdict(list)
    for period in Membership.objects.filter(customer__in=customers):
        held[period.customer_id, period.program].append(period)
    return held


def _set(period: Membership, row: MembershipRow) -> bool:
    values = {name: getattr(row, name) for name in _PERIOD}
    moved = {name: value for name, value in values.items() if getattr(period, name) != value}
    for name, value in moved.items():
        setattr(period, name, value)
    return bool(moved)


# ---- the lake, from the side of Django


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


# ---- runs of imports


@dataclass(frozen=True)
class Progress:
    """What one step of an import adds to its run."""

    position: int = 0
    rows: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    refused: int = 0
    warnings: Mapping[str, int] = field(default_factory=dict)


def begin_run(
    *, viewer: Viewer, table: str, source: str, sha256: str, lake: str, file_name: str
) -> ImportRun:
    """The run of this file: a new one, or the one that was begun before and is taken up again."""
    run, _ = ImportRun.objects.get_or_create(
        sha256=sha256,
        table=table,
        source=source,
        lake=lake,
        defaults={"file_name": file_name[:200], "by": viewer.name, "started_at": clock.now()},
    )
    return run


def restart_run(*, run: ImportRun) -> None:
    """Read the file from its first row again, as the same arrival: for a file of which rows were refused last time."""
    ImportRun.objects.filter(pk=run.pk).update(
        state=RunState.RUNNING,
        position=0,
        rows=0,
        new=0,
        changed=0,
        same=0,
        refused=0,
        warnings=[],
        finished_at=None,
    )
    run.refresh_from_db()


def advance_run(*, run: ImportRun, step: Progress, act: Callable[[], Any] | None = None) -> None:
    """Add a step to a run; `act` (the step's own writes to PostgreSQL) belongs to the same transaction."""
    with transaction.atomic():
        if act is not None:
            act()
        locked = ImportRun.objects.select_for_update().get(pk=run.pk)
        for name in ("position", "rows", "new", "changed", "same", "refused"):
            setattr(locked, name, getattr(locked, name) + getattr(step, name))
        said = dict(locked.warnings)
        for text, times in step.warnings.items():
            said[text] = said.get(text, 0) + times
        locked.warnings = [[text, times] for text, times in said.items()]
        locked.save()
    run.refresh_from_db()


def finish_run(*, viewer: Viewer, run: ImportRun, state: RunState, refused_file: str = "") -> None:
    """Close a run and write it into the trail."""
    with transaction.atomic():
        run.state, run.refused_file, run.finished_at = state, refused_file, clock.now()
        run.save(update_fields=["state", "refused_file", "finished_at"])
        trail(
            viewer=viewer,
            act="commerce.imported",
            subject=("commerce", "import", str(run.public_id)),
            after={
                "table": run.table,
                "source": run.source,
                "state": str(state),
                "sha256": run.sha256,
                "new": run.new,
                "changed": run.changed,
                "same": run.same,
                "refused": run.refused,
            },
        )


# ---- forgetting a member


def erase_customer(*, person: Person, forget: Callable[[list[str]], Any]) -> int:
    """Delete what was bought and blank what names the till's code; paid periods stay for the books, without the person.

    `forget` gets keyed hashes of the codes and takes them out of the lake, now or in a job. Answers the number of rows touched.
    """
    with transaction.atomic():
        touched, _ = PurchaseDay.objects.filter(customer__in=person.ids).delete()
        touched += (
            Membership.objects.filter(customer__in=person.ids).exclude(source_id="").update(source_id="")
        )
        digests = [digest for pair in person.member_codes for digest in _digests_to_forget(person, *pair)]
        if digests:
            forget(digests)
    return touched


def _digests_to_forget(person: Person, source: str, code: str) -> Iterable[str]:
    """A code that means this person only is forgotten whichever till wrote it; one that another issuer gave to somebody
    else, only where its own issuer wrote it.
    """
    own, anywhere = lake_digests(source, code)
    shared = Identity.objects.filter(kind=IdentityKind.MEMBER_CODE, lookup=code).exclude(
        customer__in=person.ids
    )
    return (own,) if shared.exists() else (own, anywhere)


def forget_in_lake(digests: Iterable[str]) -> int:
    """Take erased codes out of the lake; answers the number of orders. Repeating changes nothing. Not in a web worker."""
    with lake_writer() as writer:
        return writer.forget(digests)


def connect_lake(memory: str = "1GB") -> duckdb.DuckDBPyConnection:
    """The chain's lake, read only. Not in a web worker."""
    from tongxin.commerce.lake import open_lake  # noqa: PLC0415  # slow: brings DuckDB

    return open_lake(settings.TONGXIN_LAKE, memory=memory)
