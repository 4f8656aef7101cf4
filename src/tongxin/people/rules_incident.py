"""What is due after a leak, and until when: from the number of people, whether children are among them, and when we knew."""

from dataclasses import dataclass
from datetime import date, datetime

from tongxin.people.terms_incident import DUTIES, Duty


@dataclass(frozen=True)
class Due:
    """One duty with its end."""

    duty: Duty
    until: datetime
    late: bool


def due(*, known_at: datetime, now: datetime, people: int, children: bool, day: date) -> tuple[Due, ...]:
    """The duties that this incident has, the most urgent first. Who might be concerned counts as concerned."""
    asked = [
        one for one in DUTIES if one.since <= day and people >= one.least and (children or not one.children)
    ]
    found = [Due(one, known_at + one.within, now > known_at + one.within) for one in asked]
    return tuple(sorted(found, key=lambda one: (one.until, one.duty.code)))
