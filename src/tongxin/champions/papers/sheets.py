"""The sheets: notice board, list of a hand-over, the champion's one page."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from tongxin.champions.papers.page import EMBER, INSIDE, SECOND, Writer
from tongxin.kits.poster.drawing import MARGIN

Language = Literal["zh", "en"]
FILE = Path(__file__).parents[1] / "card.toml"
EVENTS_MOST = 6
FEW = 4  # so many events stand large enough to be read from across the room
CODE = 190.0
CARD_SIZE: dict[Literal["zh", "en"], int] = {"zh": 27, "en": 22}  # so that it is one page

SAID: dict[str, tuple[str, str]] = {
    "board": ("这周，店里见", "See you this week"),
    "on": ("这周有什么", "What is on"),
    "nothing": ("这周没有排活动，来店里坐坐。", "Nothing is planned this week; do drop in."),
    "ritual": ("老时间，老地方", "As always"),
    "star": ("社区之星", "Community star"),
    "star_blank": ("这周谢谢（问过本人再写）：", "This week we thank (ask before writing):"),
    "star_none": (
        "还没有选出来。觉得该谢谢谁？跟主理人说一声。",
        "Not chosen yet. Whom should we thank? Tell the champion.",
    ),
    "scan": ("扫一扫，看看和报名", "Scan to look and register"),
    "fresh": ("贴上的日子：{day}　下周换新", "Hung on {day}, changed next week"),
    "left": ("还剩 {n} 个位子", "{n} places left"),
    "full": ("满了，可以候补", "Full; there is a waiting list"),
    "handover": ("交接清单", "Hand-over"),
    "from": ("交出：{name}", "From: {name}"),
    "to": ("接手：{name}", "To: {name}"),
    "nobody": ("（没有要接的事）", "(nothing to take over)"),
    "last_day": ("最后一天 {day}", "Last day {day}"),
    "signed": ("双方看过、点过，签字为准。", "Both have seen and counted it; signed below."),
    "sign_from": ("交出人签字、日期", "Signed by who leaves, date"),
    "sign_to": ("接手人签字、日期", "Signed by who takes over, date"),
    "sign_hq": ("区域或总部签字、日期", "Signed by the region or headquarters, date"),
    "keep": ("一式三份，交接后 90 天内各自保管。", "Three copies, kept for 90 days."),
    "card": ("贴在收银台后面", "For the wall behind the till"),
}

PAGE_OF: dict[Language, str] = {"zh": "第 {n} 页，共 {of} 页", "en": "Page {n} of {of}"}


@dataclass(frozen=True)
class OnBoard:
    """One event as the board says it: day and time, title, where, how many places are left."""

    when: str
    title: str
    place: str
    left: int


def say(key: str, language: Language, **values: object) -> str:
    """A printed word in the reader's language."""
    return SAID[key][language == "en"].format(**values)


def board(
    *,
    store: str,
    brand: str,
    week: str,
    hung: str,
    events: Sequence[OnBoard],
    ritual: OnBoard | None,
    star: bool,
    link: str,
    mark: str,
    language: Language,
) -> bytes:
    """The week of a store for the wall, with a code to scan and, where somebody is nominated, a line for the name."""  # fmt: skip
    page = Writer(f"{store} · {brand}", say("board", language), week, mark)
    page.heading(say("on", language))
    large, small = (44, 32) if len(events) <= FEW else (32, 25)
    for one in events[:EVENTS_MOST]:
        page.line(one.title, face="bold", size=large)
        seats = say("left", language, n=one.left) if one.left > 0 else say("full", language)
        page.line(" · ".join(part for part in (one.when, one.place, seats) if part), size=small, ink=SECOND)
        page.down += large * 0.4
    if not events:
        page.line(say("nothing", language), size=30)
    if ritual is not None:
        page.heading(say("ritual", language))
        page.line(f"{ritual.title} · {ritual.when}", size=small)
    page.heading(say("star", language))
    page.line(say("star_blank" if star else "star_none", language), ink=SECOND)
    if star:
        page.down += 64
        page.rule(right=CODE + 60)
    top = page.sheet.high - CODE - 190
    page.code(link, CODE, right=0, top=top)
    page.sheet.type(
        (MARGIN + INSIDE, top + CODE + 36),
        say("scan", language),
        face="sans",
        size=24,
        ink=EMBER,
        anchor="rs",
    )
    return page.pdf(say("fresh", language, day=hung), PAGE_OF[language])


def handover(
    *,
    store: str,
    brand: str,
    leaver: str,
    successor: str,
    last_day: str,
    groups: Sequence[tuple[str, Sequence[str]]],
    mark: str,
    language: Language,
) -> bytes:
    """What was handed over, each with a box to tick, and three lines to sign."""  # fmt: skip
    under = "　".join(
        (
            say("from", language, name=leaver),
            say("to", language, name=successor or "—"),
            say("last_day", language, day=last_day),
        )
    )
    page = Writer(f"{store} · {brand}", say("handover", language), under, mark)
    for heading, lines in groups:
        page.heading(f"{heading}（{len(lines)}）" if language == "zh" else f"{heading} ({len(lines)})")
        for one in lines:
            page.line(one, tick=True)
    if not groups:
        page.down += 40
        page.line(say("nobody", language), ink=SECOND)
    page.room(420)
    page.down += 60
    page.line(say("signed", language))
    for key in ("sign_from", "sign_to", "sign_hq"):
        page.down += 70
        page.rule(right=INSIDE * 0.35)
        page.down += 4
        page.line(say(key, language), size=22, ink=SECOND)
    return page.pdf(say("keep", language), PAGE_OF[language])


@lru_cache(maxsize=1)
def card_parts() -> tuple[tuple[tuple[str, str], tuple[tuple[str, ...], tuple[str, ...]]], ...]:
    """The parts of the one page: headings (zh, en) and their lines (zh, en)."""
    rows = tomllib.loads(FILE.read_text(encoding="utf-8"))["parts"]
    return tuple(((row["zh"], row["en"]), (tuple(row["lines_zh"]), tuple(row["lines_en"]))) for row in rows)


def card_title(language: Language) -> str:
    """What stands over it."""
    return str(tomllib.loads(FILE.read_text(encoding="utf-8"))[f"title_{language}"])


def card(*, brand: str, mark: str, language: Language) -> bytes:
    """The champion's one page."""
    page = Writer(brand, card_title(language), say("card", language), mark)
    for heading, lines in card_parts():
        page.heading(heading[language == "en"])
        for line in lines[language == "en"]:
            page.line(line, size=CARD_SIZE[language])
    return page.pdf(brand, PAGE_OF[language])
