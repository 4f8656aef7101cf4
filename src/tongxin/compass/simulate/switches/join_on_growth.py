"""People whose spending grows anyway join."""

from typing import Any

import numpy as np

from tongxin.compass.simulate.draft import Draft
from tongxin.compass.simulate.switches.base import Switch


def act(draft: Draft, value: float, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG001 - draws nothing
    """Let the odds grow with the lasting growth."""
    assert draft.growth is not None
    draft.lean(value * draft.growth[:, None])
    return {"log_odds_per_sd": value}


SWITCH = Switch(
    "join_on_growth",
    "joining",
    1.0,
    -5.0,
    5.0,
    "log odds a standard deviation of growth",
    "消费在上升的人更爱参加",
    "joining leans on growth",
    act,
    ("growth_type",),
)
