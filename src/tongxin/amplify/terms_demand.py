"""Words of shortlists, polls and pre-orders, and pools that are shared by published points."""

from datetime import timedelta
from enum import StrEnum

from tongxin.foundation.errors import Sentence


class ListState(StrEnum):
    """Asked for; drawn up, with the lot committed to; whole, with the lot opened; impossible for now."""

    ASKED = "asked"
    LISTED = "listed"
    DRAWN = "drawn"
    NONE = "none"


LIST_LABELS: dict[ListState, tuple[str, str]] = {
    ListState.ASKED: ("正在列", "being drawn up"),
    ListState.LISTED: ("已列出，抽签待开", "drawn up, the lot is not open yet"),
    ListState.DRAWN: ("已列齐", "whole"),
    ListState.NONE: ("现在列不出", "not possible now"),
}


class Slot(StrEnum):
    """How somebody came on a list: by what they did, or by lot."""

    SCORE = "score"
    RANDOM = "random"


class PollKind(StrEnum):
    """Would you want it, or: we will take so many."""

    WANT = "want"
    PREORDER = "preorder"


POLL_LABELS: dict[PollKind, tuple[str, str]] = {
    PollKind.WANT: ("想不想要", "would you want it"),
    PollKind.PREORDER: ("先订", "pre-order"),
}

SIZE_LEAST, SIZE_MOST = 5, 60
PER_STORE_MOST = 20
LOT_SHOWN_FOR = timedelta(hours=1)  # list and commitment stand for so long before the lot is opened
ANSWER_WITHIN = timedelta(days=14)  # after a poll closes
OPTIONS_LEAST, OPTIONS_MOST = 1, 6
COUNT_MOST = 20
LONGEST = timedelta(days=731)  # a poll or a pool ends some day
TITLE_MOST, ABOUT_MOST, OPTION_MOST, ANSWER_MOST = 40, 300, 40, 300
POINTS_MOST = 100

REFUSALS: dict[str, Sentence] = {
    "amplify.list_size": Sentence("名单 5 到 60 人。", "Five to sixty places.", 422),
    "amplify.list_state": Sentence("现在不能做这一步。", "Not possible as it stands now.", 409),
    "amplify.lot_early": Sentence(
        "名单公示还不到一小时，{at} 之后才能开。", "Published too short a time ago: not before {at}.", 409
    ),
    "amplify.poll_form": Sentence(
        "写清楚问什么、有哪些选择、什么时候截止。", "Say what is asked, the choices and the end.", 422
    ),
    "amplify.poll_closed": Sentence("已经截止了，等我们答复。", "It is closed; the answer comes.", 409),
    "amplify.poll_choice": Sentence("选其中一个，数量 1 到 {most}。", "Choose one, 1 to {most} of it.", 422),
    "amplify.poll_open": Sentence("截止以后再答复。", "Answer after it has closed.", 409),
    "amplify.poll_answered": Sentence("已经答复过了。", "It is answered already.", 409),
    "amplify.pool_form": Sentence(
        "写清楚分多少、按什么计分、从哪天到哪天。", "Say how much, by which points, from when to when.", 422
    ),
    "amplify.pool_early": Sentence("还没到结算的日子。", "It is not over yet.", 409),
    "amplify.pool_settled": Sentence("已经分过了。", "It is shared out already.", 409),
}

ACTS: dict[str, str] = {
    "amplify.list_asked": "要一份候选名单",
    "amplify.list_drawn_up": "列出候选名单",
    "amplify.list_whole": "候选名单抽签开出",
    "amplify.poll_opened": "发起征询",
    "amplify.poll_voted": "回应征询",
    "amplify.poll_answered": "答复征询",
    "amplify.pool_published": "公布分享规则",
    "amplify.pool_settled": "按点数分享",
}
