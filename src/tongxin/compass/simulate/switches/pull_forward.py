"""Purchases of later months are brought forward to the entry month: nothing is gained by them."""

from typing import Any

import numpy as np

from tongxin.compass.simulate.draft import Draft
from tongxin.compass.simulate.switches.base import Switch

FROM = (2, 3)


def act(draft: Draft, value: float, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG001 - draws nothing
    """Move a share of the spending of months 2 and 3 after entry to the month after entry."""
    age = draft.since_entry()
    moved = np.where(np.isin(age, FROM), np.rint(value * draft.y1), 0).astype(np.int64)
    last = draft.months - 1 - draft.entry
    draft.y1 = draft.y1 - moved
    who = np.flatnonzero(draft.joined & (last >= 1))
    draft.y1[who, draft.entry[who] + 1] += moved[who].sum(axis=1)
    return {"moved_fen": int(moved.sum()), "from_months": list(FROM), "to_month": 1}


SWITCH = Switch(
    "pull_forward",
    "after",
    0.3,
    0.0,
    1.0,
    "share of months 2 and 3 that is bought in month 1 already",
    "提前消费",
    "pull-forward",
    act,
)
