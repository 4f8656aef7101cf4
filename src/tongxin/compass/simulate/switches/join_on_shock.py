"""People join just after a good month."""

from typing import Any

import numpy as np

from tongxin.compass.simulate.draft import Draft
from tongxin.compass.simulate.switches.base import Switch


def act(draft: Draft, value: float, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG001 - draws nothing
    """Let the odds of a month grow with the passing part of the spending of the month before."""
    shock = np.zeros((draft.members, draft.months))
    shock[:, 1:] = draft.noise[:, :-1] / draft.noise.std()
    draft.lean(value * np.clip(shock, -3, 3))
    return {"log_odds_per_sd": value}


SWITCH = Switch(
    "join_on_shock",
    "joining",
    0.6,
    -5.0,
    5.0,
    "log odds a standard deviation of last month's shock",
    "上月买得多就来参加",
    "joining after a good month",
    act,
)
