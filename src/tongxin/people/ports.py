"""What upper rooms plug in: how they forget a person, and what they hold about one.

`project/wiring.py` lists the erasers in `ERASERS`; erasure and export of this room walk that list.
"""

from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID


@dataclass(frozen=True)
class Person:
    """All entries that are one person: ids and public ids of the survivor (first) and of those behind it, and their codes.

    `member_codes` are (source, code) pairs, for what is filed under the till's number.
    """

    ids: tuple[int, ...]
    public_ids: tuple[UUID, ...]
    member_codes: tuple[tuple[str, str], ...]


class Eraser(Protocol):
    """One upper room. Both calls happen inside the transaction of the erasure or export; files go by a task of the room."""

    room: str

    def erase(self, person: Person) -> int:
        """Forget the person; answers how many rows were touched. Doing it twice changes nothing."""
        ...

    def export(self, person: Person) -> dict[str, list[dict[str, Any]]]:
        """Everything the room holds about the person: table name → rows of plain JSON values."""
        ...
