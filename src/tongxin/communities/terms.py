"""Words of communities: stages of life, containers, ways in and out, roles; what this room refuses and writes into the trail."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from tongxin.foundation.access import SYSTEM
from tongxin.foundation.errors import Sentence
from tongxin.stores.terms import Role


class State(StrEnum):
    """Is a community being prepared, can people join it, or is it over."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"


STATE_LABELS: dict[State, tuple[str, str]] = {
    State.DRAFT: ("筹备中", "being prepared"),
    State.OPEN: ("开放加入", "open"),
    State.CLOSED: ("已关闭", "closed"),
}


class Stage(StrEnum):
    """Where in its life a community is: read from its daily counts, never typed in."""

    SEED = "seed"
    GROWING = "growing"
    MATURE = "mature"
    FADING = "fading"
    CLOSED = "closed"


STAGE_LABELS: dict[Stage, tuple[str, str]] = {
    Stage.SEED: ("萌芽", "seed"),
    Stage.GROWING: ("成长", "growing"),
    Stage.MATURE: ("成熟", "mature"),
    Stage.FADING: ("守望", "fading"),
    Stage.CLOSED: ("已关闭", "closed"),
}


class Warned(StrEnum):
    """What the daily counts warn of, early enough to do something."""

    QUIETER = "quieter"
    MORE_LEAVE = "more_leave"
    NOBODY_NEW = "nobody_new"
    SILENT = "silent"


WARNED_LABELS: dict[Warned, tuple[str, str]] = {
    Warned.QUIETER: ("活跃的人连续四周变少", "fewer people active, four weeks in a row"),
    Warned.MORE_LEAVE: ("连续四周走的比来的多", "more leave than join, four weeks in a row"),
    Warned.NOBODY_NEW: ("四周没有新人", "nobody new for four weeks"),
    Warned.SILENT: ("两周没有一个人动过", "nobody has done anything for two weeks"),
}


class ContainerKind(StrEnum):
    """Where the people of a community meet: one community, several containers."""

    WECOM = "wecom"
    H5 = "h5"
    XIAOHONGSHU = "xiaohongshu"
    DOUBAN = "douban"
    OFFLINE = "offline"
    OTHER = "other"


CONTAINER_LABELS: dict[ContainerKind, tuple[str, str]] = {
    ContainerKind.WECOM: ("企业微信群", "WeCom group"),
    ContainerKind.H5: ("自有 H5", "own pages"),
    ContainerKind.XIAOHONGSHU: ("小红书群", "Xiaohongshu group"),
    ContainerKind.DOUBAN: ("豆瓣小组", "Douban group"),
    ContainerKind.OFFLINE: ("线下", "in person"),
    ContainerKind.OTHER: ("其他", "other"),
}


class Scene(StrEnum):
    """How somebody came to join."""

    PAGE = "page"
    INVITATION = "invitation"
    EVENT = "event"
    POSTER = "poster"
    CONTAINER = "container"
    STAFF = "staff"


SCENE_LABELS: dict[Scene, tuple[str, str]] = {
    Scene.PAGE: ("社群页", "community page"),
    Scene.INVITATION: ("成员邀请", "a member's invitation"),
    Scene.EVENT: ("活动之后", "after an event"),
    Scene.POSTER: ("店内海报", "poster in the store"),
    Scene.CONTAINER: ("从群里来", "from a group"),
    Scene.STAFF: ("店员带入", "brought in by staff"),
}


class Ended(StrEnum):
    """How a period of membership ended."""

    LEFT = "left"
    REMOVED = "removed"
    CLOSED = "closed"
    MERGED = "merged"
    ERASED = "erased"


ENDED_LABELS: dict[Ended, tuple[str, str]] = {
    Ended.LEFT: ("自己离开", "left"),
    Ended.REMOVED: ("被请出", "removed"),
    Ended.CLOSED: ("社群关闭", "the community closed"),
    Ended.MERGED: ("与另一条记录合并", "one person with another entry"),
    Ended.ERASED: ("资料已注销", "erased"),
}


class Applied(StrEnum):
    """How far an application is."""

    UNDERWAY = "underway"
    ADMITTED = "admitted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


APPLIED_LABELS: dict[Applied, tuple[str, str]] = {
    Applied.UNDERWAY: ("进行中", "under way"),
    Applied.ADMITTED: ("已加入", "admitted"),
    Applied.DECLINED: ("未通过", "not admitted"),
    Applied.WITHDRAWN: ("已撤回", "withdrawn"),
}


class Standing(StrEnum):
    """Where one step of the way in stands: done, the applicant's turn, the community's turn, or no."""

    DONE = "done"
    YOURS = "yours"
    OURS = "ours"
    NO = "no"


