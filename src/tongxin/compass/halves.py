"""What each member brought in two equal halves of the data: the input of `concentration`.

Left out: staff, and members who refused measurement. A refund lowers the order it belongs to.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tongxin.compass.dataset import Dataset
from tongxin.compass.errors import BadInput
from tongxin.compass.sentence import Words

_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Halves:
    """One measure: arrays of shape (members,), the same members in both."""

    measure: str
    name: Words
    before: np.ndarray
    after: np.ndarray
    signed: bool


def of(dataset: Dataset) -> tuple[Halves, ...]:
    """Return revenue and growth (currency units), and referrals and output where ties are there.

    The second half is the last n days, the first the n days before. Everybody who brought something in either half counts.

    Raises
    ------
    BadInput
        Without orders of members, or with less than two days of them.
    """
    if not dataset.has("orders", "member_code"):
        raise BadInput.one("dataset", "no orders with member_code", ("orders.member_code",))
    last = (dataset.last_day - _EPOCH).days
    length = (last - (dataset.first_day - _EPOCH).days + 1) // 2
    if length < 1:
        raise BadInput.one("orders", "less than two days", ("two days or more",))
    away = left_out(dataset)
    revenue = _split(dataset, _net(dataset), "ordered_at_day", last, length, away)
    before, after = (np.maximum(half, 0) / 100 for half in revenue)
    found = [
        Halves("revenue", Words("销售额", "Revenue"), before, after, signed=False),
        Halves("growth", Words("增长", "Growth"), before, after - before, signed=True),
    ]
    for measure, name, kinds in (
        ("referrals", Words("带来新人", "Referrals"), {"referral": "from"}),
        ("output", Words("帮到别人", "Answers to others"), {"answer": "from", "accepted": "to"}),
    ):
        halves = _ties(dataset, kinds, last, length, away)
        if halves is not None:
            found.append(Halves(measure, name, *halves, signed=False))
    return tuple(found)


def left_out(dataset: Dataset) -> pa.Array:
    """Codes of staff and of members who refused measurement."""
    codes: list[str] = []
    if dataset.has("staff", "member_code"):
        codes += dataset.arrow(dataset.tables["staff"].select("member_code"))["member_code"].to_pylist()
    if dataset.has("members", "consent_measurement"):
        members = dataset.tables["members"]
        refused = dataset.arrow(members.filter(members.consent_measurement == False).select("member_code"))  # noqa: E712 - an expression, not a bool
        codes += refused["member_code"].to_pylist()
    return pa.array(sorted({code for code in codes if code}), pa.string())


def _net(dataset: Dataset) -> Any:
    """Orders of members with `value` in fen, refunds taken off."""
    orders = dataset.tables["orders"]
    known = orders.filter(orders.member_code.notnull())
    if "refunds" not in dataset.tables:
        return known.select("member_code", "ordered_at_day", value=known.total_paid_fen)
    refunds = dataset.tables["refunds"]
    keys = ["order_no", "store_code"] if "store_code" in refunds.columns else ["order_no"]
    back = refunds.group_by(keys).aggregate(back=refunds.amount_fen.sum())
    both = known.left_join(back, keys)
    return both.select("member_code", "ordered_at_day", value=both.total_paid_fen - both.back.fill_null(0))


def _split(  # noqa: PLR0917 - the two halves are named by their end and length
    dataset: Dataset, rows: Any, day: str, last: int, length: int, away: pa.Array
) -> tuple[np.ndarray, np.ndarray]:
    """Add up `value` by member and half, members in the order of their codes."""
    inside = rows.filter(rows[day].between(last - 2 * length + 1, last))
    late = (inside[day] > last - length).cast("int64")
    sums = inside.group_by(inside.member_code).aggregate(
        after=(inside.value * late).sum(), whole=inside.value.sum()
    )
    table = dataset.arrow(sums)
    table = table.filter(pc.invert(pc.is_in(table["member_code"], value_set=away))).sort_by("member_code")
    after, whole = (np.array(table[name].to_pylist(), dtype=np.int64) for name in ("after", "whole"))
    return whole - after, after


def _ties(
    dataset: Dataset, kinds: dict[str, str], last: int, length: int, away: pa.Array
) -> tuple[np.ndarray, np.ndarray] | None:
    """Count ties by whose doing they are; None where there are none of these kinds."""
    if "ties" not in dataset.tables:
        return None
    ties = dataset.tables["ties"]
    parts = [
        ties.filter(ties.kind == kind).select("at_day", member_code=f"{end}_member_code")
        for kind, end in kinds.items()
    ]
    rows = parts[0]
    for part in parts[1:]:
        rows = rows.union(part)
    found = _split(dataset, rows.mutate(value=1), "at_day", last, length, away)
    return found if len(found[0]) else None
