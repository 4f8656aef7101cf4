"""Words of what comes after an event: the review, the letter of thanks, the survey, the photos."""

from datetime import timedelta
from enum import StrEnum

from tongxin.foundation.errors import Sentence


class PhotoState(StrEnum):
    """How far out a photo is. Each state is also a use that everybody seen has to agree to, but the first."""

    PRIVATE = "private"
    GROUP = "group"
    PUBLIC = "public"
    ADVERT = "advert"

    @property
    def reach(self) -> int:
        """How far out: 0 for private."""
        return LADDER.index(self)


LADDER = (PhotoState.PRIVATE, PhotoState.GROUP, PhotoState.PUBLIC, PhotoState.ADVERT)
USES = LADDER[1:]

PHOTO_STATE_LABELS: dict[PhotoState, tuple[str, str]] = {
    PhotoState.PRIVATE: ("只留底", "kept private"),
    PhotoState.GROUP: ("同场的人可见", "for those who were there"),
    PhotoState.PUBLIC: ("公开展示", "shown in public"),
    PhotoState.ADVERT: ("可用于广告", "may be used in adverts"),
}


class PhotoMoment(StrEnum):
    """When a photo was taken: the wall puts before and after side by side."""

    BEFORE = "before"
    DURING = "during"
    AFTER = "after"


MOMENT_LABELS: dict[PhotoMoment, tuple[str, str]] = {
    PhotoMoment.BEFORE: ("开始前", "before"),
    PhotoMoment.DURING: ("进行中", "during"),
    PhotoMoment.AFTER: ("结束后", "after"),
}


class Unfit(StrEnum):
    """Why a photo may not stand further out."""

    UNSEEN = "unseen"
    STRANGERS = "strangers"
    CHILD_UNNAMED = "child_unnamed"
    NO_CONSENT = "no_consent"
    NO_FILE = "no_file"


UNFIT_LABELS: dict[Unfit, tuple[str, str]] = {
    Unfit.UNSEEN: ("还没说照片里有谁", "nobody has said who is seen"),
    Unfit.STRANGERS: ("有认得出、但没登记的人", "somebody who can be recognised is not named"),
    Unfit.CHILD_UNNAMED: ("有孩子，但没说是谁的孩子", "a child is seen, but not whose"),
    Unfit.NO_CONSENT: ("照片里有人没同意这个用途", "somebody seen has not agreed to this use"),
    Unfit.NO_FILE: ("孩子的监护人没有授权", "a child's guardian has not agreed"),
}

REVIEW_WITHIN = timedelta(days=14)  # an event without a review stays on the desk this long
REVIEW_MOST = 300
STAR_MOST = 120
GROUP_MOST = 120
WORDS_MOST = 200
SCORE_MOST = 10
SURVEY_SHOWN_FOR = timedelta(hours=1)  # commitment and list are public this long before the seed is revealed
SURVEY_WITHIN = timedelta(days=7)  # an event is asked about this soon after its end, or not at all
WORDS_KEPT = timedelta(days=180)
FEW = 5  # below so many answers a store sees no figure (who said what could be guessed)
PHOTOS_MOST = 60
CAPTION_MOST = 80
CHILD_PHOTO_KEPT = timedelta(days=30)  # without the guardian's file a photo with a child goes (promise P28)
PHOTO_PURPOSE = "event_photo"
THANKS_AT = 10  # o'clock in the store: the hour of the letter on the day after

REFUSALS: dict[str, Sentence] = {
    "events.not_over": Sentence("活动还没结束，结束后再写。", "The event is not over yet.", 409),
    "events.review_empty": Sentence(
        "三个问题都写一句再提交：{question}", "Answer all three questions: {question}", 422
    ),
    "events.star_not_there": Sentence(
        "只能提名到场签到的会员。", "Only somebody who came can be nominated.", 422
    ),
    "events.star_why": Sentence("写一句为什么提名 TA。", "Say why you nominate them.", 422),
    "events.link": Sentence(
        "链接要以 https:// 开头，写完整。", "Give a whole link that begins with https://.", 422
    ),
    "events.group_half": Sentence("一句话和链接要一起填。", "Give both a sentence and a link.", 422),
    "events.survey_early": Sentence(
        "名单公示还不到一小时，{at} 之后才能抽。", "Published too short a time ago: not before {at}.", 409
    ),
    "events.survey_none": Sentence("没有可以询问的人。", "There is nobody to ask.", 409),
    "events.survey_late": Sentence("活动过去太久，不再询问。", "It was too long ago to ask.", 409),
    "events.survey_answered": Sentence(
        "你已经回答过了，谢谢。", "You have answered already, thank you.", 409
    ),
    "events.survey_over": Sentence("这份回访已经结束。", "This survey is over.", 409),
    "events.score": Sentence("请选 0 到 10 分。", "Choose 0 to 10.", 422),
    "events.photo_unseen": Sentence("先说清楚照片里有谁：{why}。", "Say who is seen first: {why_en}.", 409),
    "events.photo_consent": Sentence(
        "现在还不能放到这一步：{why}。", "It cannot go that far: {why_en}.", 409
    ),
    "events.photo_not_seen_there": Sentence(
        "照片里的人要在这场活动的名单上。", "Who is seen must be on the list of this event.", 422
    ),
    "events.photos_many": Sentence("一场活动最多放 {most} 张照片。", "At most {most} photos an event.", 409),
    "events.photo_past": Sentence("定的时间已经过去。", "That time is over.", 422),
    "events.photo_inwards": Sentence("这个地方要先放到“{state}”。", "It must be {state_en} first.", 409),
    "events.photo_place": Sentence("选一场活动或一个工具包。", "Choose an event or a kit.", 422),
}

ACTS: dict[str, str] = {
    "events.review_submitted": "提交复盘",
    "events.group_offered": "设置活动后的群",
    "events.thanked": "感谢到场的人",
    "events.survey_drawn": "公示回访名单",
    "events.survey_revealed": "抽出回访名单",
    "events.survey_answered": "回答回访",
    "events.survey_words_tidied": "到期删除回访里的话",
    "events.photo_added": "添加活动照片",
    "events.photo_seen_said": "登记照片里有谁",
    "events.photo_state_changed": "改变照片的公开程度",
    "events.photo_scheduled": "定时公开照片",
    "events.photo_answered": "答复照片授权",
    "events.photo_shown": "在别处展示照片",
    "events.photo_hidden": "取消在别处展示照片",
    "events.photo_removed": "删除活动照片",
}
