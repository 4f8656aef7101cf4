"""The calendar of a study: complete periods only, numbered from 0."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

DAYS_PER_MONTH = 30.4375
#: average length of a period in days
UNITS: dict[str, float] = {"week": 7, "four_weeks": 28, "month": DAYS_PER_MONTH}
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Calendar:
    """Complete periods of a dataset. `origin` is the day (since 1970) or month number of period 0."""

    unit: str
    origin: int
    count: int

    @property
    def per_month(self) -> float:
        """Factor from a sum over one period to a monthly rate.

        >>> round(Calendar("four_weeks", 0, 13).per_month, 4)
        1.0871
        """
        return DAYS_PER_MONTH / UNITS[self.unit]

    def index(self, day: Any, dated: Any) -> Any:
        """Return the Ibis expression of a period number.

        Parameters
        ----------
        day : ibis integer column
            Days since 1970-01-01.
        dated : ibis date column
            The same as a date (calendar months need it).
        """
        if self.unit == "month":
            return (dated.year() * 12 + dated.month() - self.origin).cast("int64")
        length = int(UNITS[self.unit])
        # floor division that is the same on every engine also below zero: shift far up first
        shifted = day.cast("int64") - self.origin + length * 100_000
        return ((shifted - shifted % length) / length).cast("int64") - 100_000

    def holds(self, day: Any) -> Any:
        """Return the Ibis condition that a day (since 1970-01-01) lies in one of the periods."""
        return (day >= self.start_day(0)) & (day < self.start_day(self.count))

    def of(self, day: date) -> int:
        """Period number of one day.

        >>> Calendar("month", 2025 * 12 + 1, 24).of(date(2025, 3, 31))
        2
        """
        if self.unit == "month":
            return day.year * 12 + day.month - self.origin
        return ((day - _EPOCH).days - self.origin) // int(UNITS[self.unit])

    def of_days(self, days: np.ndarray) -> np.ndarray:
        """Period numbers of an integer array of days since 1970-01-01.

        >>> Calendar("month", 2025 * 12 + 1, 24).of_days(np.array([20089, 20120])).tolist()
        [0, 1]
        """
        if self.unit == "month":
            clipped = np.clip(days, -700_000, 2_900_000).astype("datetime64[D]").astype("datetime64[M]")
            return clipped.astype(np.int64) + 1970 * 12 + 1 - self.origin
        return (days - self.origin) // int(UNITS[self.unit])

    def start(self, period: int) -> date:
        """First day of a period."""
        if self.unit == "month":
            year, month = divmod(self.origin + period - 1, 12)
            return date(year, month + 1, 1)
        return _EPOCH + timedelta(days=self.origin + period * int(UNITS[self.unit]))

    def start_day(self, period: int) -> int:
        """First day of a period as days since 1970-01-01."""
        return (self.start(period) - _EPOCH).days


def calendar_for(unit: str, dataset: Any) -> Calendar:
    """Return the complete periods between a dataset's first and last normal day.

    Weeks are counted back from the last day, so that the newest data are used; months are calendar months.
    """
    return calendar_between(unit, dataset.first_day, dataset.last_day)


def calendar_between(unit: str, first: date, last: date) -> Calendar:
    """Return the complete periods in `first..last` (both included).

    >>> calendar_between("month", date(2025, 1, 1), date(2025, 12, 31)).count
    12
    >>> calendar_between("month", date(2025, 1, 2), date(2025, 12, 30)).count
    10
    >>> calendar_between("four_weeks", date(2025, 1, 1), date(2025, 12, 31)).count
    13
    """
    if unit == "month":
        begin = first.year * 12 + first.month + (first.day > 1)
        after = last + timedelta(days=1)
        end = after.year * 12 + after.month - 1
        return Calendar(unit, begin, max(0, end - begin + 1))
    length = int(UNITS[unit])
    days = (last - first).days + 1
    count = days // length
    return Calendar(unit, (last - _EPOCH).days + 1 - count * length, count)
