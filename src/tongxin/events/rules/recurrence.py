"""When a series takes place: a closed part of RFC 5545's rules, on the store's own clock, around holidays and swapped working days.

Everything is reckoned in business days of the store and turned into instants at the very end, so a zone that changes its
clocks, and a store that closes after midnight, come out right.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import takewhile
from zoneinfo import ZoneInfo

from dateutil import rrule as rfc5545

from tongxin.foundation.errors import Refused

HORIZON = timedelta(weeks=26)
MOST = 1000  # dates of one series that are looked at in one go
FARTHEST_SHIFT = timedelta(days=14)
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
SATURDAY = 5

_DAY = re.compile(r"([+-]?[1-5])?(MO|TU|WE|TH|FR|SA|SU)")
_FREQ = {"DAILY": rfc5545.DAILY, "WEEKLY": rfc5545.WEEKLY, "MONTHLY": rfc5545.MONTHLY}
_PARTS = ("FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY")


class Holidays(StrEnum):
    """What becomes of a date in a public holiday, or on a weekend day that was swapped into a working day 调休."""

    KEEP = "keep"
    SKIP = "skip"
    SHIFT = "shift"  # to the next day of the same sort that is free
    REST_ONLY = "rest_only"
    WORK_ONLY = "work_only"


HOLIDAY_LABELS: dict[Holidays, tuple[str, str]] = {
    Holidays.KEEP: ("照常", "as always"),
    Holidays.SKIP: ("节假日和调休日停一次", "not on holidays and swapped days"),
    Holidays.SHIFT: ("顺延到下一个同类日子", "moved to the next free day of the same sort"),
    Holidays.REST_ONLY: ("只在休息日", "on days of rest only"),
    Holidays.WORK_ONLY: ("只在工作日", "on working days only"),
}


@dataclass(frozen=True)
class Days:
    """The calendar of a country: days of public holidays with their names, weekend days on which people work, years announced."""

    holidays: Mapping[date, str] = field(default_factory=dict)
    worked: frozenset[date] = frozenset()
    announced: frozenset[int] = frozenset()

    def works(self, day: date) -> bool:
        """Is it a working day?"""
        return day not in self.holidays and (day.weekday() < SATURDAY or day in self.worked)

    def unusual(self, day: date) -> str:
        """What is unusual about a day ("" when nothing is): the holiday's name, or `调休`."""
        return "调休" if day in self.worked else self.holidays.get(day, "")


@dataclass(frozen=True)
class Rule:
    """A rule of repetition. `byday` are (nth, weekday) with nth 0 for every one; `until` counts, as in RFC 5545."""

    freq: str
    interval: int = 1
    byday: tuple[tuple[int, int], ...] = ()
    bymonthday: tuple[int, ...] = ()
    count: int | None = None
    until: date | None = None

    def text(self) -> str:
        """The rule as RFC 5545 writes it."""
        parts = [f"FREQ={self.freq}"]
        if self.interval != 1:
            parts.append(f"INTERVAL={self.interval}")
        if self.byday:
            parts.append("BYDAY=" + ",".join(f"{n or ''}{WEEKDAYS[d]}" for n, d in self.byday))
        if self.bymonthday:
            parts.append("BYMONTHDAY=" + ",".join(str(d) for d in self.bymonthday))
        if self.count is not None:
            parts.append(f"COUNT={self.count}")
        if self.until is not None:
            parts.append(f"UNTIL={self.until:%Y%m%d}")
        return ";".join(parts)


@dataclass(frozen=True)
class Turn:
    """One date of a series: its turn (for themes and hosts), the date the rule says, the day it takes place, or why it does not."""

    turn: int
    ruled: date
    day: date | None
    why: str = ""


@dataclass(frozen=True)
class Clock:
    """How a store tells the time, and when the series begins on its clock."""

    zone: str
    cutoff_hour: int
    start: time
    minutes: int

    def begins(self, day: date) -> datetime:
        """The instant at which a business day's event begins.

        Before the cut-off hour it is already the next date. An hour that the clocks skip is read with the offset before the gap,
        one that comes twice is the first (RFC 5545 §3.3.5).
        """
        on = day + timedelta(days=1) if self.start.hour < self.cutoff_hour else day
        return datetime.combine(on, self.start, tzinfo=ZoneInfo(self.zone)).astimezone(UTC)

    def ends(self, day: date) -> datetime:
        """The instant at which it ends: minutes that really pass."""
        return self.begins(day) + timedelta(minutes=self.minutes)


