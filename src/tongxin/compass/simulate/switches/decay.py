"""The effect fades."""

from typing import Any

import numpy as np

from tongxin.compass.simulate.draft import Draft
from tongxin.compass.simulate.switches.base import Switch


def act(draft: Draft, value: float, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG001 - draws nothing
    """Halve the effect every `value` months, from the month after entry on."""
    draft.bend(0.5 ** (np.maximum(draft.since_entry() - 1, 0) / value))
    return {"half_life_months": value}


SWITCH = Switch(
    "decay", "gain", 6.0, 0.5, 60.0, "half-life in months", "效果逐渐消退", "a decaying effect", act
)
