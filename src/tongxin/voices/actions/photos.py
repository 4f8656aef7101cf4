"""Photos of posts: added by the author, shown as far as everybody seen agrees, gone for good. The rule is that of events' photos.

Seen in a photo are its author (whose work it is) and children of the author by name; who else can be recognised keeps it private.
"""

from collections.abc import Collection, Sequence
from itertools import pairwise
from uuid import UUID

from django.db import transaction
from django.db.models import F

from tongxin.events.rules.photos import allowed, standing
from tongxin.events.terms_after import LADDER, UNFIT_LABELS, PhotoState, Unfit
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.foundation.media import actions as media
from tongxin.people import actions as people
from tongxin.people import queries as people_queries
from tongxin.people.models import Companion, Consent, Customer
from tongxin.people.terms import Purpose
from tongxin.voices.actions.editing import locked as post_locked
from tongxin.voices.models import Post, PostPhoto, PostPhotoAnswer, PostPhotoSeen
from tongxin.voices.queries.sights import sights
from tongxin.voices.queries.standing import writer
from tongxin.voices.queries.threads import own_post
from tongxin.voices.terms import CHILD_PHOTO_KEPT, PHOTO_PURPOSE, PHOTOS_MOST, PostState

ROOM = "voices"
NOTICE = "photo/1"
AT_ONCE = 500


def add_photo(
    *,
    viewer: Viewer,
    post_id: UUID,
    data: bytes,
    children: Sequence[UUID] = (),
    strangers: bool = False,
    show: bool = False,
    channel: str = "member_page",
) -> PostPhoto:
    """Keep a newly painted copy of a photo with one's post. `children`: one's own that are seen; `strangers`: others are, too.

    With `show` one says yes, for oneself and as guardian, to showing it in the community; else it is for one's own eyes. Refuses
    `absent`, `voices.photos_many`, `voices.state`, `voices.photo_unseen`, what `people.set_consent` and what `store_image` refuse.
    """
    post = own_post(viewer, post_id)
    _may_add(post)
    # before any lock: painting takes a second
    picture = media.store_image(viewer=viewer, data=data, purpose=PHOTO_PURPOSE, person=viewer.person)
    try:
        with transaction.atomic():
            me = _me(viewer)
            if me is not None:
                writer(viewer, post.community.public_id)
            post = post_locked(post)
            _may_add(post)
            own = [] if me is None else _children(me, children)
            photo = PostPhoto.objects.create(
                post=post,
                picture=picture.public_id,
                name=picture.name,
                child_visible=bool(children),
                strangers=strangers,
                seen_at=clock.now(),
                added_at=clock.now(),
            )
            _seen(photo, me, own)
            Post.objects.filter(pk=post.pk).update(photos=F("photos") + 1)
            trail(
                viewer=viewer,
                act="voices.photo_added",
                subject=subject_of(photo),
                after={"post": str(post.public_id), "children": len(own), "strangers": strangers},
            )
            if show:
                _say(viewer, photo, me, own, state=PhotoState.GROUP, channel=channel)
                put(viewer=viewer, photo=photo, state=PhotoState.GROUP)
    except BaseException:
        media.remove(viewer=viewer, public_id=picture.public_id, reason="photo_not_kept")
        raise
    return photo


def _may_add(post: Post) -> None:
    if post.root_id is not None or post.state not in {PostState.PUBLISHED, PostState.WAITING}:
        raise Refused("voices.state")
    if post.photos >= PHOTOS_MOST:
        raise Refused("voices.photos_many", most=PHOTOS_MOST)


def _me(viewer: Viewer) -> Customer | None:
    """The member, held: before the membership, the post and the photo, as an erasure does."""
    if viewer.person is None:
        return None
    return Customer.objects.select_for_update().get(pk=viewer.person)


def _children(guardian: Customer, wanted: Collection[UUID]) -> list[Companion]:
    found = list(
        Companion.objects.filter(public_id__in=list(wanted), guardian__in=people_queries.cluster(guardian))
    )
    if len(found) != len(set(wanted)):
        raise Refused("absent")
    return found


