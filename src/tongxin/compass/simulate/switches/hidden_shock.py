"""A hidden change of life before the programme starts: people buy more from then on, and are more likely to join.

Those who join later had it too, so later joiners are an honest control; never-joiners are not.
"""

from typing import Any

import numpy as np

from tongxin.compass.simulate.draft import Draft
from tongxin.compass.simulate.switches.base import Switch

SHARE = 0.3
LEAN = 1.5


def act(draft: Draft, value: float, rng: np.random.Generator) -> dict[str, Any]:
    """Lift three in ten by `value` yuan a month from the month before the first event on."""
    hit = rng.random(draft.members) < SHARE
    month = draft.first_entry - 1
    draft.add(value * hit[:, None] * (np.arange(draft.months) >= month))
    draft.lean(LEAN * hit[:, None])
    return {"members_hit": int(hit.sum()), "from_month": month, "log_odds": LEAN}


SWITCH = Switch(
    "hidden_shock",
    "spending",
    20.0,
    -200.0,
    200.0,
    "yuan a month from the month before the first event on",
    "开始前一次看不见的变化",
    "a hidden shock that also makes people join",
    act,
)