def parse(text: str) -> Rule:
    """The rule in an RRULE. Refuses `events.rule` for anything outside the closed part, with the reason."""
    pairs: dict[str, str] = {}
    for part in text.strip().removeprefix("RRULE:").upper().split(";"):
        name, sign, value = part.partition("=")
        if not sign or not value or name not in _PARTS:
            raise _wrong(f"{part[:40] or '—'}")
        if name in pairs:
            raise _wrong(f"{name} ×2")
        pairs[name] = value
    if pairs.get("FREQ") not in _FREQ:
        raise _wrong("FREQ=DAILY/WEEKLY/MONTHLY")
    if "COUNT" in pairs and "UNTIL" in pairs:
        raise _wrong("COUNT+UNTIL")
    made = Rule(
        freq=pairs["FREQ"],
        interval=_number(pairs, "INTERVAL", 1, 52) or 1,
        byday=_weekdays(pairs.get("BYDAY", ""), pairs["FREQ"]),
        bymonthday=_monthdays(pairs.get("BYMONTHDAY", ""), pairs["FREQ"]),
        count=_number(pairs, "COUNT", 1, MOST),
        until=_until(pairs.get("UNTIL")),
    )
    if made.byday and made.bymonthday:
        raise _wrong("BYDAY+BYMONTHDAY")
    return made


def _wrong(reason: str) -> Refused:
    return Refused("events.rule", reason=reason)


def _number(pairs: Mapping[str, str], name: str, least: int, most: int) -> int | None:
    if name not in pairs:
        return None
    if not re.fullmatch(r"[0-9]{1,4}", pairs[name]) or not least <= int(pairs[name]) <= most:
        raise _wrong(f"{name}={pairs[name][:12]} ({least}–{most})")
    return int(pairs[name])


def _weekdays(text: str, freq: str) -> tuple[tuple[int, int], ...]:
    found = []
    for word in filter(None, text.split(",")):
        match = _DAY.fullmatch(word)
        nth = int(match[1]) if match and match[1] else 0
        if match is None or (nth and freq != "MONTHLY"):
            raise _wrong(f"BYDAY={word[:12]}")
        found.append((nth, WEEKDAYS.index(match[2])))
    return tuple(sorted(set(found)))


def _monthdays(text: str, freq: str) -> tuple[int, ...]:
    words = [word for word in text.split(",") if word]
    if words and freq != "MONTHLY":
        raise _wrong(f"BYMONTHDAY+{freq}")
    if not all(re.fullmatch(r"-?[0-9]{1,2}", word) and 1 <= abs(int(word)) <= 31 for word in words):
        raise _wrong(f"BYMONTHDAY={text[:20]}")
    return tuple(sorted({int(word) for word in words}))


