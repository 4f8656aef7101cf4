"""What the engine says when it is given something it cannot use, or when it runs out of room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Fault:
    """One thing wrong with the input: where it stands, what was found, what would have been right."""

    where: str
    found: str
    allowed: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the fault as one line for a terminal."""
        tail = f" (allowed: {', '.join(self.allowed)})" if self.allowed else ""
        return f"{self.where}: {self.found}{tail}"


class BadInput(Exception):
    """The input cannot be used. Carries every fault that was found, not only the first.

    Examples
    --------
    >>> str(BadInput.one("design.period", "'day'", ("week", "four_weeks", "month")))
    "design.period: 'day' (allowed: week, four_weeks, month)"
    """

    def __init__(self, faults: list[Fault] | tuple[Fault, ...]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))

    @classmethod
    def one(cls, where: str, found: str, allowed: tuple[str, ...] = ()) -> Self:
        """Return a refusal with a single fault."""
        return cls((Fault(where, found, allowed),))


class OutOfRoom(BadInput):
    """The data did not fit into the memory or disk limit that was set; says what would help."""
