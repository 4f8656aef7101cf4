"""活动日历: a month by store or region, with what stands in its way; a chain too big for lines shows what is on by name."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from tongxin.events.feasts import feasts as feasts_in
from tongxin.events.queries.month import Month, MonthLine, month
from tongxin.events.rules.marks import MARK_LABELS, MILD, MarkKind
from tongxin.faces.asking import Asked
from tongxin.faces.hq.words import holiday_said
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.stores import queries as stores

SHOWN_A_DAY = 4  # lines of a day; the others are counted
LINES_MOST = 300  # more than that in a month is shown by name
MARKED_SHOWN = 20


@dataclass(frozen=True)
class DayLine:
    """An event in the grid, or so many of one name; `kinds` are its warnings in words."""

    line: MonthLine
    stores: int
    kinds: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Day:
    """A day of the grid."""

    day: date
    inside: bool
    today: bool
    note: str
    feast: tuple[str, str] | None
    rest: bool
    worked: bool
    lines: tuple[DayLine, ...]
    more: int
    marked: int


def month_page(request: Asked, store: Any, region: Any) -> dict[str, Any]:
    """What the month template needs."""
    zone = _zone()
    today = clock.business_day(clock.now(), zone)
    first = first_of(request.GET.get("month", ""), today)
    begin = first - timedelta(days=first.weekday())
    after = _next(first)
    end = after + timedelta(days=-after.weekday() % 7)
    found = month(
        request.viewer,
        clock.day_start(begin, zone),
        clock.day_start(end, zone),
        zone=zone,
        store=store,
        region=region,
    )
    kinds: dict[int, list[MarkKind]] = {}
    for mark in found.marks:
        if mark.kind not in kinds.setdefault(mark.event, []):
            kinds[mark.event].append(mark.kind)
    by_day: dict[date, list[MonthLine]] = {}
    for line in found.lines:
        by_day.setdefault(line.slot.day, []).append(line)
    feasts = {one.day: (one.zh, one.en) for one in feasts_in(zone, begin, end)}
    grid = _Grid(first, today, found, kinds, by_day, len(found.lines) > LINES_MOST, feasts)
    days = [_day(begin + timedelta(days=n), grid) for n in range((end - begin).days)]
    listed = [line for line in found.lines if line.slot.day.month == first.month]
    loud = [line for line in listed if set(kinds.get(line.id, ())) - MILD]
    return {
        "first": first,
        "weeks": [days[n : n + 7] for n in range(0, len(days), 7)],
        "listed": len(listed),
        "grouped": grid.grouped,
        "marked": [(line, _said(kinds[line.id])) for line in loud[:MARKED_SHOWN]],
        "marked_all": len(loud),
        "by_kind": _by_kind(found, {line.id for line in listed}),
        "busy": found.busy,
        "before": f"{(first - timedelta(days=1)):%Y-%m}",
        "after": f"{after:%Y-%m}",
    }


def _zone() -> str:
    try:
        return stores.the_brand().zone
    except Refused:
        return clock.SHANGHAI


def first_of(text: str, today: date) -> date:
    """The first of the month that was asked for; nonsense gets this one."""
    try:
        return datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 - a month has no zone
    except ValueError:
        return today.replace(day=1)


def _next(first: date) -> date:
    return (first.replace(day=1) + timedelta(days=32)).replace(day=1)


def _by_kind(found: Month, inside: set[int]) -> list[tuple[tuple[str, str], int, bool]]:
    counted = Counter(mark.kind for mark in found.marks if mark.event in inside)
    return [(MARK_LABELS[kind], counted[kind], kind in MILD) for kind in MarkKind if counted[kind]]


def _said(kinds: list[MarkKind]) -> tuple[tuple[str, str], ...]:
    return tuple(MARK_LABELS[kind] for kind in kinds if kind not in MILD)


@dataclass(frozen=True)
class _Grid:
    """What every day of the grid is drawn from."""

    first: date
    today: date
    found: Month
    kinds: dict[int, list[MarkKind]]
    by_day: dict[date, list[MonthLine]]
    grouped: bool
    feasts: dict[date, tuple[str, str]]


def _day(day: date, grid: _Grid) -> Day:
    lines, feast = grid.by_day.get(day, []), grid.feasts.get(day)
    note = holiday_said(grid.found.days, day)
    if grid.grouped:
        every = _names(lines)
        some = every[:SHOWN_A_DAY]
    else:
        every = [DayLine(one, 1, _said(grid.kinds.get(one.id, []))) for one in lines]
        some = sorted(every, key=lambda one: not one.kinds)[
            :SHOWN_A_DAY
        ]  # what is marked is never folded away
        some.sort(key=lambda one: one.line.slot.starts_at)
    return Day(
        day,
        day.month == grid.first.month,
        day == grid.today,
        note,
        None if feast is None or feast[0] in grid.found.days.holidays.get(day, "") else feast,
        not grid.found.days.works(day),
        day in grid.found.days.worked,
        tuple(some),
        sum(one.stores for one in every) - sum(one.stores for one in some),
        sum(bool(set(grid.kinds.get(one.id, ())) - MILD) for one in lines),
    )


def _names(lines: list[MonthLine]) -> list[DayLine]:
    """What is on by name, in most stores first."""
    counted = Counter(line.title for line in lines)
    firsts: dict[str, MonthLine] = {}
    for line in lines:
        firsts.setdefault(line.title, line)
    return [DayLine(firsts[title], n, ()) for title, n in counted.most_common()]
