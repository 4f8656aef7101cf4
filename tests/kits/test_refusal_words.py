"""What a refused kit says of itself: the field and the reason in words of both languages, and never the path of a program."""

import re

import pytest

from kits.kitchen import SMALL, content
from kits.test_content_rules import row
from tongxin.faces.sentences import say
from tongxin.foundation.errors import Refused
from tongxin.kits.rules import faults
from tongxin.kits.rules.adapting import adapt
from tongxin.kits.rules.content import checked
from tongxin.kits.rules.naming import PARTS, PLAIN, path_words
from tongxin.kits.rules.upgrading import settle, three_way

HAN = re.compile("[\u4e00-\u9fff]")
KIT = checked(content())


def refused_by(act):
    with pytest.raises(Refused) as refused:
        act()
    return refused.value


@pytest.mark.parametrize(
    ("more", "zh", "en"),
    [
        ({"places": 0}, "工具包内容有一处不对：名额，至少是 1。", "places: must be 1 at least."),
        ({"title": ""}, "工具包内容有一处不对：名称，还没有填。", "name: is empty."),
        (
            {"budget_fen": "x"},
            "工具包内容有一处不对：单场预算，要是数字。",
            "budget of one event: must be a number.",
        ),
        (
            row("warmup", time="23:00"),
            "工具包内容有一处不对：预热文案「teaser」· 时间，要在 08:30～21:30 之间，夜里不打扰。",
            "warm-up copy “teaser” · time: must be between 08:30 and 21:30: nobody is disturbed at night.",
        ),
        (
            row("outline", key="story"),
            "工具包内容有一处不对：流程「story」，出现了两次。",
            "outline “story”: stands there twice.",
        ),
        (
            {"outline": []},
            "工具包内容有一处不对：流程，至少写一个环节。",
            "outline: needs one step at least.",
        ),
        (
            {"allow": {"places": {"rule": "range", "least": 13, "most": 16}}},
            "工具包内容有一处不对：名额（权限），总部的值要在范围里。",
            "places (what stores may do): headquarters' own value must be inside the range.",
        ),
        (
            {"allow": {"allergens": {"rule": "free"}}},
            "安全与过敏提示要锁定，不能让门店改：过敏原。",
            "Safety and allergen notes stay locked: allergens.",
        ),
    ],
)
def test_a_version_that_is_none(more, zh, en):
    refused = refused_by(lambda: checked(content(**more)))
    assert (say(refused), say(refused, "en")) == (zh, en)


@pytest.mark.parametrize(
    ("own", "zh", "en"),
    [
        (
            {"places": 17},
            "“名额”要在 8～16 之内，你填的是 17。",
            "places must be within 8–16; you gave 17.",
        ),
        ({"fee_fen": 1900}, "“材料费”由总部锁定为 ¥39，门店不能改。", "fee is locked at ¥39."),
        (
            {"materials.icing.per_place": 5},
            "“物料「糖霜」· 每席用量”要在 2／3／4 之内，你填的是 5。",
            "materials “糖霜” · per place must be within 2/3/4; you gave 5.",
        ),
        (
            {"places": "9"},
            "工具包内容有一处不对：名额，值的类型不对。",
            "places: the value is of another type.",
        ),
    ],
)
def test_what_a_store_may_not(own, zh, en):
    refused = refused_by(lambda: adapt(KIT, own))
    assert (say(refused), say(refused, "en")) == (zh, en)


def test_money_is_said_in_yuan():
    kit = checked(
        content(allow=SMALL["allow"] | {"budget_fen": {"rule": "range", "least": 0, "most": 42000}})
    )
    refused = refused_by(lambda: adapt(kit, {"budget_fen": 43050}))
    assert say(refused) == "“单场预算”要在 ¥0～¥420 之内，你填的是 ¥430.50。"
    assert (refused.data["least"], refused.data["most"]) == (0, 42000)  # programs read fen


def test_fields_to_choose_for_are_named_in_both_languages():
    lines = three_way(KIT, {"places": 9}, checked(content(places=14)))
    refused = refused_by(lambda: settle(lines, {}))
    assert say(refused).endswith("请逐处选好再升级：名额")
    assert say(refused, "en").endswith("choose for each: places")


def test_every_field_and_every_fault_has_words_in_both_languages():
    paths = [field.name for field in PLAIN] + [
        f"{part}.x.{field.name}" for part, (_, fields) in PARTS.items() for field in fields
    ]
    for path in [*paths, *PARTS, *(f"allow.{path}" for path in paths), *(f"{part}.x" for part in PARTS)]:
        zh, en = path_words(path, {})
        assert HAN.search(zh), path
        assert not HAN.search(en), path
    said = [value for value in vars(faults).values() if isinstance(value, tuple) and len(value) == 2]
    said += [faults.between(1, 2), faults.by_day("a", "b"), faults.at_most(3), faults.emoji(3)]
    assert len(said) > 20
    for zh, en in said:
        assert HAN.search(zh), zh
        assert not HAN.search(en), en
