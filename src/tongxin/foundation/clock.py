"""The one clock. Actions ask it; rules never do, they are handed `now`.

Instants are aware UTC datetimes; days are plain dates in a named zone. Days are computed through the
zone's calendar, never by adding eight hours: Asia/Shanghai had daylight saving from 1986 to 1991, the
years in which many of today's parents were born.

There is one clock for all machines, the database's: `one_clock.py` measures how far this machine is from it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = "Asia/Shanghai"

_held: ContextVar[datetime | None] = ContextVar("tongxin_clock", default=None)
_ahead = timedelta(0)  # of the database's clock before this machine's; the same for every thread


def now() -> datetime:
    """The present instant, aware, in UTC, by the database's clock; inside `held(…)` the instant that is held."""
    return _held.get() or datetime.now(UTC) + _ahead


def set_ahead(ahead: timedelta) -> None:
    """Say how far the database's clock is before (or, negative, behind) this machine's."""
    global _ahead  # noqa: PLW0603 - a process has one clock
    _ahead = ahead


@contextmanager
def held(at: datetime) -> Iterator[datetime]:
    """Hold the clock at `at` (aware). For tests and for building a past through the actions.

    Raises ValueError when `at` carries no offset.
    """
    token = _held.set(as_utc(at))
    try:
        yield as_utc(at)
    finally:
        _held.reset(token)


def as_utc(at: datetime) -> datetime:
    """`at` in UTC. Raises ValueError when it carries no offset: a naive time is a guess."""
    if at.tzinfo is None or at.utcoffset() is None:
        raise ValueError(f"a time without an offset cannot be placed: {at!r}")
    return at.astimezone(UTC)


def business_day(at: datetime, zone: str = SHANGHAI, cutoff_hour: int = 0) -> date:
    """The trading day that `at` belongs to in `zone`.

    A store that closes after midnight sets `cutoff_hour` (0–12): with 4, sales at 01:30 count to the day before.
    """
    local = as_utc(at).astimezone(ZoneInfo(zone))
    # Wall-clock subtraction on purpose: the cut-off is an hour on the clock on the wall.
    return (local.replace(tzinfo=None) - timedelta(hours=cutoff_hour)).date()


def day_start(day: date, zone: str = SHANGHAI, cutoff_hour: int = 0) -> datetime:
    """The first instant (UTC) of a trading day: the inverse of `business_day`."""
    local = datetime.combine(day, time(cutoff_hour), tzinfo=ZoneInfo(zone))
    return local.astimezone(UTC)


def day_end(day: date, zone: str = SHANGHAI, cutoff_hour: int = 0) -> datetime:
    """The first instant after a trading day. Days of 23 and 25 hours come out right."""
    return day_start(day + timedelta(days=1), zone, cutoff_hour)


def week_start(day: date) -> date:
    """The Monday of the week of `day`."""
    return day - timedelta(days=day.weekday())


def month_start(day: date) -> date:
    """The first of the month of `day`."""
    return day.replace(day=1)
