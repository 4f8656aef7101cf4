"""Months of stocking up: a lot at once, and less in the month after."""

from typing import Any

import numpy as np

from tongxin.compass.simulate.draft import Draft
from tongxin.compass.simulate.switches.base import Switch

SIZE = 80.0
PAID_BACK = 0.4


def act(draft: Draft, value: float, rng: np.random.Generator) -> dict[str, Any]:
    """Put spikes (exponential, 80 yuan on average) into a share of the member-months; 40 % comes off the next month."""
    there = rng.random((draft.members, draft.months)) < value
    height = np.where(there, rng.exponential(SIZE, size=there.shape), 0.0)
    height[:, 1:] -= PAID_BACK * height[:, :-1]
    # part of the noise: who joins after a good month may well join after one of these
    draft.noise = draft.noise + height
    return {"spiky_member_months": int(there.sum()), "mean_height_yuan": SIZE}


SWITCH = Switch(
    "spikes",
    "spending",
    0.05,
    0.0,
    0.5,
    "share of member-months with a spike",
    "囤货的月份",
    "spiky months",
    act,
)
