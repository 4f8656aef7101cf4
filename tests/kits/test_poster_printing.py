"""Printables: how many pages, what is on them, and that nobody's name is there unless handed over."""

import re

import pytest

from kits.test_poster_words import FACTS
from tongxin.kits.poster import printing
from tongxin.kits.poster.printing import Part


@pytest.fixture
def set_lines(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every line of type that is set, in order."""
    told: list[str] = []
    plain = printing.Sheet.type

    def heard(self, at, text, **how) -> None:
        told.append(text)
        plain(self, at, text, **how)

    monkeypatch.setattr(printing.Sheet, "type", heard)
    return told


def pages(made: bytes) -> int:
    assert made.startswith(b"%PDF-")
    return len(re.findall(rb"/Type /Page\b", made))


@pytest.mark.parametrize(("rows", "n"), [(0, 1), (12, 1), (20, 1), (21, 2), (45, 3)])
def test_the_sign_in_sheet_has_a_line_a_seat(rows: int, n: int, set_lines: list[str]) -> None:
    assert pages(printing.sign_in(FACTS, rows)) == n
    numbers = [one for one in set_lines if one.isdecimal()]
    assert numbers == [str(i + 1) for i in range(max(1, rows))]


def test_the_sign_in_sheet_asks_for_little_and_says_what_becomes_of_it(set_lines: list[str]) -> None:
    printing.sign_in(FACTS, 3)
    assert "签到表" in set_lines
    assert {"序号", "怎么称呼", "几大几小", "到场时间", "备注（过敏、需要帮忙）"} <= set(set_lines)
    assert any("30 天" in one for one in set_lines)


@pytest.mark.parametrize(("tables", "n"), [(1, 1), (2, 1), (3, 2), (6, 3)])
def test_table_cards_stand_on_both_sides_of_the_fold(tables: int, n: int, set_lines: list[str]) -> None:
    assert pages(printing.table_cards(FACTS, tables)) == n
    assert [one for one in set_lines if one.endswith("号桌")] == [f"{i + 1} 号桌" for i in range(tables)]


def test_stickers_are_blank_unless_names_are_handed_over(set_lines: list[str]) -> None:
    assert pages(printing.name_stickers(FACTS)) == 1
    assert set(set_lines) == {"你好，我是", "小小烘焙师 · 古墩路店"}
    set_lines.clear()
    assert pages(printing.name_stickers(FACTS, ["小满", "Christopher Alexander"] * 6)) == 2
    assert set_lines.count("小满") == 6
    assert set_lines.count("Alexander") == 6


def test_the_one_page_holds_every_part_and_goes_on_when_full(set_lines: list[str]) -> None:
    parts = [Part("要做的", ("预热烤箱", "问过敏"), ticks=True), Part("安全", ("热烤箱由大人操作。",))]
    assert pages(printing.one_page(FACTS, parts)) == 1
    assert {"主理人一页卡", "要做的", "预热烤箱", "安全", "第 1 页，共 1 页"} <= set(set_lines)
    assert pages(printing.one_page(FACTS, [Part("长", tuple(f"第 {i} 行" for i in range(40)))])) == 2


def test_the_same_facts_give_the_same_bytes() -> None:
    assert printing.sign_in(FACTS, 5) == printing.sign_in(FACTS, 5)
