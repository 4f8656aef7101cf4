"""Public holidays and swapped working days 调休, from the `holidays` package (MIT), as the rules want them.

A notice of the State Council names whole breaks, weekends included: a break is the unbroken run of days off around a named
holiday. Years whose notice is not out yet have holidays by the law alone and no swapped days: they count as not announced.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from functools import cache

from tongxin.events.rules.recurrence import SATURDAY, Days

DAY = timedelta(days=1)
CHINA = frozenset({"Asia/Shanghai", "Asia/Urumqi", "Asia/Chongqing", "Asia/Harbin", "PRC"})


def days_for(zone: str, years: Iterable[int]) -> Days:
    """The calendar where a store is. Outside the mainland no holidays are known: every day is an ordinary one."""
    if zone not in CHINA:
        return Days()
    found = [_china(year) for year in sorted(set(years))]
    return Days(
        holidays={day: name for one in found for day, name in one.holidays.items()},
        worked=frozenset[date]().union(*(one.worked for one in found)),
        announced=frozenset[int]().union(*(one.announced for one in found)),
    )


@cache
def _china(year: int) -> Days:
    import holidays  # noqa: PLC0415  # slow: 250 countries' worth of package, wanted only where a series is planned

    named = holidays.country_holidays("CN", years=(year - 1, year, year + 1), language="zh_CN")
    worked = {day for day in named.weekend_workdays if abs(day.year - year) <= 1}
    rests = {day: name for day, name in named.items() if day not in worked}
    for day in list(rests):
        for step in (-DAY, DAY):
            beside = day + step
            while beside.weekday() >= SATURDAY and beside not in worked and beside not in rests:
                rests[beside] = rests[day]
                beside += step
    return Days(
        holidays={day: _short(name) for day, name in rests.items() if day.year == year},
        worked=frozenset(day for day in worked if day.year == year),
        announced=frozenset({year} if any(day.year == year for day in worked) else ()),
    )


def _short(name: str) -> str:
    return "休息日" if name.startswith("休息日") else name.removesuffix("（补假）")
