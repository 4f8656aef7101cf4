"""The linter of advertising words: what in a text the law forbids, or wants proof for, with statute and clause.

It is a reader, not a judge: `forbidden` stops a text, `careful` asks for a reason. Words are found in every spelling that is
used to get past a machine: blanks and marks between the characters, full width, traditional characters, zero-width and
variation selectors, look-alikes, pinyin in place of a character (最jia), digits in place of a numeral (第1). Lawful phrases
(最近, 第一次, 最佳赏味期) and the names that the caller allows are left alone. The lists stand in `copylint_words.toml`.
"""

import re
import tomllib
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from tongxin.foundation.folding import LOOK_ALIKES, simplified

Level = Literal["forbidden", "careful"]

# What lies between a kept character and the one before it.
NONE, BLANK, MARK, END = range(4)
ENDS = frozenset("。!?！？\n\r\u2028\u2029")
LONGEST_GAP = 8  # marks; more than that between two characters is decoration, not a spelling
DASHES = frozenset("—―ー")  # drawn like 一 behind 第 and 唯
# No sentence ends with these, so a full stop behind one of them divides a word and no clause.
NEVER_LAST = frozenset("最第唯")
ONE = "(?:[一壹]|1(?![0-9]))"  # 第1 but not 第12
LATIN = re.compile("[a-z]")


@dataclass(frozen=True)
class Finding:
    """One word: where it stands in the text as given, what it is, and what the law says of it."""

    start: int
    end: int
    word: str
    clause: str
    level: Level
    zh: str
    en: str


@dataclass(frozen=True)
class _Word:
    word: str
    latin: bool  # whether it also counts when written in pinyin alone
    shape: re.Pattern[str]
    clause: str
    level: Level
    zh: str
    en: str


@dataclass(frozen=True)
class _Folded:
    """A text as it is read: kept characters, where each stands in the original, and the gap before each."""

    text: str
    at: tuple[int, ...]
    gap: tuple[int, ...]
    wide: tuple[int, ...]


def lint(text: str, *, allowed: Collection[str] = ()) -> tuple[Finding, ...]:
    """Every word of the lists in `text`, in order; nothing inside a lawful phrase or one of the `allowed` names."""
    read = _fold(text)
    free = [*_lawful(read), *_named(read, allowed)]
    found = [
        Finding(read.at[a], read.at[b - 1] + 1, word.word, word.clause, word.level, word.zh, word.en)
        for word in _words()
        for a, b in _spans(word.shape, read)
        if (word.latin or not read.text[a:b].isascii())
        and not any(low <= a and b <= high for low, high in free)
    ]
    return tuple(sorted(_longest(found), key=lambda one: (one.start, one.end)))


def forbidden(findings: Collection[Finding]) -> tuple[Finding, ...]:
    """Those that stop a text."""
    return tuple(one for one in findings if one.level == "forbidden")


def _fold(text: str) -> _Folded:
    """Small, simplified, without blanks and marks; combining strokes and zero-width characters leave no gap at all."""
    folds = _folds()
    kept: list[str] = []
    at: list[int] = []
    gaps: list[int] = []
    wides: list[int] = []
    gap, wide = NONE, 0
    for place, given in enumerate(text):
        for char in unicodedata.normalize("NFKC", given).casefold():
            kind = unicodedata.category(char)
            stroke = char in DASHES and gap == NONE and kept[-1:] in (["第"], ["唯"])
            if kind[0] in "LN" or char == "%" or stroke:
                kept.append("一" if stroke else folds.get(char) or LOOK_ALIKES.get(char) or simplified(char))
                at.append(place)
                gaps.append(gap)
                wides.append(wide)
                gap, wide = NONE, 0
            elif char in ENDS:
                gap, wide = END, wide + 1
            elif kind in {"Mn", "Me", "Cf", "Cc"} and char != "\t":
                continue
            elif kind[0] == "Z" or char == "\t":
                gap = max(gap, BLANK)
            else:
                gap, wide = max(gap, MARK), wide + 1
    return _Folded("".join(kept), tuple(at), tuple(gaps), tuple(wides))


def _spans(shape: re.Pattern[str], read: _Folded) -> Iterator[tuple[int, int]]:
    place = 0
    while hit := shape.search(read.text, place):
        if hit.end() > hit.start() and _joined(read, hit.start(), hit.end()):
            yield hit.span()
        place = hit.start() + 1


