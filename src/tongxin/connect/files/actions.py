"""Importing and exporting: what the command line and the upload page call."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from tongxin.commerce.actions import lake_writer, refresh_purchase_days
from tongxin.commerce.lake_commit import establish
from tongxin.commerce.lake_layout import LAKE
from tongxin.commerce.models import ImportRun
from tongxin.compass.tables import TABLES
from tongxin.connect.files import guards, mapping, mini_shop
from tongxin.connect.files.guards import Limits
from tongxin.connect.files.reading import Opened, open_file
from tongxin.connect.files.report import BadFile, Fault, Report, name_of
from tongxin.connect.files.runs import (
    Outcome,
    Setting,
    close,
    finished,
    run_file,
    run_table,
    same_file,
    speaking_of_space,
)
from tongxin.foundation import clock
from tongxin.foundation.access import SYSTEM, Viewer
from tongxin.foundation.errors import Refused
from tongxin.people.actions import refresh_staff_flags
from tongxin.stores.actions import open_brand
from tongxin.stores.models import Brand

DEFAULT_SOURCE = "default"
SUFFIXES = frozenset({".csv", ".xlsx", ".parquet", ".txt", ".tsv"})
IMPORTERS = frozenset({SYSTEM, "admin", "hq_editor"})
NAMES = ("complete-journey",)

#: seconds an upload may be worked on before its process is ended
PATIENCE = 240


@dataclass(frozen=True)
class Wish:
    """How files are to be read: their source, table, mapping and encoding ("" = found out)."""

    source: str = DEFAULT_SOURCE
    table: str = ""
    mapping: str = ""
    encoding: str = ""
    dry_run: bool = False
    limits: Limits = guards.COMMAND_LINE


@dataclass(frozen=True)
class Planned:
    """A file that can be opened and is understood."""

    opened: Opened
    mapped: mapping.Mapping | None  # None for the order export of a mini shop, which is several tables

    @property
    def tables(self) -> tuple[str, ...]:
        """What it goes into, in the order of the tables."""
        return mini_shop.MADE if self.mapped is None else (self.mapped.table.name,)


def import_files(
    *,
    viewer: Viewer,
    paths: Sequence[Path],
    wish: Wish | None = None,
    names: Mapping[str, str] | None = None,
    advance: Callable[[int], None] = lambda _: None,
) -> list[Report]:
    """Import files and folders; one report a file, in the order of the tables. A bad file does not stop the others.

    Refuses `connect.no_reach`, `stores.no_brand`, `no_space`, `busy`, `commerce.too_big`: what was written before stays, and
    importing the same files again completes it. `names` says what a path is called in reports (an upload lies elsewhere).
    """
    wish = wish or Wish()
    _allow(viewer)
    planned, reports = _plan(paths, wish, names or {})
    for plan in planned:
        if wish.table and plan.mapped is not None and plan.mapped.used:
            mapping.save_profile(
                profiles(),
                plan.opened.headers,
                plan.mapped.table.name,
                {u.header: u.column.name for u in plan.mapped.used},
            )
    tables = {table for plan in planned for table in plan.tables}

    def run(setting: Setting) -> Iterable[Outcome]:
        for plan in planned:
            try:
                if plan.mapped is None:
                    yield from mini_shop.run(plan.opened, setting)
                else:
                    yield run_file(plan.opened, plan.mapped, setting)
            except BadFile as fault:
                reports.append(_refused(plan.opened.name, plan.tables[0], fault, wish.source))

    done = _carry_out(viewer, wish, tables, advance, run) if planned else []
    order = list(TABLES)
    return sorted([*done, *reports], key=lambda r: order.index(r.table) if r.table in order else len(order))


def import_named(
    *,
    viewer: Viewer,
    name: str,
    dry_run: bool = False,
    anchor: date | None = None,
    advance: Callable[[int], None] = lambda _: None,
) -> list[Report]:
    """Import a named data set (`complete-journey`). Without a brand one is opened in the data's currency.

    The year ends on the last Sunday that is over; a second import keeps the dates of the first, whenever it is run.
    Refuses `connect.not_installed`, `connect.other_currency`.
    """
    from tongxin.connect.files import complete_journey as journey  # noqa: PLC0415  # slow: brings DuckDB

    _allow(viewer)
    if name not in NAMES:
        raise Refused("absent")
    if not journey.installed():
        raise Refused("connect.not_installed")
    _own_brand(viewer, journey.CURRENCY)
    end = _anchor_of(journey.SOURCE) or anchor or clock.business_day(clock.now()) - timedelta(days=1)
    end = journey.shift(end).last_day
    wish = Wish(source=journey.SOURCE, dry_run=dry_run)

    def run(setting: Setting) -> Iterable[Outcome]:
        label = f"{name}@{end.isoformat()}"
        todo = []
        for table in journey.TABLE_NAMES:
            if (before := finished(journey.digest(end, table), table, setting)) is None:
                todo.append(table)
            else:
                yield Outcome(same_file(label, before), before)
        for table, rows in journey.each(end, todo):
            yield run_table(label, table, journey.digest(end, table), rows, setting)

    return _carry_out(viewer, wish, set(LAKE), advance, run)


def import_upload(
    *,
    viewer: Viewer,
    name: str,
    data: Path,
    table: str = "",
    dry_run: bool = False,
    source: str = DEFAULT_SOURCE,
) -> Report:
    """Import a file that somebody uploaded: guarded before parsing, then read in a limited process of its own.

    `name` is what the browser called the file. Refuses `connect.no_reach`; every fault of the file is in the report.
    The child works in its own transactions: what the caller has not committed it does not see.
    """
    _allow(viewer)
    shown = Path(name.replace("\\", "/")).name[:120] or "upload"
    try:
        guards.check(data, guards.UPLOAD)
    except BadFile as fault:
        return _refused(shown, table, _renamed(fault, shown), source)
    order = {"name": shown, "data": str(data), "table": table, "dry_run": dry_run, "source": source}
    return _in_child(order | {"actor": viewer.name, "account": viewer.account})


def profiles() -> Path:
    """Where saved mappings lie."""
    return Path(settings.HOME) / "mappings"


def records() -> Path:
    """Where the files of refused rows lie, readable by their owner only."""
    return Path(settings.HOME) / "imports"


def _carry_out(
    viewer: Viewer,
    wish: Wish,
    tables: set[str],
    advance: Callable[[int], None],
    run: Callable[[Setting], Iterable[Outcome]],
) -> list[Report]:
    """Run with the lake open if it is needed; then bring the daily summary up to date; then mark the runs as done."""
    with ExitStack() as held, speaking_of_space():
        needs_lake = bool(tables & set(LAKE))
        lake = establish(settings.TONGXIN_LAKE) if needs_lake else ""
        outcomes = []
        with ExitStack() as writing:
            writer = writing.enter_context(lake_writer()) if needs_lake else None
            setting = Setting(viewer, wish.source, records(), lake, writer, wish.dry_run, advance)
            outcomes = list(run(setting))
        if wish.dry_run:
            return [outcome.report for outcome in outcomes]
        if any(o.report.table in ("members", "staff") and o.everywhere for o in outcomes):
            refresh_staff_flags(viewer=viewer)
        if any(o.everywhere or o.months for o in outcomes):
            everywhere = any(o.everywhere for o in outcomes)
            months = [month for o in outcomes for month in o.months]
            since = None if everywhere else date.fromisoformat(f"{min(months)}-01")
            refresh_purchase_days(viewer=viewer, since=since)
        for outcome in outcomes:
            close(outcome, viewer)
        held.pop_all()
    return [outcome.report for outcome in outcomes]


def _plan(paths: Sequence[Path], wish: Wish, names: Mapping[str, str]) -> tuple[list[Planned], list[Report]]:
    """Open every file and understand its header, all before the first row is written."""
    planned, reports = [], []
    for path, hint in _files(paths):
        table = wish.table or hint
        name = names.get(str(path), name_of(path))
        try:
            _known(table, name)
            opened = replace(open_file(path, wish.limits, wish.encoding), name=name)
            if table == mini_shop.NAME or (not table and not wish.mapping and mini_shop.fits(opened.headers)):
                mini_shop.check(opened)
                planned.append(Planned(opened, None))
                continue
            table = table or mapping.guess_table(opened.name, opened.headers)
            profile = mapping.load_profile(profiles(), opened.name, opened.headers, table, wish.mapping)
            mapped = mapping.understand(
                opened.name, opened.header_row, opened.headers, TABLES[table], profile
            )
        except BadFile as fault:
            reports.append(_refused(name, table, _renamed(fault, name), wish.source))
        else:
            planned.append(Planned(opened, mapped))
    order = list(TABLES)
    planned.sort(key=lambda plan: order.index(plan.tables[0]))
    return planned, reports


def _known(table: str, name: str) -> None:
    if table and table not in TABLES and table != mini_shop.NAME:
        raise BadFile(Fault(name, 0, "--as", table, ", ".join((*TABLES, mini_shop.NAME))))


def _files(paths: Sequence[Path]) -> list[tuple[Path, str]]:
    """Files with the table a folder's name tells: `orders/` may hold the parts of the table `orders`."""
    found: list[tuple[Path, str]] = []
    for path in paths:
        if not path.is_dir():
            found.append((path, ""))
            continue
        inside = sorted(
            p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES and not p.name.startswith((".", "~$"))
        )
        if not inside:
            found.append((path, ""))
        for file in inside:
            parts = {*file.relative_to(path).parent.parts, path.name}
            found.append((file, next((name for name in TABLES if name in parts), "")))
    return found


