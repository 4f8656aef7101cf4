"""Baskets without a member code, fewer of them after joining: a lift in frequency that is none."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tongxin.compass.simulate.draft import Draft
from tongxin.compass.simulate.switches.base import Switch

AFTER = 0.5


def act(draft: Draft, value: float, rng: np.random.Generator) -> dict[str, Any]:
    """Take the member code off a share of the orders; half as many after a member's entry."""
    orders = draft.tables["orders"]
    member, month = draft.order_member, draft.order_month
    after = draft.since_entry()[member, month] > 0
    lost = rng.random(len(orders)) < np.where(after, AFTER * value, value)
    codes = pc.if_else(pa.array(lost), pa.scalar(None, pa.string()), orders["member_code"].combine_chunks())
    at = orders.column_names.index("member_code")
    draft.tables["orders"] = orders.set_column(at, "member_code", codes)
    return {
        "orders_without_id": int(lost.sum()),
        "share_before": float(lost[~after].mean()) if (~after).any() else 0.0,
        "share_after_entry": float(lost[after].mean()) if after.any() else 0.0,
    }


SWITCH = Switch(
    "missing_ids",
    "records",
    0.25,
    0.0,
    0.95,
    "share of orders without a member code before joining",
    "漏刷会员码，参加后变少",
    "missing member ids, fewer after joining",
    act,
)
