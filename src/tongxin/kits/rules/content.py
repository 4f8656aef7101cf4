"""What a version of a kit says: its shape, its paths, its hash, its planned cost."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tongxin.foundation.errors import Refused
from tongxin.kits.rules import faults
from tongxin.kits.rules.faults import bad
from tongxin.kits.rules.links import is_link
from tongxin.kits.rules.naming import PARTS, PLAIN, Field, both, field_of, plain_value
from tongxin.kits.terms import EMOJI_MOST, FIELDS, FIRST_DAY, Allow, To

Value = str | int
Content = dict[str, Any]


KEY = re.compile(r"[a-z][a-z0-9_]{0,23}")
TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
FILLED = re.compile(r"\{([^{}]*)\}")
# PostgreSQL keeps no NUL; other control letters, and halves of characters, have no business in a kit.
UNSPEAKABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
# Pictures in running text: symbols and pictographs beyond letters and ordinary punctuation.
EMOJI = re.compile("[\u2600-\u27bf\U0001f000-\U0001faff]")
NATURES = ("brand_event", "ritual")  # what events call them
DAYTIME = ("08:30", "21:30")
# Where a day may lie before the event; every other number starts at nothing.
SIGNED = frozenset({"day"})
# What keeps people safe is never the store's to change.
SAFE = ("safety.", "allergens", "age_from", "age_to")


def checked(raw: Mapping[str, Any]) -> Content:
    """The content in one form, complete and in a fixed order. Refuses `kits.content` with the field and what is wrong,
    `kits.must_lock`."""
    known = {field.name for field in PLAIN} | set(PARTS) | {"allow"}
    for name in raw:
        if name not in known:
            raise bad(str(name)[:40], faults.UNKNOWN)
    made: Content = {field.name: _value(raw, field, field.name) for field in PLAIN}
    for part, (_, fields) in PARTS.items():
        made[part] = _rows(part, raw.get(part) or [], fields)
    _sense(made)
    made["allow"] = _allow(made, raw.get("allow") or {})
    return made


def _rows(part: str, rows: Any, fields: Sequence[Field]) -> list[dict[str, Value]]:
    if not isinstance(rows, list):
        raise bad(part, faults.A_LIST)
    found: list[dict[str, Value]] = []
    for row in rows:
        key = row.get("key") if isinstance(row, Mapping) else None
        if not isinstance(key, str) or not KEY.fullmatch(key):
            raise bad(part, faults.NEEDS_KEY)
        if any(one["key"] == key for one in found):
            raise bad(f"{part}.{key}", faults.TWICE)
        extra = set(row) - {"key", *(field.name for field in fields)}
        if extra:
            raise bad(f"{part}.{key}.{min(extra)}"[:60], faults.UNKNOWN)
        found.append(
            {"key": key, **{field.name: _value(row, field, f"{part}.{key}.{field.name}") for field in fields}}
        )
    return found


def _value(row: Mapping[str, Any], field: Field, path: str) -> Value:
    value: Any = row.get(field.name, 0 if field.kind is int else "")
    if field.kind is int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise bad(path, faults.A_NUMBER)
    elif not isinstance(value, str):
        raise bad(path, faults.A_TEXT)
    else:
        value = value.strip()
    if fault := fault_of(path, value):
        raise bad(path, fault)
    if field.needed and value == "":
        raise bad(path, faults.EMPTY)
    made: Value = value
    return made


def fault_of(path: str, value: Value) -> faults.Words | None:
    """What is wrong with a value at its place, in both languages, None when nothing is."""
    field = field_of(path)
    if field is None:
        return faults.UNKNOWN
    if isinstance(value, int):
        least = FIRST_DAY if field.name in SIGNED else 0
        return None if least <= value <= field.most else faults.between(least, field.most)
    if UNSPEAKABLE.search(value):
        return faults.BAD_LETTERS
    if len(value) > field.most:
        return faults.at_most(field.most)
    return _fault_of_text(path, field.name, value)


def _fault_of_text(path: str, name: str, value: str) -> faults.Words | None:
    if name in {"time", "start_time"} and not TIME.fullmatch(value):
        return faults.A_TIME
    if name == "time" and not DAYTIME[0] <= value < DAYTIME[1]:
        return faults.by_day(*DAYTIME)
    if path == "kind" and value not in NATURES:
        return faults.among(NATURES)
    if name == "group_url" and value and not is_link(value):
        return faults.A_LINK
    if name == "to" and value not in tuple(To):
        return faults.among(tuple(To))
    if path.startswith("warmup.") and name == "text":
        unknown = [one for one in FILLED.findall(value) if one not in FIELDS]
        if unknown or value.count("{") != len(FILLED.findall(value)) or value.count("}") != value.count("{"):
            return faults.blanks(tuple(FIELDS))
        if len(EMOJI.findall(value)) > EMOJI_MOST:
            return faults.emoji(EMOJI_MOST)
    return None


def _sense(made: Content) -> None:
    """What no single field can tell."""
    for name in ("minutes", "places", "party_most"):
        if made[name] < 1:
            raise bad(name, faults.AT_LEAST_ONE)
    if made["age_to"] and made["age_to"] < made["age_from"]:
        raise bad("age_to", faults.AGES)
    if made["group_url"] and not made["group_text"]:
        raise bad("group_text", faults.EMPTY)
    if not made["outline"]:
        raise bad("outline", faults.NO_STEP)
    if sum(step["minutes"] for step in made["outline"]) > made["minutes"]:
        raise bad("outline", faults.TOO_LONG_STEPS)
    if any(row["pack"] < 1 for row in made["materials"]):
        raise bad("materials", faults.PACK)
    if len(made["poster"]) > 1:
        raise bad("poster", faults.ONE_POSTER)
    for row in made["warmup"]:
        if row["to"] == To.CAME and row["day"] < 0:
            raise bad(f"warmup.{row['key']}.day", faults.NOBODY_CAME)


_RULE_KEYS: dict[str, frozenset[str]] = {
    Allow.LOCKED: frozenset({"rule"}),
    Allow.RANGE: frozenset({"rule", "least", "most", "one_of"}),
    Allow.FREE: frozenset({"rule"}),
}


def _allow(made: Content, raw: Any) -> dict[str, dict[str, Any]]:
    values = flat(made)
    if not isinstance(raw, Mapping):
        raise bad("allow", faults.A_TABLE)
    found: dict[str, dict[str, Any]] = {}
    for path, rule in sorted(raw.items()):
        if path not in values:
            raise bad(f"allow.{path}"[:80], faults.NO_FIELD)
        word = rule.get("rule") if isinstance(rule, Mapping) else None
        if not isinstance(word, str) or word not in _RULE_KEYS or set(rule) - _RULE_KEYS[word]:
            raise bad(f"allow.{path}"[:80], faults.RULES)
        if word != Allow.LOCKED and (path.startswith(SAFE) or path.endswith((".allergens", ".key"))):
            zh, en = both(path, made)
            raise Refused("kits.must_lock", field=zh, field_en=en, path=path)
        _bounds(path, rule, values[path])
        if word != Allow.LOCKED:
            found[path] = dict(rule)
    return found


def _bounds(path: str, rule: Mapping[str, Any], value: Value) -> None:
    if rule["rule"] != Allow.RANGE:
        return
    where = f"allow.{path}"[:80]
    among = rule.get("one_of")
    if among is not None:
        if not isinstance(among, list) or not among or any(type(one) is not type(value) for one in among):
            raise bad(where, faults.ONE_OF)
        ends = [one for one in among if not fault_of(path, one)]
        if len(ends) != len(among) or value not in among:
            raise bad(where, faults.NOT_AMONG)
        return
    least, most = rule.get("least"), rule.get("most")
    if isinstance(value, str) and not TIME.fullmatch(value):  # of text, `most` says how long it may be
        if least is not None or not isinstance(most, int) or most < len(value):
            raise bad(where, faults.TEXT_RANGE)
        return
    if type(least) is not type(value) or type(most) is not type(value):
        raise bad(where, faults.ENDS)
    if not least <= value <= most:
        raise bad(where, faults.NOT_INSIDE)


def flat(content: Mapping[str, Any]) -> dict[str, Value]:
    """Every field by its path."""
    found: dict[str, Value] = {field.name: plain_value(content, field) for field in PLAIN}
    found.update(_part_fields(content))
    return found


def _part_fields(content: Mapping[str, Any]) -> Iterator[tuple[str, Value]]:
    for part, (_, fields) in PARTS.items():
        for row in content[part]:
            for field in fields:
                yield f"{part}.{row['key']}.{field.name}", row[field.name]


def put(content: Mapping[str, Any], values: Mapping[str, Value]) -> Content:
    """The content with other values at these paths. Paths that it has not are passed over."""
    made: Content = {**content}
    for field in PLAIN:
        made[field.name] = values.get(field.name, plain_value(content, field))
    for part, (_, fields) in PARTS.items():
        made[part] = [
            {"key": row["key"]}
            | {
                field.name: values.get(f"{part}.{row['key']}.{field.name}", row[field.name])
                for field in fields
            }
            for row in content[part]
        ]
    return made


def fingerprint(content: Mapping[str, Any]) -> str:
    """sha256 of the content in its one form."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


