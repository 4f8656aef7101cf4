"""What lies on the tables: sign-in sheet, table cards, name stickers, the champion's one page. A4, dark on white, PDF.

None of them carries a person's data by itself: sheet and stickers are blank unless the caller hands names over.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from PIL import Image

from tongxin.kits.poster import words
from tongxin.kits.poster.drawing import ACROSS, MARGIN, Sheet, as_pdf, measure, stamp
from tongxin.kits.poster.scenes import A4
from tongxin.kits.poster.setting import Block, fitted, wrapped
from tongxin.kits.poster.words import Facts, Language

T = TypeVar("T")

INK, SECOND, LINE, EMBER = "#1b1d2c", "#4a4d5f", "#bcbcb6", "#be3d0a"
INSIDE = ACROSS - 2 * MARGIN
ROWS_A_PAGE = 20
ROW = 54
STICKERS = (2, 5)  # across and down: 105 × 59 mm, a common sheet
MOST_ROWS, MOST_CARDS, MOST_NAMES = 400, 100, 400

SAID: dict[str, tuple[str, str]] = {
    "sign_in": ("签到表", "Sign-in sheet"),
    "columns": (
        "序号|怎么称呼|几大几小|到场时间|备注（过敏、需要帮忙）",
        "No.|Name|Adults, children|Arrived|Notes (allergy, help)",
    ),
    "privacy": (
        "只写称呼，不写电话和证件号；活动后 30 天内由店里碎掉。",
        "A name to be called by is enough: no phone, no ID. Shredded by the store within 30 days.",
    ),
    "page": ("第 {n} 页，共 {of} 页", "Page {n} of {of}"),
    "table": ("{n} 号桌", "Table {n}"),
    "hello": ("你好，我是", "Hello, I am"),
    "card": ("主理人一页卡", "The champion's page"),
    "done": ("做完打勾", "Tick when done"),
}


@dataclass(frozen=True)
class Part:
    """A part of the champion's page: a heading and its lines; `ticks` gives each line a box."""

    heading: str
    lines: tuple[str, ...]
    ticks: bool = False


def say(key: str, language: Language, **values: object) -> str:
    """A printed word in the reader's language."""
    return SAID[key][language == "en"].format(**values)


def sign_in(facts: Facts, rows: int) -> bytes:
    """A sheet with a numbered line for each seat and three more; the head on every page."""
    rows = max(1, min(rows, MOST_ROWS))
    pages = range(0, rows, ROWS_A_PAGE)
    made = []
    for n, first in enumerate(pages, 1):
        sheet = _page(facts, say("sign_in", facts.language))
        _grid(sheet, facts.language, first, min(rows, first + ROWS_A_PAGE))
        _note(sheet, say("privacy", facts.language), say("page", facts.language, n=n, of=len(pages)))
        made.append(sheet.picture)
    return as_pdf(made)


def table_cards(facts: Facts, tables: int) -> bytes:
    """Two a page, to be folded: the number on one side of the fold, what happens here on the other."""
    made = []
    numbers = range(1, max(1, min(tables, MOST_CARDS)) + 1)
    for pair in _groups(numbers, 2):
        sheet = _blank()
        for place, n in enumerate(pair):
            _table_card(sheet, facts, n, place * sheet.high / 2)
        _rule(sheet, 0, sheet.high / 2, ACROSS, dashed=True)
        made.append(sheet.picture)
    return as_pdf(made)


