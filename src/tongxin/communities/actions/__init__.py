"""What can be done with a community. Every call names who acts."""

from tongxin.communities.actions.containers import add_container, end_container, entered, left_container
from tongxin.communities.actions.days import take_day, take_due
from tongxin.communities.actions.fees import take_fee
from tongxin.communities.actions.founding import (
    CommunityIn,
    change,
    close,
    found,
    offer_after,
    open_up,
    set_emblem,
    set_gates,
)
from tongxin.communities.actions.inviting import end_invitation, invite
from tongxin.communities.actions.joining import answer, apply, decide, look_again, withdraw
from tongxin.communities.actions.leaving import leave, note_left, remove
from tongxin.communities.actions.parts import end_part, give_part, hand_over
from tongxin.communities.actions.proofs import say_solved
from tongxin.communities.actions.rulesets import accept_rules, publish_rules
from tongxin.communities.actions.waking import plan_waking
from tongxin.communities.actions.welcoming import (
    answer_introduction,
    do_step,
    give_buddy,
    introduce,
    say_hello,
)

__all__ = [
    "CommunityIn",
    "accept_rules",
    "add_container",
    "answer",
    "answer_introduction",
    "apply",
    "change",
    "close",
    "decide",
    "do_step",
    "end_container",
    "end_invitation",
    "end_part",
    "entered",
    "found",
    "give_buddy",
    "give_part",
    "hand_over",
    "introduce",
    "invite",
    "leave",
    "left_container",
    "look_again",
    "note_left",
    "offer_after",
    "open_up",
    "plan_waking",
    "publish_rules",
    "remove",
    "say_hello",
    "say_solved",
    "set_emblem",
    "set_gates",
    "take_day",
    "take_due",
    "take_fee",
    "withdraw",
]
