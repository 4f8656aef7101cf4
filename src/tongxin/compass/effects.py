"""Point estimates with their influence functions.

Every KPI is a smooth function of four weighted means (treated and control, window and baseline), so its influence
function is a sum over people: differences for mean KPIs, the delta method for ratios. A member who serves in several
cohorts is summed up before anything is squared (Glazer & Pimentel 2023).
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from tongxin.compass import ways
from tongxin.compass.kpis.base import Kpi
from tongxin.compass.match import Match
from tongxin.compass.panel import COUNTS, Panel
from tongxin.compass.periods import Calendar
from tongxin.compass.regression import Lying, Months, Regression, lying

Range = tuple[int, int]

#: bytes of months that stay worked out
KEPT = 1_500_000_000


@dataclass(frozen=True)
class Contrast:
    """What a comparison yields for one KPI, before inference.

    Attributes
    ----------
    effect, treated_level, counterfactual_level : float
    influence, relative_influence : float arrays, shape (people,)
        Of each of the match's `people`. They sum to about zero; the variance is the sum of squares over clusters.
    """

    effect: float
    treated_level: float
    counterfactual_level: float
    influence: np.ndarray
    relative_influence: np.ndarray

    @property
    def relative(self) -> float:
        """Effect over the counterfactual level (nan when that is not positive)."""
        return self.effect / self.counterfactual_level if self.counterfactual_level > 0 else float("nan")


class Reader:
    """Monthly means of a panel quantity over relative periods, for the rows of a match or collapsed to its people."""

    def __init__(self, panel: Panel, terms: ways.Terms | None = None) -> None:
        self._panel = panel
        self.terms = terms or ways.Terms()
        self._sums: dict[str, np.ndarray] = {}
        self._months: OrderedDict[tuple[int, str, int], tuple[Regression, Months]] = OrderedDict()
        self._any: dict[tuple[str, int], np.ndarray] = {}
        self._lying: tuple[tuple[str, int], np.ndarray, Lying] | None = None

    @property
    def calendar(self) -> Calendar:
        """Calendar of the panel."""
        return self._panel.calendar

    def named(self, quantity: str) -> str:
        """Return the panel's own name of a quantity: `value` is margin or spend."""
        return self._panel.basis if quantity == "value" else quantity

    def unit(self, quantity: str) -> float:
        """Return what one monthly unit of a quantity is in the panel: fen for money."""
        return 1.0 if self.named(quantity) in COUNTS else 100.0

    def mean(self, rows: Match, quantity: str, span: Range) -> np.ndarray:
        """Return the monthly mean over `span` (both ends included) for each row, shape (rows,).

        Money comes in currency units. Periods outside the data raise IndexError: a caller that asks for them
        has chosen its cohorts wrongly. Running sums over periods are made once a quantity and lie period by period,
        since the rows of a cohort ask for the same two periods of members in ascending order.
        """
        quantity = self.named(quantity)
        if quantity not in self._sums:
            values = self._panel.values[quantity]
            running = np.zeros((values.shape[1] + 1, values.shape[0]), dtype=np.int64)
            np.cumsum(values.T, axis=0, out=running[1:])
            self._sums[quantity] = running
        total = self._sums[quantity]
        start, stop = rows.cohort + span[0], rows.cohort + span[1] + 1
        if len(rows.member) and (start.min() < 0 or stop.max() >= total.shape[0]):
            raise IndexError(f"periods {span} reach outside the data")
        factor = self._panel.calendar.per_month / (span[1] - span[0] + 1) / self.unit(quantity)
        return (total[stop, rows.member] - total[start, rows.member]) * factor

    def monthly(self, quantity: str) -> np.ndarray:
        """Return the monthly figure of every member in every period, money in currency units, shape (members, periods)."""
        factor = self._panel.calendar.per_month / self.unit(quantity)
        return np.ascontiguousarray(self._panel.values[self.named(quantity)] * factor)

    def months(self, regress: Regression, quantity: str, part: int, only: Range | None = None) -> Months:
        """Return a quantity collapsed to the people of a match; with `part` whether there is any in so many periods.

        With `only` these relative periods are worked out and not kept.
        """
        name = self.named(quantity)
        key = (id(regress), name, part)
        if key in self._months:
            self._months.move_to_end(key)
            return self._months[key][1]
        found = regress.months(self._of(regress.rows.people, name, part), only=only)
        if only is None:
            self._months[key] = (regress, found)
            while len(self._months) > 1 and sum(kept.size for _, kept in self._months.values()) > KEPT:
                self._months.popitem(last=False)
        return found

    def _of(self, people: np.ndarray, name: str, part: int) -> Lying:
        """Return a quantity of these people; the last one stays, for another method on the same people."""
        if self._lying and self._lying[0] == (name, part) and self._lying[1] is people:
            return self._lying[2]
        values = self._panel.values[name]
        if part:
            if (name, part) not in self._any:
                self._any[name, part] = _any(values, part)
            values = self._any[name, part]
        self._lying = None  # before the next one is made
        found = lying(values, people)
        self._lying = ((name, part), people, found)
        return found


