"""Days and instants, through the years in which Shanghai had daylight saving."""

import threading
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongxin.foundation import clock
from tongxin.foundation.clock import as_utc, business_day, day_end, day_start, month_start, week_start

ZONE = ZoneInfo("Asia/Shanghai")
FIXED = timezone(timedelta(hours=8))

# The twelve changes that tzdata knows: (day, does the clock go forward)
CHANGES = [
    (date(1986, 5, 4), True), (date(1986, 9, 14), False), (date(1987, 4, 12), True), (date(1987, 9, 13), False),
    (date(1988, 4, 17), True), (date(1988, 9, 11), False), (date(1989, 4, 16), True), (date(1989, 9, 17), False),
    (date(1990, 4, 15), True), (date(1990, 9, 16), False), (date(1991, 4, 14), True), (date(1991, 9, 15), False),
]  # fmt: skip


@pytest.mark.parametrize(("day", "forward"), CHANGES)
def test_days_of_23_and_25_hours(day, forward):
    assert day_end(day) - day_start(day) == timedelta(hours=23 if forward else 25)
    assert business_day(day_start(day)) == day
    assert business_day(day_end(day) - timedelta(microseconds=1)) == day
    assert business_day(day_start(day) - timedelta(microseconds=1)) == day - timedelta(days=1)


def test_a_summer_midnight_of_1989_keeps_its_day():
    born = datetime(1989, 6, 1, 0, 0, tzinfo=ZONE)
    assert business_day(born) == date(1989, 6, 1)
    # control: eight fixed hours put it on the day before
    assert born.astimezone(FIXED).date() == date(1989, 5, 31)


@pytest.mark.parametrize(
    ("day", "length"),
    [(date(1985, 7, 1), 24), (date(1992, 7, 1), 24), (date(2026, 3, 5), 24), (date(2024, 2, 29), 24)],
)
def test_other_days_have_24_hours(day, length):
    assert day_end(day) - day_start(day) == timedelta(hours=length)


@pytest.mark.parametrize(
    ("local", "cutoff", "day"),
    [("2026-03-05 01:30", 0, "2026-03-05"), ("2026-03-05 01:30", 4, "2026-03-04"), ("2026-03-05 04:00", 4, "2026-03-05"),
     ("2026-03-05 03:59", 4, "2026-03-04"), ("2026-03-01 02:00", 4, "2026-02-28"), ("2024-03-01 02:00", 4, "2024-02-29"),
     ("2026-01-01 00:10", 6, "2025-12-31"), ("2026-03-05 11:59", 12, "2026-03-04")],
)  # fmt: skip
def test_cutoff_hours(local, cutoff, day):
    at = datetime.fromisoformat(local).replace(tzinfo=ZONE)
    assert business_day(at, cutoff_hour=cutoff) == date.fromisoformat(day)


@settings(max_examples=300, deadline=None)
@given(
    st.dates(date(1986, 1, 1), date(2035, 12, 31)) | st.sampled_from([d for d, _ in CHANGES]),
    st.integers(0, 12),
)
def test_a_day_starts_where_it_says(day, cutoff):
    start = day_start(day, cutoff_hour=cutoff)
    assert start.tzinfo is UTC
    assert business_day(start, cutoff_hour=cutoff) == day
    assert business_day(start - timedelta(microseconds=1), cutoff_hour=cutoff) == day - timedelta(days=1)
    assert day_end(day, cutoff_hour=cutoff) == day_start(day + timedelta(days=1), cutoff_hour=cutoff)


def test_another_zone():
    at = datetime(2026, 3, 5, 3, 0, tzinfo=UTC)
    assert business_day(at, "America/New_York") == date(2026, 3, 4)
    assert business_day(at) == date(2026, 3, 5)


@pytest.mark.parametrize(
    ("day", "monday", "first"),
    [("2026-03-05", "2026-03-02", "2026-03-01"), ("2026-03-02", "2026-03-02", "2026-03-01"), ("2026-03-01", "2026-02-23", "2026-03-01"),
     ("2024-02-29", "2024-02-26", "2024-02-01"), ("2026-01-01", "2025-12-29", "2026-01-01"), ("2026-12-31", "2026-12-28", "2026-12-01")],
)  # fmt: skip
def test_weeks_and_months(day, monday, first):
    at = date.fromisoformat(day)
    assert (week_start(at), month_start(at)) == (date.fromisoformat(monday), date.fromisoformat(first))


def test_now_is_aware_and_in_utc():
    before = datetime.now(UTC)
    assert before <= clock.now() <= datetime.now(UTC)
    assert clock.now().tzinfo is UTC


def test_the_clock_is_held_and_let_go():
    at = datetime(2026, 3, 5, 12, tzinfo=ZONE)
    with clock.held(at) as held:
        assert held == clock.now() == at
        assert clock.now().tzinfo is UTC
        with clock.held(at + timedelta(days=1)):
            assert clock.now() == at + timedelta(days=1)
        assert clock.now() == at
    assert clock.now() != at


def test_it_is_let_go_after_a_fault_too():
    with pytest.raises(RuntimeError), clock.held(datetime(2026, 3, 5, tzinfo=UTC)):
        raise RuntimeError
    assert clock.now() != datetime(2026, 3, 5, tzinfo=UTC)


def test_one_thread_holding_it_does_not_hold_it_for_another():
    seen = []
    with clock.held(datetime(2000, 1, 1, tzinfo=UTC)):
        thread = threading.Thread(target=lambda: seen.append(clock.now()))
        thread.start()
        thread.join()
    assert seen[0].year > 2000


@pytest.mark.parametrize("function", [as_utc, business_day, lambda at: clock.held(at).__enter__()])
def test_a_naive_time_is_refused(function):
    with pytest.raises(ValueError, match="offset"):
        function(datetime(2026, 3, 5))
