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


class Handed(StrEnum):
    """What goes to another pair of hands when a champion leaves."""

    EVENT = "event"
    SERIES = "series"
    PROPOSAL = "proposal"
    LETTER = "letter"
    CONCERN = "concern"
    CHECK = "check"
    DOOR = "door"


HANDED_LABELS: dict[Handed, tuple[str, str]] = {
    Handed.EVENT: ("还没办的活动", "events to come"),
    Handed.SERIES: ("系列的轮值", "places in a rota"),
    Handed.PROPOSAL: ("等答复的会员提议", "members' proposals to answer"),
    Handed.LETTER: ("没发完的消息", "messages not sent yet"),
    Handed.CONCERN: ("报给总部、还没答复的", "what headquarters has not answered"),
    Handed.CHECK: ("当天的体检", "the check of the day"),
    Handed.DOOR: ("开着的签到设备", "phones at the door"),
}


class Trained(StrEnum):
    """How far a champion is with the training card."""

    OPEN = "open"
    READING = "reading"
    READ = "read"
    SIGNED = "signed"
    RENEW = "renew"


TRAINED_LABELS: dict[Trained, tuple[str, str]] = {
    Trained.OPEN: ("还没开始", "not begun"),
    Trained.READING: ("在学", "reading"),
    Trained.READ: ("学完了，等带教签字", "read, to be signed off"),
    Trained.SIGNED: ("已签字", "signed off"),
    Trained.RENEW: ("有新版，要再签", "a new version, to be renewed"),
}

# The five sides of the experience index as a champion reads them; a side that a later version adds is shown by its code.
SIDE_LABELS: dict[str, tuple[str, str]] = {
    "recommendation": ("愿意推荐", "recommendation"),
    "participation": ("参与感", "participation"),
    "resolved_need": ("需求解决", "resolved need"),
    "fair_access": ("权益公平", "fair access"),
    "belonging": ("归属共创", "belonging"),
}
SCORE_STALE_DAYS = 120  # a version looks at 91 days; a month later it speaks of another season
RATE_DAYS = 28
BOARD_DAYS = 7
BOARD_ITEM = "board"  # the shipped item of the list that asks for the notice board
STEPS_SHOWN = 6
STEPS_BEFORE, STEPS_AFTER = 30, 10  # days around an event in which its checklist has steps


class Health(StrEnum):
    """How a store is doing, as headquarters' first page draws it."""

    WELL = "well"
    WATCH = "watch"
    RED = "red"
    SILENT = "silent"


HEALTH_LABELS: dict[Health, tuple[str, str]] = {
    Health.WELL: ("正常", "well"),
    Health.WATCH: ("留意", "to watch"),
    Health.RED: ("红店", "red"),
    Health.SILENT: ("未报", "not heard of"),
}


class HealthWhy(StrEnum):
    """Why a store is not simply well."""

    RECALLED = "recalled"
    NO_CHECK = "no_check"
    FEW_CAME = "few_came"
    CONCERNS = "concerns"


HEALTH_WHY_LABELS: dict[HealthWhy, tuple[str, str]] = {
    HealthWhy.RECALLED: (
        "{n} 场用了召回的工具包，提醒还没人看",
        "{n} events on a recalled kit, warning not read",
    ),
    HealthWhy.NO_CHECK: ("连续 {n} 天没做体检", "no check for {n} days"),
    HealthWhy.FEW_CAME: ("报名的人只来了 {n}%", "only {n}% of those registered came"),
    HealthWhy.CONCERNS: ("{n} 条做不到还没答复", "{n} noes without an answer"),
}

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
# Who ends a champion's grant and names the next one; who has taught a champion and signs for it.
HANDERS: frozenset[str] = frozenset({SYSTEM, Role.ADMIN, Role.REGION_MANAGER, Role.STORE_MANAGER})
TRAINERS: frozenset[str] = frozenset({SYSTEM, Role.ADMIN, Role.HQ_EDITOR, Role.REGION_MANAGER})

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
    "champions.no_successor": Sentence(
        "还有 {n} 件事没交接，请先指定接手的人。",
        "{n} things are still open; name who takes them over.",
        409,
    ),
    "champions.bad_successor": Sentence(
        "接手的人要是在职、有账号的另一位同事。",
        "The successor must be another active colleague with an account.",
        422,
    ),
    "champions.successor_card": Sentence(
        "接手的人还没有员工档案，不能接主持。先导入员工表。",
        "The successor has no staff card and cannot host. Import the staff table first.",
        422,
    ),
    "champions.last_day": Sentence(
        "最后一天要在今天到 {most} 天之间。", "The last day is between today and {most} days from now.", 422
    ),
    "champions.received": Sentence("已经签收过了。", "This was received already.", 409),
    "champions.not_read": Sentence(
        "还有 {n} 条没学完，学完再签字。", "{n} items are not read yet; sign off afterwards.", 409
    ),
    "champions.signed": Sentence("这一版已经签过字了。", "This version was signed off already.", 409),
    "champions.own_training": Sentence("带教不能给自己签字。", "Nobody signs off their own training.", 403),
    "champions.step_early": Sentence("这一步还没到日子。", "This step is not due yet.", 409),
}

# What the audit trail may say about this room; also the events that webhooks can subscribe to.
ACTS: dict[str, str] = {
    "champions.checked": "完成每日体检",
    "champions.list_published": "发布体检清单",
    "champions.concern_settled": "答复体检反馈",
    "champions.invites_picked": "选出今天可邀请的人",
    "champions.invited": "记下一次邀请",
    "champions.step_ticked": "做完工具包的一步",
    "champions.handed_over": "主理人交接",
    "champions.handover_received": "签收交接清单",
    "champions.training_read": "学完培训的一条",
    "champions.training_signed": "培训签字",
}
