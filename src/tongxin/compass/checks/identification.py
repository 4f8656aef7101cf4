"""Who scans a card when paying? A change in that looks like a change in buying (R8).

A chain only sees the purchases that carry a member code. If joining makes people show their code more often, or if one
group's stores ask for it more often, "frequency" rises without a single extra purchase. So the share of store sales with
a member code is read in the home stores of both arms, before entry and after it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import ibis
import numpy as np

from tongxin.compass.adding import integer_sum
from tongxin.compass.dataset import Dataset
from tongxin.compass.match import Match
from tongxin.compass.panel import DEAD_STATUSES
from tongxin.compass.periods import Calendar
from tongxin.compass.verdict import IDENTIFIED_REFUSES, Identification
from tongxin.compass.window import Window


@dataclass(frozen=True)
class Sales:
    """Fen sold by store and period: all, and with a member code; each int64, shape (stores, periods)."""

    total: np.ndarray
    known: np.ndarray

    @property
    def all_known(self) -> bool:
        """Whether no sale lacks a member code: then the data cannot tell how many were never recorded."""
        return bool((self.total == self.known).all())


def sales(
    dataset: Dataset, calendar: Calendar, stores: tuple[str, ...], of_members: int | None = None
) -> Sales:
    """Add up sales by store and period in the database, with and without a member code.

    Where every order has one there is nothing to compare, and nothing is added up. With the number of orders
    `of_members` that is known by counting the orders, which reads none of them.
    """
    orders = dataset.tables["orders"]
    if "status" in orders.columns:
        orders = orders.filter(orders.status.isnull() | orders.status.lower().notin(DEAD_STATUSES))
    total = np.zeros((len(stores), calendar.count), dtype=np.int64)
    known = np.zeros_like(total)
    unknown = orders.member_code.isnull().any() if of_members is None else orders.count() > of_members
    if not dataset.arrow(orders.agg(some=unknown))["some"][0].as_py():
        return Sales(total, known)
    dated = orders.select(
        "store_code",
        period=calendar.index(orders.ordered_at_day, orders.ordered_at_date),
        paid=orders.total_paid_fen,
        known=ibis.ifelse(orders.member_code.notnull(), orders.total_paid_fen, 0),
    )
    inside = dated.filter((dated.period >= 0) & (dated.period < calendar.count))
    rows = dataset.arrow(
        inside.group_by("store_code", "period").agg(
            total=integer_sum(inside.paid), known=integer_sum(inside.known)
        )
    )
    place = {code: number for number, code in enumerate(stores)}
    at = np.array([place.get(code, -1) for code in rows["store_code"].to_pylist()], dtype=np.int64)
    there, period = at >= 0, rows["period"].to_numpy()
    total[at[there], period[there]] = rows["total"].to_numpy()[there]
    known[at[there], period[there]] = rows["known"].to_numpy()[there]
    return Sales(total, known)


def look(sold: Sales, window: Window, method: str) -> Identification | None:
    """Compare the shares around entry for a method's rows; None where they cannot be read."""
    rows = window.matches[method]
    if sold.all_known or not rows.retained:
        return None
    design, store = window.frame.design, window.frame.population.store
    shares = []
    for arm in (rows.treated, ~rows.treated):
        for span in (design.baseline, (1, window.length)):
            shares.append(_share(sold, rows, arm, store=store, span=span))
    return Identification(*shares) if all(math.isfinite(share) for share in shares) else None


def _share(sold: Sales, rows: Match, arm: np.ndarray, *, store: np.ndarray, span: tuple[int, int]) -> float:
    """Mean over the arm's rows of their home store's share over the span, by the rows' weights."""
    width = sold.total.shape[1]
    key = store[rows.member[arm]] * width + rows.cohort[arm]
    pairs, place = np.unique(key, return_inverse=True)
    weight = np.bincount(place, weights=rows.weight[arm])
    shop, cohort = pairs // width, pairs % width
    running = [np.cumsum(np.pad(kind, ((0, 0), (1, 0))), axis=1) for kind in (sold.known, sold.total)]
    known, total = (run[shop, cohort + span[1] + 1] - run[shop, cohort + span[0]] for run in running)
    sold_there = total > 0
    if not sold_there.any():
        return math.nan
    return float(np.average(known[sold_there] / total[sold_there], weights=weight[sold_there]))


def as_json(found: Identification | None, sold: Sales) -> dict[str, Any]:
    """Return what stands in `checks.identification`."""
    if found is None:
        why = "no_unidentified_sales" if sold.all_known else "no_comparison"
        return {"status": "not_testable", "reason": why}
    return {
        "status": "fails" if found.fails else "passes",
        **vars(found),
        "gap": found.gap,
        "change": found.change,
        "bar": IDENTIFIED_REFUSES,
    }
