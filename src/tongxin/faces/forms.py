"""Forms as one list of fields: read in shape, shown again with what was typed, the refusal's sentence at its field."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.http import QueryDict
from django.utils.translation import gettext as _

from tongxin.faces.sentences import say, status_of
from tongxin.foundation import money
from tongxin.foundation.errors import Refused

KEY_MOST = 40
MOST_FEN = 100_000_000_00
INPUTS = {"day": "date", "time": "time", "url": "url"}  # every other sort is plain text with its own keyboard
KEYBOARDS = {"number": "numeric", "money": "decimal"}


@dataclass(frozen=True)
class Field:
    """One question of a form. `sort`: text, long, day, time, number, money, url, choice, many (several of `options`), yes.

    `start` is what stands in it at first, `least` and `most` bound a number, or the letters of a text.
    """

    name: str
    label: str
    sort: str = "text"
    needed: bool = False
    least: int = 0
    most: int = 0
    start: Any = ""
    hint: str = ""
    options: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class Fold:
    """Fields that few need, behind one line."""

    title: str
    parts: tuple[Field | tuple[Field, Field], ...]


Part = Field | tuple[Field, Field] | Fold


@dataclass(frozen=True)
class Shown:
    """A field as the page shows it."""

    field: Field
    value: str
    picked: frozenset[str]
    fault: str
    now: str  # what somebody else wrote meanwhile, "" when that is what stands here

    @property
    def input(self) -> str:
        """The sort of input in HTML."""
        return INPUTS.get(self.field.sort, "text")

    @property
    def keyboard(self) -> str:
        """Which keyboard a phone opens."""
        return KEYBOARDS.get(self.field.sort, "")

    @property
    def said_by(self) -> str:
        """The ids of what describes it."""
        ids = ("e", self.fault), ("h", self.field.hint), ("n", self.now)
        return " ".join(f"{letter}-{self.field.name}" for letter, words in ids if words)


@dataclass
class Form:
    """The fields, what was typed (None before anybody typed), and the one fault with the field that it is about."""

    parts: tuple[Part, ...]
    typed: QueryDict | None = None
    fault: str = ""
    at: str = ""
    meanwhile: Mapping[str, str] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Field]:
        for part in self.parts:
            for one in part.parts if isinstance(part, Fold) else (part,):
                yield from one if isinstance(one, tuple) else (one,)

    def read(self) -> dict[str, Any]:
        """Every field's value in its sort. Refuses `input.bad`, saying `at` which field."""
        return {one.name: self._value(one) for one in self}

    def _value(self, one: Field) -> Any:
        typed = self.typed if self.typed is not None else QueryDict()
        if one.sort == "many":
            known = {value for value, _words in one.options}
            return [value for value in typed.getlist(one.name) if value in known]
        if one.sort == "yes":
            return typed.get(one.name) == "yes"
        text = typed.get(one.name, "").strip()
        if not text and one.needed:
            raise bad(one.name, one.label, _("请填写。"))
        return READERS[one.sort](one, text) if text else EMPTY.get(one.sort, "")

    def refuse(self, refused: Refused, language: str, where: Mapping[str, str] | None = None) -> int:
        """Keep the sentence and the field that it is about; answers the status. `absent` goes on as it is."""
        if refused.code == "absent":
            raise refused
        names = {one.name for one in self}
        at = str(refused.data.get("at") or (where or {}).get(refused.code) or refused.data.get("field") or "")
        self.at = at if at in names else ""
        plain = self.at and refused.code == "input.bad"
        self.fault = str(refused.data.get("reason", "")) if plain else say(refused, language)
        return status_of(refused)

    @property
    def above(self) -> str:
        """The sentence for the whole form: one that is about no field of it."""
        return self.fault if not self.at else ""

    @property
    def rows(self) -> list[dict[str, Any]]:
        """What the page goes through: one field, two beside each other, or a fold of those."""
        return [self._row(part) for part in self.parts]

    def _row(self, part: Part) -> dict[str, Any]:
        if isinstance(part, Fold):
            rows = [self._row(one) for one in part.parts]
            inside = [shown for row in rows for shown in row["shown"]]
            told = any(
                s.fault or s.now or (self.typed is not None and s.value != str(s.field.start)) for s in inside
            )
            return {"fold": part.title, "rows": rows, "open": told, "shown": inside}
        return {"shown": [self._shown(one) for one in (part if isinstance(part, tuple) else (part,))]}

    def _shown(self, one: Field) -> Shown:
        typed = self.typed
        if typed is None:
            picked = frozenset(one.start) if one.sort == "many" else frozenset({str(one.start)})
            value = "" if one.sort == "many" else str(one.start)
        else:
            picked, value = frozenset(typed.getlist(one.name)), typed.get(one.name, "")
        now = self.meanwhile.get(one.name, "")
        return Shown(
            one, value, picked, self.fault if self.at == one.name else "", now if now != value else ""
        )


def bad(name: str, label: str, reason: str) -> Refused:
    """What is wrong with one field."""
    return Refused("input.bad", field=label, reason=reason, at=name)


def version_in(typed: Mapping[str, Any]) -> int:
    """The version that the form was opened with; one that never fits where there is none."""
    text = str(typed.get("version", ""))
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1


def once_in(typed: Mapping[str, Any]) -> str:
    """What makes a form that is sent twice count once. Refuses `input.bad` without it."""
    key = str(typed.get("key", ""))
    if not (key.isascii() and key.isalnum()) or len(key) > KEY_MOST:
        raise Refused("input.bad", field=_("表单"), reason=_("请刷新页面再试。"))
    return key


def at(day: date, hour: time, zone: str) -> datetime:
    """Day and hour on a store's own clock."""
    return datetime.combine(day, hour, tzinfo=ZoneInfo(zone))


def _text(one: Field, text: str) -> str:
    if one.most and len(text) > one.most:
        raise bad(one.name, one.label, _("最多 {most} 个字。").format(most=one.most))
    return text


def _day(one: Field, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise bad(one.name, one.label, _("请选日期和几点。")) from None


def _time(one: Field, text: str) -> time:
    try:
        return time.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        raise bad(one.name, one.label, _("请选日期和几点。")) from None


def _number(one: Field, text: str) -> int:
    most = one.most or 100_000
    if not (text.isascii() and text.isdecimal() and len(text) < 12) or not one.least <= int(text) <= most:
        raise bad(
            one.name, one.label, _("请填 {least} 到 {most} 的整数。").format(least=one.least, most=most)
        )
    return int(text)


def _money(one: Field, text: str) -> int:
    try:
        fen = int(money.parse(text))
    except ValueError:
        fen = -1
    if not one.least <= fen <= (one.most or MOST_FEN):
        raise bad(one.name, one.label, _("请填金额，如 39 或 39.50。"))
    return fen


def _choice(one: Field, text: str) -> str:
    if text not in {value for value, _words in one.options}:
        raise bad(one.name, one.label, _("请选一项。"))
    return text


READERS: dict[str, Any] = {
    "text": _text, "long": _text, "url": _text, "day": _day, "time": _time, "number": _number, "money": _money, "choice": _choice,
}  # fmt: skip
EMPTY: dict[str, Any] = {"day": None, "time": None, "number": None, "money": 0}