STANDING_LABELS: dict[Standing, tuple[str, str]] = {
    Standing.DONE: ("已完成", "done"),
    Standing.YOURS: ("等申请人", "the applicant's turn"),
    Standing.OURS: ("等社群答复", "the community's turn"),
    Standing.NO: ("未通过", "not met"),
}


class Part(StrEnum):
    """What somebody is in a community. Newcomer and veteran follow from tenure; the others are given, with a term."""

    SOUL = "soul"
    HOST = "host"
    EXPERT = "expert"
    MODERATOR = "moderator"
    VETERAN = "veteran"
    NEWCOMER = "newcomer"


class Right(StrEnum):
    """What a part may do beyond an ordinary member."""

    ADMIT = "admit"
    INVITE = "invite"
    WELCOME = "welcome"
    ANSWER = "answer"


@dataclass(frozen=True)
class PartWords:
    """A part in the words of the trade: names, duties, rights, the longest term in days, and who may hold it.

    `by` is "staff", "member", "either", or "tenure" for what nobody gives.
    """

    zh: str
    en: str
    duty_zh: str
    duty_en: str
    rights: frozenset[Right]
    most_days: int
    by: str


PARTS: dict[Part, PartWords] = {
    Part.SOUL: PartWords(
        "灵魂人物", "soul", "开话题，把人聊到一起", "starts the talk and brings people together",
        frozenset({Right.INVITE, Right.WELCOME}), 365, "member",
    ),
    Part.HOST: PartWords(
        "主理人", "host", "每天在，管门槛和节奏", "is there every day, keeps gates and rhythm",
        frozenset(Right), 730, "staff",
    ),
    Part.EXPERT: PartWords(
        "专家", "expert", "用专业知识答疑", "answers with professional knowledge",
        frozenset({Right.ANSWER}), 365, "either",
    ),
    Part.MODERATOR: PartWords(
        "版主", "moderator", "审申请，守群规，两天内答复", "looks at applications and keeps the rules",
        frozenset({Right.ADMIT, Right.INVITE, Right.WELCOME}), 182, "member",
    ),
    Part.VETERAN: PartWords(
        "老成员", "veteran", "带带新人", "lends newcomers a hand", frozenset({Right.INVITE, Right.WELCOME}), 0, "tenure",
    ),
    Part.NEWCOMER: PartWords(
        "新成员", "newcomer", "先看看，再说说自己", "looks round, then says hello", frozenset(), 0, "tenure",
    ),
}  # fmt: skip

NEW_FOR = timedelta(days=28)
VETERAN_AFTER = timedelta(days=182)


class FirstStep(StrEnum):
    """What a newcomer does in the first week, in this order."""

    RULES = "rules"
    BUDDY = "buddy"
    HELLO = "hello"
    MEET = "meet"
    GATHER = "gather"


# Step → words in both languages, and by which day of the first week.
FIRST_WEEK: dict[FirstStep, tuple[str, str, int]] = {
    FirstStep.RULES: ("看过并同意群规", "read and accept the rules", 0),
    FirstStep.BUDDY: ("和带你的伙伴打个招呼", "say hello to your buddy", 1),
    FirstStep.HELLO: ("用一句话介绍自己", "introduce yourself in a sentence", 2),
    FirstStep.MEET: ("认识一位聊得来的成员", "get to know a member with shared interests", 4),
    FirstStep.GATHER: ("挑一次线下活动", "pick a gathering to come to", 7),
}

WEEK = timedelta(days=7)
INVITATION_LASTS = timedelta(days=30)
ANSWERS_KEPT = timedelta(days=30)  # what applicants said goes so long after the decision
RULES_GRACE = timedelta(days=14)  # members may read a new version before it counts

# Who runs communities of the stores in reach; who founds them and changes gates and rules; who may also look.
KEEPERS = frozenset(
    {SYSTEM, Role.ADMIN, Role.HQ_EDITOR, Role.REGION_MANAGER, Role.STORE_MANAGER, Role.CHAMPION}
)
EDITORS = KEEPERS - {Role.CHAMPION}
READERS = KEEPERS | {Role.HQ_ANALYST, Role.AUDITOR}

PURPOSE_FIELDS: dict[str, tuple[str, str]] = {
    "who": ("帮谁", "who"),
    "when": ("什么时候", "when"),
    "wants": ("想办成什么", "wants"),
    "so_that": ("为了什么", "so that"),
    "proof": ("怎么算办成了", "proof that it is solved"),
}

