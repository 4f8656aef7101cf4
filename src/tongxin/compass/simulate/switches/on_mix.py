"""What joining adds is spent on high-margin goods."""

from typing import Any

import numpy as np

from tongxin.compass.simulate.draft import Draft
from tongxin.compass.simulate.switches.base import Switch


def act(draft: Draft, value: float, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG001 - drawn while writing
    """Let a share of what joining adds go to the chain's own brand."""
    draft.mix_share = value
    return {"share_of_the_gain_in_own_brand": value}


SWITCH = Switch(
    "on_mix",
    "gain",
    0.8,
    0.0,
    1.0,
    "share of the gain spent on the own brand",
    "多买的是高毛利品类",
    "an effect on the category mix",
    act,
)
