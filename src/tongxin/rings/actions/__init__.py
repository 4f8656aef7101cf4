"""The only writes of the rings: policy versions, runs, invitations into the inner ring, overrides, forgetting."""

from tongxin.rings.actions.forget import RingsEraser
from tongxin.rings.actions.inner import accept, confirm, decline, invite, withdraw
from tongxin.rings.actions.overriding import end_override, override
from tongxin.rings.actions.policy import ensure_policy, set_policy
from tongxin.rings.actions.recomputing import Summary, recompute

__all__ = [
    "RingsEraser",
    "Summary",
    "accept",
    "confirm",
    "decline",
    "end_override",
    "ensure_policy",
    "invite",
    "override",
    "recompute",
    "set_policy",
    "withdraw",
]
