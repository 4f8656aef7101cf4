"""Every write of commerce: one verb a function, the acting viewer always named."""

from tongxin.commerce.actions.envelopes import (
    approve,
    commit,
    open_envelope,
    refuse_request,
)
from tongxin.commerce.actions.forgetting import erase_customer
from tongxin.commerce.actions.lake import (
    connect_lake,
    forget_in_lake,
    lake_digests,
    lake_writer,
    refresh_purchase_days,
)
from tongxin.commerce.actions.memberships import Taken, upsert_memberships
from tongxin.commerce.actions.partners import (
    change_partner,
    move_sponsorship,
    note_outcome,
    note_partner,
    plan_sponsorship,
)
from tongxin.commerce.actions.promises import attended, mark_paid, promise, unattended, unmark_paid
from tongxin.commerce.actions.refunds import (
    Counts,
    pay_refund,
    refund,
    refund_all,
    refund_all_of,
    refund_subject,
    settle_no_shows,
)
from tongxin.commerce.actions.runs import Progress, advance_run, begin_run, finish_run, restart_run
from tongxin.commerce.actions.spending import log_hours, release, spend
from tongxin.commerce.actions.tries import one_try
from tongxin.commerce.actions.two_persons import ask_second
from tongxin.commerce.actions.vouchers import expire_vouchers, redeem, reverse_redemption

__all__ = [
    "Counts",
    "Progress",
    "Taken",
    "advance_run",
    "approve",
    "ask_second",
    "attended",
    "begin_run",
    "change_partner",
    "commit",
    "connect_lake",
    "erase_customer",
    "expire_vouchers",
    "finish_run",
    "forget_in_lake",
    "lake_digests",
    "lake_writer",
    "log_hours",
    "mark_paid",
    "move_sponsorship",
    "note_outcome",
    "note_partner",
    "one_try",
    "open_envelope",
    "pay_refund",
    "plan_sponsorship",
    "promise",
    "redeem",
    "refresh_purchase_days",
    "refund",
    "refund_all",
    "refund_all_of",
    "refund_subject",
    "refuse_request",
    "release",
    "restart_run",
    "reverse_redemption",
    "settle_no_shows",
    "spend",
    "unattended",
    "unmark_paid",
    "upsert_memberships",
]
