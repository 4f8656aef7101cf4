"""From orders to one row a member: purchase days, money, first lapse; same-day orders merged, refunds netted.

One pass over the orders, written in Ibis; whole days and integer fen from end to end.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tongxin.compass import costed, panel
from tongxin.compass.adding import integer_sum
from tongxin.compass.dataset import Dataset
from tongxin.compass.errors import BadInput
from tongxin.compass.periods import calendar_for
from tongxin.compass.sentence import Words

_EPOCH = date(1970, 1, 1)
YEAR = 365


@dataclass(frozen=True)
class Cut:
    """The days (since 1970) that divide what is known from what is tested.

    `known_to` is the last day of calibration, `end` the last day of the data; equal where nothing is held out.
    """

    start: int
    known_to: int
    end: int

    @property
    def held_out(self) -> int:
        """Days held out."""
        return self.end - self.known_to


@dataclass(frozen=True)
class Purchases:
    """One row a member with at least one purchase, in code order; all arrays have shape (members,).

    Attributes
    ----------
    first, last : int64
        Days of the first and last purchase.
    days : int64
        Distinct purchase days.
    spend, first_spend : int64
        Fen after refunds, in all and on the first day.
    known_days, known_last, known_spend : int64
        The same up to the end of calibration (0 for members who came later).
    held_out, year_ago : int64
        Purchase days in the held-out time, and in the same days a year earlier.
    lapse : int64
        Day of the purchase before the first gap longer than the lapse; −1 without one.
    registered : int64
        Day of registration; −1 where it is not known.
    """

    codes: pa.Array
    first: np.ndarray
    last: np.ndarray
    days: np.ndarray
    spend: np.ndarray
    first_spend: np.ndarray
    known_days: np.ndarray
    known_last: np.ndarray
    known_spend: np.ndarray
    held_out: np.ndarray
    year_ago: np.ndarray
    lapse: np.ndarray
    registered: np.ndarray
    cut: Cut
    merged_orders: int
    refunded_orders: int
    excluded: int
    margin_share: float | None
    cost_known: float | None
    by_month: tuple[tuple[int, int], ...]
    by_age: pa.Table

    @property
    def members(self) -> int:
        """How many members bought at all."""
        return len(self.first)


def gather(dataset: Dataset, *, holdout_days: int, lapse_days: int, cohort_days: int) -> Purchases:
    """Reduce the orders of a dataset to what lifetime value needs.

    Parameters
    ----------
    dataset : Dataset
        With `orders` that name their members.
    holdout_days : int
        Days at the end that the calibration does not see.
    lapse_days : int
        A gap longer than this counts as a lapse.
    cohort_days : int
        Length of the calendar slices in which members who began together form a cohort.

    Raises
    ------
    BadInput
        No orders of known members.
    """
    dataset.require("orders")
    calendar = calendar_for("month", dataset)
    facts = panel.order_facts(dataset, calendar)
    last_day = (dataset.last_day - _EPOCH).days
    first_day = (dataset.first_day - _EPOCH).days
    facts = facts.filter((facts.day >= first_day) & (facts.day <= last_day))
    kept = dataset.keep(_usable(dataset, facts))
    cut = Cut(first_day, last_day - holdout_days, last_day)
    by_day = kept.group_by("member_code", "day").agg(
        spend=integer_sum(kept.net), bought=integer_sum((kept.net > 0).cast("int64"))
    )
    seen = dataset.keep(_with_neighbours(by_day))
    rows = dataset.arrow(_by_member(seen, cut, lapse_days).order_by("member_code"))
    if not len(rows):
        raise BadInput.one("orders", "no purchase of a known member", ("orders with a member_code",))
    column = {name: rows[name].to_numpy() for name in rows.column_names if name != "member_code"}
    codes = rows["member_code"].combine_chunks()
    counts = dataset.arrow(
        kept.agg(
            rows=kept.count(),
            positive=integer_sum((kept.net > 0).cast("int64")),
            zero=integer_sum((kept.net == 0).cast("int64")),
        )
    ).to_pylist()[0]
    everybody = dataset.arrow(facts.agg(n=facts.member_code.nunique())).to_pylist()[0]["n"]
    somebody = dataset.arrow(kept.agg(n=kept.member_code.nunique())).to_pylist()[0]["n"]
    share, known = _margin_share(dataset)
    return Purchases(
        codes=codes,
        registered=_registered(dataset, codes),
        cut=cut,
        merged_orders=int(counts["positive"] or 0) - int(column["days"].sum()),
        refunded_orders=int(counts["zero"] or 0),
        excluded=int(everybody) - int(somebody),
        margin_share=share,
        cost_known=known,
        by_month=_held_out_months(dataset, seen, cut),
        by_age=_by_age(dataset, seen, cut, cohort_days),
        **column,
    )


def _usable(dataset: Dataset, facts: Any) -> Any:
    """Leave out staff and members who refused measurement."""
    left_out = []
    if dataset.has("members", "consent_measurement"):
        members = dataset.tables["members"]
        left_out.append(members.filter(~members.consent_measurement).select("member_code"))
    if dataset.has("staff", "member_code"):
        staff = dataset.tables["staff"]
        left_out.append(staff.filter(staff.member_code.notnull()).select("member_code"))
    if dataset.has("staff", "phone") and dataset.has("members", "phone"):
        staff, members = dataset.tables["staff"], dataset.tables["members"]
        phones = staff.filter(staff.phone.notnull()).select("phone")
        left_out.append(members.semi_join(phones, "phone").select("member_code"))
    for codes in left_out:
        facts = facts.anti_join(codes, "member_code")
    return facts


def _with_neighbours(by_day: Any) -> Any:
    """Purchase days of each member with the first one and the one before; days of nothing but returns keep their money."""
    only = ibis.window(group_by=by_day.member_code)
    bought = by_day.bought > 0
    dated = by_day.mutate(
        purchase=bought,
        first=ibis.ifelse(bought, by_day.day, ibis.null("int64")).min().over(only),
    )
    before = ibis.window(group_by=dated.member_code, order_by=dated.day, preceding=(None, 1))
    previous = ibis.ifelse(dated.purchase, dated.day, ibis.null("int64")).max().over(before)
    dated = dated.mutate(previous=previous)
    return dated.filter(dated.first.notnull())


def _by_member(seen: Any, cut: Cut, lapse: int) -> Any:
    """Aggregate the purchase days to one row a member."""
    bought, day = seen.purchase, seen.day
    known = day <= cut.known_to
    year = cut.known_to - YEAR
    gap = bought & seen.previous.notnull() & (day - seen.previous > lapse)

    def tally(condition: Any) -> Any:
        return integer_sum(condition.cast("int64"))

    def money(condition: Any) -> Any:
        return integer_sum(ibis.ifelse(condition, seen.spend, 0))

    each = seen.group_by("member_code").agg(
        first=seen.first.min(),
        last=ibis.ifelse(bought, day, ibis.null("int64")).max(),
        days=tally(bought),
        spend=integer_sum(seen.spend),
        first_spend=money(day == seen.first),
        known_days=tally(bought & known),
        known_last=ibis.coalesce(ibis.ifelse(bought & known, day, ibis.null("int64")).max(), -1),
        known_spend=money(known),
        held_out=tally(bought & ~known),
        year_ago=tally(bought & (day > year) & (day <= year + cut.held_out)),
        gap=ibis.ifelse(gap, seen.previous, ibis.null("int64")).min(),
    )
    silent = ibis.ifelse(each["last"] < cut.end - lapse, each["last"], -1)
    return each.mutate(lapse=ibis.coalesce(each.gap, silent)).drop("gap")


def _registered(dataset: Dataset, codes: pa.Array) -> np.ndarray:
    out = np.full(len(codes), -1, dtype=np.int64)
    if not dataset.has("members", "registered_at_day"):
        return out
    members = dataset.tables["members"]
    rows = dataset.arrow(
        members.filter(members.registered_at_day.notnull()).select("member_code", "registered_at_day")
    )
    place = pc.index_in(rows["member_code"].combine_chunks(), codes)
    rows = rows.append_column("at", place).filter(pc.is_valid(place))
    out[rows["at"].to_numpy()] = rows["registered_at_day"].to_numpy()
    return out


def _margin_share(dataset: Dataset) -> tuple[float | None, float | None]:
    """Share of the spend that is margin, and share of the spend on goods whose cost is known."""
    if not dataset.has("order_lines") or not costed.has_costs(dataset):
        return None, None
    lines = costed.with_cost(dataset, dataset.tables["order_lines"])
    known = lines.cost.notnull()
    sums = lines.agg(
        paid=integer_sum(lines.paid_amount_fen.cast("int64")),
        known=integer_sum(ibis.ifelse(known, lines.paid_amount_fen.cast("int64"), 0)),
        cost=integer_sum(ibis.coalesce(lines.cost, 0)),
    )
    row = dataset.arrow(sums).to_pylist()[0]
    paid, of_known, cost = (int(row[name] or 0) for name in ("paid", "known", "cost"))
    if paid <= 0 or of_known <= 0:
        return None, 0.0
    return (of_known - cost) / of_known, of_known / paid


def _held_out_months(dataset: Dataset, seen: Any, cut: Cut) -> tuple[tuple[int, int], ...]:
    """Purchase days of members known by the end of calibration, by 30-day month of the held-out time."""
    if not cut.held_out:
        return ()
    tested = seen.filter(seen.purchase & (seen.day > cut.known_to) & (seen.first < cut.known_to))
    ahead = tested.day - cut.known_to - 1
    month = ((ahead - ahead % 30) / 30).cast("int64")
    rows = dataset.arrow(tested.mutate(month=month).group_by("month").agg(n=ibis._.count()).order_by("month"))
    return tuple((row["month"], row["n"]) for row in rows.to_pylist())


def _by_age(dataset: Dataset, seen: Any, cut: Cut, cohort_days: int) -> pa.Table:
    """Money and buyers by cohort and age in months (487/16 days), only where a member's whole month was observed.

    Members who registered before the data began are no newcomers and are left out.
    """
    since = seen.first - cut.start
    cohort = ((since - since % cohort_days) / cohort_days).cast("int64")
    old = (seen.day - seen.first) * 16
    age = ((old - old % 487) / 487).cast("int64")
    placed = seen.mutate(cohort=cohort, age=age)
    if dataset.has("members", "registered_at_day"):
        members = dataset.tables["members"]
        placed = placed.anti_join(members.filter(members.registered_at_day < cut.start), "member_code")
    observed = placed.first * 16 + (placed.age + 1) * 487 <= (cut.end + 1) * 16
    whole = placed.filter(
        observed & (placed.day >= placed.first)
    )  # a return may come before the first purchase
    found = whole.group_by("cohort", "age").agg(
        spend=integer_sum(whole.spend),
        active=ibis.ifelse(whole.purchase, whole.member_code, ibis.null("string")).nunique(),
    )
    return dataset.arrow(found.order_by("cohort", "age"))


def day_of(number: int) -> date:
    """Return the date of a day number.

    >>> day_of(0)
    datetime.date(1970, 1, 1)
    """
    return _EPOCH + timedelta(days=int(number))


BASIS = {
    "margin": Words("毛利", "margin"),
    "revenue": Words("消费额", "revenue"),
}
