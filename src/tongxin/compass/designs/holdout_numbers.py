"""What a holdout needs besides a difference: was the split as planned, what do groups cost, may one peek.

Groups (a chat of 200 cannot be withheld from one member) carry a design effect 1 + (m − 1)ρ (Kish 1965); the split is
held against the plan by a chi-square test (Fabijan et al. 2019); an interval that may be looked at every day is the
normal-mixture confidence sequence (Robbins 1970; Waudby-Smith et al. 2021, asymptotic).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

#: a split that is less likely than this under the plan is not trusted
SRM_LEVEL = 0.001


def split_p(treated: int, held: int, planned: float) -> float:
    """P-value of the split against the planned share held out (chi-square, one degree of freedom).

    >>> round(split_p(900, 100, 0.1), 3), split_p(950, 50, 0.1) < 0.001
    (1.0, True)
    """
    total = treated + held
    if total == 0:
        return 1.0
    expected = np.array([total * (1 - planned), total * planned])
    statistic = float((((np.array([treated, held]) - expected) ** 2) / expected).sum())
    return float(special.chdtrc(1, statistic))


@dataclass(frozen=True)
class DesignEffect:
    """Groups, their average size, how alike their members are, and by how much that inflates a variance."""

    groups: int
    size: float
    correlation: float

    @property
    def factor(self) -> float:
        """1 + (m − 1)ρ.

        >>> DesignEffect(40, 200.0, 0.02).factor
        4.98
        """
        return 1.0 + (self.size - 1.0) * self.correlation


def design_effect(values: np.ndarray, group: np.ndarray, won: np.ndarray) -> DesignEffect:
    """Intra-group correlation by one-way analysis of variance inside the arms (Donner & Koval 1980).

    Parameters
    ----------
    values : float array, shape (n,)
    group : int array, shape (n,)
    won : bool array, shape (n,)
        Arm; constant inside a group.
    """
    centred = values - np.where(won, values[won].mean(), values[~won].mean())
    _, place, size = np.unique(group, return_inverse=True, return_counts=True)
    groups, n = len(size), len(values)
    if groups <= 2 or n <= groups:
        return DesignEffect(groups, n / max(1, groups), 0.0)
    mean = np.bincount(place, weights=centred) / size
    between = float((size * mean**2).sum()) / (groups - 2)
    within = float(((centred - mean[place]) ** 2).sum()) / (n - groups)
    typical = (n - float((size.astype(float) ** 2).sum()) / n) / (groups - 1)
    spread = between + (typical - 1) * within
    correlation = (between - within) / spread if spread > 0 else 0.0
    return DesignEffect(groups, n / groups, float(np.clip(correlation, 0.0, 1.0)))


def fixed_reach(se: float, units: int, level: float) -> float:
    """Half-width of the interval of a single look, by Student's t on the units less two."""
    return float(special.stdtrit(max(1, units - 2), 0.5 + level / 2)) * se


def always_valid_reach(se: float, units: int, planned: int, level: float) -> float:
    """Half-width that holds at every look, tightest near `planned` units.

    Parameters
    ----------
    se : float
        Standard error at this look.
    units, planned : int
        Independent units now, and those for which the sequence is tuned.

    Examples
    --------
    >>> always_valid_reach(1.0, 1000, 1000, 0.95) > fixed_reach(1.0, 1000, 0.95)
    True
    """
    alpha = 1 - level
    tuned = (-2 * np.log(alpha) + np.log(-2 * np.log(alpha) + 1)) / max(1, planned)
    grown = units * tuned
    return float(se * np.sqrt((grown + 1) / grown * 2 * np.log(np.sqrt(grown + 1) / alpha)))
