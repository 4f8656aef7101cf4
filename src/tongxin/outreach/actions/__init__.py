"""The doors that write. Upper rooms call `notify`, `anchor` and `cancel` inside their own transaction."""

from tongxin.outreach.actions.addresses import confirm_address, drop_address, give_address
from tongxin.outreach.actions.by_hand import confirm_sent, open_task
from tongxin.outreach.actions.draining import Drained, drain
from tongxin.outreach.actions.notices import anchor, cancel, notify
from tongxin.outreach.actions.opting import opt_in, opt_out, opt_out_by_token
from tongxin.outreach.actions.plans import (
    approve_message,
    cancel_message,
    change_message,
    expand,
    expand_due,
    plan_message,
)
from tongxin.outreach.actions.policy import close_holdout, open_holdout, set_cap
from tongxin.outreach.actions.reading import mark_all_read, mark_read
from tongxin.outreach.actions.settling import expire_tasks, forget, settle, settle_plans

__all__ = [
    "Drained",
    "anchor",
    "approve_message",
    "cancel",
    "cancel_message",
    "change_message",
    "close_holdout",
    "confirm_address",
    "confirm_sent",
    "drain",
    "drop_address",
    "expand",
    "expand_due",
    "expire_tasks",
    "forget",
    "give_address",
    "mark_all_read",
    "mark_read",
    "notify",
    "open_holdout",
    "open_task",
    "opt_in",
    "opt_out",
    "opt_out_by_token",
    "plan_message",
    "set_cap",
    "settle",
    "settle_plans",
]
