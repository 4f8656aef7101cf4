"""Events that do not take place: one or many, in as many statements. Everything that belongs to them goes in one transaction."""

from collections.abc import Sequence

from django.db.models import F

from tongxin.commerce import actions as commerce
from tongxin.events.actions import bookings, claims, kit_links
from tongxin.events.actions.letters import tell_all_of
from tongxin.events.models import Occurrence, Pool, Registration
from tongxin.events.terms import LIVE, Seat, State
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail_many
from tongxin.outreach import actions as outreach

ROOM = "events"
CODE = "event_cancelled"  # why letters, seats and fees ended


def call_off(*, viewer: Viewer, rows: Sequence[Occurrence], reason: str) -> None:
    """These drafts and published events, locked by the caller, are off: no seat can be taken from this instant, everybody is
    told, fees go back, vouchers not yet used are taken back.
    """
    if not rows:
        return
    now, keys = clock.now(), [row.pk for row in rows]
    # The pools first: whoever is registering at this moment has claimed before us, and is seen below, or cannot any more.
    claims.lock_pools(keys)
    Pool.objects.filter(occurrence__in=keys).update(opened=False)
    seen = [row for row in rows if row.state == State.PUBLISHED]
    Occurrence.objects.filter(pk__in=keys).update(
        state=State.CANCELLED,
        cancelled_at=now,
        changed_at=now,
        cancel_reason=reason,
        version=F("version") + 1,
        sequence=F("sequence") + 1,
    )
    for row in rows:
        row.state, row.cancelled_at, row.changed_at, row.cancel_reason = State.CANCELLED, now, now, reason
        row.version += 1
        row.sequence += 1
    if seen:
        names = [str(row.public_id) for row in seen]
        outreach.cancel_many(viewer=viewer, room=ROOM, keys=names, reason=CODE)
        tell_all_of(viewer=viewer, occurrences=seen, kind="events.cancelled", states=LIVE)
        commerce.refund_all_of(viewer=viewer, room=ROOM, keys=names, reason=CODE)
    live = Registration.objects.filter(occurrence__in=keys, state__in=LIVE)
    gone: dict[int, int] = dict.fromkeys(keys, 0)
    for key in live.values_list("occurrence", flat=True):
        gone[key] += 1
    live.update(state=Seat.REMOVED, ended_at=now, reason=CODE, version=F("version") + 1)
    Pool.objects.filter(occurrence__in=keys).update(taken=0, held=0)
    bookings.free(occurrences=rows)
    kit_links.cancelled(viewer, rows, CODE)
    trail_many(
        viewer=viewer,
        act="events.cancelled",
        rows=[((ROOM, "occurrence", str(row.public_id)), {"registrations": gone[row.pk]}) for row in rows],
        reason=reason,
    )
