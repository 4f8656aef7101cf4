"""Figures of inequality over members: top share by any ranking, Lorenz, Gini, Palma, contributor absence factor.

Each takes how often a member was drawn (`counts`), so that a bootstrap needs no copies.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Ranking:
    """Members in groups of equal rank, best first; `group` has shape (members,)."""

    group: np.ndarray
    groups: int

    @classmethod
    def of(cls, rank_by: np.ndarray) -> Ranking:
        """Rank by a value, highest first."""
        values, group = np.unique(-rank_by, return_inverse=True)
        return cls(group, len(values))

    def top_share(self, value: np.ndarray, top: float, counts: np.ndarray | None = None) -> float:
        """Share of `value` held by the `top` fraction of members; nan where the total is 0.

        Members at the edge who rank equal share the places left: the figure is the mean over all ways to break the tie,
        so no order of rows decides it. A fraction of a member counts as that fraction.

        Examples
        --------
        >>> round(Ranking.of(np.array([3, 1, 1, 1])).top_share(np.array([5, 2, 2, 1]), 0.5), 3)
        0.667
        """
        weight = np.ones(len(value)) if counts is None else counts
        people = np.bincount(self.group, weights=weight, minlength=self.groups)
        sums = np.bincount(self.group, weights=weight * value, minlength=self.groups)
        filled = np.cumsum(people)
        taken = np.clip(top * filled[-1] - (filled - people), 0, people)
        part = np.divide(taken, people, out=np.zeros_like(people), where=people > 0)
        total = sums.sum()
        return float((part * sums).sum() / total) if total else math.nan


@dataclass(frozen=True)
class Curve:
    """Members sorted by value, poorest first: `order` into the given array, `value` sorted; both of shape (members,)."""

    order: np.ndarray
    value: np.ndarray

    @classmethod
    def of(cls, value: np.ndarray) -> Curve:
        """Sort values that are zero or more."""
        order = np.argsort(value, kind="stable")
        return cls(order, np.asarray(value, dtype=float)[order])

    def gini(self, counts: np.ndarray | None = None) -> float:
        """Gini coefficient: 1 − twice the area below the Lorenz curve; nan where there is nothing.

        Examples
        --------
        >>> Curve.of(np.array([1, 1, 1, 1])).gini(), Curve.of(np.array([0, 0, 0, 1])).gini()
        (0.0, 0.75)
        """
        weight = np.ones(len(self.value)) if counts is None else counts[self.order]
        part = weight * self.value
        held = np.cumsum(part)
        if not held[-1]:
            return math.nan
        area = float(np.sum(weight * (held - part / 2)))
        return 1 - 2 * area / float(held[-1] * weight.sum())

    def absence(self, counts: np.ndarray | None = None, share: float = 0.5) -> int:
        """Contributor absence factor (CHAOSS): the fewest members who bring half; 0 where there is nothing.

        Examples
        --------
        >>> Curve.of(np.array([1, 1, 2, 4])).absence(), Curve.of(np.array([1, 1, 1, 1])).absence()
        (1, 2)
        """
        weight = (np.ones(len(self.value)) if counts is None else counts[self.order])[::-1]
        value = self.value[::-1]
        held = np.cumsum(weight * value)
        if not held[-1]:
            return 0
        goal = share * held[-1] * (1 - 1e-12)
        place = int(np.searchsorted(held, goal))
        earlier = weight[:place].sum()
        before = held[place] - weight[place] * value[place]
        return int(earlier + math.ceil((goal - before) / value[place]))


def lorenz(value: np.ndarray, points: int = 101) -> np.ndarray:
    """Lorenz curve at evenly spaced shares of members, poorest first; shape (points, 2)."""
    ranked = np.sort(value)
    grid = np.linspace(0, 1, points)
    at = np.linspace(0, 1, len(ranked) + 1)
    total = ranked.sum()
    held = np.concatenate([[0.0], np.cumsum(ranked) / total]) if total else at
    return np.column_stack([grid, np.interp(grid, at, held)])


def palma(value: np.ndarray) -> float | None:
    """Share of the top 10 % over the share of the bottom 40 %; None where those hold nothing.

    Examples
    --------
    >>> round(palma(np.arange(1, 11)), 3)
    1.0
    """
    bottom = Ranking.of(-value).top_share(value, 0.4)
    return Ranking.of(value).top_share(value, 0.1) / bottom if bottom > 0 else None
