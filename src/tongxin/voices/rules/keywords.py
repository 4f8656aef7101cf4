"""Words that a text is looked at for: found in every spelling by one automaton, with their places in the text as given.

The text is read folded (`foundation/folding.py`); all words are found in one pass, overlapping ones too. Nothing is found inside
a lawful phrase (妈的 in 妈妈的味道), across the end of a clause (相信，用了), or in the middle of a Latin word. Words that only
sound like one of the list are a weaker finding of their own.
"""

import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any

from ahocorasick_rs import AhoCorasick

from tongxin.foundation.folding import fold, places
from tongxin.voices.terms_moderation import Category, Level

ENDS = frozenset(
    "。！？!?；;，,：:、\n\r"
)  # a word does not reach over these, unless all of it is spaced out
LONGEST_GAP = 8  # marks; more between two characters is decoration, not a spelling


@dataclass(frozen=True)
class Word:
    """A word of the list. `sound`: also looked for by its pinyin, as a note."""

    text: str
    category: Category
    level: Level
    sound: bool = False


@dataclass(frozen=True)
class Hit:
    """A finding: what, how strict, and from where to where in the text as given. `by` is word, sound or pattern."""

    category: Category
    level: Level
    word: str
    start: int
    end: int
    by: str = "word"


class Lexicon:
    """A list of words made ready for searching. Built once, read by many; it holds no state of a search."""

    def __init__(self, words: Iterable[Word], lawful: Iterable[str] = ()) -> None:
        kept = {fold(word.text): word for word in words}
        kept.pop("", None)
        self.words = tuple(kept.values())
        self._folded = tuple(kept)
        self._find = _finder(self._folded)
        self._lawful = _finder(tuple(sorted({fold(phrase) for phrase in lawful} - {""})))
        sounding = [word for word in self.words if word.sound]
        self._sounds = tuple(sounding)

    @cached_property
    def _sound(self) -> Callable[[str], list[tuple[int, int, int]]]:
        """By sound; made when it is first asked for, because the readings of all characters take a while to load."""
        return _finder(tuple(sounded(fold(word.text)) for word in self._sounds))

    def find(self, text: str) -> tuple[Hit, ...]:
        """The words of the list in `text`, in order of place."""
        folded = text if text.isascii() and text.islower() and text.isalnum() else fold(text)
        rough = self._find(folded)
        return self._checked(text, folded, rough) if rough else ()

    def find_sounds(self, text: str, known: Iterable[Hit] = ()) -> tuple[Hit, ...]:
        """Words that sound like one of the list and are not among the `known` findings; each a note."""
        folded = fold(text)
        heard = sounded(folded)
        rough = self._sound(heard)
        if not rough:
            return ()
        edges = _edges(folded)
        spans = [(which, edges[a], edges[b]) for which, a, b in rough if a in edges and b in edges and a < b]
        taken = [(hit.start, hit.end) for hit in known]
        return tuple(
            replace(hit, level=Level.NOTE, by="sound")
            for hit in self._checked(text, folded, spans, self._sounds)
            if not any(low <= hit.start and hit.end <= high for low, high in taken)
        )

    def _checked(
        self, text: str, folded: str, rough: list[tuple[int, int, int]], words: tuple[Word, ...] | None = None
    ) -> tuple[Hit, ...]:
        at = places(text)
        free = [(a, b) for _, a, b in self._lawful(folded) if at[b - 1] - at[a] == b - a - 1]
        words = self.words if words is None else words
        hits = [
            Hit(words[which].category, words[which].level, words[which].text, at[a], at[b - 1] + 1)
            for which, a, b in rough
            if not any(low <= a and b <= high for low, high in free) and joined(text, folded, at, a, b)
        ]
        return tuple(sorted(hits, key=lambda hit: (hit.start, hit.end, hit.word)))


def joined(text: str, folded: str, at: list[int], a: int, b: int) -> bool:
    """Whether the folded characters from `a` to `b` read as one word in the text."""
    for edge, inner in ((a, a), (b, b - 1)):
        if (
            0 < edge < len(folded)
            and _latin(folded[inner])
            and _latin(folded[edge - 1])
            and _latin(folded[edge])
            and at[edge] - at[edge - 1] == 1
        ):
            return False
    gaps = [text[at[i - 1] + 1 : at[i]] for i in range(a + 1, b) if at[i] - at[i - 1] > 1]
    if not gaps:
        return True
    if any(len(gap) > LONGEST_GAP for gap in gaps):
        return False
    spaced_out = len(gaps) == b - a - 1 and len(gaps) > 1
    return spaced_out or not any(char in ENDS for gap in gaps for char in gap)


def _latin(char: str) -> bool:
    return "a" <= char <= "z"


def _finder(words: tuple[str, ...]) -> Callable[[str], list[tuple[int, int, int]]]:
    automaton = AhoCorasick(
        words or ("\x00",)
    )  # a list of nothing finds nothing: folding leaves no control character
    return lambda text: automaton.find_matches_as_indexes(text, overlapping=True)


class _Syllables(dict[int, str]):
    """A character's first reading without its tone; anything else is itself."""

    def __missing__(self, code: int) -> str:
        from pypinyin.constants import PINYIN_DICT  # noqa: PLC0415  # slow: its dictionaries take a third of a second
        from pypinyin.contrib.tone_convert import to_normal  # noqa: PLC0415  # slow: the same ones

        readings = PINYIN_DICT.get(code)
        heard = to_normal(readings.split(",")[0]).replace("ü", "v") if readings else chr(code)
        self[code] = heard
        return heard


_SYLLABLES = _Syllables()


def sounded(folded: str) -> str:
    """A folded text as it sounds."""
    return folded.translate(_SYLLABLES)


def _edges(folded: str) -> dict[int, int]:
    """Where in the sounded text each character begins, and where the last one ends."""
    edges, reached = {}, 0
    for place, char in enumerate(folded):
        edges[reached] = place
        reached += len(_SYLLABLES[ord(char)])
    edges[reached] = len(folded)
    return edges


def _shipped() -> Iterator[Word]:
    for group in _data()["group"]:
        for word in group["words"]:
            yield Word(word, Category(group["category"]), Level(group["level"]), group.get("sound", False))


@cache
def _data() -> dict[str, list[dict[str, Any]]]:
    here = Path(__file__).parent / "keywords.toml"
    return tomllib.loads(here.read_text(encoding="utf-8"))


@lru_cache(maxsize=8)
def shipped(extra: tuple[Word, ...] = (), allowed: tuple[str, ...] = ()) -> Lexicon:
    """The list that comes with the product with the brand's own words and lawful phrases; the brand's word goes before ours."""
    lawful = [phrase for group in _data()["lawful"] for phrase in group["phrases"]]
    return Lexicon([*_shipped(), *extra], [*lawful, *allowed])
