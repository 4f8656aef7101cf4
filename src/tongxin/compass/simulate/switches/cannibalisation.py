"""What the store gains is partly lost online: the chain gains less than the store."""

from typing import Any

import numpy as np

from tongxin.compass.simulate.draft import Draft
from tongxin.compass.simulate.switches.base import Switch

ONLINE = 0.25


def act(draft: Draft, value: float, rng: np.random.Generator) -> dict[str, Any]:
    """Let a share of the store's gain come out of the member's online orders; y1 is the chain's."""
    share = np.clip(rng.normal(ONLINE, 0.1, size=draft.members), 0.02, 0.6)
    online0 = np.rint(draft.y0 * share[:, None]).astype(np.int64)
    gain = np.maximum(0, draft.y1 - draft.y0)
    lost = np.minimum(np.rint(value * gain).astype(np.int64), online0)
    draft.online = online0 - lost
    draft.y1 = draft.y1 - lost
    after = draft.since_entry() > 0
    months = max(1, int(after.sum()))
    return {
        "store_gain_yuan_per_month": float(gain[after].sum() / 100 / months),
        "chain_gain_yuan_per_month": float((gain - lost)[after].sum() / 100 / months),
    }


SWITCH = Switch(
    "cannibalisation",
    "after",
    0.4,
    0.0,
    1.0,
    "share of the store's gain that is lost online",
    "门店增长来自线上",
    "cannibalisation of the online channel",
    act,
)
