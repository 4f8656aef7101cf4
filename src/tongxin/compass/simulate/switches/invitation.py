"""A champion invites those who bought most lately."""

from typing import Any

import numpy as np

from tongxin.compass.simulate.draft import Draft
from tongxin.compass.simulate.switches.base import Switch

SHARE = 0.5
TOP = 0.2


def act(draft: Draft, value: float, rng: np.random.Generator) -> dict[str, Any]:
    """In every second store the top fifth of the last quarter's spending is invited: `value` on the log odds."""
    inviting = rng.random(draft.stores) < SHARE
    spent = draft.plain()
    total = np.cumsum(np.pad(spent, ((0, 0), (1, 0))), axis=1)
    invited = np.zeros(spent.shape, dtype=bool)
    for month in range(draft.first_entry, draft.months):
        quarter = total[:, month] - total[:, max(0, month - 3)]
        invited[:, month] = (quarter >= np.quantile(quarter, 1 - TOP)) & inviting[draft.store]
    draft.lean(value * invited)
    return {"inviting_stores": np.flatnonzero(inviting).tolist(), "invited_member_months": int(invited.sum())}


SWITCH = Switch(
    "invitation",
    "joining",
    1.0,
    0.0,
    5.0,
    "log odds of being invited",
    "主理人邀请最近买得多的人",
    "champions invite recent heavy buyers",
    act,
)
