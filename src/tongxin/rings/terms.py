"""Words of the rings: 外环 · 中环 · 内环, what moves people, and what is said about it."""

from enum import StrEnum

from tongxin.foundation.errors import Sentence


class Ring(StrEnum):
    """The three rings, from far to near."""

    OUTER = "outer"
    MIDDLE = "middle"
    INNER = "inner"

    @property
    def step(self) -> int:
        """0 for outer, 1 for middle, 2 for inner."""
        return ORDER.index(self)

    @property
    def zh(self) -> str:
        """`中环 互动层`."""
        return LABELS[self][0]

    @property
    def en(self) -> str:
        """`middle ring`."""
        return LABELS[self][1]


ORDER = (Ring.OUTER, Ring.MIDDLE, Ring.INNER)
LABELS = {
    Ring.OUTER: ("外环 辐射层", "outer ring (reach)"),
    Ring.MIDDLE: ("中环 互动层", "middle ring (taking part)"),
    Ring.INNER: ("内环 共创层", "inner ring (creating together)"),
}


class Cause(StrEnum):
    """Who moved somebody: the rule, a person who confirmed, or a person who overrode the rule."""

    AUTO = "auto"
    HUMAN = "human"
    OVERRIDE = "override"


CAUSES = {
    Cause.AUTO: ("自动", "by rule"),
    Cause.HUMAN: ("人工确认", "confirmed by a person"),
    Cause.OVERRIDE: ("人工调整", "set by a person"),
}


class Move(StrEnum):
    """What a run did to somebody."""

    ARRIVED = "arrived"
    NEARER = "nearer"
    FARTHER = "farther"


MOVES = {
    Move.ARRIVED: ("新来", "newly known"),
    Move.NEARER: ("走近", "nearer"),
    Move.FARTHER: ("走远", "farther"),
}


class Reason(StrEnum):
    """Why a verdict is what it is: the codes that programs read."""

    GATES_MET = "gates_met"
    GATES_NOT_MET = "gates_not_met"
    HELD_ABOVE_LOW_WATER = "held_above_low_water"
    HELD_WEEKS = "held_weeks"
    HELD_MINIMUM_STAY = "held_minimum_stay"
    LOW_FOR_WEEKS = "low_for_weeks"
    HELD_UNTIL_REVIEW = "held_until_review"
    HELD_NOTICE = "held_notice"
    REVIEW_PASSED = "review_passed"
    LOW_AT_REVIEW = "low_at_review"
    CANDIDATE = "candidate"
    CONFIRMED = "confirmed"
    NOT_CONFIRMED_ANY_MORE = "not_confirmed_any_more"
    MOVED_IN_THIS_RUN = "moved_in_this_run"
    BLANK_PROFILE = "blank_profile"
    STAFF = "staff"
    OVERRIDDEN = "overridden"
    OVERRIDE_ENDED = "override_ended"


