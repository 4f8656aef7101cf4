"""Words of moderation: what a text may be held for, how strictly, which desk looks at it, what a person decides."""

from datetime import timedelta
from enum import StrEnum

from tongxin.foundation.errors import Sentence


class Category(StrEnum):
    """What is wrong with a text, if anything."""

    ABUSE = "abuse"
    ADVERT = "advert"
    CONTACT = "contact"
    MEDICAL = "medical"
    CHILD = "child"
    PRIVATE = "private"
    FRAUD = "fraud"
    PORN = "porn"


CATEGORY_LABELS: dict[Category, tuple[str, str]] = {
    Category.ABUSE: ("辱骂", "abuse"),
    Category.ADVERT: ("广告", "advertising"),
    Category.CONTACT: ("拉走成员", "poaching contacts"),
    Category.MEDICAL: ("医疗断言", "medical claim"),
    Category.CHILD: ("孩子的信息", "a child's data"),
    Category.PRIVATE: ("个人证件", "identity papers"),
    Category.FRAUD: ("诈骗", "fraud"),
    Category.PORN: ("色情", "pornography"),
}


class Level(StrEnum):
    """How strictly a finding is taken: written down, looked at before it is shown, or hidden at once."""

    NOTE = "note"
    HOLD = "hold"
    BLOCK = "block"

    @property
    def step(self) -> int:
        """0, 1, 2: the stricter the higher."""
        return list(Level).index(self)


LEVEL_LABELS: dict[Level, tuple[str, str]] = {
    Level.NOTE: ("记一笔", "noted"),
    Level.HOLD: ("先看再发", "read first"),
    Level.BLOCK: ("先收起", "put away at once"),
}


class WordUse(StrEnum):
    """What a word of the brand's own list is for."""

    WATCHED = "watched"
    LAWFUL = "lawful"


USE_LABELS: dict[WordUse, tuple[str, str]] = {
    WordUse.WATCHED: ("留意这个词", "watched for"),
    WordUse.LAWFUL: ("可以放心说", "fine to say"),
}

WORD_LEAST, WORD_MOST = 2, 24
WORDS_MOST = 500  # in force at once; the list that comes with the product is not counted


class Reason(StrEnum):
    """Why a text waits or is refused; what a finding was."""

    ABUSE = "abuse"
    ADVERT = "advert"
    CONTACT = "contact"
    MEDICAL = "medical"
    CHILD = "child"
    PRIVATE = "private"
    FRAUD = "fraud"
    PORN = "porn"
    LINK = "link"
    SOUND = "sound"
    NEWCOMER = "newcomer"
    OUTER = "outer"
    STRIKES = "strikes"
    TWICE = "twice"
    MUTED = "muted"
    TOO_FAST = "too_fast"
    REPORTED = "reported"


REASON_LABELS: dict[Reason, tuple[str, str]] = {
    Reason.ABUSE: ("有伤人的话", "hurtful words"),
    Reason.ADVERT: ("像广告", "looks like advertising"),
    Reason.CONTACT: ("留了联系方式或拉人", "contact details, or calling members away"),
    Reason.MEDICAL: ("有医疗断言", "a medical claim"),
    Reason.CHILD: ("有孩子的真实信息", "a child's real data"),
    Reason.PRIVATE: ("有证件号码", "a number of identity papers"),
    Reason.FRAUD: ("像骗局", "looks like fraud"),
    Reason.PORN: ("有色情内容", "pornographic content"),
    Reason.LINK: ("有外部链接", "an outside link"),
    Reason.SOUND: ("有谐音词", "a word that sounds like one of the list"),
    Reason.NEWCOMER: ("新成员的发言先看再发", "a newcomer's post is read first"),
    Reason.OUTER: ("初来的成员先看再发", "the post is read first"),
    Reason.STRIKES: ("近期有过提醒，先看再发", "read first after recent reminders"),
    Reason.TWICE: ("同样的内容刚发过", "the same was posted before"),
    Reason.MUTED: ("禁言中", "muted"),
    Reason.TOO_FAST: ("发得太快", "too many in a short time"),
    Reason.REPORTED: ("有成员举报", "reported by a member"),
}


class Desk(StrEnum):
    """The four queues."""

    ABUSE = "abuse"
    ADVERT = "advert"
    REPORTED = "reported"
    NEWCOMERS = "newcomers"


DESK_LABELS: dict[Desk, tuple[str, str]] = {
    Desk.ABUSE: ("伤人与风险", "abuse and risk"),
    Desk.ADVERT: ("广告", "advertising"),
    Desk.REPORTED: ("举报", "reported"),
    Desk.NEWCOMERS: ("新人首发", "newcomers"),
}


