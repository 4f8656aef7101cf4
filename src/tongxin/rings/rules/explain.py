"""The whole answer about one person: the verdict, how long each line holds, and the nearest missing step."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from tongxin.rings.rules.gates import Line, lines_of
from tongxin.rings.rules.placing import FRESH, Standing, Verdict, decide
from tongxin.rings.rules.policy import PolicyBody
from tongxin.rings.rules.steps import Step, nearest_step
from tongxin.rings.rules.traces import Evidence, Traces, blank, weigh
from tongxin.rings.terms import ORDER, Gate, Ring


@dataclass(frozen=True)
class Account:
    """What can be said about somebody in a ring: its own lines, those of the next ring, how long they last, the nearest step."""

    held: tuple[Line, ...]
    gates: tuple[Line, ...]
    nearest: Step | None


def account(evidence: Evidence, policy: PolicyBody, ring: Ring) -> Account:
    """Explain a ring by evidence that carries its traces; without traces the lines stand alone. Switched off: a blank profile."""
    usable = evidence if evidence.personalise else blank(evidence.on)
    held = lines_of(ring, usable, policy)
    inwards = None if ring is Ring.INNER else ORDER[ring.step + 1]
    gates = () if inwards is None else lines_of(inwards, usable, policy)
    if usable.traces is None:
        return Account(held, gates, None)
    lasting = _lasting(usable.traces, usable.on, policy)
    return Account(
        held=tuple(replace(line, days_left=lasting(ring, line)) for line in held),
        gates=tuple(replace(line, days_left=lasting(inwards, line)) for line in gates if inwards is not None),
        nearest=nearest_step(usable.traces, usable.on, policy, ring),
    )


def place(evidence: Evidence, policy: PolicyBody, now: datetime, standing: Standing = FRESH) -> Verdict:
    """`decide`, and for evidence that carries its traces: the days until each line falls low, and the nearest step."""
    verdict = decide(evidence, policy, now, standing)
    if verdict.ring is None:
        return verdict
    told = account(evidence, policy, verdict.ring)
    return replace(verdict, held=told.held, gates=told.gates, nearest=told.nearest)


def days_until_below(traces: Traces, on: date, policy: PolicyBody, ring: Ring, gate: Gate) -> int | None:
    """Days until the line falls below its low-water mark if nothing new happens; None when it is not graded or is low now."""
    line = next(
        line for line in lines_of(ring, weigh(traces, on, policy, cite=False), policy) if line.gate is gate
    )
    return _lasting(traces, on, policy)(ring, line)


def _lasting(traces: Traces, on: date, policy: PolicyBody) -> Callable[[Ring, Line], int | None]:
    """Days that a line lasts. Without new deeds no value ever grows, so the day is found by halving."""
    seen: dict[tuple[Ring, int], dict[Gate, bool]] = {}

    def is_low(ring: Ring, gate: Gate, days: int) -> bool:
        if (ring, days) not in seen:
            later = weigh(traces, on + timedelta(days=days), policy, cite=False)
            seen[ring, days] = {line.gate: line.is_low for line in lines_of(ring, later, policy)}
        return seen[ring, days][gate]

    def lasting(ring: Ring, line: Line) -> int | None:
        if line.low is None or line.is_low:
            return None
        holds, falls = 0, policy.look_back  # by then every window is empty and all bars are above 0
        while falls - holds > 1:
            middle = (holds + falls) // 2
            if is_low(ring, line.gate, middle):
                falls = middle
            else:
                holds = middle
        return falls

    return lasting
