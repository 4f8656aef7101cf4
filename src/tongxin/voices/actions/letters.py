"""What people are told about their posts, in the transaction of the act."""

from tongxin.foundation.access import Viewer
from tongxin.outreach import actions as outreach
from tongxin.outreach.terms import MessageClass, SendIn
from tongxin.voices.models import Post

ROOM = "voices"


def tell(*, viewer: Viewer, post: Post, community: str, kind: str, person: int, key: str) -> None:
    """One person, about one post; a tap leads to where it stands. `key` is the act, so that it is told once."""
    outreach.notify(
        viewer=viewer,
        sends=[
            SendIn(
                person=person,
                kind=kind,
                body={"name": community, "path": f"/m/posts/{post.public_id}/"},
                message_class=MessageClass.SERVICE,
                subject=(ROOM, str(post.public_id)),
                key=f"{kind}:{key}:{person}",
                store=post.store_id,
            )
        ],
    )


def withdraw(*, viewer: Viewer, post: Post, reason: str) -> None:
    """What was still to be told about a post that is gone is not told any more."""
    outreach.cancel(viewer=viewer, subject=(ROOM, str(post.public_id)), reason=reason)
