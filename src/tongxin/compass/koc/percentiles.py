"""From what was seen to a shrunk percentile, and from five of them to one score with its interval."""

from __future__ import annotations

import numpy as np

from tongxin.compass.graph import spread
from tongxin.compass.koc.evidence import Side
from tongxin.compass.koc.policy import Policy


def middle_rank(values: np.ndarray, ordered: np.ndarray) -> np.ndarray:
    """Return the share of `ordered` below each value, equal ones counted half.

    Examples
    --------
    >>> middle_rank(np.array([0.0, 2.0]), np.array([0.0, 0.0, 1.0, 2.0])).tolist()
    [0.25, 0.875]
    """
    below = np.searchsorted(ordered, values, side="left")
    upto = np.searchsorted(ordered, values, side="right")
    return (below + upto) / (2.0 * max(len(ordered), 1))


def shrunk(values: np.ndarray, counts: np.ndarray, ordered: np.ndarray, pull: float) -> np.ndarray:
    """Return percentiles pulled towards where members with nothing stand, by count/(count + pull).

    One lucky piece of evidence does not make a top percentile. Never 0, so that a geometric mean can be taken.
    """
    nothing = middle_rank(np.zeros(1), ordered)[0]
    weight = counts / (counts + pull)
    percentile = nothing + (middle_rank(values, ordered) - nothing) * weight
    return np.maximum(percentile, 0.5 / max(len(ordered), 1))


def scores(percentiles: list[np.ndarray]) -> np.ndarray:
    """Return the geometric mean: one gamed side cannot carry the others.

    Examples
    --------
    >>> scores([np.array([0.25]), np.array([1.0])]).tolist()
    [0.5]
    """
    return np.exp(np.mean([np.log(one) for one in percentiles], axis=0))


def intervals(
    sides: dict[str, Side],
    ordered: dict[str, np.ndarray],
    who: np.ndarray,
    policy: Policy,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Return low and high of the score of some members, their own evidence resampled, everybody else's held fixed.

    Counts are redrawn from a Poisson distribution, shares from a binomial one; shape (len(who),) each.
    """
    parts = []
    for name, side in sides.items():
        n, hits, value = side.count[who], side.hits[who], side.value[who]
        shape = (policy.draws, len(who))
        if name == "credibility":
            drawn = rng.binomial(np.broadcast_to(n, shape), (hits + 0.5) / (n + 1.0))
            values, counts = spread.wilson(drawn, np.broadcast_to(n, shape))[0], np.broadcast_to(n, shape)
        elif name == "bridging":
            counts = np.broadcast_to(n, shape)
            values = rng.binomial(counts, np.clip(value, 0.0, 1.0)) / np.maximum(counts, 1)
        else:
            counts = rng.poisson(np.broadcast_to(n, shape))
            values = value * counts / np.maximum(n, 1)
        parts.append(shrunk(values, counts, ordered[name], policy.pull))
    tail = (1 - policy.level) / 2
    low, high = np.quantile(scores(parts), (tail, 1 - tail), axis=0)
    return low, high
