"""What the controls let one expect, collapsed from rows to people.

A control stands in a row for every cohort it serves in; with a million members that is many millions of rows, and a study
asks for hundreds of windows. But every figure is linear in the months it looks at, and what is squared in the end is a
person's sum over all its rows. So for one quantity the influence of every month is added up per person once (cells,
cohorts and slopes as sparse products), and a window is a difference of two running sums.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from tongxin.compass.match import Match

#: people whose months are worked on at once: what is written stays in the cache
BLOCK = 2048


@dataclass(frozen=True)
class Months:
    """One quantity in every relative period that all cohorts have, as running sums over the periods.

    Attributes
    ----------
    first : int
        Relative period of the first month.
    treated, control : float arrays, shape (months + 1,)
        Weighted means of both arms.
    f_treated : float array, shape (months + 1, treated rows)
    f_control : float array, shape (months + 1, people)
        Influence of the treated mean by treated row, of the control mean by person.
    """

    first: int
    treated: np.ndarray
    control: np.ndarray
    f_treated: np.ndarray
    f_control: np.ndarray

    @property
    def size(self) -> int:
        """Bytes that it takes."""
        return int(self.f_control.nbytes + self.f_treated.nbytes)

    def over(self, begin: int, end: int) -> tuple[float, float, np.ndarray, np.ndarray]:
        """Sum the relative periods `begin`…`end`: both means and their influences.

        Raises
        ------
        IndexError
            Not every cohort has these periods.
        """
        a, b = begin - self.first, end + 1 - self.first
        if a < 0 or b >= len(self.treated) or b <= a:
            raise IndexError(f"periods {(begin, end)} reach outside the data")
        return (
            float(self.treated[b] - self.treated[a]),
            float(self.control[b] - self.control[a]),
            self.f_treated[b] - self.f_treated[a],
            self.f_control[b] - self.f_control[a],
        )


@dataclass(frozen=True)
class Lying:
    """One quantity of some people, lying both ways: shape (periods, people) and (people, periods)."""

    by_period: np.ndarray
    by_person: np.ndarray


def lying(values: np.ndarray, people: np.ndarray) -> Lying:
    """Return the people's rows of a (members, periods) matrix."""
    by_period = values.T[:, people].astype(np.float64)
    return Lying(by_period, np.ascontiguousarray(by_period.T))


@dataclass(frozen=True)
class _Slopes:
    """Centred covariates of the treated rows; per cohort the inverse of their cross products; what each person carries.

    Shapes: (treated rows, k), (cohorts, k, k), weights (cohorts, k, people), weights and leverage (cohorts·k, people).
    """

    treated: np.ndarray
    inverse: np.ndarray
    crossed: np.ndarray
    levered: np.ndarray


