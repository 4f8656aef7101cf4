"""Staff who shop with a member account and attend the events they organise."""

from typing import Any

import numpy as np

from tongxin.compass.simulate.draft import MEAN, Draft
from tongxin.compass.simulate.switches.base import Switch


def act(draft: Draft, value: float, rng: np.random.Generator) -> dict[str, Any]:
    """Make a share of the members staff: they buy half as much again and lean strongly to joining."""
    draft.staff = rng.random(draft.members) < value
    draft.add(np.where(draft.staff[:, None], MEAN / 2, 0.0))
    draft.lean(np.where(draft.staff[:, None], 4.0, 0.0))
    return {"staff_members": int(draft.staff.sum())}


SWITCH = Switch(
    "staff_accounts",
    "spending",
    0.01,
    0.0,
    0.2,
    "share of members who are staff",
    "员工账号",
    "staff accounts",
    act,
)
