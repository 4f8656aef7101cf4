"""Rules of segments: read, said again, refused with their place; never about a child."""

import random

import pytest

from tongxin.foundation.errors import Refused
from tongxin.measure.segments.language import Ask, Both, Either, Not, read, say
from tongxin.measure.segments.words import CHILD, CHILD_EN, FIELDS, WINDOWS, Shape, of_a_child

READS = [
    ("天数(91) >= 4", Ask("days", (91,), ">=", 4.0)),
    ("days(91) ≥ 4", Ask("days", (91,), ">=", 4.0)),
    (
        "到场（28）>=1 且 圈层 = 中环",
        Both((Ask("checkins", (28,), ">=", 1.0), Ask("ring", (), "in", ("middle",)))),
    ),
    ("品类(烘焙, 182) >= 2", Ask("bought", ("烘焙", 182), ">=", 2.0)),
    (
        '品类("婴幼儿辅食"，91) > 0',
        Ask("bought", ("婴幼儿辅食", 91), ">", 0.0),
    ),  # what was bought, not who for
    ("做过(发了帖, 56) >= 1", Ask("did", ("posted", 56), ">=", 1.0)),
    ("did(posted, 56) >= 1", Ask("did", ("posted", 56), ">=", 1.0)),
    ("非 付费会员", Not(Ask("paid"))),
    ("同意(measurement)", Ask("consent", ("measurement",))),
    ("门店 属于 (S1, S2)", Ask("store", (), "in", ("S1", "S2"))),
    ("门店 不属于 (S1)", Not(Ask("store", (), "in", ("S1",)))),
    ("圈层 != 内环", Not(Ask("ring", (), "in", ("inner",)))),
    ("没来 > 60 或 天数(365) = 0", Either((Ask("silent", (), ">", 60.0), Ask("days", (365,), "=", 0.0)))),
    (
        "(没来 > 60 或 付费会员) 且 消费(28) < 9.5",
        Both((Either((Ask("silent", (), ">", 60.0), Ask("paid"))), Ask("spent", (28,), "<", 9.5))),
    ),
    ('社群 = "新手妈妈 辅食群"', Ask("community", (), "in", ("新手妈妈 辅食群",))),
]


@pytest.mark.parametrize(("text", "tree"), READS, ids=[text for text, _ in READS])
def test_a_rule_is_read_and_said_again(text, tree):
    assert read(text) == tree
    assert read(say(tree)) == tree
    assert read(say(tree, "en")) == tree


REFUSED = [
    ("", 1, 1),
    ("天数(90) >= 4", 1, 4),  # no such window
    ("天数 >= 4", 1, 4),
    ("天数(91)", 1, 7),
    ("天数(91) >= 很多", 1, 11),
    ("身高 > 3", 1, 1),
    ("天数(91) >= 4 且\n  圈层 = 边缘", 2, 8),
    ("天数(91) >= 4 门店", 1, 13),
    ("(天数(91) >= 4", 1, 13),
    ("圈层 > 中环", 1, 4),
    ("做过(飞过, 28) >= 1", 1, 4),
    ("天数(91) >= 4 ;", 1, 13),
    ("付费会员 且 " * 41 + "付费会员", 1, 1),
    ("付费会员 且 " * 300, 1, 2001),
]


@pytest.mark.parametrize(("text", "line", "column"), REFUSED, ids=[str(n) for n in range(len(REFUSED))])
def test_what_cannot_be_read_is_refused_with_its_place(text, line, column):
    with pytest.raises(Refused) as refused:
        read(text)
    assert refused.value.code == "measure.rule_bad"
    assert (refused.value.data["line"], refused.value.data["column"]) == (line, column)


ABOUT_CHILDREN = [
    "孩子年龄 < 3",
    "宝宝月龄 > 6",
    "年龄 > 30",
    "child_age < 3",
    "Kids > 0",
    "companions > 0",
    "生日 = 3",
    "岁 > 2",
]


@pytest.mark.parametrize("test", ABOUT_CHILDREN)
def test_a_rule_about_a_child_is_refused_with_its_place(test):
    with pytest.raises(Refused) as refused:
        read(f"天数(91) >= 4 且 {test}")
    assert refused.value.code == "measure.rule_child"
    assert refused.value.data["column"] == 15


def test_control_arm_no_field_of_ours_is_taken_for_a_child():
    assert [field.code for field in FIELDS if of_a_child(field.zh) or of_a_child(field.en)] == []
    assert all(of_a_child(word) for word in (*CHILD, *CHILD_EN))


def anything(dice, depth=0):
    """A random rule."""
    if depth < 3 and dice.random() < 0.6:
        parts = tuple(anything(dice, depth + 1) for _ in range(dice.randrange(2, 4)))
        kind = dice.choice((Both, Either, Not))
        if kind is Not:
            return Not(parts[0])
        flat = tuple(p for one in parts for p in (one.parts if isinstance(one, kind) else (one,)))
        return kind(flat)
    field = dice.choice(FIELDS)
    window = dice.choice(WINDOWS)
    args = {
        "window": window,
        "deed": "posted",
        "category": dice.choice(("烘焙", "3-1", "a b")),
        "purpose": "photo",
    }
    given = tuple(args[kind] for kind in field.args)
    if field.shape is Shape.FLAG:
        return Ask(field.code, given)
    if field.shape is Shape.NAME:
        names = ("inner", "outer") if field.code == "ring" else ("S1", "文三路 店")
        return Ask(field.code, (), "in", tuple(sorted(dice.sample(names, dice.choice((1, 2))))))
    return Ask(
        field.code,
        given,
        dice.choice((">=", "<=", ">", "<", "=", "!=")),
        float(dice.choice((0, 3, 4.5, 100))),
    )


def test_any_rule_reads_as_it_is_said():
    dice = random.Random(7)
    for _ in range(400):
        tree = anything(dice)
        assert read(say(tree)) == tree
        assert read(say(tree, "en")) == tree
