"""What people are told about their communities, in the transaction of the act."""

from collections.abc import Sequence
from typing import Any

from tongxin.communities.models import Community
from tongxin.foundation.access import Viewer
from tongxin.outreach import actions as outreach
from tongxin.outreach.terms import MessageClass, SendIn

ROOM = "communities"


def subject(community: Community) -> tuple[str, str]:
    """What the messages of a community hang on."""
    return (ROOM, str(community.public_id))


def tell(
    *,
    viewer: Viewer,
    community: Community,
    kind: str,
    persons: Sequence[int],
    key: str,
    message_class: MessageClass = MessageClass.SERVICE,
    **fields: Any,
) -> None:
    """The same to some people, in one statement; `key` is the act, so that it is told once."""
    body = {"name": community.name, "path": f"/m/communities/{community.public_id}", **fields}
    outreach.notify(
        viewer=viewer,
        sends=[
            SendIn(
                person=person,
                kind=kind,
                body=body,
                message_class=message_class,
                subject=subject(community),
                key=f"{kind}:{key}:{person}",
                store=community.store_id,
            )
            for person in persons
        ],
    )


def withdraw(*, viewer: Viewer, community: Community, person: int | None, reason: str) -> None:
    """What was still to be told about the community is not told any more."""
    outreach.cancel(viewer=viewer, subject=subject(community), person=person, reason=reason)
