"""Words of people: identities, purposes of consent, states, and what this room refuses."""

from datetime import timedelta
from enum import StrEnum

from tongxin.foundation.errors import Sentence


class IdentityKind(StrEnum):
    """How somebody is known to an issuer. A phone that comes hashed is a kind of its own."""

    MEMBER_CODE = "member_code"
    PHONE = "phone"
    PHONE_SHA256 = "phone_sha256"
    UNIONID = "unionid"
    WECOM = "wecom"
    VISIT = "visit"
    PLACE = "place"


IDENTITY_LABELS: dict[IdentityKind, tuple[str, str]] = {
    IdentityKind.MEMBER_CODE: ("会员号", "member code"),
    IdentityKind.PHONE: ("手机号", "phone"),
    IdentityKind.PHONE_SHA256: ("加密手机号", "hashed phone"),
    IdentityKind.UNIONID: ("微信 unionid", "WeChat unionid"),
    IdentityKind.WECOM: ("企业微信客户", "WeCom contact"),
    IdentityKind.VISIT: ("到店记录", "store visit"),
    IdentityKind.PLACE: ("商圈记录", "catchment"),
}


class CustomerKind(StrEnum):
    """A member, or somebody known only by a place or a visit."""

    MEMBER = "member"
    PROSPECT = "prospect"


class CustomerState(StrEnum):
    """Merged customers stand behind their survivor; erased ones are an opaque number."""

    LIVE = "live"
    MERGED = "merged"
    ERASED = "erased"


class Purpose(StrEnum):
    """What a person is asked for, each by itself (PIPL 13–17)."""

    RUN_EVENT = "run_event"
    GROUP_MESSAGE = "group_message"
    PERSONALISATION = "personalisation"
    MEASUREMENT = "measurement"
    PHOTO = "photo"
    PARTNER = "partner"

    @property
    def zh(self) -> str:
        return PURPOSE_LABELS[self][0]

    @property
    def en(self) -> str:
        return PURPOSE_LABELS[self][1]


PURPOSE_LABELS: dict[Purpose, tuple[str, str]] = {
    Purpose.RUN_EVENT: ("办好我报名的活动", "run the events I sign up for"),
    Purpose.GROUP_MESSAGE: ("给我发社群和活动消息", "send me community messages"),
    Purpose.PERSONALISATION: ("按我的参与情况推荐", "suggest things by what I take part in"),
    Purpose.MEASUREMENT: ("统计活动效果（只看总数）", "measure what events achieve, in totals"),
    Purpose.PHOTO: ("公开我的照片", "publish my photos"),
    Purpose.PARTNER: ("提供给合作方", "share with a partner"),
}

# A child's data may be used to run the event and, if the guardian says so, in photos. Nothing else can be agreed to.
CHILD_PURPOSES = frozenset({Purpose.RUN_EVENT, Purpose.PHOTO})

# After a no we do not ask again for this long (网络数据条例 22(5): do not keep asking).
ASK_AGAIN = timedelta(days=90)

# A companion's data go this long after the event they came for (promise P28).
COMPANION_REST = timedelta(days=30)
# Staff see the children of an event from two days before until a day after it.
ROSTER_BEFORE = timedelta(hours=48)
ROSTER_AFTER = timedelta(hours=24)
OLDEST_COMPANION = 17  # a companion is a minor; an adult registers for themselves

# Looking at a full phone: why, in so many characters, and how often an account may on one day.
REVEAL_REASON = (3, 120)
REVEALS_A_DAY = 30
DIGITS_IN_A_REASON = 4  # more in a row may be a phone or a part of one


class Channel(StrEnum):
    """Where a deed happens."""

    ONLINE = "online"
    OFFLINE = "offline"
    TILL = "till"


CHANNEL_LABELS: dict[Channel, tuple[str, str]] = {
    Channel.ONLINE: ("线上", "online"),
    Channel.OFFLINE: ("线下", "offline"),
    Channel.TILL: ("收银", "till"),
}


class Verification(StrEnum):
    """Who vouches for a deed."""

    SELF = "self"
    SYSTEM = "system"
    STAFF = "staff"
    PEER = "peer"


class MergeReason(StrEnum):
    """Why two customers are one person."""

    SAME_PHONE = "same_phone"
    MEMBER_ASKED = "member_asked"
    CARD_REPLACED = "card_replaced"
    STAFF_CHECKED = "staff_checked"