REASONS = {
    Reason.GATES_MET: ("进门的条件全部满足", "every gate is met"),
    Reason.GATES_NOT_MET: ("还有条件没有满足", "some gates are not met yet"),
    Reason.HELD_ABOVE_LOW_WATER: (
        "至少有一项仍在出门线以上",
        "at least one line is above its low-water mark",
    ),
    Reason.HELD_WEEKS: ("低于出门线的周数还不够", "not low for enough weeks yet"),
    Reason.HELD_MINIMUM_STAY: ("进来还不久，先不动", "too new in this ring to leave it"),
    Reason.LOW_FOR_WEEKS: (
        "连续几周全部低于出门线",
        "every line was below its low-water mark for weeks on end",
    ),
    Reason.HELD_UNTIL_REVIEW: ("每季看一次，还没到时候", "looked at once a quarter; not due yet"),
    Reason.HELD_NOTICE: (
        "先告诉主理人，满 14 天再看",
        "the champion was told; looked at again after the notice",
    ),
    Reason.REVIEW_PASSED: ("本季看过，留在内环", "this quarter's review is passed"),
    Reason.LOW_AT_REVIEW: (
        "季度复看时全部低于出门线",
        "every line was below its low-water mark at the review",
    ),
    Reason.CANDIDATE: (
        "内环条件已满足，等邀请和确认",
        "meets the inner gates; waits for an invitation and a person's word",
    ),
    Reason.CONFIRMED: ("本人接受邀请，并由专人确认", "the member accepted and a named person confirmed"),
    Reason.NOT_CONFIRMED_ANY_MORE: ("确认时条件已不满足", "the gates were no longer met at confirmation"),
    Reason.MOVED_IN_THIS_RUN: ("这一轮已经动过一步", "already moved one step in this run"),
    Reason.BLANK_PROFILE: ("不做个性化：按空白档案对待", "no personalisation: treated as a blank profile"),
    Reason.STAFF: ("员工不参与分层", "staff are not placed"),
    Reason.OVERRIDDEN: (
        "人工调整在生效，自动判定继续在后台算",
        "a person's decision stands; the rule runs in its shadow",
    ),
    Reason.OVERRIDE_ENDED: (
        "人工调整到期，回到自动判定",
        "the person's decision ended; the rule speaks again",
    ),
}


class Gate(StrEnum):
    """The lines of the gates, as they are spoken."""

    KNOWN = "known"
    CONSENT = "consent"
    CHECKINS = "checkins"
    DAYS_56 = "days_56"
    WEEKS_56 = "weeks_56"
    CONTRIBUTION = "contribution"
    DAYS_91 = "days_91"
    WEEKS_91 = "weeks_91"
    VERIFIED = "verified"
    VERIFIED_KINDS = "verified_kinds"
    RECOGNISED_BY = "recognised_by"
    RECOGNISED_DAYS = "recognised_days"
    VIOLATIONS = "violations"


GATES = {
    Gate.KNOWN: ("认得我们：门店周边、来过或关注", "known: in the catchment, a guest or a follower"),
    Gate.CONSENT: ("已注册，并同意个性化", "registered, and agrees to personalisation"),
    Gate.CHECKINS: ("到过场：91 天里签到的次数", "present: check-ins in 91 days"),
    Gate.DAYS_56: ("来得勤：56 天里活跃的日子", "often: active days in 56 days"),
    Gate.WEEKS_56: ("来得匀：跨过几周（56 天）", "steady: weeks touched in 56 days"),
    Gate.CONTRIBUTION: ("有投入：随时间淡去的贡献分", "involved: contribution that fades with time"),
    Gate.DAYS_91: ("来得勤：91 天里活跃的日子", "often: active days in 91 days"),
    Gate.WEEKS_91: ("来得久：跨过几周（91 天）", "lasting: weeks touched in 91 days"),
    Gate.VERIFIED: (
        "有贡献：半年内有分量、经核实的事",
        "gives: verified contributions of weight in half a year",
    ),
    Gate.VERIFIED_KINDS: ("不止一种：有分量的事有几种", "more than one kind of such contributions"),
    Gate.RECOGNISED_BY: ("被人认：几位会员回应过", "recognised: by how many members"),
    Gate.RECOGNISED_DAYS: ("被人认：在几个不同的日子", "recognised: on how many days"),
    Gate.VIOLATIONS: ("守规矩：近 91 天被确认的违规", "keeps the rules: upheld violations in 91 days"),
}

UNITS = {
    Gate.CHECKINS: ("次", "check-ins"),
    Gate.DAYS_56: ("天", "days"),
    Gate.WEEKS_56: ("周", "weeks"),
    Gate.CONTRIBUTION: ("分", "points"),
    Gate.DAYS_91: ("天", "days"),
    Gate.WEEKS_91: ("周", "weeks"),
    Gate.VERIFIED: ("次", "times"),
    Gate.VERIFIED_KINDS: ("种", "kinds"),
    Gate.RECOGNISED_BY: ("位", "members"),
    Gate.RECOGNISED_DAYS: ("天", "days"),
    Gate.VIOLATIONS: ("次", "times"),
}


