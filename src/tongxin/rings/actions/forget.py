"""Forgetting a person: the reasons go, the bare periods stay as numbers without a person."""

from typing import Any

from tongxin.foundation import clock
from tongxin.foundation.access import SYSTEM
from tongxin.people.ports import Person
from tongxin.rings.actions.periods import close, open_periods
from tongxin.rings.models import Invitation, Override, Placement, Standing, Thanks
from tongxin.rings.terms import LIVE_INVITATIONS, InvitationState, ThanksState


class RingsEraser:
    """What the rings hold of a person (people/ports.py: Eraser)."""

    room = "rings"

    def erase(self, person: Person) -> int:
        """Close the open periods, drop reasons, notes and standings; answers how many rows were touched."""
        now = clock.now()
        ended = list(open_periods(person.ids).values())
        close(ended, now)
        touched = len(ended)
        touched += Placement.objects.filter(customer__in=person.ids).exclude(reasons={}).update(reasons={})
        touched += Override.objects.filter(customer__in=person.ids).exclude(note="").update(note="")
        Override.objects.filter(customer__in=person.ids, ended_at=None).update(
            ended_at=now, ended_by=f"{SYSTEM}:erase"
        )
        touched += Invitation.objects.filter(customer__in=person.ids, state__in=LIVE_INVITATIONS).update(
            state=InvitationState.WITHDRAWN, closed_at=now, closed_by=f"{SYSTEM}:erase"
        )
        touched += (
            Invitation.objects.filter(customer__in=person.ids)
            .exclude(reason="", evidence=[])
            .update(reason="", evidence=[])
        )
        given = Thanks.objects.filter(customer__in=person.ids)
        touched += given.exclude(words="").update(words="")
        given.filter(state=ThanksState.PUBLIC).update(state=ThanksState.WITHDRAWN, answered_at=now)
        return touched + Standing.objects.filter(customer__in=person.ids).delete()[0]

    def export(self, person: Person) -> dict[str, list[dict[str, Any]]]:
        """The periods with their reasons, overrides and invitations: a person may know how they were placed."""
        placements = Placement.objects.filter(customer__in=person.ids).order_by("period", "id")
        overrides = Override.objects.filter(customer__in=person.ids).order_by("at", "id")
        invitations = Invitation.objects.filter(customer__in=person.ids).order_by("invited_at", "id")
        return {
            "placements": [
                {
                    "ring": row.ring,
                    "since": row.period.lower.isoformat(),
                    "until": None if row.period.upper is None else row.period.upper.isoformat(),
                    "cause": row.cause,
                    "reasons": row.reasons,
                }
                for row in placements
            ],
            "overrides": [
                {"ring": row.ring, "reason": row.reason, "note": row.note, "at": row.at.isoformat()}
                for row in overrides
            ],
            "invitations": [
                {
                    "state": row.state,
                    "at": row.invited_at.isoformat(),
                    "reason": row.reason,
                    "evidence": row.evidence,
                }
                for row in invitations
            ],
            "thanks": [
                {"kind": row.kind, "state": row.state, "words": row.words, "at": row.at.isoformat()}
                for row in Thanks.objects.filter(customer__in=person.ids).order_by("at", "id")
            ],
        }
