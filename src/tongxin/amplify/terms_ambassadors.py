"""Words of ambassadors: states, tiers with their published rates, the training, what a term is."""

from datetime import timedelta
from enum import IntEnum, StrEnum

from tongxin.foundation.errors import Sentence


class AmbassadorState(StrEnum):
    """Applied or invited; agreed and learning; active for a term; over."""

    APPLIED = "applied"
    INVITED = "invited"
    LEARNING = "learning"
    ACTIVE = "active"
    DECLINED = "declined"
    ENDED = "ended"


LIVE = (
    AmbassadorState.APPLIED,
    AmbassadorState.INVITED,
    AmbassadorState.LEARNING,
    AmbassadorState.ACTIVE,
)
AMBASSADOR_LABELS: dict[AmbassadorState, tuple[str, str]] = {
    AmbassadorState.APPLIED: ("申请中", "applied"),
    AmbassadorState.INVITED: ("等你答应", "invited"),
    AmbassadorState.LEARNING: ("准备中", "getting ready"),
    AmbassadorState.ACTIVE: ("大使", "ambassador"),
    AmbassadorState.DECLINED: ("没有成行", "declined"),
    AmbassadorState.ENDED: ("已结束", "ended"),
}


class Tier(IntEnum):
    """Three tiers; each has its published rate of thanks for friends, in thousandths of the margin."""

    ONE = 1
    TWO = 2
    THREE = 3


TIER_LABELS: dict[Tier, tuple[str, str]] = {
    Tier.ONE: ("伙伴", "partner"),
    Tier.TWO: ("领路人", "guide"),
    Tier.THREE: ("掌灯人", "lamp bearer"),
}
TIER_PERMILLE: dict[Tier, int] = {Tier.ONE: 60, Tier.TWO: 80, Tier.THREE: 100}

# What everybody reads before they begin: code, zh, en.
TRAINING: tuple[tuple[str, str, str], ...] = (
    (
        "say_it",
        "分享时说清楚你是大使、东西是店里给试的。",
        "Say that you are an ambassador and that you were given it to try.",
    ),
    ("own_words", "只说自己用过的感受，不承诺效果。", "Say what you felt yourself; promise no effects."),
    ("take_no", "朋友说不，就不再提。", "When a friend says no, leave it."),
    ("children", "不发孩子的照片来推荐东西。", "Never recommend things with photos of children."),
)
TERM_LEAST, TERM_MOST = timedelta(days=28), timedelta(days=366)
WORDS_MOST = 300
TASK_MOST = 120
TASKS_MOST = 20

REFUSALS: dict[str, Sentence] = {
    "amplify.ambassador_already": Sentence(
        "已经在申请、受邀或任期里。", "Applied, invited or active already.", 409
    ),
    "amplify.ambassador_state": Sentence("现在不能做这一步。", "Not possible as it stands now.", 409),
    "amplify.term": Sentence("任期 4 周到 1 年。", "A term lasts four weeks to a year.", 422),
    "amplify.agreement": Sentence(
        "协议有新版，请先看新的。", "There is a newer agreement; read that one.", 409
    ),
    "amplify.no_agreement": Sentence("先发布一份协议。", "Publish an agreement first.", 409),
    "amplify.person_needed": Sentence("这一步要由具名的同事来做。", "A named person has to do this.", 403),
}

ACTS: dict[str, str] = {
    "amplify.agreement_published": "发布大使协议",
    "amplify.ambassador_applied": "申请做大使",
    "amplify.ambassador_invited": "邀请做大使",
    "amplify.ambassador_approved": "同意大使申请",
    "amplify.ambassador_declined": "大使没有成行",
    "amplify.ambassador_agreed": "签署大使协议",
    "amplify.ambassador_learned": "完成大使培训的一项",
    "amplify.ambassador_begun": "大使任期开始",
    "amplify.ambassador_ended": "大使任期结束",
    "amplify.task_given": "给大使一件事",
    "amplify.task_done": "大使完成一件事",
}
