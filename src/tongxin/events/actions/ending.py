"""What becomes of an event when it is over: who had a place and did not come is written into the book."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef

from tongxin.commerce import actions as commerce
from tongxin.events.actions import claims, kit_links, reviews
from tongxin.events.actions.publishing import anchor_of, subject_of
from tongxin.events.models import Attendance, Occurrence, Pool, Registration
from tongxin.events.terms import LIVE, Seat, State
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.people import ledger
from tongxin.people.models import Deed
from tongxin.people.rules import DeedIn

ROOM = "events"
REST = timedelta(days=1)  # phones that were offline at the door hand in their scans first
MENDED = timedelta(days=14)  # scans that come later than this change nothing in the book by themselves
AT_ONCE = 500
CAME = Attendance.objects.filter(registration=OuterRef("pk"), counted__isnull=False)


def end_due(*, viewer: Viewer) -> int:
    """End every event that has been over for a day; answers how many. A nightly job."""
    due = Occurrence.objects.filter(state=State.PUBLISHED, ends_at__lte=clock.now() - REST).order_by("id")
    return sum(_end(viewer, pk) for pk in list(due.values_list("pk", flat=True)[:AT_ONCE]))


def _end(viewer: Viewer, occurrence: int) -> int:
    with transaction.atomic():
        event = claims.locked_occurrence(occurrence)
        claims.locked(event)
        if event.state != State.PUBLISHED:
            return 0
        now = clock.now()
        wishes = [seat for seat in LIVE if seat is not Seat.CONFIRMED]
        Registration.objects.filter(occurrence=event, state__in=wishes).update(
            state=Seat.CANCELLED,
            ended_at=now,
            reason="event_over",
            offered_until=None,
            version=F("version") + 1,
        )
        Pool.objects.filter(occurrence=event).update(opened=False, held=0)
        event.state = State.ENDED
        event.version += 1
        event.save(update_fields=["state", "version"])
        kit_links.held([event])
        missing = _no_shows(event)
        reviews.thank(viewer=viewer, event=event)
        trail(viewer=viewer, act="events.ended", subject=subject_of(event))
        if missing:
            trail(
                viewer=viewer,
                act="events.no_shows_written",
                subject=subject_of(event),
                after={"no_shows": missing},
            )
        if event.fee_fen:
            commerce.settle_no_shows(viewer=viewer, under=anchor_of(event), reason="event_over")
    return 1


def _no_shows(event: Occurrence) -> int:
    rows = Registration.objects.filter(occurrence=event, state=Seat.CONFIRMED).exclude(Exists(CAME))
    return ledger.write(
        [
            DeedIn(
                person=row.person_id,
                kind="no_show",
                occurred_at=event.ends_at,
                source_system=ROOM,
                source_id=no_show_key(row),
                subject=event.subject_id,
                store=event.store_id,
                community=event.community,
            )
            for row in rows.order_by("id")
        ]
    )


def no_show_key(row: Registration) -> str:
    """Under what the book knows that somebody did not come."""
    return f"no_show:{row.public_id}"


def mend_no_shows(*, viewer: Viewer) -> int:
    """Whose scan reached us after the end did come: their no-show is taken back; answers how many. A nightly job."""
    came = Registration.objects.filter(
        Exists(CAME),
        occurrence__state=State.ENDED,
        occurrence__ends_at__gte=clock.now() - MENDED,
    )
    wrong = Deed.objects.filter(
        source_system=ROOM, source_id__in=[no_show_key(row) for row in came], reverses=None
    ).exclude(pk__in=Deed.objects.filter(reverses__isnull=False, kind="no_show").values("reverses"))
    found = list(wrong.order_by("pk").values_list("pk", flat=True))
    for deed in found:
        ledger.reverse(viewer=viewer, deed_id=deed, reason="came_after_all")
    return len(found)
