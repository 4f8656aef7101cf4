"""What a store may change in a kit, and how far it has moved from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tongxin.foundation.errors import Refused
from tongxin.kits.rules.content import TIME, Value, fault_of, flat, put
from tongxin.kits.rules.faults import WRONG_TYPE, bad
from tongxin.kits.rules.naming import both, spoken, told
from tongxin.kits.terms import Allow


@dataclass(frozen=True)
class Allowance:
    """What is allowed at one path: a rule, and for a range its ends or its choices."""

    rule: Allow
    least: Value | None = None
    most: Value | None = None
    one_of: tuple[Value, ...] = ()

    def words(self, path: str = "", *, english: bool = False) -> str:
        """The range as people read it; of a path of money in yuan."""
        if self.one_of:
            return ("/" if english else "／").join(spoken(path, one) for one in self.one_of)
        if self.least is None or self.most is None:
            return f"{self.most} characters" if english else f"{self.most} 个字以内"
        return ("–" if english else "～").join(spoken(path, end) for end in (self.least, self.most))


LOCKED = Allowance(Allow.LOCKED)


def allowance(content: Mapping[str, Any], path: str) -> Allowance:
    """What a version allows at a path; what it does not name is locked."""
    raw = content["allow"].get(path)
    if raw is None:
        return LOCKED
    return Allowance(Allow(raw["rule"]), raw.get("least"), raw.get("most"), tuple(raw.get("one_of") or ()))


def within(allowed: Allowance, parent: Value, value: Value) -> bool:
    """Is a value inside what is allowed? The parent's own always is."""
    if value == parent:
        return True
    if type(value) is not type(parent) or allowed.rule is Allow.LOCKED:
        return False
    if allowed.rule is Allow.FREE:
        return True
    if allowed.one_of:
        return value in allowed.one_of
    if isinstance(value, str) and not (isinstance(parent, str) and TIME.fullmatch(parent)):
        return isinstance(allowed.most, int) and len(value) <= allowed.most
    return bool(allowed.least <= value <= allowed.most)  # type: ignore[operator]  # the ends are of the parent's type: `content._bounds`


def adapt(content: Mapping[str, Any], overrides: Mapping[str, Value]) -> dict[str, Value]:
    """The overrides that differ from the version, each looked at.

    Refuses `kits.no_field`, `kits.locked`, `kits.out_of_range` with the range, `kits.content` for a value of no sense.
    """
    values = flat(content)
    kept: dict[str, Value] = {}
    for path, value in sorted(overrides.items()):
        if path not in values:
            raise Refused("kits.no_field", field=str(path)[:60])
        if isinstance(value, bool) or type(value) is not type(values[path]):
            raise bad(path, WRONG_TYPE, content)
        _look(content, path, values[path], value)
        if value != values[path]:
            kept[path] = value
    return kept


def _look(content: Mapping[str, Any], path: str, parent: Value, value: Value) -> None:
    allowed, (zh, en) = allowance(content, path), both(path, content)
    if not within(allowed, parent, value):
        if allowed.rule is Allow.LOCKED:
            raise Refused("kits.locked", field=zh, field_en=en, path=path, value=told(path, parent))
        shown = (
            len(value) if allowed.least is None and isinstance(value, str) and not allowed.one_of else value
        )
        raise Refused(
            "kits.out_of_range",
            field=zh,
            field_en=en,
            path=path,
            range=allowed.words(path),
            range_en=allowed.words(path, english=True),
            least=allowed.least,
            most=allowed.most,
            value=told(path, shown),
        )
    if value != parent and (fault := fault_of(path, value)):
        raise bad(path, fault, content)


@dataclass(frozen=True)
class Drift:
    """One field in which a store differs from its version: by how much, where that can be said."""

    path: str
    words: tuple[str, str]
    parent: Value
    mine: Value
    rule: Allow

    @property
    def label(self) -> str:
        """The field in Chinese."""
        return self.words[0]

    @property
    def by(self) -> int | None:
        """The difference of numbers, None for words."""
        if isinstance(self.mine, int) and isinstance(self.parent, int):
            return self.mine - self.parent
        return None


def drift(content: Mapping[str, Any], overrides: Mapping[str, Value]) -> tuple[Drift, ...]:
    """In what a store differs from its version, in the version's order."""
    return tuple(
        Drift(path, both(path, content), value, overrides[path], allowance(content, path).rule)
        for path, value in flat(content).items()
        if path in overrides and overrides[path] != value
    )


def effective(content: Mapping[str, Any], overrides: Mapping[str, Value]) -> dict[str, Any]:
    """What the store really does: the version with its own values."""
    return put(content, overrides)