class OverrideReason(StrEnum):
    """Why a person sets a ring by hand."""

    IMPORTED = "imported"
    OFFLINE_DEEDS = "offline_deeds"
    WRONG_EVIDENCE = "wrong_evidence"
    MEMBER_ASKED = "member_asked"
    CARE = "care"
    MISCONDUCT = "misconduct"


OVERRIDE_REASONS = {
    OverrideReason.IMPORTED: ("旧系统转入，已过复核", "taken over from the old system, reviewed"),
    OverrideReason.OFFLINE_DEEDS: ("线下做了很多，系统没有记到", "did much that no system recorded"),
    OverrideReason.WRONG_EVIDENCE: ("证据有误，正在更正", "the evidence is wrong and being corrected"),
    OverrideReason.MEMBER_ASKED: ("本人要求", "the member asked for it"),
    OverrideReason.CARE: ("特殊情况，予以照顾", "a special case that deserves care"),
    OverrideReason.MISCONDUCT: ("违规处理", "after misconduct"),
}


class InvitationState(StrEnum):
    """How far an invitation into the inner ring has come."""

    INVITED = "invited"
    ACCEPTED = "accepted"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


INVITATION_STATES = {
    InvitationState.INVITED: ("已邀请，等本人答复", "offered, waits for the member"),
    InvitationState.ACCEPTED: ("本人已接受，等名额或再看一次", "accepted, waits for a seat or a second look"),
    InvitationState.CONFIRMED: ("已成为内环", "in the inner ring"),
    InvitationState.DECLINED: ("本人婉拒", "declined"),
    InvitationState.WITHDRAWN: ("已撤回", "withdrawn"),
    InvitationState.EXPIRED: ("过期未答复", "expired"),
}
LIVE_INVITATIONS = (InvitationState.INVITED, InvitationState.ACCEPTED)


class ThanksKind(StrEnum):
    """How a member is thanked."""

    PRAISE = "praise"
    GIFT = "gift"
    INSIDE = "inside"


THANKS_KINDS = {
    ThanksKind.PRAISE: ("公开表扬", "public praise"),
    ThanksKind.GIFT: ("小礼物", "a small gift"),
    ThanksKind.INSIDE: ("内部活动邀请", "an inside event"),
}


class ThanksState(StrEnum):
    """How far thanks have come. Praise is seen by others only while it is `public`: the member said yes and has not taken it back."""

    ASKED = "asked"
    PUBLIC = "public"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    GIVEN = "given"
    HELD = "held"


THANKS_STATES = {
    ThanksState.ASKED: ("等本人同意公开", "waits for the member's consent"),
    ThanksState.PUBLIC: ("已公开", "public"),
    ThanksState.DECLINED: ("本人不想公开", "the member would rather not"),
    ThanksState.WITHDRAWN: ("本人收回", "taken back by the member"),
    ThanksState.GIVEN: ("已送出", "given"),
    ThanksState.HELD: ("随机留出，先不送", "held out at random"),
}
DEAREST_GIFT_FEN = 20_000  # 反法 7 and the house's own modesty: a small gift is small


class RunState(StrEnum):
    """A weekly run is under way or done."""

    RUNNING = "running"
    DONE = "done"


