"""From traces (what the book holds of one person) to evidence (the numbers that the gates read).

S(t) = Σ_k w_k · Σ_days min(1 + ln c_kd, cap_k) · 2^(−(t−d)/h_k), where c_kd counts the deeds of kind k on day d: the first deed of a
day counts fully, a burst hardly more. D_W counts distinct active days in a window: a day counts once, whatever was done.
Each term is a whole number of billionths, so neither the order of rows nor the way they are added can change a bit of the answer.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from math import floor, log

from tongxin.rings.rules.policy import PolicyBody
from tongxin.rings.terms import Gate

CHECKED_IN = "checked_in"
SHOWN = 5  # evidence ids that a line cites at most
UNIT = 1_000_000_000  # of contribution


@dataclass(frozen=True, slots=True)
class Trace:
    """All deeds of one kind on one day. `day` is a proleptic ordinal (`date.toordinal`), `ids` cite rows of the book."""

    kind: str
    day: int
    weight: int
    half_life: int
    cap: float = 2.0
    count: int = 1
    verified: int = 0
    ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Recognition:
    """Another member replied, liked or accepted on a day. Staff, one's own household and devices are left out before this point."""

    day: int
    by: int
    id: int = 0


@dataclass(frozen=True, slots=True)
class Traces:
    """What is known of one person, as plain facts."""

    deeds: tuple[Trace, ...] = ()
    recognitions: tuple[Recognition, ...] = ()
    violations: tuple[tuple[int, int], ...] = ()  # (day, id) of upheld ones
    consented: bool = False
    personalise: bool = True
    staff: bool = False


@dataclass(frozen=True)
class Evidence:
    """The numbers that the gates read, on business day `on`.

    `contribution` is S, `commitment` is C (the heaviest deed of a year: which opportunity to offer next, never a gate).
    `personalise` False means that none of this may be used.
    """

    on: date
    consented: bool = False
    personalise: bool = True
    staff: bool = False
    checkins: int = 0
    days_56: int = 0
    weeks_56: int = 0
    days_91: int = 0
    weeks_91: int = 0
    contribution: float = 0.0
    verified: int = 0
    verified_kinds: int = 0
    recognised_by: int = 0
    recognised_days: int = 0
    violations: int = 0
    commitment: int = 0
    ids: tuple[tuple[str, tuple[int, ...]], ...] = ()
    traces: Traces | None = None

    def cited(self, gate: Gate) -> tuple[int, ...]:
        """Rows of the book behind one line, newest first, at most five."""
        return next((ids for name, ids in self.ids if name is gate), ())


def blank(on: date) -> Evidence:
    """A person of whom we know nothing but that they are there."""
    return Evidence(on=on, traces=Traces())


def factor(deed: Trace, policy: PolicyBody) -> float:
    """min(1 + ln c, cap): what the deeds of one kind on one day are worth in units of the first."""
    return min(1.0 + log(deed.count), policy.counting.caps.get(deed.kind, deed.cap))


def worth(deed: Trace, today: int, policy: PolicyBody) -> int:
    """What the deeds of one kind on one day are still worth on day `today`, in billionths."""
    left = deed.weight * factor(deed, policy) * 2.0 ** (-(today - deed.day) / deed.half_life)
    return floor(left * UNIT + 0.5)


def score(deeds: Iterable[Trace], today: int, policy: PolicyBody) -> float:
    """Decayed contribution S on day `today`; deeds of later days do not count."""
    return sum(worth(deed, today, policy) for deed in deeds if deed.weight > 0 and deed.day <= today) / UNIT


