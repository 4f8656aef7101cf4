"""The ring policy as data: every bar, window, hold, share and sentence that headquarters may edit.

Defaults are those of the ring design: bars in 91-day windows, hysteresis 0.8 × four weekly runs (middle) and 0.7 × a quarter
(inner), which in a simulation of 20,000 members cut moves back and forth from 1.60 to 0.11 and 0.02 a member and year.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, get_type_hints

from tongxin.foundation.errors import Refused
from tongxin.people.facts import BY_CODE
from tongxin.rings.terms import Ring


@dataclass(frozen=True)
class MiddleBars:
    """What leads into the middle ring."""

    checkins: int = 1
    days: int = 4
    weeks: int = 3
    contribution: float = 10.0


@dataclass(frozen=True)
class InnerBars:
    """What makes a candidate for the inner ring. `violations` is the most that is allowed."""

    days: int = 20
    weeks: int = 8
    verified: int = 3
    verified_kinds: int = 2
    verified_weight: int = 5
    recognised_by: int = 5
    recognised_days: int = 7
    violations: int = 0
    contribution: float = 40.0


@dataclass(frozen=True)
class Windows:
    """Days looked back for each kind of evidence."""

    rhythm: int = 56
    presence: int = 91
    verified: int = 182
    recognition: int = 100
    violations: int = 91
    commitment: int = 365


@dataclass(frozen=True)
class MiddleExit:
    """Middle → outer: below `low_water` of every bar in `runs` weekly runs on end, after `stay_days`."""

    low_water: float = 0.8
    runs: int = 4
    stay_days: int = 28


@dataclass(frozen=True)
class InnerExit:
    """Inner → middle: below `low_water` of every bar at a review each `review_days`, the champion told `notice_days` before."""

    low_water: float = 0.7
    review_days: int = 91
    stay_days: int = 91
    notice_days: int = 14


@dataclass(frozen=True)
class Capacity:
    """Seats of the inner ring in a store: `share` of its middle ring, and never fewer than `at_least`."""

    share: float = 0.02
    at_least: int = 1
    invitation_days: int = 30
    override_days: int = 182


@dataclass(frozen=True)
class Counting:
    """Caps of min(1 + ln c, cap) for kinds of deeds where headquarters wants another than the closed list of deeds gives."""

    caps: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Strategy:
    """What we are to the people of a ring, in a sentence of headquarters."""

    outer: str = "让街坊认得我们、喜欢我们：周末市集、社区赞助、节日开放日。"
    middle: str = "让常来的人有事可做、有人可聊：会员课、主题社群、生活内容。"
    inner: str = "和最认同我们的人一起做：顾问团、新品测评、版主、联名产品。"


@dataclass(frozen=True)
class Budget:
    """Percent of the community budget per ring; sums to 100, each at least `floor`."""

    outer: int = 30
    middle: int = 45
    inner: int = 25
    floor: int = 15
    exploration: int = 10


@dataclass(frozen=True)
class PolicyBody:
    """One version of the policy."""

    middle: MiddleBars = MiddleBars()
    inner: InnerBars = InnerBars()
    windows: Windows = Windows()
    middle_exit: MiddleExit = MiddleExit()
    inner_exit: InnerExit = InnerExit()
    capacity: Capacity = Capacity()
    counting: Counting = Counting()
    strategy: Strategy = Strategy()
    budget: Budget = Budget()

    @property
    def look_back(self) -> int:
        """Days of the book that any of the windows can see (contribution fades inside them)."""
        seen = self.windows
        return max(
            seen.rhythm, seen.presence, seen.verified, seen.recognition, seen.violations, seen.commitment
        )

    def low_water(self, ring: Ring) -> float:
        """The share of a bar below which it counts as low, for somebody who is in `ring`."""
        return self.inner_exit.low_water if ring is Ring.INNER else self.middle_exit.low_water

    def seats(self, middle: int) -> int:
        """Seats of the inner ring for a store with `middle` members in its middle ring."""
        return max(self.capacity.at_least, int(middle * self.capacity.share + 1e-9))


DEFAULT = PolicyBody()

LONGEST_STRATEGY = 400
LONGEST_WINDOW = 730


def to_json(body: PolicyBody) -> dict[str, Any]:
    """The policy as plain JSON values."""
    return asdict(body)


def from_json(raw: Mapping[str, Any]) -> PolicyBody:
    """Read a policy from JSON; parts and numbers that are left out keep their default.

    Raises Refused `rings.policy_bad` for an unknown name, a wrong type or a number that makes no sense.
    """
    parts = get_type_hints(PolicyBody)
    _known("", raw, parts)
    read: dict[str, Any] = {name: _part(name, parts[name], value) for name, value in raw.items()}
    body = PolicyBody(**read)
    _sense(body)
    return body


def _known(where: str, raw: object, names: Mapping[str, Any]) -> None:
    if not isinstance(raw, Mapping):
        raise _bad(where or "policy", "应为一组名字和数值 · must be an object")
    for name in raw:
        if name not in names:
            raise _bad(f"{where}{name}", "没有这一项 · unknown")


def _part(name: str, kind: type, raw: object) -> object:
    hints = get_type_hints(kind)
    _known(f"{name}.", raw, hints)
    assert isinstance(raw, Mapping)
    return kind(**{key: _value(f"{name}.{key}", hints[key], value) for key, value in raw.items()})


def _value(where: str, kind: type, value: object) -> object:
    if kind is str:
        if isinstance(value, str) and len(value) <= LONGEST_STRATEGY:
            return value.strip()
        raise _bad(where, f"应为不超过 {LONGEST_STRATEGY} 字的文字 · must be text")
    if kind is int:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        raise _bad(where, "应为整数 · must be a whole number")
    if kind is float:
        return _number(where, value)
    _known(f"{where}.", value, value if isinstance(value, Mapping) else {})
    assert isinstance(value, Mapping)
    return {str(key): _number(f"{where}.{key}", item) for key, item in sorted(value.items())}


def _number(where: str, value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise _bad(where, "应为数字 · must be a number")


def _sense(body: PolicyBody) -> None:
    for part in (body.middle, body.inner):
        for bar in fields(part):
            lowest = 0 if bar.name == "violations" else 1
            _between(bar.name, getattr(part, bar.name), lowest, 10_000)
    for window in fields(body.windows):
        _between(f"windows.{window.name}", getattr(body.windows, window.name), 7, LONGEST_WINDOW)
    _between("middle_exit.low_water", body.middle_exit.low_water, 0.1, 1.0)
    _between("inner_exit.low_water", body.inner_exit.low_water, 0.1, 1.0)
    _between("middle_exit.runs", body.middle_exit.runs, 1, 26)
    for name, days in (
        ("middle_exit.stay_days", body.middle_exit.stay_days),
        ("inner_exit.stay_days", body.inner_exit.stay_days),
        ("inner_exit.notice_days", body.inner_exit.notice_days),
    ):
        _between(name, days, 0, 365)
    _between("inner_exit.review_days", body.inner_exit.review_days, 28, 365)
    _between(
        "capacity.share", body.capacity.share, 0.0, 0.02
    )  # the design's ceiling: 1–2 % of the middle ring
    _between("capacity.at_least", body.capacity.at_least, 0, 20)
    _between("capacity.invitation_days", body.capacity.invitation_days, 1, 91)
    _between("capacity.override_days", body.capacity.override_days, 1, 182)
    for kind, cap in body.counting.caps.items():
        if kind not in BY_CODE:
            raise _bad(f"counting.caps.{kind}", "不在行为清单里 · no such deed")
        _between(f"counting.caps.{kind}", cap, 1.0, 10.0)
    budget = body.budget
    _between("budget.floor", budget.floor, 0, 33)
    _between("budget.exploration", budget.exploration, 0, 100)
    for ring in Ring:
        _between(f"budget.{ring}", getattr(budget, ring), budget.floor, 100)
    if budget.outer + budget.middle + budget.inner != 100:
        raise _bad(
            "budget",
            f"三个圈层加起来要等于 100%，现在是 {budget.outer + budget.middle + budget.inner}% · must sum to 100",
        )


def _between(where: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:  # NaN fails here too
        raise _bad(where, f"应在 {low:g} 和 {high:g} 之间 · must lie between {low:g} and {high:g}")


def _bad(field_name: str, reason: str) -> Refused:
    return Refused("rings.policy_bad", field=field_name.rstrip("."), reason=reason)
