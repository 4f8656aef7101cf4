"""How voices forget a person and say what they hold: plugged into `people` by `project/wiring.py`."""

from typing import Any

from django.db.models import F

from tongxin.foundation.access import system
from tongxin.people.ports import Person
from tongxin.voices.actions import photos, states
from tongxin.voices.models import (
    Post,
    PostLicence,
    PostPhoto,
    PostPhotoAnswer,
    PostPhotoSeen,
    PostVersion,
    Reaction,
)
from tongxin.voices.terms import PostState, ReactionKind, Visibility

ERASURE = system("voices.erasure")
Row = dict[str, Any]


class VoicesEraser:
    """`ERASERS = (…, VoicesEraser())`."""

    room = "voices"

    def erase(self, person: Person) -> int:
        """Their posts leave sight and lose their words, also those removed; photos, versions and taps go. Bare rows stay as figures."""
        touched = 0
        seen = PostPhotoSeen.objects.filter(person__in=person.ids).values("photo")
        mine = PostPhoto.objects.filter(post__person__in=person.ids) | PostPhoto.objects.filter(pk__in=seen)
        for row in mine.filter(gone_at=None).distinct().order_by("id"):
            photos.forget(ERASURE, photos.held(row), "erased")
            touched += 1
        posts = Post.objects.filter(person__in=person.ids)
        for post in (
            posts.exclude(state__in=[PostState.WITHDRAWN, PostState.REMOVED])
            .select_related("community")
            .select_for_update(of=("self",))
            .order_by("id")
        ):
            states.move(viewer=ERASURE, post=post, state=PostState.WITHDRAWN, reason="erased")
        touched += PostVersion.objects.filter(post__person__in=person.ids).delete()[0]
        touched += posts.exclude(body="", fingerprint=0, reasons=[], visibility=Visibility.COMMUNITY).update(
            body="", fingerprint=0, reasons=[], visibility=Visibility.COMMUNITY
        )
        taps = Reaction.objects.filter(person__in=person.ids)
        for kind in ReactionKind:
            Post.objects.filter(pk__in=taps.filter(kind=kind).values("post"), **{f"{kind}__gt": 0}).update(
                **{str(kind): F(str(kind)) - 1}
            )
        touched += taps.delete()[0]
        return touched

    def export(self, person: Person) -> dict[str, list[Row]]:
        """What they said (with what it said before), what they agreed to, their photos, their taps."""
        ids = person.ids
        return {
            "posts": [_post(row) for row in _own_posts(ids)],
            "versions": [
                {"post": str(row.post.public_id), "body": row.body, "at": row.at.isoformat()}
                for row in PostVersion.objects.filter(post__person__in=ids)
                .select_related("post")
                .order_by("id")
            ],
            "licences": [
                {
                    "post": str(row.post.public_id),
                    "granted": row.granted,
                    "channel": row.channel,
                    "at": row.at.isoformat(),
                }
                for row in PostLicence.objects.filter(post__person__in=ids)
                .select_related("post")
                .order_by("id")
            ],
            "photos": [
                {
                    "post": str(row.post.public_id),
                    "name": row.name,
                    "added_at": row.added_at.isoformat(),
                }
                for row in PostPhoto.objects.filter(post__person__in=ids, gone_at=None)
                .select_related("post")
                .order_by("id")
            ],
            "photo_answers": [
                {
                    "photo": str(row.photo.public_id),
                    "companion": None if row.companion is None else str(row.companion),
                    "use": row.use,
                    "granted": row.granted,
                    "at": row.at.isoformat(),
                }
                for row in PostPhotoAnswer.objects.filter(person__in=ids)
                .select_related("photo")
                .order_by("id")
            ],
            "reactions": [
                {"post": str(row.post.public_id), "kind": row.kind, "at": row.at.isoformat()}
                for row in Reaction.objects.filter(person__in=ids).select_related("post").order_by("id")
            ],
        }


def _own_posts(ids: Any) -> Any:
    return Post.objects.filter(person__in=ids).select_related("community").order_by("id")


def _post(row: Post) -> Row:
    return {
        "community": row.community.name,
        "kind": row.kind,
        "state": row.state,
        "visibility": row.visibility,
        "body": row.body,
        "written_at": row.written_at.isoformat(),
        "shown_at": _iso(row.shown_at),
        "edited_at": _iso(row.edited_at),
        "gone_at": _iso(row.gone_at),
    }


def _iso(at: Any) -> str | None:
    return None if at is None else at.isoformat()
