"""A tier that is given for what people bought after joining: conditioning on it looks at the outcome."""

from typing import Any

import numpy as np
import pyarrow as pa

from tongxin.compass.simulate.draft import Draft
from tongxin.compass.simulate.switches.base import Switch

NAMES = ("普通", "核心")


def act(draft: Draft, value: float, rng: np.random.Generator) -> dict[str, Any]:  # noqa: ARG001 - draws nothing
    """Write into `members.tier` who is among the top share of the last three months' spending."""
    spent = draft.y1[:, -3:].sum(axis=1)
    core = spent >= np.quantile(spent, 1 - value)
    members = draft.tables["members"]
    tier = pa.array([NAMES[int(one)] for one in core], pa.string())
    extra = len(members) - draft.members
    if extra:  # second accounts have no tier of their own
        tier = pa.concat_arrays([tier, pa.nulls(extra, pa.string())])
    draft.tables["members"] = members.append_column("tier", tier)
    return {
        "core_members": int(core.sum()),
        "core_share_of_joiners": float(core[draft.joined].mean()) if draft.joined.any() else 0.0,
        "core_share_of_others": float(core[~draft.joined].mean()),
    }


SWITCH = Switch(
    "ring_promotion",
    "records",
    0.2,
    0.01,
    0.99,
    "share of members who are promoted",
    "按参加后的消费升圈",
    "promotion that uses the outcome",
    act,
)
