"""Who is asked after an event, and what the answers say. Pure arithmetic; the draw itself is foundation's."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

Z = 1.959963984540054  # 95 %
PROMOTER, DETRACTOR = 9, 6


@dataclass(frozen=True)
class Sampling:
    """How many are asked: a share of those who came, at least so many; for how long; since when, and on what ground."""

    since: datetime
    permille: int
    least: int
    days: int
    question_zh: str
    question_en: str
    ground: str


def in_force(lines: Iterable[Sampling], at: datetime) -> Sampling:
    """The newest line that held at an instant. Raises LookupError before the first."""
    held = [line for line in lines if line.since <= at]
    if not held:
        raise LookupError("no sampling line was in force")
    return max(held, key=lambda line: line.since)


def to_ask(entrants: int, line: Sampling) -> int:
    """How many of so many are asked: all, where there are no more than the least."""
    return min(entrants, max(line.least, math.ceil(entrants * line.permille / 1000)))


def lot(event: UUID, registration: UUID) -> str:
    """The opaque number of a registration in the draw of a survey; another one than in a draw of seats."""
    return sha256(f"tongxin.survey.lot/1\n{event}\n{registration}".encode()).hexdigest()[:24]


def wilson(hits: int, of: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share (Wilson 1927); (0, 1) where nobody was counted.

    >>> [round(x, 3) for x in wilson(8, 10)]
    [0.49, 0.943]
    """
    if of == 0:
        return 0.0, 1.0
    p, z2 = hits / of, Z * Z
    middle = (p + z2 / (2 * of)) / (1 + z2 / of)
    half = Z * math.sqrt(p * (1 - p) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True)
class Net:
    """The net promoter score in points (−100…100) with its 95 % interval."""

    n: int
    promoters: int
    detractors: int
    score: float
    low: float
    high: float


def net(scores: Sequence[int]) -> Net | None:
    """Promoters (9–10) less detractors (0–6); None without answers.

    The interval is the adjusted Wald one (Rocks 2016, The American Statistician 70(4)): three answers more, 3/4 promoter, 3/2 passive,
    3/4 detractor. The plain one has no width at all where all say the same.
    """
    n = len(scores)
    if n == 0:
        return None
    up, down = sum(s >= PROMOTER for s in scores), sum(s <= DETRACTOR for s in scores)
    p, q, of = (up + 0.75) / (n + 3), (down + 0.75) / (n + 3), n + 3
    half = Z * math.sqrt((p + q - (p - q) ** 2) / of)
    return Net(
        n,
        up,
        down,
        100 * (up - down) / n,
        max(-100.0, 100 * (p - q - half)),
        min(100.0, 100 * (p - q + half)),
    )
