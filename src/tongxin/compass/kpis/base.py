"""What a KPI is: how it reads the panel over a span, what it needs, in which unit and words it speaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Kpi:
    """One figure a study answers.

    Attributes
    ----------
    numerator, denominator : str
        Quantities of the panel (`panel.QUANTITIES`); without a denominator the KPI is no ratio.
    needs : tuple of str
        What the dataset must have: `table` or `table.column`; alternatives with `|` between them.
    unit : str
        `orders/month`, `money`, `money/month` or `share`.
    direction : {1, -1}
        Whether more is better.
    reads : {"sum", "any", "last", "value"}
        How a span is read (`ways`): monthly mean; share of members with any; the same at the end of the span;
        discounted sum over `horizon` months.
    differenced : bool
        False where a baseline cannot exist (nobody at risk has converted before); then levels are compared.
    among : {"", "not_paid"}
        Who is at risk at entry; "" = everybody.
    horizon : int
        Months of a `value`; 0 otherwise.
    """

    code: str
    numerator: str
    denominator: str | None
    needs: tuple[str, ...]
    unit: Literal["orders/month", "money", "money/month", "share"]
    zh: str
    en: str
    formula: str
    direction: int = 1
    reads: Literal["sum", "any", "last", "value"] = "sum"
    differenced: bool = True
    among: Literal["", "not_paid"] = ""
    horizon: int = 0

    @property
    def is_mean(self) -> bool:
        """Whether it is a plain monthly mean, additive over members and periods."""
        return self.denominator is None and self.reads == "sum"

    def missing(self, dataset: Any) -> tuple[str, ...]:
        """Name what it needs and the dataset does not have."""
        return tuple(need for need in self.needs if not any(_has(dataset, one) for one in need.split("|")))


def _has(dataset: Any, need: str) -> bool:
    table, _, column = need.partition(".")
    return bool(dataset.has(table, column) if column else dataset.has(table))