MERGE_LABELS: dict[MergeReason, tuple[str, str]] = {
    MergeReason.SAME_PHONE: ("同一手机号", "same phone"),
    MergeReason.MEMBER_ASKED: ("会员本人要求", "the member asked"),
    MergeReason.CARD_REPLACED: ("换卡", "card replaced"),
    MergeReason.STAFF_CHECKED: ("员工核对", "checked by staff"),
}

# What members are written to in; the first one, when nobody asked.
LANGUAGES = ("zh", "en")

REFUSALS: dict[str, Sentence] = {
    "people.identity_taken": Sentence(
        "这个{kind}已属于另一位会员，请先核对，再合并。",
        "That {kind} belongs to somebody else; check, then merge.",
        409,
    ),
    "people.same_person": Sentence("两边本来就是同一个人。", "They are the same person already.", 409),
    "people.already_merged": Sentence(
        "其中一位已经并入他人，请在合并后的会员上操作。", "One of them is merged already.", 409
    ),
    "people.not_merged": Sentence("这次合并已撤销，或从未发生。", "That merge was undone already.", 409),
    "people.asked_lately": Sentence(
        "对方 {said_no_on} 拒绝过，{again_on} 之前不再询问。",
        "They said no on {said_no_on}; do not ask before {again_on}.",
        409,
    ),
    "people.not_for_children": Sentence(
        "孩子的信息不能用于“{purpose}”。", "A child's data cannot be used for {purpose}.", 422
    ),
    "people.guardian_consent_needed": Sentence(
        "需要监护人先同意，才能登记孩子。", "The guardian must agree first.", 422
    ),
    "people.age": Sentence("请填写整岁，0 到 17。", "Give whole years from 0 to 17.", 422),
    "people.guardian_only": Sentence("只有监护人本人可以登记或查看。", "Only the guardian may do this.", 403),
    "people.roster_closed": Sentence(
        "孩子名单只在活动前 48 小时到活动后 24 小时开放。", "The roster is closed.", 403
    ),
    "people.phone_bad": Sentence("手机号不对。", "That is no phone number.", 422),
    "people.tag_taken": Sentence("已有这个标签。", "The tag is there already.", 409),
    "people.unknown_deed": Sentence("不认识的行为：{kind}", "Unknown deed: {kind}", 422),
    "people.already_reversed": Sentence("这一笔已经冲销。", "That row is reversed already.", 409),
    "people.erase_needs_reason": Sentence("请写明删除的原因。", "Say why.", 422),
    "people.reveal_reason": Sentence(
        "请写明为什么要看号码，{least} 到 {most} 个字。",
        "Say why you need the number, in {least} to {most} characters.",
        422,
    ),
    "people.reveal_digits": Sentence(
        "事由会长期留存，请不要写号码或一长串数字。",
        "The reason is kept for good: leave out numbers and long strings of digits.",
        422,
    ),
    "people.no_phone": Sentence("没有存这位会员的完整号码。", "No full number of this member is kept.", 409),
    "people.too_many_reveals": Sentence(
        "今天已经看过 {most} 次号码，明天再看。",
        "You have looked at {most} numbers today; go on tomorrow.",
        429,
    ),
}

# What the audit trail may say about this room; also the events that webhooks can subscribe to.
ACTS: dict[str, str] = {
    "people.incident_drawn_up": "整理个人信息事件材料",
    "people.registered": "会员注册",
    "people.prospect_noted": "记下潜在顾客",
    "people.identity_added": "新增身份",
    "people.account_opened": "开通会员账号",
    "people.profile_changed": "修改资料",
    "people.language_chosen": "选择通知的语言",
    "people.staff_flagged": "标记员工",
    "people.staff_found": "识别出员工会员",
    "people.members_imported": "导入会员",
    "people.tagged": "打标签",
    "people.untagged": "删除标签",
    "people.merged": "合并会员",
    "people.unmerged": "撤销合并",
    "people.consent_granted": "同意授权",
    "people.consent_withdrawn": "撤回授权",
    "people.companion_added": "登记随行孩子",
    "people.companion_changed": "修改随行孩子",
    "people.companion_forgotten": "删除随行孩子",
    "people.companions_kept": "延长随行孩子信息",
    "people.companions_tidied": "到期删除随行孩子信息",
    "people.roster_opened": "打开孩子名单",
    "people.deeds_recorded": "批量记账",
    "people.deed_reversed": "冲销一笔",
    "people.erased": "删除个人信息",
    "people.exported": "导出个人信息",
    "people.phone_revealed": "查看完整号码",
}
