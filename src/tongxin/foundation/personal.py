"""What is personal in our tables, declared field by field.

Every model of ours carries `personal = declare(…)` and names each of its fields once. A test walks all models: an undeclared
field fails. Export, erasure and masking read the same declarations, so a new field cannot be forgotten by one of them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """How tender a value is."""

    NONE = "none"
    PERSONAL = "personal"
    SENSITIVE = "sensitive"
    CHILD = "child"


class Erase(StrEnum):
    """What erasure does with a value."""

    KEEP = (
        "keep"  # an opaque number that says nothing without its person, or a legal duty named in the purpose
    )
    BLANK = "blank"  # emptied in place
    DELETE_ROW = "delete"  # the whole row goes


@dataclass(frozen=True)
class Rule:
    """Class, purpose, retention, export and erase rule of one field."""

    kind: Kind
    purpose: str
    retention: str
    export: bool
    erase: Erase


NOTHING = Rule(Kind.NONE, "", "", export=False, erase=Erase.KEEP)

Declaration = dict[str, Rule]


def personal(purpose: str, retention: str, *, erase: Erase = Erase.BLANK, export: bool = True) -> Rule:
    """A field about a person."""
    return Rule(Kind.PERSONAL, purpose, retention, export, erase)


def sensitive(purpose: str, retention: str, *, erase: Erase = Erase.BLANK, export: bool = True) -> Rule:
    """A field whose leak harms: phone, secrets, health."""
    return Rule(Kind.SENSITIVE, purpose, retention, export, erase)


def child(purpose: str, retention: str, *, erase: Erase = Erase.DELETE_ROW, export: bool = True) -> Rule:
    """A field about a child, always a companion of a guardian."""
    return Rule(Kind.CHILD, purpose, retention, export, erase)


def declare(nothing: str = "", /, **fields: Rule) -> Declaration:
    """`declare("id created_at", nickname=personal("…", "…"))`: names first those that are not personal.

    Raises ValueError when a field is named twice.
    """
    names = nothing.split()
    if len(set(names)) != len(names) or set(names) & set(fields):
        raise ValueError("a field is declared twice")
    return dict.fromkeys(names, NOTHING) | fields


TEXTS = frozenset({"CharField", "TextField", "JSONField", "EmailField", "URLField", "SlugField"})
HASHES = ("_hash", "lookup", "tail")  # columns that hold a keyed hash and not the value


def undeclared(models: Iterable[type[Any]]) -> list[str]:
    """Every fault of the models' declarations, one line each; empty when all is well.

    Each column is declared exactly once and nothing else is; what is personal says what for and how long; what is about a
    child does not outlive an erasure; text whose leak harms is sealed (or a keyed hash).
    """
    return [fault for model in models for fault in _faults(model)]


def _faults(model: type[Any]) -> Iterator[str]:
    name = model._meta.label  # noqa: SLF001 (Django's public name for it)
    declared = getattr(model, "personal", None)
    if not isinstance(declared, dict):
        yield f"{name}: no declaration"
        return
    fields = {f.name: f for f in (*model._meta.concrete_fields, *model._meta.many_to_many)}  # noqa: SLF001 (as above)
    yield from (f"{name}.{field}: not declared" for field in sorted(set(fields) - set(declared)))
    yield from (
        f"{name}.{field}: declared, but there is no such field"
        for field in sorted(set(declared) - set(fields))
    )
    for field in sorted(set(fields) & set(declared)):
        yield from (f"{name}.{field}: {fault}" for fault in _rule_faults(fields[field], declared[field]))


def _rule_faults(field: Any, rule: Rule) -> Iterator[str]:
    if rule.kind == Kind.NONE:
        return
    if not rule.purpose or not rule.retention:
        yield "personal without purpose and retention"
    if rule.kind == Kind.CHILD and rule.erase == Erase.KEEP:
        yield "about a child and outlives an erasure"
    tender = rule.kind in {Kind.SENSITIVE, Kind.CHILD} and field.get_internal_type() in TEXTS
    if tender and not getattr(field, "sealed", False) and not field.name.endswith(HASHES):
        yield "tender text in the clear"
