"""The forms of a kit: a part of its content as fields to type into, and back. Shape only; what a kit may say its rules know."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tongxin.foundation import money
from tongxin.foundation.errors import Refused
from tongxin.kits.rules.content import Content, flat
from tongxin.kits.rules.naming import PARTS, PLAIN, Field, label, plain_value
from tongxin.kits.terms import ALLOW_LABELS, TO_LABELS, Allow

# A kit to begin with: whole, and with nothing in it that somebody would have to take out.
BLANK: Content = {
    "summary": "写一句：谁来、做什么、带走什么。",
    "kind": "brand_event",
    "format": "class",
    "start_time": "10:00",
    "minutes": 60,
    "places": 12,
    "party_most": 1,
    "outline": [{"key": "begin", "title": "开场", "minutes": 10, "note": ""}],
}
LONG = frozenset({"summary", "text", "note", "duty"})
NEW = "new"
CHOICES: dict[str, tuple[tuple[str, tuple[str, str]], ...]] = {
    "to": tuple((str(word), said) for word, said in TO_LABELS.items()),
    "kind": (("ritual", ("社区仪式", "community ritual")), ("brand_event", ("品牌活动", "brand event"))),
}


@dataclass(frozen=True)
class Cell:
    """One field to type into."""

    name: str
    words: tuple[str, str]
    value: str
    long: bool
    most: int
    number: bool
    options: tuple[tuple[str, tuple[str, str]], ...] = ()
    now: str = ""  # what stands there, when something else was typed and not kept


@dataclass(frozen=True)
class RowForm:
    """One row of a part; `key` is empty for the row that is not there yet."""

    key: str
    title: str
    cells: tuple[Cell, ...]


def english() -> bool:
    """In which language is this page?"""
    return (get_language() or "zh").startswith("en")


def typed(field: Field, value: Any) -> str:
    """A value as it stands in an input: money in yuan."""
    return money.plain(value) if field.name.endswith("_fen") else str(value)


def _cell(name: str, field: Field, value: Any) -> Cell:
    options = CHOICES.get(field.name, ())
    shown = "" if value is None else typed(field, value)
    return Cell(name, (field.zh, field.en), shown, field.name in LONG, field.most, field.kind is int, options)


def plain_cells(content: Mapping[str, Any], sent: Mapping[str, str]) -> list[Cell]:
    """The plain fields."""
    return [_sent(_cell(field.name, field, plain_value(content, field)), sent) for field in PLAIN]


def part_rows(content: Mapping[str, Any], part: str, sent: Mapping[str, str]) -> list[RowForm]:
    """The rows of a part, and an empty one at the end."""
    fields = PARTS[part][1]
    rows = [
        RowForm(
            row["key"],
            str(row.get("title") or row.get("name") or row.get("text") or row["key"]),
            tuple(_sent(_cell(f"{row['key']}.{f.name}", f, row[f.name]), sent) for f in fields),
        )
        for row in content[part]
    ]
    return [*rows, RowForm("", "", tuple(_sent(_cell(f"{NEW}.{f.name}", f, None), sent) for f in fields))]


def _sent(cell: Cell, sent: Mapping[str, str]) -> Cell:
    if cell.name not in sent:
        return cell
    said = sent[cell.name]
    return replace(cell, value=said, now="" if said.replace("\r\n", "\n") == cell.value else cell.value)


def changed(content: Mapping[str, Any], part: str, form: Mapping[str, str]) -> Content:
    """The content with one part as it was typed. Refuses `input.bad` with the field."""
    made: Content = {**content, "allow": dict(content["allow"])}
    if part == "plain":
        made.update({field.name: _read(form, field.name, field) for field in PLAIN})
    elif part == "allow":
        made["allow"] = _allow(content, form)
    elif part in PARTS:
        made[part] = _rows(content, part, form)
        paths = flat(made)
        made["allow"] = {path: rule for path, rule in made["allow"].items() if path in paths}
    else:
        raise Refused("input.bad", field="part", reason="plain, allow, " + ", ".join(PARTS))
    return made


def _rows(content: Mapping[str, Any], part: str, form: Mapping[str, str]) -> list[dict[str, Any]]:
    fields = PARTS[part][1]
    rows = [
        {"key": row["key"]} | {f.name: _read(form, f"{row['key']}.{f.name}", f) for f in fields}
        for row in content[part]
        if form.get(f"{row['key']}.gone") != "yes"
    ]
    if str(form.get(f"{NEW}.{fields[-1].name if part == 'checklist' else fields[0].name}", "")).strip():
        names = {row["key"] for row in content[part]}
        key = next(f"{part[:8]}{n}" for n in range(1, 1000) if f"{part[:8]}{n}" not in names)
        rows.append({"key": key} | {f.name: _read(form, f"{NEW}.{f.name}", f) for f in fields})
    return rows


def _read(form: Mapping[str, str], name: str, field: Field) -> Any:
    said = str(form.get(name, "")).replace("\r\n", "\n").strip()
    if field.kind is str:
        return said
    try:
        return money.parse(said or "0") if field.name.endswith("_fen") else int(said or 0)
    except (ValueError, Refused):
        raise Refused("input.bad", field=field.en if english() else field.zh, reason=_("要填数字")) from None


@dataclass(frozen=True)
class AllowRow:
    """What a store may do with one field."""

    path: str
    words: str
    rule: Allow
    least: str
    most: str
    one_of: str

    @property
    def money(self) -> bool:
        """Are its ends sums?"""
        return self.path.endswith("_fen")

    @property
    def said(self) -> tuple[str, str]:
        """The rule in words."""
        return ALLOW_LABELS[self.rule]


def allow_rows(content: Mapping[str, Any]) -> list[AllowRow]:
    """Every field that is not locked."""
    return [
        AllowRow(
            path,
            label(path, content, english=english()),
            Allow(rule["rule"]),
            _end(path, rule.get("least")),
            _end(path, rule.get("most")),
            "、".join(_end(path, one) for one in rule.get("one_of") or ()),
        )
        for path, rule in content["allow"].items()
    ]


def _end(path: str, value: Any) -> str:
    """An end of a range as it is typed: money in yuan."""
    return "" if value is None else money.plain(value) if path.endswith("_fen") else str(value)


def lockable(content: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Every field that could be opened to the stores: its path and its words."""
    return [
        (path, label(path, content, english=english()))
        for path in flat(content)
        if path not in content["allow"] and not path.startswith(("safety.", "allergens", "age_"))
    ]


