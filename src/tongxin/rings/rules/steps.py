"""The nearest missing step: which deed, how many times, and proof that it would really open the gate.

Each offer is tried on a copy of the traces: n deeds of one kind, spaced as people do them, weighed on the day of the last one. Only a
step that flips the gate (or, failing that, a line of it) is named; nothing is promised that the rule would not keep.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from tongxin.people.facts import BY_CODE
from tongxin.rings.rules.gates import lines_of, met, missing
from tongxin.rings.rules.policy import PolicyBody
from tongxin.rings.rules.traces import Recognition, Trace, Traces, weigh
from tongxin.rings.terms import ORDER, Gate, Ring

CONSENT = "consent"
WAIT = "wait"
RECOGNISED = "recognised"
SOMEBODY_NEW = -1  # ids of people who are only imagined here are negative


@dataclass(frozen=True)
class Offer:
    """A deed that we may suggest towards a ring; `every` days apart when it takes several, `most` of them at most."""

    kind: str
    ring: Ring
    every: int
    most: int


# In the order in which we would rather suggest them.
OFFERS = (
    Offer(CONSENT, Ring.MIDDLE, 1, 1),
    Offer("checked_in", Ring.MIDDLE, 7, 8),
    Offer("posted", Ring.MIDDLE, 7, 8),
    Offer("co_hosted", Ring.INNER, 14, 6),
    Offer("answer_accepted", Ring.INNER, 7, 6),
    Offer("featured", Ring.INNER, 14, 6),
    Offer(RECOGNISED, Ring.INNER, 1, 12),
    Offer("checked_in", Ring.INNER, 7, 12),
    Offer("posted", Ring.INNER, 2, 20),
    Offer(WAIT, Ring.INNER, 1, 1),
)


@dataclass(frozen=True)
class Step:
    """Do `kind` `count` times, `every` days apart: then the gate to `ring` opens, or (`opens` False) the line `gate` is met.

    `days` is when the last of them would be done, `remaining` how many lines would still be missing then.
    """

    ring: Ring
    gate: Gate
    kind: str
    count: int
    every: int
    days: int
    opens: bool
    remaining: int


def nearest_step(traces: Traces, on: date, policy: PolicyBody, ring: Ring) -> Step | None:
    """The nearest step from `ring` inwards; None in the inner ring, for staff, or when nothing is missing."""
    if ring is Ring.INNER or traces.staff:
        return None
    target = ORDER[ring.step + 1]
    shut = missing(lines_of(target, weigh(traces, on, policy, cite=False), policy))
    if not shut:
        return None
    tried = [
        step
        for offer in OFFERS
        if offer.ring is target
        for step in (_try(offer, traces, on, policy, tuple(line.gate for line in shut)),)
        if step is not None
    ]
    # min() keeps the first of equals, so the order of OFFERS decides ties.
    return min(tried, key=lambda s: (not s.opens, s.kind == WAIT, s.count), default=None)


def _try(offer: Offer, traces: Traces, on: date, policy: PolicyBody, shut: tuple[Gate, ...]) -> Step | None:
    """The fewest of one offer that open the gate, else the fewest that mend one of its lines."""
    partial: Step | None = None
    for count in range(1, offer.most + 1):
        days, imagined = _with(offer, count, traces, on, policy)
        lines = lines_of(offer.ring, weigh(imagined, on + timedelta(days=days), policy, cite=False), policy)
        still = missing(lines)
        mended = [gate for gate in shut if any(line.gate is gate and line.met for line in lines)]
        if met(lines):
            return Step(offer.ring, mended[0], offer.kind, count, offer.every, days, opens=True, remaining=0)
        if mended and partial is None:
            partial = Step(
                offer.ring, mended[0], offer.kind, count, offer.every, days, opens=False, remaining=len(still)
            )
    return partial


def _with(offer: Offer, count: int, traces: Traces, on: date, policy: PolicyBody) -> tuple[int, Traces]:
    """How many days it takes, and the traces as they would be on the last of them."""
    today = on.toordinal()
    if offer.kind == CONSENT:
        return 0, replace(traces, consented=True)
    if offer.kind == WAIT:
        last = max((day for day, _ in traces.violations), default=today)
        return max(0, last + policy.windows.violations - today), traces
    days = (count - 1) * offer.every
    dates = range(today, today + days + 1, offer.every)
    if offer.kind == RECOGNISED:
        heard = tuple(Recognition(day, SOMEBODY_NEW - n) for n, day in enumerate(dates))
        return days, replace(traces, recognitions=traces.recognitions + heard)
    deeds = traces.deeds
    for day in dates:
        deeds = add_deed(deeds, offer.kind, day)
    return days, replace(traces, deeds=deeds)


def add_deed(deeds: tuple[Trace, ...], kind: str, day: int) -> tuple[Trace, ...]:
    """One more deed: a second of the same kind on one day counts as the rule counts it, hardly more."""
    fact = BY_CODE[kind]
    for place, deed in enumerate(deeds):
        if deed.kind == kind and deed.day == day:
            more = replace(deed, count=deed.count + 1, verified=deed.verified + 1)
            return (*deeds[:place], more, *deeds[place + 1 :])
    return (*deeds, Trace(kind, day, fact.weight, fact.half_life_days, fact.daily_cap, 1, 1))
