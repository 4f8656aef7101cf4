"""What a version of a kit says: its shape, its paths, its hash, its planned cost."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tongxin.foundation.errors import Refused
from tongxin.kits.terms import COPY_MOST, EMOJI_MOST, FIELDS, FIRST_DAY, LAST_DAY, Allow, To

Value = str | int
Content = dict[str, Any]


@dataclass(frozen=True)
class Field:
    """One field of a part: its name, its kind of value, its words, and how long or large it may be."""

    name: str
    kind: type
    zh: str
    en: str
    most: int = 200
    needed: bool = True


# What a kit says of itself, field by field.
PLAIN: tuple[Field, ...] = (
    Field("title", str, "名称", "name", 40),
    Field("summary", str, "一句话介绍", "in one sentence", 300),
    Field("kind", str, "性质", "nature", 12),
    Field("format", str, "形式", "format", 24),
    Field("start_time", str, "开始时间", "begins at", 5),
    Field("minutes", int, "时长（分钟）", "minutes", 60 * 24),
    Field("places", int, "名额", "places", 5000),
    Field("party_most", int, "每组最多人数", "largest party", 8),
    Field("age_from", int, "年龄从", "from age", 120),
    Field("age_to", int, "年龄到", "to age", 120),
    Field("fee_fen", int, "材料费", "fee", 10_000_00),
    Field("voucher_fen", int, "到场返券", "voucher for coming", 10_000_00),
    Field("budget_fen", int, "单场预算", "budget of one event", 1_000_000_00),
    Field("allergens", str, "过敏原", "allergens", 200, needed=False),
)
# Its parts: lists whose rows have a key, so that a field keeps its path when rows move.
PARTS: dict[str, tuple[tuple[str, str], tuple[Field, ...]]] = {
    "outline": (
        ("流程", "outline"),
        (
            Field("title", str, "环节", "step", 40),
            Field("minutes", int, "分钟", "minutes", 600),
            Field("note", str, "说明", "note", 200, needed=False),
        ),
    ),
    "materials": (
        ("物料", "materials"),
        (
            Field("name", str, "物料", "materials", 40),
            Field("unit", str, "单位", "unit", 8),
            Field("per_place", int, "每席用量", "per place", 100_000),
            Field("fixed", int, "固定用量", "fixed", 100_000),
            Field("pack", int, "每份含量", "in a pack", 100_000),
            Field("pack_fen", int, "每份单价", "price of a pack", 100_000_00),
            Field("allergens", str, "过敏原", "allergens", 60, needed=False),
        ),
    ),
    "poster": (
        ("海报", "poster"),
        (
            Field("template", str, "模板", "template", 24),
            Field("title", str, "标题", "title", 24),
            Field("line", str, "副题", "line", 40),
        ),
    ),
    "warmup": (
        ("预热文案", "warm-up copy"),
        (
            Field("title", str, "名称", "name", 12),
            Field("day", int, "第几天", "day", LAST_DAY),
            Field("time", str, "时间", "time", 5),
            Field("to", str, "发给谁", "to whom", 12),
            Field("text", str, "文案", "copy", COPY_MOST),
        ),
    ),
    "roles": (
        ("分工", "roles"),
        (
            Field("title", str, "角色", "role", 20),
            Field("count", int, "人数", "people", 50),
            Field("duty", str, "负责", "duty", 200),
        ),
    ),
    "kpis": (
        ("目标", "goals"),
        (
            Field("title", str, "指标", "measure", 30),
            Field("target", int, "目标", "goal", 1_000_000),
            Field("unit", str, "单位", "unit", 8),
        ),
    ),
    "checklist": (
        ("清单", "checklist"),
        (Field("day", int, "第几天", "day", LAST_DAY), Field("title", str, "要做的事", "to do", 60)),
    ),
    "safety": (("安全提示", "safety notes"), (Field("text", str, "提示", "note", 200),)),
}
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
            raise Refused("kits.content", field=str(name)[:40], reason="不认识这一项")
    made: Content = {field.name: _value(raw, field, field.name) for field in PLAIN}
    for part, (_, fields) in PARTS.items():
        made[part] = _rows(part, raw.get(part) or [], fields)
    _sense(made)
    made["allow"] = _allow(made, raw.get("allow") or {})
    return made


def _rows(part: str, rows: Any, fields: Sequence[Field]) -> list[dict[str, Value]]:
    if not isinstance(rows, list):
        raise Refused("kits.content", field=part, reason="要是一列")
    found: list[dict[str, Value]] = []
    for row in rows:
        key = row.get("key") if isinstance(row, Mapping) else None
        if not isinstance(key, str) or not KEY.fullmatch(key):
            raise Refused("kits.content", field=part, reason="每一行要有 key（小写字母开头）")
        if any(one["key"] == key for one in found):
            raise Refused("kits.content", field=f"{part}.{key}", reason="出现了两次")
        extra = set(row) - {"key", *(field.name for field in fields)}
        if extra:
            raise Refused("kits.content", field=f"{part}.{key}.{min(extra)}"[:60], reason="不认识这一项")
        found.append(
            {"key": key, **{field.name: _value(row, field, f"{part}.{key}.{field.name}") for field in fields}}
        )
    return found


def _value(row: Mapping[str, Any], field: Field, path: str) -> Value:
    value: Any = row.get(field.name, 0 if field.kind is int else "")
    if field.kind is int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise Refused("kits.content", field=path, reason="要是数字")
    elif not isinstance(value, str):
        raise Refused("kits.content", field=path, reason="要是文字")
    else:
        value = value.strip()
    if fault := fault_of(path, value):
        raise Refused("kits.content", field=path, reason=fault)
    if field.needed and value == "":
        raise Refused("kits.content", field=path, reason="还没有填")
    made: Value = value
    return made


def field_of(path: str) -> Field | None:
    """The field that a path like `places` or `outline.mix.title` leads to, None for a path of no shape."""
    parts = path.split(".")
    if len(parts) == 1:
        return next((field for field in PLAIN if field.name == path), None)
    if len(parts) != 3 or parts[0] not in PARTS:
        return None
    return next((field for field in PARTS[parts[0]][1] if field.name == parts[2]), None)


def fault_of(path: str, value: Value) -> str:
    """What is wrong with a value at its place, "" when nothing is."""
    field = field_of(path)
    if field is None:
        return "不认识这一项"
    if isinstance(value, int):
        least = FIRST_DAY if field.name in SIGNED else 0
        return "" if least <= value <= field.most else f"要在 {least} 到 {field.most} 之间"
    if UNSPEAKABLE.search(value):
        return "有不能用的字符"
    if len(value) > field.most:
        return f"最多 {field.most} 个字"
    return _fault_of_text(path, field.name, value)


def _fault_of_text(path: str, name: str, value: str) -> str:
    if name in {"time", "start_time"} and not TIME.fullmatch(value):
        return "时间写成 18:30 的样子"
    if name == "time" and not DAYTIME[0] <= value < DAYTIME[1]:
        return f"要在 {DAYTIME[0]}～{DAYTIME[1]} 之间，夜里不打扰"
    if path == "kind" and value not in NATURES:
        return "／".join(NATURES)
    if name == "to" and value not in tuple(To):
        return "／".join(To)
    if path.startswith("warmup.") and name == "text":
        unknown = [one for one in FILLED.findall(value) if one not in FIELDS]
        if unknown or value.count("{") != len(FILLED.findall(value)) or value.count("}") != value.count("{"):
            return f"只能用这些空格：{'、'.join(FIELDS)}"
        if len(EMOJI.findall(value)) > EMOJI_MOST:
            return f"表情最多 {EMOJI_MOST} 个"
    return ""


def _sense(made: Content) -> None:
    """What no single field can tell."""
    for name in ("minutes", "places", "party_most"):
        if made[name] < 1:
            raise Refused("kits.content", field=name, reason="至少是 1")
    if made["age_to"] and made["age_to"] < made["age_from"]:
        raise Refused("kits.content", field="age_to", reason="不能小于起始年龄")
    if not made["outline"]:
        raise Refused("kits.content", field="outline", reason="至少写一个环节")
    if sum(step["minutes"] for step in made["outline"]) > made["minutes"]:
        raise Refused("kits.content", field="outline", reason="各环节加起来超过了总时长")
    if any(row["pack"] < 1 for row in made["materials"]):
        raise Refused("kits.content", field="materials", reason="每份含量至少是 1")
    if len(made["poster"]) > 1:
        raise Refused("kits.content", field="poster", reason="一套模板就够")
    for row in made["warmup"]:
        if row["to"] == To.CAME and row["day"] < 0:
            raise Refused("kits.content", field=f"warmup.{row['key']}.day", reason="活动前还没有人到场")


_RULE_KEYS: dict[str, frozenset[str]] = {
    Allow.LOCKED: frozenset({"rule"}),
    Allow.RANGE: frozenset({"rule", "least", "most", "one_of"}),
    Allow.FREE: frozenset({"rule"}),
}


def _allow(made: Content, raw: Any) -> dict[str, dict[str, Any]]:
    values = flat(made)
    if not isinstance(raw, Mapping):
        raise Refused("kits.content", field="allow", reason="要写成 字段 → 权限")
    found: dict[str, dict[str, Any]] = {}
    for path, rule in sorted(raw.items()):
        if path not in values:
            raise Refused("kits.content", field=f"allow.{path}"[:80], reason="没有这个字段")
        word = rule.get("rule") if isinstance(rule, Mapping) else None
        if not isinstance(word, str) or word not in _RULE_KEYS or set(rule) - _RULE_KEYS[word]:
            raise Refused("kits.content", field=f"allow.{path}"[:80], reason="locked／range／free")
        if word != Allow.LOCKED and (path.startswith(SAFE) or path.endswith((".allergens", ".key"))):
            raise Refused("kits.must_lock", field=label(path, made))
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
            raise Refused("kits.content", field=where, reason="one_of 要列出可选的值")
        ends = [one for one in among if not fault_of(path, one)]
        if len(ends) != len(among) or value not in among:
            raise Refused("kits.content", field=where, reason="总部的值要在可选的值里")
        return
    least, most = rule.get("least"), rule.get("most")
    if isinstance(value, str) and not TIME.fullmatch(value):  # of text, `most` says how long it may be
        if least is not None or not isinstance(most, int) or most < len(value):
            raise Refused("kits.content", field=where, reason="文字的范围写最多几个字（most）")
        return
    if type(least) is not type(value) or type(most) is not type(value):
        raise Refused("kits.content", field=where, reason="范围要写最小和最大（least、most）")
    if not least <= value <= most:
        raise Refused("kits.content", field=where, reason="总部的值要在范围里")


def flat(content: Mapping[str, Any]) -> dict[str, Value]:
    """Every field by its path."""
    found: dict[str, Value] = {field.name: content[field.name] for field in PLAIN}
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
        made[field.name] = values.get(field.name, content[field.name])
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


def label(path: str, content: Mapping[str, Any], *, english: bool = False) -> str:
    """A path as people say it: 名额, 流程「和面」· 分钟."""
    field = field_of(path)
    if field is None:
        return path
    said = field.en if english else field.zh
    parts = path.split(".")
    if len(parts) == 1:
        return said
    row: Mapping[str, Any] = next((one for one in content.get(parts[0], ()) if one["key"] == parts[1]), {})
    name = row.get("title") or row.get("name") or parts[1]
    return (
        f"{PARTS[parts[0]][0][1]} “{name}” · {said}"
        if english
        else f"{PARTS[parts[0]][0][0]}「{name}」· {said}"
    )


def both(path: str, content: Mapping[str, Any]) -> tuple[str, str]:
    """A path as people say it, in both languages."""
    return label(path, content), label(path, content, english=True)


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
    for row in content["poster"]:
        yield f"poster.{row['key']}.title", row["title"]
        yield f"poster.{row['key']}.line", row["line"]
    for row in content["warmup"]:
        yield f"warmup.{row['key']}.text", row["text"]


def is_copy(path: str) -> bool:
    """Do customers read what stands at this path?"""
    part, _, name = path.partition(".")
    return path in {"title", "summary"} or (
        part in {"poster", "warmup"} and name.endswith((".title", ".line", ".text"))
    )
