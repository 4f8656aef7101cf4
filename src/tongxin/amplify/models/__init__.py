"""Tables of amplify."""

from tongxin.amplify.models.ambassadors import Agreement, Ambassador, AmbassadorTask
from tongxin.amplify.models.demand import Poll, PollVote, Pool, PoolShare, Shortlist, ShortlistPlace
from tongxin.amplify.models.panels import Item, ItemStep, Panel, PanelSeat, Trial, TrialAnswer
from tongxin.amplify.models.referrals import Referral, ReferralCode, RewardEntry
from tongxin.amplify.models.stars import Licence, Star, Work, WorkUse

__all__ = [
    "Agreement",
    "Ambassador",
    "AmbassadorTask",
    "Item",
    "ItemStep",
    "Licence",
    "Panel",
    "PanelSeat",
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
    "Trial",
    "TrialAnswer",
    "Work",
    "WorkUse",
]
