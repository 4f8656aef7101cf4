"""A coupon campaign that runs when events run, and reaches those who attend more often than others."""

from typing import Any

import numpy as np

from tongxin.compass.simulate.draft import MEAN, Draft
from tongxin.compass.simulate.switches.base import Switch

JOINERS, OTHERS, LASTS = 0.6, 0.1, 3


def act(draft: Draft, value: float, rng: np.random.Generator) -> dict[str, Any]:
    """Give six joiners in ten a coupon at entry and one other in ten at some time: `value` of the mean for three months."""
    dice = rng.random(draft.members)
    anyhow = rng.integers(draft.first_entry, draft.months, size=draft.members)
    given = np.where(
        draft.joined, np.where(dice < JOINERS, draft.entry, -1), np.where(dice < OTHERS, anyhow, -1)
    )
    age = np.arange(draft.months) - given[:, None]
    running = (given[:, None] >= 0) & (age >= 0) & (age < LASTS)
    draft.add(np.where(running, value * MEAN, 0.0))
    draft.coupon = np.where(running, 1, 0)
    return {"joiners_with_coupon": int((given >= 0)[draft.joined].sum()), "others_with_coupon": int((given >= 0)[~draft.joined].sum()), "months": LASTS}  # fmt: skip


SWITCH = Switch(
    "campaigns",
    "entered",
    0.15,
    0.0,
    2.0,
    "share of the mean that a coupon adds",
    "与活动同期的优惠券",
    "other campaigns timed with events",
    act,
)
