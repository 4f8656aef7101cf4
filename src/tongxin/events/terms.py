"""Words of events: what an occurrence, a registration, a scan can be; what this room refuses and writes into the trail."""

from datetime import timedelta
from enum import StrEnum

from tongxin.events import terms_after
from tongxin.events.terms_after import MOMENT_LABELS, PHOTO_STATE_LABELS, UNFIT_LABELS  # noqa: F401 - words of the room for the glossary
from tongxin.foundation.errors import Sentence


class Kind(StrEnum):
    """A brand event is the chain's occasion, a ritual the community's habit. They are measured differently."""

    BRAND_EVENT = "brand_event"
    RITUAL = "ritual"


KIND_LABELS: dict[Kind, tuple[str, str]] = {
    Kind.BRAND_EVENT: ("品牌活动", "brand event"),
    Kind.RITUAL: ("社区仪式", "community ritual"),
}


class State(StrEnum):
    """How far an occurrence is."""

    DRAFT = "draft"
    PUBLISHED = "published"
    CANCELLED = "cancelled"
    ENDED = "ended"


STATE_LABELS: dict[State, tuple[str, str]] = {
    State.DRAFT: ("草稿", "draft"),
    State.PUBLISHED: ("报名中", "open"),
    State.CANCELLED: ("已取消", "cancelled"),
    State.ENDED: ("已结束", "over"),
}


class Admission(StrEnum):
    """How seats are given."""

    FIRST_COME = "first_come"
    APPROVAL = "approval"
    LOTTERY = "lottery"


ADMISSION_LABELS: dict[Admission, tuple[str, str]] = {
    Admission.FIRST_COME: ("先到先得", "first come, first served"),
    Admission.APPROVAL: ("主理人确认", "the champion approves"),
    Admission.LOTTERY: ("抽签", "by lottery"),
}


class Seat(StrEnum):
    """The state of a registration."""

    APPLIED = "applied"
    ENTERED = "entered"
    WAITING = "waiting"
    OFFERED = "offered"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    DECLINED = "declined"
    LOST_DRAW = "lost_draw"
    REMOVED = "removed"


SEAT_LABELS: dict[Seat, tuple[str, str]] = {
    Seat.APPLIED: ("待确认", "waiting for approval"),
    Seat.ENTERED: ("已参加抽签", "in the draw"),
    Seat.WAITING: ("候补中", "on the waiting list"),
    Seat.OFFERED: ("有位，等你确认", "a seat is offered"),
    Seat.CONFIRMED: ("已报名", "registered"),
    Seat.CANCELLED: ("已取消", "cancelled"),
    Seat.DECLINED: ("未通过", "not admitted"),
    Seat.LOST_DRAW: ("未中签", "not drawn"),
    Seat.REMOVED: ("活动已取消", "the event was cancelled"),
}

LIVE = (
    Seat.APPLIED,
    Seat.ENTERED,
    Seat.WAITING,
    Seat.OFFERED,
    Seat.CONFIRMED,
)  # at most one of these a person and occurrence
SEATED = (Seat.OFFERED, Seat.CONFIRMED)  # these hold seats of a pool


class Via(StrEnum):
    """How somebody came through the door."""

    TICKET = "ticket"
    SEARCH = "search"
    WALK_IN = "walk_in"


class Did(StrEnum):
    """What a scanner did, and what the server would have said: two fields, never one made from the other."""

    ADMITTED = "admitted"
    ALREADY = "already"
    REFUSED = "refused"
    ANNULLED = "annulled"


class Why(StrEnum):
    """The reason beside an answer at the door."""

    OK = "ok"
    ALREADY = "already"
    INVALID = "invalid"  # forged, altered, expired, replayed: one indistinguishable answer
    OTHER_EVENT = "other_event"
    CANCELLED = "cancelled"
    NOT_CONFIRMED = "not_confirmed"
    OUTSIDE_WINDOW = "outside_window"
    FULL = "full"
    DOOR_CLOSED = "door_closed"
    ANNULLED = "annulled"


class Conflict(StrEnum):
    """What a champion is asked to look at after a sync."""

    TWICE = "twice"
    ADMITTED_CANCELLED = "admitted_cancelled"
    ADMITTED_INVALID = "admitted_invalid"
    REVOKED_DOOR = "revoked_door"
    LATE_ANNULMENT = "late_annulment"


CONFLICT_LABELS: dict[Conflict, tuple[str, str]] = {
    Conflict.TWICE: ("同一张票进了两次", "one ticket came in twice"),
    Conflict.ADMITTED_CANCELLED: ("已取消的报名被放行", "a cancelled registration was let in"),
    Conflict.ADMITTED_INVALID: ("离线时放行，联网后核对不上", "let in offline, not confirmed online"),
    Conflict.REVOKED_DOOR: ("停用的设备传来的记录", "from a door that was revoked"),
    Conflict.LATE_ANNULMENT: ("超时的撤销", "annulled too late"),
}


