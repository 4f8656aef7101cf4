"""The rules of a draw: the fifteen points of the law, the highest prize, the times; opaque lots; who fits."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tongxin.events.rules.lottery import (
    FIXED,
    POINTS,
    SHOWN_FOR,
    LotteryFacts,
    entrant,
    freeze,
    lot,
    may_draw,
)
from tongxin.foundation.draw.rules import rules_hash

START = datetime(2026, 3, 8, 6, tzinfo=UTC)
FACTS = LotteryFacts(
    title="小小烘焙师",
    kind="品牌活动·小课堂",
    unit="席",
    organiser="同心超市徐汇店",
    contact="021-5555 0101",
    place="二楼教室",
    zone="Asia/Shanghai",
    seats=12,
    kept=0,
    party_most=3,
    fee_fen=3000,
    value_fen=12000,
    closes_at=START - timedelta(days=1),
    starts_at=START,
    ends_at=START + timedelta(hours=2),
)


def test_all_fifteen_points_are_said():
    frozen = freeze(FACTS)
    assert len(POINTS) == 15
    points = frozen.rules["points"]
    assert list(points) == list(POINTS)
    assert all(points.values())
    assert points["drawn_at"] == "2026-03-07 15:00"
    assert points["value"] == "每席价值 120.00 元，报名费 30.00 元"
    assert points["quantity"] == "12 席"
    assert points["organiser"] == "同心超市徐汇店，021-5555 0101"
    assert frozen.draws_at == FACTS.closes_at + timedelta(hours=1)
    assert (frozen.rules["seats"], frozen.rules["reserve"], frozen.rules["beacon"]) == (12, True, "")


REFUSED = [
    ("no contact", {"contact": ""}, "events.draw_rules", "主办方及其联系方式"),
    ("no place", {"place": ""}, "events.draw_rules", "奖品交付方式"),
    ("both", {"place": "", "contact": ""}, "events.draw_rules", "奖品交付方式、主办方及其联系方式"),
    ("registration never closes", {"closes_at": None}, "events.draw_rules", "开奖时间"),
    ("a prize above fifty thousand yuan", {"value_fen": 1_666_667}, "events.draw_prize", None),
    ("drawn before it closes", {"draws_at": START - timedelta(days=2)}, "events.draw_times", None),
    ("drawn too late to come", {"draws_at": START - timedelta(minutes=119)}, "events.draw_times", None),
    ("seats kept for some", {"kept": 1}, "events.draw_kept", None),
]


@pytest.mark.parametrize(("change", "code", "missing"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED])
def test_what_cannot_be_drawn(change, code, missing):
    verdict = freeze(replace(FACTS, **change))
    assert (verdict.code, verdict.rules, verdict.draws_at) == (code, {}, None)
    assert verdict.data.get("missing") == missing


def test_the_highest_prize_itself_is_allowed():
    assert not freeze(replace(FACTS, value_fen=5_000_000, party_most=1)).code


def test_own_words_replace_the_plain_ones_but_not_the_facts():
    own = dict.fromkeys(POINTS, "自己的话") | {"claimed_how": "  "}
    points = freeze(replace(FACTS, said=own)).rules["points"]
    assert {name for name, words in points.items() if words == "自己的话"} == set(POINTS) - FIXED - {
        "claimed_how"
    }


def test_the_same_facts_have_the_same_hash_and_each_other_fact_another():
    first = rules_hash(freeze(FACTS).rules)
    assert rules_hash(freeze(FACTS).rules) == first
    changes = [
        {"seats": 13},
        {"reserve": False},
        {"beacon": "沪指收盘"},
        {"party_most": 2},
        {"title": "x"},
        {"draws_at": START - timedelta(hours=5)},
    ]
    hashes = {rules_hash(freeze(replace(FACTS, **change)).rules) for change in changes}
    assert len(hashes | {first}) == len(changes) + 1


def test_without_a_reserve_nobody_is_promised_one():
    assert "候补" in freeze(FACTS).rules["points"]["method"]
    assert "候补" not in freeze(replace(FACTS, reserve=False)).rules["points"]["method"]
    assert "沪指收盘" in freeze(replace(FACTS, beacon="沪指收盘")).rules["points"]["method"]


def test_a_lot_is_opaque_and_stays():
    event, mine = uuid.uuid4(), uuid.uuid4()
    assert lot(event, mine) == lot(event, mine)
    assert len({lot(event, mine), lot(uuid.uuid4(), mine), lot(event, uuid.uuid4())}) == 3
    assert str(mine)[:8] not in lot(event, mine)
    assert entrant(event, mine, 3) == f"{lot(event, mine)}*3"


def test_the_list_stands_published_before_anything_is_revealed():
    assert not may_draw(START, START, START)
    assert not may_draw(START + timedelta(hours=1), START, START + SHOWN_FOR)
    assert may_draw(START, START, START + SHOWN_FOR)
