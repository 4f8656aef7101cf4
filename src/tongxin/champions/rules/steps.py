"""The steps of a kit at one event: which day each is for, and which stand on the desk today."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from tongxin.champions.terms import STEPS_SHOWN


@dataclass(frozen=True)
class Step:
    """One line of a checklist at one event."""

    use: str
    key: str
    day: int
    title: str
    event: str
    on: date
    done: bool


def steps_of(
    use: str, event: str, held_on: date, content: Mapping[str, Any], done: Collection[str]
) -> list[Step]:
    """The checklist of a kit's content against the day of the event."""
    return [
        Step(
            use,
            row["key"],
            row["day"],
            row["title"],
            event,
            held_on + timedelta(days=row["day"]),
            row["key"] in done,
        )
        for row in content.get("checklist", ())
    ]


def on_desk(steps: Iterable[Step], today: date) -> list[Step]:
    """What is for today, done or not, and what is left of earlier days; the oldest first, a few."""
    shown = [step for step in steps if step.on == today or (step.on < today and not step.done)]
    return sorted(shown, key=lambda step: (step.on, step.event, step.key))[:STEPS_SHOWN]
