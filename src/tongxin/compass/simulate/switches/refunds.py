"""Returns, half of them late. Spending after refunds is what the truth says."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tongxin.compass.simulate.clock import numbered, stamp
from tongxin.compass.simulate.draft import Draft
from tongxin.compass.simulate.switches.base import Switch


def act(draft: Draft, value: float, rng: np.random.Generator) -> dict[str, Any]:
    """Add goods to a share of the orders that all go back: within a week, or 20 to 75 days later."""
    orders, lines = draft.tables["orders"], draft.tables["order_lines"]
    rows = np.flatnonzero(rng.random(len(orders)) < value)
    paid = orders["total_paid_fen"].to_numpy().copy()
    extra = np.maximum(1, np.rint(paid[rows] * rng.uniform(0.1, 1.0, size=len(rows)))).astype(np.int64)
    paid[rows] += extra
    at = orders.column_names.index("total_paid_fen")
    draft.tables["orders"] = orders.set_column(at, "total_paid_fen", pa.array(paid))
    chosen = orders.take(pa.array(rows))
    place = pc.index_in(lines["order_no"].combine_chunks(), chosen["order_no"].combine_chunks())
    first = pc.and_(pc.is_valid(place), pc.equal(lines["line_no"].combine_chunks(), 1))
    at_line = np.flatnonzero(first.to_numpy(zero_copy_only=False))
    amount = lines["paid_amount_fen"].to_numpy().copy()
    amount[at_line] += extra[place.to_numpy(zero_copy_only=False)[at_line].astype(np.int64)]
    where = lines.column_names.index("paid_amount_fen")
    draft.tables["order_lines"] = lines.set_column(where, "paid_amount_fen", pa.array(amount))
    late = rng.random(len(rows)) < 0.5
    days = np.where(late, rng.integers(20, 76, size=len(rows)), rng.integers(0, 8, size=len(rows)))
    bought = pc.cast(chosen["ordered_at"].combine_chunks(), pa.int64()).to_numpy() // 1_000_000
    draft.tables["refunds"] = pa.table(
        {
            "refund_no": numbered("R", np.arange(1, len(rows) + 1), 8),
            "order_no": chosen["order_no"],
            "refunded_at": stamp(bought + days * 86_400),
            "amount_fen": extra,
            "store_code": chosen["store_code"],
            "line_no": np.ones(len(rows), dtype=np.int64),
        }
    )
    return {"refunds": len(rows), "refunded_fen": int(extra.sum()), "late": int(late.sum())}


SWITCH = Switch(
    "refunds",
    "records",
    0.03,
    0.0,
    0.9,
    "share of orders with something that goes back",
    "退货，含迟到的退货",
    "refunds and late returns",
    act,
)
