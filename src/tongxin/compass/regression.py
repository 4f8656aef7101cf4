"""What the controls let one expect, collapsed from rows to people.

A control stands in a row for every cohort it serves in; with a million members that is many millions of rows, and a study
asks for hundreds of windows. But every figure is linear in the months it looks at, and what is squared in the end is a
person's sum over all its rows. So what is asked of one quantity is first added up per person, cohort by cohort, from
running sums of whole numbers; cells and slopes are then sparse products of one number a person, not of its months.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np

from tongxin.compass.match import Match

#: people who are worked on at once: what is written stays in the cache
BLOCK = 1 << 14

#: what a reading adds up: (first, last, factor) of relative periods
Pieces: TypeAlias = tuple[tuple[int, int, float], ...]


@dataclass(frozen=True)
class Arms:
    """Weighted means of one reading in both arms.

    Attributes
    ----------
    treated, control : float
    f_treated : float array, shape (treated rows,)
    f_control : float array, shape (people,)
        Influence of the treated mean by treated row, of the control mean by person.
    """

    treated: float
    control: float
    f_treated: np.ndarray
    f_control: np.ndarray

    @property
    def size(self) -> int:
        """Bytes that it takes."""
        return int(self.f_control.nbytes + self.f_treated.nbytes)


@dataclass(frozen=True)
class _Layer:
    """Controls of one cohort, each person once; whoever serves in two cells (on two rungs) stands in a second layer.

    Attributes
    ----------
    cell : int64 array, shape (people,)
        Cell of each person, counted from the first of the cohort; 0 for those who are no control here.
    lever : float array, shape (people,)
        Control weight times the leverage of the cell; zero for those who are no control here.
    """

    cell: np.ndarray
    lever: np.ndarray


@dataclass(frozen=True)
class _Cohort:
    """The rows of one cohort; where its cells and its treated rows stand among all."""

    cohort: int
    cells: slice
    treated: slice
    layers: tuple[_Layer, ...]


@dataclass(frozen=True)
class _Slopes:
    """Centred covariates of the treated rows; by cohort the inverse of their cross products; what each person carries.

    Shapes: (treated rows, k), (cohorts, k, k), weights (cohorts, k, people), weights and leverage (cohorts, k, people).
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

    def rest(self) -> None:
        """Give back the memory of what was worked out; if it is asked again, it is worked out again."""
        for name in set(vars(self)) - {"rows"}:
            del vars(self)[name]

    @cached_property
    def treated_at(self) -> np.ndarray:
        """Place of each treated row among the people."""
        return self.rows.place[self._treated]

    @cached_property
    def _treated(self) -> np.ndarray:
        return np.flatnonzero(self.rows.treated)

    @cached_property
    def _treated_cell(self) -> np.ndarray:
        return self.rows.cell[self._treated]

    @cached_property
    def _control_weight(self) -> np.ndarray:
        """Weight of each control row, zero for the treated."""
        return np.where(self.rows.treated, 0.0, self.rows.weight)

    @cached_property
    def _mass(self) -> np.ndarray:
        """Control weight of each cell."""
        rows = self.rows
        mass = np.bincount(rows.cell, weights=self._control_weight, minlength=len(rows.rung))
        return np.maximum(mass, 1e-300)

    @cached_property
    def _leverage(self) -> np.ndarray:
        """What a cell mean of m controls hides of their noise is 1/m; alone (m = 1) nothing can be said about it."""
        rows = self.rows
        cells = len(rows.rung)
        count = np.bincount(rows.cell, minlength=cells)
        count -= np.bincount(rows.cell[self._treated], minlength=cells)
        return np.sqrt(count / np.maximum(count - 1, 1))

    @cached_property
    def _cohorts(self) -> tuple[_Cohort, ...]:
        return tuple(self._each_cohort())

    def _each_cohort(self) -> Iterator[_Cohort]:
        rows = self.rows
        for part in rows.by_cohort():
            cells = slice(int(rows.cell[part].min()), int(rows.cell[part].max()) + 1)
            treated = slice(*np.searchsorted(self._treated, (part.start, part.stop)).tolist())
            at, layers = part.start + np.flatnonzero(~rows.treated[part]), []
            while len(at):
                one, at = self._layer(at, cells)
                layers.append(one)
            yield _Cohort(int(rows.cohort[part.start]), cells, treated, tuple(layers))

    def _layer(self, at: np.ndarray, cells: slice) -> tuple[_Layer, np.ndarray]:
        """Lay rows out by person; return the layer and the rows of those who stand in it with another row."""
        rows, people = self.rows, len(self.rows.people)
        place, seat = rows.place[at], np.full(people, -1)
        seat[place] = np.arange(len(at))
        taken = seat[place] == np.arange(len(at))
        mine, place = at[taken], place[taken]
        cell, lever = np.zeros(people, dtype=np.int64), np.zeros(people)
        cell[place] = rows.cell[mine] - cells.start
        lever[place] = rows.weight[mine] * self._leverage[rows.cell[mine]]
        return _Layer(cell, lever), at[~taken]

    @cached_property
    def _slopes(self) -> _Slopes | None:
        """What the slopes need, cohort by cohort; None without covariates."""
        rows = self.rows
        if rows.covariates is None or not rows.covariates.any():
            return None
        weight, people = self._control_weight, len(rows.people)
        x = np.empty(rows.covariates.shape[::-1])
        for k, column in enumerate(rows.covariates.T):
            mean = np.bincount(rows.cell, weights=weight * column, minlength=len(rows.rung)) / self._mass
            np.subtract(column, mean[rows.cell], out=x[k])
            x[k] /= x[k].std() or 1.0
        shape = (len(rows.by_cohort()), len(x))
        crossed, levered = (np.zeros((*shape, people)) for _ in range(2))
        inverse = np.zeros((*shape, len(x)))
        for number, part in enumerate(rows.by_cohort()):
            place, lever = rows.place[part], self._leverage[rows.cell[part]]
            heavy = x[:, part] * weight[part]
            # directions without spread drop out
            inverse[number] = np.linalg.pinv(heavy @ x[:, part].T, rcond=1e-10, hermitian=True)
            for k, one in enumerate(heavy):
                crossed[number, k] = np.bincount(place, weights=one, minlength=people)
                levered[number, k] = np.bincount(place, weights=one * lever, minlength=people)
        return _Slopes(x[:, self._treated].T, inverse, crossed, levered)

    def read(self, running: np.ndarray, asked: Sequence[Pieces]) -> list[Arms]:
        """Read one quantity of the people in several ways.

        Parameters
        ----------
        running : integer array, shape (periods + 1, people)
            Sums of the quantity over the periods before each period.
        asked : sequence of Pieces

        Returns
        -------
        list of Arms
            In the order asked.

        Raises
        ------
        IndexError
            Not every cohort has these periods.
        """
        self._reach(len(running) - 1, asked)
        weight = self.rows.weight[self._treated]
        left = np.zeros((len(asked), len(self.rows.people)))
        seen, hoped = (np.empty((len(asked), len(weight))) for _ in range(2))
        control = np.zeros(len(asked))
        values = np.empty(left.shape)  # of one cohort: worked out once, looked at twice
        for number, one in enumerate(self._cohorts):
            at = one.treated
            means, slope = self._fitted(number, one, running, asked, values)
            control += means @ self._mass[one.cells]
            hoped[:, at] = means[:, self._treated_cell[at] - one.cells.start]
            if self._slopes is not None:
                hoped[:, at] += slope @ self._slopes.treated[at].T
            for k, pieces in enumerate(asked):
                seen[k, at] = _added(running, one.cohort, pieces, self.treated_at[at])
            for some in _blocks(left.shape[1]):
                for k, here in enumerate(values):
                    self._unexplained(number, one, here[some], means[k], slope[k], left[k], some)
        treated = seen @ weight
        for k, here in enumerate(left):
            np.add.at(here, self.treated_at, weight * (hoped[k] - control[k]))
        return [
            Arms(float(treated[k]), float(control[k]), weight * (seen[k] - treated[k]), left[k])
            for k in range(len(asked))
        ]

    def _fitted(
        self, number: int, one: _Cohort, running: np.ndarray, asked: Sequence[Pieces], out: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Weighted control means of the cells of a cohort, and slopes; shapes (asked, cells), (asked, covariates).

        What was asked of each person is written to `out`, shape (asked, people).
        """
        slopes, mass = self._slopes, self._mass[one.cells]
        sums = np.zeros((len(asked), len(mass)))
        products = np.zeros((len(asked), 0 if slopes is None else slopes.crossed.shape[1]))
        for some in _blocks(len(self.rows.people)):
            for k, pieces in enumerate(asked):
                values = _added(running, one.cohort, pieces, some, out[k, some])
                if slopes is not None:
                    # the covariates are centred in their cells, so the values need not be
                    products[k] += slopes.crossed[number][:, some] @ values
                for layer in one.layers:
                    sums[k] += np.bincount(
                        layer.cell[some], weights=layer.lever[some] * values, minlength=len(mass)
                    )
        # the leverage is the same for all in a cell
        means = sums / np.maximum(mass * np.maximum(self._leverage[one.cells], 1e-300), 1e-300)
        return means, products if slopes is None else products @ slopes.inverse[number].T

    def _unexplained(  # noqa: PLR0917 - one cohort, one block, one quantity
        self,
        number: int,
        one: _Cohort,
        values: np.ndarray,
        means: np.ndarray,
        slope: np.ndarray,
        left: np.ndarray,
        some: slice,
    ) -> None:
        """Add what a cohort's cells and slopes leave unexplained of its controls, weighted, to `left`."""
        for layer in one.layers:
            here = values - means[layer.cell[some]]
            here *= layer.lever[some]
            left[some] += here
        if self._slopes is not None:
            left[some] -= slope @ self._slopes.levered[number][:, some]

    def _reach(self, periods: int, asked: Sequence[Pieces]) -> None:
        first, last = (int(end) for end in (self.rows.cohort.min(), self.rows.cohort.max()))
        for begin, end, _ in (piece for pieces in asked for piece in pieces):
            if first + begin < 0 or last + end >= periods or end < begin:
                raise IndexError(f"periods {(begin, end)} reach outside the data")


def _blocks(people: int) -> list[slice]:
    return [slice(begin, begin + BLOCK) for begin in range(0, people, BLOCK)]


def _added(
    running: np.ndarray,
    cohort: int,
    pieces: Pieces,
    who: slice | np.ndarray,
    out: np.ndarray | None = None,
) -> np.ndarray:
    """Add up what is asked of some people for one cohort, shape (who,); written to `out` if that is given."""
    for place, (begin, end, share) in enumerate(pieces):
        one = running[cohort + end + 1][who] - running[cohort + begin][who]
        if place:
            out += one * share
        else:
            out = np.multiply(one, share, out=out)
    return np.zeros(0) if out is None else out
