"""When to stop a deal: a test that may be looked at every week.

H0: the deal brings at least its worth, a rate of joins of at least `even` a week. For a lower rate θ < even let
    E_t(θ) = exp{ [ X_t·ln(θ/even) − (θ − even)·t ] / c }
with X_t the joins of t weeks and c the most that join together. While H0 holds, E_t(θ) is a supermartingale for joins that come in
independent clusters of at most c: (θ/even)^(s/c) ≤ 1 − (s/c)(1 − θ/even) for 0 ≤ s ≤ c by convexity, so a cluster process of rate
λ ≥ even gives E[E_t] ≤ exp{(λ/c)(θ/even − 1)t − (θ − even)t/c} ≤ 1. The mean over a grid of θ is one, too, and by Ville's inequality (1939)
P(sup_t E_t ≥ 1/α) ≤ α: looking every week costs nothing. Mixtures of likelihood ratios: Robbins (1970); for today's use Johari, Koomen,
Pekelis and Walsh (2022) and Howard, Ramdas, McAuliffe and Sekhon (2021). Complaints are the mirror image: too many a person reached.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, exp, log

GRID = 19


@dataclass(frozen=True)
class Week:
    """One week of a deal: people reached, who joined by its code, complaints."""

    reached: int
    joined: int
    complaints: int = 0


@dataclass(frozen=True)
class Watch:
    """Where a deal stands. `stop` names the reason; `evidence` is against the deal, and stops it at 1/α."""

    weeks: int
    joined: int
    even: float
    evidence: float
    against: float
    bound: float
    stop: str
    may_stop_from: int
    rate: tuple[float, float]


def even_rate(*, fixed_fen: int, weeks: int, value_fen: int, per_join_fen: int, organic: int) -> float | None:
    """Joins a week at which what is paid whatever happens comes back; `organic` thousandths would have come anyway.

    None where nothing is paid whatever happens, or where a join is not worth what is paid for it: then it needs no test to see.
    """
    worth = value_fen * (1000 - organic) / 1000 - per_join_fen
    return fixed_fen / (weeks * worth) if fixed_fen > 0 and worth > 0 else None


def too_few(joined: Sequence[int], even: float, cluster: int) -> list[float]:
    """E_t week by week, against "at least `even` a week"."""
    grid = [even * k / (GRID + 1) for k in range(1, GRID + 1)]
    found, total = [], 0
    for t, count in enumerate(joined, start=1):
        total += count
        found.append(_mean([(total * log(rate / even) - (rate - even) * t) / cluster for rate in grid]))
    return found


def too_many(events: Sequence[int], exposed: Sequence[int], rate: float, cluster: int = 1) -> list[float]:
    """The same against "at most `rate` for each exposed": rates up to five times as high."""
    grid = [rate * (1 + 4 * k / GRID) for k in range(1, GRID + 1)]
    found, total, over = [], 0, 0
    for count, n in zip(events, exposed, strict=True):
        total += count
        over += n
        found.append(_mean([(total * log(one / rate) - (one - rate) * over) / cluster for one in grid]))
    return found


def _mean(logs: Sequence[float]) -> float:
    top = max(logs)
    return exp(min(700.0, top + log(sum(exp(one - top) for one in logs) / len(logs))))


def confidence(joined: int, weeks: int, cluster: int, alpha: float) -> tuple[float, float]:
    """Joins a week: every rate that the test of that rate, taken both ways, has not refused. Valid at all weeks together."""
    if weeks <= 0:
        return 0.0, float("inf")
    bound = log(2 / alpha)

    def refused(rate: float, *, up: bool) -> bool:
        grid = [rate * (1 + 4 * k / GRID) if up else rate * k / (GRID + 1) for k in range(1, GRID + 1)]
        return (
            log(_mean([(joined * log(one / rate) - (one - rate) * weeks) / cluster for one in grid])) >= bound
        )

    mean = joined / weeks
    low = 0.0 if not joined else _edge(lambda rate: refused(rate, up=True), 1e-9, mean)
    high = _edge(
        lambda rate: not refused(rate, up=False), max(mean, 1e-9), (joined + 40 * cluster) / weeks * 4
    )
    return low, high


def _edge(holds: Callable[[float], bool], low: float, high: float) -> float:
    """The last point at which something holds, from `low` upwards."""
    for _ in range(60):
        middle = (low + high) / 2
        if holds(middle):
            low = middle
        else:
            high = middle
    return low


def watch(
    weeks: Sequence[Week], *, term: int, even: float, alpha: float, cluster: int, complaints_most: float
) -> Watch:
    """Both tests share the chance of a false stop, half each; a quarter of the term passes before anything is stopped for few joins.

    Waiting only takes stops away, so the chance stays below α; complaints stop at once.
    """
    few = too_few([one.joined for one in weeks], even, cluster)
    many = too_many([one.complaints for one in weeks], [one.reached for one in weeks], complaints_most)
    bound, quarter = 2 / alpha, ceil(term / 4)
    stop = ""
    if max(many, default=0.0) >= bound:
        stop = "complaints"
    elif len(weeks) >= quarter and max(few, default=0.0) >= bound:
        stop = "too_few"
    total = sum(one.joined for one in weeks)
    return Watch(
        len(weeks), total, even, max(few, default=1.0), max(many, default=1.0), bound, stop, quarter,
        confidence(total, len(weeks), cluster, alpha),
    )  # fmt: skip


def peeking(joined: Sequence[int], even: float, level: float) -> bool:
    """The control arm: an ordinary one-sided Poisson test looked at every week, as if each look were the only one."""
    total = 0
    for t, count in enumerate(joined, start=1):
        total += count
        if _poisson_at_most(total, even * t) < level:
            return True
    return False


def _poisson_at_most(count: int, mean: float) -> float:
    term = total = exp(-mean)
    for k in range(1, count + 1):
        term *= mean / k
        total += term
    return total
