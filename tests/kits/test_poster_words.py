"""The words of a poster."""

from dataclasses import replace
from datetime import datetime

import pytest

from tongxin.kits.poster import words
from tongxin.kits.poster.templates import template, templates
from tongxin.kits.poster.words import Facts

FACTS = Facts(
    title="小小烘焙师",
    line="周末带娃来做一炉饼干",
    store="古墩路店",
    starts=datetime(2026, 11, 28, 14),
    ends=datetime(2026, 11, 28, 15, 30),
    place="二楼烘焙坊",
    seats=12,
    fee_fen=3900,
    back_fen=3900,
    link="https://tongxin.example/m/events/1/",
)


def test_the_date_in_chinese_form() -> None:
    assert words.day(FACTS.starts, "zh") == "11月28日 周六"
    assert words.hours(FACTS.starts, FACTS.ends, "zh") == "14:00～15:30"
    assert words.hours(FACTS.starts, datetime(2026, 11, 29, 1), "zh") == "14:00～11月29日 周日 01:00"
    assert words.day(FACTS.starts, "en") == "Sat 28 Nov"
    assert words.hours(FACTS.starts, FACTS.ends, "en") == "14:00–15:30"


@pytest.mark.parametrize(
    ("fee", "back", "zh", "en"),
    [
        (0, 0, "免费参加", "Free of charge"),
        (3900, 0, "材料费 ¥39", "¥39 materials"),
        (3900, 3900, "材料费 ¥39 = 到场返 ¥39 券", "¥39 materials = ¥39 voucher back"),
        (3950, 2000, "材料费 ¥39.50，到场返 ¥20 券", "¥39.50 materials, ¥20 voucher back"),
    ],
)
def test_a_voucher_is_named_only_where_one_is_promised_and_equal_only_where_it_is(fee, back, zh, en) -> None:
    facts = replace(FACTS, fee_fen=fee, back_fen=back)
    assert words.price(facts) == zh
    assert words.price(replace(facts, language="en")) == en


@pytest.mark.parametrize(
    ("place", "seats", "told"),
    [
        ("二楼烘焙坊", 12, "古墩路店 二楼烘焙坊 · 12 席"),
        ("", 12, "古墩路店 · 12 席"),
        ("古墩路店", 0, "古墩路店"),
        ("古墩路店二楼", 8, "古墩路店 二楼 · 8 席"),
    ],
)
def test_the_store_is_said_once(place: str, seats: int, told: str) -> None:
    assert words.where(replace(FACTS, place=place, seats=seats)) == told


def test_templates_are_data_light_and_dark() -> None:
    assert len(templates()) >= 3
    assert {one.dark for one in templates().values()} == {True, False}
    assert template("no such template") == template("family")
    assert FACTS.in_template("calm").template == "calm"


def test_words_on_their_ground_can_be_read() -> None:
    """Contrast of inks over the ground's own colours where words stand (edge and fade), by WCAG: 4.5, large type 3."""

    def light(name: str) -> float:
        parts = [int(name[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    def contrast(a: str, b: str) -> float:
        one, two = sorted((light(a), light(b)))
        return (two + 0.05) / (one + 0.05)

    for one in templates().values():
        for ground in (*one.ground[2:], one.fade):
            assert contrast(one.ink, ground) >= 4.5, (one.key, ground)
            assert contrast(one.second, ground) >= 4.5, (one.key, ground)
        assert contrast(one.pill_ink, one.pill) >= 4.5, one.key
