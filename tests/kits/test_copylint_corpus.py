"""The linter over a hand-written corpus: statutory words in all spellings are caught, lawful lines are left alone."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tongxin.kits import copylint
from tongxin.kits.copylint import lint

ESCAPE = re.compile(r"\\u([0-9a-f]{4})|\\U([0-9a-f]{8})")


@dataclass(frozen=True)
class Line:
    text: str
    expected: frozenset[str]
    statutory: bool


@cache
def corpus() -> tuple[Line, ...]:
    rows = []
    for raw in (Path(__file__).parent / "copylint_corpus.txt").read_text(encoding="utf-8").splitlines():
        if raw.startswith("#") or not raw:
            continue
        words, text = raw.split("\t")
        text = ESCAPE.sub(lambda hit: chr(int(hit[1] or hit[2], 16)), text)
        named = words.removeprefix("!")
        rows.append(
            Line(text, frozenset() if named == "-" else frozenset(named.split("|")), words.startswith("!"))
        )
    return tuple(rows)


def score(found_in) -> tuple[float, float]:
    """(recall over the statutory words, precision over everything found)."""
    wanted = caught = right = wrong = 0
    for line in corpus():
        found = found_in(line.text)
        right += len(found & line.expected)
        wrong += len(found - line.expected)
        if line.statutory:
            wanted += len(line.expected)
            caught += len(found & line.expected)
    return caught / wanted, right / (right + wrong)


def ours(text: str) -> frozenset[str]:
    return frozenset(one.word for one in lint(text))


def substrings(text: str) -> frozenset[str]:
    """What a list of words and `in` would find."""
    return frozenset(word.word for word in copylint._words() if word.word in text)


def test_the_corpus_is_large_and_mixed() -> None:
    assert len(corpus()) >= 300
    assert sum(line.statutory for line in corpus()) >= 150
    assert sum(not line.expected for line in corpus()) >= 120


def test_every_statutory_word_is_caught() -> None:
    assert [line.text for line in corpus() if line.statutory and not line.expected <= ours(line.text)] == []


def test_what_is_found_is_what_is_meant() -> None:
    recall, precision = score(ours)
    assert recall == 1.0
    assert precision >= 0.85


def test_a_list_of_substrings_would_not_do() -> None:
    """The control arm: the same words without spellings and without lawful phrases."""
    recall, precision = score(substrings)
    assert recall < 0.75
    assert precision < 0.85


def test_without_the_lawful_phrases_too_much_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control arm of the exceptions alone."""
    monkeypatch.setattr(copylint, "_lawful", lambda read: iter(()))
    recall, precision = score(ours)
    assert recall == 1.0
    assert precision < 0.85
