"""Plans that wait for somebody: to be approved, or about to run out before they went."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.outreach.models import Message
from tongxin.outreach.terms import PLANNERS, SendState

SOON = timedelta(hours=24)


@dataclass(frozen=True)
class WaitingPlan:
    """A plan: its title, where, how many people it is for (0 until it is expanded), when it stops being sent."""

    public_id: UUID
    title: str
    text: str
    store_name: str
    recipients: int
    expires_at: datetime
    draft: bool


def plans_waiting(viewer: Viewer, *, limit: int = 20) -> list[WaitingPlan]:
    """Drafts that nobody has approved, and approved plans that run out within a day; of the stores in reach, the first to run out first.

    What was planned for one step of an event's copy is left out: it is approved with its kit.
    """
    places, now = viewer.places(PLANNERS), clock.now()
    rows = Message.objects.select_related("store").filter(expires_at__gt=now, about_room="")
    if places is not None:
        rows = rows.filter(store__in=places)
    open_ = Q(state__in=(SendState.APPROVED, SendState.QUEUED, SendState.AWAITING_STAFF))
    rows = rows.filter(Q(state=SendState.DRAFT) | (open_ & Q(expires_at__lte=now + SOON)))
    return [
        WaitingPlan(
            row.public_id,
            row.title,
            row.text,
            row.store.name if row.store else "",
            row.recipients,
            row.expires_at,
            row.state == SendState.DRAFT,
        )
        for row in rows.order_by("expires_at", "id")[:limit]
    ]
