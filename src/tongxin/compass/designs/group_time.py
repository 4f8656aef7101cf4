"""ATT(g, t): the effect on the cohort that entered in g, in period t (Callaway & Sant'Anna 2021).

Each is a plain two-by-two difference-in-differences against members who are never, or not yet, treated; nobody who is
already treated serves as a control. With covariates the three estimators of Sant'Anna & Zhao (2020): outcome
regression, inverse probability weighting (normalised), doubly robust.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from tongxin.compass.designs import conditional
from tongxin.compass.designs.group_cells import NEVER_TREATED, GroupCells
from tongxin.compass.designs.group_influence import CellInfluence, Influence, MemberInfluence
from tongxin.compass.errors import BadInput

Comparison = Literal["never", "not_yet"]
Base = Literal["varying", "universal"]


@dataclass(frozen=True)
class GroupTime:
    """All ATT(g, t).

    Attributes
    ----------
    group, period : int64 arrays, shape (k,)
    effect : float array, shape (k,)
    influence : Influence
    place : int64 array, shape (k,)
        Row of `shares` that the group has.
    shares : float array, shape (groups,)
        Share of each cohort (the never-treated last) among all members.
    anticipation : int
    """

    group: np.ndarray
    period: np.ndarray
    effect: np.ndarray
    influence: Influence
    place: np.ndarray
    shares: np.ndarray
    anticipation: int

    @property
    def se(self) -> np.ndarray:
        """Standard errors, shape (k,)."""
        return np.asarray(np.sqrt(np.diag(self.influence.covariance())))

    def only(self, chosen: np.ndarray) -> GroupTime:
        """Return the chosen ATT(g, t) alone (a mask); cohort shares stay those of everybody."""
        linear = np.eye(len(self.effect))[chosen]
        none = np.zeros((len(self.shares), len(linear)))
        return replace(
            self,
            group=self.group[chosen],
            period=self.period[chosen],
            effect=self.effect[chosen],
            place=self.place[chosen],
            influence=self.influence.combined(linear, none),
        )

    @property
    def after(self) -> np.ndarray:
        """Which of them are at or after entry, bool, shape (k,)."""
        return self.period >= self.group


@dataclass(frozen=True)
class _Two:
    """One two-by-two: cohort, period, and the averaged base periods, as columns of the panel."""

    place: int
    column: int
    base: tuple[int, ...]
    controls: tuple[int, ...]


def _tasks(
    first: np.ndarray, periods: np.ndarray, *, comparison: str, anticipation: int, base: str, span: int
) -> list[_Two]:
    """Every (cohort, period) that has a base period before it and a control group."""
    out = []
    for place, group in enumerate(first):
        if group == NEVER_TREATED:
            continue
        last = int(np.searchsorted(periods, group - anticipation)) - 1
        if last < 0:
            continue
        for column in range(len(periods)):
            before = periods[column] < group - anticipation
            end = column - 1 if base == "varying" and before else last
            bases = tuple(range(max(0, end - span + 1), end + 1))
            if end < 0 or bases == (column,):
                continue
            late = max(int(periods[column]), int(periods[end])) + anticipation
            controls = tuple(
                int(h)
                for h in range(len(first))
                if first[h] == NEVER_TREATED or (comparison == "not_yet" and first[h] > late and h != place)
            )
            if controls:
                out.append(_Two(place, column, bases, controls))
    return out


def from_cells(
    cells: GroupCells,
    *,
    comparison: Comparison = "never",
    anticipation: int = 0,
    base: Base = "varying",
    span: int = 1,
) -> GroupTime:
    """All ATT(g, t) without covariates, from cells only.

    Parameters
    ----------
    cells : GroupCells
    comparison : {"never", "not_yet"}
    anticipation : int
        Periods before entry in which the effect may already show; the base ends before them.
    base : {"varying", "universal"}
        Before entry: the period just before each (a placebo of one step) or the same base as after entry.
    span : int
        Base periods that are averaged; 1 is the published method, more make a steadier base.

    Raises
    ------
    BadInput
        When there is no cohort with a period before it, or no control group.
    """
    tasks = _tasks(
        cells.first, cells.periods, comparison=comparison, anticipation=anticipation, base=base, span=span
    )
    _some(tasks)
    groups, size, k = len(cells.first), cells.size, len(tasks)
    constant, slope = np.zeros((groups, k)), np.zeros((groups, len(cells.periods), k))
    effects = np.empty(k)
    for j, task in enumerate(tasks):
        contrast = np.zeros(len(cells.periods))
        contrast[list(task.base)] = -1.0 / len(task.base)
        contrast[task.column] += 1.0
        change = cells.mean @ contrast
        pool = list(task.controls)
        held = int(cells.n[pool].sum())
        usual = float(cells.n[pool] @ change[pool]) / held
        effects[j] = change[task.place] - usual
        slope[task.place, :, j] = contrast * (size / cells.n[task.place])
        slope[pool, :, j] = -contrast * (size / held)
        constant[pool, j] = -(change[pool] - usual) * (size / held)
    place, column = _places(tasks)
    return GroupTime(
        cells.first[place],
        cells.periods[column],
        effects,
        CellInfluence(cells, constant, slope),
        place,
        cells.n / size,
        anticipation,
    )


def given(
    outcome: np.ndarray,
    first: np.ndarray,
    periods: np.ndarray,
    known: np.ndarray,
    *,
    estimator: str = "dr",
    comparison: Comparison = "never",
    anticipation: int = 0,
    base: Base = "varying",
    span: int = 1,
    cluster: np.ndarray | None = None,
) -> GroupTime:
    """All ATT(g, t) with covariates.

    Parameters
    ----------
    outcome : float array, shape (n, T)
    first : int64 array, shape (n,)
    periods : int64 array, shape (T,)
    known : float array, shape (n, k)
        Covariates that do not change, without a constant.
    estimator : {"or", "ipw", "dr"}
    comparison, anticipation, base, span
        As in `from_cells`.
    cluster : int64 array, shape (n,), optional

    Raises
    ------
    BadInput
        As `from_cells`, or when a regression has no solution in some cohort.
    """
    capped = np.where(first > periods[-1], NEVER_TREATED, first)
    kept = np.flatnonzero(capped > periods[0])
    groups, place = np.unique(capped[kept], return_inverse=True)
    y, x = outcome[kept], np.column_stack([np.ones(len(kept)), known[kept]])
    tasks = _tasks(groups, periods, comparison=comparison, anticipation=anticipation, base=base, span=span)
    _some(tasks)
    effects, psi = np.empty(len(tasks)), np.zeros((len(kept), len(tasks)))
    for j, task in enumerate(tasks):
        rows = np.flatnonzero(np.isin(place, (task.place, *task.controls)))
        change = y[rows, task.column] - y[rows][:, list(task.base)].mean(axis=1)
        found = conditional.two_by_two(change, place[rows] == task.place, x[rows], estimator)
        if found is None:
            where = f"cohort {groups[task.place]}, period {periods[task.column]}"
            raise BadInput.one("covariates", f"no solution in {where}: they separate it from its controls")
        effects[j] = found[0]
        psi[rows, j] = found[1] * (len(kept) / len(rows))
    by = None if cluster is None else cluster[kept]
    at, column = _places(tasks)
    return GroupTime(
        groups[at],
        periods[column],
        effects,
        MemberInfluence(psi, place, by),
        at,
        np.bincount(place) / max(1, len(kept)),
        anticipation,
    )


def _some(tasks: list[_Two]) -> None:
    if not tasks:
        raise BadInput.one(
            "panel",
            "no cohort has a period before it and a control group",
            ("a later entry, or never-treated members",),
        )


def _places(tasks: list[_Two]) -> tuple[np.ndarray, np.ndarray]:
    """Cohort and column of every task, each shape (k,)."""
    place = np.array([task.place for task in tasks], dtype=np.int64)
    return place, np.array([task.column for task in tasks], dtype=np.int64)
