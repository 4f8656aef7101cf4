"""What is known about one community: people by place in one list, and what they did, as arrays.

Persons 0 … n − 1 are members and everybody they touch. A part that is None is not known; its components are then left out.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from tongxin.compass.errors import BadInput

WINDOW = 91
SETTLED = 28
#: contacts by channel
CONTACTS = ("reply", "answer", "accepted", "referral")
OUTPUTS = ("featured", "accepted", "saved", "adopted", "ritual")
#: deeds that cost nothing, whoever is rewarded for them or not
CHEAP = ("like",)


@dataclass(frozen=True)
class Deeds:
    """Deeds of the window: who, on which day, of which kind, and whether something was given for it."""

    person: np.ndarray
    day: np.ndarray
    kind: np.ndarray
    rewarded: np.ndarray


@dataclass(frozen=True)
class Registrations:
    """Registrations of the window and whether the person came."""

    person: np.ndarray
    came: np.ndarray


@dataclass(frozen=True)
class Attendance:
    """Who was at which event on which day, back to a year."""

    person: np.ndarray
    event: np.ndarray
    day: np.ndarray


@dataclass(frozen=True)
class Contacts:
    """Who turned to whom, by a kind of `CONTACTS`, back to a year; `accepted`: `source` accepted `target`'s answer."""

    source: np.ndarray
    target: np.ndarray
    kind: np.ndarray
    day: np.ndarray


@dataclass(frozen=True)
class Invitees:
    """New people by first inviter; `identity` of device, payer or phone; `acted` day of a check-in or a settled purchase, −1 for none."""

    inviter: np.ndarray
    identity: np.ndarray
    joined: np.ndarray
    acted: np.ndarray


@dataclass(frozen=True)
class Reads:
    """Readers of shared things: sharer, identity of the reader, how many hands it went through (1 = direct), seconds."""

    sharer: np.ndarray
    reader: np.ndarray
    depth: np.ndarray
    dwell: np.ndarray


@dataclass(frozen=True)
class Outputs:
    """What came out: author, kind of `OUTPUTS`, which content (near copies share a number), who accepted or saved it (−1)."""

    person: np.ndarray
    kind: np.ndarray
    content: np.ndarray
    other: np.ndarray
    day: np.ndarray


@dataclass(frozen=True)
class Premium:
    """Members' full-price share minus that of matched controls, with its standard error: from a study."""

    value: float
    se: float


@dataclass(frozen=True)
class CommunityFacts:
    """Facts of one community on one day.

    Attributes
    ----------
    joined : int array, shape (n,)
        Day since 1970 on which a person joined this community; −1 for people outside it.
    staff, host : bool arrays, shape (n,)
        Staff never count; hosts (champions) are members but leave the graph when host independence is asked.
    identity : int array, shape (n,)
        Device, payer or phone, in the same numbers as `Invitees.identity` and `Reads.reader`.
    place : int array, shape (n,)
        Store or group of a person; −1 unknown.
    """

    code: str
    kind: str
    as_of: int
    opened: int
    joined: np.ndarray
    staff: np.ndarray
    host: np.ndarray
    identity: np.ndarray
    place: np.ndarray
    deeds: Deeds | None = None
    registrations: Registrations | None = None
    attendance: Attendance | None = None
    contacts: Contacts | None = None
    invitees: Invitees | None = None
    reads: Reads | None = None
    outputs: Outputs | None = None
    premium: Premium | None = None

    def __post_init__(self) -> None:
        """Check shapes and places once, at the door."""
        n = len(self.joined)
        for name in ("staff", "host", "identity", "place"):
            if getattr(self, name).shape != (n,):
                raise BadInput.one(
                    f"facts.{name}", f"{getattr(self, name).shape}", (f"one value for {n} people",)
                )
        for name, ends in _ENDS.items():
            part = getattr(self, name)
            if part is None:
                continue
            if len({getattr(part, each.name).shape for each in fields(part)}) != 1:
                raise BadInput.one(f"facts.{name}", "columns of different length", ("one value a row",))
            for end in ends:
                column = getattr(part, end)
                if len(column) and (column.min() < 0 or column.max() >= n):
                    raise BadInput.one(
                        f"facts.{name}.{end}", "somebody who is not in the list", (f"0 to {n - 1}",)
                    )

    @property
    def eligible(self) -> np.ndarray:
        """Places of members who are not staff and joined at least 28 days ago."""
        inside = (self.joined >= 0) & (self.joined <= self.as_of - SETTLED) & ~self.staff
        return np.flatnonzero(inside)

    def keeping(self, members: np.ndarray) -> CommunityFacts:
        """The same world with only these members in the community; the others become people outside it."""
        joined = np.full_like(self.joined, -1)
        joined[members] = self.joined[members]
        return replace(self, joined=joined)


_ENDS = {
    "deeds": ("person",),
    "registrations": ("person",),
    "attendance": ("person",),
    "contacts": ("source", "target"),
    "invitees": ("inviter",),
    "reads": ("sharer",),
    "outputs": ("person",),
}
