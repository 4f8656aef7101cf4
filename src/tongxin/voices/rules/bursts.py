"""热点: what is suddenly talked about by many, in several places. Counted against the same weekday of the weeks before.

A count is hot when so many would be rare under a negative binomial around its usual mean (counts of people who answer each other
vary more than a Poisson's), when that holds among all subjects looked at together (Benjamini and Hochberg at 5 per cent),
and when enough people in enough places said it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

HALF_LIFE = 4  # weeks
SPREAD = 0.2  # variance = mean + SPREAD · mean²
FLOOR = 0.5  # a subject nobody has talked about yet is expected half a time
RATE = 0.05
AUTHORS, PLACES = 5, 3


@dataclass(frozen=True)
class Count:
    """A subject today: how often, by how many people in how many places, and how often on this weekday of the weeks before, newest first."""

    subject: str
    today: int
    authors: int
    places: int
    before: tuple[int, ...]


@dataclass(frozen=True)
class Hot:
    """A subject that is talked about more than chance explains."""

    subject: str
    today: int
    usual: float
    chance: float


def usual(before: Sequence[int]) -> float:
    """The mean of the weeks before, halved in weight every four weeks."""
    if not before:
        return FLOOR
    weights = [0.5 ** (n / HALF_LIFE) for n in range(len(before))]
    mean = sum(w * c for w, c in zip(weights, before, strict=True)) / sum(weights)
    return max(mean, FLOOR)


def chance(count: int, mean: float, spread: float = SPREAD) -> float:
    """How likely at least so many are under a negative binomial of this mean."""
    size = 1 / spread
    share = size / (size + mean)
    below, term = 0.0, math.exp(size * math.log(share))
    for n in range(count):
        below += term
        term *= (n + size) / (n + 1) * (1 - share)
    return max(1 - below, 0.0)


def hot(counts: Sequence[Count], rate: float = RATE) -> tuple[Hot, ...]:
    """The hot ones among all that were looked at, the least likely first."""
    rows = sorted(
        ((chance(one.today, usual(one.before)), one.subject, one) for one in counts), key=lambda row: row[:2]
    )
    last = 0
    for rank, (p, _, _) in enumerate(rows, start=1):
        if p <= rate * rank / len(rows):
            last = rank
    return tuple(
        Hot(one.subject, one.today, usual(one.before), p)
        for p, _, one in rows[:last]
        if one.authors >= AUTHORS and one.places >= PLACES
    )