def _refused(name: str, table: str, fault: BadFile, source: str) -> Report:
    return Report(name, table, "refused", faults=fault.faults, source=source)


def _renamed(fault: BadFile, name: str) -> BadFile:
    return BadFile(*(Fault(name, f.row, f.column, f.found, f.allowed) for f in fault.faults))


def _allow(viewer: Viewer) -> None:
    if not viewer.roles & IMPORTERS:
        raise Refused("connect.no_reach")


def _own_brand(viewer: Viewer, currency: str) -> None:
    brand = Brand.objects.first()
    if brand is None:
        open_brand(viewer=viewer, code="complete-journey", name="Complete Journey", currency=currency)
    elif brand.currency != currency:
        raise Refused("connect.other_currency", brand=brand.currency, data=currency)


def _anchor_of(source: str) -> date | None:
    """The last day that a named import was given before: facts of the book are dated and must not come twice."""
    first = ImportRun.objects.filter(source=source, file_name__contains="@").order_by("id").first()
    return None if first is None else date.fromisoformat(first.file_name.partition("@")[2])


# ---- the child process of an upload


def _in_child(order: dict[str, object]) -> Report:
    """Let a process of its own read the file: what a hostile file can break there is only that process."""
    env = os.environ | {
        "DATABASE_URL": _database_url(),
        "TONGXIN_HOME": str(settings.HOME),
        "TONGXIN_LAKE": str(settings.TONGXIN_LAKE),
        "DJANGO_SETTINGS_MODULE": "tongxin.project.settings",
    }
    try:
        done = subprocess.run(
            [sys.executable, "-m", "tongxin.connect.files.child"],
            input=json.dumps(order),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            env=env,
            check=True,
        )
        answer = json.loads(done.stdout)
    except (subprocess.SubprocessError, ValueError) as fault:
        raise Refused("connect.import_failed") from fault
    if "code" in answer:
        raise Refused(answer["code"], **answer["data"])
    return Report.of(answer)


def _database_url() -> str:
    """The database this process talks to, as a URL for a child."""
    there = connection.settings_dict
    secret = f":{quote(str(there['PASSWORD']), safe='')}" if there["PASSWORD"] else ""
    port = f"&port={there['PORT']}" if there["PORT"] else ""
    host = there["HOST"] or there.get("OPTIONS", {}).get("host", "")
    who = quote(str(there["USER"]), safe="")
    return f"postgresql://{who}{secret}@/{quote(str(there['NAME']), safe='')}?host={quote(str(host), safe='')}{port}"
