"""From ATT(g, t) to one number or one path (Callaway & Sant'Anna 2021, section 3).

The weights are estimated cohort shares; their own uncertainty is part of every standard error.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tongxin.compass.designs.group_influence import Influence
from tongxin.compass.designs.group_time import GroupTime


@dataclass(frozen=True)
class Summed:
    """A path (one figure a label) and the overall figure.

    Attributes
    ----------
    label : int64 array, shape (m,)
        Event time, cohort or calendar period; empty for the simple sum.
    effect : float array, shape (m,)
    covariance : float array, shape (m, m)
    overall, overall_se : float
    """

    kind: str
    label: np.ndarray
    effect: np.ndarray
    covariance: np.ndarray
    overall: float
    overall_se: float

    @property
    def se(self) -> np.ndarray:
        """Standard errors along the path, shape (m,)."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))


@dataclass(frozen=True)
class _Weighted:
    """One weighted mean of ATT(g, t): value, weights (k,), and what a cohort's share adds to the influence."""

    value: float
    linear: np.ndarray
    by_group: np.ndarray


def _by_share(given: GroupTime, chosen: np.ndarray) -> _Weighted:
    """Mean of the chosen ATT(g, t), each weighted by its cohort's share."""
    place, share = given.place[chosen], given.shares
    total = float(share[place].sum())
    weight = np.zeros(len(given.effect))
    weight[chosen] = share[place] / total
    value = float(weight @ given.effect)
    # d value / d share, times (1{cohort} − share): a constant for each cohort
    slope = np.bincount(place, weights=given.effect[chosen] - value, minlength=len(share)) / total
    return _Weighted(value, weight, slope - float(slope @ share))


def _mean_of(parts: list[_Weighted], chosen: np.ndarray) -> _Weighted:
    picked = [part for part, use in zip(parts, chosen, strict=True) if use]
    return _Weighted(
        float(np.mean([part.value for part in picked])),
        np.mean([part.linear for part in picked], axis=0),
        np.mean([part.by_group for part in picked], axis=0),
    )


def _summed(
    kind: str, given: GroupTime, label: np.ndarray, parts: list[_Weighted], overall: _Weighted
) -> Summed:
    influence: Influence = given.influence.combined(
        np.stack([part.linear for part in (*parts, overall)]),
        np.stack([part.by_group for part in (*parts, overall)], axis=1),
    )
    covariance = influence.covariance()
    return Summed(
        kind,
        label,
        np.array([part.value for part in parts]),
        covariance[:-1, :-1],
        overall.value,
        float(np.sqrt(covariance[-1, -1])),
    )


def simple(given: GroupTime) -> Summed:
    """Mean of all effects at or after entry, weighted by the size of the cohort."""
    return _summed(
        "simple", given, np.zeros(0, dtype=np.int64), [], _by_share(given, np.flatnonzero(given.after))
    )


def dynamic(given: GroupTime, window: tuple[int, int] | None = None) -> Summed:
    """By time since entry; overall over `window` of event times (from entry on by default)."""
    event = given.period - given.group
    label = np.unique(event)
    parts = [_by_share(given, np.flatnonzero(event == e)) for e in label]
    low, high = window or (0, int(label[-1]))
    return _summed("dynamic", given, label, parts, _mean_of(parts, (label >= low) & (label <= high)))


def group(given: GroupTime) -> Summed:
    """By entry cohort; overall weighted by the size of the cohort."""
    label = np.unique(given.group[given.after])
    parts, places = [], []
    for one in label:
        chosen = np.flatnonzero(given.after & (given.group == one))
        weight = np.zeros(len(given.effect))
        weight[chosen] = 1.0 / len(chosen)
        parts.append(_Weighted(float(weight @ given.effect), weight, np.zeros(len(given.shares))))
        places.append(given.place[chosen[0]])
    share = given.shares[places]
    weight = share / share.sum()
    value = float(weight @ [part.value for part in parts])
    slope = np.zeros(len(given.shares))
    slope[places] = (np.array([part.value for part in parts]) - value) / share.sum()
    overall = _Weighted(
        value, weight @ np.stack([part.linear for part in parts]), slope - float(slope @ given.shares)
    )
    return _summed("group", given, label, parts, overall)


def calendar(given: GroupTime) -> Summed:
    """By calendar period; overall their mean."""
    label = np.unique(given.period[given.after])
    parts = [_by_share(given, np.flatnonzero(given.after & (given.period == t))) for t in label]
    return _summed("calendar", given, label, parts, _mean_of(parts, np.ones(len(label), dtype=bool)))


#: the visible list
SUMS: dict[str, Callable[[GroupTime], Summed]] = {
    "simple": simple,
    "dynamic": dynamic,
    "group": group,
    "calendar": calendar,
}
