"""Which mechanic may be shown in which channel, with the clause that says so, and words that no shared text may carry.

Rules of channels change: every line has the day from which it holds, and the newest that holds counts. Sources:
《微信外部链接内容管理规范》 in the wording of 28 October 2019 (read in press copies); 《企业微信外部联系人》 follows it for links.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Mechanic(StrEnum):
    """What a link leads to."""

    EVENT = "event"
    FLASH_SALE = "flash_sale"
    GROUP_BUY = "group_buy"
    LOW_THRESHOLD = "low_threshold"
    LOTTERY = "lottery"
    CHECK_IN_CHALLENGE = "check_in_challenge"
    REFERRAL = "referral"


class Where(StrEnum):
    """Where a link is shown."""

    STORE = "store"  # posters and screens in the shop
    WEB = "web"
    SMS = "sms"
    WECHAT_CHAT = "wechat_chat"
    WECHAT_GROUP = "wechat_group"
    MOMENTS = "moments"


WHERE_LABELS: dict[Where, tuple[str, str]] = {
    Where.STORE: ("门店海报", "in the shop"),
    Where.WEB: ("网页", "the web"),
    Where.SMS: ("短信", "text message"),
    Where.WECHAT_CHAT: ("微信单聊", "a WeChat chat"),
    Where.WECHAT_GROUP: ("微信群", "a WeChat group"),
    Where.MOMENTS: ("朋友圈", "WeChat Moments"),
}
WECHAT = (Where.WECHAT_CHAT, Where.WECHAT_GROUP, Where.MOMENTS)


class Answer(StrEnum):
    """What the policy says."""

    ALLOWED = "allowed"
    WARN = "warn"
    FORBIDDEN = "forbidden"


@dataclass(frozen=True)
class Line:
    """One line of the table. Anything that no line names is allowed."""

    since: date
    mechanic: Mechanic
    where: Where
    answer: Answer
    clause: str


@dataclass(frozen=True)
class Verdict:
    """The answer for one mechanic and channel, with its clause."""

    answer: Answer
    clause: str = ""


RULES = "微信外部链接内容管理规范（2019-10-28）"
SINCE = date(2019, 10, 28)
_CLEAR = f"{RULES}：拼团须真实，规则写清楚，不得带抽奖性质"
_MOMENTS = f"{RULES}：拼团链接不发朋友圈"
_DRAW = f"{RULES}：不得以分享增加抽奖机会或中奖概率；抽签名单与算法要公开"
_CHALLENGE = f"{RULES}：不得以签到打卡利诱分享"
_REFERRAL = f"{RULES}：不得以金钱、券、积分等奖励利诱分享；奖励只看朋友到店"
_SALE = f"{RULES}：不得以奖励利诱分享；链接只说活动本身"

POLICY: tuple[Line, ...] = (
    Line(SINCE, Mechanic.GROUP_BUY, Where.WECHAT_CHAT, Answer.WARN, _CLEAR),
    Line(SINCE, Mechanic.GROUP_BUY, Where.WECHAT_GROUP, Answer.WARN, _CLEAR),
    Line(SINCE, Mechanic.GROUP_BUY, Where.MOMENTS, Answer.FORBIDDEN, _MOMENTS),
    *(Line(SINCE, Mechanic.FLASH_SALE, where, Answer.WARN, _SALE) for where in WECHAT),
    *(Line(SINCE, Mechanic.LOTTERY, where, Answer.WARN, _DRAW) for where in WECHAT),
    *(Line(SINCE, Mechanic.CHECK_IN_CHALLENGE, where, Answer.FORBIDDEN, _CHALLENGE) for where in WECHAT),
    *(Line(SINCE, Mechanic.REFERRAL, where, Answer.WARN, _REFERRAL) for where in WECHAT[:2]),
    Line(SINCE, Mechanic.REFERRAL, Where.MOMENTS, Answer.FORBIDDEN, _REFERRAL),
)


def may_show(mechanic: Mechanic, where: Where, on: date, policy: Sequence[Line] = POLICY) -> Verdict:
    """What the policy of a day says about a mechanic in a channel."""
    lines = [one for one in policy if (one.mechanic, one.where) == (mechanic, where) and one.since <= on]
    if not lines:
        return Verdict(Answer.ALLOWED)
    newest = max(lines, key=lambda one: one.since)
    return Verdict(newest.answer, newest.clause)


def may_enter(mechanic: Mechanic, came_from: str, on: date, policy: Sequence[Line] = POLICY) -> Verdict:
    """May somebody who followed a link go on? `came_from` is what the link or the browser says ("moments", "timeline", …).

    A link that was forwarded where it may not be shown is not served from there; an unknown word is let in.
    """
    where = CAME_FROM.get(came_from.strip().lower())
    return Verdict(Answer.ALLOWED) if where is None else may_show(mechanic, where, on, policy)


# What WeChat appends to a forwarded link (`from=`), and our own word for each channel.
CAME_FROM: dict[str, Where] = {
    "timeline": Where.MOMENTS,
    "singlemessage": Where.WECHAT_CHAT,
    "groupmessage": Where.WECHAT_GROUP,
    **{where.value: where for where in Where},
}

_HELP = f"{RULES}：不得邀请好友协助（助力、砍价、加速）"
_COLLECT = f"{RULES}：不得设置收集任务（集赞、集卡、集福、集碎片）"
_REWARD = f"{RULES}：不得以红包、优惠券、代金券、积分等奖励利诱分享"
_CHANCE = f"{RULES}：不得声称分享可增加抽奖机会、中奖概率"
_FORCE = f"{RULES}：不得强迫或煽动分享"

# Words that stand for a forbidden mechanic by themselves, and rewards that are forbidden beside a word of sharing.
ALWAYS: dict[str, str] = {
    **dict.fromkeys(("砍价", "砍一刀", "帮我砍", "助力", "帮我加速", "好友加速", "助我"), _HELP),
    **dict.fromkeys(("集赞", "集卡", "集福", "集碎片"), _COLLECT),
    **dict.fromkeys(
        ("不转不是", "必转", "转疯了", "分享后可见", "转发后可见", "分享解锁", "转发解锁"), _FORCE
    ),
}
REWARDS: dict[str, str] = {
    **dict.fromkeys(
        ("红包", "优惠券", "代金券", "现金券", "返现", "现金", "积分", "话费", "流量", "礼品", "奖品", "返利", "佣金", "立减"), _REWARD
    ),
    **dict.fromkeys(("抽奖", "中奖"), _CHANCE),
}  # fmt: skip
SHARING = ("分享", "转发", "邀请", "拉人", "朋友圈", "推荐给", "发给好友", "转给")


@dataclass(frozen=True)
class Hit:
    """A word that a shared text may not carry, and the clause."""

    word: str
    clause: str


def lint_share(text: str) -> tuple[Hit, ...]:
    """Words in a text that people are asked to pass on which the channel forbids; spaces and signs between letters do not hide them.

    A reward is only wrong when the text also speaks of sharing: the fee that comes back as a voucher is part of the event.
    """
    plain = "".join(ch for ch in text if ch.isalnum())
    found = [Hit(word, clause) for word, clause in ALWAYS.items() if word in plain]
    if any(word in plain for word in SHARING):
        found += [Hit(word, clause) for word, clause in REWARDS.items() if word in plain]
    return tuple(found)
