"""Feasts by the lunar calendar, from the `borax` package (MIT): what a store may want to plan something for, day off or not."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

DAY = timedelta(days=1)
# Where people keep them; the days off of the mainland are `free_days`.
ZONES = frozenset(
    {
        "Asia/Shanghai",
        "Asia/Urumqi",
        "Asia/Chongqing",
        "Asia/Harbin",
        "Asia/Hong_Kong",
        "Asia/Macau",
        "Asia/Taipei",
        "PRC",
    }
)
# Lunar month and day. The eve of the new year is the day before the first of the first month, whether the last has 29 or 30 days.
NEW_YEAR = (1, 1)
FEASTS: dict[tuple[int, int], tuple[str, str]] = {
    NEW_YEAR: ("春节", "Spring Festival"),
    (1, 15): ("元宵节", "Lantern Festival"),
    (2, 2): ("龙抬头", "Dragon Raises its Head"),
    (5, 5): ("端午节", "Dragon Boat Festival"),
    (7, 7): ("七夕", "Qixi"),
    (7, 15): ("中元节", "Ghost Festival"),
    (8, 15): ("中秋节", "Mid-Autumn"),
    (9, 9): ("重阳节", "Double Ninth"),
    (12, 8): ("腊八", "Laba"),
    (12, 23): ("小年", "Little New Year"),
}
EVE = ("除夕", "New Year's Eve")
FIRST, LAST = 1901, 2099  # years whose months the package knows whole


@dataclass(frozen=True)
class Feast:
    """A feast and its day."""

    day: date
    zh: str
    en: str


def feasts(zone: str, begin: date, end: date) -> tuple[Feast, ...]:
    """Those from `begin` to before `end` where a store is, in order; none elsewhere, or outside the years that are known."""
    if zone not in ZONES:
        return ()
    years = range(max(FIRST, begin.year), min(LAST, end.year) + 1)
    return tuple(one for year in years for one in _of(year) if begin <= one.day < end)


@cache
def _of(year: int) -> tuple[Feast, ...]:
    from borax.calendars.lunardate import LunarDate  # noqa: PLC0415 - slow: tables of two centuries, wanted by the calendar only

    found = []
    for lunar in (year - 1, year):  # the last months of a lunar year lie in the next one of ours
        for (month, day), (zh, en) in FEASTS.items():
            on: date = LunarDate(lunar, month, day).to_solar_date()
            found.append(Feast(on, zh, en))
            if (month, day) == NEW_YEAR:
                found.append(Feast(on - DAY, *EVE))
    return tuple(sorted((one for one in found if one.day.year == year), key=lambda one: one.day))