def _joined(read: _Folded, start: int, end: int) -> bool:
    """Whether these characters read as one word: whole syllables, no clause ending inside."""
    text = read.text
    for edge, inner in ((start, start), (end, end - 1)):
        if (
            0 < edge < len(text)
            and LATIN.match(text[inner])
            and LATIN.match(text[edge - 1])
            and LATIN.match(text[edge])
            and read.gap[edge] == NONE
        ):
            return False
    inside = range(start + 1, end)
    if any(read.wide[i] > LONGEST_GAP for i in inside):
        return False
    ends = [i for i in inside if read.gap[i] == END]
    spaced_out = len(inside) > 1 and all(read.gap[i] != NONE for i in inside)
    return not ends or spaced_out or all(text[i - 1] in NEVER_LAST for i in ends)


def _lawful(read: _Folded) -> Iterator[tuple[int, int]]:
    """Where lawful phrases stand. They must be written plainly: a mark inside makes two phrases of one."""
    for shape, marks in _phrases():
        for hit in shape.finditer(read.text):
            span = hit.span(1) if shape.groups else hit.span()
            if marks or all(_plain(read, i) for i in range(span[0] + 1, span[1])):
                yield span


def _plain(read: _Folded, i: int) -> bool:
    """Nothing between two characters, or the blank that copy sets between 中文 and digits or letters."""
    if read.gap[i] == NONE:
        return True
    return read.gap[i] == BLANK and (read.text[i - 1].isascii() or read.text[i].isascii())


def _named(read: _Folded, allowed: Collection[str]) -> Iterator[tuple[int, int]]:
    for name in allowed:
        key = _fold(name).text
        place = read.text.find(key) if key else -1
        while place >= 0:
            yield place, place + len(key)
            place = read.text.find(key, place + 1)


def _longest(found: list[Finding]) -> list[Finding]:
    """One finding a place: a longer word speaks for the shorter ones inside it, unless it is the milder."""
    kept: list[Finding] = []
    for one in sorted(found, key=lambda f: (f.level != "forbidden", f.start - f.end, f.start)):
        if not any(other.start <= one.start and one.end <= other.end for other in kept):
            kept.append(one)
    return kept


@cache
def _data() -> dict[str, object]:
    here = Path(__file__).parent / "copylint_words.toml"
    return tomllib.loads(here.read_text(encoding="utf-8"))


@cache
def _folds() -> dict[str, str]:
    """Characters that advertising writes for others, beyond traditional and look-alike ones (foundation/folding.py)."""
    pairs: dict[str, str] = _data()["folds"]  # type: ignore[assignment]  # the file's own shape
    return {line[i]: line[i + 1] for line in pairs.values() for i in range(0, len(line), 2)}


@cache
def _words() -> tuple[_Word, ...]:
    syllables: dict[str, list[str]] = {}
    for syllable, chars in _data()["pinyin"].items():  # type: ignore[attr-defined]  # a table
        for char in chars:
            syllables.setdefault(char, []).append(syllable)
    return tuple(
        _Word(word, latin, shape, group["clause"], group["level"], group["zh"], group["en"])
        for group in _data()["group"]  # type: ignore[attr-defined]  # an array of tables
        for word, latin, shape in (
            *((word, group.get("pinyin", False), _spelled(word, syllables)) for word in group["words"]),
            *((name, True, re.compile(_with_ones(shape))) for name, shape in group.get("patterns", ())),
        )
    )


def _spelled(word: str, syllables: dict[str, list[str]]) -> re.Pattern[str]:
    """A word in all its spellings: each character itself or its syllable, a numeral also as a digit."""
    parts = []
    for char in word:
        itself = ONE if char == "一" else re.escape(char)
        others = syllables.get(char, ())
        parts.append(f"(?:{'|'.join((itself, *others))})" if others else itself)
    return re.compile("".join(parts))


@cache
def _phrases() -> tuple[tuple[re.Pattern[str], bool], ...]:
    return tuple(
        (re.compile(_with_ones(phrase)), group.get("marks", False))
        for group in _data()["lawful"]  # type: ignore[attr-defined]  # an array of tables
        for phrase in group["phrases"]
    )


def _with_ones(shape: str) -> str:
    return shape.replace("一", ONE)
