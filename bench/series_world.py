"""The chain that `series.py` measures, and the measuring. Run with TONGXIN_HOME of an empty installation; prints JSON.

The chain (600 stores, 2,000 series, 100,000 occurrences with their pools over two years) is written by SQL; the measured series,
its people and every measured act go through the actions.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from datetime import time as wall
from pathlib import Path
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - after setup
from django.db import connection, transaction  # noqa: E402 - after setup
from django.test.utils import CaptureQueriesContext  # noqa: E402 - after setup

from tongxin.events import actions as events  # noqa: E402 - after setup
from tongxin.events.actions import series, series_edits  # noqa: E402 - after setup
from tongxin.events.actions.series import SeriesIn  # noqa: E402 - after setup
from tongxin.events.models import Occurrence, Series  # noqa: E402 - after setup
from tongxin.events.queries import calendar as cal  # noqa: E402 - after setup
from tongxin.events.queries import listing  # noqa: E402 - after setup
from tongxin.events.queries import series as reading  # noqa: E402 - after setup
from tongxin.events.rules.recurrence import Holidays  # noqa: E402 - after setup
from tongxin.foundation import clock  # noqa: E402 - after setup
from tongxin.foundation.access import system  # noqa: E402 - after setup
from tongxin.people import actions as members  # noqa: E402 - after setup
from tongxin.stores import actions as stores  # noqa: E402 - after setup
from tongxin.stores import queries as places  # noqa: E402 - after setup
from tongxin.stores.models import Region  # noqa: E402 - after setup
from tongxin.stores.rules import StoreRow  # noqa: E402 - after setup

JOB = system("bench")
STORES, REGIONS, SERIES, EACH = 600, 20, 2000, 50
ROUNDS = 9

_CHAIN = """
WITH shops AS (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM stores_store),
made AS (
    INSERT INTO events_series (public_id, store_id, kind, format, title, rule, starts_on, start_time, minutes, holidays, themes,
        hosts, defaults, version, rotation, planned_to, published_at, made_by, made_at)
    SELECT gen_random_uuid(), s.id, 'ritual', 'tea', '系列 ' || g, 'FREQ=WEEKLY', current_date - 365, '10:00', 90, 'keep', '[]', '[]',
        '{}', 1, 0, current_date + 365, now(), 'bench', now()
    FROM generate_series(0, %(series)s - 1) g JOIN shops s ON s.n = g %% %(stores)s
    RETURNING id, store_id)
INSERT INTO events_occurrence (public_id, store_id, series_id, original_start, detached, kind, format, title, theme, summary, place,
    online_url, starts_at, ends_at, state, admission, party_most, questions, fee_fen, voucher_fen, voucher_days, details, kit,
    version, schedule, sequence, made_by, made_at, published_at, cancel_reason, simulated)
SELECT gen_random_uuid(), m.store_id, m.id, at, false, 'ritual', 'tea', '周茶会', '', '', '二楼', '', at, at + interval '90 minutes',
    CASE WHEN at < now() THEN 'ended' ELSE 'published' END, 'first_come', 1, '[]', 0, 0, 30, '{}', '', 1, 1, 0, 'bench', now(), now(),
    '', true
FROM made m, generate_series(0, %(each)s - 1) k,
    LATERAL (SELECT date_trunc('day', now()) + make_interval(days => (k * 730 / %(each)s)::int - 365 + (m.id %% 7)::int,
        hours => 2 + (m.id %% 9)::int) AS at) t
