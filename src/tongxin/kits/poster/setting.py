"""Setting Chinese type: where a line may break, lines of even length, a size that fits.

No line begins with a closing mark or ends with an opening one (避头尾); Latin words, figures and dates stay whole; no title
leaves one character alone on a line. Widths come from a measuring function, so the rules can be tested without fonts.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

Measure = Callable[[str], float]  # width of a text at size 1

NOT_FIRST = frozenset("，。！？、；：）」》』】〉〕”’…—·～〜%％‰℃°,.!?;:)]}ー々〻")
NOT_LAST = frozenset("（「《『【〈〔“‘([{¥￥$#№")
# Particles and units that lean on what stands before them.
LEANING = frozenset("的了吗呢吧们里着过得岁席位元年月日号点分次场")
WORD = re.compile(r"[A-Za-z0-9¥￥$#№][A-Za-z0-9.,:：/@&+'’\-–～~%°]*|\s+|.", re.DOTALL)
ELLIPSIS = "…"


@dataclass(frozen=True)
class Block:
    """Lines of one size."""

    lines: tuple[str, ...]
    size: int


def pieces(text: str) -> list[str]:
    """What may not be divided: a Chinese character, a Latin word, a figure with its sign; blanks are pieces too."""
    return [" " if one.isspace() else one for one in WORD.findall(text.strip())]


def may_break(before: str, after: str) -> bool:
    """Whether a line may end between these two pieces."""
    if before[-1] in NOT_LAST or after[0] in NOT_FIRST:
        return False
    return not (before[-1].isdigit() and after[0] in LEANING)


def broken(text: str, measure: Measure, width: float, lines: int) -> tuple[str, ...] | None:
    """`text` on exactly `lines` lines, as even as the rules allow; None where it does not go in."""
    parts = pieces(text)
    if not parts:
        return None
    widths = [measure(part) for part in parts]
    stops = _stops(parts)
    ideal = sum(widths) / lines
    best: dict[tuple[int, int], tuple[float, tuple[int, ...]]] = {(0, 0): (0.0, ())}
    for row in range(lines):
        for (done, start), (cost, cuts) in list(best.items()):
            if done != row:
                continue
            for stop in stops:
                if stop <= start:
                    continue
                line = _line(parts, start, stop)
                long = sum(widths[start:stop]) - (widths[stop - 1] if parts[stop - 1] == " " else 0)
                if long > width:
                    break
                if lines > 1 and _count(line) < 2:
                    continue
                key, price = (row + 1, stop), cost + (long - ideal) ** 2 + _unease(parts, stop) * ideal**2
                if key not in best or price < best[key][0]:
                    best[key] = (price, (*cuts, stop))
    whole = best.get((lines, len(parts)))
    if whole is None:
        return None
    return tuple(_line(parts, a, b) for a, b in pairwise((0, *whole[1])))


def _stops(parts: Sequence[str]) -> list[int]:
    """Where a line may end: numbers of the pieces behind it. A blank goes to the line before it and is not drawn."""
    found = []
    for i in range(1, len(parts)):
        if parts[i] == " ":
            continue
        before = parts[i - 1] if parts[i - 1] != " " else parts[i - 2]
        if may_break(before, parts[i]):
            found.append(i)
    return [*found, len(parts)]


def _unease(parts: Sequence[str], stop: int) -> float:
    """How little one likes a break here: best behind a mark or a blank, worst before a particle, inside a pair (星星)."""
    if stop == len(parts):
        return 0.0
    last, first = parts[stop - 1], parts[stop]
    if last == " " or last in NOT_FIRST:
        return -0.02
    if first in LEANING or last == first:
        return 0.05
    if stop > 1 and len(last) == 1 and parts[stop - 2] in NOT_FIRST:
        return 0.05  # one word left hanging behind a comma
    return 0.0


def _line(parts: Sequence[str], start: int, stop: int) -> str:
    return "".join(parts[start:stop]).strip()


def _count(line: str) -> int:
    """Characters that one sees: marks do not keep a character company."""
    return sum(unicodedata.category(char)[0] in "LNS" for char in line)


def wrapped(text: str, measure: Measure, width: float, most: int) -> tuple[str, ...]:
    """Running text on at most `most` lines; what does not fit is cut with an ellipsis. A word wider than a line is cut."""
    for lines in range(1, most + 1):
        set_ = broken(text, measure, width, lines)
        if set_ is not None:
            return set_
    return _cut(text, measure, width, most)


def fitted(text: str, measure: Measure, width: float, sizes: Iterable[tuple[int, int, int]]) -> Block:
    """The first way that goes in. `sizes`: (lines, from size, down to size), tried in order; at the end it is cut.

    A line break given by hand (`\\n`) is kept where the lines fit.
    """
    steps = tuple(sizes)
    by_hand = tuple(" ".join(line.split()) for line in text.split("\n") if line.strip())
    text = " ".join(text.split())
    for lines, largest, smallest in steps:
        for size in range(largest, smallest - 1, -2):
            if 1 < len(by_hand) <= lines and all(measure(line) * size <= width for line in by_hand):
                return Block(by_hand, size)
            set_ = broken(text, measure, width / size, lines)
            if set_ is not None:
                return Block(set_, size)
    lines, _, smallest = steps[-1]
    return Block(_cut(text, measure, width / smallest, lines), smallest)


def _cut(text: str, measure: Measure, width: float, most: int) -> tuple[str, ...]:
    lines: list[str] = []
    rest = text.strip()
    while rest and len(lines) < most:
        taken = _as_many(rest, measure, width)
        lines.append(taken)
        rest = rest[len(taken) :].lstrip()
    if rest:
        last = lines[-1]
        while last and measure(last + ELLIPSIS) > width:
            last = last[:-1]
        while last and (last[-1] in NOT_LAST or last[-1] in NOT_FIRST):
            last = last[:-1]
        lines[-1] = last + ELLIPSIS
    return tuple(line.strip() for line in lines)


def _as_many(text: str, measure: Measure, width: float) -> str:
    """As many characters as go in, ending where a line may end if there is such a place."""
    n = len(text)
    while n > 1 and measure(text[:n]) > width:
        n -= 1
    if n == len(text):
        return text
    for end in range(n, max(1, n // 2), -1):
        if text[end - 1] not in NOT_LAST and text[end] not in NOT_FIRST and not _inside_word(text, end):
            return text[:end]
    return text[:n]


def _inside_word(text: str, end: int) -> bool:
    return text[end - 1].isascii() and text[end].isascii() and text[end - 1].isalnum() and text[end].isalnum()
