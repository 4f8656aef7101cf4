"""How far out a photo stands: moved, scheduled, agreed to, pulled back. Every way goes through `put`, and `put` asks the one rule."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F

from tongxin.events.models import Photo, PhotoAnswer, PhotoSeen
from tongxin.events.queries.photo_sights import sights, with_files
from tongxin.events.queries.photos import access_photo, photo_of_mine
from tongxin.events.rules.photos import Standing, allowed, covers, standing
from tongxin.events.terms_after import UNFIT_LABELS, PhotoState, Unfit
from tongxin.foundation import clock
from tongxin.foundation.access import Verb, Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.people import actions as people
from tongxin.people.models import Companion, Customer
from tongxin.people.queries import cluster
from tongxin.people.terms import Purpose

ROOM = "events"
NOTICE = "photo/1"
AT_ONCE = 500


def locked(found: Photo, version: int | None = None) -> Photo:
    """The photo under its lock, after those seen in it: an answer of theirs is either known here or comes after us.

    Refuses `edit.stale` for another version, `absent` for a photo that is gone.
    """
    seen = PhotoSeen.objects.filter(photo=found.pk).values_list("person__survivor", "person")
    lock_people(one for pair in seen for one in pair if one is not None)
    photo = (
        Photo.objects.select_for_update(no_key=True, of=("self",))
        .select_related("occurrence__store")
        .get(pk=found.pk)
    )
    if photo.gone_at is not None:
        raise Refused("absent")
    if version is not None and photo.version != version:
        raise Refused("edit.stale")
    return photo


def lock_people(persons: Iterable[int]) -> None:
    """Hold these people's answers still. Always before a photo, in the order of their numbers."""
    wanted = sorted(set(persons))
    list(Customer.objects.select_for_update(no_key=True).filter(pk__in=wanted).order_by("pk").values("pk"))


def put(*, viewer: Viewer, photo: Photo, state: PhotoState, reason: str = "") -> None:
    """THE one write of a photo's state: the rule is asked, then one conditional update. The caller holds the lock.

    Refuses `events.photo_unseen`, `events.photo_consent`, `edit.stale`.
    """
    sight, file = with_files([photo.pk])[photo.pk]
    if not allowed(sight, state):
        raise refusal(standing(sight))
    before, now = photo.state, clock.now()
    moved = Photo.objects.filter(pk=photo.pk, version=photo.version, state=before, gone_at=None).update(
        state=state,
        guardian_file=file if photo.child_visible and state is not PhotoState.PRIVATE else None,
        version=F("version") + 1,
        moved_at=now,
        moved_by=viewer.name,
        later="",
        later_at=None,
        later_by="",
    )
    if not moved:
        raise Refused("edit.stale")
    photo.state, photo.version, photo.later, photo.later_at = state, photo.version + 1, "", None
    trail(
        viewer=viewer,
        act="events.photo_state_changed",
        subject=(ROOM, "photo", str(photo.public_id)),
        before={"state": str(before)},
        after={"state": str(state), "event": str(photo.occurrence.public_id)},
        reason=reason,
    )


def put_back(*, viewer: Viewer, photo: Photo, towards: PhotoState, reason: str = "") -> bool:
    """Into the furthest state that holds, but no further than `towards`; True when the photo moved."""
    furthest = standing(sights([photo.pk])[photo.pk]).furthest
    state = min(furthest, towards, key=lambda one: one.reach)
    if state == photo.state:
        return False
    put(viewer=viewer, photo=photo, state=state, reason=reason)
    return True


def refusal(found: Standing) -> Refused:
    """Why not further, as a refusal."""
    why = found.why or Unfit.UNSEEN
    zh, en = UNFIT_LABELS[why]
    unsaid = why in {Unfit.UNSEEN, Unfit.STRANGERS, Unfit.CHILD_UNNAMED}
    code = "events.photo_unseen" if unsaid else "events.photo_consent"
    return Refused(
        code, why=zh, why_en=en, reason=str(why), missing=found.missing, furthest=str(found.furthest)
    )


def set_photo_state(
    *,
    viewer: Viewer,
    photo_id: UUID,
    state: PhotoState,
    version: int | None = None,
    at: datetime | None = None,
) -> Photo:
    """Move a photo; outwards only with the live yes of everybody seen. With `at` later: asked now, and asked again then.

    Refuses `absent`, `edit.stale`, `events.photo_unseen`, `events.photo_consent`, `events.photo_past`.
    """
    with transaction.atomic():
        photo = locked(access_photo(viewer, photo_id, Verb.DECIDE), version)
        if at is not None:
            _schedule(viewer, photo, state, at)
        elif photo.state != state or photo.later:
            put(viewer=viewer, photo=photo, state=state)
    return photo


def _schedule(viewer: Viewer, photo: Photo, state: PhotoState, at: datetime) -> None:
    if at <= clock.now():
        raise Refused("events.photo_past")
    sight = sights([photo.pk])[photo.pk]
    if not allowed(sight, state):
        raise refusal(standing(sight))
    photo.later, photo.later_at, photo.later_by = state, at, viewer.name
    photo.version += 1
    photo.save(update_fields=["later", "later_at", "later_by", "version"])
    trail(
        viewer=viewer,
        act="events.photo_scheduled",
        subject=(ROOM, "photo", str(photo.public_id)),
        after={"state": str(state), "at": at.isoformat()},
    )


