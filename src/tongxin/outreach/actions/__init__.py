"""The doors that write. Upper rooms call `notify`, `anchor` and `cancel` inside their own transaction."""

from tongxin.outreach.actions.addresses import confirm_address, drop_address, give_address
from tongxin.outreach.actions.by_hand import confirm_sent, open_task
from tongxin.outreach.actions.copy_plans import CopyIn, ask_again, drop_copy, move_copy, plan_copy, pull_back
from tongxin.outreach.actions.draining import Drained, drain
from tongxin.outreach.actions.expanding import expand, expand_due
from tongxin.outreach.actions.notices import anchor, anchor_many, cancel, cancel_many, notify
from tongxin.outreach.actions.opting import opt_in, opt_out, opt_out_by_token
from tongxin.outreach.actions.plans import (
    approve_message,
    cancel_message,
    change_message,
    plan_message,
)
from tongxin.outreach.actions.policy import close_holdout, open_holdout, set_cap
from tongxin.outreach.actions.posting import drain_groups
from tongxin.outreach.actions.reading import mark_all_read, mark_read
from tongxin.outreach.actions.reminding import put_off, remind
from tongxin.outreach.actions.sequences import (
    StepIn,
    end_sequence,
    pause_sequence,
    plan_sequence,
    resume_sequence,
    run_sequences,
    start_sequence,
)
from tongxin.outreach.actions.settling import expire_tasks, forget, settle, settle_plans

__all__ = [
    "CopyIn",
    "Drained",
    "StepIn",
    "anchor",
    "anchor_many",
    "approve_message",
    "ask_again",
    "cancel",
    "cancel_many",
    "cancel_message",
    "change_message",
    "close_holdout",
    "confirm_address",
    "confirm_sent",
    "drain",
    "drain_groups",
    "drop_address",
    "drop_copy",
    "end_sequence",
    "expand",
    "expand_due",
    "expire_tasks",
    "forget",
    "give_address",
    "mark_all_read",
    "mark_read",
    "move_copy",
    "notify",
    "open_holdout",
    "open_task",
    "opt_in",
    "opt_out",
    "opt_out_by_token",
    "pause_sequence",
    "plan_copy",
    "plan_message",
    "plan_sequence",
    "pull_back",
    "put_off",
    "remind",
    "resume_sequence",
    "run_sequences",
    "set_cap",
    "settle",
    "settle_plans",
    "start_sequence",
]
