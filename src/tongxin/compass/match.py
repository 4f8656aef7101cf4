"""Who is compared with whom: rows of (member, cohort, arm, cell, weight), the same form for every method."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tongxin.compass.riskset import RiskSet


@dataclass(frozen=True)
class Match:
    """A weighted comparison.

    Attributes
    ----------
    member, cohort, cell : int64 arrays, shape (r,)
    treated : bool array, shape (r,)
    weight : float array, shape (r,)
        Sums to 1 in each arm; inside a cell the controls weigh as much as the treated.
    rung : int64 array, shape (cells,)
        Rung of the strata ladder that each cell stands on.
    covariates : float array, shape (r, k), or None
        Balanced covariates; the influence function then follows a weighted regression.
    offered : int
        Treated members in the risk sets that were given, before thin cells and thin cohorts were dropped.
    """

    method: str
    member: np.ndarray
    cohort: np.ndarray
    treated: np.ndarray
    cell: np.ndarray
    weight: np.ndarray
    rung: np.ndarray
    offered: int
    covariates: np.ndarray | None = None

    @cached_property
    def retained(self) -> int:
        """Treated members behind the number."""
        return int(self.treated.sum())

    @cached_property
    def people(self) -> np.ndarray:
        """Distinct members of both arms, ascending."""
        return np.flatnonzero(np.bincount(self.member)) if len(self.member) else self.member

    @cached_property
    def place(self) -> np.ndarray:
        """Index of each row's member among the people, shape (r,)."""
        if not len(self.member):
            return self.member
        index = np.zeros(int(self.people[-1]) + 1, dtype=np.int64)
        index[self.people] = np.arange(len(self.people))
        return index[self.member]

    @cached_property
    def controls(self) -> int:
        """Distinct control members."""
        return int(np.count_nonzero(np.bincount(self.place[~self.treated])))

    @cached_property
    def _borne(self) -> np.ndarray:
        """Control weight of each of the people, their cohorts added up."""
        return np.bincount(self.place, weights=np.where(self.treated, 0.0, self.weight))

    @property
    def effective(self) -> float:
        """Kish's effective number of control members, (Σw)²/Σw², a member's cohorts added first."""
        if self.retained == 0:
            return 0.0
        return float(self._borne.sum() ** 2 / (self._borne**2).sum())

    @property
    def largest_share(self) -> float:
        """Largest share of the control weight on one member."""
        return float(self._borne.max()) if self.retained else 0.0

    @cached_property
    def treated_alone(self) -> Match:
        """The treated rows without their controls."""
        arm = self.treated
        kept = (self.member[arm], self.cohort[arm], arm[arm], self.cell[arm], self.weight[arm])
        return Match(self.method, *kept, self.rung, self.offered)

    def by_cohort(self) -> list[slice]:
        """Rows of each cohort; they stand together, in ascending order."""
        return self._parts

    @cached_property
    def _parts(self) -> list[slice]:
        steps = np.diff(self.cohort)
        if (steps < 0).any():
            raise ValueError(f"{self.method}: rows of a cohort stand together, in ascending order")
        edges = np.flatnonzero(steps) + 1
        ends = [0, *edges.tolist(), len(self.cohort)]
        return [slice(a, b) for a, b in itertools.pairwise(ends) if b > a]

    def reweighted(self, weight: np.ndarray, covariates: np.ndarray | None, method: str) -> Match:
        """Return the same rows with other control weights."""
        found = Match(
            method,
            self.member,
            self.cohort,
            self.treated,
            self.cell,
            weight,
            self.rung,
            self.offered,
            covariates,
        )
        # nobody is looked up twice: cached properties live in the instance
        vars(found).update({name: getattr(self, name) for name in ("people", "place", "_parts")})
        return found


def in_strata(
    method: str,
    sets: Sequence[RiskSet],
    ladder: Callable[[int], list[np.ndarray]],
    controls_of: Callable[[RiskSet], np.ndarray],
    *,
    min_controls: int,
    min_cohort: int,
) -> Match:
    """Give every treated member the finest cell with at least `min_controls` controls; drop thin cohorts.

    Returns
    -------
    Match
        With zero rows if nobody is left.
    """
    blocks: list[tuple[np.ndarray, np.ndarray, np.ndarray, int]] = []
    rungs: list[int] = []
    for one in sets:
        found = _cohort_cells(one, ladder(one.cohort), controls_of(one), max(1, min_controls))
        if sum(len(treated) for treated, _, _ in found) < max(1, min_cohort):
            continue
        for treated, controls, rung in found:
            member = np.concatenate([treated, controls])
            arm = np.arange(len(member)) < len(treated)
            blocks.append((member, arm, np.full(len(member), len(rungs)), one.cohort))
            rungs.append(rung)
    offered = sum(len(one.treated) for one in sets)
    if not blocks:
        none = np.zeros(0, dtype=np.int64)
        return Match(method, none, none, none.astype(bool), none, none.astype(float), none, offered)
    member = np.concatenate([block[0] for block in blocks])
    treated = np.concatenate([block[1] for block in blocks])
    cell = np.concatenate([block[2] for block in blocks])
    cohort = np.concatenate([np.full(len(block[0]), block[3]) for block in blocks])
    weight = strata_weights(cell, treated, len(rungs))
    return Match(method, member, cohort, treated, cell, weight, np.array(rungs), offered)


def strata_weights(cell: np.ndarray, treated: np.ndarray, cells: int) -> np.ndarray:
    """1/N for each treated row, n_cell/(N·m_cell) for each control row."""
    n = np.bincount(cell[treated], minlength=cells)
    m = np.bincount(cell[~treated], minlength=cells)
    total = n.sum()
    return np.where(treated, 1.0 / total, (n / np.maximum(m, 1) / total)[cell])


def _cohort_cells(
    one: RiskSet, rungs: list[np.ndarray], controls: np.ndarray, least: int
) -> list[tuple[np.ndarray, np.ndarray, int]]:
    """Cells of one cohort: (treated members, control members, rung); a control may serve on two rungs."""
    found = []
    left = one.treated
    for rung, codes in enumerate(rungs):
        if not len(left) or not len(controls):
            break
        there, counts = np.unique(codes[controls], return_counts=True)
        place = np.clip(np.searchsorted(there, codes[left]), 0, len(there) - 1)
        enough = (there[place] == codes[left]) & (counts[place] >= least)
        taken = left[enough]
        order = np.argsort(codes[controls], kind="stable")
        ordered = controls[order]
        starts = np.concatenate([[0], np.cumsum(counts)])
        for code in np.unique(codes[taken]):
            at = int(np.searchsorted(there, code))
            found.append((taken[codes[taken] == code], ordered[starts[at] : starts[at + 1]], rung))
        left = left[~enough]
    return found
