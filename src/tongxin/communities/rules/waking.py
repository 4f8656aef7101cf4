"""What one could write to somebody who has become quiet: warm, short, no guilt, and the door stays open."""

from dataclasses import dataclass
from enum import StrEnum


class Quiet(StrEnum):
    """How quiet a member is, by her own rhythm."""

    AT_RISK = "at_risk"
    DORMANT = "dormant"


QUIET: dict[Quiet, tuple[str, str]] = {
    Quiet.AT_RISK: ("比平时安静", "quieter than usual"),
    Quiet.DORMANT: ("沉睡", "dormant"),
}

_COPY: dict[Quiet, tuple[str, str]] = {
    Quiet.AT_RISK: (
        "{name}，上次你{did}，大家还记得。「{community}」这几天有新话题，来看看？",
        "{name}, we remember how you {did}. There is something new in “{community}” these days: come and see?",
    ),
    Quiet.DORMANT: (
        "{name}，「{community}」一直给你留着位子。想来随时来，不想收到就回一声，我就不打扰了。",
        "{name}, your place in “{community}” is kept. Come whenever you like; say so if you would rather not hear from us.",
    ),
}
_PLAIN = ("来过", "were here")


@dataclass(frozen=True)
class Waking:
    """The copy in both languages."""

    zh: str
    en: str


def waking(quiet: Quiet, *, name: str, community: str, did: tuple[str, str] | None) -> Waking:
    """The words for one person; `did` is the last thing she did, as the list of deeds says it."""
    done = did or _PLAIN
    zh, en = _COPY[quiet]
    return Waking(
        zh.format(name=name or "你好", community=community, did=done[0]),
        en.format(name=name or "Hello", community=community, did=done[1]),
    )


def arrived(ratio: float, at_risk: float, dormant: float) -> Quiet | None:
    """The state of a gap ratio.

    >>> [arrived(ratio, 2.0, 4.0) for ratio in (1.9, 2.1, 4.1)]
    [None, <Quiet.AT_RISK: 'at_risk'>, <Quiet.DORMANT: 'dormant'>]
    """
    if ratio > dormant:
        return Quiet.DORMANT
    return Quiet.AT_RISK if ratio > at_risk else None
