"""Words of panels and co-creation: seats, trials with their questions, ideas on their way to a product."""

from datetime import timedelta
from enum import StrEnum

from tongxin.foundation.errors import Sentence


class SeatState(StrEnum):
    """Invited, taken (and agreed to keep it to oneself), declined, over."""

    INVITED = "invited"
    TAKEN = "taken"
    DECLINED = "declined"
    ENDED = "ended"


SEAT_LABELS: dict[SeatState, tuple[str, str]] = {
    SeatState.INVITED: ("等本人答复", "waits for the member"),
    SeatState.TAKEN: ("在任", "sits"),
    SeatState.DECLINED: ("婉拒", "declined"),
    SeatState.ENDED: ("任期结束", "over"),
}


class ItemKind(StrEnum):
    """An idea somebody had, or what somebody wrote about a product they tried."""

    IDEA = "idea"
    FEEDBACK = "feedback"


class Stage(StrEnum):
    """How far an idea is. It is answered before anything else; a no is an answer too."""

    NEW = "new"
    ANSWERED = "answered"
    TRIAL = "trial"
    PRODUCT = "product"
    CLOSED = "closed"


STAGE_LABELS: dict[Stage, tuple[str, str]] = {
    Stage.NEW: ("等答复", "waits for an answer"),
    Stage.ANSWERED: ("已答复", "answered"),
    Stage.TRIAL: ("在试做", "being tried"),
    Stage.PRODUCT: ("做成了", "made"),
    Stage.CLOSED: ("这次不做", "not this time"),
}
# From where to where; every step says why in words that the author reads.
STEPS: dict[Stage, frozenset[Stage]] = {
    Stage.NEW: frozenset({Stage.ANSWERED, Stage.TRIAL, Stage.PRODUCT, Stage.CLOSED}),
    Stage.ANSWERED: frozenset({Stage.TRIAL, Stage.PRODUCT, Stage.CLOSED}),
    Stage.TRIAL: frozenset({Stage.ANSWERED, Stage.PRODUCT, Stage.CLOSED}),
    Stage.PRODUCT: frozenset(),
    Stage.CLOSED: frozenset(),
}

ANSWER_WITHIN = timedelta(days=14)
SEAT_FOR = timedelta(days=182)
TRIAL_LONGEST = timedelta(days=182)
SEAT_ASKED_FOR = timedelta(days=21)
QUESTIONS_MOST = 6
SCORE_MOST = 10
SEATS_MOST = 60
NAME_MOST, ABOUT_MOST, QUESTION_MOST, WORDS_MOST, ANSWER_MOST = 40, 300, 60, 500, 500
CONFIDENTIAL = "panel/1"

REFUSALS: dict[str, Sentence] = {
    "amplify.panel_full": Sentence("席位满了。", "All seats are taken.", 409),
    "amplify.seat_already": Sentence("TA 已经受邀或在任。", "Invited or seated already.", 409),
    "amplify.seat_state": Sentence("现在不能做这一步。", "Not possible as it stands now.", 409),
    "amplify.confidential": Sentence(
        "先答应保密，才能坐下来试。", "Agree to keep it to yourself first.", 422
    ),
    "amplify.panel_closed": Sentence("这个共创会已经结束。", "This panel is closed.", 409),
    "amplify.trial_over": Sentence("这次试用已经收齐了。", "This trial is over.", 409),
    "amplify.trial_answered": Sentence("你已经写过了，谢谢。", "You have answered already, thank you.", 409),
    "amplify.trial_scores": Sentence("每一项都选 0 到 10 分。", "Score every question from 0 to 10.", 422),
    "amplify.trial_questions": Sentence("写 1 到 {most} 个要打分的问题。", "Ask 1 to {most} questions.", 422),
    "amplify.trial_when": Sentence(
        "截止要在今天之后、半年以内。", "It ends after today, within half a year.", 422
    ),
    "amplify.item_step": Sentence("不能这样走。", "That is no step from here.", 409),
    "amplify.ideas_many": Sentence(
        "还有 {n} 个点子在等答复，先等等我们。", "{n} ideas of yours wait for an answer.", 409
    ),
    "amplify.product_needed": Sentence("写上做成了什么。", "Say what was made of it.", 422),
    "amplify.credit_state": Sentence("做成了才署名。", "Credit comes with the product.", 409),
}

ACTS: dict[str, str] = {
    "amplify.panel_opened": "设立共创会",
    "amplify.panel_closed": "结束共创会",
    "amplify.seat_offered": "邀请入席共创会",
    "amplify.seat_taken": "入席共创会",
    "amplify.seat_declined": "婉拒共创会",
    "amplify.seat_ended": "离席共创会",
    "amplify.trial_opened": "开始试用",
    "amplify.trial_answered": "写下试用反馈",
    "amplify.idea_given": "提出点子",
    "amplify.item_moved": "推进点子",
    "amplify.item_credited": "点子署名",
}
IDEAS_OPEN = 5  # of one member that wait at the same time
