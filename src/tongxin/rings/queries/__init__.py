"""Reading the rings. What could leak begins with the viewer; foreign answers as absent."""

from tongxin.rings.queries.book import traces_of
from tongxin.rings.queries.chain import (
    Flows,
    StoreRings,
    ToDo,
    candidates,
    counts,
    flows,
    invitations,
    leaving_soon,
    override_rates,
    placement_faults,
    ring_diagram,
    runs,
    store_counts,
)
from tongxin.rings.queries.lists import rings_held
from tongxin.rings.queries.months import ring_paths
from tongxin.rings.queries.person import (
    Explanation,
    Period,
    RingView,
    access_invitation,
    explain,
    history,
    member_step,
    my_invitation,
    replays,
    ring_of,
    still_in,
)
from tongxin.rings.queries.policy import access_policy, body_of, current_policy, policies

__all__ = [
    "Explanation",
    "Flows",
    "Period",
    "RingView",
    "StoreRings",
    "ToDo",
    "access_invitation",
    "access_policy",
    "body_of",
    "candidates",
    "counts",
    "current_policy",
    "explain",
    "flows",
    "history",
    "invitations",
    "leaving_soon",
    "member_step",
    "my_invitation",
    "override_rates",
    "placement_faults",
    "policies",
    "replays",
    "ring_diagram",
    "ring_of",
    "ring_paths",
    "rings_held",
    "runs",
    "still_in",
    "store_counts",
    "traces_of",
]
