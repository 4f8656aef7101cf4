"""How acts of this room stand in the trail and in the book: the one place where their subjects are spelled."""

from datetime import datetime
from typing import Any

from tongxin.communities.models import Application, Community, Membership
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.people import ledger
from tongxin.people.rules import DeedIn

ROOM = "communities"


def of_community(
    viewer: Viewer,
    community: Community,
    act: str,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    """An act on a community."""
    trail(
        viewer=viewer,
        act=act,
        subject=(ROOM, "community", str(community.public_id)),
        before=before,
        after=after,
        reason=reason,
    )


def of_application(
    viewer: Viewer, application: Application, act: str, after: dict[str, Any] | None = None
) -> None:
    """An act on an application. What was said and why somebody said no stays out of the trail."""
    trail(viewer=viewer, act=act, subject=(ROOM, "application", str(application.public_id)), after=after)


def of_membership(
    viewer: Viewer, membership: Membership, act: str, after: dict[str, Any] | None = None, reason: str = ""
) -> None:
    """An act on a membership."""
    trail(
        viewer=viewer,
        act=act,
        subject=(ROOM, "membership", str(membership.public_id)),
        after=after,
        reason=reason,
    )


def deed(membership: Membership, kind: str, at: datetime) -> DeedIn:
    """`joined` or `left`, as a row of the book."""
    return DeedIn(
        person=membership.person_id,
        kind=kind,
        occurred_at=at,
        source_system=ROOM,
        source_id=f"{kind}:{membership.public_id}",
        subject=membership.community.subject_id,
        store=membership.store_id,
        community=membership.community_id,
    )


def book(*rows: DeedIn) -> None:
    """Write deeds down."""
    ledger.write(list(rows))
