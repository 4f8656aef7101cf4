"""Parent, mine, new: what an upgrade does with every field, and where somebody has to choose."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tongxin.foundation.errors import Refused
from tongxin.kits.rules.adapting import allowance, within
from tongxin.kits.rules.content import Value, fault_of, flat
from tongxin.kits.rules.naming import both, told
from tongxin.kits.terms import Allow, Choice, Clash, Step


@dataclass(frozen=True)
class Line:
    """One field of an upgrade. None stands for a field that a side has not. `may_keep` says whether mine could stay at all."""

    path: str
    words: tuple[str, str]
    parent: Value | None
    mine: Value | None
    new: Value | None
    step: Step
    clash: Clash | None = None

    @property
    def label(self) -> str:
        """The field in Chinese."""
        return self.words[0]

    @property
    def may_keep(self) -> bool:
        """Only where both sides changed a field and mine is still inside is there really a choice."""
        return self.clash is Clash.BOTH_CHANGED


def three_way(
    parent: Mapping[str, Any], overrides: Mapping[str, Value], new: Mapping[str, Any]
) -> tuple[Line, ...]:
    """Every field that changes or that the store had changed, in the new version's order, what is gone last."""
    before, after = flat(parent), flat(new)
    lines = []
    for path in [*after, *(gone for gone in before if gone not in after)]:
        old, coming, mine = before.get(path), after.get(path), overrides.get(path)
        if mine is None and old == coming:
            continue
        where = new if path in after else parent
        if mine is None:
            lines.append(Line(path, both(path, where), old, old, coming, Step.TAKES_NEW))
            continue
        step, clash = _verdict(new, path, old, mine, coming)
        lines.append(Line(path, both(path, where), old, mine, coming, step, clash))
    return tuple(lines)


def _verdict(
    new: Mapping[str, Any], path: str, old: Value | None, mine: Value, coming: Value | None
) -> tuple[Step, Clash | None]:
    if coming is None:
        return Step.CONFLICT, Clash.GONE
    if mine == coming:
        return Step.SAME, None
    allowed = allowance(new, path)
    if allowed.rule is Allow.LOCKED:
        return Step.CONFLICT, Clash.LOCKED
    if not within(allowed, coming, mine) or fault_of(path, mine):
        return Step.CONFLICT, Clash.OUT_OF_RANGE
    return (Step.KEEPS_MINE, None) if old == coming else (Step.CONFLICT, Clash.BOTH_CHANGED)


def settle(lines: tuple[Line, ...], choices: Mapping[str, str]) -> dict[str, Value]:
    """The overrides after the upgrade. Refuses `kits.conflicts` with every field that nobody chose for, `kits.locked` and
    `kits.out_of_range` for a choice that the new version does not leave."""
    open_ = [line for line in lines if line.step is Step.CONFLICT and line.path not in choices]
    if open_:
        raise Refused(
            "kits.conflicts",
            count=len(open_),
            fields="、".join(line.label for line in open_),
            fields_en=", ".join(line.words[1] for line in open_),
            paths=[line.path for line in open_],
        )
    kept: dict[str, Value] = {}
    for line in lines:
        if line.mine is None or line.new is None:
            continue
        if line.step is Step.KEEPS_MINE or (
            line.step is Step.CONFLICT and choices[line.path] == Choice.MINE and _may_keep(line)
        ):
            kept[line.path] = line.mine
    return kept


def _may_keep(line: Line) -> bool:
    if line.clash is Clash.LOCKED:
        raise Refused(
            "kits.locked",
            field=line.label,
            field_en=line.words[1],
            path=line.path,
            value=told(line.path, line.new),
        )
    if line.clash is Clash.OUT_OF_RANGE:
        raise Refused(
            "kits.out_of_range",
            field=line.label,
            field_en=line.words[1],
            path=line.path,
            range="新版的范围",
            range_en="what the new version allows",
            value=told(line.path, line.mine),
        )
    return line.may_keep
