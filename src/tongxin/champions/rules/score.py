"""A champion's score: the published experience index of the stores in their care, joined by how many members answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import sqrt
from statistics import NormalDist

from tongxin.champions.terms import SCORE_STALE_DAYS


@dataclass(frozen=True)
class StorePart:
    """One store as the kept index has it; `value` None where the index may not publish it, then `reasons` (zh, en) say why."""

    code: str
    name: str
    value: float | None
    low: float | None
    high: float | None
    answers: int
    sides: tuple[tuple[str, float | None], ...] = ()
    rank: tuple[int, int] | None = None
    reasons: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Score:
    """What may be said of a champion. `value` None is “cannot be said”. A rank stands only for one store, and only as an interval."""

    value: float | None
    low: float | None
    high: float | None
    level: float
    answers: int
    counted: int
    of: int
    sides: tuple[tuple[str, float], ...]
    rank: tuple[int, int] | None
    ranked: int
    reasons: tuple[tuple[str, str], ...]

    @property
    def said(self) -> bool:
        """Whether there is a figure."""
        return self.value is not None


def combine(parts: Sequence[StorePart], *, level: float, ranked: int) -> Score:
    """The mean of the stores that are published, weighted by their answers, with the interval that follows from theirs.

    The minimum is the index's own: a store that it may not publish (too few answers, too few sides) enters nothing, and without
    any store the score cannot be said. Stores' errors are taken as independent, as other members answered in each; the interval
    of one store is the index's own and need not be even on both sides.
    """
    whole = [part for part in parts if part.value is not None and part.answers > 0]
    told = tuple(dict.fromkeys(reason for part in parts for reason in part.reasons))
    if not whole:
        return Score(None, None, None, level, 0, 0, len(parts), (), None, ranked, told)
    answers = sum(part.answers for part in whole)
    low, high = _interval(whole, answers, level)
    return Score(
        value=_mean([(part.value or 0.0, part.answers) for part in whole]),
        low=low,
        high=high,
        level=level,
        answers=answers,
        counted=len(whole),
        of=len(parts),
        sides=_sides(whole),
        rank=whole[0].rank if len(parts) == 1 else None,
        ranked=ranked,
        reasons=told,
    )


def _interval(whole: Sequence[StorePart], answers: int, level: float) -> tuple[float | None, float | None]:
    if any(part.low is None or part.high is None for part in whole):
        return None, None
    if len(whole) == 1:
        return whole[0].low, whole[0].high
    z = NormalDist().inv_cdf((1 + level) / 2)
    errors = [((part.high or 0.0) - (part.low or 0.0)) / (2 * z) for part in whole]
    error = sqrt(sum((part.answers / answers * one) ** 2 for part, one in zip(whole, errors, strict=True)))
    value = _mean([(part.value or 0.0, part.answers) for part in whole])
    return max(0.0, value - z * error), min(100.0, value + z * error)


def _sides(whole: Sequence[StorePart]) -> tuple[tuple[str, float], ...]:
    """Each side over the stores that have it; one that no store has is not there."""
    found: dict[str, list[tuple[float, int]]] = {}
    for part in whole:
        for code, value in part.sides:
            if value is not None:
                found.setdefault(code, []).append((value, part.answers))
    return tuple((code, _mean(rows)) for code, rows in found.items())


def _mean(rows: Sequence[tuple[float, int]]) -> float:
    return sum(value * n for value, n in rows) / sum(n for _, n in rows)


def weakest(score: Score) -> str | None:
    """The side with the fewest points: where a month's work shows most, as the index multiplies its sides."""
    return min(score.sides, key=lambda side: side[1])[0] if len(score.sides) > 1 else None


def stale(as_of: date, today: date) -> bool:
    """Whether the figure speaks of another season."""
    return (today - as_of).days > SCORE_STALE_DAYS
