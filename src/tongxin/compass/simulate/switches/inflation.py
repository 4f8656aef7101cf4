"""Prices rise: the same basket costs more every month."""

from typing import Any

import numpy as np

from tongxin.compass.simulate.draft import Draft
from tongxin.compass.simulate.switches.base import Switch


def act(draft: Draft, value: float, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG001 - draws nothing
    """Multiply all spending by (1 + value) to the power of the month."""
    prices = (1 + value) ** np.arange(draft.months)
    draft.times(np.broadcast_to(prices, (draft.members, draft.months)))
    return {"last_month_price_level": float(prices[-1])}


SWITCH = Switch(
    "inflation",
    "spending",
    0.004,
    -0.05,
    0.1,
    "price rise a month",
    "物价上涨",
    "price inflation",
    act,
)
