"""Point estimates with their influence functions.

Every KPI is a smooth function of four weighted means (treated and control, window and baseline), so its influence
function is a sum over people: differences for mean KPIs, the delta method for ratios. A member who serves in several
cohorts is summed up before anything is squared (Glazer & Pimentel 2023).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tongxin.compass import ways
from tongxin.compass.kpis.base import Kpi
from tongxin.compass.match import Match
from tongxin.compass.panel import COUNTS, Panel
from tongxin.compass.periods import Calendar
from tongxin.compass.regression import Arms, Pieces, Regression

Range = tuple[int, int]

#: bytes of readings that stay worked out, and of running sums of the people of a comparison
KEPT, KEPT_SUMS = 200_000_000, 250_000_000
#: members whose months are turned round at once
BLOCK = 2048


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
        #: by cohort: treated, never-joiners, and the nearest of these in past spend to each treated
        self.nearest: dict[int, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
        self._sums: dict[tuple[str, int], np.ndarray] = {}
        self._theirs: OrderedDict[tuple[int, str, int], tuple[np.ndarray, np.ndarray]] = OrderedDict()
        self._arms: OrderedDict[tuple[int, str, int, Pieces], tuple[Regression, Arms]] = OrderedDict()

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
        has chosen its cohorts wrongly. Running sums lie period by period, since the rows of a cohort ask for the
        same two periods of members in ascending order.
        """
        total = self._panel.running(self.named(quantity))
        start, stop = rows.cohort + span[0], rows.cohort + span[1] + 1
        if len(rows.member) and (start.min() < 0 or stop.max() >= total.shape[0]):
            raise IndexError(f"periods {span} reach outside the data")
        factor = self._panel.calendar.per_month / (span[1] - span[0] + 1) / self.unit(quantity)
        return (total[stop, rows.member] - total[start, rows.member]) * factor

    def monthly(self, quantity: str, out: np.ndarray | None = None) -> np.ndarray:
        """Return the monthly figure of every member in every period, money in currency units, shape (members, periods).

        It is written to `out` if that is given: fresh memory of this size costs more than the figures in it.
        """
        values = self._panel.values[self.named(quantity)]
        factor = self._panel.calendar.per_month / self.unit(quantity)
        out = np.empty(values.shape) if out is None else out
        for begin in range(0, len(values), BLOCK):  # what is turned round stays in the cache
            some = slice(begin, begin + BLOCK)
            np.multiply(values[some], factor, out=out[some])
        return out

    def read(self, regress: Regression, quantity: str, part: int, asked: Sequence[Pieces]) -> list[Arms]:
        """Read a quantity in several ways from the people of a match; with `part` whether there is any in so many periods."""
        name = self.named(quantity)
        keys = [(id(regress), name, part, pieces) for pieces in asked]
        new = [key for key in dict.fromkeys(keys) if key not in self._arms]
        if new:
            running = self._of(regress.rows.people, name, part)
            for key, arms in zip(new, regress.read(running, [key[3] for key in new]), strict=True):
                self._arms[key] = regress, arms
        found = []
        for key in keys:
            self._arms.move_to_end(key)
            found.append(self._arms[key][1])
        while len(self._arms) > 1 and sum(kept.size for _, kept in self._arms.values()) > KEPT:
            self._arms.popitem(last=False)
        return found

    def rest(self) -> None:
        """Give back the memory of what was worked out; if it is asked again, it is worked out again."""
        for kept in (self._arms, self._theirs, self._sums, self.nearest):
            kept.clear()
        self._panel.rest()

    def _running(self, name: str, part: int) -> np.ndarray:
        """Running sums of a quantity over the periods, shape (periods + 1, members)."""
        if not part:
            return self._panel.running(name)
        if (name, part) not in self._sums:
            self._sums[name, part] = _any(self._panel.running(name), part)
        return self._sums[name, part]

    def _of(self, people: np.ndarray, name: str, part: int) -> np.ndarray:
        """Return the running sums of these people; the last ones stay, for other methods on the same people."""
        key = (id(people), name, part)
        if key not in self._theirs:
            self._theirs[key] = people, self._running(name, part).take(people, axis=1, mode="clip")
        self._theirs.move_to_end(key)
        while len(self._theirs) > 1 and sum(sums.nbytes for _, sums in self._theirs.values()) > KEPT_SUMS:
            self._theirs.popitem(last=False)
        return self._theirs[key][1]


def _any(running: np.ndarray, part: int) -> np.ndarray:
    """Running counts of the periods with any of a quantity in the `part` periods that end with each."""
    found = np.zeros(running.shape, dtype=np.int16)
    for period in range(1, len(running)):
        some = running[period] > running[max(0, period - part)]
        np.add(found[period - 1], some, out=found[period], casting="unsafe")
    return found


def contrast(
    reader: Reader,
    rows: Match,
    kpi: Kpi,
    window: Range,
    baseline: Range | None,
    *,
    regress: Regression | None = None,
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
    """
    regress = regress or Regression(rows)
    baseline = baseline if kpi.differenced else None
    part = ways.part_of(kpi, reader.terms, window, baseline)
    spans = (ways.ending(kpi, window, part), *((baseline,) if baseline else ()))
    after, *before = _levels(reader, regress, kpi, spans, part)
    at = regress.treated_at
    effect, level = after.treated - after.control, after.treated
    f_level, influence = after.f_treated, np.negative(after.f_control)
    for one in before:
        effect -= one.treated - one.control
        f_level = f_level - one.f_treated
        influence += one.f_control
    np.add.at(influence, at, f_level)
    other = level - effect
    if not other > 0:
        return Contrast(effect, level, other, influence, np.full(len(influence), np.nan))
    # what would have been is the level less the effect, and so is its influence
    relative = influence * ((1 + effect / other) / other)
    np.subtract.at(relative, at, after.f_treated * (effect / other / other))
    return Contrast(effect, level, other, influence, relative)


def _levels(reader: Reader, regress: Regression, kpi: Kpi, spans: Sequence[Range], part: int) -> list[Arms]:
    """Both arms over each span."""
    read = [ways.pieces(reader, kpi, kpi.numerator, span, part) for span in spans]
    tops = reader.read(regress, kpi.numerator, read[0][1], [pieces for pieces, _ in read])
    if kpi.denominator is None:
        return tops
    whole = [ways.mean_pieces(reader, kpi.denominator, span) for span in spans]
    bottoms = reader.read(regress, kpi.denominator, 0, whole)
    return [_ratio(top, bottom) for top, bottom in zip(tops, bottoms, strict=True)]


def _ratio(top: Arms, bottom: Arms) -> Arms:
    """Delta method: R = A/B, influence (f_A − R f_B)/B; nan when nobody bought."""
    out = []
    for a, b, f_a, f_b in (
        (top.treated, bottom.treated, top.f_treated, bottom.f_treated),
        (top.control, bottom.control, top.f_control, bottom.f_control),
    ):
        ratio = a / b if b > 0 else float("nan")
        out.append((ratio, (f_a - ratio * f_b) / (b if b > 0 else float("nan"))))
    return Arms(out[0][0], out[1][0], out[0][1], out[1][1])


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
