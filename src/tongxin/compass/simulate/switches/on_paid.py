"""Joining makes people buy a paid membership."""

from typing import Any

import numpy as np

from tongxin.compass.simulate.draft import Draft
from tongxin.compass.simulate.switches.base import Switch

BASE = 0.004


def act(draft: Draft, value: float, rng: np.random.Generator) -> dict[str, Any]:
    """Let everybody convert with hazard 0.004 a month, joiners with `value` more in each month after entry.

    Both answers come from the same dice: who converts without joining also converts with it, not later.
    """
    dice = rng.random((draft.members, draft.months))
    without, with_ = dice < BASE, dice < BASE + value * (draft.since_entry() > 0)
    first = [np.where(hit.any(axis=1), hit.argmax(axis=1), -1) for hit in (without, with_)]
    draft.paid_month = first[1]
    joined = draft.joined
    return {
        "base_hazard": BASE,
        "joiners_converted_without": int((first[0] >= 0)[joined].sum()),
        "joiners_converted_with": int((first[1] >= 0)[joined].sum()),
    }


SWITCH = Switch(
    "on_paid",
    "after",
    0.02,
    0.0,
    0.9,
    "added hazard a month of converting",
    "参加后更多人转为付费会员",
    "an effect on paid conversion",
    act,
)
