"""What a member does in the inbox."""

from uuid import UUID

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.outreach.models import InboxItem
from tongxin.outreach.queries import access_item, own_entries


def mark_read(*, viewer: Viewer, public_id: UUID | str) -> InboxItem:
    """The member has read it; the first time counts. No trail: reading one's own letters is nobody's business.

    Refuses `absent`.
    """
    found = access_item(viewer, public_id)
    if found.read_at is None:
        now = clock.now()
        InboxItem.objects.filter(pk=found.pk, read_at=None).update(read_at=now)
        found.read_at = now
    return found


def mark_all_read(*, viewer: Viewer) -> int:
    """Everything in the inbox; answers how many were new. Refuses `absent` for who is no member."""
    if viewer.person is None:
        raise Refused("absent")
    unread = InboxItem.objects.filter(person__in=own_entries(viewer), read_at=None)
    return unread.update(read_at=clock.now())