def _allow(content: Mapping[str, Any], form: Mapping[str, str]) -> dict[str, Any]:
    values = flat(content)
    found = {
        path: _rule(form, path, path, values[path])
        for path in content["allow"]
        if form.get(f"{path}.rule", Allow.LOCKED) != Allow.LOCKED
    }
    added = str(form.get(f"{NEW}.path", ""))
    if added in values:
        found[added] = _rule(form, NEW, added, values[added])
    return found


def _rule(form: Mapping[str, str], name: str, path: str, value: Any) -> dict[str, Any]:
    if form.get(f"{name}.rule") == Allow.FREE:
        return {"rule": "free"}
    among = [
        one.strip()
        for one in str(form.get(f"{name}.one_of", "")).replace("，", "、").split("、")
        if one.strip()
    ]
    if among:
        return {"rule": "range", "one_of": [_like(value, one, path) for one in among]}
    ends = {end: str(form.get(f"{name}.{end}", "")).strip() for end in ("least", "most")}
    text = isinstance(value, str) and not ends["least"]
    return {"rule": "range"} | {
        end: int(said) if text and said.isdecimal() else _like(value, said, path)
        for end, said in ends.items()
        if said
    }


def _like(value: Any, said: str, path: str) -> Any:
    if not isinstance(value, int):
        return said
    try:
        return money.parse(said or "0") if path.endswith("_fen") else int(said)
    except (ValueError, Refused):
        raise Refused("input.bad", field=_("范围"), reason=_("要填数字")) from None


def overrides_of(content: Mapping[str, Any], form: Mapping[str, str]) -> dict[str, Any]:
    """What a store typed for the fields that it may change, only where it differs. Refuses `input.bad`."""
    values = flat(content)
    found: dict[str, Any] = {}
    for path in content["allow"]:
        if path not in form or path == "start_time":
            continue
        said = str(form[path]).replace("\r\n", "\n").strip()
        value = _like(values[path], said, path)
        if value != values[path]:
            found[path] = value
    return found


@dataclass(frozen=True)
class OwnCell:
    """A field that a store may change: what headquarters says, what it may be, what the store has."""

    path: str
    words: str
    parent: str
    value: str
    range: str
    long: bool
    number: bool


def own_cells(content: Mapping[str, Any], own: Mapping[str, Any], sent: Mapping[str, str]) -> list[OwnCell]:
    """The fields that a store may change, in the kit's order; the hour is not among them, it changes by moving the event."""
    found = []
    for path, value in flat(content).items():
        rule = content["allow"].get(path)
        if rule is None or path == "start_time":
            continue
        yuan = path.endswith("_fen")
        mine = sent.get(path, money.plain(own.get(path, value)) if yuan else str(own.get(path, value)))
        among = "／".join(str(one) for one in rule.get("one_of") or ())
        ends = [rule[end] for end in ("least", "most") if end in rule]
        span = "～".join(money.plain(end) if yuan else str(end) for end in ends)
        text = isinstance(value, str)
        if text and len(ends) == 1:
            span = _("最多 {n} 个字").format(n=ends[0])
        found.append(
            OwnCell(
                path,
                label(path, content, english=english()),
                money.plain(int(value)) if yuan else str(value),
                mine,
                among or span,
                text and len(str(value)) > 24,
                not text and not yuan,
            )
        )
    return found


__all__ = [
    "BLANK",
    "allow_rows",
    "changed",
    "lockable",
    "overrides_of",
    "own_cells",
    "part_rows",
    "plain_cells",
]