def name_stickers(facts: Facts, names: Sequence[str] = (), blank: int = 10) -> bytes:
    """Ten a page: a greeting, room for a name (or the name), event and mark. Without names they stay blank."""
    across, down = STICKERS
    told = tuple(names)[:MOST_NAMES] or ("",) * max(1, min(blank, MOST_NAMES))
    made = []
    for group in _groups(told, across * down):
        sheet = _blank()
        wide, high = ACROSS / across, sheet.high / down
        for i, name in enumerate(group):
            _sticker(sheet, facts, name, (i % across * wide, i // across * high, wide, high))
        for i in range(1, down):
            _rule(sheet, 0, i * high, ACROSS, dashed=True)
        _rule(sheet, ACROSS / 2, 0, sheet.high, dashed=True, down=True)
        made.append(sheet.picture)
    return as_pdf(made)


def one_page(facts: Facts, parts: Sequence[Part]) -> bytes:
    """The champion's card: what, when, where, then each part with its lines; a second page where the first is full."""
    made: list[Sheet] = []
    sheet, down = _first_page(facts)
    made.append(sheet)
    for part in parts:
        for i, block in enumerate(_part_blocks(part)):
            need = block.size * 1.5 * len(block.lines) + (64 if i == 0 else 8)
            if down + need > sheet.high - MARGIN - 40:
                sheet = _page(facts, say("card", facts.language))
                made.append(sheet)
                down = 330
            if i == 0:
                down += 26
                sheet.type((MARGIN, down + 34), block.lines[0], face="bold", size=30, ink=EMBER)
                down += 54
                continue
            if part.ticks:
                _tick(sheet, MARGIN, down + 9)
            down = (
                sheet.block(
                    (MARGIN + (44 if part.ticks else 0), down), block, face="sans", ink=INK, leading=1.5
                )
                + 8
            )
    for n, one in enumerate(made, 1):
        _note(one, facts.brand, say("page", facts.language, n=n, of=len(made)))
    return as_pdf([one.picture for one in made])


def _blank() -> Sheet:
    return Sheet(Image.new("RGB", A4, "#ffffff"))


def _page(facts: Facts, what: str) -> Sheet:
    """A page with mark, event, date and place at the head."""
    sheet = _blank()
    stamp(sheet, (MARGIN, 70), side=52, ink=INK, fire=EMBER)
    head = wrapped(f"{facts.store} · {facts.brand}", measure("bold"), INSIDE * 0.7 / 28, 1)
    sheet.type((MARGIN + 68, 106), head[0], face="bold", size=28, ink=INK)
    right = f"{what}　{facts.mark}" if facts.mark else what
    sheet.type((ACROSS - MARGIN, 106), right, face="sans", size=26, ink=SECOND, anchor="rs")
    title = fitted(facts.title, measure("song"), INSIDE, ((1, 60, 40), (2, 44, 32)))
    end = sheet.block((MARGIN, 142), title, face="song", ink=INK, leading=1.25)
    sheet.type((MARGIN, end + 40), _when(facts), face="sans", size=28, ink=SECOND)
    return sheet


def _first_page(facts: Facts) -> tuple[Sheet, float]:
    sheet = _page(facts, say("card", facts.language))
    where = wrapped(f"{words.where(facts)} · {words.price(facts)}", measure("sans"), INSIDE / 28, 2)
    return sheet, sheet.block((MARGIN, 312), Block(where, 28), face="sans", ink=SECOND, leading=1.5)


def _when(facts: Facts) -> str:
    return (
        f"{words.day(facts.starts, facts.language)} {words.hours(facts.starts, facts.ends, facts.language)}"
    )


def _part_blocks(part: Part) -> Iterator[Block]:
    yield Block((part.heading,), 30)
    room = INSIDE - (44 if part.ticks else 0)
    for line in part.lines:
        yield Block(wrapped(line, measure("sans"), room / 26, 6), 26)


def _grid(sheet: Sheet, language: Language, first: int, last: int) -> None:
    top = 340.0
    edges = (0.0, 80.0, 330.0, 500.0, 650.0, float(INSIDE))
    for left, name in zip(edges, say("columns", language).split("|"), strict=False):
        sheet.type((MARGIN + left + 10, top - 16), name, face="bold", size=22, ink=INK)
    bottom = top + ROW * (last - first)
    for i in range(last - first + 1):
        _rule(sheet, MARGIN, top + i * ROW, ACROSS - MARGIN)
        if i < last - first:
            sheet.type(
                (MARGIN + 10, top + i * ROW + 38), str(first + i + 1), face="sans", size=24, ink=SECOND
            )
    for left in edges[1:-1]:
        _rule(sheet, MARGIN + left, top, bottom, down=True)


def _table_card(sheet: Sheet, facts: Facts, n: int, top: float) -> None:
    """Upside down above the fold, upright below it."""
    half = sheet.high / 4
    panel = Sheet(Image.new("RGB", (A4[0], round(half * sheet.scale)), "#ffffff"))
    panel.type(
        (ACROSS / 2, panel.high / 2 + 10),
        say("table", facts.language, n=n),
        face="song",
        size=130,
        ink=INK,
        anchor="mm",
    )
    title = wrapped(facts.title, measure("sans"), INSIDE / 32, 1)
    panel.type((ACROSS / 2, panel.high - 60), title[0], face="sans", size=32, ink=SECOND, anchor="mm")
    stamp(panel, (ACROSS / 2 - 32, 36), side=64, ink=INK, fire=EMBER)
    s = sheet.scale
    sheet.picture.paste(panel.picture.rotate(180), (0, round(top * s)))
    sheet.picture.paste(panel.picture, (0, round((top + half) * s)))
    _rule(sheet, MARGIN, top + half, ACROSS - MARGIN, dashed=True)


def _sticker(sheet: Sheet, facts: Facts, name: str, box: tuple[float, float, float, float]) -> None:
    left, top, wide, high = box
    stamp(sheet, (left + 36, top + 32), side=44, ink=INK, fire=EMBER)
    sheet.type((left + 94, top + 64), say("hello", facts.language), face="bold", size=28, ink=INK)
    if name:
        set_ = fitted(name, measure("song"), wide - 72, ((1, 92, 56), (2, 54, 36)))
        for i, line in enumerate(set_.lines):
            down = top + high / 2 + 20 + (i - (len(set_.lines) - 1) / 2) * set_.size * 1.15
            sheet.type((left + wide / 2, down), line, face="song", size=set_.size, ink=INK, anchor="mm")
    else:
        _rule(sheet, left + 36, top + high * 0.68, left + wide - 36)
    foot = wrapped(f"{facts.title} · {facts.store}", measure("sans"), (wide - 72) / 22, 1)
    sheet.type((left + 36, top + high - 34), foot[0], face="sans", size=22, ink=SECOND)


def _note(sheet: Sheet, left: str, right: str) -> None:
    sheet.type((MARGIN, sheet.high - 52), left, face="sans", size=20, ink=SECOND)
    sheet.type((ACROSS - MARGIN, sheet.high - 52), right, face="sans", size=20, ink=SECOND, anchor="rs")


def _rule(sheet: Sheet, x: float, y: float, to: float, *, dashed: bool = False, down: bool = False) -> None:
    """A hairline to the right, or downwards."""
    s, at = sheet.scale, (y if down else x)
    step = 16.0 if dashed else to - at
    while at < to:
        end = min(to, at + (step / 2 if dashed else step))
        ends = (x * s, at * s, x * s, end * s) if down else (at * s, y * s, end * s, y * s)
        sheet.on.line(ends, fill=LINE, width=max(1, round(1.4 * s)))
        at += step


def _tick(sheet: Sheet, x: float, y: float) -> None:
    s = sheet.scale
    sheet.on.rounded_rectangle(
        (x * s, y * s, (x + 24) * s, (y + 24) * s), 4 * s, outline=SECOND, width=round(2 * s)
    )


def _groups(things: Sequence[T], n: int) -> Iterator[Sequence[T]]:
    for i in range(0, len(things), n):
        yield things[i : i + n]
