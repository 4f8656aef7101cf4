"""How acts of this room stand in the trail and in the book: the one place where their subjects are spelled."""

from datetime import datetime
from typing import Any

from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.people import ledger
from tongxin.people.models import Deed
from tongxin.people.rules import DeedIn
from tongxin.voices.models import Post, Topic
from tongxin.voices.terms import PostKind

ROOM = "voices"

# What each kind is in the book, whom it honours besides, and in the trail.
DEEDS: dict[PostKind, str] = {
    PostKind.POST: "posted",
    PostKind.QUESTION: "posted",
    PostKind.ANSWER: "answered",
    PostKind.COMMENT: "replied",
}
WRITTEN: dict[PostKind, str] = {
    PostKind.POST: "voices.posted",
    PostKind.QUESTION: "voices.asked",
    PostKind.ANSWER: "voices.answered",
    PostKind.COMMENT: "voices.commented",
}


def of_post(
    viewer: Viewer,
    post: Post,
    act: str,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    """An act on a post: ids and states, never its words."""
    trail(
        viewer=viewer,
        act=act,
        subject=(ROOM, "post", str(post.public_id)),
        before=before,
        after=after,
        reason=reason,
    )


def of_topic(viewer: Viewer, topic: Topic, act: str, after: dict[str, Any] | None = None) -> None:
    """An act on a topic."""
    trail(viewer=viewer, act=act, subject=(ROOM, "topic", str(topic.public_id)), after=after)


def book(
    post: Post,
    *,
    person: int,
    kind: str,
    source: str,
    at: datetime,
    subject: int | None,
    counterpart: int | None = None,
) -> None:
    """Write one deed down; the same source again changes nothing."""
    ledger.write(
        [
            DeedIn(
                person=person,
                kind=kind,
                occurred_at=at,
                source_system=ROOM,
                source_id=source,
                subject=subject,
                store=post.store_id,
                counterpart=counterpart,
                community=post.community_id,
            )
        ]
    )


def take_back(viewer: Viewer, source: str, reason: str) -> None:
    """Reverse the deed of a source, if there is one that stands."""
    found = Deed.objects.filter(source_system=ROOM, source_id=source).only("id").first()
    if found is not None and not Deed.objects.filter(reverses=found).exists():
        ledger.reverse(viewer=viewer, deed_id=found.pk, reason=reason)
