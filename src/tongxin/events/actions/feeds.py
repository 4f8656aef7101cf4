"""Addresses of calendars: unguessable, kept as a digest, replaced or revoked at any time."""

from hashlib import sha256
from secrets import token_urlsafe
from uuid import UUID

from django.db import transaction

from tongxin.events.models import CalendarFeed
from tongxin.events.queries.access import READERS
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.stores.models import Store

BYTES = 24  # 192 bits


def open_feed(*, viewer: Viewer, store_id: UUID | None = None) -> str:
    """A new secret for the asking member's own calendar, or for a store's; the one before stops working. It is shown this once.

    Refuses `absent` for nobody, and for a store out of reach.
    """
    with transaction.atomic():
        owner = _owner(viewer, store_id)
        _revoke(owner)
        token = token_urlsafe(BYTES)
        made = CalendarFeed.objects.create(
            digest=sha256(token.encode()).hexdigest(), opened_at=clock.now(), **owner
        )
        trail(viewer=viewer, act="events.feed_opened", subject=("events", "feed", made.pk))
    return token


def revoke_feed(*, viewer: Viewer, store_id: UUID | None = None) -> bool:
    """The address of the asking member, or of a store, stops working; answers whether there was one. Refuses as `open_feed`."""
    with transaction.atomic():
        gone = _revoke(_owner(viewer, store_id))
        for key in gone:
            trail(viewer=viewer, act="events.feed_revoked", subject=("events", "feed", key))
    return bool(gone)


def _owner(viewer: Viewer, store_id: UUID | None) -> dict[str, int]:
    if store_id is not None:
        found = Store.objects.filter(public_id=store_id).first()
        if found is None or not viewer.reaches(found.pk, READERS):
            raise Refused("absent")
        return {"store_id": found.pk}
    if viewer.person is None:
        raise Refused("absent")
    return {"person_id": viewer.person}


def _revoke(owner: dict[str, int]) -> list[int]:
    rows = CalendarFeed.objects.select_for_update().filter(revoked_at=None, **owner)
    keys = list(rows.values_list("pk", flat=True))
    CalendarFeed.objects.filter(pk__in=keys).update(revoked_at=clock.now())
    return keys
