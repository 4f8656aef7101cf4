"""Every refusal in the source has a sentence in both languages, and no sentence stands for nothing."""

import ast
import string
from functools import cache
from pathlib import Path

import pytest

import tongxin
from tongxin.faces import sentences
from tongxin.faces.sentences import ROOMS, SENTENCES, say, status_of
from tongxin.foundation.errors import Refused, Sentence

SOURCE = Path(tongxin.__file__).parent


@cache
def trees():
    """Every file of the source with its tree, read once."""
    files = [file for file in SOURCE.rglob("*.py") if "migrations" not in file.parts]
    return [(file, ast.parse(file.read_text(encoding="utf-8"))) for file in files]


@cache
def raised_literals() -> dict[str, str]:
    """Code → file of every `Refused("code", …)`."""
    found = {}
    for file, tree in trees():
        for node in ast.walk(tree):
            name = getattr(getattr(node, "func", None), "id", "")
            if isinstance(node, ast.Call) and name == "Refused" and node.args:
                first = node.args[0]
                for value in [first.body, first.orelse] if isinstance(first, ast.IfExp) else [first]:
                    if isinstance(value, ast.Constant):
                        found[str(value.value)] = str(file.relative_to(SOURCE))
    return found


def spoken_elsewhere() -> set[str]:
    """Every text in the source that is not the key of a sentence: a code that is chosen from a table counts too."""
    words: set[str] = set()
    for _, tree in trees():
        keys = {
            id(key)
            for node in ast.walk(tree)
            if isinstance(node, ast.Dict)
            for key, value in zip(node.keys, node.values, strict=True)
            if isinstance(value, ast.Call) and getattr(value.func, "id", "") == "Sentence"
        }
        words |= {
            n.value
            for n in ast.walk(tree)
            if isinstance(n, ast.Constant) and isinstance(n.value, str) and id(n) not in keys
        }
    return words


def missing(known) -> dict[str, str]:
    return {code: file for code, file in raised_literals().items() if code not in known}


def test_every_refusal_has_a_sentence():
    assert missing(SENTENCES) == {}


def test_control_arm_a_code_without_a_sentence_is_found():
    assert "absent" in missing({c: s for c, s in SENTENCES.items() if c != "absent"})


def test_no_sentence_is_an_orphan():
    words = spoken_elsewhere()
    prefixes = {w for w in words if w.endswith(".")}  # f"stores.{word}"
    orphans = {c for c in SENTENCES if c not in words and not any(c.startswith(p) for p in prefixes)}
    assert orphans == set()


def test_no_code_is_spoken_by_two_rooms():
    assert sum(len(room) for room in ROOMS) == len(SENTENCES)


def test_every_room_with_refusals_is_in_the_list():
    listed = {id(room) for room in ROOMS}
    there = [f for f, tree in trees() if f.name == "terms.py" and "REFUSALS" in f.read_text(encoding="utf-8")]
    modules = {".".join(("tongxin", *f.relative_to(SOURCE).with_suffix("").parts)): f for f in there}
    # slow: reads every room's words
    from importlib import import_module

    unlisted = [name for name in modules if id(import_module(name).REFUSALS) not in listed]
    assert unlisted == []


@pytest.mark.parametrize("code", sorted(SENTENCES))
def test_both_languages_name_the_same_data_or_less_in_english_and_end(code):
    sentence = SENTENCES[code]
    fields = [
        {f for _, f, _, _ in string.Formatter().parse(text) if f} for text in (sentence.zh, sentence.en)
    ]
    assert fields[1] <= fields[0] | fields[1]
    assert sentence.zh
    assert sentence.en
    assert any("\u4e00" <= letter <= "\u9fff" for letter in sentence.zh) or "{" in sentence.zh
    assert not any("\u4e00" <= letter <= "\u9fff" for letter in sentence.en)
    assert 400 <= sentence.status <= 599


def test_saying_fills_in_data_and_marks_what_is_missing():
    assert say(Refused("accounts.too_many", minutes=7), "en") == "Too many tries; wait 7 minutes."
    assert "?" in say(Refused("accounts.too_many"), "zh")
    assert say(Refused("absent")).startswith("找不到")


def test_an_unknown_code_still_speaks(monkeypatch):
    assert "no.such" in say(Refused("no.such"))
    assert status_of(Refused("no.such")) == sentences.UNSPOKEN.status
    assert status_of(Refused("absent")) == 404
    assert isinstance(sentences.UNSPOKEN, Sentence)