def _until(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise _wrong(f"UNTIL={text[:16]} (YYYYMMDD)") from None


def dates(rule: Rule, starts_on: date) -> Iterator[date]:
    """The business days the rule names, from `starts_on` on, endless unless COUNT or UNTIL ends it.

    Unlike RFC 5545's DTSTART, a first day that the rule does not name is no date of the series.
    """
    day = rfc5545.rrule(
        _FREQ[rule.freq],
        dtstart=datetime.combine(starts_on, time.min),
        interval=rule.interval,
        wkst=0,
        count=rule.count,
        until=None if rule.until is None else datetime.combine(rule.until, time.min),
        byweekday=[rfc5545.weekday(d, n or None) for n, d in rule.byday] or None,
        bymonthday=rule.bymonthday or None,
    )
    return (at.date() for at in day)


def turns(
    rule: Rule,
    starts_on: date,
    days: Days,
    policy: Holidays,
    *,
    last: date,
    until: date | None = None,
    first_turn: int = 0,
) -> list[Turn]:
    """Every date up to `last` (that the rule names; and `until`, the series' own end), with what the holidays make of it.

    A turn belongs to the ruled date for good: one that is skipped takes its theme and host along, nobody else's changes.
    """
    end = min(last, until or last)
    ruled = list(takewhile(lambda day: day <= end, _bounded(rule, starts_on)))
    taken = {day for day in ruled if policy is not Holidays.SHIFT or not days.unusual(day)}
    found = []
    for turn, day in enumerate(ruled, start=first_turn):
        place, why = _placed(day, days, policy, taken)
        if place is not None:
            taken.add(place)
        found.append(Turn(turn, day, place, why))
    return found


def _bounded(rule: Rule, starts_on: date) -> Iterator[date]:
    for seen, day in enumerate(dates(rule, starts_on)):
        if seen >= 10 * MOST:
            return
        yield day


def _placed(day: date, days: Days, policy: Holidays, taken: set[date]) -> tuple[date | None, str]:
    why = days.unusual(day)
    if policy is Holidays.REST_ONLY:
        return (None, why or "工作日") if days.works(day) else (day, "")
    if policy is Holidays.WORK_ONLY:
        return (day, "") if days.works(day) else (None, why or "休息日")
    if not why or policy is Holidays.KEEP:
        return day, ""
    if policy is Holidays.SKIP:
        return None, why
    return _next_free(day, days, taken), why


def _next_free(day: date, days: Days, taken: set[date]) -> date | None:
    """The next ordinary day of the same sort (a weekend day for a weekend day) that the series does not use yet."""
    weekend = day.weekday() >= SATURDAY
    for step in range(1, FARTHEST_SHIFT.days + 1):
        other = day + timedelta(days=step)
        if (other.weekday() >= SATURDAY) is weekend and not days.unusual(other) and other not in taken:
            return other
    return None


def spoken(rule: Rule) -> tuple[str, str]:
    """The rule as people say it, in both languages."""
    zh_days, en_days = "一二三四五六日", ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    n = rule.interval
    zh = {"DAILY": "每天", "WEEKLY": "每周", "MONTHLY": "每月"}[rule.freq]
    en = {"DAILY": "every day", "WEEKLY": "every week", "MONTHLY": "every month"}[rule.freq]
    if n > 1:
        zh = {"DAILY": f"每 {n} 天", "WEEKLY": f"每 {n} 周的", "MONTHLY": f"每 {n} 个月的"}[rule.freq]
        en = {"DAILY": f"every {n} days", "WEEKLY": f"every {n} weeks", "MONTHLY": f"every {n} months"}[
            rule.freq
        ]
    if rule.byday:
        zh = zh.removesuffix("周") + "、".join(f"{_nth(k)[0]}周{zh_days[d]}" for k, d in rule.byday)
        en += " on " + ", ".join(f"{_nth(k)[1]}{en_days[d]}" for k, d in rule.byday)
    if rule.bymonthday:
        zh += "、".join(
            "最后一天" if d == -1 else f"倒数第 {-d} 天" if d < 0 else f"{d} 日" for d in rule.bymonthday
        )
        en += " on " + ", ".join("the last day" if d == -1 else f"day {d}" for d in rule.bymonthday)
    if rule.count is not None:
        zh, en = f"{zh}，共 {rule.count} 次", f"{en}, {rule.count} times"
    if rule.until is not None:
        zh, en = f"{zh}，到 {rule.until:%Y-%m-%d}", f"{en}, until {rule.until:%Y-%m-%d}"
    return zh, en


def _nth(n: int) -> tuple[str, str]:
    if n == 0:
        return "", ""
    if n < 0:
        return ("最后一个", "the last ") if n == -1 else (f"倒数第 {-n} 个", f"the {-n}th last ")
    return f"第 {n} 个", ("the first ", "the second ", "the third ", "the fourth ", "the fifth ")[n - 1]


def unannounced(days: Days, found: Sequence[Turn]) -> list[date]:
    """Dates in years whose holidays nobody has announced yet: they may still change sides."""
    return [t.day for t in found if t.day is not None and t.day.year not in days.announced]
