"""Words of the champion's day: answers of the health check, reasons to invite somebody, who may do what."""

from enum import StrEnum

from tongxin.foundation.access import SYSTEM
from tongxin.foundation.errors import Sentence
from tongxin.stores.terms import Role


class CheckWord(StrEnum):
    """What a champion says to an item of the daily health check 每日体验健康检查."""

    YES = "yes"
    NO = "no"
    NOT_TODAY = "not_today"


ANSWER_LABELS: dict[CheckWord, tuple[str, str]] = {
    CheckWord.YES: ("做到了", "yes"),
    CheckWord.NO: ("没做到", "no"),
    CheckWord.NOT_TODAY: ("今天不适用", "not today"),
}


class DayState(StrEnum):
    """A business day of a store as its check shows it."""

    DONE = "done"
    PARTLY = "partly"
    SKIPPED = "skipped"
    OPEN = "open"


DAY_LABELS: dict[DayState, tuple[str, str]] = {
    DayState.DONE: ("做完了", "done"),
    DayState.PARTLY: ("做了一部分", "partly done"),
    DayState.SKIPPED: ("没有做", "skipped"),
    DayState.OPEN: ("今天还没做", "open today"),
}


class InviteReason(StrEnum):
    """Why somebody is worth an invitation today. In the order in which they take turns."""

    MISSED = "missed"
    STEP = "step"
    NEW = "new"


WHY_SAID: dict[InviteReason, tuple[str, str]] = {
    InviteReason.MISSED: (
        "来过 {times} 次，平常约 {every} 天来一次，这次 {since} 天没见了。",
        "Came {times} times, about every {every} days; not seen for {since} days.",
    ),
    InviteReason.STEP: ("{said_zh}", "{said_en}"),
    InviteReason.NEW: (
        "{since} 天前成为会员，还没参加过活动。",
        "A member for {since} days who has not come to an event yet.",
    ),
}


class Outcome(StrEnum):
    """What became of an invitation that was suggested."""

    OPEN = ""
    INVITED = "invited"
    NOT_NOW = "not_now"


OUTCOME_LABELS: dict[Outcome, tuple[str, str]] = {
    Outcome.OPEN: ("待邀请", "to invite"),
    Outcome.INVITED: ("邀请了", "invited"),
    Outcome.NOT_NOW: ("先不打扰", "not now"),
}

ITEMS_MOST = 5  # an answer within a minute: five items and one tap to send are six taps
ITEM_LONGEST = 40
SENTENCE_LONGEST = 200
SHOWN_DAYS = 14
PHOTO = "daily_check"  # what a picture is kept for

INVITES_MOST = 3
KEPT_DAYS = 365  # whom to invite, and why; photos a quarter
PHOTO_DAYS = 91
QUIET_DAYS = 28  # nobody is suggested twice within four weeks
LIKE_LEAST = 3  # so few stores would be seen through their median

# Items that every brand starts with: the two of the source text.
SHIPPED: tuple[tuple[str, str, str], ...] = (
    ("board", "社区告示板是今天的吗？", "Is the community board up to date today?"),
    (
        "invited",
        "有没有邀请至少一位顾客参加本周的活动？",
        "Did we invite at least one customer to this week's event?",
    ),
)

# Who answers for a store, who reads the answers, who writes the list and answers what came back.
CHECKERS: frozenset[str] = frozenset({SYSTEM, Role.STORE_MANAGER, Role.CHAMPION})
READERS: frozenset[str] = CHECKERS | {
    Role.ADMIN,
    Role.HQ_EDITOR,
    Role.HQ_ANALYST,
    Role.AUDITOR,
    Role.REGION_MANAGER,
}
EDITORS: frozenset[str] = frozenset({SYSTEM, Role.ADMIN, Role.HQ_EDITOR})
SETTLERS: frozenset[str] = EDITORS | {Role.REGION_MANAGER}

REFUSALS: dict[str, Sentence] = {
    "champions.items": Sentence(
        "体检清单要有 1～{most} 项，每项 1～{longest} 个字，不重复：{field}",
        "The list takes 1–{most} items of 1–{longest} characters, each once: {field}",
        422,
    ),
    "champions.since": Sentence(
        "新清单最早从明天起生效，今天的已经有门店在做了。",
        "A new list holds from tomorrow at the earliest; stores are answering today's.",
        422,
    ),
    "champions.no_item": Sentence("今天的清单里没有这一项：{item}", "Today's list has no item {item}.", 422),
    "champions.nothing": Sentence("请至少选一项再提交。", "Answer at least one item.", 422),
    "champions.settled": Sentence("这一条已经答复过了。", "This has been answered.", 409),
    "champions.no_concern": Sentence(
        "这一条已经更正，不用答复了。", "This was corrected; it needs no answer.", 409
    ),
    "champions.invite_done": Sentence("这位已经记过了。", "This one has been marked already.", 409),
    "champions.day_over": Sentence(
        "过了今天就不能改了，这一天保持原样。", "The day is over; it stays as it was.", 409
    ),
}

# What the audit trail may say about this room; also the events that webhooks can subscribe to.
ACTS: dict[str, str] = {
    "champions.checked": "完成每日体检",
    "champions.list_published": "发布体检清单",
    "champions.concern_settled": "答复体检反馈",
    "champions.invites_picked": "选出今天可邀请的人",
    "champions.invited": "记下一次邀请",
}
