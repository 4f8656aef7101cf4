"""Words of kits: what a field allows, what a use, a step back and an upgrade can be; what is refused and written into the trail."""

from enum import StrEnum

from tongxin.foundation.access import SYSTEM
from tongxin.foundation.errors import Sentence
from tongxin.stores.terms import Role


class Allow(StrEnum):
    """What a store may do with a field of a kit."""

    LOCKED = "locked"
    RANGE = "range"
    FREE = "free"


ALLOW_LABELS: dict[Allow, tuple[str, str]] = {
    Allow.LOCKED: ("锁定", "locked"),
    Allow.RANGE: ("可调范围", "within a range"),
    Allow.FREE: ("门店自定", "up to the store"),
}


class To(StrEnum):
    """Whom a piece of warm-up copy is for."""

    STORE = "store"
    REGISTERED = "registered"
    CAME = "came"


TO_LABELS: dict[To, tuple[str, str]] = {
    To.STORE: ("店群与本店会员", "members of the store"),
    To.REGISTERED: ("已报名的人", "who registered"),
    To.CAME: ("到场的人", "who came"),
}


class Standing(StrEnum):
    """How far the use of a kit at one event is."""

    PLANNED = "planned"
    OPEN = "open"
    HELD = "held"
    CANCELLED = "cancelled"


STANDING_LABELS: dict[Standing, tuple[str, str]] = {
    Standing.PLANNED: ("筹备中", "being prepared"),
    Standing.OPEN: ("已开放报名", "open for registration"),
    Standing.HELD: ("已办", "held"),
    Standing.CANCELLED: ("已取消", "cancelled"),
}


class Step(StrEnum):
    """What an upgrade does with one field."""

    TAKES_NEW = "takes_new"
    KEEPS_MINE = "keeps_mine"
    SAME = "same"
    CONFLICT = "conflict"


STEP_LABELS: dict[Step, tuple[str, str]] = {
    Step.TAKES_NEW: ("用新版", "takes the new one"),
    Step.KEEPS_MINE: ("保留本店的", "keeps the store's"),
    Step.SAME: ("两边一样了", "both are the same now"),
    Step.CONFLICT: ("要你选", "you choose"),
}


class Clash(StrEnum):
    """Why an upgrade cannot decide a field by itself."""

    BOTH_CHANGED = "both_changed"
    LOCKED = "locked"
    OUT_OF_RANGE = "out_of_range"
    GONE = "gone"


CLASH_LABELS: dict[Clash, tuple[str, str]] = {
    Clash.BOTH_CHANGED: ("总部和本店都改了", "headquarters and the store both changed it"),
    Clash.LOCKED: ("新版锁定了这一项", "the new version locks it"),
    Clash.OUT_OF_RANGE: ("超出新版允许的范围", "outside the range of the new version"),
    Clash.GONE: ("新版没有这一项了", "the new version has it no more"),
}


class Choice(StrEnum):
    """What somebody chose where an upgrade could not decide."""

    MINE = "mine"
    NEW = "new"


CHOICE_LABELS: dict[Choice, tuple[str, str]] = {
    Choice.MINE: ("保留本店的", "keep the store's"),
    Choice.NEW: ("用新版的", "take the new one"),
}

# What copy may be filled with, and what stands there: closed, so that nothing is left open in a letter.
FIELDS: dict[str, tuple[str, str]] = {
    "活动名": ("活动名称", "the name of the event"),
    "活动日期": ("3月7日（周六）", "the day"),
    "开始时间": ("10:00", "when it begins"),
    "门店": ("门店名称", "the store"),
    "名额": ("席位数", "how many places there are"),
    "材料费": ("¥39", "the fee"),
    "主理人": ("主理人怎么称呼", "who hosts it"),
}

FIRST_DAY, LAST_DAY = -7, 3
COPY_MOST = 150  # characters of one piece of copy, and so many small pictures in it (screens.md, share)
EMOJI_MOST = 3
SENTENCE_MOST = 200

