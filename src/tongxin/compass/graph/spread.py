"""How far word would travel: reverse-reachable sets (Borgs et al. 2014), spread with interval, credit a member.

Seeds chosen on a set of samples look too good on the same samples: a spread is told only from sets drawn independently.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tongxin.compass.errors import BadInput
from tongxin.compass.graph import core
from tongxin.compass.graph.deeds import Deeds

#: sets walked side by side, which bounds the memory
AT_ONCE = 20_000
#: chance that somebody passes on, shared among all whom they answer (weighted cascade)
CHANCE = 0.8


@dataclass(frozen=True)
class Sets:
    """Reverse-reachable sets, flat.

    Attributes
    ----------
    node : int64 array, shape (entries,)
        Members, sorted inside each set.
    of : int64 array, shape (entries,)
        Number of the set of each entry, ascending.
    count : int
        Number of sets.
    members : int
        Number of members the roots were drawn from.
    """

    node: np.ndarray
    of: np.ndarray
    count: int
    members: int


@dataclass(frozen=True)
class Spread:
    """Expected number of people reached, with a 95 % interval, from `sets` independent sets."""

    people: float
    low: float
    high: float
    sets: int


def sample(deeds: Deeds, count: int, rng: np.random.Generator, *, chance: float = CHANCE) -> Sets:
    """Draw reverse-reachable sets under the independent cascade.

    The influence of j on i passes with probability chance · w_ij / Σ_j w_ij, where w_ij is how often i answered j.

    Raises
    ------
    BadInput
        No members, or a chance outside 0…1.
    """
    if not deeds.members:
        raise BadInput.one("spread", "no members")
    if not 0 <= chance <= 1:
        raise BadInput.one("spread.chance", str(chance), ("0 to 1",))
    matrix = deeds.matrix
    out = np.repeat(np.maximum(_row_sums(deeds), np.finfo(float).tiny), np.diff(matrix.indptr))
    passes = chance * matrix.data / out
    parts = [_walk(deeds, passes, min(AT_ONCE, count - done), done, rng) for done in range(0, count, AT_ONCE)]
    key = np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)
    return Sets(key % deeds.members, key // deeds.members, count, deeds.members)


def estimate(deeds: Deeds, seeds: np.ndarray, count: int, rng: np.random.Generator) -> Spread:
    """Return the spread of given seeds on sets drawn for this purpose only."""
    return covered(sample(deeds, count, rng), seeds)


def covered(sets: Sets, seeds: np.ndarray) -> Spread:
    """Return members × share of the sets that hold a seed, with Wilson's interval."""
    if not sets.count:
        raise BadInput.one("spread.count", "0", ("at least 1 set",))
    is_seed = np.zeros(sets.members, dtype=bool)
    is_seed[seeds] = True
    hit = len(np.unique(sets.of[is_seed[sets.node]]))
    low, high = wilson(np.array([hit]), np.array([sets.count]))
    return Spread(
        sets.members * hit / sets.count,
        float(sets.members * low[0]),
        float(sets.members * high[0]),
        sets.count,
    )


def greedy(sets: Sets, seeds: int) -> np.ndarray:
    """Return the members that cover most sets, each step the best of what is left (ties: the smaller number)."""
    left = np.ones(len(sets.node), dtype=bool)
    chosen: list[int] = []
    gain = np.bincount(sets.node, minlength=sets.members)
    order = np.argsort(sets.node, kind="stable")
    start = np.searchsorted(sets.node[order], np.arange(sets.members + 1))
    first = np.searchsorted(sets.of, np.arange(sets.count + 1))
    while len(chosen) < min(seeds, sets.members):
        gain[chosen] = -1
        best = int(np.argmax(gain))
        chosen.append(best)
        mine = order[start[best] : start[best + 1]]
        for number in sets.of[mine[left[mine]]]:
            entries = slice(first[number], first[number + 1])
            left[entries] = False
            gain[sets.node[entries]] -= 1
    return np.array(chosen, dtype=np.int64)


def credit(sets: Sets) -> np.ndarray:
    """Return each member's Shapley share of the influence, members/sets · Σ 1/|set| (Chen and Teng 2017).

    The shares add up to the number of members exactly, as every set gives away 1.
    """
    if not sets.count:
        return np.zeros(sets.members)
    size = np.bincount(sets.of, minlength=sets.count)
    share = np.bincount(sets.node, weights=1.0 / size[sets.of], minlength=sets.members)
    return share * sets.members / sets.count


def wilson(hits: np.ndarray, trials: np.ndarray, z: float = 1.959964) -> tuple[np.ndarray, np.ndarray]:
    """Return Wilson's (1927) interval of a share; 0…1 where there was no trial.

    Examples
    --------
    >>> [round(float(end[0]), 4) for end in wilson(np.array([8]), np.array([10]))]
    [0.4902, 0.9433]
    """
    n = np.maximum(trials, 1).astype(np.float64)
    p = hits / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    some = trials > 0
    low = np.where(some, np.clip(middle - half, 0.0, 1.0), 0.0)
    return low, np.where(some, np.clip(middle + half, 0.0, 1.0), 1.0)


def _row_sums(deeds: Deeds) -> np.ndarray:
    return np.asarray(deeds.matrix.sum(axis=1)).reshape(-1)


def _walk(deeds: Deeds, passes: np.ndarray, count: int, offset: int, rng: np.random.Generator) -> np.ndarray:
    """Walk `count` sets at once against the direction of influence; returns sorted keys set · members + member."""
    n, matrix = deeds.members, deeds.matrix
    here = np.arange(offset, offset + count, dtype=np.int64) * n + rng.integers(0, n, size=count)
    seen = here
    while len(here):
        row = here % n
        at = core.places(matrix, row)
        number = np.repeat(here // n, np.diff(matrix.indptr)[row])
        goes = rng.random(len(at)) < passes[at]
        new = np.unique(number[goes] * n + matrix.indices[at[goes]])
        here = new[~_among(new, seen)]
        seen = np.sort(np.concatenate((seen, here)), kind="stable")
    return seen


def _among(values: np.ndarray, ordered: np.ndarray) -> np.ndarray:
    at = np.searchsorted(ordered, values)
    return ordered[np.minimum(at, len(ordered) - 1)] == values
