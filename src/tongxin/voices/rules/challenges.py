"""Challenges: how a week stands, how many weeks in a row were done, which days can be made up for. Read from ticked days, stored nowhere."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

WEEK = timedelta(days=7)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Course:
    """When a challenge runs and how often a week it aims for."""

    starts_on: date
    ends_on: date
    weekly_target: int


@dataclass(frozen=True)
class Week:
    """How a week stands. A week that the challenge only touches aims for no more than the days it has."""

    monday: date
    done: int
    target: int

    @property
    def met(self) -> bool:
        """Is the goal of this week reached?"""
        return self.done >= self.target


def monday(day: date) -> date:
    """The first day of its week."""
    return day - timedelta(days=day.weekday())


def week(course: Course, days: Collection[date], day: date) -> Week:
    """The week that a day lies in."""
    first = monday(day)
    low, high = max(first, course.starts_on), min(first + 6 * DAY, course.ends_on)
    open_days = max((high - low).days + 1, 0)
    done = sum(low <= one <= high for one in set(days))
    return Week(first, done, min(course.weekly_target, open_days))


def weeks_in_a_row(course: Course, days: Collection[date], today: date) -> int:
    """Weeks done one after the other up to now. The week under way counts when it is done and breaks nothing while it is not."""
    last = min(today, course.ends_on)
    if last < course.starts_on:
        return 0
    row = 0
    at = monday(last)
    over = at + 6 * DAY < today or today > course.ends_on
    if week(course, days, at).met:
        row += 1
    elif over:
        return 0
    at -= WEEK
    while at + 6 * DAY >= course.starts_on:
        if not week(course, days, at).met:
            break
        row += 1
        at -= WEEK
    return row


def running(course: Course, day: date) -> bool:
    """Can this day be ticked?"""
    return course.starts_on <= day <= course.ends_on


def open_days(course: Course, days: Collection[date], today: date, reach: int) -> tuple[date, ...]:
    """The days that can be made up for: past, inside the challenge, not ticked, at most so many days back; the newest first."""
    back = (today - n * DAY for n in range(1, reach + 1))
    return tuple(day for day in back if running(course, day) and day not in days)


def slot(used: Collection[int], free: int) -> int | None:
    """The next free make-up of a month, None when all are used."""
    return next((n for n in range(1, free + 1) if n not in used), None)
