"""A photo of a post: its author's line, and the picture for whoever may see it at this moment."""

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from tongxin.events.rules.photos import Sight, allowed, standing
from tongxin.events.terms_after import PhotoState, Unfit
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.media import queries as media
from tongxin.voices.models import Post, PostLicence, PostPhoto, PostPhotoSeen
from tongxin.voices.queries.sights import sights
from tongxin.voices.queries.standing import standing as stand
from tongxin.voices.queries.threads import own_post
from tongxin.voices.terms import PostState, Visibility


@dataclass(frozen=True)
class OwnPhoto:
    """A photo as its author sees it. `furthest` is how far it may be now, `why` what is in the way of more."""

    id: UUID
    post: UUID
    state: PhotoState
    furthest: PhotoState
    why: Unfit | None
    children: int
    strangers: bool
    version: int


def photos_of(viewer: Viewer, post_id: UUID) -> list[OwnPhoto]:
    """All photos of one's own post. Refuses `absent`."""
    post = own_post(viewer, post_id)
    rows = list(PostPhoto.objects.filter(post=post, gone_at=None).order_by("id"))
    known = sights([row.pk for row in rows])
    return [_line(row, post, known[row.pk][0]) for row in rows]


def own_photo(viewer: Viewer, photo_id: UUID) -> OwnPhoto:
    """One of them. Refuses `absent`."""
    row = PostPhoto.objects.select_related("post").filter(public_id=photo_id, gone_at=None).first()
    if row is None:
        raise Refused("absent")
    post = own_post(viewer, row.post.public_id)
    return _line(row, post, sights([row.pk])[row.pk][0])


def _line(row: PostPhoto, post: Post, sight: Sight) -> OwnPhoto:
    found = standing(sight)
    return OwnPhoto(
        row.public_id,
        post.public_id,
        min(PhotoState(row.state), found.furthest, key=lambda one: one.reach),
        found.furthest,
        found.why,
        PostPhotoSeen.objects.filter(photo=row, companion__isnull=False).count() if row.child_visible else 0,
        row.strangers,
        row.version,
    )


@dataclass(frozen=True)
class PictureFile:
    """A picture that may be shown now. `public`: to anybody, so a cache may keep it for a minute."""

    path: Path
    content_type: str
    public: bool


def picture_file(viewer: Viewer, photo_id: UUID) -> PictureFile:
    """The picture, if it may be shown to this viewer now: to all when photo and post are public, inside the community when for the
    group, always to its author. Refuses `absent` otherwise.
    """
    row = PostPhoto.objects.select_related("post__community").filter(public_id=photo_id, gone_at=None).first()
    if row is None:
        raise Refused("absent")
    sight = sights([row.pk])[row.pk][0]
    out = PhotoState(row.state)
    public = out.reach >= PhotoState.PUBLIC.reach and allowed(sight, PhotoState.PUBLIC) and _outside(row.post)
    group = out.reach >= PhotoState.GROUP.reach and allowed(sight, PhotoState.GROUP)
    if not public and not _inside(viewer, row.post, group=group):
        raise Refused("absent")
    served = media.picture(row.name)
    return PictureFile(served.path, served.content_type, public)


def _outside(post: Post) -> bool:
    """Does the author's newest word, and the post as it stands, let anybody see it now?"""
    if post.state != PostState.PUBLISHED or post.visibility != Visibility.PUBLIC:
        return False
    if post.person_id is None:
        return True
    newest = PostLicence.objects.filter(post=post).order_by("-id").first()
    return newest is not None and newest.granted


def _inside(viewer: Viewer, post: Post, *, group: bool) -> bool:
    inside = stand(viewer, post.community.public_id)
    if post.state == PostState.WITHDRAWN:
        return False
    if post.person_id is not None and post.person_id in inside.own:
        return True
    if not group:
        return post.person_id is None and inside.keeper
    return inside.keeper or (inside.reads and post.state == PostState.PUBLISHED)
