"""A lasting growth of each member's own: some buy more every month whatever happens."""

from typing import Any

import numpy as np

from tongxin.compass.simulate.draft import Draft
from tongxin.compass.simulate.switches.base import Switch


def act(draft: Draft, value: float, rng: np.random.Generator) -> dict[str, Any]:
    """Draw a slope a member; the line turns around the first event month, so levels there stay alike."""
    draft.growth = rng.normal(size=draft.members)
    draft.add(value * draft.growth[:, None] * (np.arange(draft.months) - draft.first_entry))
    return {"slope_sd_yuan_per_month": float((value * draft.growth).std())}


SWITCH = Switch(
    "growth_type",
    "spending",
    1.5,
    0.0,
    20.0,
    "yuan a month: standard deviation of the slopes",
    "各人有自己的增长趋势",
    "a lasting growth of each member's own",
    act,
)