def _seen(photo: PostPhoto, me: Customer | None, children: Sequence[Companion]) -> None:
    if me is None:
        return
    whom = [None, *(one.public_id for one in children)]
    PostPhotoSeen.objects.bulk_create(
        [PostPhotoSeen(photo=photo, person=me, companion=companion) for companion in whom]
    )


def _say(
    viewer: Viewer,
    photo: PostPhoto,
    me: Customer | None,
    children: Sequence[Companion],
    *,
    state: PhotoState,
    channel: str,
) -> None:
    """Yes to this use and what is further in, no to what is further out: for oneself, and as guardian for each child."""
    if me is None:
        return
    now = clock.now()
    rows: list[PostPhotoAnswer] = []
    for child in (None, *children):
        record: Consent | None = None
        if state is not PhotoState.PRIVATE:
            record = people.set_consent(
                viewer=viewer,
                customer=me,
                purpose=Purpose.PHOTO,
                granted=True,
                notice_version=NOTICE,
                channel=channel,
                companion=child,
            )
        rows += [
            PostPhotoAnswer(
                photo=photo,
                person=me,
                companion=None if child is None else child.public_id,
                use=use,
                granted=use.reach <= state.reach,
                record=record if use.reach <= state.reach else None,
                by=viewer.name,
                at=now,
            )
            for _, use in pairwise(LADDER)
        ]
    PostPhotoAnswer.objects.bulk_create(rows)
    trail(
        viewer=viewer,
        act="voices.photo_answered",
        subject=subject_of(photo),
        after={"use": str(state), "children": len(children)},
    )


def show_photo(
    *,
    viewer: Viewer,
    photo_id: UUID,
    state: PhotoState,
    version: int | None = None,
    channel: str = "member_page",
) -> PostPhoto:
    """The author says how far out it may be: a yes for oneself and as guardian of the children seen, up to there and no further.

    Inwards it goes at once, whoever is a member or not. Refuses `absent`, `edit.stale`, `voices.photo_unseen`,
    `voices.photo_consent`, and what `people.set_consent` refuses.
    """
    with transaction.atomic():
        me = _me(viewer)
        photo = _own(viewer, photo_id)
        if version is not None and photo.version != version:
            raise Refused("edit.stale")
        children = [] if me is None else _still(me, photo)
        _say(viewer, photo, me, children, state=state, channel=channel)
        if photo.state != state:
            put(viewer=viewer, photo=photo, state=state)
    return photo


def _still(me: Customer, photo: PostPhoto) -> list[Companion]:
    """The children seen whom the account still knows; for one whose time is over nobody can say a new yes."""
    keys = PostPhotoSeen.objects.filter(photo=photo, companion__isnull=False).values("companion")
    return list(Companion.objects.filter(public_id__in=keys, guardian__in=people_queries.cluster(me)))


def _own(viewer: Viewer, photo_id: UUID) -> PostPhoto:
    found = PostPhoto.objects.select_related("post").filter(public_id=photo_id, gone_at=None).first()
    if found is None:
        raise Refused("absent")
    own_post(viewer, found.post.public_id)
    return held(found)


def held(found: PostPhoto) -> PostPhoto:
    """The photo under its lock. Refuses `absent` for one that is gone."""
    photo = (
        PostPhoto.objects.select_for_update(no_key=True, of=("self",)).select_related("post").get(pk=found.pk)
    )
    if photo.gone_at is not None:
        raise Refused("absent")
    return photo


