"""The training card: which version holds, and how far a champion is with it."""

import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from tongxin.champions.terms import Trained

FILE = Path(__file__).parents[1] / "training.toml"


@dataclass(frozen=True)
class Lesson:
    """One item of the card."""

    key: str
    zh: str
    en: str


@dataclass(frozen=True)
class Version:
    """The card from a day on; a mandatory one ends what was signed before."""

    number: int
    since: date
    mandatory: bool
    items: tuple[Lesson, ...]


@dataclass(frozen=True)
class Standing:
    """How far somebody is with the version that holds."""

    state: Trained
    version: int
    read: int
    of: int


@lru_cache(maxsize=1)
def shipped() -> tuple[Version, ...]:
    """The versions of the data file, oldest first."""
    rows = tomllib.loads(FILE.read_text(encoding="utf-8"))["versions"]
    return tuple(
        Version(row["number"], row["since"], row["mandatory"], tuple(Lesson(**item) for item in row["items"]))
        for row in rows
    )


def holding(versions: Sequence[Version], today: date) -> Version:
    """The newest version that has begun; before any, the first."""
    begun = [one for one in versions if one.since <= today]
    return max(begun or versions[:1], key=lambda one: one.number)


def standing(
    versions: Sequence[Version], today: date, read: Mapping[int, Collection[str]], signed: Collection[int]
) -> Standing:
    """What was read and signed against the version that holds. An earlier signature holds until a mandatory version begins."""
    now = holding(versions, today)
    keys = {item.key for item in now.items}
    done = len(keys & set(read.get(now.number, ())))
    least = max((one.number for one in versions if one.mandatory and one.number <= now.number), default=0)
    if any(least <= number <= now.number for number in signed):
        state = Trained.SIGNED
    elif done == len(keys):
        state = Trained.READ
    elif signed:
        state = Trained.RENEW
    else:
        state = Trained.READING if done else Trained.OPEN
    return Standing(state, now.number, done, len(keys))