"""
_POOLS = """
INSERT INTO events_pool (occurrence_id, audience, size, taken, held, waited, opened, schedule)
SELECT id, '', 12, id % 13, 0, 0, state = 'published', 1 FROM events_occurrence
"""


def chain() -> Any:
    """The stores and their 100,000 occurrences; answers the first store."""

    brand = stores.open_brand(viewer=JOB, code="bench", name="连锁")
    for n in range(REGIONS):
        stores.open_region(viewer=JOB, code=f"R{n:02}", name=f"区域 {n}")
    rows = [
        StoreRow(store_code=f"S{n:04}", name=f"门店 {n}", region=f"R{n % REGIONS:02}") for n in range(STORES)
    ]
    stores.upsert_stores(viewer=JOB, rows=rows)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_CHAIN, {"series": SERIES, "stores": STORES, "each": EACH})
        cursor.execute(_POOLS)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return places.stores_by_code(brand, ["S0000"])["S0000"]


def measured(store: Any, *, people: int) -> Any:
    """The series that is edited: two dates a week for half a year, 52 in all; so many registrations spread over them."""

    made = series.open_series(
        viewer=JOB,
        store=store,
        series=SeriesIn(
            title="周三周六早茶", format="tea", rule="FREQ=WEEKLY;BYDAY=WE,SA;COUNT=52", starts_on=clock.business_day(clock.now()), start_time=wall(7),
            minutes=60, places=40, holidays=Holidays.KEEP, themes=("面包", "茶", "花"),
        ),
    )  # fmt: skip
    series.publish_series(viewer=JOB, series_id=made.series.public_id)
    dates = list(
        Occurrence.objects.filter(series=made.series).order_by("id").values_list("public_id", flat=True)
    )
    for n in range(people):
        who = members.register_member(
            viewer=JOB, phone=f"138{n:08}", nickname=f"邻居{n}", home_store=store, simulated=True
        )
        events.register(viewer=JOB, event_id=dates[n % len(dates)], person=who.pk, channel="bench")
    return made.series


def timed(what: str, act: Callable[[], Any]) -> dict[str, object]:
    """Median and worst milliseconds of some rounds after a first one, and the statements of one."""
    with CaptureQueriesContext(connection) as asked:
        act()
    spans, cpu, theirs = [], time.process_time(), database_cpu()
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        act()
        spans.append((time.perf_counter() - begun) * 1000)
    return {
        "what": what,
        "cpu": (time.process_time() - cpu) * 1000 / ROUNDS,
        "database": (database_cpu() - theirs) * 1000 / ROUNDS,
        "median": statistics.median(spans),
        "worst": max(spans),
        "statements": len(asked),
    }


def database_cpu() -> float:
    """Seconds of CPU that the database's process for our connection has used (proc(5): fields 14 and 15)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def edits(series: Any) -> dict[str, Callable[[], Any]]:
    """Edits of the whole series, each undone by its next round."""

    turn = iter(range(1_000_000))

    def change(**what: Any) -> Any:
        version = Series.objects.values_list("version", flat=True).get(pk=series.pk)
        done = series_edits.change_series(viewer=JOB, series_id=series.public_id, version=version, **what)
        if len(done.changed) != 52:
            raise SystemExit(f"an edit of 52 dates changed {len(done.changed)}")
        return done

    return {
        "words of all 52": lambda: change(title=f"早茶 {next(turn)}"),
        "hour of all 52": lambda: change(start_time=wall(7, next(turn) % 50)),
        "places of all 52": lambda: change(places=40 + next(turn) % 9),
    }


def figures(people: int) -> list[dict[str, object]]:
    """Every act, measured."""
    store = chain()
    other = places.stores_by_code(places.the_brand(), ["S0001"])["S0001"]
    alone, full = measured(store, people=0), measured(other, people=people)
    today = clock.business_day(clock.now())
    month, week = cal.month_span(today), cal.week_span(today)
    region = Region.objects.order_by("id").first()
    many = Occurrence.objects.count()
    reads: dict[str, Callable[[], Any]] = {
        "calendar: a page (200) of a month of the whole chain": lambda: cal.calendar(JOB, *month),
        "calendar: counts of a month, 600 stores by day": lambda: cal.overview(JOB, *month),
        "calendar: a month of a region": lambda: cal.calendar(JOB, *month, region=region, limit=500),
        "calendar: a week of the whole chain, first page": lambda: cal.calendar(JOB, *week),
        "calendar: a month of a store": lambda: cal.calendar(JOB, *month, store=store),
        "list: coming events of the whole chain, a page": lambda: listing.organised(JOB, limit=50),
        "list: dates of the series, a page": lambda: reading.dates_of(JOB, full.public_id),
        "list: series of a store": lambda: reading.series_for(JOB, store),
    }
    rows = [timed(f"{what} (of {many:,} occurrences)", act) for what, act in reads.items()]
    rows += [timed(f"edit: {what}, nobody registered", act) for what, act in edits(alone).items()]
    rows += [timed(f"edit: {what}, {people} people registered", act) for what, act in edits(full).items()]
    return rows


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    print(json.dumps(figures(int(sys.argv[1])), ensure_ascii=False))