@dataclass(frozen=True)
class Cost:
    """What one material comes to for so many places."""

    key: str
    name: str
    unit: str
    quantity: int
    fen: int


def planned(content: Mapping[str, Any], *, places: int | None = None) -> tuple[Cost, ...]:
    """The bill of materials for the kit's own or another number of places, in fen, halves rounded up."""
    many = content["places"] if places is None else places
    found = []
    for row in content["materials"]:
        quantity = row["per_place"] * many + row["fixed"]
        fen = (2 * quantity * row["pack_fen"] + row["pack"]) // (2 * row["pack"])
        found.append(Cost(row["key"], row["name"], row["unit"], quantity, fen))
    return tuple(found)


def copy_of(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every text that customers read, with its path: what the linter of advertising law looks at."""
    yield "title", content["title"]
    yield "summary", content["summary"]
    yield "group_text", content.get("group_text", "")
    for row in content["poster"]:
        yield f"poster.{row['key']}.title", row["title"]
        yield f"poster.{row['key']}.line", row["line"]
    for row in content["warmup"]:
        yield f"warmup.{row['key']}.text", row["text"]


def is_copy(path: str) -> bool:
    """Do customers read what stands at this path?"""
    part, _, name = path.partition(".")
    return path in {"title", "summary", "group_text"} or (
        part in {"poster", "warmup"} and name.endswith((".title", ".line", ".text"))
    )
