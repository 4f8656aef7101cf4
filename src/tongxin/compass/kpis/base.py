"""What a KPI is: a mean of one quantity, or a ratio of two, per member and month."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Kpi:
    """One figure a study answers.

    Attributes
    ----------
    numerator, denominator : str
        Quantities of the panel (`panel.QUANTITIES`); without a denominator the KPI is a monthly mean.
    needs : tuple of str
        Tables of the dataset that must be there.
    unit : str
        `orders/month`, `money`, `money/month` or `share`.
    direction : {1, -1}
        Whether more is better.
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
