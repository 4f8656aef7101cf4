"""The only writes of this room."""

from tongxin.champions.actions.checks import AnswerIn, answer_check, publish_list, settle_concern
from tongxin.champions.actions.invites import forget, invited, pick_due, pick_invites
from tongxin.champions.actions.leaving import hand_over, receive_handover
from tongxin.champions.actions.missing import tell_missing
from tongxin.champions.actions.steps import tick_step
from tongxin.champions.actions.training import read_lesson, sign_training

__all__ = [
    "AnswerIn",
    "answer_check",
    "forget",
    "hand_over",
    "invited",
    "pick_due",
    "pick_invites",
    "publish_list",
    "read_lesson",
    "receive_handover",
    "settle_concern",
    "sign_training",
    "tell_missing",
    "tick_step",
]
