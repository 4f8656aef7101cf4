"""Joining keeps people from falling silent."""

from typing import Any

import numpy as np

from tongxin.compass.simulate.draft import Draft
from tongxin.compass.simulate.switches.base import Switch


def act(draft: Draft, value: float, rng: np.random.Generator) -> dict[str, Any]:
    """After entry, each silent month of a joiner is filled with probability `value`: they buy as if they were awake."""
    assert draft.silent is not None
    awake = np.maximum(0, np.rint(draft.plain() * 100)).astype(np.int64)
    kept = draft.silent & (draft.since_entry() > 0) & (rng.random(draft.silent.shape) < value)
    draft.y1 = np.where(kept, awake, np.where(draft.silent, 0, draft.y1))
    return {"member_months_kept": int(kept.sum())}


SWITCH = Switch(
    "on_churn",
    "after",
    0.5,
    0.0,
    1.0,
    "share of silent months after entry that are filled",
    "参加后更少流失",
    "an effect on churn",
    act,
    ("churn",),
)
