"""The visible list of measures beside studies; a new one is one module here and one line below.

A module is loaded in the job worker only; it has one function, `tell(found: Extract | None, brief: Brief) -> Told`; a measure from the book
alone or one that does its own reading is given no extract.
"""

from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING

from tongxin.measure.telling import Told

if TYPE_CHECKING:
    from tongxin.measure.extract import Extract


@dataclass(frozen=True)
class Kind:
    """A measure: its name, and the question of daily work that it answers. `from_book`: it is given no tables of a study, since it reads the
    book alone or does its own reading."""

    code: str
    zh: str
    en: str
    asks_zh: str
    asks_en: str
    from_book: bool = False


@dataclass(frozen=True)
class Brief:
    """What a measure is told besides the data: the instant it speaks of, the homes it is about (None = all), the seed of its draws."""

    as_of: datetime
    zone: str
    stores: frozenset[int] | None = None
    seed: int = 20260307


KINDS: dict[str, Kind] = {
    kind.code: kind
    for kind in (
        Kind("forecast", "圈层走势", "rings ahead", "照现在这样，几个月后各圈有多少人？", "As things go, how many will stand where in some months?", from_book=True),
        Kind("power", "能测多准", "what a study could find", "现在登记一项研究，能看出多小的差别？", "If a study were registered now, how small a difference would show?"),
        Kind("value", "会员价值", "customer value", "一位会员接下来值多少？", "What is a member worth from here on?"),
        Kind("ees", "体验权益指数", "experience equity index", "哪家店的会员体验更好，差别站得住吗？", "Which store treats its members better, and does the difference hold?"),
        Kind("segments", "人群", "groups that stand out", "哪些人群特别值得做活动？", "Which groups of customers are worth an event of their own?"),
        Kind("dormancy", "沉睡", "dormancy", "谁该来没来？", "Who should have come by now?"),
        Kind("indices", "社群四指数", "four indices", "哪个社群活得好，好在哪里？", "Which communities thrive, and in what?"),
        Kind("traced", "社群订单", "orders traced to community", "哪些订单能追溯到社群、活动、群或码？", "Which orders are connected with a community, an event, a group or a code?", from_book=True),
        Kind("social", "社群产出", "what the social side brings", "社区之星、KOC 带来多少新客，邻居互答省下多少客服？", "How many customers do Stars and KOC bring, and how much service do peers spare us?", from_book=True),
        Kind("reactivation", "唤醒回报", "return of waking", "好久不见的会员，多叫回来几位、多买了多少？", "How many of the long unseen came back because they were told, and what did they buy?", from_book=True),
        Kind("attribution", "归因", "attribution", "新客是从哪里来的？", "Which way in brought new customers?"),
        Kind("concentration", "集中度", "concentration", "生意是不是靠少数人撑着？", "Does the business rest on a few people?"),
    )
}  # fmt: skip


def tell(code: str, found: "Extract | None", brief: Brief) -> Told:
    """Answer one measure. KeyError for a code that is not in the list."""
    module = import_module(f"tongxin.measure.kinds.{KINDS[code].code}")
    told: Told = module.tell(found, brief)
    return told