def weigh(traces: Traces, on: date, policy: PolicyBody, *, cite: bool = True) -> Evidence:
    """The evidence on day `on`. Somebody who switched personalisation off weighs exactly as a blank profile, staff as staff.

    `cite` False leaves the evidence ids out: a run over everybody needs them only for those who move.
    """
    if traces.staff:
        return Evidence(on=on, staff=True, traces=Traces(staff=True))
    if not traces.personalise:
        return replace(blank(on), personalise=False)
    if not (traces.deeds or traces.recognitions or traces.violations):
        return Evidence(on=on, consented=traces.consented, traces=traces)
    today, windows, look_back = on.toordinal(), policy.windows, policy.look_back
    active = [d for d in traces.deeds if d.weight > 0 and 0 <= today - d.day < look_back]
    rhythm = [d for d in active if today - d.day < windows.rhythm]
    presence = [d for d in active if today - d.day < windows.presence]
    verified = [
        d
        for d in active
        if d.verified and d.weight >= policy.inner.verified_weight and today - d.day < windows.verified
    ]
    heard = [r for r in traces.recognitions if 0 <= today - r.day < windows.recognition]
    broken = [v for v in traces.violations if 0 <= today - v[0] < windows.violations]
    return Evidence(
        on=on,
        consented=traces.consented,
        checkins=sum(d.count for d in presence if d.kind == CHECKED_IN),
        days_56=len({d.day for d in rhythm}),
        weeks_56=len({week(d.day) for d in rhythm}),
        days_91=len({d.day for d in presence}),
        weeks_91=len({week(d.day) for d in presence}),
        contribution=score(active, today, policy),
        verified=sum(d.verified for d in verified),
        verified_kinds=len({d.kind for d in verified}),
        recognised_by=len({r.by for r in heard}),
        recognised_days=len({r.day for r in heard}),
        violations=len(broken),
        commitment=max((d.weight for d in active if today - d.day < windows.commitment), default=0),
        ids=_cited((active, rhythm, presence, verified), heard, broken, today, policy) if cite else (),
        traces=traces,
    )


def week(day: int) -> int:
    """The number of the week (Monday to Sunday) that an ordinal day lies in."""
    return (day - 1) // 7  # ordinal 1 was a Monday


def _cited(
    deeds: tuple[list[Trace], list[Trace], list[Trace], list[Trace]],
    heard: list[Recognition],
    broken: list[tuple[int, int]],
    today: int,
    policy: PolicyBody,
) -> tuple[tuple[str, tuple[int, ...]], ...]:
    active, rhythm, presence, verified = deeds
    people = _top((r.day, r.id) for r in heard)
    return (
        (Gate.CHECKINS, _newest([d for d in presence if d.kind == CHECKED_IN])),
        (Gate.DAYS_56, _newest(rhythm, one_a_day=True)),
        (Gate.WEEKS_56, _newest(rhythm, one_a_day=True)),
        (Gate.CONTRIBUTION, _heaviest(active, today, policy)),
        (Gate.DAYS_91, _newest(presence, one_a_day=True)),
        (Gate.WEEKS_91, _newest(presence, one_a_day=True)),
        (Gate.VERIFIED, _newest(verified)),
        (Gate.VERIFIED_KINDS, _newest(verified)),
        (Gate.RECOGNISED_BY, people),
        (Gate.RECOGNISED_DAYS, people),
        (Gate.VIOLATIONS, _top(broken)),
    )


def _newest(deeds: list[Trace], *, one_a_day: bool = False) -> tuple[int, ...]:
    if not one_a_day:
        return _top((d.day, i) for d in deeds for i in d.ids)
    latest: dict[int, int] = {}
    for d in deeds:
        for i in d.ids:
            latest[d.day] = max(latest.get(d.day, 0), i)
    return _top(latest.items())


def _heaviest(deeds: list[Trace], today: int, policy: PolicyBody) -> tuple[int, ...]:
    worth = sorted((-score((d,), today, policy), -i) for d in deeds for i in d.ids)
    return tuple(-i for _, i in worth[:SHOWN])


def _top(pairs: Iterable[tuple[int, int]]) -> tuple[int, ...]:
    return tuple(i for _, i in sorted(set(pairs), reverse=True)[:SHOWN])
