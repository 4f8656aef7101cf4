"""The fee comes back as a voucher of equal value: a sale in the month of entry that nobody has earned."""

from typing import Any

import numpy as np

from tongxin.compass.simulate.draft import Draft
from tongxin.compass.simulate.switches.base import Switch


def act(draft: Draft, value: float, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG001 - draws nothing
    """Add the voucher's value to the spending of the entry month, and mark its orders."""
    at = draft.since_entry() == 0
    draft.y1 = draft.y1 + np.where(at, round(value * 100), 0)
    draft.coupon = np.where(at, 2, 0 if draft.coupon is None else draft.coupon)
    return {"redeemed": int(at.sum()), "cost_yuan": float(value * at.sum())}


SWITCH = Switch(
    "voucher",
    "after",
    39.0,
    0.0,
    1000.0,
    "yuan: value of the voucher",
    "报名费等值返券",
    "a voucher of equal value in month 0",
    act,
)
