"""Entry comes in waves: few early, many late, or the other way round."""

from typing import Any

import numpy as np

from tongxin.compass.simulate.draft import Draft
from tongxin.compass.simulate.switches.base import Switch


def act(draft: Draft, value: float, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG001 - draws nothing
    """Let the log odds of joining rise by `value` from the first event month to the last."""
    span = max(1, draft.months - 1 - draft.first_entry)
    draft.lean(value * (np.arange(draft.months) - draft.first_entry)[None, :] / span)
    return {"log_odds_last_month": value}


SWITCH = Switch(
    "waves",
    "joining",
    1.0,
    -5.0,
    5.0,
    "log odds of the last event month against the first",
    "参加人数逐月增减",
    "a hazard of joining that rises or falls",
    act,
)
