"""The effect grows in month by month."""

from typing import Any

import numpy as np

from tongxin.compass.simulate.draft import Draft
from tongxin.compass.simulate.switches.base import Switch


def act(draft: Draft, value: float, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG001 - draws nothing
    """Reach the full effect in the `value`-th month after entry, in equal steps."""
    draft.bend(np.clip(draft.since_entry() / value, 0, 1))
    return {"full_from_month": value}


SWITCH = Switch(
    "ramp", "gain", 3.0, 1.0, 24.0, "months until the full effect", "效果逐月增强", "a ramping effect", act
)
