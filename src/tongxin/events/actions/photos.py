"""Photos come in, somebody says who is seen, photos go. How far out they stand is `photo_states`."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F

from tongxin.events import queries
from tongxin.events.actions import photo_states
from tongxin.events.models import (
    Attendance,
    Occurrence,
    Participant,
    Photo,
    PhotoPlace,
    PhotoSeen,
    Registration,
)
from tongxin.events.queries.photos import access_photo
from tongxin.events.terms import Seat, State
from tongxin.events.terms_after import (
    CAPTION_MOST,
    CHILD_PHOTO_KEPT,
    PHOTO_PURPOSE,
    PHOTOS_MOST,
    PhotoMoment,
    PhotoState,
)
from tongxin.foundation import clock
from tongxin.foundation.access import Verb, Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.foundation.media.actions import remove, store_image
from tongxin.people.terms import CustomerState

ROOM = "events"


def add_photo(
    *,
    viewer: Viewer,
    event_id: UUID,
    data: bytes,
    moment: PhotoMoment = PhotoMoment.DURING,
    caption: str = "",
) -> Photo:
    """Keep a newly painted copy of a photo, private, with a child in it until somebody says otherwise.

    Refuses `absent`, `events.state` for a draft or a cancelled event, `events.photos_many`, `input.bad`, and what `store_image` refuses.
    """
    event = queries.access_event(viewer, event_id, Verb.CHANGE)
    _may_add(event, caption)
    picture = store_image(
        viewer=viewer, data=data, purpose=PHOTO_PURPOSE
    )  # before the lock: painting takes a second
    try:
        with transaction.atomic():
            locked = Occurrence.objects.select_for_update(no_key=True).get(pk=event.pk)
            _may_add(locked, caption)
            photo = Photo.objects.create(
                occurrence=locked,
                picture=picture.public_id,
                name=picture.name,
                moment=moment,
                caption=caption.strip(),
                added_at=clock.now(),
                added_by=viewer.name,
            )
            trail(viewer=viewer, act="events.photo_added", subject=subject_of(photo), after=_where(photo))
    except BaseException:
        remove(viewer=viewer, public_id=picture.public_id, reason="photo_not_kept")
        raise
    return photo


def _may_add(event: Occurrence, caption: str) -> None:
    if event.state in {State.DRAFT, State.CANCELLED}:
        raise Refused("events.state")
    if len(caption.strip()) > CAPTION_MOST:
        raise Refused("input.bad", field="caption", reason=f"≤ {CAPTION_MOST}")
    if Photo.objects.filter(occurrence=event, gone_at=None).count() >= PHOTOS_MOST:
        raise Refused("events.photos_many", most=PHOTOS_MOST)


def say_seen(
    *,
    viewer: Viewer,
    photo_id: UUID,
    registrations: Sequence[UUID] = (),
    children: Sequence[tuple[UUID, UUID]] = (),
    child_visible: bool,
    strangers: bool = False,
    version: int | None = None,
) -> Photo:
    """Say who is seen: guests by their registration, children by (registration, companion). What was said before is replaced.

    The photo goes as far in as the new ones ask. Refuses `absent`, `edit.stale`, `events.photo_not_seen_there`.
    """
    with transaction.atomic():
        found = access_photo(viewer, photo_id, Verb.CHANGE)
        wanted = _seen(found.occurrence, registrations, children)
        photo, was = photo_states.locked(found, version), PhotoState(found.state)
        if was is not PhotoState.PRIVATE:
            photo_states.put(
                viewer=viewer, photo=photo, state=PhotoState.PRIVATE, reason="who_is_seen_changed"
            )
        PhotoSeen.objects.filter(photo=photo).delete()
        PhotoSeen.objects.bulk_create(
            [PhotoSeen(photo=photo, person_id=person, companion=companion) for person, companion in wanted]
        )
        photo.child_visible = child_visible or any(companion for _, companion in wanted)
        photo.strangers, photo.seen_at = strangers, clock.now()
        photo.version += 1
        photo.save(update_fields=["child_visible", "strangers", "seen_at", "version"])
        trail(
            viewer=viewer,
            act="events.photo_seen_said",
            subject=subject_of(photo),
            after={
                "people": len(wanted),
                "children": sum(companion is not None for _, companion in wanted),
                "child_visible": photo.child_visible,
                "strangers": strangers,
            },
        )
        if was is not PhotoState.PRIVATE:
            photo_states.put_back(viewer=viewer, photo=photo, towards=was)
    return photo


def _seen(
    event: Occurrence, registrations: Sequence[UUID], children: Sequence[tuple[UUID, UUID]]
) -> list[tuple[int, UUID | None]]:
    """(person, companion) of each; the surviving entry of whoever was merged."""
    named = {*registrations, *(registration for registration, _ in children)}
    there = {
        row.public_id: row
        for row in Registration.objects.filter(occurrence=event, public_id__in=named)
        .exclude(person__state=CustomerState.ERASED)
        .select_related("person")
    }
    came = {row.pk for row in there.values() if row.state == Seat.CONFIRMED} | set(
        Attendance.objects.filter(occurrence=event, counted__isnull=False).values_list(
            "registration", flat=True
        )
    )
    if named - there.keys() or any(row.pk not in came for row in there.values()):
        raise Refused("events.photo_not_seen_there")
    brought = set(
        Participant.objects.filter(registration__in=[row.pk for row in there.values()]).values_list(
            "registration__public_id", "companion"
        )
    )
    if set(children) - brought:
        raise Refused("events.photo_not_seen_there")
    whose = {key: row.person.survivor_id or row.person_id for key, row in there.items()}
    pairs: list[tuple[int, UUID | None]] = [(whose[key], None) for key in registrations]
    pairs += [(whose[key], companion) for key, companion in children]
    return sorted(set(pairs), key=lambda pair: (pair[0], str(pair[1] or "")))


def remove_photo(*, viewer: Viewer, photo_id: UUID, reason: str = "") -> None:
    """The picture goes for good, from everywhere; that there was one, and what was agreed, stays as proof. Refuses `absent`."""
    with transaction.atomic():
        found = access_photo(viewer, photo_id, Verb.ERASE)
        _remove(viewer, photo_states.locked(found), reason)


def _remove(viewer: Viewer, photo: Photo, reason: str) -> None:
    if photo.state != PhotoState.PRIVATE:
        photo_states.put(viewer=viewer, photo=photo, state=PhotoState.PRIVATE, reason=reason or "removed")
    PhotoSeen.objects.filter(photo=photo).delete()
    PhotoPlace.objects.filter(photo=photo).delete()
    if photo.picture is not None:
        remove(viewer=viewer, public_id=photo.picture, reason=reason)
    Photo.objects.filter(pk=photo.pk).update(
        picture=None,
        name="",
        caption="",
        gone_at=clock.now(),
        later="",
        later_at=None,
        guardian_file=None,
        version=F("version") + 1,
    )
    trail(viewer=viewer, act="events.photo_removed", subject=subject_of(photo), reason=reason)


def tidy_photos(*, viewer: Viewer) -> int:
    """Thirty days after the event a photo with a child goes, unless the guardian's file lasts; answers how many. A nightly job."""
    gone = 0
    for pk in photo_states.children_due(clock.now() - CHILD_PHOTO_KEPT - timedelta(days=1)):
        with transaction.atomic():
            photo = photo_states.locked(Photo.objects.select_related("occurrence__store").get(pk=pk))
            if photo.gone_at is None and photo_states.without_file(photo):
                _remove(viewer, photo, "child_without_file")
                gone += 1
    return gone


def forget_seen(*, viewer: Viewer, persons: Sequence[int]) -> int:
    """Photos in which somebody who is erased (or their child) is seen go; answers how many. Inside the erasure's transaction."""
    mine = PhotoSeen.objects.filter(person__in=persons).values("photo")
    rows = list(Photo.objects.select_related("occurrence__store").filter(pk__in=mine).order_by("id"))
    for row in rows:
        _remove(viewer, photo_states.locked(row), "erased")
    return len(rows)


def subject_of(photo: Photo) -> tuple[str, str, str]:
    """What the trail calls a photo."""
    return (ROOM, "photo", str(photo.public_id))


def _where(photo: Photo) -> dict[str, str]:
    return {"event": str(photo.occurrence.public_id), "moment": str(photo.moment)}
