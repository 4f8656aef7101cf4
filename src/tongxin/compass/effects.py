"""Point estimates with their influence functions.

Every KPI is a smooth function of four weighted means (treated and control, window and baseline), so its influence
function is a sum over rows: differences for mean KPIs, the delta method for ratios. A member who serves in several
cohorts is summed up before anything is squared (Glazer & Pimentel 2023).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tongxin.compass import ways
from tongxin.compass.kpis.base import Kpi
from tongxin.compass.match import Match
from tongxin.compass.panel import COUNTS, Panel
from tongxin.compass.periods import Calendar

Range = tuple[int, int]


@dataclass(frozen=True)
class Contrast:
    """What a comparison yields for one KPI, before inference.

    Attributes
    ----------
    effect, treated_level, counterfactual_level : float
    influence, relative_influence : float arrays, shape (rows,)
        They sum to about zero; the variance is the sum of squares over clusters.
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
    """Monthly means of a panel quantity over relative periods, for the rows of a match.

    Running sums over periods are made once a quantity, so a window costs two look-ups a row; they lie period by period,
    since the rows of a cohort ask for the same two periods of members in ascending order.
    """

    def __init__(self, panel: Panel, terms: ways.Terms | None = None) -> None:
        self._panel = panel
        self.terms = terms or ways.Terms()
        self._sums: dict[str, np.ndarray] = {}

    @property
    def calendar(self) -> Calendar:
        """Calendar of the panel."""
        return self._panel.calendar

    def mean(self, rows: Match, quantity: str, span: Range) -> np.ndarray:
        """Return the monthly mean over `span` (both ends included) for each row, shape (rows,).

        Money comes in currency units. Periods outside the data raise IndexError: a caller that asks for them
        has chosen its cohorts wrongly.
        """
        quantity = self._panel.basis if quantity == "value" else quantity
        if quantity not in self._sums:
            running = np.cumsum(np.pad(self._panel.values[quantity], ((0, 0), (1, 0))), axis=1)
            self._sums[quantity] = np.ascontiguousarray(running.T)
        total = self._sums[quantity]
        start, stop = rows.cohort + span[0], rows.cohort + span[1] + 1
        if len(rows.member) and (start.min() < 0 or stop.max() >= total.shape[0]):
            raise IndexError(f"periods {span} reach outside the data")
        unit = 1.0 if quantity in COUNTS else 100.0
        factor = self._panel.calendar.per_month / (span[1] - span[0] + 1) / unit
        return (total[stop, rows.member] - total[start, rows.member]) * factor


@dataclass(frozen=True)
class _Pair:
    """Weighted means of one quantity in both arms and their influence rows."""

    treated: float
    control: float
    f_treated: np.ndarray
    f_control: np.ndarray


def _pair(rows: Match, values: np.ndarray, regress: Regression) -> _Pair:
    weight, arm = rows.weight, rows.treated
    level_t = float(weight[arm] @ values[arm])
    level_c = float(weight[~arm] @ values[~arm])
    expected = regress.expected(values)
    f_treated = np.where(arm, weight * (values - level_t), 0.0)
    f_control = np.where(arm, weight * (expected - level_c), weight * (values - expected) * regress.leverage)
    return _Pair(level_t, level_c, f_treated, f_control)


class Regression:
    """Weighted cell means of the controls, plus one slope a cohort on balanced covariates.

    Entropy balancing is implicitly that regression (Zhao & Percival 2017), so its influence function is the
    regression's.
    """

    def __init__(self, rows: Match) -> None:
        self._rows = rows
        self._cells = len(rows.rung)
        control = ~rows.treated
        self._cell_c = rows.cell[control]
        self._weight_c = rows.weight[control]
        self._mass = np.maximum(
            np.bincount(self._cell_c, weights=self._weight_c, minlength=self._cells), 1e-300
        )
        count = np.bincount(self._cell_c, minlength=self._cells)
        # a cell mean of m controls hides 1/m of their noise; alone (m = 1) nothing can be said about it
        self.leverage = np.sqrt(count / np.maximum(count - 1, 1))[rows.cell]
        self._x = None if rows.covariates is None else self._centred(rows.covariates)
        self._grams = [] if self._x is None else [self._gram(part) for part in rows.by_cohort()]

    def _centred(self, covariates: np.ndarray) -> np.ndarray:
        """Covariates less their weighted control means in the cell, in units of their spread."""
        x = covariates - self._means(covariates)[self._rows.cell]
        scale = x.std(axis=0)
        return np.asarray(x / np.where(scale > 0, scale, 1.0))

    def _gram(self, part: slice) -> np.ndarray:
        """Pseudo-inverse of a cohort's weighted cross products; directions without spread drop out."""
        assert self._x is not None
        control = ~self._rows.treated[part]
        x, w = self._x[part][control], self._rows.weight[part][control]
        return np.linalg.pinv((x * w[:, None]).T @ x, rcond=1e-10, hermitian=True)

    def _means(self, values: np.ndarray) -> np.ndarray:
        """Weighted control means in each cell, shape (cells,) or (cells, k)."""
        control = ~self._rows.treated
        if values.ndim == 1:
            return (
                np.bincount(self._cell_c, weights=self._weight_c * values[control], minlength=self._cells)
                / self._mass
            )
        return np.stack([self._means(column) for column in values.T], axis=1)

    def expected(self, values: np.ndarray) -> np.ndarray:
        """What the controls of its cell let one expect of each row, shape (rows,)."""
        base = self._means(values)[self._rows.cell]
        if self._x is None:
            return base
        out = base.copy()
        left = np.where(self._rows.treated, 0.0, self._rows.weight * (values - base))
        for part, inverse in zip(self._rows.by_cohort(), self._grams, strict=True):
            x = self._x[part]
            out[part] += x @ (inverse @ (x.T @ left[part]))
        return out


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
        Reused between calls on the same rows.
    """
    regress = regress or Regression(rows)
    baseline = baseline if kpi.differenced else None
    part = ways.part_of(kpi, reader.terms, window, baseline)
    after = _level(reader, rows, kpi, ways.ending(kpi, window, part), regress, part)
    before = (
        _level(reader, rows, kpi, baseline, regress, part)
        if baseline
        else _Pair(0.0, 0.0, *[np.zeros(len(rows.member))] * 2)
    )
    effect = (after.treated - before.treated) - (after.control - before.control)
    influence = (after.f_treated - before.f_treated) - (after.f_control - before.f_control)
    other = after.treated - effect
    f_other = after.f_treated - influence
    relative = (
        (influence - effect / other * f_other) / other if other > 0 else np.full(len(influence), np.nan)
    )
    return Contrast(effect, after.treated, other, influence, relative)


def _level(  # noqa: PLR0917 - a KPI over a span, with what its regression and parts are
    reader: Reader, rows: Match, kpi: Kpi, span: Range, regress: Regression, part: int
) -> _Pair:
    top = _pair(rows, ways.values(reader, rows, kpi, kpi.numerator, span, part), regress)
    if kpi.denominator is None:
        return top
    bottom = _pair(rows, reader.mean(rows, kpi.denominator, span), regress)
    return _ratio_pair(top, bottom)


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
    """Level of the treated alone over `span`, with its influence rows; `part` as in `ways`, the span's own if None."""
    part = ways.part_of(kpi, reader.terms, span, None) if part is None else part
    found = _level(reader, rows, kpi, span, Regression(rows), part)
    return found.treated, found.f_treated
