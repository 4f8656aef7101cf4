"""The effect differs between people: those who buy much anyway gain less or more."""

from typing import Any

import numpy as np

from tongxin.compass.simulate.draft import Draft
from tongxin.compass.simulate.switches.base import Switch


def act(draft: Draft, value: float, rng: np.random.Generator) -> dict[str, Any]:
    """Multiply the effect by 1 + value·z; z is half the trait, half a draw of its own."""
    z = (draft.trait + rng.normal(size=draft.members)) / np.sqrt(2)
    draft.bend((1 + value * z)[:, None])
    return {"share_below_zero": float((1 + value * z < 0).mean())}


SWITCH = Switch(
    "varied_effect",
    "gain",
    0.5,
    -3.0,
    3.0,
    "relative standard deviation of the effect",
    "效果因人而异",
    "an effect that differs between people",
    act,
)
