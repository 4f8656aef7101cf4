"""Reading rules: `天数(91) >= 4 且 (到场(91) >= 1 或 品类(烘焙, 182) >= 1) 且 圈层 = 中环`, in Chinese or English.

A rule becomes a tree; the tree can be said again, and what is said reads as the same tree. Whatever cannot be read, or speaks of
a child, is refused with its line and column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tongxin.foundation.errors import Refused
from tongxin.measure.segments.words import (
    AND,
    BY_WORD,
    FIELDS,
    IN,
    LONGEST_RULE,
    MOST_TESTS,
    NOT,
    NOT_IN,
    OPS,
    OR,
    RING_ZH,
    RINGS,
    WINDOWS,
    Field,
    Shape,
    of_a_child,
)
from tongxin.people.facts import BY_CODE
from tongxin.people.terms import PURPOSE_LABELS, Purpose

BY_CODE_FIELD = {field.code: field for field in FIELDS}
DEEDS = {word: deed.code for deed in BY_CODE.values() for word in (deed.code, deed.zh)}
PURPOSES = {
    word: purpose.value for purpose in Purpose for word in (purpose.value, PURPOSE_LABELS[purpose][0])
}


@dataclass(frozen=True)
class Ask:
    """One question about somebody: a field with what stands in its brackets, an operator and a value (or several names)."""

    field: str
    args: tuple[str | int, ...] = ()
    op: str = ""
    value: float | tuple[str, ...] | None = None


@dataclass(frozen=True)
class Both:
    """All of these."""

    parts: tuple[Rule, ...]


@dataclass(frozen=True)
class Either:
    """One of these at least."""

    parts: tuple[Rule, ...]


@dataclass(frozen=True)
class Not:
    """Not this."""

    part: Rule


Rule = Ask | Both | Either | Not


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    at: int


_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<text>"[^"\n]*"|“[^”\n]*”|「[^」\n]*」)
    |(?P<number>\d+(?:\.\d+)?)
    |(?P<op>>=|<=|==|!=|[≥≤≠=<>])
    |(?P<open>[(（])|(?P<shut>[)）])|(?P<comma>[,，、])
    |(?P<name>[^\W\d][\w\-]*)""",
    re.VERBOSE,
)


def read(text: str) -> Rule:
    """The tree of a rule. Refuses `measure.rule_bad` and, where it speaks of a child, `measure.rule_child`, each with the place."""
    if len(text) > LONGEST_RULE:
        raise _bad(text, LONGEST_RULE, text[LONGEST_RULE : LONGEST_RULE + 8], "规则太长 · too long")
    reader = _Reader(text, tuple(_tokens(text)))
    if not reader.tokens:
        raise _bad(text, 0, "", "规则是空的 · empty")
    rule = reader.either()
    if reader.left is not None:
        raise reader.wrong("多出来的字 · unexpected")
    if reader.tests > MOST_TESTS:
        raise _bad(text, 0, str(reader.tests), f"最多 {MOST_TESTS} 个条件 · too many tests")
    return rule


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise _bad(text, at, text[at], "看不懂这个字 · cannot read this")
        if found.lastgroup != "space":
            yield _Token(str(found.lastgroup), found.group(), at)
        at = found.end()


def _bad(text: str, at: int, found: str, reason: str, code: str = "measure.rule_bad") -> Refused:
    line = text.count("\n", 0, at) + 1
    column = at - (text.rfind("\n", 0, at) + 1) + 1
    return Refused(code, line=line, column=column, found=found[:24], reason=reason)