ACTS: dict[str, str] = {
    "rings.policy_published": "发布圈层规则",
    "rings.recomputed": "重算圈层",
    "rings.moved": "圈层变动",
    "rings.leave_announced": "预告离开内环",
    "rings.invited": "邀请进入内环",
    "rings.invitation_accepted": "接受内环邀请",
    "rings.invitation_declined": "婉拒内环邀请",
    "rings.invitation_withdrawn": "撤回内环邀请",
    "rings.confirmed": "确认进入内环",
    "rings.seat_offered": "邀请担任顾问",
    "rings.thanked": "感谢会员",
    "rings.thanks_answered": "会员答复公开表扬",
    "rings.programme_opened": "设立感谢计划",
    "rings.programme_run": "执行感谢计划",
    "rings.overridden": "人工调整圈层",
    "rings.override_ended": "结束人工调整",
}

REFUSALS: dict[str, Sentence] = {
    "rings.policy_bad": Sentence(
        "圈层规则有一处不对：{field}。{reason}", "Ring policy, {field}: {reason}", 422
    ),
    "rings.policy_stale": Sentence(
        "别人刚发布了规则第 {version} 版，请先看看再改。", "Version {version} was published meanwhile.", 412
    ),
    "rings.no_policy": Sentence("还没有圈层规则，请先发布第一版。", "There is no ring policy yet.", 409),
    "rings.future": Sentence(
        "不能按将来的日子判定圈层：{as_of}。", "Rings cannot be placed as of a future day: {as_of}.", 422
    ),
    "rings.not_placed": Sentence(
        "这位还没有圈层（员工、已合并或已注销的不分层）。", "This person has no ring.", 409
    ),
    "rings.not_a_candidate": Sentence(
        "内环条件还差 {missing} 项，暂时不能邀请。", "{missing} inner gate(s) are not met yet.", 409
    ),
    "rings.already_invited": Sentence("邀请已经发出，正在等答复。", "An invitation is already open.", 409),
    "rings.invitation_state": Sentence(
        "邀请现在是「{state}」，不能做这一步。", "The invitation is {state}; this step does not apply.", 409
    ),
    "rings.invitation_expired": Sentence("邀请已经过期，请重新邀请。", "The invitation has expired.", 410),
    "rings.reason_needed": Sentence(
        "请写一句为什么邀请，本人看得到。", "Say in a sentence why; the member reads it.", 422
    ),
    "rings.words_needed": Sentence("请写一句感谢的话。", "Say thank you in a sentence.", 422),
    "rings.cost_bad": Sentence(
        "礼物要写成本，最多 {most} 元一份。", "A gift has a cost, at most {most} yuan each.", 422
    ),
    "rings.envelope_needed": Sentence(
        "礼物要从预算里出，请选一个预算包。", "A gift is paid from an envelope.", 422
    ),
    "rings.thanks_state": Sentence(
        "这份感谢现在是「{state}」，不能做这一步。", "These thanks are {state}.", 409
    ),
    "rings.programme_bad": Sentence("感谢计划有一处不对：{field}。", "Programme of thanks: {field}.", 422),
    "rings.programme_done": Sentence("这份计划已经执行过了。", "This programme has been run already.", 409),
    "rings.own_confirmation": Sentence(
        "不能由本人确认自己，请另一位同事来。", "Nobody confirms themselves.", 403
    ),
    "rings.person_needed": Sentence("这一步要由有名有姓的人来做。", "A named person has to do this.", 403),
    "rings.full": Sentence(
        "这家店的内环名额是 {capacity} 位，已经满了。",
        "The inner ring of this store has {capacity} seat(s), all taken.",
        409,
    ),
    "rings.override_too_long": Sentence(
        "人工调整最长 {days} 天，到期自动恢复。", "An override lasts at most {days} days.", 422
    ),
    "rings.override_past": Sentence(
        "人工调整的到期时间要在将来。", "An override must end in the future.", 422
    ),
    "rings.override_none": Sentence("现在没有生效的人工调整。", "No override is in force.", 409),
    "rings.staff": Sentence("员工不参与分层。", "Staff are not placed.", 409),
    "rings.switched_off": Sentence(
        "本人关闭了个性化，不能调整圈层。", "The member switched personalisation off.", 409
    ),
}
