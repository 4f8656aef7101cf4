"""How strongly those join who buy much anyway, beyond what the regime says."""

from typing import Any

import numpy as np

from tongxin.compass.simulate.draft import Draft
from tongxin.compass.simulate.switches.base import Switch


def act(draft: Draft, value: float, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG001 - draws nothing
    """Add `value` to the slope of the log odds on the lasting trait."""
    draft.lean(value * draft.trait[:, None])
    return {"whole_slope": draft.regime.selection + value}


SWITCH = Switch(
    "join_on_trait",
    "joining",
    0.5,
    -5.0,
    5.0,
    "log odds a standard deviation of the trait",
    "买得多的人更爱参加",
    "joining leans on the lasting trait",
    act,
)
