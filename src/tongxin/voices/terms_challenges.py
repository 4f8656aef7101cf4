"""Words of challenges and contests. No sentence here blames anybody: a week that went otherwise is a week."""

from enum import StrEnum

from tongxin.foundation.errors import Sentence


class ChallengeState(StrEnum):
    """Can days be ticked."""

    OPEN = "open"
    CLOSED = "closed"


class ContestState(StrEnum):
    """Being written, taking entries, taking votes, counted."""

    DRAFT = "draft"
    OPEN = "open"
    VOTING = "voting"
    CLOSED = "closed"


CONTEST_LABELS: dict[ContestState, tuple[str, str]] = {
    ContestState.DRAFT: ("筹备中", "being prepared"),
    ContestState.OPEN: ("征集中", "taking entries"),
    ContestState.VOTING: ("投票中", "voting"),
    ContestState.CLOSED: ("已揭晓", "counted"),
}

FREE_MAKE_UPS = 2  # a month; never sold
USUAL_TARGET = 3  # days a week
MAKE_UP_REACH = 7  # days back that can be made up for

CHALLENGE_WORDS: dict[str, tuple[str, str]] = {
    "done_week": ("本周的目标完成了，真好。", "This week's goal is done. Lovely."),
    "underway": ("本周 {done}/{target} 次。", "{done} of {target} this week."),
    "fresh": ("新的一周，随时可以开始。", "A new week: start whenever you like."),
    "made_up": ("补上了。", "Made up for."),
    "streak": ("已经连续 {weeks} 周达成。", "{weeks} weeks in a row."),
    "over": ("这次打卡结束了，谢谢你一路一起。", "This challenge is over; thank you for being part of it."),
}

REFUSALS: dict[str, Sentence] = {
    "voices.challenge_days": Sentence("结束的日子要在开始之后。", "It ends after it starts.", 422),
    "voices.challenge_target": Sentence("每周 1 到 7 次。", "Once to seven times a week.", 422),
    "voices.challenge_closed": Sentence("这次打卡不在进行中。", "This challenge is not running.", 409),
    "voices.challenge_out": Sentence("先参加，再打卡。", "Join first.", 409),
    "voices.make_up_day": Sentence(
        "能补的是最近 {days} 天里还空着的日子。", "Open days of the last {days} days can be made up for.", 422
    ),
    "voices.make_ups_used": Sentence(
        "这个月的 {most} 次补签用完了，下个月又有了。", "This month's {most} are used; there are new ones next month.", 409
    ),
    "voices.contest_state": Sentence("评选现在不能这样做。", "Not possible as the contest stands.", 409),
    "voices.contest_times": Sentence(
        "先征集、后投票，时间要在将来。", "Entries end first, then votes, both in the future.", 422
    ),
    "voices.contest_entry": Sentence(
        "参加评选的是自己发在这个话题下、大家看得到的内容。", "One enters an own post that is seen under this topic.", 422
    ),
    "voices.contest_entered": Sentence("一人一份作品，你已经参加了。", "One entry a person; yours is in.", 409),
    "voices.contest_own": Sentence("不能投给自己。", "One does not vote for oneself.", 422),
    "voices.contest_prize": Sentence("写明奖品和有几位。", "Say what the prize is and for how many.", 422),
}  # fmt: skip

ACTS: dict[str, str] = {
    "voices.challenge_opened": "发起打卡",
    "voices.challenge_closed": "结束打卡",
    "voices.challenge_joined": "参加打卡",
    "voices.challenge_left": "退出打卡",
    "voices.checked_in_day": "打卡",
    "voices.day_made_up": "补签",
    "voices.contest_made": "筹备评选",
    "voices.contest_opened": "开始评选",
    "voices.contest_entered": "参加评选",
    "voices.contest_voting": "开始投票",
    "voices.contest_voted": "投票",
    "voices.contest_closed": "评选揭晓",
}
