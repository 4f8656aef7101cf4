"""The ways to a first purchase, from a dataset: what `attribution` lays paths from.

A conversion is the first purchase of somebody who was new: registered inside the data, or, where registration is not known,
not seen buying in the first 91 days. Old customers have no such journey and are left out with all their touches.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tongxin.compass import halves
from tongxin.compass.attribution import Conversion, Touch
from tongxin.compass.dataset import Dataset
from tongxin.compass.errors import BadInput

NEW_AFTER = 91
_EPOCH = date(1970, 1, 1)


def of(dataset: Dataset) -> tuple[list[Touch], list[Conversion]]:
    """Return touches and conversions of people who were new.

    Touches: taking part (channel `event`, `ritual`, `campaign`, …; 7 days) and being referred (channel `referral`; 30 days).

    Raises
    ------
    BadInput
        Without orders of members, or without anything that could be a touch.
    """
    if not dataset.has("orders", "member_code"):
        raise BadInput.one("dataset", "no orders with member_code", ("orders.member_code",))
    if "participation" not in dataset.tables and "ties" not in dataset.tables:
        raise BadInput.one("dataset", "nothing that leads to a purchase", ("participation", "ties"))
    first = _first_orders(dataset)
    new = _new(dataset, first)
    old = set(first) - new
    away = set(halves.left_out(dataset).to_pylist())
    conversions = [
        Conversion(code, code, at, fen)
        for code, (at, fen) in sorted(first.items())
        if code in new and code not in away
    ]
    touches = [touch for touch in _touches(dataset) if touch.person not in old and touch.person not in away]
    after = {code: first[code][0] for code in new}
    return [touch for touch in touches if touch.at <= after.get(touch.person, touch.at)], conversions


def _seconds(column: pa.ChunkedArray) -> np.ndarray:
    """Seconds since 1970."""
    return pc.cast(pc.cast(column, pa.timestamp("s"), safe=False), pa.int64()).to_numpy()


def _first_orders(dataset: Dataset) -> dict[str, tuple[int, int]]:
    """Moment and value of each member's first purchase; of two in one second the one with the smaller number."""
    orders: Any = dataset.tables["orders"]
    paid = orders.filter(orders.member_code.notnull() & (orders.total_paid_fen > 0))
    starts = paid.group_by("member_code").aggregate(ordered_at=paid.ordered_at.min())
    rows = dataset.arrow(
        paid.inner_join(starts, ["member_code", "ordered_at"]).select(
            "member_code", "ordered_at", "store_code", "order_no", "total_paid_fen"
        )
    ).sort_by([("member_code", "ascending"), ("store_code", "ascending"), ("order_no", "ascending")])
    found: dict[str, tuple[int, int]] = {}
    for code, at, fen in zip(
        rows["member_code"].to_pylist(),
        _seconds(rows["ordered_at"]).tolist(),
        rows["total_paid_fen"].to_pylist(),
        strict=True,
    ):
        found.setdefault(code, (at, fen))
    return found


def _new(dataset: Dataset, first: dict[str, tuple[int, int]]) -> set[str]:
    begun = (dataset.first_day - _EPOCH).days * 86_400
    if dataset.has("members", "registered_at"):
        members = dataset.tables["members"]
        rows = dataset.arrow(
            members.filter(members.registered_at.notnull()).select("member_code", "registered_at")
        )
        since = dict(
            zip(rows["member_code"].to_pylist(), _seconds(rows["registered_at"]).tolist(), strict=True)
        )
        return {code for code in first if since.get(code, -1) >= begun}
    return {code for code, (at, _) in first.items() if at >= begun + NEW_AFTER * 86_400}


def _touches(dataset: Dataset) -> list[Touch]:
    found: list[Touch] = []
    if "participation" in dataset.tables:
        parts = dataset.tables["participation"]
        came = parts.filter(
            (parts.status == "checked_in") | ((parts.what == "campaign") & (parts.status == "registered"))
        )
        rows = dataset.arrow(came.select("member_code", "happened_at", "what"))
        columns = (
            rows["member_code"].to_pylist(),
            _seconds(rows["happened_at"]).tolist(),
            rows["what"].to_pylist(),
        )
        found += [Touch(person, at, what) for person, at, what in zip(*columns, strict=True)]
    if "ties" in dataset.tables:
        ties = dataset.tables["ties"]
        rows = dataset.arrow(ties.filter(ties.kind == "referral").select("to_member_code", "at"))
        referred = (rows["to_member_code"].to_pylist(), _seconds(rows["at"]).tolist())
        found += [Touch(person, at, "referral", "referral") for person, at in zip(*referred, strict=True)]
    return found
