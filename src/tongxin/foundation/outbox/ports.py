"""What carries letters. Adapters stand in `connect/`, `project/wiring.py` lists them under their names."""

from dataclasses import dataclass
from typing import Any, Literal, Protocol
from uuid import UUID


@dataclass(frozen=True)
class Parcel:
    """What a carrier is given: a letter without its database row. `id` is the same at every attempt."""

    id: UUID
    kind: str
    to: str
    body: dict[str, Any]
    attempt: int


@dataclass(frozen=True)
class Outcome:
    """How it went. `failed` means certainly not delivered (tried again unless `final`); `unknown` means nobody can say.

    `detail` is a code or a status, never content.
    """

    state: Literal["sent", "failed", "unknown"]
    detail: str = ""
    final: bool = False


class Carrier(Protocol):
    """One way out.

    `dedupes` says that the receiver recognises a letter's id and shows it once however often it comes. Only then is a
    letter of unknown outcome sent again; otherwise it waits for somebody to say what happened.
    """

    @property
    def dedupes(self) -> bool:
        """May a letter come twice?"""
        ...

    def carry(self, letter: Parcel) -> Outcome:
        """Deliver one letter. Takes at most 15 seconds; outside any transaction."""
        ...
