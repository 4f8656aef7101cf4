"""The vocabulary of rules: what may be asked about somebody, in which windows, and what may never be asked."""

from dataclasses import dataclass
from enum import StrEnum

WINDOWS = (7, 28, 56, 91, 182, 365)
MOST_TESTS = 40
LONGEST_RULE = 2000


class Shape(StrEnum):
    """What a field answers: a number, a yes or no, or one name out of several."""

    NUMBER = "number"
    FLAG = "flag"
    NAME = "name"


@dataclass(frozen=True)
class Field:
    """One thing that may be asked. `args` names what stands in brackets: a window, or a name and a window."""

    code: str
    zh: str
    en: str
    shape: Shape
    args: tuple[str, ...]
    hint_zh: str
    hint_en: str


FIELDS: tuple[Field, ...] = (
    Field("days", "天数", "days", Shape.NUMBER, ("window",), "活跃的天数", "active days"),
    Field("checkins", "到场", "checkins", Shape.NUMBER, ("window",), "签到次数", "check-ins"),
    Field("did", "做过", "did", Shape.NUMBER, ("deed", "window"), "做过某件事的次数", "times that something was done"),
    Field("silent", "没来", "silent", Shape.NUMBER, (), "多少天没有任何动静", "days without any sign"),
    Field("orders", "购买", "orders", Shape.NUMBER, ("window",), "买过几单", "orders"),
    Field("spent", "消费", "spent", Shape.NUMBER, ("window",), "花了多少元（扣除退款）", "yuan spent, refunds taken off"),
    Field("bought", "品类", "bought", Shape.NUMBER, ("category", "window"), "买过某品类几单", "orders with a category"),
    Field("tenure", "入会", "tenure", Shape.NUMBER, (), "入会多少天", "days since joining"),
    Field("paid", "付费会员", "paid", Shape.FLAG, (), "是付费会员", "has a paid membership"),
    Field("consent", "同意", "consent", Shape.FLAG, ("purpose",), "同意某个用途", "agreed to a purpose"),
    Field("ring", "圈层", "ring", Shape.NAME, (), "所在圈层", "ring"),
    Field("store", "门店", "store", Shape.NAME, (), "常去门店（门店编号）", "home store, by its code"),
    Field("community", "社群", "community", Shape.NAME, (), "在某个社群里", "member of a community"),
)  # fmt: skip
BY_WORD: dict[str, Field] = {word: field for field in FIELDS for word in (field.zh, field.en)}

RINGS = {
    "外环": "outer",
    "中环": "middle",
    "内环": "inner",
    "outer": "outer",
    "middle": "middle",
    "inner": "inner",
}
RING_ZH = {"outer": "外环", "middle": "中环", "inner": "内环"}

AND = {"且", "and"}
OR = {"或", "or"}
NOT = {"非", "not"}
IN = {"属于", "in"}
NOT_IN = {"不属于"}
OPS = {
    ">=": ">=",
    "≥": ">=",
    "<=": "<=",
    "≤": "<=",
    ">": ">",
    "<": "<",
    "=": "=",
    "==": "=",
    "!=": "!=",
    "≠": "!=",
}

# Whatever speaks of a child is refused: children are companions of a guardian and never looked for (PIPL 31).
CHILD = (
    "孩",
    "童",
    "宝宝",
    "娃",
    "子女",
    "儿子",
    "女儿",
    "婴",
    "幼",
    "月龄",
    "年龄",
    "岁",
    "生日",
    "同行",
    "学校",
    "班级",
)
CHILD_EN = (
    "child", "children", "kid", "kids", "baby", "babies", "toddler", "infant", "companion", "companions", "son", "daughter",
    "age", "birthday", "birth", "birth_year", "school",
)  # fmt: skip


def of_a_child(word: str) -> bool:
    """Does a name speak of a child, or of an age?"""
    low = word.lower()
    return any(part in word for part in CHILD) or any(
        part in CHILD_EN for part in low.replace("-", "_").split("_")
    )
