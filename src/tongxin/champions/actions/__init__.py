"""The only writes of this room."""

from tongxin.champions.actions.checks import AnswerIn, answer_check, publish_list, settle_concern
from tongxin.champions.actions.invites import forget, invited, pick_due, pick_invites

__all__ = [
    "AnswerIn",
    "answer_check",
    "forget",
    "invited",
    "pick_due",
    "pick_invites",
    "publish_list",
    "settle_concern",
]
