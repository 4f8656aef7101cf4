"""How far the order of stores depends on choices nobody can prove: weights, normalisation, aggregation, one dimension less.

Uncertainty and sensitivity analysis of a composite index (OECD/JRC handbook 2008, step 7; Saisana, Saltelli and Tarantola
2005): every draw picks all choices at once and one bootstrap replicate, and ranks the stores.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tongxin.compass.ees import scores
from tongxin.compass.ees.versions import Version


@dataclass(frozen=True)
class Ranks:
    """Rank intervals (1 = best) by store, and how many orders of two stores hold whatever is chosen.

    Attributes
    ----------
    interval : mapping of store to (low, median, high)
    above : array, shape (stores, stores)
        Share of draws in which the row's store stands above the column's.
    robust_share : float or None
        Share of pairs whose order holds in at least `robust` of the draws; None with one store.
    """

    stores: tuple[str, ...]
    interval: Mapping[str, tuple[float, float, float]]
    above: np.ndarray
    robust_share: float | None
    draws: int

    def overlap(self, one: str, other: str) -> bool:
        """Say whether two stores' rank intervals overlap: then no bonus may hang on who is ahead."""
        a, b = self.interval[one], self.interval[other]
        return a[0] <= b[2] and b[0] <= a[2]


def run(version: Version, stores: tuple[str, ...], values: np.ndarray, replicates: np.ndarray) -> Ranks:
    """Rank stores under varied choices.

    Parameters
    ----------
    values : array, shape (stores, indicators)
        Pulled indicator values of the published stores.
    replicates : array, shape (bootstrap draws, stores, indicators)
    """
    rules = version.ranks
    rng = np.random.Generator(np.random.PCG64(rules["seed"]))
    weights = np.array([dimension.weight for dimension in version.dimensions])
    placed = np.empty((rules["draws"], len(stores)))
    ahead = np.zeros((len(stores), len(stores)), dtype=np.int32)
    for draw in range(rules["draws"]):
        normalisation = rules["normalisations"][rng.integers(len(rules["normalisations"]))]
        kind = rules["aggregations"][rng.integers(len(rules["aggregations"]))]
        without = rng.integers(-1, len(weights)) if rules["leave_one_out"] else -1
        drawn = rng.dirichlet(rules["dirichlet"] * weights)
        replicate = replicates[rng.integers(len(replicates))] if len(replicates) else values
        sides = scores.dimensions(version, normalised(version, replicate, normalisation))
        if without >= 0:
            sides[:, without] = np.nan
        index = np.round(scores.aggregate(sides, drawn, kind, version.least), 9)
        placed[draw] = places(-index)
        ahead += index[:, None] > index[None, :]
    tail = (1 - rules["level"]) / 2
    ends = np.quantile(placed, [tail, 0.5, 1 - tail], axis=0)
    above = ahead / rules["draws"]
    held = np.maximum(above, above.T)[np.triu_indices(len(stores), 1)]
    return Ranks(
        stores,
        {store: (float(ends[0, n]), float(ends[1, n]), float(ends[2, n])) for n, store in enumerate(stores)},
        above,
        float((held >= rules["robust"]).mean()) if len(held) else None,
        rules["draws"],
    )


def places(value: np.ndarray) -> np.ndarray:
    """Rank from 1 for the smallest; equal values share the mean of their places.

    >>> places(np.array([5, 1, 5])).tolist()
    [2.5, 1.0, 2.5]
    """
    _, group, count = np.unique(value, return_inverse=True, return_counts=True)
    return (np.cumsum(count) - (count - 1) / 2)[group.ravel()]


def normalised(version: Version, values: np.ndarray, kind: str) -> np.ndarray:
    """Scores 0–100 by fixed goalposts, by place among the stores, or by distance from their mean (50 ± 15 a s.d.).

    Only the first is ever published; the others are there to see what would change. Shape (stores, indicators).
    """
    if kind == "goalposts":
        return scores.goalposts(version, values)
    out = np.full(values.shape, np.nan)
    for column in range(values.shape[1]):
        there = np.isfinite(values[:, column])
        some = values[there, column]
        if not len(some):
            continue
        if kind == "ranks":
            out[there, column] = (places(some) - 0.5) / len(some) * 100
        else:
            spread = some.std()
            out[there, column] = (
                np.clip(50 + 15 * (some - some.mean()) / spread, 0, 100) if spread > 0 else 50.0
            )
    return out
