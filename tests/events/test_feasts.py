"""Feasts by the lunar calendar against the almanac."""

from datetime import date, timedelta

import pytest

from tongxin.events import free_days
from tongxin.events.feasts import feasts

SHANGHAI = "Asia/Shanghai"


def of(year, zone=SHANGHAI):
    return {one.zh: one.day for one in feasts(zone, date(year, 1, 1), date(year + 1, 1, 1))}


# 中国科学院紫金山天文台 publishes these days; 2025 has a leap sixth month, 2023 a leap second one.
ALMANAC = {
    2023: {"除夕": "01-21", "元宵节": "02-05", "龙抬头": "02-21", "端午节": "06-22", "七夕": "08-22", "中秋节": "09-29", "重阳节": "10-23"},
    2025: {"腊八": "01-07", "小年": "01-22", "春节": "01-29", "七夕": "08-29", "中元节": "09-06", "中秋节": "10-06", "重阳节": "10-29"},
    2026: {"除夕": "02-16", "元宵节": "03-03", "端午节": "06-19", "七夕": "08-19", "中元节": "08-27", "中秋节": "09-25", "重阳节": "10-18"},
}  # fmt: skip


@pytest.mark.parametrize("year", ALMANAC)
def test_the_days_are_those_of_the_almanac(year):
    found = of(year)
    assert {name: f"{found[name]:%m-%d}" for name in ALMANAC[year]} == ALMANAC[year]


def test_the_public_holidays_of_another_package_fall_on_the_same_days():
    days = free_days.days_for(SHANGHAI, {2024, 2025, 2026})
    for year in (2024, 2025, 2026):
        found = of(year)
        for name in ("端午节", "中秋节"):
            assert name in days.holidays[found[name]], (year, name)
        assert "春节" in days.holidays[found["春节"]]


def test_every_year_has_each_once_or_for_the_last_month_not_at_all_or_twice():
    for year in range(1902, 2099):
        names = [one.zh for one in feasts(SHANGHAI, date(year, 1, 1), date(year + 1, 1, 1))]
        assert all(
            names.count(name) == 1
            for name in ("春节", "除夕", "元宵节", "端午节", "七夕", "中秋节", "重阳节")
        ), year
        assert names.count("腊八") in {0, 1, 2}


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Tokyo"])
def test_elsewhere_there_are_none(zone):
    assert of(2026, zone) == {}


def test_a_span_is_held_to_its_ends():
    eve = of(2026)["除夕"]
    assert [one.zh for one in feasts(SHANGHAI, eve, eve + timedelta(days=1))] == ["除夕"]
    assert feasts(SHANGHAI, eve - timedelta(days=1), eve) == ()
    assert feasts(SHANGHAI, date(2150, 1, 1), date(2150, 12, 31)) == ()
