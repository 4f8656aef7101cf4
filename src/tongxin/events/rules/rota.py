"""Whose turn it is: themes and hosts go round by the turn of a date, so skipping one moves nobody else."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Host:
    """A host: a member of staff or a member, by id; both None is nobody."""

    staff: int | None = None
    member: int | None = None


def turn_of(round_: Sequence[T], turn: int) -> T | None:
    """What a round says for a turn; None for an empty round."""
    return round_[turn % len(round_)] if round_ else None


def theme_of(themes: Sequence[str], turn: int) -> str:
    """The theme of a turn."""
    return turn_of(themes, turn) or ""


def host_of(hosts: Sequence[Host], turn: int, able: frozenset[Host] | None = None) -> Host:
    """The host of a turn. Somebody who left (not among `able`) is not replaced by the next: the place is open, and visible."""
    found = turn_of(hosts, turn)
    if found is None or (able is not None and found not in able):
        return Host()
    return found
