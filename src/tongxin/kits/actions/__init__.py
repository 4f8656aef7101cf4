"""The doors that write. `events` calls `adopt`, `plan_uses`, `opened`, `moved`, `held` and `cancelled` in its own transaction."""

from tongxin.kits.actions.adopting import Changed, Thing, adapt, adopt, upgrade
from tongxin.kits.actions.copy import look
from tongxin.kits.actions.following import (
    Planned,
    cancelled,
    continued,
    held,
    instance_for,
    moved,
    opened,
    plan_uses,
    said,
    to_warm,
    warmed,
)
from tongxin.kits.actions.kits import change_draft, make_kit, offer, recall, record_exception, release
from tongxin.kits.actions.reporting import Spent, answer_report, record_costs, report_step, see_warning
from tongxin.kits.actions.seeding import seed

__all__ = [
    "Changed",
    "Planned",
    "Spent",
    "Thing",
    "adapt",
    "adopt",
    "answer_report",
    "cancelled",
    "change_draft",
    "continued",
    "held",
    "instance_for",
    "look",
    "make_kit",
    "moved",
    "offer",
    "opened",
    "plan_uses",
    "recall",
    "record_costs",
    "record_exception",
    "release",
    "report_step",
    "said",
    "see_warning",
    "seed",
    "to_warm",
    "upgrade",
    "warmed",
]
