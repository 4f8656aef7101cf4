"""Words of money that goes to members: which part of a sale is margin, payouts with two persons, what is refused."""

from enum import StrEnum

from tongxin.foundation.errors import Sentence


class PayoutState(StrEnum):
    """Drawn up; looked at by a second person; paid outside and written down; taken back before it was paid."""

    DRAWN_UP = "drawn_up"
    APPROVED = "approved"
    PAID = "paid"
    CANCELLED = "cancelled"


PAYOUT_LABELS: dict[PayoutState, tuple[str, str]] = {
    PayoutState.DRAWN_UP: ("等第二个人看", "waits for a second person"),
    PayoutState.APPROVED: ("已核准，待发放", "approved, to be paid"),
    PayoutState.PAID: ("已发放", "paid"),
    PayoutState.CANCELLED: ("已作废", "cancelled"),
}
STANDING = (PayoutState.DRAWN_UP, PayoutState.APPROVED, PayoutState.PAID)

LEAST_FEN = 100  # smaller sums wait for the next time
REFERENCE_MOST = 60
PERMILLE_MOST = 900

REFUSALS: dict[str, Sentence] = {
    "amplify.margin_unset": Sentence(
        "总部还没有公布毛利口径，带朋友的谢礼先不开放。",
        "The brand has not said yet what of a sale is margin; thanks for friends are not open.",
        409,
    ),
    "amplify.margin_form": Sentence(
        "毛利填 0.1% 到 {most}%，从今天或以后开始，一天只有一条。",
        "0.1 % to {most} %, from today or later, one a day.",
        422,
    ),
    "amplify.payout_open": Sentence("上一批还没有核准或作废。", "The last one is not decided yet.", 409),
    "amplify.payout_nothing": Sentence("现在没有要发的。", "Nothing is owed now.", 409),
    "amplify.payout_state": Sentence("现在不能做这一步。", "Not possible as it stands now.", 409),
}

ACTS: dict[str, str] = {
    "amplify.margin_set": "公布毛利口径",
    "amplify.payout_drawn_up": "列出一批应发谢礼",
    "amplify.payout_approved": "核准一批谢礼",
    "amplify.payout_paid": "登记谢礼已发放",
    "amplify.payout_cancelled": "作废一批谢礼",
}
