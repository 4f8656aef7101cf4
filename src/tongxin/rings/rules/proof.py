"""What an explanation must be able to prove: the evidence behind a met line meets it alone, and the named set of steps opens the gate.

Judged on the gates of entry, without low-water marks. Both are tried on copies of the traces with the same rule that places people.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TypeVar

from tongxin.rings.rules.gates import Line, lines_of, missing
from tongxin.rings.rules.policy import PolicyBody
from tongxin.rings.rules.steps import CONSENT, RECOGNISED, SOMEBODY_NEW, WAIT, add_deed
from tongxin.rings.rules.traces import CHECKED_IN, Recognition, Trace, Traces, week, weigh
from tongxin.rings.terms import ORDER, Gate, Ring

MOST_ROUNDS = 200


@dataclass(frozen=True)
class Planned:
    """Do `kind` `count` times, `every` days apart, the last of them on the day of the whole plan."""

    kind: str
    count: int
    every: int


@dataclass(frozen=True)
class Plan:
    """All steps together: done within `days`, they meet every line of `ring` (inner: make a candidate)."""

    ring: Ring
    steps: tuple[Planned, ...]
    days: int


# Which deed mends a line, and how often one may do it; the first is asked for first.
REMEDIES: dict[Ring, dict[Gate, tuple[str, int]]] = {
    Ring.MIDDLE: {
        Gate.CONSENT: (CONSENT, 1),
        Gate.CHECKINS: (CHECKED_IN, 7),
        Gate.DAYS_56: (CHECKED_IN, 7),
        Gate.WEEKS_56: (CHECKED_IN, 7),
        Gate.CONTRIBUTION: (CHECKED_IN, 7),
    },
    Ring.INNER: {
        Gate.VIOLATIONS: (WAIT, 1),
        Gate.VERIFIED: ("co_hosted", 14),
        Gate.VERIFIED_KINDS: ("answer_accepted", 7),
        Gate.RECOGNISED_BY: (RECOGNISED, 2),
        Gate.RECOGNISED_DAYS: (RECOGNISED, 2),
        Gate.WEEKS_91: (CHECKED_IN, 7),
        Gate.DAYS_91: ("posted", 2),
        Gate.CONTRIBUTION: ("co_hosted", 14),
    },
}
OTHER_KIND = "featured"


def plan_to(traces: Traces, on: date, policy: PolicyBody, ring: Ring) -> Plan | None:
    """The set of steps from `ring` inwards that meets every line together; None in the inner ring, for staff and where nothing helps.

    An empty plan means that nothing is missing.
    """
    if ring is Ring.INNER or traces.staff or not traces.personalise:
        return None
    target = ORDER[ring.step + 1]
    counts: dict[str, int] = {}
    for _ in range(MOST_ROUNDS):
        days = _days(counts, target, traces, on, policy)
        shut = missing(
            lines_of(
                target,
                weigh(
                    _imagined(counts, target, days, traces, on), on + timedelta(days=days), policy, cite=False
                ),
                policy,
            )
        )
        if not shut:
            return Plan(target, tuple(_said(kind, n, target) for kind, n in counts.items()), days)
        kind = _remedy(target, shut, counts)
        if kind == CONSENT and counts.get(CONSENT):
            return None
        counts[kind] = counts.get(kind, 0) + 1
    return None


def _remedy(target: Ring, shut: Sequence[Line], counts: dict[str, int]) -> str:
    """What to do next about the first of the missing lines, in the order of the list."""
    gates = {line.gate for line in shut}
    gate = next(gate for gate in REMEDIES[target] if gate in gates)
    kind = REMEDIES[target][gate][0]
    if gate is Gate.VERIFIED_KINDS and counts.get(kind):
        return OTHER_KIND
    if kind == WAIT and counts.get(WAIT):  # a wait is done once; then the next line
        rest = [one for one in REMEDIES[target] if one in gates and one is not gate]
        return REMEDIES[target][rest[0]][0] if rest else CHECKED_IN
    return kind


def _every(kind: str, ring: Ring) -> int:
    return next((every for name, every in REMEDIES[ring].values() if name == kind), 14)


def _said(kind: str, count: int, ring: Ring) -> Planned:
    return Planned(kind, count, _every(kind, ring))


def _days(counts: dict[str, int], ring: Ring, traces: Traces, on: date, policy: PolicyBody) -> int:
    days = [(n - 1) * _every(kind, ring) for kind, n in counts.items() if kind not in (CONSENT, WAIT)]
    if counts.get(WAIT):
        last = max((day for day, _ in traces.violations), default=on.toordinal())
        days.append(max(0, last + policy.windows.violations - on.toordinal()))
    return max(days, default=0)


def _imagined(counts: dict[str, int], ring: Ring, days: int, traces: Traces, on: date) -> Traces:
    """The traces as they would be on the last day, everything done as late as it may be."""
    deeds, heard = traces.deeds, traces.recognitions
    end = on.toordinal() + days
    for kind, n in counts.items():
        if kind in (CONSENT, WAIT):
            continue
        dates = [end - place * _every(kind, ring) for place in range(n)]
        if kind == RECOGNISED:
            heard += tuple(Recognition(day, SOMEBODY_NEW - place) for place, day in enumerate(dates))
        else:
            for day in dates:
                deeds = add_deed(deeds, kind, day)
    return replace(
        traces, deeds=deeds, recognitions=heard, consented=traces.consented or bool(counts.get(CONSENT))
    )


def witness(traces: Traces, on: date, policy: PolicyBody, gate: Gate) -> Traces:
    """The evidence that one line names, and nothing else: enough deeds or voices, newest first, to meet that line by themselves."""
    evidence = weigh(traces, on, policy, cite=False)
    alone = Traces(consented=traces.consented)
    today = on.toordinal()
    windows, inner = policy.windows, policy.inner
    if gate in (Gate.KNOWN, Gate.CONSENT):
        return alone
    if gate is Gate.VIOLATIONS:
        return replace(alone, violations=traces.violations)
    if gate in (Gate.RECOGNISED_BY, Gate.RECOGNISED_DAYS):
        heard = [r for r in traces.recognitions if 0 <= today - r.day < windows.recognition]
        if gate is Gate.RECOGNISED_BY:
            return replace(alone, recognitions=_first(heard, inner.recognised_by, key=lambda r: r.by))
        return replace(alone, recognitions=_first(heard, inner.recognised_days, key=lambda r: r.day))
    kept = [d for d in traces.deeds if d.weight > 0 and 0 <= today - d.day < policy.look_back]
    if gate is Gate.CONTRIBUTION:
        return replace(alone, deeds=tuple(kept))  # a sum needs all that it adds up
    if gate is Gate.CHECKINS:
        near = [d for d in kept if d.kind == CHECKED_IN and today - d.day < windows.presence]
        return replace(alone, deeds=_first(near, evidence.checkins, key=lambda d: d.day))
    if gate in (Gate.VERIFIED, Gate.VERIFIED_KINDS):
        near = [
            d
            for d in kept
            if d.verified and d.weight >= inner.verified_weight and today - d.day < windows.verified
        ]
        if gate is Gate.VERIFIED:
            return replace(alone, deeds=_first(near, inner.verified, key=lambda d: (d.kind, d.day)))
        return replace(alone, deeds=_first(near, inner.verified_kinds, key=lambda d: d.kind))
    window = windows.rhythm if gate in (Gate.DAYS_56, Gate.WEEKS_56) else windows.presence
    bars = {
        Gate.DAYS_56: policy.middle.days,
        Gate.WEEKS_56: policy.middle.weeks,
        Gate.DAYS_91: inner.days,
        Gate.WEEKS_91: inner.weeks,
    }
    by_week = gate in (Gate.WEEKS_56, Gate.WEEKS_91)
    near = [d for d in kept if today - d.day < window]
    return replace(
        alone, deeds=_first(near, bars[gate], key=(lambda d: week(d.day)) if by_week else (lambda d: d.day))
    )


Row = TypeVar("Row", Trace, Recognition)


def _first(rows: Sequence[Row], bar: int, *, key: Callable[[Row], Hashable]) -> tuple[Row, ...]:
    """Of the newest, one for each value of the key, as many as the bar asks for."""
    found: dict[Hashable, Row] = {}
    for row in sorted(rows, key=lambda r: -r.day):
        if len(found) >= bar:
            break
        found.setdefault(key(row), row)
    return tuple(found.values())


def stands_alone(traces: Traces, on: date, policy: PolicyBody, line: Line, ring: Ring) -> bool:
    """Does the named evidence alone meet the line?"""
    shown = weigh(witness(traces, on, policy, line.gate), on, policy, cite=False)
    return next(one for one in lines_of(ring, shown, policy) if one.gate is line.gate).met


def opens(plan: Plan, traces: Traces, on: date, policy: PolicyBody) -> bool:
    """Tried once more from the named steps alone: do they meet every line?"""
    counts = {step.kind: step.count for step in plan.steps}
    after = _imagined(counts, plan.ring, plan.days, traces, on)
    return not missing(
        lines_of(plan.ring, weigh(after, on + timedelta(days=plan.days), policy, cite=False), policy)
    )
