"""The month before New Year: everybody buys more, some far more."""

from typing import Any

import numpy as np

from tongxin.compass.simulate.draft import MEAN, Draft
from tongxin.compass.simulate.switches.base import Switch


def act(draft: Draft, value: float, rng: np.random.Generator) -> dict[str, Any]:
    """Add a festival every January, `value` of the mean on average, with a taste of each member's own."""
    taste = rng.gamma(2.0, 0.5, size=draft.members)
    january = np.arange(draft.months) % 12 == 0
    draft.add(value * MEAN * taste[:, None] * january)
    return {"festival_months": np.flatnonzero(january).tolist()}


SWITCH = Switch(
    "festival",
    "spending",
    0.4,
    0.0,
    3.0,
    "share of the mean in January",
    "年货月",
    "a festival month",
    act,
)
