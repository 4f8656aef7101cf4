"""The closed list of deeds: what the book can say about a person, and what each is worth.

Weights are community.md §1.2 (the scale of Orbit's activities, 1–12); half-lives are 28 days for light deeds, 56 for attendance and 120
for co-creation. Deeds of weight 0 are written down too: they explain, and the draw's losers are a control group. `daily_cap`
bounds `1 + ln(n)` for n deeds of one kind on one day, so a hundred posts in an evening do not count as a hundred.
"""

from dataclasses import dataclass
from typing import Literal

from tongxin.people.terms import Channel, Verification

LIGHT, ATTENDANCE, COCREATION = 28, 56, 120  # days until half of it has faded


@dataclass(frozen=True)
class DeedKind:
    """One kind of deed. `recognises` says who is honoured by it: the doer, the counterpart, or nobody.

    `spoken_zh` finishes the sentence "再…就可以进入互动层", `spoken_en` "… once more and you are there"; empty for what
    nobody should be asked to do.
    """

    code: str
    zh: str
    en: str
    weight: int
    verification: Verification
    channel: Channel
    half_life_days: int
    daily_cap: float
    spoken_zh: str = ""
    spoken_en: str = ""
    recognises: Literal["", "person", "counterpart"] = ""


ONLINE, OFFLINE = Channel.ONLINE, Channel.OFFLINE
SELF, SYSTEM, STAFF, PEER = Verification.SELF, Verification.SYSTEM, Verification.STAFF, Verification.PEER

DEEDS: tuple[DeedKind, ...] = (
    # light
    DeedKind("read", "看了一条消息", "read a message", 1, SYSTEM, ONLINE, LIGHT, 1.0, "看看社群消息", "Read a message"),
    DeedKind(
        "reacted", "点了赞", "reacted", 1, SYSTEM, ONLINE, LIGHT, 1.5, "给喜欢的内容点个赞", "React to a post",
        recognises="counterpart",
    ),
    DeedKind("punched_in", "打了卡", "punched in", 1, SELF, ONLINE, LIGHT, 1.0, "打一次卡", "Punch in"),
    DeedKind("posted", "发了帖", "posted", 2, SYSTEM, ONLINE, LIGHT, 2.0, "发一篇分享", "Post something"),
    DeedKind(
        "replied", "回了帖", "replied", 2, SYSTEM, ONLINE, LIGHT, 2.0, "回复一位邻居", "Reply to a neighbour",
        recognises="counterpart",
    ),
    DeedKind("answered", "回答了问题", "answered a question", 3, SYSTEM, ONLINE, LIGHT, 2.5, "回答一个问题", "Answer a question"),
    # attendance
    DeedKind(
        "checked_in", "到场签到", "checked in", 4, SYSTEM, OFFLINE, ATTENDANCE, 2.0, "参加 1 次活动", "Come to an event",
    ),
    # co-creation
    DeedKind(
        "answer_accepted", "回答被采纳", "had an answer accepted", 5, PEER, ONLINE, COCREATION, 2.5,
        "让一个回答被采纳", "Have an answer accepted", recognises="person",
    ),
    DeedKind("featured", "作品入选精选", "had a work featured", 6, STAFF, ONLINE, COCREATION, 2.5, "投一件作品", "Have a work featured"),
    DeedKind(
        "referral_verified", "带来一位新邻居", "brought a new neighbour", 6, SYSTEM, ONLINE, COCREATION, 2.0,
        "带一位朋友来", "Bring a friend",
    ),
    DeedKind("co_hosted", "协办了活动", "co-hosted an event", 8, STAFF, OFFLINE, COCREATION, 1.5, "协办一次活动", "Co-host an event"),
    DeedKind("panel_session", "参加了共创会", "sat on a panel", 9, STAFF, OFFLINE, COCREATION, 1.5, "参加一次共创会", "Join a panel"),
    DeedKind("idea_adopted", "点子被采用", "had an idea adopted", 10, STAFF, ONLINE, COCREATION, 1.5, "提一个好点子", "Have an idea adopted"),
    DeedKind("hosted_ritual", "主持了社区仪式", "hosted a ritual", 11, STAFF, OFFLINE, COCREATION, 1.5, "主持一次社区仪式", "Host a ritual"),
    # of weight 0: written down, worth nothing
    DeedKind("became_member", "成为会员", "became a member", 0, SYSTEM, OFFLINE, LIGHT, 1.0),
    DeedKind("visited", "到过店", "visited", 0, SYSTEM, OFFLINE, LIGHT, 1.0),
    DeedKind("registered", "报名", "registered", 0, SELF, ONLINE, LIGHT, 1.0),
    DeedKind("waitlisted", "进入候补", "joined the waiting list", 0, SELF, ONLINE, LIGHT, 1.0),
    DeedKind("lost_draw", "抽签未中", "lost the draw", 0, SYSTEM, ONLINE, LIGHT, 1.0),
    DeedKind("no_show", "报名未到", "did not show up", 0, SYSTEM, OFFLINE, LIGHT, 1.0),
    DeedKind("cancelled", "取消报名", "cancelled", 0, SELF, ONLINE, LIGHT, 1.0),
    DeedKind("joined", "加入社群", "joined a community", 0, SYSTEM, ONLINE, LIGHT, 1.0),
    DeedKind("left", "离开社群", "left a community", 0, SYSTEM, ONLINE, LIGHT, 1.0),
    DeedKind("survey_answered", "回答了问卷", "answered a survey", 0, SELF, ONLINE, LIGHT, 1.0),
    DeedKind("violation_upheld", "违规成立", "broke a house rule", 0, STAFF, ONLINE, LIGHT, 1.0),
    DeedKind("published", "发布作品", "published a work", 0, SELF, ONLINE, LIGHT, 1.0),
    DeedKind("refused", "婉拒邀请", "declined an invitation", 0, SELF, ONLINE, LIGHT, 1.0),
)  # fmt: skip

BY_CODE: dict[str, DeedKind] = {deed.code: deed for deed in DEEDS}

# What a contribution is (inner ring, community.md §1.3): from accepted answers upwards.
CONTRIBUTION = 5