class CaseState(StrEnum):
    """Does it still wait for somebody."""

    OPEN = "open"
    DECIDED = "decided"


class Verdict(StrEnum):
    """What a person decided: shown, put away for now, removed for good; or the author took it back before."""

    RELEASE = "release"
    HIDE = "hide"
    REMOVE = "remove"
    TAKEN = "taken"


VERDICT_LABELS: dict[Verdict, tuple[str, str]] = {
    Verdict.RELEASE: ("放行", "release"),
    Verdict.HIDE: ("收起", "hide"),
    Verdict.REMOVE: ("移除", "remove"),
    Verdict.TAKEN: ("作者已收回", "taken back by its author"),
}


class ReportKind(StrEnum):
    """What a member thinks is wrong."""

    ADVERT = "advert"
    ABUSE = "abuse"
    CHILD = "child"
    WRONG = "wrong"
    OTHER = "other"


REPORT_LABELS: dict[ReportKind, tuple[str, str]] = {
    ReportKind.ADVERT: ("广告", "advertising"),
    ReportKind.ABUSE: ("伤人的话", "hurtful"),
    ReportKind.CHILD: ("露出了孩子的信息", "shows a child's data"),
    ReportKind.WRONG: ("说法不对，怕误导人", "wrong and misleading"),
    ReportKind.OTHER: ("其他", "something else"),
}

# Until when a case should be looked at, and an appeal answered.
DUE: dict[Desk, timedelta] = {
    Desk.ABUSE: timedelta(hours=4),
    Desk.ADVERT: timedelta(hours=24),
    Desk.REPORTED: timedelta(hours=24),
    Desk.NEWCOMERS: timedelta(hours=12),
}
APPEAL_WITHIN = timedelta(days=14)
APPEAL_DUE = timedelta(days=3)
EVIDENCE_KEPT = timedelta(days=180)
REPORTS_HIDE = 3  # so many people, and the post is put away until somebody has looked
NOTE_MOST = 200

REFUSALS: dict[str, Sentence] = {
    "voices.word_there": Sentence("词表里已经有这个词了。", "The list has this word already.", 409),
    "voices.word_length": Sentence("一个词 {least} 到 {most} 个字。", "A word has {least} to {most} characters.", 422),
    "voices.word_days": Sentence("结束的日子不能早于开始。", "It cannot end before it begins.", 422),
    "voices.words_full": Sentence("自己的词表最多 {most} 个词。", "The brand's own list holds at most {most} words.", 409),
    "voices.muted": Sentence(
        "{until} 之前先看看、先休息，之后随时欢迎发言。", "You can read; writing opens again at {until}.", 403
    ),
    "voices.too_fast": Sentence(
        "发得有点快，{minutes} 分钟之内会恢复。", "A little fast; it opens again within {minutes} minutes.", 429
    ),
    "voices.twice": Sentence("这段话刚刚发过了。", "This was posted a moment ago.", 409),
    "voices.reported": Sentence("你已经提醒过我们了，版主会看。", "You have told us already; it will be looked at.", 409),
    "voices.report_own": Sentence("自己的内容可以直接收回。", "Your own post you can take back yourself.", 422),
    "voices.case_decided": Sentence("这一条已经有人处理了。", "Somebody has decided this already.", 409),
    "voices.case_own": Sentence("自己的内容由别人来看。", "Somebody else looks at your own post.", 403),
    "voices.case_reason": Sentence("写明原因，作者会看到。", "Give a reason; the author reads it.", 422),
    "voices.strike_needs": Sentence(
        "放行的内容不记提醒。", "What is released carries no strike.", 422
    ),
    "voices.appeal_late": Sentence("决定之后 {days} 天内可以申诉，一次。", "One appeal within {days} days.", 409),
    "voices.appeal_same": Sentence("申诉要由另一位同事来看。", "An appeal is answered by somebody else.", 403),
    "voices.appeal_said": Sentence("说说为什么觉得不该这样。", "Say why.", 422),
}  # fmt: skip

ACTS: dict[str, str] = {
    "voices.word_added": "词表加词",
    "voices.word_ended": "词表停用一个词",
    "voices.case_opened": "转人工查看",
    "voices.reported": "举报内容",
    "voices.case_decided": "处理内容",
    "voices.struck": "记一次提醒",
    "voices.muted": "暂停发言",
    "voices.appealed": "申诉",
    "voices.appeal_answered": "答复申诉",
    "voices.evidence_tidied": "到期删除留存证据",
}
