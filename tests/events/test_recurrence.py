"""When a series takes place: the closed part of RFC 5545, the store's own clock, holidays and swapped working days."""

from calendar import monthrange
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tongxin.events.free_days import days_for
from tongxin.events.rules.recurrence import (
    WEEKDAYS,
    Clock,
    Days,
    Holidays,
    dates,
    parse,
    spoken,
    turns,
    unannounced,
)
from tongxin.events.rules.rota import Host, host_of, theme_of
from tongxin.foundation.errors import Refused

SHANGHAI = "Asia/Shanghai"
YEAR = days_for(SHANGHAI, [2025, 2026])


def first(text, starts_on, n=4):
    return [day.isoformat() for day, _ in zip(dates(parse(text), starts_on), range(n), strict=False)]


# RFC 5545 §3.8.5.3 gives these as examples (its year 1997), without the parts that this product does not know.
@pytest.mark.parametrize(
    ("rule", "starts_on", "found"),
    [
        ("FREQ=DAILY;COUNT=3", date(1997, 9, 2), ["1997-09-02", "1997-09-03", "1997-09-04"]),
        ("FREQ=DAILY;INTERVAL=10;COUNT=3", date(1997, 9, 2), ["1997-09-02", "1997-09-12", "1997-09-22"]),
        ("FREQ=WEEKLY;COUNT=3", date(1997, 9, 2), ["1997-09-02", "1997-09-09", "1997-09-16"]),
        ("FREQ=WEEKLY;UNTIL=19971007;BYDAY=TU,TH", date(1997, 9, 30), ["1997-09-30", "1997-10-02", "1997-10-07"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH;COUNT=4", date(1997, 9, 2), ["1997-09-02", "1997-09-04", "1997-09-16", "1997-09-18"]),
        ("FREQ=MONTHLY;COUNT=3;BYDAY=1FR", date(1997, 9, 5), ["1997-09-05", "1997-10-03", "1997-11-07"]),
        ("FREQ=MONTHLY;INTERVAL=2;COUNT=3;BYDAY=1SU,-1SU", date(1997, 9, 7), ["1997-09-07", "1997-09-28", "1997-11-02"]),
        ("FREQ=MONTHLY;COUNT=3;BYDAY=-2MO", date(1997, 9, 22), ["1997-09-22", "1997-10-20", "1997-11-17"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-3;COUNT=3", date(1997, 9, 28), ["1997-09-28", "1997-10-29", "1997-11-28"]),
        ("FREQ=MONTHLY;COUNT=4;BYMONTHDAY=2,15", date(1997, 9, 2), ["1997-09-02", "1997-09-15", "1997-10-02", "1997-10-15"]),
        ("FREQ=MONTHLY;COUNT=3;BYMONTHDAY=31", date(2026, 1, 31), ["2026-01-31", "2026-03-31", "2026-05-31"]),
        ("FREQ=MONTHLY;COUNT=2;BYDAY=5SA", date(2026, 1, 1), ["2026-01-31", "2026-05-30"]),
        ("RRULE:freq=weekly;byday=sa", date(2026, 3, 5), ["2026-03-07", "2026-03-14", "2026-03-21", "2026-03-28"]),
    ],
)  # fmt: skip
def test_a_rule_names_its_dates(rule, starts_on, found):
    assert first(rule, starts_on) == found


@pytest.mark.parametrize(
    "rule",
    [
        "", "FREQ=YEARLY", "FREQ=HOURLY", "INTERVAL=2", "FREQ=WEEKLY;BYSETPOS=1", "FREQ=WEEKLY;WKST=SU", "FREQ=DAILY;BYHOUR=9",
        "FREQ=WEEKLY;COUNT=2;UNTIL=20260101", "FREQ=WEEKLY;COUNT=0", "FREQ=WEEKLY;COUNT=1001", "FREQ=WEEKLY;INTERVAL=0",
        "FREQ=WEEKLY;INTERVAL=53", "FREQ=WEEKLY;BYDAY=1SA", "FREQ=WEEKLY;BYDAY=XX", "FREQ=MONTHLY;BYDAY=6SA",
        "FREQ=MONTHLY;BYDAY=0SA", "FREQ=MONTHLY;BYMONTHDAY=32", "FREQ=MONTHLY;BYMONTHDAY=0", "FREQ=DAILY;BYMONTHDAY=1",
        "FREQ=MONTHLY;BYDAY=1SA;BYMONTHDAY=1", "FREQ=WEEKLY;UNTIL=20260230", "FREQ=WEEKLY;UNTIL=20260101T000000Z",
        "FREQ=WEEKLY;FREQ=DAILY", "FREQ=WEEKLY;COUNT=٣", "FREQ=WEEKLY;COUNT", "FREQ", "每周六",
    ],
)  # fmt: skip
def test_anything_else_is_refused(rule):
    with pytest.raises(Refused) as refused:
        parse(rule)

    assert refused.value.code == "events.rule"
    assert refused.value.data["reason"]


@pytest.mark.parametrize(
    ("rule", "zh", "en"),
    [
        ("FREQ=WEEKLY;BYDAY=SA", "每周六", "every week on Sat"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE", "每 2 周的周一、周三", "every 2 weeks on Mon, Wed"),
        (
            "FREQ=MONTHLY;BYDAY=2SA;COUNT=6",
            "每月第 2 个周六，共 6 次",
            "every month on the second Sat, 6 times",
        ),
        ("FREQ=MONTHLY;BYDAY=-1SU", "每月最后一个周日", "every month on the last Sun"),
        ("FREQ=MONTHLY;BYMONTHDAY=15", "每月15 日", "every month on day 15"),
        ("FREQ=DAILY;UNTIL=20260601", "每天，到 2026-06-01", "every day, until 2026-06-01"),
    ],
)
def test_a_rule_is_said_in_words(rule, zh, en):
    assert spoken(parse(rule)) == (zh, en)
    assert parse(parse(rule).text()) == parse(rule)


def test_the_breaks_of_2026_are_those_of_the_notice():
    """国务院办公厅关于2026年部分节假日安排的通知: 33 days in seven breaks, six swapped working days."""
    assert sorted(d.strftime("%m%d") for d in YEAR.holidays if d.year == 2026) == [
        "0101", "0102", "0103",
        "0215", "0216", "0217", "0218", "0219", "0220", "0221", "0222", "0223",
        "0404", "0405", "0406",
        "0501", "0502", "0503", "0504", "0505",
        "0619", "0620", "0621",
        "0925", "0926", "0927",
        "1001", "1002", "1003", "1004", "1005", "1006", "1007",
    ]  # fmt: skip
    assert sorted(d.strftime("%m%d") for d in YEAR.worked if d.year == 2026) == [
        "0104",
        "0214",
        "0228",
        "0509",
        "0920",
        "1010",
    ]
    assert YEAR.announced == {2025, 2026}


def test_a_year_nobody_has_announced_is_said_to_be_so():
    future = days_for(SHANGHAI, [2026, 2035])

    found = turns(
        parse("FREQ=MONTHLY;BYMONTHDAY=20;COUNT=2"),
        date(2035, 3, 20),
        future,
        Holidays.SKIP,
        last=date(2035, 12, 31),
    )

    assert unannounced(future, found) == [date(2035, 3, 20), date(2035, 4, 20)]
    assert 2035 not in future.announced


def test_elsewhere_every_day_is_an_ordinary_one():
    assert days_for("Europe/Berlin", [2026]) == Days()


SATURDAYS = "FREQ=WEEKLY;BYDAY=SA"


@pytest.mark.parametrize(
    ("policy", "days"),
    [
        # 14 and 28 February are Saturdays on which people work, 21 February lies in the Spring Festival.
        (Holidays.KEEP, ["0207", "0214", "0221", "0228", "0307"]),
        (Holidays.SKIP, ["0207", None, None, None, "0307"]),
        (Holidays.SHIFT, ["0207", None, "0301", "0308", "0307"]),
        (Holidays.REST_ONLY, ["0207", None, "0221", None, "0307"]),
        (Holidays.WORK_ONLY, [None, "0214", None, "0228", None]),
    ],
)
def test_what_holidays_make_of_saturdays(policy, days):
    found = turns(parse(SATURDAYS), date(2026, 2, 7), YEAR, policy, last=date(2026, 3, 7))

    assert [t.day and t.day.strftime("%m%d") for t in found] == days
    assert [t.turn for t in found] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("day", "policy", "lands"),
    [
        ("2026-05-01", Holidays.SHIFT, "2026-05-06"),  # a Friday of the break goes to the next working day
        ("2026-10-01", Holidays.SHIFT, "2026-10-08"),
        (
            "2026-10-04",
            Holidays.SHIFT,
            "2026-10-11",
        ),  # a Sunday to the next Sunday: the Saturday before is worked
        (
            "2026-09-20",
            Holidays.SHIFT,
            None,
        ),  # to the 26th/27th: Mid-Autumn; the next weekend days are the break, 14 days on
        ("2026-03-10", Holidays.SHIFT, "2026-03-10"),
    ],
)
def test_shifting_looks_for_the_same_sort_of_day(day, policy, lands):
    on = date.fromisoformat(day)

    (found,) = turns(parse("FREQ=DAILY;COUNT=1"), on, YEAR, policy, last=on)

    assert (found.day and found.day.isoformat()) == lands


def test_two_dates_are_never_shifted_onto_one_day():
    found = turns(parse("FREQ=DAILY"), date(2026, 4, 3), YEAR, Holidays.SHIFT, last=date(2026, 4, 12))

    placed = [t.day for t in found if t.day]
    assert len(placed) == len(set(placed))


def test_skipping_one_leaves_everybody_elses_theme_and_host_alone():
    themes, hosts = ("面包", "茶", "花"), (Host(staff=1), Host(member=7))
    kept = turns(parse(SATURDAYS), date(2026, 1, 31), YEAR, Holidays.KEEP, last=date(2026, 4, 30))
    skipped = turns(parse(SATURDAYS), date(2026, 1, 31), YEAR, Holidays.SKIP, last=date(2026, 4, 30))

    def rota(found):
        return {t.day: (theme_of(themes, t.turn), host_of(hosts, t.turn)) for t in found if t.day}

    assert len(rota(skipped)) == len(rota(kept)) - 4
    assert rota(skipped).items() <= rota(kept).items()


def test_a_host_who_left_leaves_an_open_place_not_another_host():
    hosts = (Host(staff=1), Host(member=7))

    assert [host_of(hosts, turn, frozenset({Host(staff=1)})) for turn in range(3)] == [
        Host(staff=1),
        Host(),
        Host(staff=1),
    ]
    assert host_of((), 3) == Host()
    assert theme_of((), 3) == ""


@pytest.mark.parametrize(
    ("zone", "start", "day", "instant"),
    [
        (SHANGHAI, time(10), date(2026, 3, 7), "2026-03-07T02:00"),
        (SHANGHAI, time(10), date(1988, 7, 2), "1988-07-02T01:00"),  # Shanghai had summer time then
        ("America/New_York", time(10), date(2026, 3, 7), "2026-03-07T15:00"),
        ("America/New_York", time(10), date(2026, 3, 8), "2026-03-08T14:00"),
        (
            "America/New_York",
            time(2, 30),
            date(2026, 3, 8),
            "2026-03-08T07:30",
        ),  # does not exist: the offset before the gap
        ("America/New_York", time(1, 30), date(2026, 11, 1), "2026-11-01T05:30"),  # comes twice: the first
    ],
)
def test_a_time_on_the_wall_of_the_store(zone, start, day, instant):
    assert Clock(zone, 0, start, 60).begins(day) == datetime.fromisoformat(instant).replace(tzinfo=UTC)


def test_after_midnight_still_belongs_to_the_day_before():
    late = Clock(SHANGHAI, 4, time(1, 30), 60)

    assert late.begins(date(2026, 3, 6)) == datetime(
        2026, 3, 6, 17, 30, tzinfo=UTC
    )  # Saturday 01:30 of Friday's business day
    assert Clock(SHANGHAI, 0, time(1, 30), 60).begins(date(2026, 3, 6)) == datetime(
        2026, 3, 5, 17, 30, tzinfo=UTC
    )


def test_an_hour_is_an_hour_even_when_clocks_change():
    night = Clock("America/New_York", 0, time(0, 30), 180)

    assert (night.ends(date(2026, 3, 8)) - night.begins(date(2026, 3, 8))).total_seconds() == 3 * 3600


RULES = st.one_of(
    st.builds("FREQ=DAILY;INTERVAL={}".format, st.integers(1, 9)),
    st.builds(
        "FREQ=WEEKLY;INTERVAL={};BYDAY={}".format,
        st.integers(1, 4),
        st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=3, unique=True).map(",".join),
    ),
    st.builds(
        "FREQ=MONTHLY;INTERVAL={};BYDAY={}{}".format,
        st.integers(1, 3),
        st.sampled_from(["1", "2", "4", "-1"]),
        st.sampled_from(WEEKDAYS),
    ),
    st.builds(
        "FREQ=MONTHLY;INTERVAL={};BYMONTHDAY={}".format,
        st.integers(1, 3),
        st.sampled_from([1, 15, 28, 31, -1]),
    ),
)
DAYS = st.dates(date(2025, 1, 1), date(2026, 6, 30))


@settings(max_examples=200, deadline=None)
@given(
    rule=RULES,
    starts_on=DAYS,
    count=st.integers(2, 20),
    cut=st.integers(1, 19),
    policy=st.sampled_from(list(Holidays)),
)
def test_a_series_cut_anywhere_has_the_dates_and_turns_of_the_whole(rule, starts_on, count, cut, policy):
    """This is how `series_edits` splits: the old one until the day before, the new one from there with what is left of COUNT."""
    whole = parse(f"{rule};COUNT={count}")
    last = date(2035, 1, 1)
    found = turns(whole, starts_on, YEAR, policy, last=last)
    assume(cut < len(found))
    at = found[cut].ruled

    before = turns(whole, starts_on, YEAR, policy, last=last, until=at - timedelta(days=1))
    after = turns(replace(whole, count=count - cut), at, YEAR, policy, last=last, first_turn=cut)

    assert [(t.turn, t.ruled) for t in (*before, *after)] == [(t.turn, t.ruled) for t in found]
    if policy is not Holidays.SHIFT:  # what is shifted looks at its neighbours
        assert [t.day for t in (*before, *after)] == [t.day for t in found]


@settings(max_examples=200, deadline=None)
@given(rule=RULES, starts_on=DAYS)
def test_dates_are_those_of_a_calendar_read_day_by_day(rule, starts_on):
    """A twin written by hand: walk through the days and ask each whether the rule means it."""
    read = parse(rule)
    walked = [day for n in range(500) if means(read, starts_on, day := starts_on + timedelta(days=n))]

    assert list(islice(dates(read, starts_on), len(walked))) == walked


def means(rule, starts_on, day):
    """Does a rule name a day? Straight from the words of RFC 5545, without looking at any other day."""
    months = (day.year - starts_on.year) * 12 + day.month - starts_on.month
    if rule.freq == "DAILY":
        return (day - starts_on).days % rule.interval == 0
    if rule.freq == "WEEKLY":
        weeks = (
            (day - timedelta(days=day.weekday())) - (starts_on - timedelta(days=starts_on.weekday()))
        ).days // 7
        return weeks % rule.interval == 0 and day.weekday() in {d for _, d in rule.byday}
    if months % rule.interval:
        return False
    length = monthrange(day.year, day.month)[1]
    if rule.bymonthday:
        return day.day in {d if d > 0 else length + 1 + d for d in rule.bymonthday}
    from_start, from_end = (day.day - 1) // 7 + 1, -((length - day.day) // 7 + 1)
    return any(day.weekday() == d and n in (from_start, from_end) for n, d in rule.byday)