class WaitNote(StrEnum):
    """What happened on a waiting list; both sides read it."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    LAPSED = "lapsed"
    PARTY_TOO_BIG = "party_too_big"
    NOT_ENTITLED = "not_entitled"
    OUT_OF_TURN = "out_of_turn"
    LEFT = "left"
    CAME = "came"


WAIT_LABELS: dict[WaitNote, tuple[str, str]] = {
    WaitNote.OFFERED: ("有空位，已发出邀请", "a seat was offered"),
    WaitNote.ACCEPTED: ("已接受", "accepted"),
    WaitNote.DECLINED: ("已放弃", "declined"),
    WaitNote.LAPSED: ("超时未确认，让给下一位", "not answered in time, passed on"),
    WaitNote.PARTY_TOO_BIG: (
        "空位不够同行人数，先看下一位",
        "too few seats for the party, the next one was asked",
    ),
    WaitNote.NOT_ENTITLED: ("空位是给其他人群预留的", "the free seats are kept for others"),
    WaitNote.OUT_OF_TURN: ("主理人优先安排", "the champion chose out of turn"),
    WaitNote.LEFT: ("已退出候补", "left the waiting list"),
    WaitNote.CAME: ("人到了现场，按现场名额处理", "came to the door and was seated there"),
}

OFFER_LASTS = timedelta(
    hours=12
)  # a seat offered from the waiting list; less when the event is near (rules/waiting.py)
DOOR_BEFORE = timedelta(hours=2)  # a door opens this long before the start
DOOR_AFTER = timedelta(hours=2)  # and closes this long after the end
LIST_KEPT = timedelta(hours=12)  # the device forgets the list this long after the end (promise P10)
ANNUL_WITHIN = timedelta(minutes=10)  # by the same door; later only a champion or headquarters
TOKEN_STEP = 30  # seconds of a rotating ticket (promise P11)
TOKEN_OLDEST = timedelta(seconds=90)  # a screenshot older than this is refused online
PARTY_MOST = 8
COMPANION_REST = timedelta(days=30)
DRAW_KEPT = timedelta(
    days=2 * 365
)  # entrants without a seat, after the draw; the public document stays, it names nobody
JOURNAL_MOST = 500  # scans in one upload of a phone that was offline
DOOR_ASKS = 30  # searches a minute at one door: a list is read at the door, not harvested
SEARCH_SHORTEST = 2

REFUSALS: dict[str, Sentence] = {
    **terms_after.REFUSALS,
    "events.not_open": Sentence("报名还没开始，请到时再来。", "Registration has not begun yet.", 409),
    "events.closed": Sentence("报名已经截止。", "Registration is closed.", 409),
    "events.full": Sentence("名额满了。", "No seats left.", 409),
    "events.registered": Sentence("你已经报过名了。", "You are registered already.", 409),
    "events.moved": Sentence(
        "活动时间或地点刚改过，请先看看新的安排再报名。",
        "The event was moved meanwhile; look again first.",
        409,
    ),
    "events.cancelled": Sentence("活动已取消。", "The event was cancelled.", 409),
    "events.past": Sentence("活动已经开始或结束。", "The event has begun or is over.", 409),
    "events.party": Sentence(
        "最多 {most} 人同行（含你）。", "A party has at most {most} people, you included.", 422
    ),
    "events.alone": Sentence("这场活动不能带人。", "No companions at this event.", 422),
    "events.not_for_you": Sentence(
        "这场活动目前只对部分会员开放。", "This event is open to some members only for now.", 409
    ),
    "events.question": Sentence("请回答：{question}", "Please answer: {question}", 422),
    "events.times": Sentence("结束要晚于开始。", "It must end after it begins.", 422),
    "events.past_start": Sentence("开始时间已经过去。", "It would begin in the past.", 422),
    "events.no_places": Sentence("先写明名额。", "Say how many places there are.", 422),
    "events.size_below_taken": Sentence(
        "已有 {taken} 个名额被占用，不能改得更少。", "{taken} places are taken already.", 409
    ),
    "events.state": Sentence(
        "活动现在的状态不能做这一步。", "Not possible in the present state of the event.", 409
    ),
    "events.seat_state": Sentence(
        "这个报名现在的状态不能做这一步。", "Not possible in the present state of the registration.", 409
    ),
    "events.clash": Sentence(
        "{what} 那个时间已有安排：{with_what}。", "{what} is taken then by {with_what}.", 409
    ),
    "events.offer_over": Sentence("这个空位已经让给下一位了。", "This offer is over.", 409),
    "events.ticket": Sentence("这张票无效。", "This ticket is not valid.", 422),
    "events.door_closed": Sentence("签到还没开放，或已经结束。", "The door is not open now.", 409),
    "events.door_revoked": Sentence("这台设备已停用。", "This door was revoked.", 403),
    "events.annul_late": Sentence(
        "只能在 10 分钟内由同一台设备撤销；之后请主理人处理。",
        "Too late for this device; ask the champion.",
        409,
    ),
    "events.too_many_searches": Sentence(
        "查得太快了，请过一分钟再查。", "Too many searches; wait a minute.", 429
    ),
    "events.search_short": Sentence(
        "请输入至少 2 个字，或手机尾号 4 位。", "At least two letters, or the last four digits.", 422
    ),
    "events.journal_long": Sentence("一次最多传 {most} 条。", "At most {most} scans in one upload.", 422),
    "events.not_lottery": Sentence("这场活动不抽签。", "This event has no draw.", 409),
    "events.draw_open": Sentence("报名截止后才能抽签。", "The draw comes after registration closes.", 409),
    "events.draw_rules": Sentence(
        "抽签规则还没写全，缺：{missing}。", "The rules of the draw are incomplete: {missing}.", 422
    ),
    "events.draw_times": Sentence(
        "开奖要在报名截止之后、活动开始两小时之前。",
        "The draw comes after registration closes and two hours before the start.",
        422,
    ),
    "events.draw_prize": Sentence(
        "抽签的奖品价值不能超过五万元。", "A prize may be worth at most 50,000 yuan.", 422
    ),
    "events.draw_kept": Sentence(
        "抽签的活动不能预留名额。", "No seats can be kept for some where seats are drawn.", 422
    ),
    "events.draw_frozen": Sentence(
        "抽签规则已公示，不能再改。", "The rules of the draw are published and cannot change.", 409
    ),
    "events.draw_not_committed": Sentence(
        "先公示名单和承诺，才能开奖。", "Entrants and commitment are published first.", 409
    ),
    "events.draw_early": Sentence("公示时间还不够，{at} 之后才能开奖。", "Too early: not before {at}.", 409),
    "events.reason_missing": Sentence("请写明原因。", "Give a reason.", 422),
    "events.rule": Sentence("重复规则写得不对：{reason}", "The rule of repetition is wrong: {reason}", 422),
    "events.format": Sentence("{format} 需要：{needs}", "{format} needs: {needs}", 422),
    "events.pass_full": Sentence(
        "有几场满了，这次没有报上：{which}", "Some of the dates are full; nothing was booked: {which}", 409
    ),
    "events.pass_taken": Sentence(
        "有几场你已经报过名了：{which}", "You are registered for some of the dates already: {which}", 409
    ),
    "events.pass_over": Sentence("没有还能报名的场次了。", "No date is left to take.", 409),
    "events.first_only": Sentence(
        "首次体验每位会员一次，你已经体验过了。", "The first-visit offer is once for each member.", 409
    ),
    "events.group_closed": Sentence("这个团已经结束了。", "This group is closed.", 409),
    "events.group_full": Sentence("这个团已经满了。", "This group is complete.", 409),
    "events.answered": Sentence("这个提议已经答复过了。", "This proposal has been answered.", 409),
    "events.waiting_for_answer": Sentence(
        "你还有一个提议在等主理人答复。", "A proposal of yours is still waiting for its answer.", 409
    ),
    "events.channel_policy": Sentence(
        "渠道规则不允许：{clause}", "The channel's rules forbid it: {clause}", 422
    ),
}

ACTS: dict[str, str] = {
    **terms_after.ACTS,
    "events.drafted": "新建活动",
    "events.changed": "修改活动",
    "events.published": "发布活动",
    "events.moved": "改期",
    "events.cancelled": "取消活动",
    "events.ended": "活动结束",
    "events.resized": "调整名额",
    "events.allotted": "预留名额",
    "events.released": "释放预留名额",
    "events.registered": "报名",
    "events.registration_changed": "修改报名",
    "events.registration_cancelled": "取消报名",
    "events.approved": "通过报名",
    "events.declined": "婉拒报名",
    "events.offered": "候补给位",
    "events.offer_accepted": "接受候补",
    "events.offer_declined": "放弃候补",
    "events.offer_lapsed": "候补超时",
    "events.picked_out_of_turn": "优先安排候补",
    "events.draw_committed": "公示抽签",
    "events.drawn": "开奖",
    "events.door_opened": "打开签到",
    "events.door_revoked": "停用签到设备",
    "events.door_list_read": "读取签到名单",
    "events.door_searched": "签到台查找",
    "events.checked_in": "签到",
    "events.check_in_annulled": "撤销签到",
    "events.synced": "补传离线签到",
    "events.conflict_found": "签到冲突",
    "events.conflict_resolved": "处理签到冲突",
    "events.walked_in": "现场加人",
    "events.no_shows_written": "记录未到",
    "events.series_opened": "新建系列",
    "events.series_changed": "修改系列",
    "events.series_split": "拆分系列",
    "events.pass_taken": "报名整个系列",
    "events.pass_given_back": "退掉整个系列",
    "events.booked": "占用场地",
    "events.group_opened": "开团",
    "events.group_joined": "参团",
    "events.group_completed": "成团",
    "events.group_released": "未成团释放",
    "events.feed_opened": "生成日历订阅地址",
    "events.feed_revoked": "停用日历订阅地址",
    "events.ritual_proposed": "提议仪式",
    "events.ritual_approved": "通过仪式提议",
    "events.ritual_declined": "婉拒仪式提议",
    "events.participants_tidied": "到期删除同行孩子信息",
    "events.answers_tidied": "到期删除报名回答",
    "events.draws_tidied": "到期删除抽签落选名单与本人的对应",
    "events.exported": "导出报名名单",
    "events.told": "通知报名的人",
}
