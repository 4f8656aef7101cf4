"""An incident is drawn up: whom it concerns, what is due; the trail remembers that somebody did, with numbers only."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from tongxin.foundation import clock
from tongxin.foundation.access import SYSTEM, Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.people.queries.incident import Found, Scope, concerned
from tongxin.people.rules_incident import Due, due
from tongxin.people.terms_incident import Touched

DRAWERS = frozenset({SYSTEM, "admin"})


@dataclass(frozen=True)
class Incident:
    """The papers of an incident."""

    scope: Scope
    known_at: datetime
    drawn_at: datetime
    found: Found
    dues: tuple[Due, ...]

    def count(self, how: Touched) -> int:
        """How many people are concerned in this way."""
        return sum(one.how is how for one in self.found.people)


def draw_up_incident(*, viewer: Viewer, scope: Scope, known_at: datetime | None = None) -> Incident:
    """Look up whom it concerns and what is due until when; asked again, it is looked up anew. Refuses `forbidden`, `input.bad` for a
    scope without accounts, names or exports, or with a time that runs backwards.
    """
    if not viewer.roles & DRAWERS:
        raise Refused("forbidden")
    if not (scope.accounts or scope.members or scope.entries) or scope.since >= scope.until:
        raise Refused("input.bad", field="since" if scope.since >= scope.until else "members", reason="≥ 1")
    now = clock.now()
    knew = known_at or now
    with transaction.atomic():
        found = concerned(scope)
        made = Incident(
            scope,
            knew,
            now,
            found,
            due(
                known_at=knew,
                now=now,
                people=len(found.people),
                children=found.children > 0,
                day=clock.business_day(now),
            ),
        )
        trail(
            viewer=viewer,
            act="people.incident_drawn_up",
            subject=("people", "incident", f"{knew:%Y%m%dT%H%M%SZ}"),
            after={
                "people": len(found.people),
                "children": found.children,
                "entries": len(found.proofs),
                **{str(how): made.count(how) for how in Touched},
            },
        )
    return made
