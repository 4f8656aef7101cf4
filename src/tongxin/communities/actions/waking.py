"""Waking the quiet: a plan through outreach, drafted for somebody to approve, with a random share left alone."""

from datetime import timedelta
from uuid import UUID

from django.db import transaction

from tongxin.communities.actions.trails import ROOM
from tongxin.communities.queries.access import access_community
from tongxin.communities.rules.waking import Quiet
from tongxin.foundation import clock
from tongxin.foundation.access import Verb, Viewer, system
from tongxin.foundation.audit.actions import trail
from tongxin.outreach import actions as outreach
from tongxin.outreach.models import Message
from tongxin.outreach.terms import MessageClass

LASTS = timedelta(days=14)
WATCHED = timedelta(days=42)


def plan_waking(
    *,
    viewer: Viewer,
    community_id: UUID,
    state: Quiet,
    text: str,
    text_en: str = "",
    channel: str = "inbox",
    share_permille: int = 200,
) -> Message:
    """A draft for the quiet of a community, with a share held out so that its effect can be told; sending is outreach's.

    Refuses `absent` and what outreach refuses of a plan or a holdout.
    """
    with transaction.atomic():
        row = access_community(viewer, community_id, Verb.DECIDE)
        now = clock.now()
        message = outreach.plan_message(
            viewer=viewer,
            message_class=MessageClass.COMMUNITY,
            channel=channel,
            audience="community",
            audience_key=f"{row.public_id}:{state}",
            text=text,
            text_en=text_en,
            title=f"{row.name} · {'唤醒' if state is Quiet.DORMANT else '问候'}",
            expires_at=now + LASTS,
            store=row.store,
        )
        outreach.open_holdout(
            viewer=system(ROOM),
            label=f"waking:{message.public_id}",
            share_permille=share_permille,
            until=now + WATCHED,
            message=message,
        )
        trail(
            viewer=viewer,
            act="communities.waking_planned",
            subject=(ROOM, "community", str(row.public_id)),
            after={"message": str(message.public_id), "state": str(state), "held_permille": share_permille},
        )
    return message
