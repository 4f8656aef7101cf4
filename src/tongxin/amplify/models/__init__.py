"""Tables of amplify."""

from tongxin.amplify.models.ambassadors import Agreement, Ambassador, AmbassadorTask
from tongxin.amplify.models.demand import Poll, PollVote, Pool, PoolShare, Shortlist, ShortlistPlace
from tongxin.amplify.models.outside import (
    OutsideCommunity,
    OutsideDeal,
    OutsideObservation,
    OutsidePlacement,
    OutsidePresence,
    OutsideTalent,
    OutsideWeek,
)
from tongxin.amplify.models.panels import Item, ItemStep, Panel, PanelSeat, Trial, TrialAnswer
from tongxin.amplify.models.referrals import Referral, ReferralCode, RewardEntry
from tongxin.amplify.models.sharing import MarginRule, Payout, PayoutLine
from tongxin.amplify.models.stars import Licence, Star, Work, WorkUse
from tongxin.amplify.models.teachers import Teacher

__all__ = [
    "Agreement",
    "Ambassador",
    "AmbassadorTask",
    "Item",
    "ItemStep",
    "Licence",
    "MarginRule",
    "OutsideCommunity",
    "OutsideDeal",
    "OutsideObservation",
    "OutsidePlacement",
    "OutsidePresence",
    "OutsideTalent",
    "OutsideWeek",
    "Panel",
    "PanelSeat",
    "Payout",
    "PayoutLine",
    "Poll",
    "PollVote",
    "Pool",
    "PoolShare",
    "Referral",
    "ReferralCode",
    "RewardEntry",
    "Shortlist",
    "ShortlistPlace",
    "Star",
    "Teacher",
    "Trial",
    "TrialAnswer",
    "Work",
    "WorkUse",
]
