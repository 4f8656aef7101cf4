"""What a version may say: its shape, its hash, its cost."""

import json
from importlib import resources

import pytest

from kits.kitchen import SMALL, content
from tongxin.foundation.errors import Refused
from tongxin.kits.actions.seeding import STARTERS
from tongxin.kits.rules.content import checked, copy_of, fingerprint, flat, planned, put
from tongxin.kits.rules.naming import label

WARM = SMALL["warmup"][0]


def row(part, **more):
    return {part: [SMALL[part][0] | more, *SMALL[part][1:]]}


@pytest.mark.parametrize(
    ("more", "code", "field"),
    [
        ({"colour": "red"}, "kits.content", "colour"),
        ({"title": ""}, "kits.content", "title"),
        ({"title": "字" * 41}, "kits.content", "title"),
        ({"places": "12"}, "kits.content", "places"),
        ({"places": True}, "kits.content", "places"),
        ({"places": 0}, "kits.content", "places"),
        ({"fee_fen": -1}, "kits.content", "fee_fen"),
        ({"start_time": "25:00"}, "kits.content", "start_time"),
        ({"age_from": 9, "age_to": 3}, "kits.content", "age_to"),
        ({"outline": []}, "kits.content", "outline"),
        ({"minutes": 30}, "kits.content", "outline"),
        ({"outline": {"a": 1}}, "kits.content", "outline"),
        (row("outline", key="Dough"), "kits.content", "outline"),
        (row("outline", key="story"), "kits.content", "outline.story"),
        (row("outline", who="x"), "kits.content", "outline.dough.who"),
        (row("materials", pack=0), "kits.content", "materials"),
        (row("warmup", day=-8), "kits.content", "warmup.teaser.day"),
        (row("warmup", day=4), "kits.content", "warmup.teaser.day"),
        (row("warmup", time="23:00"), "kits.content", "warmup.teaser.time"),
        (row("warmup", to="everyone"), "kits.content", "warmup.teaser.to"),
        (row("warmup", to="came"), "kits.content", "warmup.teaser.day"),
        (row("warmup", text="{手机号}"), "kits.content", "warmup.teaser.text"),
        (row("warmup", text="{门店"), "kits.content", "warmup.teaser.text"),
        (row("warmup", text="字" * 151), "kits.content", "warmup.teaser.text"),
        (row("warmup", text="★★★★"), "kits.content", "warmup.teaser.text"),
        ({"group_text": "群", "group_url": "http://example.com/g"}, "kits.content", "group_url"),
        ({"group_url": "https://example.com/g"}, "kits.content", "group_text"),
        ({"group_text": "字" * 121}, "kits.content", "group_text"),
        ({"allow": {"colour": {"rule": "free"}}}, "kits.content", "allow.colour"),
        ({"allow": {"places": {"rule": "open"}}}, "kits.content", "allow.places"),
        ({"allow": {"places": {"rule": "range"}}}, "kits.content", "allow.places"),
        ({"allow": {"places": {"rule": "range", "least": 13, "most": 16}}}, "kits.content", "allow.places"),
        (
            {"allow": {"places": {"rule": "range", "least": "8", "most": "16"}}},
            "kits.content",
            "allow.places",
        ),
        ({"allow": {"title": {"rule": "range", "most": 2}}}, "kits.content", "allow.title"),
        ({"allow": {"places": {"rule": "range", "one_of": [8, 10]}}}, "kits.content", "allow.places"),
        ({"allow": {"safety.oven.text": {"rule": "free"}}}, "kits.must_lock", "安全提示「oven」· 提示"),
        ({"allow": {"allergens": {"rule": "free"}}}, "kits.must_lock", "过敏原"),
        ({"allow": {"age_to": {"rule": "range", "least": 3, "most": 12}}}, "kits.must_lock", "年龄到"),
        (
            {"allow": {"materials.flour.allergens": {"rule": "free"}}},
            "kits.must_lock",
            "物料「面粉」· 过敏原",
        ),
    ],
)
def test_what_is_no_kit_is_refused_with_its_field(more, code, field):
    with pytest.raises(Refused) as refused:
        checked(content(**more))
    assert (refused.value.code, refused.value.data["field"]) == (code, field)


def test_the_small_kit_itself_is_one():
    assert checked(content())["places"] == 12


def test_the_hash_is_of_what_is_said_and_not_of_how_it_was_written():
    turned = dict(reversed(content().items()))
    assert fingerprint(checked(turned)) == fingerprint(checked(content()))
    assert fingerprint(checked(content(places=13))) != fingerprint(checked(content()))
    wider = content(allow=SMALL["allow"] | {"places": {"rule": "range", "least": 8, "most": 20}})
    assert fingerprint(checked(wider)) != fingerprint(checked(content()))


@pytest.mark.parametrize(
    ("places", "flour", "icing"),
    [(12, 1944, 7920), (8, 1296, 5280), (1, 162, 660), (0, 0, 0)],
)
def test_what_materials_come_to(places, flour, icing):
    costs = planned(checked(content()), places=places)
    assert [one.fen for one in costs] == [flour, icing]


def test_half_a_fen_is_rounded_up():
    one = {"key": "a", "name": "糖", "unit": "g", "per_place": 1, "fixed": 0, "pack": 1000, "pack_fen": 500}
    assert [c.fen for c in planned(checked(content(materials=[one], allow={})), places=1)] == [1]


def test_every_field_has_a_path_and_can_be_put_back():
    made = checked(content())
    assert put(made, {}) == made
    other = put(made, {"places": 9, "outline.story.note": "绘本", "outline.none.note": "x"})
    assert {path: value for path, value in flat(other).items() if value != flat(made)[path]} == {
        "places": 9,
        "outline.story.note": "绘本",
    }
    assert label("outline.story.note", made) == "流程「讲故事」· 说明"


def test_what_customers_read_is_what_the_linter_sees():
    assert [path for path, _ in copy_of(checked(content()))] == [
        "title",
        "summary",
        "group_text",
        "poster.main.title",
        "poster.main.line",
        "warmup.teaser.text",
        "warmup.remind.text",
        "warmup.works.text",
    ]


@pytest.mark.parametrize("code", STARTERS)
def test_a_starter_kit_is_whole_and_inside_its_budget(code):
    file = resources.files("tongxin.kits.starters").joinpath(f"{code}.json")
    made = checked(json.loads(file.read_text(encoding="utf-8")))
    assert 0 < sum(one.fen for one in planned(made)) <= made["budget_fen"]
    assert len(made["safety"]) >= 3
    assert made["allergens"]
    assert {
        part
        for part in ("outline", "materials", "warmup", "roles", "kpis", "checklist", "poster")
        if not made[part]
    } == set()


def test_a_version_from_before_there_was_a_group_reads_as_one_without():
    old = {name: value for name, value in checked(content()).items() if not name.startswith("group_")}
    assert (flat(old)["group_text"], put(old, {})["group_url"]) == ("", "")
    assert "group_text" in dict(copy_of(checked(content(group_text="第一名的群"))))