def _any(values: np.ndarray, part: int) -> np.ndarray:
    """Whether there is any of a quantity in the `part` periods that end with each period, shape of `values`."""
    running = np.cumsum(values.T, axis=0)
    found = running > 0
    found[part:] = running[part:] > running[:-part]
    return found.T


@dataclass(frozen=True)
class _Pair:
    """Weighted means of one reading in both arms; influence by treated row and by person."""

    treated: float
    control: float
    f_treated: np.ndarray
    f_control: np.ndarray


def _pair(months: Months, pieces: ways.Pieces) -> _Pair:
    """Add up the pieces of a reading."""
    (begin, end, share), *more = pieces
    treated, control, f_treated, f_control = months.over(begin, end)
    treated, control = treated * share, control * share
    f_treated *= share
    f_control *= share
    for begin, end, share in more:
        one = months.over(begin, end)
        treated, control = treated + share * one[0], control + share * one[1]
        f_treated += share * one[2]
        f_control += share * one[3]
    return _Pair(treated, control, f_treated, f_control)


def contrast(
    reader: Reader,
    rows: Match,
    kpi: Kpi,
    window: Range,
    baseline: Range | None,
    *,
    regress: Regression | None = None,
    once: bool = False,
) -> Contrast:
    """Difference between the arms over `window`, less their difference over `baseline` if one is given.

    Parameters
    ----------
    reader : Reader
    rows : Match
        At least one treated row.
    kpi : Kpi
    window, baseline : (first, last) relative periods
    regress : Regression, optional
        Of the same rows, reused between calls.
    once : bool
        These two spans are all that will be asked of it: nothing is worked out besides them, and nothing kept.
    """
    keep, regress = regress is not None and not once, regress or Regression(rows)
    baseline = baseline if kpi.differenced else None
    part = ways.part_of(kpi, reader.terms, window, baseline)
    look = _Look(reader, regress, kpi, part, keep=keep)
    after = look.level(ways.ending(kpi, window, part))
    before = look.level(baseline) if baseline else None
    at = regress.treated_at
    effect, level = after.treated - after.control, after.treated
    f_level, f_control = after.f_treated, after.f_control
    if before:
        effect -= before.treated - before.control
        f_level, f_control = f_level - before.f_treated, f_control - before.f_control
    influence = np.negative(f_control)
    np.add.at(influence, at, f_level)
    other = level - effect
    if not other > 0:
        return Contrast(effect, level, other, influence, np.full(len(influence), np.nan))
    # what would have been is the level less the effect, and so is its influence
    relative = influence * ((1 + effect / other) / other)
    np.subtract.at(relative, at, after.f_treated * (effect / other / other))
    return Contrast(effect, level, other, influence, relative)


@dataclass(frozen=True)
class _Look:
    """One KPI read from the people of one match."""

    reader: Reader
    regress: Regression
    kpi: Kpi
    part: int
    keep: bool

    def level(self, span: Range) -> _Pair:
        """Return both arms over a span."""
        kpi = self.kpi
        top = self._read(kpi.numerator, ways.pieces(self.reader, kpi, kpi.numerator, span, self.part), span)
        if kpi.denominator is None:
            return top
        whole = ways.mean_pieces(self.reader, kpi.denominator, span)
        return _ratio_pair(top, self._read(kpi.denominator, (whole, 0), span))

    def _read(self, quantity: str, read: tuple[ways.Pieces, int], span: Range) -> _Pair:
        pieces, part = read
        months = self.reader.months(self.regress, quantity, part, None if self.keep else span)
        return _pair(months, pieces)


def _ratio_pair(top: _Pair, bottom: _Pair) -> _Pair:
    """Delta method: R = A/B, influence (f_A − R f_B)/B; nan when nobody bought."""
    out = []
    for a, b, f_a, f_b in (
        (top.treated, bottom.treated, top.f_treated, bottom.f_treated),
        (top.control, bottom.control, top.f_control, bottom.f_control),
    ):
        ratio = a / b if b > 0 else float("nan")
        out.append((ratio, (f_a - ratio * f_b) / (b if b > 0 else float("nan"))))
    return _Pair(out[0][0], out[1][0], out[0][1], out[1][1])


def level(
    reader: Reader, rows: Match, kpi: Kpi, span: Range, part: int | None = None
) -> tuple[float, np.ndarray]:
    """Level of the treated alone over `span`, with its influence by person; `part` as in `ways`, the span's own if None."""
    part = ways.part_of(kpi, reader.terms, span, None) if part is None else part
    alone = rows.treated_alone
    mean, influence = _alone(alone, ways.values(reader, alone, kpi, kpi.numerator, span, part))
    if kpi.denominator is not None:
        base, f_base = _alone(alone, reader.mean(alone, kpi.denominator, span))
        ratio = mean / base if base > 0 else float("nan")
        mean, influence = ratio, (influence - ratio * f_base) / (base if base > 0 else float("nan"))
    return mean, np.bincount(rows.place[rows.treated], weights=influence, minlength=len(rows.people))


def _alone(rows: Match, values: np.ndarray) -> tuple[float, np.ndarray]:
    mean = float(rows.weight @ values)
    return mean, rows.weight * (values - mean)
