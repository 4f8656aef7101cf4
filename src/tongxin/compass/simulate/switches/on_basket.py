"""More in the basket instead of more visits."""

from typing import Any

import numpy as np

from tongxin.compass.simulate.draft import Draft
from tongxin.compass.simulate.switches.base import Switch


def act(draft: Draft, value: float, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG001 - draws nothing
    """Let a share of what joining adds fill larger baskets; the rest comes as more orders."""
    draft.basket_share = value
    return {"share_in_larger_baskets": value, "share_in_more_orders": 1 - value}


SWITCH = Switch(
    "on_basket",
    "gain",
    1.0,
    0.0,
    1.0,
    "share of the gain that fills larger baskets",
    "客单变大而不是更常来",
    "an effect on baskets instead of frequency",
    act,
)
