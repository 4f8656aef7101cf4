"""The ways a KPI reads a member's periods: a monthly mean, any at all, any at the end, a discounted value.

A share of members is only comparable between spans of one length: "bought it within three months" against "bought it
within ten" would make every heavy buyer's baseline look better. So both sides are read in parts of equal length.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from tongxin.compass.kpis.base import Kpi
from tongxin.compass.periods import DAYS_PER_MONTH, UNITS

if TYPE_CHECKING:
    from tongxin.compass.design import Design
    from tongxin.compass.effects import Range, Reader
    from tongxin.compass.match import Match
    from tongxin.compass.regression import Pieces


@dataclass(frozen=True)
class Terms:
    """What a reading depends on besides the span.

    Attributes
    ----------
    part : int
        Longest part (in periods) in which "any purchase" is asked; the same for every control group.
    discount : float
        Yearly rate at which a value is discounted.
    """

    part: int = 3
    discount: float = 0.0


def terms_for(design: Design) -> Terms:
    """Return the terms that every window and control group of a design can keep."""
    late = design.baseline[1] - design.early[1]
    return Terms(max(1, min(design.windows[0], late)), design.discount)


def length_of(kpi: Kpi, unit: str) -> int:
    """Periods that a value's horizon spans, the last one perhaps in part.

    >>> from tongxin.compass.kpis import KPIS
    >>> length_of(KPIS["ltv_6m"], "month"), length_of(KPIS["ltv_6m"], "four_weeks")
    (6, 7)
    """
    return ceil(round(kpi.horizon * DAYS_PER_MONTH / UNITS[unit], 6))


def period_weights(kpi: Kpi, unit: str, discount: float) -> np.ndarray:
    """Discounted weight of each period of a value's horizon, shape (length,).

    A period counts as paid in its middle; the last one counts with the part of it that lies inside the horizon.
    """
    length, months = length_of(kpi, unit), UNITS[unit] / DAYS_PER_MONTH
    share = np.ones(length)
    share[-1] = kpi.horizon / months - (length - 1)
    middle = (np.arange(length) + 0.5) * months
    return np.asarray(share * (1 + discount) ** (-middle / 12))


def part_of(kpi: Kpi, terms: Terms, window: Range, baseline: Range | None) -> int:
    """Length of the parts in which both sides of a share are read."""
    length = _length(window)
    base = _length(baseline) if baseline else length
    if kpi.reads == "last":
        return max(1, min(ceil(length / 3), base, terms.part))
    if not kpi.differenced:
        return length
    return min(terms.part, length, base)


def ending(kpi: Kpi, window: Range, part: int) -> Range:
    """Return the part of a window that a KPI looks at: its end for `last`, all of it otherwise."""
    return (window[1] - part + 1, window[1]) if kpi.reads == "last" else window


def values(  # noqa: PLR0917 - one question: who, what, when, in which parts
    reader: Reader, rows: Match, kpi: Kpi, quantity: str, span: Range, part: int
) -> np.ndarray:
    """Read one quantity of a KPI over a span for each row, shape (rows,); money in currency units."""
    if kpi.reads in {"any", "last"}:
        return share_of_parts(reader, rows, quantity, span, part)
    if kpi.reads == "value":
        return value(reader, rows, kpi, quantity, span)
    return reader.mean(rows, quantity, span)


def pieces(reader: Reader, kpi: Kpi, quantity: str, span: Range, part: int) -> tuple[Pieces, int]:
    """Say which relative periods `values` adds up with which factors; and the length of the parts, 0 for plain sums."""
    if kpi.reads in {"any", "last"}:
        ends = range(span[1], span[0] + part - 2, -part)
        return tuple((end, end, 1.0 / len(ends)) for end in ends), part
    if kpi.reads == "value":
        weights = period_weights(kpi, reader.calendar.unit, reader.terms.discount) / reader.unit(quantity)
        if span == (1, len(weights)):
            return tuple((place, place, float(weight)) for place, weight in enumerate(weights, start=1)), 0
        return ((*span, float(weights.sum()) / _length(span)),), 0
    return mean_pieces(reader, quantity, span), 0


def mean_pieces(reader: Reader, quantity: str, span: Range) -> Pieces:
    """Say with which factor a span's sum becomes its monthly mean."""
    return ((*span, reader.calendar.per_month / _length(span) / reader.unit(quantity)),)


def share_of_parts(reader: Reader, rows: Match, quantity: str, span: Range, part: int) -> np.ndarray:
    """Share of the span's parts (counted back from its end) in which there is any of the quantity, shape (rows,)."""
    ends = range(span[1], span[0] + part - 2, -part)
    found = np.zeros(len(rows.member))
    for end in ends:
        found += reader.mean(rows, quantity, (end - part + 1, end)) > 0
    return found / max(1, len(ends))


def value(reader: Reader, rows: Match, kpi: Kpi, quantity: str, span: Range) -> np.ndarray:
    """Sum up the discounted value over the horizon; any other span at its own pace over the same horizon."""
    calendar = reader.calendar
    weights = period_weights(kpi, calendar.unit, reader.terms.discount)
    if span != (1, len(weights)):
        return np.asarray(reader.mean(rows, quantity, span) * weights.sum() / calendar.per_month)
    each = (
        reader.mean(rows, quantity, (place + 1, place + 1)) * weight for place, weight in enumerate(weights)
    )
    return np.asarray(sum(each, np.zeros(len(rows.member))) / calendar.per_month)


def _length(span: Range) -> int:
    return span[1] - span[0] + 1
