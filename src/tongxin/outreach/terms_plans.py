"""Words of plans and sequences: whom a plan is for, what an entry of the editorial calendar is about, how a sequence runs."""

from datetime import timedelta
from enum import StrEnum

from tongxin.foundation.errors import Sentence


class Target(StrEnum):
    """Does a plan go to people, or into groups?"""

    PERSONS = "persons"
    GROUPS = "groups"


# Why a plan or a sequence ended, where a machine ended it; what somebody wrote stands as they wrote it.
ENDED_LABELS: dict[str, tuple[str, str]] = {
    "event_cancelled": ("活动取消，消息也不发了", "the event was cancelled, and this with it"),
    "series_changed": ("活动的场次改了，这条不发了", "the dates of the event changed, so this does not go"),
    "subject_dropped": ("活动取消，系列也停了", "the event was cancelled, and the sequence with it"),
    "copy_dropped": ("活动不再用这条文案", "the event does not use these words any more"),
    "over": ("到了结束的日子", "its last day has come"),
}


def ended(reason: str) -> tuple[str, str]:
    """Why it ended, in both languages: a machine's word, or what somebody wrote."""
    return ENDED_LABELS.get(reason, (reason, reason))


TARGET_LABELS: dict[Target, tuple[str, str]] = {
    Target.PERSONS: ("发给个人", "to people"),
    Target.GROUPS: ("发到群", "into groups"),
}


class Topic(StrEnum):
    """What an entry of the editorial calendar is about."""

    NONE = ""
    TIPS = "tips"
    BEHIND = "behind"
    LIVING = "living"
    STORY = "story"
    EVENT = "event"
    OFFER = "offer"


TOPIC_LABELS: dict[Topic, tuple[str, str]] = {
    Topic.NONE: ("不分栏目", "no column"),
    Topic.TIPS: ("小技巧", "tips"),
    Topic.BEHIND: ("幕后", "behind the scenes"),
    Topic.LIVING: ("生活方式", "way of living"),
    Topic.STORY: ("会员故事", "members' stories"),
    Topic.EVENT: ("活动预告", "what is coming"),
    Topic.OFFER: ("新品与优惠", "news and offers"),
}


class SequenceKind(StrEnum):
    """What a sequence is for."""

    ONBOARDING = "onboarding"
    REACTIVATION = "reactivation"
    GROUP_SOP = "group_sop"


KIND_LABELS: dict[SequenceKind, tuple[str, str]] = {
    SequenceKind.ONBOARDING: ("新人欢迎", "welcome of newcomers"),
    SequenceKind.REACTIVATION: ("好久不见", "long not seen"),
    SequenceKind.GROUP_SOP: ("群日常", "the groups' routine"),
}


class SequenceState(StrEnum):
    """Where a sequence is."""

    DRAFT = "draft"
    RUNNING = "running"
    PAUSED = "paused"
    ENDED = "ended"


SEQUENCE_LABELS: dict[SequenceState, tuple[str, str]] = {
    SequenceState.DRAFT: ("草稿", "draft"),
    SequenceState.RUNNING: ("进行中", "running"),
    SequenceState.PAUSED: ("暂停", "paused"),
    SequenceState.ENDED: ("已结束", "ended"),
}


class Arm(StrEnum):
    """To which part of an experiment somebody (or a group) was drawn."""

    A = "A"
    B = "B"
    HELD = "held"


ARM_LABELS: dict[Arm, tuple[str, str]] = {
    Arm.A: ("A 组", "arm A"),
    Arm.B: ("B 组", "arm B"),
    Arm.HELD: ("对照组", "holdout"),
}


class GroupMood(StrEnum):
    """How a group is doing: which step of a routine suits it."""

    ANY = ""
    NEW = "new"
    LIVELY = "lively"
    QUIET = "quiet"


MOOD_LABELS: dict[GroupMood, tuple[str, str]] = {
    GroupMood.ANY: ("不论", "any"),
    GroupMood.NEW: ("新群", "new"),
    GroupMood.LIVELY: ("活跃", "lively"),
    GroupMood.QUIET: ("安静", "quiet"),
}

# What one step says late is not said at all.
STEP_LASTS = timedelta(days=2)
MOST_STEPS = 30
LONGEST_DAY = 366
# Colleagues are reminded of a plan's tasks so often within a day at most (wecom: doc 92135 and the reminder's own page).
REMINDERS, REMINDER_WINDOW = 3, timedelta(hours=24)
# So long a text is read on a phone; more is allowed, and said.
SHORT_TEXT = 150

REFUSALS: dict[str, Sentence] = {
    "outreach.reminded_enough": Sentence(
        "24 小时内最多提醒 {most} 次，先等等店员。", "At most {most} reminders within 24 hours.", 409
    ),
    "outreach.nobody_to_remind": Sentence("没有等着店员发送的。", "Nothing waits for staff.", 409),
    "outreach.no_steps": Sentence("请至少写一步。", "Write at least one step.", 422),
    "outreach.step_bad": Sentence(
        "第几天要在 0 到 {most} 之间，A、B 两组都要有内容。",
        "A day is 0 to {most}, and both arms need words.",
        422,
    ),
    "outreach.sequence_state": Sentence(
        "这个系列现在是“{state}”，不能这样操作。", "The sequence is {state_en}; that cannot be done now.", 409
    ),
    "outreach.no_groups": Sentence("这个范围里没有群。", "There are no groups in this range.", 409),
    "outreach.not_today": Sentence(
        "推到明天早上就过期了。", "It would be over before tomorrow morning.", 409
    ),
}

ACTS: dict[str, str] = {
    "outreach.reminded": "提醒店员发送",
    "outreach.task_put_off": "把待发推到明天",
    "outreach.sequence_planned": "拟好一个系列",
    "outreach.sequence_started": "启动了一个系列",
    "outreach.sequence_paused": "暂停了一个系列",
    "outreach.sequence_resumed": "恢复了一个系列",
    "outreach.sequence_ended": "结束了一个系列",
}
