"""Places kept for a ring or a tag: kept, changed, and released to everybody when their time has come."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from tongxin.events import queries
from tongxin.events.actions import claims, waiting
from tongxin.events.models import Occurrence, Pool
from tongxin.events.terms import Admission, State
from tongxin.foundation import clock
from tongxin.foundation.access import Verb, Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused

ROOM = "events"
AT_ONCE = 500
KINDS = ("ring:", "tag:")


def allot(
    *,
    viewer: Viewer,
    event_id: UUID,
    version: int,
    audience: str,
    size: int,
    release_at: datetime | None = None,
) -> Pool:
    """Keep `size` of the event's places for an audience ("ring:middle", "tag:…"), or change how many are kept.

    The places come from the common pool and go back to it; the sum stays. Refuses `absent`, `edit.stale`, `events.state`,
    `events.not_lottery` for a draw, `events.full` when the common pool has too few free, `events.size_below_taken`, `input.bad`.
    """
    if not audience.startswith(KINDS) or audience in KINDS:
        raise Refused("input.bad", field="audience", reason="ring:… / tag:…")
    with transaction.atomic():
        found = claims.locked_occurrence(queries.access_event(viewer, event_id, Verb.CHANGE).pk)
        if found.version != version:
            raise Refused("edit.stale", version=found.version)
        if found.state not in {State.DRAFT, State.PUBLISHED}:
            raise Refused("events.state")
        if found.admission == Admission.LOTTERY:
            raise Refused("events.draw_frozen")
        pools = {pool.audience: pool for pool in claims.locked(found)}
        common, kept = pools[""], pools.get(audience)
        if kept is None:
            kept = Pool.objects.create(
                occurrence=found, audience=audience, size=0, opened=common.opened, schedule=common.schedule
            )
        before = kept.size
        if size < kept.taken + kept.held:
            raise Refused("events.size_below_taken", taken=kept.taken + kept.held)
        if size - kept.size > common.size - common.taken - common.held:
            raise Refused("events.full")
        claims.shift(common, kept, size - kept.size)
        kept.release_at, kept.released_at = release_at, None
        kept.save(update_fields=["release_at", "released_at"])
        found.version += 1
        found.save(update_fields=["version"])
        trail(
            viewer=viewer,
            act="events.allotted",
            subject=(ROOM, "occurrence", str(found.public_id)),
            before={"audience": audience, "size": before},
            after={"audience": audience, "size": size},
        )
        waiting.pass_on(viewer=viewer, occurrence=found)
    return kept


def release_due(*, viewer: Viewer) -> int:
    """Kept places whose time is over go to everybody, first to who waits; answers how many were released. A job of every minute."""
    due = (
        Pool.objects.filter(opened=True, released_at=None, release_at__lte=clock.now())
        .order_by("occurrence")
        .values_list("occurrence", flat=True)
        .distinct()[:AT_ONCE]
    )
    return sum(_release(viewer, occurrence) for occurrence in list(due))


def _release(viewer: Viewer, occurrence: int) -> int:
    with transaction.atomic():
        event: Occurrence = claims.locked_occurrence(occurrence)
        now, released = clock.now(), 0
        for pool in claims.locked(event):
            if pool.released_at is None and pool.release_at is not None and pool.release_at <= now:
                free = pool.size - pool.taken - pool.held
                Pool.objects.filter(pk=pool.pk).update(released_at=now)
                released += free
                trail(
                    viewer=viewer,
                    act="events.released",
                    subject=(ROOM, "occurrence", str(event.public_id)),
                    after={"audience": pool.audience, "seats": free},
                )
        # It pours what is free of released pools into the common one, whether or not anybody waits.
        waiting.pass_on(viewer=viewer, occurrence=event)
    return released
