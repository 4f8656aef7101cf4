"""The only writes of the rings: policy versions, runs, invitations into the inner ring, overrides, forgetting."""

from tongxin.rings.actions.everybody import place_everybody
from tongxin.rings.actions.forget import RingsEraser
from tongxin.rings.actions.inner import accept, confirm, decline, invite, withdraw
from tongxin.rings.actions.overriding import end_override, override
from tongxin.rings.actions.policy import ensure_policy, set_policy
from tongxin.rings.actions.recomputing import Summary, recompute
from tongxin.rings.actions.thanks import answer_thanks, open_programme, run_programme, thank

__all__ = [
    "RingsEraser",
    "Summary",
    "accept",
    "answer_thanks",
    "confirm",
    "decline",
    "end_override",
    "ensure_policy",
    "invite",
    "open_programme",
    "override",
    "place_everybody",
    "recompute",
    "run_programme",
    "set_policy",
    "thank",
    "withdraw",
]
