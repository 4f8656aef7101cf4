"""What goes when its time is over, and what a merge of two entries leaves behind."""

from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Exists, F, Func, OuterRef, Q, TextField
from django.db.models.functions import Cast

from tongxin.events.actions import claims, letters, registering
from tongxin.events.models import (
    Attendance,
    BuyPlace,
    DoorConflict,
    Lottery,
    Occurrence,
    Participant,
    Registration,
    Scan,
    WaitLine,
)
from tongxin.events.terms import COMPANION_REST, DRAW_KEPT, LIVE, Seat
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.people.queries import cluster

ROOM = "events"
ANSWERS_KEPT = COMPANION_REST
# Of two places of one person the better one stays.
BEST_FIRST = (Seat.CONFIRMED, Seat.OFFERED, Seat.ENTERED, Seat.APPLIED, Seat.WAITING)

_TWICE = """
SELECT r.occurrence_id, coalesce(c.survivor_id, c.id) FROM events_registration r
JOIN people_customer c ON c.id = r.person_id JOIN events_occurrence o ON o.id = r.occurrence_id
WHERE r.state IN ('applied', 'entered', 'waiting', 'offered', 'confirmed') AND o.state = 'published' AND o.starts_at > %(now)s
    AND (%(one)s::bigint IS NULL OR o.id = %(one)s)
GROUP BY 1, 2 HAVING count(*) > 1 ORDER BY 1, 2
"""


def tidy_participants(*, viewer: Viewer) -> int:
    """Children and allergies of events long past go; answers how many. A nightly job."""
    with transaction.atomic():
        gone, _ = Participant.objects.filter(delete_on__lte=clock.business_day(clock.now())).delete()
        _told(viewer, "events.participants_tidied", gone)
    return gone


def tidy_answers(*, viewer: Viewer) -> int:
    """Answers given at registration go thirty days after the event; answers how many. A nightly job."""
    over = clock.now() - ANSWERS_KEPT - timedelta(days=1)
    with transaction.atomic():
        told = Registration.objects.filter(occurrence__ends_at__lt=over).annotate(
            raw=Cast("answers", TextField())
        )
        gone = Registration.objects.filter(pk__in=told.exclude(raw="").values("pk")).update(answers="")
        _told(viewer, "events.answers_tidied", gone)
    return gone


# What else knows a registration: such a row stays, under another public id, since the lot in the list follows from the old one.
_HANGS_ON = (WaitLine, Attendance, Scan, BuyPlace, DoorConflict)


def tidy_draws(*, viewer: Viewer) -> int:
    """Who got no seat in a draw is not kept longer than two years after it; answers how many. A nightly job.

    The published list stays and can still be recomputed. Nothing in this room says any more whose lot was which; what was booked
    or given to a winner stays with the books.
    """
    over = clock.now() - DRAW_KEPT
    with transaction.atomic():
        drawn = Lottery.objects.select_for_update(no_key=True).filter(
            Q(finished_at__lt=over) | Q(finished_at=None, draws_at__lt=over), tidied_at=None
        )
        keys = {row.pk: row.occurrence_id for row in drawn}
        left = Registration.objects.filter(occurrence__in=keys.values()).exclude(state=Seat.CONFIRMED)
        known = Q(number__isnull=False)
        for model in _HANGS_ON:
            known |= Q(Exists(model.objects.filter(registration=OuterRef("pk"))))
        renamed = left.filter(known).update(public_id=Func(function="gen_random_uuid"), answers="", reason="")
        gone = left.exclude(known).delete()[1].get("events.Registration", 0)
        Lottery.objects.filter(pk__in=keys).update(tidied_at=clock.now())
        _told(viewer, "events.draws_tidied", renamed + gone)
    return renamed + gone


def _told(viewer: Viewer, act: str, count: int) -> None:
    if count:
        trail(viewer=viewer, act=act, subject=(ROOM, "registration", "many"), after={"count": count})


def one_place_each(*, viewer: Viewer, occurrence: Occurrence | None = None) -> int:
    """Two entries that turned out to be one person keep one place, the better one; the other goes on. Answers how many went."""
    with connection.cursor() as cursor:
        cursor.execute(_TWICE, {"now": clock.now(), "one": occurrence.pk if occurrence else None})
        twice = cursor.fetchall()
    return sum(_keep_one(viewer, event, person) for event, person in twice)


def _keep_one(viewer: Viewer, occurrence: int, person: int) -> int:
    with transaction.atomic():
        event = claims.locked_occurrence(occurrence)
        rows = list(
            Registration.objects.filter(occurrence=event, state__in=LIVE)
            .filter(person__in=cluster(person))
            .order_by("registered_at", "id")
        )
        rows.sort(key=lambda row: BEST_FIRST.index(Seat(row.state)))
        for row in rows[1:]:
            registering.cancel_registration(viewer=viewer, registration_id=row.public_id, reason="merged")
        if len(rows) > 1:
            # Withdrawing letters of the one took those of the other along: say again where the kept one stands.
            Registration.objects.filter(pk=rows[0].pk).update(version=F("version") + 1)
            kept = Registration.objects.select_related("occurrence__store").get(pk=rows[0].pk)
            letters.tell(viewer=viewer, registration=kept)
    return max(len(rows) - 1, 0)