# Who writes, releases and recalls kits; who adopts and adapts them for a store; who looks at them.
EDITORS: frozenset[str] = frozenset({SYSTEM, Role.ADMIN, Role.HQ_EDITOR})
ADOPTERS: frozenset[str] = frozenset(
    {SYSTEM, Role.ADMIN, Role.HQ_EDITOR, Role.REGION_MANAGER, Role.STORE_MANAGER, Role.CHAMPION}
)
READERS: frozenset[str] = ADOPTERS | {Role.HQ_ANALYST, Role.AUDITOR}
# Who sees what is not released yet, and the figures of the whole chain.
OVERSEERS: frozenset[str] = EDITORS | {Role.HQ_ANALYST, Role.AUDITOR}

REFUSALS: dict[str, Sentence] = {
    "poster.not_open": Sentence(
        "这场还没有开放报名（或已取消），开放后才有海报。",
        "This event is not open for registration, so there is no poster yet.",
        409,
    ),
    "poster.no_fonts": Sentence(
        "这台机器没有中文字体，海报画不出来。请运维装上：{mend}",
        "This machine has no Chinese font to draw with. Install one: {mend}",
        503,
    ),
    "kits.code_taken": Sentence(
        "已有代号为“{taken}”的工具包。", "There is a kit called {taken} already.", 409
    ),
    "kits.content": Sentence("工具包内容有一处不对：{said}，{reason}。", "{said_en}: {reason_en}.", 422),
    "kits.must_lock": Sentence(
        "安全与过敏提示要锁定，不能让门店改：{field}。",
        "Safety and allergen notes stay locked: {field_en}.",
        422,
    ),
    "kits.unchanged": Sentence("和上一版一模一样，不用再发布。", "It is the same as the last version.", 409),
    "kits.copy_forbidden": Sentence(
        "{said}里有广告法禁用的说法：{word}（{clause}）。请改掉，或由总部登记例外。",
        "{said_en}: advertising law forbids {word}. {why_en} Change it, or headquarters records an exception.",
        422,
    ),
    "kits.recalled": Sentence(
        "这一版已被总部召回：{reason}。请换用新版本。",
        "This version was recalled: {reason}. Take another one.",
        409,
    ),
    "kits.not_offered": Sentence(
        "总部还没有把这个工具包发到这家门店。", "This kit is not offered to this store yet.", 409
    ),
    "kits.locked": Sentence(
        "“{field}”由总部锁定为 {value}，门店不能改。", "{field_en} is locked at {value}.", 422
    ),
    "kits.out_of_range": Sentence(
        "“{field}”要在 {range} 之内，你填的是 {value}。",
        "{field_en} must be within {range_en}; you gave {value}.",
        422,
    ),
    "kits.no_field": Sentence("工具包里没有这一项：{field}。", "The kit has no field {field}.", 422),
    "kits.conflicts": Sentence(
        "有 {count} 处总部和本店都改过，请逐处选好再升级：{fields}",
        "{count} fields were changed on both sides; choose for each: {fields_en}",
        409,
    ),
    "kits.other_kit": Sentence("这不是同一个工具包的版本。", "That is a version of another kit.", 422),
    "kits.over": Sentence(
        "活动已经开始或结束，这一场保持原来的版本。", "It has begun or is over and keeps its version.", 409
    ),
    "kits.reported": Sentence("你已经反馈过这一步，总部还没答复。", "You reported this step already.", 409),
    "kits.answered": Sentence("这条反馈已经答复过了。", "This report has been answered.", 409),
    "kits.reason_missing": Sentence("请写明原因。", "Give a reason.", 422),
    "kits.costs": Sentence(
        "请填写物料和实际花费：{field}。", "Give the material and what it cost: {field}.", 422
    ),
}

# What the audit trail may say about this room; also the events that webhooks can subscribe to.
ACTS: dict[str, str] = {
    "kits.made": "新建工具包",
    "kits.drafted": "修改工具包草稿",
    "kits.released": "发布工具包版本",
    "kits.offered": "把工具包发到门店",
    "kits.recalled": "召回工具包版本",
    "kits.exception_recorded": "登记文案用词例外",
    "kits.adopted": "门店采用工具包",
    "kits.adapted": "门店调整工具包",
    "kits.upgraded": "门店升级工具包",
    "kits.warning_seen": "已读召回提醒",
    "kits.costs_recorded": "填写物料实际花费",
    "kits.step_reported": "反馈步骤行不通",
    "kits.report_answered": "答复步骤反馈",
}
