"""What is personal in our tables, declared field by field.

Every model of ours carries `personal = declare(…)` and names each of its fields once. A test walks all models: an undeclared
field fails. Export, erasure and masking read the same declarations, so a new field cannot be forgotten by one of them.
"""

from dataclasses import dataclass
from enum import StrEnum


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