class Regression:
    """Weighted cell means of the controls, plus one slope a cohort on balanced covariates.

    Entropy balancing is implicitly that regression (Zhao & Percival 2017), so its influence function is the
    regression's.
    """

    def __init__(self, rows: Match) -> None:
        self.rows = rows
        self._control = np.flatnonzero(~rows.treated)
        self._treated = np.flatnonzero(rows.treated)
        cells = len(rows.rung)
        cell, weight = rows.cell[self._control], rows.weight[self._control]
        self._mass = np.maximum(np.bincount(cell, weights=weight, minlength=cells), 1e-300)
        count = np.bincount(cell, minlength=cells)
        # a cell mean of m controls hides 1/m of their noise; alone (m = 1) nothing can be said about it
        self._leverage = np.sqrt(count / np.maximum(count - 1, 1))
        self._cohort = np.zeros(cells, dtype=np.int64)
        self._cohort[rows.cell] = rows.cohort

    @property
    def treated_at(self) -> np.ndarray:
        """Place of each treated row among the people."""
        return self.rows.place[self._treated]

    @cached_property
    def _weights(self) -> sparse.csr_array:
        """Control weight of each person in each cell, shape (people, cells)."""
        rows, at = self.rows, self._control
        shape = (len(rows.people), len(rows.rung))
        return sparse.csr_array(
            sparse.coo_array((rows.weight[at], (rows.place[at], rows.cell[at])), shape=shape)
        )

    @cached_property
    def _slopes(self) -> _Slopes | None:
        """What the slopes need, cohort by cohort; None without covariates."""
        rows = self.rows
        if rows.covariates is None or not rows.covariates.any():
            return None
        at, cells = self._control, len(rows.rung)
        means = [
            np.bincount(rows.cell[at], weights=(rows.weight * column)[at], minlength=cells) / self._mass
            for column in rows.covariates.T
        ]
        x = rows.covariates - np.stack(means, axis=1)[rows.cell]
        scale = x.std(axis=0)
        x /= np.where(scale > 0, scale, 1.0)
        weight = np.where(rows.treated, 0.0, rows.weight)
        shape = (len(rows.by_cohort()), x.shape[1])
        crossed, levered = (np.zeros((*shape, len(rows.people))) for _ in range(2))
        inverse = np.zeros((*shape, x.shape[1]))
        for number, part in enumerate(rows.by_cohort()):
            own, w, place = x[part], weight[part], rows.place[part]
            # directions without spread drop out
            inverse[number] = np.linalg.pinv((own * w[:, None]).T @ own, rcond=1e-10, hermitian=True)
            lever = w * self._leverage[rows.cell[part]]
            for k, column in enumerate(own.T):
                crossed[number, k] = np.bincount(place, weights=w * column, minlength=len(rows.people))
                levered[number, k] = np.bincount(place, weights=lever * column, minlength=len(rows.people))
        return _Slopes(x[self._treated], inverse, crossed, levered.reshape(-1, len(rows.people)))

    def months(self, values: Lying, *, only: tuple[int, int] | None = None) -> Months:
        """Work out one quantity for every relative period that all cohorts have.

        Parameters
        ----------
        values : Lying
            Of the people of the rows.
        only : (first, last), optional
            Relative periods that are enough.
        """
        rows = self.rows
        first, last = self._reach(len(values.by_period), only)
        span = range(first, last + 1)
        means = self._relative(self._weights.T @ values.by_person, span) / self._mass[:, None]
        slopes = self._slopes_of(values, span)
        at, weight = self._treated, rows.weight[self._treated]
        seen = values.by_person[rows.place[at][:, None], rows.cohort[at][:, None] + np.array(span)]
        left = self._left(values, means, slopes, span)
        hoped = means[rows.cell[at]]
        if slopes is not None and self._slopes is not None:
            number = np.searchsorted(self._cohorts, rows.cohort[at])
            hoped += np.einsum("rk,rke->re", self._slopes.treated, slopes[number])
        treated, control = weight @ seen, self._mass @ means
        for month, pull in enumerate((weight[:, None] * (hoped - control)).T, start=1):
            np.add.at(left[month], self.treated_at, pull)
        return Months(
            first,
            _running(treated),
            _running(control),
            _running((weight[:, None] * (seen - treated)).T),
            np.cumsum(left, axis=0, out=left),
        )

    def _reach(self, periods: int, only: tuple[int, int] | None) -> tuple[int, int]:
        if not len(self.rows.cohort):
            return 0, -1
        first, last = -int(self.rows.cohort.min()), periods - 1 - int(self.rows.cohort.max())
        return (max(first, only[0]), min(last, only[1])) if only else (first, last)

    def _relative(self, table: np.ndarray, span: range) -> np.ndarray:
        """Columns of a (cells, periods) table as months relative to each cell's cohort."""
        column = self._cohort[:, None] + np.array(span, dtype=np.int64)
        return np.take_along_axis(table, np.clip(column, 0, table.shape[1] - 1), axis=1)

    def _slopes_of(self, values: Lying, span: range) -> np.ndarray | None:
        """Slope of each month on each covariate, shape (cohorts, k, months)."""
        given = self._slopes
        if given is None:
            return None
        # the covariates are centred in their cells, so the months need not be
        products = [
            crossed @ values.by_person[:, cohort + span.start : cohort + span.stop]
            for cohort, crossed in zip(self._cohorts, given.crossed, strict=True)
        ]
        return given.inverse @ np.stack(products)

    @cached_property
    def _levers(self) -> np.ndarray:
        """Control weight times leverage of each person in each cohort, shape (cohorts, people)."""
        cohorts = np.array(self._cohorts, dtype=np.int64)
        lever = np.where(self._cohort[:, None] == cohorts, self._leverage[:, None], 0.0)
        return np.ascontiguousarray((self._weights @ lever).T)

    @cached_property
    def _cohorts(self) -> list[int]:
        return [int(self.rows.cohort[part.start]) for part in self.rows.by_cohort()]

    def _left(self, values: Lying, means: np.ndarray, slopes: np.ndarray | None, span: range) -> np.ndarray:
        """What the controls' months leave unexplained, weighted and summed per person, shape (1 + months, people).

        The first row stays zero.
        """
        people, months = len(self.rows.people), len(span)
        left = np.zeros((months + 1, people))
        np.negative((self._weights @ (means * self._leverage[:, None])).T, out=left[1:])
        drawn = None if slopes is None else np.ascontiguousarray(slopes.reshape(-1, months).T)
        for begin in range(0, people, BLOCK):
            some = slice(begin, begin + BLOCK)
            here = left[1:, some]
            for cohort, lever in zip(self._cohorts, self._levers[:, some], strict=True):
                here += lever * values.by_period[cohort + span.start : cohort + span.stop, some]
            if drawn is not None and self._slopes is not None:
                here -= drawn @ self._slopes.levered[:, some]
        return left


def _running(each: np.ndarray) -> np.ndarray:
    """Running sums along the first axis, from zero."""
    out = np.zeros((len(each) + 1, *each.shape[1:]))
    np.cumsum(each, axis=0, out=out[1:])
    return out
