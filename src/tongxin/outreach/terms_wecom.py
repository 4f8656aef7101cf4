"""Words of WeCom: what a hand-over is for, codes and where people come from, and what is refused."""

from datetime import timedelta
from enum import StrEnum

from tongxin.foundation.errors import Sentence


class Target(StrEnum):
    """Whom a hand-over is for."""

    CUSTOMERS = "customers"
    GROUPS = "groups"
    MOMENT = "moment"


TARGET_LABELS: dict[Target, tuple[str, str]] = {
    Target.CUSTOMERS: ("客户", "customers"),
    Target.GROUPS: ("客户群", "groups"),
    Target.MOMENT: ("朋友圈", "Moments"),
}


class Member(StrEnum):
    """Who is in a group."""

    STAFF = "staff"
    CUSTOMER = "customer"


class CodeKind(StrEnum):
    """What a live code stands for."""

    POSTER = "poster"
    GROUP = "group"
    STORE = "store"
    STAFF = "staff"


CODE_LABELS: dict[CodeKind, tuple[str, str]] = {
    CodeKind.POSTER: ("海报码", "poster code"),
    CodeKind.GROUP: ("入群码", "group code"),
    CodeKind.STORE: ("门店码", "store code"),
    CodeKind.STAFF: ("员工码", "colleague's code"),
}
INTO_GROUPS = frozenset({CodeKind.GROUP, CodeKind.POSTER})


class CodeState(StrEnum):
    """Where a code is."""

    MAKING = "making"
    LIVE = "live"
    CLOSED = "closed"


CODE_STATE_LABELS: dict[CodeState, tuple[str, str]] = {
    CodeState.MAKING: ("制作中", "being made"),
    CodeState.LIVE: ("可用", "live"),
    CodeState.CLOSED: ("已停用", "closed"),
}


class Source(StrEnum):
    """Where people come from."""

    DOUYIN = "douyin"
    KUAISHOU = "kuaishou"
    XIAOHONGSHU = "xiaohongshu"
    MOMENTS = "moments"
    STORE = "store"
    FRIEND = "friend"
    OTHER = "other"


SOURCE_LABELS: dict[Source, tuple[str, str]] = {
    Source.DOUYIN: ("抖音", "Douyin"),
    Source.KUAISHOU: ("快手", "Kuaishou"),
    Source.XIAOHONGSHU: ("小红书", "Xiaohongshu"),
    Source.MOMENTS: ("朋友圈", "Moments"),
    Source.STORE: ("门店", "in the store"),
    Source.FRIEND: ("朋友介绍", "a friend"),
    Source.OTHER: ("其他", "elsewhere"),
}


class TouchKind(StrEnum):
    """A step on the way to us."""

    ADDED = "added"
    JOINED = "joined"
    WELCOMED = "welcomed"


TOUCH_LABELS: dict[TouchKind, tuple[str, str]] = {
    TouchKind.ADDED: ("加了店员的企业微信", "added a colleague in WeCom"),
    TouchKind.JOINED: ("进了微信群", "joined a WeCom group"),
    TouchKind.WELCOMED: ("收到欢迎语", "was welcomed"),
}


# The platform lets staff be reminded of one hand-over so often within a day (row 17).
REMINDERS, REMINDERS_WITHIN = 3, timedelta(hours=24)
# A text for so many customers at most in one hand-over, so many groups (row 15).
MOST_CUSTOMERS, MOST_GROUPS = 10_000, 2000
LONGEST_STATE = 30

REFUSALS: dict[str, Sentence] = {
    "wecom.no_users": Sentence(
        "这家门店还没有登记企业微信账号，先在员工表里填上。",
        "No colleague of this store has a WeCom account.",
        409,
    ),
    "wecom.code_content": Sentence("请选好这个码要带到哪里。", "Say where the code is to lead.", 422),
    "wecom.code_closed": Sentence("这个码已经停用。", "This code is closed.", 409),
}

ACTS: dict[str, str] = {
    "outreach.code_made": "做好一个活码",
    "outreach.code_changed": "更改了活码的去向",
    "outreach.code_closed": "停用了活码",
    "outreach.wecom_corrected": "对账时更正了企业微信数据",
    "outreach.wecom_group_joined": "有人进了企业微信客户群",
    "outreach.wecom_group_left": "有人离开企业微信客户群",
    "outreach.wecom_friends_made": "有人扫活码加了企业微信",
    "outreach.wecom_send_done": "企业微信里的一次发送有了结果",
}