class _Reader:
    """Recursive descent, one token ahead."""

    def __init__(self, text: str, tokens: tuple[_Token, ...]) -> None:
        self.text, self.tokens, self.place, self.tests = text, tokens, 0, 0

    @property
    def left(self) -> _Token | None:
        return self.tokens[self.place] if self.place < len(self.tokens) else None

    def wrong(self, reason: str, code: str = "measure.rule_bad", token: _Token | None = None) -> Refused:
        found = token or self.left
        at, said = (len(self.text), "") if found is None else (found.at, found.text)
        return _bad(self.text, at, said, reason, code)

    def next(self, *kinds: str, wanted: str) -> _Token:
        token = self.left
        if token is None or token.kind not in kinds:
            raise self.wrong(wanted)
        self.place += 1
        return token

    def takes(self, words: set[str]) -> bool:
        token = self.left
        if token is not None and token.kind == "name" and token.text.lower() in words:
            self.place += 1
            return True
        return False

    def either(self) -> Rule:
        return self._joined(OR, self.both, Either)

    def both(self) -> Rule:
        return self._joined(AND, self.one, Both)

    def _joined(self, words: set[str], part: Callable[[], Rule], whole: type[Both | Either]) -> Rule:
        parts = [part()]
        while self.takes(words):
            parts.append(part())
        flat = tuple(p for one in parts for p in (one.parts if isinstance(one, whole) else (one,)))
        return flat[0] if len(flat) == 1 else whole(flat)

    def one(self) -> Rule:
        if self.takes(NOT):
            return Not(self.one())
        if self.left is not None and self.left.kind == "open":
            self.place += 1
            rule = self.either()
            self.next("shut", wanted="缺右括号 · a closing bracket is missing")
            return rule
        return self.test()

    def test(self) -> Rule:
        token = self.next("name", wanted="这里要写一个条件 · a test is needed here")
        field = BY_WORD.get(token.text) or BY_WORD.get(token.text.lower())
        if field is None:
            if of_a_child(token.text):
                raise self.wrong("", "measure.rule_child", token)
            known = "、".join(one.zh for one in FIELDS)
            raise self.wrong(f"没有这一项，可用：{known} · unknown", token=token)
        self.tests += 1
        args = self._args(field)
        if field.shape is Shape.FLAG:
            return Ask(field.code, args)
        if field.shape is Shape.NAME:
            return self._named(field)
        op = OPS[self.next("op", wanted="要写 >=、<=、=、>、< 或 != · a comparison is needed").text]
        value = self.next("number", wanted="这里要写数字 · a number is needed")
        return Ask(field.code, args, op, float(value.text))

    def _args(self, field: Field) -> tuple[str | int, ...]:
        if not field.args:
            return ()
        self.next("open", wanted=f"「{field.zh}」后面要写括号 · brackets are needed")
        found: list[str | int] = []
        for place, kind in enumerate(field.args):
            if place:
                self.next("comma", wanted="这里要写逗号 · a comma is needed")
            found.append(self._arg(kind))
        self.next("shut", wanted="缺右括号 · a closing bracket is missing")
        return tuple(found)

    def _arg(self, kind: str) -> str | int:
        if kind == "window":
            token = self.next("number", wanted="这里要写天数窗口 · a window in days is needed")
            if token.text not in {str(days) for days in WINDOWS}:
                said = "、".join(str(days) for days in WINDOWS)
                raise self.wrong(f"天数窗口可用：{said} · no such window", token=token)
            return int(token.text)
        token = self.next("name", "text", wanted="这里要写名字 · a name is needed")
        name = _plain(token)
        known = {"deed": DEEDS, "purpose": PURPOSES}.get(kind)
        if known is None:
            return name
        if name not in known:
            raise self.wrong("没有这个名字 · unknown name", token=token)
        return known[name]

    def _named(self, field: Field) -> Rule:
        negated = False
        if self.takes(NOT_IN):
            negated = True
            names = self._names(field)
        elif self.takes(IN):
            names = self._names(field)
        else:
            token = self.next("op", wanted="要写 =、!=、属于 或 不属于 · =, != or in is needed")
            if OPS[token.text] not in ("=", "!="):
                raise self.wrong("名字只能用 = 或 != · names compare by = or !=", token=token)
            negated = OPS[token.text] == "!="
            names = (self._name(field),)
        found = Ask(field.code, (), "in", names)
        return Not(found) if negated else found

    def _names(self, field: Field) -> tuple[str, ...]:
        self.next("open", wanted="要写括号 · brackets are needed")
        names = [self._name(field)]
        while self.left is not None and self.left.kind == "comma":
            self.place += 1
            names.append(self._name(field))
        self.next("shut", wanted="缺右括号 · a closing bracket is missing")
        return tuple(sorted(set(names)))

    def _name(self, field: Field) -> str:
        token = self.next("name", "text", "number", wanted="这里要写名字 · a name is needed")
        name = _plain(token)
        if field.code == "ring":
            if name not in RINGS:
                raise self.wrong("圈层可用：外环、中环、内环 · outer, middle, inner", token=token)
            return RINGS[name]
        return name


def _plain(token: _Token) -> str:
    return token.text[1:-1] if token.kind == "text" else token.text


# ---- saying a rule


def say(rule: Rule, language: str = "zh") -> str:
    """The rule in one spelling, which reads as the same tree."""
    return _say(rule, english=language == "en", inside=False)


def _say(rule: Rule, *, english: bool, inside: bool) -> str:
    if isinstance(rule, Not):
        return f"{'not' if english else '非'} {_say(rule.part, english=english, inside=True)}"
    if isinstance(rule, Both | Either):
        word = {(Both, False): "且", (Both, True): "and", (Either, False): "或", (Either, True): "or"}[
            type(rule), english
        ]
        said = f" {word} ".join(_say(part, english=english, inside=True) for part in rule.parts)
        return f"({said})" if inside else said
    return _say_test(rule, english=english)


def _say_test(test: Ask, *, english: bool) -> str:
    field = BY_CODE_FIELD[test.field]
    head = field.en if english else field.zh
    if test.args:
        head += f"({', '.join(_said_arg(arg) for arg in test.args)})"
    if test.value is None:
        return head
    if isinstance(test.value, tuple):
        names = [_said_name(test.field, name, english=english) for name in test.value]
        if len(names) == 1:
            return f"{head} = {names[0]}"
        return f"{head} {'in' if english else '属于'} ({', '.join(names)})"
    return f"{head} {test.op} {test.value:g}"


def _said_arg(arg: str | int) -> str:
    return str(arg) if isinstance(arg, int) or re.fullmatch(r"[^\W\d][\w\-]*", arg) else f'"{arg}"'


def _said_name(field: str, name: str, *, english: bool) -> str:
    if field == "ring":
        return name if english else RING_ZH[name]
    return f'"{name}"'


def tests_of(rule: Rule) -> Iterator[Ask]:
    """Every test of a rule, left to right."""
    if isinstance(rule, Ask):
        yield rule
    elif isinstance(rule, Not):
        yield from tests_of(rule.part)
    else:
        for part in rule.parts:
            yield from tests_of(part)
