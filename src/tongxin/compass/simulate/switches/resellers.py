"""Resellers: a few accounts that buy for many, in lumps, and that nobody has marked."""

from typing import Any

import numpy as np

from tongxin.compass.simulate.draft import MEAN, Draft
from tongxin.compass.simulate.switches.base import Switch

TIMES = 12.0


def act(draft: Draft, value: float, rng: np.random.Generator) -> dict[str, Any]:
    """Let a share of the accounts buy twelve times the mean in four months out of ten."""
    who = rng.random(draft.members) < value
    lumps = rng.random((draft.members, draft.months)) < 0.4
    draft.add(np.where(who[:, None] & lumps, TIMES * MEAN, 0.0))
    draft.lean(np.where(who[:, None], 1.0, 0.0))
    return {"resellers": int(who.sum()), "times_the_mean": TIMES}


SWITCH = Switch(
    "resellers",
    "spending",
    0.003,
    0.0,
    0.1,
    "share of accounts that resell",
    "代购账号",
    "reseller accounts",
    act,
)
