"""Which version of the rules somebody must have accepted to be active."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Version:
    """One version of the rules of the house."""

    number: int
    mandatory: bool
    takes_effect_at: datetime


def required(versions: Iterable[Version], now: datetime) -> int:
    """The newest mandatory version in effect, 0 when there is none. A later one includes the earlier."""
    return max(
        (one.number for one in versions if one.mandatory and one.takes_effect_at <= now),
        default=0,
    )


def coming(versions: Iterable[Version], now: datetime) -> Version | None:
    """The mandatory version that will take effect next: members may accept it before."""
    ahead = [one for one in versions if one.mandatory and one.takes_effect_at > now]
    return min(ahead, key=lambda one: (one.takes_effect_at, one.number), default=None)


def active(*, needs: int, accepted: int) -> bool:
    """May this member take part? Nobody does with an unaccepted mandatory version."""
    return accepted >= needs
