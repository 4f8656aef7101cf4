"""How this room forgets a person and says what it holds: plugged into `people` by `project/wiring.py`."""

from typing import Any

from tongxin.champions.models import Invite
from tongxin.champions.terms import WHY_SAID, InviteReason
from tongxin.people.ports import Person


class ChampionsEraser:
    """`ERASERS = (…, ChampionsEraser())`."""

    room = "champions"

    def erase(self, person: Person) -> int:
        """That somebody was to be invited, and why, goes."""
        return Invite.objects.filter(person__in=person.ids).delete()[0]

    def export(self, person: Person) -> dict[str, list[dict[str, Any]]]:
        """When and why a person was to be invited, and what became of it."""
        return {
            "invitations": [
                {
                    "day": row.day.isoformat(),
                    "why": row.why,
                    "said": WHY_SAID[InviteReason(row.why)][0].format(**row.facts),
                    "facts": row.facts,
                    "outcome": row.outcome,
                    "done_at": row.done_at.isoformat() if row.done_at else None,
                }
                for row in Invite.objects.filter(person__in=person.ids).order_by("id")
            ]
        }
