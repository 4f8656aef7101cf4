"""The gates, line by line: each move inwards is an AND of lines that can be read aloud.

Two ways may stand in for one another (been there once, or come often and steadily): lines of one `way` belong together, one way
that holds is enough. Lines that are graded have a low-water mark; consent and keeping the rules are yes or no.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tongxin.rings.rules.policy import PolicyBody
from tongxin.rings.rules.traces import Evidence
from tongxin.rings.terms import Gate, Ring


@dataclass(frozen=True)
class GateLine:
    """One entry of the visible list: which number is held against which bar."""

    gate: Gate
    bar: Callable[[PolicyBody], float]
    way: str = ""
    graded: bool = True
    at_most: bool = False


@dataclass(frozen=True)
class Line:
    """One line of a verdict. `low` is the low-water mark below which the line counts as low (None when it is not graded).

    `days_left` says for how many days the line stays at or above its low-water mark if nothing new happens; None: not worked out
    or nothing to lose. `ids` cite at most five rows of the book.
    """

    gate: Gate
    value: float
    bar: float
    low: float | None
    met: bool
    way: str = ""
    ids: tuple[int, ...] = ()
    days_left: int | None = None

    @property
    def is_low(self) -> bool:
        """Below the low-water mark (never true of a line that is not graded)."""
        return self.low is not None and self.value < self.low


OUTER = (GateLine(Gate.KNOWN, lambda _: 1, graded=False),)

MIDDLE = (
    GateLine(Gate.CONSENT, lambda _: 1, graded=False),
    GateLine(Gate.CHECKINS, lambda p: p.middle.checkins, way="visit"),
    GateLine(Gate.DAYS_56, lambda p: p.middle.days, way="rhythm"),
    GateLine(Gate.WEEKS_56, lambda p: p.middle.weeks, way="rhythm"),
    GateLine(Gate.CONTRIBUTION, lambda p: p.middle.contribution),
)

INNER = (
    GateLine(Gate.DAYS_91, lambda p: p.inner.days),
    GateLine(Gate.WEEKS_91, lambda p: p.inner.weeks),
    GateLine(Gate.VERIFIED, lambda p: p.inner.verified),
    GateLine(Gate.VERIFIED_KINDS, lambda p: p.inner.verified_kinds),
    GateLine(Gate.RECOGNISED_BY, lambda p: p.inner.recognised_by),
    GateLine(Gate.RECOGNISED_DAYS, lambda p: p.inner.recognised_days),
    GateLine(Gate.VIOLATIONS, lambda p: p.inner.violations, graded=False, at_most=True),
    GateLine(Gate.CONTRIBUTION, lambda p: p.inner.contribution),
)

GATES_OF = {Ring.OUTER: OUTER, Ring.MIDDLE: MIDDLE, Ring.INNER: INNER}

_VALUE: dict[Gate, Callable[[Evidence], float]] = {
    Gate.KNOWN: lambda _: 1,
    Gate.CONSENT: lambda e: int(e.consented),
    Gate.CHECKINS: lambda e: e.checkins,
    Gate.DAYS_56: lambda e: e.days_56,
    Gate.WEEKS_56: lambda e: e.weeks_56,
    Gate.CONTRIBUTION: lambda e: e.contribution,
    Gate.DAYS_91: lambda e: e.days_91,
    Gate.WEEKS_91: lambda e: e.weeks_91,
    Gate.VERIFIED: lambda e: e.verified,
    Gate.VERIFIED_KINDS: lambda e: e.verified_kinds,
    Gate.RECOGNISED_BY: lambda e: e.recognised_by,
    Gate.RECOGNISED_DAYS: lambda e: e.recognised_days,
    Gate.VIOLATIONS: lambda e: e.violations,
}


def lines_of(ring: Ring, evidence: Evidence, policy: PolicyBody) -> tuple[Line, ...]:
    """The lines that lead into `ring`, with the low-water marks of somebody who is in it."""
    share = policy.low_water(ring)
    return tuple(_line(entry, evidence, policy, share) for entry in GATES_OF[ring])


def middle_lines(evidence: Evidence, policy: PolicyBody) -> tuple[Line, ...]:
    """The lines from the outer into the middle ring."""
    return lines_of(Ring.MIDDLE, evidence, policy)


def inner_lines(evidence: Evidence, policy: PolicyBody) -> tuple[Line, ...]:
    """The lines from the middle ring to candidate for the inner one."""
    return lines_of(Ring.INNER, evidence, policy)


def _line(entry: GateLine, evidence: Evidence, policy: PolicyBody, share: float) -> Line:
    value, bar = _VALUE[entry.gate](evidence), entry.bar(policy)
    return Line(
        gate=entry.gate,
        value=value,
        bar=bar,
        low=bar * share if entry.graded else None,
        met=value <= bar if entry.at_most else value >= bar,
        way=entry.way,
        ids=evidence.cited(entry.gate),
    )


def met(lines: Iterable[Line]) -> bool:
    """All lines hold; of lines with a way, those of one way are enough."""
    return not missing(lines)


def missing(lines: Iterable[Line]) -> tuple[Line, ...]:
    """The lines that keep the gate shut: each unmet one, and of unmet ways all of them unless some way holds."""
    held = tuple(lines)
    ways = {line.way for line in held if line.way}
    open_way = any(all(line.met for line in held if line.way == way) for way in ways)
    return tuple(line for line in held if not line.met and not (line.way and open_way))


def low(lines: Iterable[Line]) -> bool:
    """EVERY graded line is below its low-water mark: one that is not keeps its person in the ring."""
    graded = [line for line in lines if line.low is not None]
    return bool(graded) and all(line.is_low for line in graded)
