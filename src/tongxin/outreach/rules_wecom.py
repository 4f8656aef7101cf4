"""Rules of live codes: what a code carries, which groups stand behind it, which store is nearest. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt

from tongxin.outreach.terms_wecom import LONGEST_STATE

FULL = 200  # members at which the platform takes nobody in by a code any more (row 13)
ALMOST = 190  # a group this full goes to the back: who scans together should land together
BEHIND_A_CODE = 5
EARTH_KM = 6371.0


@dataclass(frozen=True)
class Room:
    """A group that could stand behind a code."""

    chat: str
    members: int
    opened: float


def carried(store: int, event: str, code: str) -> str:
    """What a code carries through the platform: store and event, and which code it is. At most thirty characters."""
    return f"{store}-{event.replace('-', '')[:8] or '0'}-{code}"[:LONGEST_STATE]


def store_of(state: str) -> int | None:
    """The store that a state names; None for one that we did not make."""
    head = state.partition("-")[0]
    return int(head) if head.isdigit() else None


def behind(rooms: Sequence[Room], *, full: int = FULL) -> list[str]:
    """Up to five groups for a code: the fullest that still has room first, almost full ones after, full ones never."""
    open_ = [room for room in rooms if room.members < full]
    almost = full - (FULL - ALMOST) if full > FULL - ALMOST else full
    ranked = sorted(open_, key=lambda room: (room.members >= almost, -room.members, room.opened, room.chat))
    return [room.chat for room in ranked[:BEHIND_A_CODE]]


def apart(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Kilometres between two points (latitude, longitude) on the sphere."""
    (a, b), (c, d) = one, other
    north, east = radians(c - a), radians(d - b)
    inside = sin(north / 2) ** 2 + cos(radians(a)) * cos(radians(c)) * sin(east / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(min(1.0, inside)))