def put(*, viewer: Viewer, photo: PostPhoto, state: PhotoState, reason: str = "") -> None:
    """THE one write of a photo's state: the rule is asked, then one conditional update. The caller holds the lock.

    Refuses `voices.photo_unseen`, `voices.photo_consent`, `edit.stale`.
    """
    sight, file = sights([photo.pk])[photo.pk]
    if not allowed(sight, state):
        found = standing(sight)
        why = found.why or Unfit.UNSEEN
        zh, en = UNFIT_LABELS[why]
        unsaid = why in {Unfit.UNSEEN, Unfit.STRANGERS, Unfit.CHILD_UNNAMED}
        code = "voices.photo_unseen" if unsaid else "voices.photo_consent"
        raise Refused(code, why=zh, why_en=en, reason=str(why), furthest=str(found.furthest))
    before = photo.state
    moved = PostPhoto.objects.filter(pk=photo.pk, version=photo.version, state=before, gone_at=None).update(
        state=state,
        guardian_file=file if photo.child_visible and state is not PhotoState.PRIVATE else None,
        version=F("version") + 1,
        moved_at=clock.now(),
        moved_by=viewer.name,
    )
    if not moved:
        raise Refused("edit.stale")
    photo.state, photo.version = state, photo.version + 1
    trail(
        viewer=viewer,
        act="voices.photo_state_changed",
        subject=subject_of(photo),
        before={"state": str(before)},
        after={"state": str(state)},
        reason=reason,
    )


def remove_photo(*, viewer: Viewer, photo_id: UUID) -> None:
    """The picture goes for good; what was agreed stays as proof. By its author. Refuses `absent`."""
    with transaction.atomic():
        forget(viewer, _own(viewer, photo_id), "removed")


def forget(viewer: Viewer, photo: PostPhoto, reason: str) -> None:
    """Row emptied, file deleted, counted out. The caller holds the lock."""
    if photo.state != PhotoState.PRIVATE:
        put(viewer=viewer, photo=photo, state=PhotoState.PRIVATE, reason=reason)
    PostPhotoSeen.objects.filter(photo=photo).delete()
    if photo.picture is not None:
        media.remove(viewer=viewer, public_id=photo.picture, reason=reason)
    PostPhoto.objects.filter(pk=photo.pk).update(
        picture=None, name="", gone_at=clock.now(), guardian_file=None, version=F("version") + 1
    )
    Post.objects.filter(pk=photo.post_id, photos__gt=0).update(photos=F("photos") - 1)
    trail(viewer=viewer, act="voices.photo_removed", subject=subject_of(photo), reason=reason)


def settle_photos(*, viewer: Viewer) -> int:
    """What consent no longer covers goes in, as far as it must; answers how many. Nothing of it was served meanwhile."""
    moved, after = 0, 0
    out = PostPhoto.objects.filter(gone_at=None).exclude(state=PhotoState.PRIVATE)
    while rows := list(out.filter(pk__gt=after).order_by("pk")[:AT_ONCE]):
        known = sights([row.pk for row in rows])
        for row in rows:
            if not allowed(known[row.pk][0], PhotoState(row.state)):
                moved += _in(viewer, row)
        after = rows[-1].pk
    return moved


def _in(viewer: Viewer, row: PostPhoto) -> bool:
    with transaction.atomic():
        photo = held(row)
        furthest = standing(sights([photo.pk])[photo.pk][0]).furthest
        state = min(furthest, PhotoState(photo.state), key=lambda one: one.reach)
        if state == photo.state:
            return False
        put(viewer=viewer, photo=photo, state=state, reason="consent_withdrawn")
    return True


def tidy_photos(*, viewer: Viewer) -> int:
    """After thirty days a photo with a child goes, unless the guardian's file lasts; answers how many. A nightly job."""
    over = clock.now() - CHILD_PHOTO_KEPT
    gone = 0
    for row in PostPhoto.objects.filter(child_visible=True, gone_at=None, added_at__lt=over).order_by("id"):
        with transaction.atomic():
            photo = held(row)
            children = [one for one in sights([photo.pk])[photo.pk][0].seen if one.child]
            if not children or any(not one.record or not one.uses for one in children):
                forget(viewer, photo, "child_without_file")
                gone += 1
    return gone


def subject_of(photo: PostPhoto) -> tuple[str, str, str]:
    """What the trail calls a photo."""
    return (ROOM, "photo", str(photo.public_id))
