"""Strikes that fade, and how long somebody keeps silent for the next one. Numbers come from the policy in force on the day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Ladder:
    """How long a strike counts, and the pause that follows the first, second, third … one that still counts."""

    counts_for: timedelta
    pauses: tuple[timedelta, ...]


def standing(strikes: Iterable[datetime], ladder: Ladder, now: datetime) -> tuple[datetime, ...]:
    """The strikes that still count, oldest first."""
    return tuple(sorted(at for at in strikes if at <= now < at + ladder.counts_for))


def pause_after(strikes: Iterable[datetime], ladder: Ladder, now: datetime) -> timedelta:
    """How long the author of one more strike now is muted; nothing for the first one when the ladder says so."""
    count = len(standing(strikes, ladder, now))
    return ladder.pauses[min(count, len(ladder.pauses) - 1)]


def clean_from(strikes: Iterable[datetime], ladder: Ladder, now: datetime) -> datetime | None:
    """When the last strike stops counting; None when none does."""
    live = standing(strikes, ladder, now)
    return live[-1] + ladder.counts_for if live else None
