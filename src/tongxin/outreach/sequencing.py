"""Who is in which arm of a sequence, and which of its steps are due when. Pure: both can be recomputed from the seed."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tongxin.foundation.draw.rules import ranking
from tongxin.outreach.terms_plans import Arm, GroupMood

ARMS = (Arm.A, Arm.B)


def arm_of(seed: str, unit: str, *, arms: int, held_permille: int) -> Arm:
    """The arm of one who comes by themselves: from the seed and the public id alone."""
    ticket = hashlib.sha256(f"{seed}|{unit}".encode()).digest()
    if int.from_bytes(ticket[:8]) % 1000 < held_permille:
        return Arm.HELD
    return ARMS[ticket[8] % arms]


def arms_of_groups(seed: str, groups: Sequence[str], *, arms: int, held_permille: int) -> dict[str, Arm]:
    """The arms of groups that are there from the beginning: down the ranking of a draw, so the arms are as equal as they can be.

    The first held_permille of a thousand are held out (at least one when there are ten or more), the others take turns.
    """
    ranked = ranking(sorted(groups), seed=seed)
    held = round(len(ranked) * held_permille / 1000)
    if held_permille and len(ranked) >= 10:
        held = max(held, 1)
    return {group: Arm.HELD if n < held else ARMS[(n - held) % arms] for n, group in enumerate(ranked)}


@dataclass(frozen=True)
class StepFacts:
    """When a step is said: on which day after the entry, at what time on the store's wall, to which arm and mood."""

    day: int
    at: time
    arm: str = ""
    mood: str = ""


def due_at(step: StepFacts, entered_at: datetime, zone: str) -> datetime:
    """The instant of a step for one who entered then. On the day of the entry itself never before the entry."""
    wall = ZoneInfo(zone)
    day = entered_at.astimezone(wall).date() + timedelta(days=step.day)
    due = datetime.combine(day, step.at, tzinfo=wall)
    return max(due, entered_at) if step.day == 0 else due


def entered_between(step: StepFacts, now: datetime, lasts: timedelta) -> tuple[date, date]:
    """Days of entry for which a step can be due and not yet too late, two zones' breadth wider: for a query to begin with."""
    return (
        (now - lasts - timedelta(days=step.day + 2)).date(),
        (now - timedelta(days=step.day) + timedelta(days=2)).date(),
    )


def suits(step: StepFacts, arm: Arm, mood: GroupMood = GroupMood.ANY) -> bool:
    """Is the step for this arm, and for a group in this mood? Who is held out is asked about every arm's first words: arm A's."""
    wanted = Arm.A if arm is Arm.HELD else arm
    return step.arm in {"", wanted} and step.mood in {"", mood}


def both_arms(steps: Iterable[StepFacts]) -> bool:
    """Has each arm something to hear?"""
    listed = list(steps)
    return all(any(step.arm in {"", arm} for step in listed) for arm in ARMS)