def move_photos_due(*, viewer: Viewer) -> int:
    """Scheduled photos whose time has come move as far as consent goes now; answers how many moved. A job of every minute."""
    due = Photo.objects.filter(later_at__lte=clock.now(), gone_at=None).order_by("later_at", "id")
    moved = 0
    for found in list(due.select_related("occurrence__store")[:AT_ONCE]):
        with transaction.atomic():
            photo = locked(found)
            if not photo.later or photo.later_at is None or photo.later_at > clock.now():
                continue
            towards = PhotoState(photo.later)
            Photo.objects.filter(pk=photo.pk).update(later="", later_at=None, later_by="")
            moved += put_back(viewer=viewer, photo=photo, towards=towards, reason="scheduled")
    return moved


def answer_photo(
    *,
    viewer: Viewer,
    photo_id: UUID,
    use: PhotoState,
    granted: bool,
    companion: UUID | None = None,
    notice_version: str = NOTICE,
    channel: str = "member_page",
) -> Photo:
    """Somebody seen says yes or no to a use; the guardian does for a child. A yes includes what is further in, a no what is further out.

    A yes also says yes to photos at all, where that does not hold yet: of a child this is the guardian's file. A no pulls the photo
    back in the same breath. Refuses `absent` to who is not seen, `input.bad` for no use, and what `people.set_consent` refuses.
    """
    if not covers(use, granted=granted):
        raise Refused("input.bad", field="use", reason="group, public, advert")
    with transaction.atomic():
        found = photo_of_mine(viewer, photo_id, companion)
        me = Customer.objects.select_for_update().get(pk=viewer.person or 0)
        record = None
        if granted:
            record = people.set_consent(
                viewer=viewer,
                customer=me,
                purpose=Purpose.PHOTO,
                granted=True,
                notice_version=notice_version,
                channel=channel,
                companion=_child(me, companion),
            )
        photo = locked(found)
        now = clock.now()
        PhotoAnswer.objects.bulk_create(
            [
                PhotoAnswer(
                    photo=photo,
                    person=me,
                    companion=companion,
                    use=one,
                    granted=granted,
                    record=record,
                    by=viewer.name,
                    at=now,
                )
                for one in covers(use, granted=granted)
            ]
        )
        trail(
            viewer=viewer,
            act="events.photo_answered",
            subject=(ROOM, "photo", str(photo.public_id)),
            after={"use": str(use), "granted": granted, "child": companion is not None},
        )
        put_back(viewer=viewer, photo=photo, towards=PhotoState(photo.state), reason="consent_withdrawn")
    return photo


def _child(guardian: Customer, companion: UUID | None) -> Companion | None:
    if companion is None:
        return None
    found = Companion.objects.filter(public_id=companion, guardian__in=cluster(guardian)).first()
    if found is None:
        raise Refused("absent")  # their time is over: a no still counts, a new yes has nobody to speak for
    return found


def withdraw_photos(*, viewer: Viewer) -> int:
    """One tap: no use of any photo in which the asking member or their child is seen; answers how many were pulled back.

    Refuses `absent` without a member.
    """
    if viewer.person is None:
        raise Refused("absent")
    mine = PhotoSeen.objects.filter(person__in=cluster(viewer.person), photo__gone_at=None).order_by(
        "photo", "id"
    )
    pulled: set[int] = set()
    with transaction.atomic():
        for seen in list(mine.select_related("photo")):
            after = answer_photo(
                viewer=viewer,
                photo_id=seen.photo.public_id,
                use=PhotoState.GROUP,
                granted=False,
                companion=seen.companion,
            )
            if after.state != seen.photo.state:
                pulled.add(after.pk)
    return len(pulled)


# Photos in which somebody is seen who said something lately: whoever it was among the last so many answers.
_LATELY = """
SELECT s.photo_id FROM (SELECT customer_id, companion FROM people_consent WHERE purpose = 'photo' AND NOT granted
    AND id > (SELECT coalesce(max(id), 0) FROM people_consent) - %(answers)s) k
JOIN people_customer c ON c.id = k.customer_id
JOIN people_customer e ON e.id = coalesce(c.survivor_id, c.id) OR e.survivor_id = coalesce(c.survivor_id, c.id)
JOIN events_photoseen s ON s.person_id = e.id AND s.companion IS NOT DISTINCT FROM k.companion
"""
LATEST = 20_000


def settle_photos(*, viewer: Viewer, everything: bool = False, at_once: int = AT_ONCE) -> int:
    """What consent no longer covers goes in; answers how many. Each minute for those who said no lately, each night for all.

    Nothing is served meanwhile: who asks for a photo is answered by the rule, not by the state that is kept.
    """
    moved, after = 0, 0
    out = Photo.objects.filter(gone_at=None).exclude(state=PhotoState.PRIVATE)
    if not everything:
        with connection.cursor() as cursor:
            cursor.execute(_LATELY, {"answers": LATEST})
            out = out.filter(pk__in={row[0] for row in cursor.fetchall()})
    while True:
        rows = list(out.filter(pk__gt=after).select_related("occurrence__store").order_by("pk")[:at_once])
        if not rows:
            return moved
        known = sights([row.pk for row in rows])
        for row in rows:
            if not allowed(known[row.pk], PhotoState(row.state)):
                with transaction.atomic():
                    photo = locked(row)
                    moved += put_back(
                        viewer=viewer,
                        photo=photo,
                        towards=PhotoState(photo.state),
                        reason="consent_withdrawn",
                    )
        after = rows[-1].pk


def children_due(over: datetime) -> list[int]:
    """Photos with a child of events that ended before an instant."""
    return list(
        Photo.objects.filter(
            child_visible=True, gone_at=None, added_at__lt=over, occurrence__ends_at__lt=over
        )
        .order_by("id")
        .values_list("pk", flat=True)
    )


def without_file(photo: Photo) -> bool:
    """Is there a child for whom no guardian's file lasts?"""
    sight = sights([photo.pk])[photo.pk]
    children = [one for one in sight.seen if one.child]
    return not children or any(not one.record or not one.uses for one in children)
