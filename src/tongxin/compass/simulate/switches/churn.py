"""Members fall silent and come back."""

from typing import Any

import numpy as np

from tongxin.compass.simulate.draft import Draft
from tongxin.compass.simulate.switches.base import Switch

RETURN = 0.08


def act(draft: Draft, value: float, rng: np.random.Generator) -> dict[str, Any]:
    """Let members fall silent with hazard `value` a month and wake up with hazard 0.08."""
    dice = rng.random((draft.members, draft.months))
    silent = np.zeros((draft.members, draft.months), dtype=bool)
    for month in range(1, draft.months):
        before = silent[:, month - 1]
        silent[:, month] = np.where(before, dice[:, month] >= RETURN, dice[:, month] < value)
    draft.silent = silent
    draft.lean(np.where(silent, -3.0, 0.0))  # who does not come to the shop seldom comes to its events
    return {"silent_member_months": int(silent.sum()), "return_hazard": RETURN}


SWITCH = Switch(
    "churn",
    "spending",
    0.01,
    0.0,
    0.5,
    "hazard a month of falling silent",
    "流失与回流",
    "churn and reactivation",
    act,
)
