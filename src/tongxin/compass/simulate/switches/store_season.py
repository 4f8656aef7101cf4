"""Every store has a season of its own: one lies at the beach, one beside offices."""

from typing import Any

import numpy as np

from tongxin.compass.simulate.draft import MEAN, Draft
from tongxin.compass.simulate.switches.base import Switch


def act(draft: Draft, value: float, rng: np.random.Generator) -> dict[str, Any]:
    """Give each store a yearly wave with its own phase."""
    phase = rng.uniform(0, 2 * np.pi, size=draft.stores)
    wave = value * MEAN * np.sin(2 * np.pi * np.arange(draft.months) / 12 + phase[:, None])
    draft.add(wave[draft.store])
    return {"phase_months": [round(float(turn), 3) for turn in phase * 12 / (2 * np.pi)]}


SWITCH = Switch(
    "store_season",
    "spending",
    0.15,
    0.0,
    0.9,
    "share of the mean: amplitude of the wave",
    "各店有自己的淡旺季",
    "stores with seasons of their own",
    act,
)
