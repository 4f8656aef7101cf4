"""Words of outreach: classes, THE list of states, verdicts and their reasons, what a channel can do, what is refused."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from tongxin.foundation.access import SYSTEM
from tongxin.foundation.errors import Sentence
from tongxin.outreach import terms_handover, terms_plans, terms_wecom
from tongxin.stores.terms import Role


class MessageClass(StrEnum):
    """What a message is for: it decides which consent it needs and which cap counts it."""

    SERVICE = "service"
    COMMUNITY = "community"
    PROMOTION = "promotion"


CLASS_LABELS: dict[MessageClass, tuple[str, str]] = {
    MessageClass.SERVICE: ("服务通知", "service"),
    MessageClass.COMMUNITY: ("社群消息", "community"),
    MessageClass.PROMOTION: ("促销消息", "promotion"),
}


class SendState(StrEnum):
    """Where a message, one person's copy of it, or a colleague's task is. The only list of states there is."""

    DRAFT = "draft"
    APPROVED = "approved"
    QUEUED = "queued"
    AWAITING_STAFF = "awaiting_staff"
    SENT = "sent"
    PARTLY_SENT = "partly_sent"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


STATE_LABELS: dict[SendState, tuple[str, str]] = {
    SendState.DRAFT: ("草稿", "draft"),
    SendState.APPROVED: ("已批准", "approved"),
    SendState.QUEUED: ("待发", "queued"),
    SendState.AWAITING_STAFF: ("待店员发送", "waiting for staff"),
    SendState.SENT: ("已发出", "sent"),
    SendState.PARTLY_SENT: ("部分发出", "partly sent"),
    SendState.FAILED: ("发送失败", "failed"),
    SendState.EXPIRED: ("已过期", "expired"),
    SendState.CANCELLED: ("不再发送", "cancelled"),
    SendState.UNKNOWN: ("结果不明", "outcome unknown"),
}

# Nothing follows any more.
DONE = frozenset(
    {SendState.SENT, SendState.PARTLY_SENT, SendState.FAILED, SendState.EXPIRED, SendState.CANCELLED}
)


class Decision(StrEnum):
    """What the gate said about one send."""

    SENT = "sent"
    HELD = "held"
    DROPPED = "dropped"


DECISION_LABELS: dict[Decision, tuple[str, str]] = {
    Decision.SENT: ("放行", "let through"),
    Decision.HELD: ("暂缓", "held"),
    Decision.DROPPED: ("不发", "not sent"),
}


class Reason(StrEnum):
    """Why the gate said so, and why a send ended otherwise than sent."""

    ALLOWED = "allowed"
    NOT_YET = "not_yet"
    QUIET_HOURS = "quiet_hours"
    CAP = "cap"
    KIT_RECALLED = "kit_recalled"
    TIRED = "tired"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    ERASED = "erased"
    EXPIRED = "expired"
    EXPIRES_FIRST = "expires_first"
    OPTED_OUT = "opted_out"
    NO_CONSENT = "no_consent"
    WITHDRAWN = "withdrawn"
    LEFT_AUDIENCE = "left_audience"
    HELD_OUT = "held_out"
    TWICE = "twice"
    NO_WAY = "no_way"
    CHANNEL_FAILED = "channel_failed"
    NOT_DONE = "not_done"
    PLATFORM_CAP = "platform_cap"
    NOT_FRIEND = "not_friend"


REASON_LABELS: dict[Reason, tuple[str, str]] = {
    Reason.ALLOWED: ("可以发", "may be sent"),
    Reason.NOT_YET: ("还没到发送时间", "not due yet"),
    Reason.QUIET_HOURS: (
        "安静时段（21:30–8:30），到早上再发",
        "quiet hours (21:30–8:30); waits for the morning",
    ),
    Reason.CAP: ("近期已收到足够多的消息", "has had enough messages lately"),
    Reason.KIT_RECALLED: (
        "活动用的工具包被总部召回，换用新版后再发",
        "the kit of the event was recalled; goes on once the event has another version",
    ),
    Reason.TIRED: ("近来打扰得多，先歇一歇", "was disturbed a lot lately; rests for a while"),
    Reason.PAUSED: ("这个系列暂停了，恢复后再发", "the sequence is paused; goes on when it does"),
    Reason.CANCELLED: ("消息已取消或召回", "the message was cancelled or recalled"),
    Reason.ERASED: ("会员资料已删除", "the member's data were erased"),
    Reason.EXPIRED: ("已过有效时间", "past its time"),
    Reason.EXPIRES_FIRST: ("等到可以发时已经过期", "would be past its time before it may go"),
    Reason.OPTED_OUT: ("会员已退订", "the member opted out"),
    Reason.NO_CONSENT: ("会员没有同意接收", "the member has not agreed to it"),
    Reason.WITHDRAWN: ("会员撤回了同意", "the member withdrew consent"),
    Reason.LEFT_AUDIENCE: ("已不在这次的人群里", "no longer in the audience"),
    Reason.HELD_OUT: ("在对照组里，暂不打扰", "in a holdout"),
    Reason.TWICE: ("同一个人已收到这条消息", "the same person has had it already"),
    Reason.NO_WAY: ("没有可用的送达方式", "there is no way to reach them"),
    Reason.CHANNEL_FAILED: ("渠道没有送达", "the channel did not deliver it"),
    Reason.NOT_DONE: ("到期前没有人发送", "nobody sent it in time"),
    Reason.PLATFORM_CAP: ("平台说今天已收过群发", "the platform says they had a mass message already"),
    Reason.NOT_FRIEND: ("不是店员的好友", "is no contact of the colleague"),
}


class Cap(StrEnum):
    """What a channel can do."""

    DIRECT = "direct"
    GROUP = "group"
    MOMENT = "moment"
    STAFF_CONFIRM = "staff_confirm"
    DELIVERY_RESULT = "delivery_result"
    INBOUND = "inbound"
    MEMBER_LIST = "member_list"
    JOIN_LINK = "join_link"
    MEDIA = "media"
    RECALL = "recall"


CAP_LABELS: dict[Cap, tuple[str, str]] = {
    Cap.DIRECT: ("发给个人", "to one person"),
    Cap.GROUP: ("发到群", "to a group"),
    Cap.MOMENT: ("发朋友圈", "to moments"),
    Cap.STAFF_CONFIRM: ("要店员确认发送", "staff must confirm"),
    Cap.DELIVERY_RESULT: ("能知道送达结果", "says what became of it"),
    Cap.INBOUND: ("能收到回复", "hears answers"),
    Cap.MEMBER_LIST: ("能读成员名单", "knows its members"),
    Cap.JOIN_LINK: ("有入群链接", "has join links"),
    Cap.MEDIA: ("能带图片", "carries pictures"),
    Cap.RECALL: ("能撤回", "can take back"),
}


class MessageKind(NamedTuple):
    """A kind of service message: its words, the fields they need, and whether night may not hold it back.

    Templates use `{field}`. A room declares its kinds in its terms, `project/wiring.py` lists them in MESSAGE_KINDS.
    """

    zh: str
    en: str
    needs: tuple[str, ...] = ()
    urgent: bool = False


@dataclass(frozen=True)
class SendIn:
    """One thing to be told to one person. `key` is written once, however often it comes.

    `text` None is rendered from the kind's template with `body` when it is sent; `body["path"]` is where a tap leads to.
    `due_at` None is now. With an `anchor`, due = anchored instant + anchor, and a move of the subject shifts it with its expiry.
    """

    person: int
    kind: str
    message_class: MessageClass
    subject: tuple[str, str]
    key: str
    text: str | None = None
    body: dict[str, Any] = field(default_factory=dict)
    due_at: datetime | None = None
    expires_at: datetime | None = None
    anchor: timedelta | None = None
    store: int | None = None


MOST_HOURS = 24 * 92

# Before the text of an advertisement (广告法 14).
AD_MARK = ("【广告】", "[Ad] ")

LONGEST_TEXT = 1300  # characters: WeCom takes 4,000 bytes of text (doc 92135)

# Over so many people a plan needs a second pair of eyes.
SECOND_PERSON_OVER = 5000
# Sealed text of what is done is emptied after this long; what stands in an inbox goes after this long.
BODY_KEPT = timedelta(days=30)
INBOX_KEPT = timedelta(days=365)

_ROLES: Collection[Role] = (
    Role.ADMIN,
    Role.HQ_EDITOR,
    Role.REGION_MANAGER,
    Role.STORE_MANAGER,
    Role.CHAMPION,
)
# Who plans messages for the stores in reach; who does the tasks there; who may ask why somebody was not told.
PLANNERS: frozenset[str] = frozenset({SYSTEM, *_ROLES})
SENDERS: frozenset[str] = frozenset({SYSTEM, Role.STORE_MANAGER, Role.CHAMPION, Role.ADMIN, Role.HQ_EDITOR})
EXPLAINERS: frozenset[str] = PLANNERS
POLICY_EDITORS: frozenset[str] = frozenset({SYSTEM, Role.ADMIN, Role.HQ_EDITOR})

REFUSALS: dict[str, Sentence] = {
    **terms_plans.REFUSALS,
    **terms_wecom.REFUSALS,
    **terms_handover.REFUSALS,
    "outreach.empty": Sentence("请先写好消息内容。", "Write the message first.", 422),
    "outreach.too_long": Sentence(
        "消息太长：最多 {most} 个字。", "Too long: at most {most} characters.", 422
    ),
    "outreach.no_audience": Sentence("请选好发给谁。", "Choose whom it is for.", 422),
    "outreach.nobody": Sentence("这个人群里现在没有人。", "There is nobody in this audience.", 409),
    "outreach.unknown_channel": Sentence(
        "没有这种发送方式：{channel}", "There is no such channel: {channel}", 422
    ),
    "outreach.channel_off": Sentence(
        "“{channel}”还没有配置好，请先找总部开通。", "{channel} is not set up yet.", 409
    ),
    "outreach.wrong_state": Sentence(
        "这条消息现在是“{state}”，不能这样操作。", "The message is {state_en}; that cannot be done now.", 409
    ),
    "outreach.second_person_needed": Sentence(
        "这条消息发给 {recipients} 人，超过 {most} 人要由另一位同事批准。",
        "It goes to {recipients} people; above {most} somebody else must approve.",
        403,
    ),
    "outreach.past_expiry": Sentence("有效时间已经过去。", "Its time is over already.", 422),
    "outreach.quiet_now": Sentence(
        "现在是安静时段（21:30–8:30），请到早上再发。",
        "It is quiet hours (21:30–8:30); send it in the morning.",
        409,
    ),
    "outreach.count": Sentence(
        "实际发出的人数要在 0 到 {most} 之间。", "Give a count from 0 to {most}.", 422
    ),
    "outreach.service_needed": Sentence(
        "这类消息只能按会员报名的事项发送。", "Service messages go by what somebody signed up for.", 422
    ),
    "outreach.bad_token": Sentence(
        "这个链接不完整或已失效，请到“我的”里设置。", "This link is incomplete or no longer valid.", 404
    ),
    "outreach.address_bad": Sentence("这个地址不对，请再看一眼。", "That address is not valid.", 422),
    "outreach.cap_above_platform": Sentence(
        "上限不能高于平台规定：{clause}。", "The cap may not exceed the platform's: {clause}.", 422
    ),
    "outreach.cap_bad": Sentence(
        "请填写次数（0 到 1000）、小时数（1 到 {most}）和依据。",
        "Give a count (0 to 1000), hours (1 to {most}) and the ground.",
        422,
    ),
    "outreach.share_bad": Sentence("对照组的比例要在 1‰ 到 500‰ 之间。", "A holdout is 1‰ to 500‰.", 422),
}

# What the audit trail may say about this room; also the events that webhooks can subscribe to.
ACTS: dict[str, str] = {
    **terms_plans.ACTS,
    **terms_wecom.ACTS,
    **terms_handover.ACTS,
    "outreach.message_planned": "拟好一条消息",
    "outreach.message_changed": "修改了一条消息",
    "outreach.message_approved": "批准了一条消息",
    "outreach.message_cancelled": "取消了一条消息",
    "outreach.task_confirmed": "确认已手动发送",
    "outreach.opted_out": "退订消息",
    "outreach.opted_in": "恢复接收消息",
    "outreach.address_given": "登记了接收地址",
    "outreach.address_confirmed": "确认了接收地址",
    "outreach.address_dropped": "删除了接收地址",
    "outreach.cap_set": "修改了打扰上限",
    "outreach.holdout_opened": "设立了对照组",
    "outreach.holdout_closed": "结束了对照组",
}
