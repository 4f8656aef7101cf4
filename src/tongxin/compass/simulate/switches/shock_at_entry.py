"""A hidden change in the very month of joining: a new baby, a move. It would have happened without the event.

No observational study can tell it from an effect; only a draw by lot can.
"""

from typing import Any

import numpy as np

from tongxin.compass.simulate.draft import Draft
from tongxin.compass.simulate.switches.base import Switch


def act(draft: Draft, value: float, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG001 - draws nothing
    """Lift the untreated spending of everyone who wants to join from the month after on, also of those who lose a draw."""
    month = draft.entry if draft.lost is None else np.maximum(draft.entry, draft.lost)
    draft.add(value * ((month[:, None] >= 0) & (np.arange(draft.months) > month[:, None])))
    return {"members_hit": int((month >= 0).sum())}


SWITCH = Switch(
    "shock_at_entry",
    "entered",
    12.0,
    -200.0,
    200.0,
    "yuan a month from the month after entry on",
    "参加当月一次看不见的变化",
    "a hidden shock at entry",
    act,
)
