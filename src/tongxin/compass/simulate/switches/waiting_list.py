"""Registration, waiting list, cancellation: not everybody who wants to come has a seat at once, or keeps it."""

from typing import Any

import numpy as np

from tongxin.compass.simulate.draft import Draft
from tongxin.compass.simulate.switches.base import Switch

CANCEL = 0.2


def act(draft: Draft, value: float, rng: np.random.Generator) -> dict[str, Any]:
    """Put a share of those who came on the waiting list first, and let some who registered cancel.

    Members who cancel are drawn among those who never joined, a fifth as many as joined; they are not treated.
    """
    draft.waited = draft.joined & (rng.random(draft.members) < value)
    idle = ~draft.joined & (draft.missed < 0)
    if draft.lost is not None:
        idle &= draft.lost < 0
    keys = np.where(idle, draft.regime.selection * draft.trait, -np.inf) + rng.gumbel(size=draft.members)
    count = min(round(CANCEL * int(draft.joined.sum())), int(idle.sum()))
    who = np.argsort(-keys, kind="stable")[:count]
    draft.cancelled = np.full(draft.members, -1)
    draft.cancelled[who] = rng.integers(draft.first_entry, draft.months, size=count)
    return {"waitlisted": int(draft.waited.sum()), "cancelled": count}


SWITCH = Switch(
    "waiting_list",
    "entered",
    0.2,
    0.0,
    1.0,
    "share of participants who waited first",
    "候补与取消",
    "waiting list and cancellations",
    act,
)
