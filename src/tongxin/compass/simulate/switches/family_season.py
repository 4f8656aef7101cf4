"""Families whose spending follows the school holidays."""

from typing import Any

import numpy as np

from tongxin.compass.simulate.draft import MEAN, Draft
from tongxin.compass.simulate.switches.base import Switch

SHARE = 0.3
HOLIDAYS = (0, 1, 6, 7)


def act(draft: Draft, value: float, rng: np.random.Generator) -> dict[str, Any]:
    """Mark three in ten as families; they buy `value` of the mean more in the holidays and less between them."""
    draft.family = rng.random(draft.members) < SHARE
    year = np.where(np.isin(np.arange(12), HOLIDAYS), 1.0, -len(HOLIDAYS) / (12 - len(HOLIDAYS)))
    wave = value * MEAN * year[np.arange(draft.months) % 12]
    draft.add(np.where(draft.family[:, None], wave, 0.0))
    return {"families": int(draft.family.sum()), "holiday_months": [month + 1 for month in HOLIDAYS]}


SWITCH = Switch(
    "family_season",
    "spending",
    0.25,
    0.0,
    0.9,
    "share of the mean in holiday months",
    "亲子家庭随假期起落",
    "families with a season of their own",
    act,
)
