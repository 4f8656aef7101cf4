"""Families join more than others, and rather in the holidays."""

from typing import Any

import numpy as np

from tongxin.compass.simulate.draft import Draft
from tongxin.compass.simulate.switches.base import Switch
from tongxin.compass.simulate.switches.family_season import HOLIDAYS

HOLIDAY = 0.5


def act(draft: Draft, value: float, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG001 - draws nothing
    """Add `value` to the odds of families, and half of that again in holiday months."""
    assert draft.family is not None
    holiday = np.isin(np.arange(draft.months) % 12, HOLIDAYS)
    draft.lean(value * draft.family[:, None] * (1 + HOLIDAY * holiday))
    return {"log_odds": value, "holiday_log_odds": value * (1 + HOLIDAY)}


SWITCH = Switch(
    "join_on_family",
    "joining",
    1.2,
    -5.0,
    5.0,
    "log odds of being a family",
    "亲子家庭更爱参加",
    "families join more",
    act,
    ("family_season",),
)
