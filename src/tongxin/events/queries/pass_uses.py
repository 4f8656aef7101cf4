"""Who holds a pass of a series, and how much of it is used."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models.functions import Coalesce

from tongxin.events.models import Pass, Registration
from tongxin.events.queries.series import access_series
from tongxin.events.terms import LIVE
from tongxin.foundation import clock
from tongxin.foundation.access import Verb, Viewer
from tongxin.people import queries as people

NOTHING = (0, 0, 0, 0)


@dataclass(frozen=True)
class PassUse:
    """One pass: who holds it, how many dates it was taken for, on how many they came, missed, and still can come."""

    public_id: UUID
    person: UUID
    name: str
    taken_at: datetime
    given_back: bool
    dates: int
    came: int
    missed: int
    ahead: int


# One statement for a page of passes: its registrations, whether each was counted at the door, and whether its date is over.
_USES = """
SELECT r.taken_pass_id, count(*), count(a.id),
    count(*) FILTER (WHERE a.id IS NULL AND r.state = 'confirmed' AND o.ends_at <= %(now)s),
    count(*) FILTER (WHERE r.state IN ('applied', 'confirmed', 'offered') AND o.starts_at > %(now)s)
FROM events_registration r JOIN events_occurrence o ON o.id = r.occurrence_id
LEFT JOIN events_attendance a ON a.registration_id = r.id AND a.counted IS NOT NULL
WHERE r.taken_pass_id = ANY(%(passes)s) GROUP BY r.taken_pass_id
"""


def passes_taken(viewer: Viewer, series_id: UUID) -> int:
    """How many hold a pass of a series in reach. Refuses `absent`."""
    found = access_series(viewer, series_id)
    return Pass.objects.filter(series=found, given_back_at=None).count()


def dates_held(viewer: Viewer, occurrences: Sequence[int]) -> frozenset[int]:
    """Those of some occurrences for which the asking member is registered already."""
    if viewer.person is None:
        return frozenset()
    mine = Registration.objects.filter(
        person__in=people.cluster(viewer.person), occurrence__in=occurrences, state__in=LIVE
    )
    return frozenset(mine.values_list("occurrence", flat=True))


def pass_uses(viewer: Viewer, series_id: UUID, *, limit: int = 200) -> list[PassUse]:
    """Who holds passes of a series, the newest first, those given back at the end. Refuses `absent` for who does not organise there."""
    series = access_series(viewer, series_id, Verb.CHANGE)
    rows: list[Any] = list(
        Pass.objects.filter(series=series)
        .annotate(who=Coalesce("person__survivor__public_id", "person__public_id"))
        .annotate(name=Coalesce("person__survivor__nickname", "person__nickname"))
        .order_by("-id")[:limit]
    )
    with connection.cursor() as cursor:
        cursor.execute(_USES, {"now": clock.now(), "passes": [row.pk for row in rows]})
        used = {key: counts for key, *counts in cursor.fetchall()}
    made = [
        PassUse(
            row.public_id,
            row.who,
            row.name,
            row.taken_at,
            row.given_back_at is not None,
            *used.get(row.pk, NOTHING),
        )
        for row in rows
    ]
    return sorted(made, key=lambda one: one.given_back)
