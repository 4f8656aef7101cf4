"""The pair view of one customer: five members of the same stratum who were most like them at the time.

For an operator to look at and talk about; never an estimator, and never more than a handful of names.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tongxin.compass import panel, population, strata, ways
from tongxin.compass.dataset import Dataset
from tongxin.compass.design import Design
from tongxin.compass.designs import likeness, member_values
from tongxin.compass.designs.likeness import Trait
from tongxin.compass.effects import Reader
from tongxin.compass.errors import BadInput
from tongxin.compass.periods import UNITS, calendar_for
from tongxin.compass.population import NEVER
from tongxin.compass.sentence import Words

CAUTION = Words(
    "仅供了解这位顾客，不是效果估计：五个人的差别多半是偶然。",
    "To get to know this customer, not an estimate: what five people differ by is mostly chance.",
)
_MONTHS = UNITS["month"]
TRAITS = (
    Trait("spend", Words("每月消费", "spend a month"), Words("元", ""), 0),
    Trait("orders", Words("每月到店", "orders a month"), Words("次", ""), 1),
    Trait("tenure", Words("入会", "months of membership"), Words("个月", ""), 0),
    Trait("recent", Words("距上次购物", "months since the last order"), Words("个月", ""), 0),
)


@dataclass(frozen=True)
class PairTwin:
    """One twin: who, how far away in standard deviations, what differs in words, spend a month afterwards."""

    member_code: str
    distance: float
    differs: Words
    spend_after: float | None


@dataclass(frozen=True)
class PairView:
    """One customer as of one period, and the twins.

    Attributes
    ----------
    period : int
        Period of entry of a participant; the last period of the data for anybody else.
    stratum : str
        Rung of the strata ladder on which twins were found: store, cluster or chain.
    spend_after : float or None
        Customer's own spend a month in the periods after, None where there are none.
    """

    member_code: str
    period: int
    stratum: str
    spend_after: float | None
    twins: tuple[PairTwin, ...]
    caution: Words = CAUTION


def view(dataset: Dataset, design: Design, member_code: str, *, count: int = 5) -> PairView:
    """Find the twins of one customer among members who had not joined by then.

    Raises
    ------
    BadInput
        The customer has no purchase, or too short a past.
    """
    dataset.require("orders", "participation")
    calendar = calendar_for(design.period, dataset)
    facts = panel.gather(dataset, calendar)
    sums = panel.build(dataset, calendar, facts)
    people = population.gather(dataset, design, sums, facts)
    one = pc.index(sums.codes, pa.scalar(member_code, sums.codes.type)).as_py()
    if one < 0:
        raise BadInput.one("member_code", "has no identified purchase", ("a member with orders",))
    at = int(people.entry[one]) if people.entry[one] != NEVER else calendar.count - 1
    if at < -design.baseline[0]:
        raise BadInput.one("member_code", "joined before a whole baseline was there", ("a later entry",))
    reader = Reader(sums, ways.terms_for(design))
    n = sums.members
    everybody = member_values.rows_of(
        "twins", np.arange(n), np.full(n, at), np.zeros(n, dtype=bool), np.zeros(n, dtype=np.int64)
    )
    spend, orders = (reader.mean(everybody, name, design.baseline) for name in ("spend", "orders"))
    months = UNITS[design.period] / _MONTHS
    tenure = np.clip((calendar.start_day(at) - people.since_day) / 30.4375, 0, 600)
    bought = sums.values["orders"][:, : at + design.baseline[1] + 1] > 0
    ago = np.where(bought.any(axis=1), bought[:, ::-1].argmax(axis=1) - design.baseline[1], bought.shape[1])
    known = np.column_stack([spend, orders, tenure, ago * months])
    horizon = min(design.horizon, calendar.count - 1 - at)
    candidate = people.usable & (people.entry > at + horizon) & (orders > 0)
    after = reader.mean(everybody, "spend", (1, horizon)) if horizon > 0 else None
    ladder = strata.ladder(sums, people, design, at)
    names = strata.RUNGS if len(ladder) > 1 else ("chain",)
    for rung, stratum in zip(names, ladder, strict=True):
        found = likeness.twins(known, TRAITS, stratum, candidate, one, count=count)
        if len(found) >= min(count, max(1, design.min_controls)) or rung == names[-1]:
            break
    return PairView(
        member_code,
        at,
        rung,
        None if after is None else float(after[one]),
        tuple(
            PairTwin(
                str(sums.codes[twin.row]),
                twin.distance,
                twin.differs,
                None if after is None else float(after[twin.row]),
            )
            for twin in found
        ),
    )
