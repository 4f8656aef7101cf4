"""Setting Chinese type, without fonts: a Chinese character is as wide as the size, a Latin letter half of it."""

import itertools
import random
import unicodedata

import pytest

from tongxin.kits.poster import setting
from tongxin.kits.poster.drawing import INSIDE, TITLE_SIZES
from tongxin.kits.poster.setting import NOT_FIRST, NOT_LAST, Block, broken, fitted, pieces, wrapped


def wide(text: str) -> float:
    return sum(0.5 if char.isascii() else 1.0 for char in text)


STARTS = (
    "周末",
    "小小",
    "妈妈",
    "旧物",
    "新品",
    "邻里",
    "亲子",
    "社区",
    "暖冬",
    "第 3 届",
    "BBQ ",
    "“一起”",
    "《小满》",
    "Open Day ",
)
MIDDLES = (
    "来店里烤一炉星星",
    "早茶会",
    "交换角",
    "试吃：先尝一口，说句真话",
    "农夫市集",
    "烘焙师（3～10 岁）",
    "读书会",
    "和爸爸一起做 Pizza",
    "夜跑",
    "聊聊上小学、上幼儿园的事",
)
ENDS = (
    "",
    "！",
    "，来坐一小时",
    "（免费）",
    " 11月28日 14:00",
    "……",
    "：带一件来，换一件走。",
    " Sourdough 101",
    "，¥39",
)
TITLES = ["".join(parts) for parts in itertools.product(STARTS, MIDDLES, ENDS)]


def generated(n: int) -> list[str]:
    return random.Random(20261122).sample(TITLES, n)


def visible(line: str) -> int:
    return sum(unicodedata.category(char)[0] in "LNS" for char in line)


def faults(block: Block, title: str) -> list[str]:
    """What is wrong with a set title."""
    lines, found = block.lines, []
    if "".join("".join(lines).split()) != "".join(title.split()):
        found.append("not the whole title")
    if len(lines) > 1 and min(visible(line) for line in lines) < 2:
        found.append("one character alone")
    if any(line[0] in NOT_FIRST for line in lines[1:]) or any(line[-1] in NOT_LAST for line in lines):
        found.append("a mark where none may stand")
    if any(wide(line) * block.size > INSIDE + 0.01 for line in lines):
        found.append("too wide")
    words = [one for one in title.split() if one.isascii() and one.isalpha()]
    if any(not any(word in line for line in lines) for word in words):
        found.append("a word in two")
    return found


def greedy(title: str) -> Block:
    """As many characters a line as go in, the way a box of text does it."""
    lines, rest, size = [], "".join(title.split()), 150
    while rest:
        n = len(rest)
        while wide(rest[:n]) * size > INSIDE:
            n -= 1
        lines.append(rest[:n])
        rest = rest[n:]
    return Block(tuple(lines), size)


@pytest.mark.parametrize("sizes", list(TITLE_SIZES.values()), ids=["phone", "a4"])
def test_no_title_of_many_is_badly_set(sizes) -> None:
    titles = generated(400)
    assert [
        (t, faults(fitted(t, wide, INSIDE, sizes), t))
        for t in titles
        if faults(fitted(t, wide, INSIDE, sizes), t)
    ] == []


def test_a_box_of_text_would_set_many_of_them_badly() -> None:
    """The control arm."""
    assert sum(bool(faults(greedy(t), t)) for t in generated(400)) > 100


def test_lines_are_even() -> None:
    """The shortest line is at least half of the longest, unless words or marks leave no choice (nine in ten)."""
    blocks = [fitted(t, wide, INSIDE, TITLE_SIZES[1080, 1920]) for t in generated(400)]
    several = [block.lines for block in blocks if len(block.lines) > 1]
    even = [lines for lines in several if min(map(wide, lines)) >= 0.5 * max(map(wide, lines))]
    assert len(even) >= 0.9 * len(several) > 0


@pytest.mark.parametrize(
    ("title", "lines"),
    [
        ("小小烘焙师", ("小小烘焙师",)),
        ("周末来店里烤一炉星星", ("周末来店里", "烤一炉星星")),
        ("先尝一口，说句真话", ("先尝一口，", "说句真话")),
        ("Bake a Tray of Stars", ("Bake a Tray", "of Stars")),
        ("妈妈们的\n早茶会", ("妈妈们的", "早茶会")),
    ],
)
def test_titles_as_one_would_set_them(title: str, lines: tuple[str, ...]) -> None:
    got = fitted(title, wide, INSIDE, TITLE_SIZES[1080, 1920]).lines
    assert got == lines


def test_a_long_title_first_shrinks_then_takes_another_line_then_is_cut() -> None:
    def size(n: int) -> tuple[int, int]:
        block = fitted("烤" * n, wide, INSIDE, TITLE_SIZES[1080, 1920])
        return len(block.lines), block.size

    assert size(5) == (1, 156)
    assert size(6) == (1, 152)
    assert size(12)[0] == 2
    assert 104 <= size(16)[1] < 150
    assert size(20)[0] == 3
    assert size(44)[0] == 4
    cut = fitted("烤" * 80, wide, INSIDE, TITLE_SIZES[1080, 1920])
    assert cut.lines[-1].endswith("…")
    assert len(cut.lines) == 4


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_marks_never_begin_or_open_a_line(n: int) -> None:
    text = "他说：「好（真的），」我们就去。《小满》、（立夏）；好不好？"
    for width in range(4, 30):
        lines = broken(text, wide, width, n)
        if lines is not None:
            assert not any(line[0] in NOT_FIRST for line in lines[1:])
            assert not any(line[-1] in NOT_LAST for line in lines[:-1])


def test_figures_words_and_units_stay_whole() -> None:
    assert pieces("11月28日 14:00 Pizza，¥39.5") == [
        "11",
        "月",
        "28",
        "日",
        " ",
        "14:00",
        " ",
        "Pizza",
        "，",
        "¥39.5",
    ]
    for width in range(3, 20):
        for lines in (broken("给 3～10 岁孩子的 Sourdough 课 14:00", wide, width, n) for n in (2, 3, 4, 5)):
            if lines is not None:
                whole = "|".join(lines)
                assert "3～10" in whole
                assert "Sourdough" in whole
                assert "14:00" in whole
                assert not any(line.startswith("岁") for line in lines)


def test_running_text_is_cut_with_an_ellipsis_and_never_in_the_middle_of_a_mark() -> None:
    assert wrapped("短", wide, 10, 2) == ("短",)
    lines = wrapped("杭州市拱墅区古墩路五百八十八号二楼社区共享烘焙坊", wide, 10, 2)
    assert len(lines) == 2
    assert lines[1].endswith("…")
    assert all(wide(line) <= 10.5 for line in lines)
    assert wrapped("", wide, 10, 2) == ()
    assert wrapped("Donaudampfschifffahrtsgesellschaft", wide, 5, 2)[1].endswith("…")


def test_without_the_rule_a_character_would_stand_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control arm of that rule alone: it shrinks the title instead."""
    assert broken("我 Donaudampf", wide, 6, 2) is None
    monkeypatch.setattr(setting, "_count", lambda line: 9)
    assert broken("我 Donaudampf", wide, 6, 2) == ("我", "Donaudampf")