REFUSALS: dict[str, Sentence] = {
    "communities.purpose": Sentence(
        "先把它帮人办成的事写全，还缺：{missing}。", "Say what it helps people get done; missing: {missing}.", 422
    ),
    "communities.no_rules": Sentence("先发布一版群规，再开放加入。", "Publish rules of the house first.", 409),
    "communities.state": Sentence("社群现在的状态不能这样做。", "Not possible in this state.", 409),
    "communities.not_open": Sentence("这个社群现在不开放加入。", "This community is not open for joining.", 409),
    "communities.member": Sentence("你已经在这个社群里了。", "You are a member already.", 409),
    "communities.not_member": Sentence("你现在不在这个社群里。", "You are not a member.", 409),
    "communities.resting": Sentence(
        "{until} 之前不能再加入这个社群。有异议可以找主理人申诉。",
        "You cannot join again before {until}. You may appeal to the host.",
        409,
    ),
    "communities.gate_unknown": Sentence("没有这种门槛：{gate}", "There is no such gate: {gate}", 422),
    "communities.gate_settings": Sentence(
        "门槛“{gate}”没有设置好：{needs}", "The gate {gate} is not set up: {needs}", 422
    ),
    "communities.answer": Sentence("“{question}”还没有答好。", "{question}: not answered properly.", 422),
    "communities.step_done": Sentence("这一步不需要你现在做。", "This step is not yours to do now.", 409),
    "communities.not_undecided": Sentence("这份申请已经有结果了。", "This application has been decided.", 409),
    "communities.reason": Sentence("请写明原因。", "Give a reason.", 422),
    "communities.invitation_gone": Sentence(
        "这份邀请已失效、用完或不是给你的。", "This invitation is over, used up or not for you.", 409
    ),
    "communities.rules_version": Sentence(
        "群规已有新版，请先看新的一版。", "The rules have a newer version; please read that one.", 409
    ),
    "communities.rules_unseen": Sentence("要先看到群规，才能同意。", "The rules are shown before they are accepted.", 422),
    "communities.rules_unaccepted": Sentence(
        "群规更新了，看过并同意之后就能继续。", "The rules have changed; accept them to go on.", 409
    ),
    "communities.rules_empty": Sentence("群规不能是空的。", "Rules cannot be empty.", 422),
    "communities.rules_sooner": Sentence(
        "生效时间不能早于现在。", "A version cannot take effect in the past.", 422
    ),
    "communities.part_holder": Sentence(
        "“{part}”不能由这个人担任。", "This person cannot be {part}.", 422
    ),
    "communities.part_term": Sentence(
        "“{part}”一次最多 {days} 天，并且要写明到哪天。", "A term as {part} has an end, at most {days} days away.", 422
    ),
    "communities.part_taken": Sentence("这个角色已经有人担任了。", "Somebody holds this role already.", 409),
    "communities.container_taken": Sentence(
        "这个容器已经连着一个社群了。", "This container belongs to a community already.", 409
    ),
    "communities.too_long": Sentence("最多 {most} 个字。", "At most {most} characters.", 422),
    "communities.introduced": Sentence("这两位已经互相介绍过了。", "These two have been introduced.", 409),
    "communities.introduce": Sentence(
        "介绍的两位要都在这个社群里。", "Both must be members of this community.", 422
    ),
}  # fmt: skip

ACTS: dict[str, str] = {
    "communities.founded": "筹建社群",
    "communities.changed": "修改社群",
    "communities.opened": "开放社群",
    "communities.closed": "关闭社群",
    "communities.emblem_set": "更换社群徽章",
    "communities.gates_set": "设置门槛",
    "communities.rules_published": "发布群规",
    "communities.rules_accepted": "同意群规",
    "communities.container_added": "连接容器",
    "communities.container_ended": "停用容器",
    "communities.entered_container": "进入容器",
    "communities.left_container": "离开容器",
    "communities.applied": "申请加入社群",
    "communities.step_answered": "完成一步门槛",
    "communities.step_decided": "答复一步门槛",
    "communities.admitted": "批准加入社群",
    "communities.declined": "婉拒加入社群",
    "communities.withdrawn": "撤回入群申请",
    "communities.joined": "加入社群",
    "communities.left": "离开社群",
    "communities.removed": "请出社群",
    "communities.invited": "邀请加入社群",
    "communities.invitation_ended": "收回邀请",
    "communities.part_given": "任命角色",
    "communities.part_ended": "结束角色",
    "communities.handed_over": "交接主理人",
    "communities.buddy_given": "安排带新伙伴",
    "communities.first_step_done": "完成新人一步",
    "communities.introduced": "介绍两位成员认识",
    "communities.introduction_answered": "回应介绍",
    "communities.day_taken": "记录社群每日数",
    "communities.follow_up_offered": "设定活动之后的社群",
    "communities.answers_tidied": "到期删除入群回答",
    "communities.waking_planned": "计划唤醒沉睡成员",
    "communities.solved_said": "说办成了没有",
    "communities.memberships_tidied": "合并重复的社群成员",
}
