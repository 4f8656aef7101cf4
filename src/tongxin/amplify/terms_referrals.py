"""Words of friends who were brought: states, flags, lines of the ledger, the numbers of the rules."""

from datetime import timedelta
from enum import StrEnum

from tongxin.foundation.errors import Sentence


class ReferralState(StrEnum):
    """A friend named who brought them; then a first purchase that was kept decides, or a person who looked."""

    PENDING = "pending"
    HELD = "held"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    LAPSED = "lapsed"


REFERRAL_LABELS: dict[ReferralState, tuple[str, str]] = {
    ReferralState.PENDING: ("等第一次购买过退货期", "waits for a first purchase that is kept"),
    ReferralState.HELD: ("等人工核实", "waits for a person to look"),
    ReferralState.CONFIRMED: ("已确认", "confirmed"),
    ReferralState.REFUSED: ("不计入", "does not count"),
    ReferralState.LAPSED: ("期内没有购买", "no purchase in time"),
}


class Flag(StrEnum):
    """Why somebody should look before anything is paid."""

    SAME_DEVICE = "same_device"
    SHARED_DEVICE = "shared_device"
    SAME_PHONE = "same_phone"
    BURST = "burst"
    ELSEWHERE = "elsewhere"
    ALIKE = "alike"
    RING = "ring"


FLAG_LABELS: dict[Flag, tuple[str, str]] = {
    Flag.SAME_DEVICE: ("和邀请人用同一台设备", "same device as who invited"),
    Flag.SHARED_DEVICE: ("同一台设备登记了几位朋友", "several friends came from one device"),
    Flag.SAME_PHONE: ("手机尾号和邀请人相同", "same phone digits as who invited"),
    Flag.BURST: ("短时间内登记了太多朋友", "too many friends at once"),
    Flag.ELSEWHERE: ("这台设备也登记过别人的朋友", "friends of others came from this device, too"),
    Flag.ALIKE: (
        "几位朋友同一天、同一店、买得一样多",
        "several friends bought the same sum in one store on one day",
    ),
    Flag.RING: ("同一位邀请人的朋友多半有疑点", "most friends of who invited are in doubt"),
}


class ThanksSide(StrEnum):
    """A line of the ledger: earned, or taken back."""

    EARNED = "earned"
    TAKEN_BACK = "taken_back"


class Part(StrEnum):
    """As what somebody is thanked: who brought the friend, or who had brought them."""

    DIRECT = "direct"
    ASSIST = "assist"


PART_LABELS: dict[Part, tuple[str, str]] = {
    Part.DIRECT: ("你带来的朋友", "a friend you brought"),
    Part.ASSIST: ("朋友又带来的朋友", "a friend of a friend"),
}

NEW_FOR = timedelta(days=30)  # who became a member longer ago was not brought by anybody
BUY_WITHIN = timedelta(days=90)
REFUND_DAYS = 14
FOLLOWED_FOR = timedelta(days=180)  # refunds are followed this long after the purchase
USUAL_PERMILLE = 50  # of the margin
DIRECT_PERMILLE = 800  # of the thanks; the rest is the assist's
BURST_HOUR, BURST_DAY = 4, 8  # friends of one member in an hour, in a day
SHARED = 2  # friends of one member from one device
COUNTER = 4  # so many inviters with one device: it stands in a shop
ALIKE, ALIKE_PERCENT = (
    4,
    3,
)  # friends of one member who bought the same on one day in one store, within so much
RING_LEAST = 4  # friends of one member, half of them in doubt: then all of them are
CODE_LETTERS = "ACDEFGHJKMNPQRTUVWXY34679"
CODE_LENGTH = 8

REFUSALS: dict[str, Sentence] = {
    "amplify.code": Sentence("这个邀请码不对，再看一眼。", "There is no such code.", 404),
    "amplify.own_code": Sentence("自己的邀请码自己用不了。", "One's own code cannot be used.", 422),
    "amplify.brought_already": Sentence("已经登记过是谁带你来的。", "It is known already who brought you.", 409),
    "amplify.not_new": Sentence(
        "这是给新朋友的：入会 {days} 天内、还没买过东西时填。",
        "For new friends: within {days} days and before the first purchase.",
        409,
    ),
    "amplify.circle": Sentence("你们是互相带来的，只记一个方向。", "It counts one way only.", 409),
    "amplify.no_friends_programme": Sentence("员工不参加这个。", "Not for staff.", 422),
    "amplify.referral_state": Sentence("这一条已经有结果了。", "It is decided already.", 409),
}  # fmt: skip

ACTS: dict[str, str] = {
    "amplify.code_made": "领取邀请码",
    "amplify.friend_named": "登记谁带来的",
    "amplify.friend_held": "邀请待核实",
    "amplify.friend_confirmed": "邀请确认",
    "amplify.friend_refused": "邀请不计入",
    "amplify.friend_lapsed": "邀请过期",
    "amplify.thanks_taken_back": "退货后收回谢礼",
}
