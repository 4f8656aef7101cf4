"""The fields of a kit and what people call them: every path like `places` or `outline.mix.title` has words in both languages."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tongxin.kits.terms import COPY_MOST, LAST_DAY


@dataclass(frozen=True)
class Field:
    """One field of a part: its name, its kind of value, its words, and how long or large it may be."""

    name: str
    kind: type
    zh: str
    en: str
    most: int = 200
    needed: bool = True


# What a path names that is no field of the content.
WHOLE: dict[str, tuple[str, str]] = {
    "allow": ("门店能改什么", "what stores may change"),
    "code": ("代号", "code"),
    "word": ("哪个词", "word"),
    "theme": ("主题", "theme"),
}
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
    Field("group_text", str, "活动后的群，一句话", "group afterwards, in a sentence", 120, needed=False),
    Field("group_url", str, "群链接", "link of the group", 300, needed=False),
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


def plain_value(content: Mapping[str, Any], field: Field) -> Any:
    """What a content says at a plain field; nothing, where it was released before there was such a field."""
    return content.get(field.name, 0 if field.kind is int else "")


def field_of(path: str) -> Field | None:
    """The field that a path like `places` or `outline.mix.title` leads to, None for a path of no shape."""
    parts = path.split(".")
    if len(parts) == 1:
        return next((field for field in PLAIN if field.name == path), None)
    if len(parts) != 3 or parts[0] not in PARTS:
        return None
    return next((field for field in PARTS[parts[0]][1] if field.name == parts[2]), None)


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


def path_words(path: str, content: Mapping[str, Any]) -> tuple[str, str]:
    """The words of any path that a fault can name: a field, a part, one of its rows, or what a store may do with a field."""
    if path.startswith("allow."):
        zh, en = both(path.removeprefix("allow."), content)
        return f"{zh}（权限）", f"{en} (what stores may do)"
    if path in WHOLE:
        return WHOLE[path]
    part, _, key = path.partition(".")
    if part in PARTS and "." not in key:
        (zh, en), _fields = PARTS[part]
        return (f"{zh}「{key}」", f"{en} “{key}”") if key else (zh, en)
    return both(path, content)


def told(path: str, value: Any) -> Any:
    """A value for the data of a refusal: money in yuan, the rest as it stands."""
    if path.endswith("_fen") and isinstance(value, int):
        yuan, rest = divmod(value, 100)
        return f"¥{yuan}" if not rest else f"¥{yuan}.{rest:02d}"
    return value


def spoken(path: str, value: Any) -> str:
    """A value as people say it."""
    return str(told(path, value))
