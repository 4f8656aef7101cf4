"""Where else a photo is shown. A place only points at the photo, so what holds for the photo holds there, at once."""

from uuid import UUID

from django.db import transaction

from tongxin.events import queries
from tongxin.events.actions import photo_states
from tongxin.events.models import Occurrence, PhotoPlace
from tongxin.events.queries.photo_sights import sights
from tongxin.events.queries.photos import access_photo
from tongxin.events.rules.photos import allowed
from tongxin.events.terms_after import PHOTO_STATE_LABELS, PhotoState
from tongxin.foundation import clock
from tongxin.foundation.access import SYSTEM, Verb, Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.kits.models import Kit
from tongxin.stores.terms import Role

# A kit is everybody's: headquarters puts photos on its shelf.
SHELVERS = frozenset({SYSTEM, Role.ADMIN, Role.HQ_EDITOR})


def show_photo(*, viewer: Viewer, photo_id: UUID, event_id: UUID | None = None, kit: str = "") -> PhotoPlace:
    """Show a photo at another event (it must be public) or on the shelf of a kit (it must be for adverts). Twice is once.

    Refuses `absent`, `events.photo_place` unless exactly one place is named, `events.photo_inwards`.
    """
    if (event_id is None) == (not kit):
        raise Refused("events.photo_place")
    with transaction.atomic():
        found = access_photo(viewer, photo_id, Verb.DECIDE)
        event = _place(viewer, event_id, kit)
        photo = photo_states.locked(found)
        needed = PhotoState.PUBLIC if event is not None else PhotoState.ADVERT
        stands = PhotoState(photo.state).reach >= needed.reach
        if not stands or not allowed(sights([photo.pk])[photo.pk], needed):
            zh, en = PHOTO_STATE_LABELS[needed]
            raise Refused("events.photo_inwards", state=zh, state_en=en)
        place, _ = PhotoPlace.objects.get_or_create(
            photo=photo, occurrence=event, kit=kit, defaults={"at": clock.now(), "by": viewer.name}
        )
        trail(viewer=viewer, act="events.photo_shown", subject=_subject(photo_id), after=_said(event_id, kit))
    return place


def hide_photo(*, viewer: Viewer, photo_id: UUID, event_id: UUID | None = None, kit: str = "") -> None:
    """Take a photo down from another place. Refuses `absent`, `events.photo_place`."""
    if (event_id is None) == (not kit):
        raise Refused("events.photo_place")
    with transaction.atomic():
        found = access_photo(viewer, photo_id, Verb.DECIDE)
        event = _place(viewer, event_id, kit)
        gone, _ = PhotoPlace.objects.filter(photo=found, occurrence=event, kit=kit).delete()
        if gone:
            trail(
                viewer=viewer,
                act="events.photo_hidden",
                subject=_subject(photo_id),
                after=_said(event_id, kit),
            )


def _place(viewer: Viewer, event_id: UUID | None, kit: str) -> Occurrence | None:
    if event_id is not None:
        return queries.access_event(viewer, event_id, Verb.CHANGE)
    if not viewer.reaches(None, SHELVERS) or not Kit.objects.filter(code=kit).exists():
        raise Refused("absent")
    return None


def _subject(photo_id: UUID) -> tuple[str, str, str]:
    return ("events", "photo", str(photo_id))


def _said(event_id: UUID | None, kit: str) -> dict[str, str]:
    return {"event": str(event_id)} if event_id is not None else {"kit": kit}
