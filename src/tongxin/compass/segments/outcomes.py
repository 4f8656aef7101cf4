"""The visible list of things a chain may want from its customers, all looked at after the cut."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from tongxin.compass import panel
from tongxin.compass.adding import integer_sum
from tongxin.compass.dataset import Dataset
from tongxin.compass.graph.people import MEETINGS, number
from tongxin.compass.periods import Calendar
from tongxin.compass.sentence import Words

#: share of line spend from which a basket counts as high-margin
HIGH_MARGIN = 0.30


@dataclass(frozen=True)
class Outcome:
    """One wanted thing.

    Attributes
    ----------
    needs : tuple of str
        Tables that must be there.
    read : function (dataset, codes, cut, last) → bool array, shape (n,)
        Whether it happened on days cut…last.
    fresh : bool
        Whether members who have it already at the cut are left out.
    """

    code: str
    words: Words
    needs: tuple[str, ...]
    read: Callable[[Dataset, pa.Array, int, int], np.ndarray]
    fresh: bool = False


def _facts(dataset: Dataset, cut: int, last: int) -> Any:
    facts = panel.order_facts(dataset, Calendar("month", dataset.first_day.year * 12, 1))
    return facts.filter((facts.net > 0) & (facts.day >= cut) & (facts.day <= last))


def _flagged(dataset: Dataset, rows: Any, codes: pa.Array) -> np.ndarray:
    at = number(dataset.arrow(rows.select("member_code").distinct())["member_code"], codes)
    out = np.zeros(len(codes), dtype=bool)
    out[at[at >= 0]] = True
    return out


def _bought(dataset: Dataset, codes: pa.Array, cut: int, last: int) -> np.ndarray:
    return _flagged(dataset, _facts(dataset, cut, last), codes)


def _high_margin(dataset: Dataset, codes: pa.Array, cut: int, last: int) -> np.ndarray:
    lines, facts = dataset.tables["order_lines"], _facts(dataset, cut, last)
    keys = ["store_code", "order_no"] if "store_code" in lines.columns else ["order_no"]
    kinds = panel.product_kinds(dataset, "")
    typed = lines.inner_join(kinds, "sku").select(*keys, "paid_amount_fen", "high")
    joined = typed.inner_join(facts, keys).select("member_code", "paid_amount_fen", "high")
    summed = joined.group_by("member_code").agg(
        spend=integer_sum(joined.paid_amount_fen),
        high=integer_sum(joined.high.ifelse(joined.paid_amount_fen, 0)),
    )
    return _flagged(
        dataset, summed.filter((summed.spend > 0) & (summed.high >= HIGH_MARGIN * summed.spend)), codes
    )


def _came(dataset: Dataset, codes: pa.Array, cut: int, last: int) -> np.ndarray:
    rows = dataset.tables["participation"]
    there = (rows.status == "checked_in") & rows.what.isin(MEETINGS)
    return _flagged(
        dataset, rows.filter(there & (rows.happened_at_day >= cut) & (rows.happened_at_day <= last)), codes
    )


def _became_paid(dataset: Dataset, codes: pa.Array, cut: int, last: int) -> np.ndarray:
    rows = dataset.tables["memberships"]
    return _flagged(dataset, rows.filter((rows.started_at_day >= cut) & (rows.started_at_day <= last)), codes)


OUTCOMES: dict[str, Outcome] = {
    outcome.code: outcome
    for outcome in (
        Outcome(
            "high_margin",
            Words("买高毛利商品（占三成以上）", "buy high-margin goods (30 % of spend or more)"),
            ("orders", "order_lines", "products", "categories"),
            _high_margin,
        ),
        Outcome("events", Words("来参加活动", "come to events"), ("participation",), _came),
        Outcome(
            "paid", Words("成为付费会员", "become paid members"), ("memberships",), _became_paid, fresh=True
        ),
        Outcome("retained", Words("继续购买", "keep buying"), ("orders",), _bought),
    )
}
