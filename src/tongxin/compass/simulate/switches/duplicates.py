"""People with two accounts."""

from typing import Any

import numpy as np
import pyarrow as pa

from tongxin.compass.simulate.draft import Draft
from tongxin.compass.simulate.switches.base import Switch

SECOND = 0.4


def act(draft: Draft, value: float, rng: np.random.Generator) -> dict[str, Any]:
    """Give a share of the members a second code that takes 40 % of their orders."""
    who = np.flatnonzero(rng.random(draft.members) < value)
    second = {int(member): f"D{member + 1:07d}" for member in who}
    orders = draft.tables["orders"]
    member = draft.order_member
    moved = np.isin(member, who) & (rng.random(len(orders)) < SECOND)
    codes = orders["member_code"].to_pylist()
    for row in np.flatnonzero(moved):
        codes[row] = second[int(member[row])]
    at = orders.column_names.index("member_code")
    draft.tables["orders"] = orders.set_column(at, "member_code", pa.array(codes, pa.string()))
    members = draft.tables["members"]
    again = members.take(pa.array(who)).set_column(
        members.column_names.index("member_code"),
        "member_code",
        pa.array([second[int(i)] for i in who], pa.string()),
    )
    draft.tables["members"] = pa.concat_tables([members, again])
    return {"pairs": {second[int(i)]: draft.codes[int(i)] for i in who}, "share_of_orders": SECOND}


SWITCH = Switch(
    "duplicates",
    "records",
    0.02,
    0.0,
    0.5,
    "share of members with a second account",
    "一人两个账号",
    "double accounts",
    act,
)
