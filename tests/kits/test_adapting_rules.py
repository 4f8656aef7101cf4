"""What a store may change, how far it has drifted, and what an upgrade does: tables."""

import pytest

from kits.kitchen import SMALL, content
from tongxin.foundation.errors import Refused
from tongxin.kits.rules.adapting import adapt, drift, effective
from tongxin.kits.rules.content import checked
from tongxin.kits.rules.upgrading import settle, three_way
from tongxin.kits.terms import Allow

KIT = checked(content())


@pytest.mark.parametrize(
    ("own", "kept"),
    [
        ({}, {}),
        ({"places": 8}, {"places": 8}),
        ({"places": 16}, {"places": 16}),
        ({"places": 12}, {}),  # the version's own is no change
        ({"fee_fen": 3900}, {}),  # locked, and not changed
        ({"start_time": "14:30"}, {"start_time": "14:30"}),
        ({"outline.story.note": "本店绘本角"}, {"outline.story.note": "本店绘本角"}),
        ({"materials.icing.per_place": 2}, {"materials.icing.per_place": 2}),
        ({"warmup.teaser.text": "来做饼干。"}, {"warmup.teaser.text": "来做饼干。"}),
    ],
)
def test_inside_what_is_allowed(own, kept):
    assert adapt(KIT, own) == kept


@pytest.mark.parametrize(
    ("own", "code", "range_"),
    [
        ({"places": 7}, "kits.out_of_range", "8～16"),
        ({"places": 17}, "kits.out_of_range", "8～16"),
        ({"start_time": "09:00"}, "kits.out_of_range", "09:30～15:00"),
        ({"start_time": "15:01"}, "kits.out_of_range", "09:30～15:00"),
        ({"materials.icing.per_place": 5}, "kits.out_of_range", "2／3／4"),
        ({"warmup.teaser.text": "字" * 61}, "kits.out_of_range", "60 个字以内"),
        ({"fee_fen": 1900}, "kits.locked", None),
        ({"safety.oven.text": "没事"}, "kits.locked", None),
        ({"warmup.remind.text": "来吧"}, "kits.locked", None),
        ({"colour": "red"}, "kits.no_field", None),
        ({"places": "9"}, "kits.content", None),
        ({"places": True}, "kits.content", None),
        ({"start_time": "9:99"}, "kits.out_of_range", "09:30～15:00"),
        ({"warmup.teaser.text": "{电话}"}, "kits.content", None),
    ],
)
def test_outside_is_refused_with_the_range(own, code, range_):
    with pytest.raises(Refused) as refused:
        adapt(KIT, own)
    assert refused.value.code == code
    assert refused.value.data.get("range") == range_


def test_drift_says_which_fields_differ_and_by_how_much():
    own = {"places": 9, "start_time": "14:00"}
    assert [(d.path, d.label, d.parent, d.mine, d.by, d.rule) for d in drift(KIT, own)] == [
        ("start_time", "开始时间", "10:00", "14:00", None, Allow.RANGE),
        ("places", "名额", 12, 9, -3, Allow.RANGE),
    ]
    assert effective(KIT, own)["places"] == 9
    assert drift(KIT, {}) == ()


def new(**more):
    return checked(content(**more))


def allowing(**rules):
    return {"allow": SMALL["allow"] | rules}


NO_STORY = {
    "outline": SMALL["outline"][:1],
    "allow": {k: v for k, v in SMALL["allow"].items() if not k.startswith("outline.story")},
}


@pytest.mark.parametrize(
    ("own", "more", "path", "step", "clash"),
    [
        ({}, {"places": 14}, "places", "takes_new", None),
        ({"places": 9}, {}, "places", "keeps_mine", None),
        ({"places": 9}, {"places": 9}, "places", "same", None),
        ({"places": 9}, {"places": 14}, "places", "conflict", "both_changed"),
        ({"places": 9}, allowing(places={"rule": "locked"}), "places", "conflict", "locked"),
        (
            {"places": 9},
            allowing(places={"rule": "range", "least": 10, "most": 16}),
            "places",
            "conflict",
            "out_of_range",
        ),
        ({"outline.story.note": "绘本"}, NO_STORY, "outline.story.note", "conflict", "gone"),
        ({"outline.story.note": "绘本"}, {"minutes": 100}, "outline.story.note", "keeps_mine", None),
        ({}, NO_STORY, "outline.story.title", "takes_new", None),
        ({"warmup.teaser.text": "短"}, {"title": "小烘焙师"}, "warmup.teaser.text", "keeps_mine", None),
    ],
)
def test_parent_mine_and_new(own, more, path, step, clash):
    lines = {line.path: line for line in three_way(KIT, own, new(**more))}
    assert (lines[path].step, lines[path].clash) == (step, clash)


def test_what_neither_changed_is_no_line():
    assert three_way(KIT, {}, KIT) == ()
    assert [line.path for line in three_way(KIT, {}, new(places=14))] == ["places"]


def test_conflicts_are_named_until_somebody_chooses():
    lines = three_way(KIT, {"places": 9, "start_time": "14:00"}, new(places=14, start_time="11:00"))
    with pytest.raises(Refused) as refused:
        settle(lines, {"places": "mine"})
    assert (refused.value.code, refused.value.data["paths"]) == ("kits.conflicts", ["start_time"])
    assert settle(lines, {"places": "mine", "start_time": "new"}) == {"places": 9}
    assert settle(lines, {"places": "new", "start_time": "new"}) == {}


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (allowing(places={"rule": "locked"}), "kits.locked"),
        (allowing(places={"rule": "range", "least": 10, "most": 16}), "kits.out_of_range"),
    ],
)
def test_mine_cannot_stay_where_the_new_version_forbids_it(more, code):
    lines = three_way(KIT, {"places": 9}, new(**more))
    with pytest.raises(Refused) as refused:
        settle(lines, {"places": "mine"})
    assert refused.value.code == code
    assert settle(lines, {"places": "new"}) == {}


def test_what_is_gone_goes_whatever_is_chosen():
    lines = three_way(KIT, {"outline.story.note": "绘本"}, new(**NO_STORY))
    assert settle(lines, {"outline.story.note": "mine"}) == {}
