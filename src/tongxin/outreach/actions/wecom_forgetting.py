"""What WeCom told us about a person: forgotten, and said when asked."""

from collections.abc import Collection
from typing import Any

from tongxin.outreach.models import WecomContact, WecomGroupMember, WecomHandoverLine, WecomTarget, WecomTouch


def forget(ids: Collection[int]) -> int:
    """Contacts, stays and steps go; whom a task was for is emptied. That groups had so many members stays."""
    gone = WecomTouch.objects.filter(customer__in=ids).delete()[0]
    gone += WecomGroupMember.objects.filter(customer__in=ids).delete()[0]
    gone += WecomHandoverLine.objects.filter(customer__in=ids).delete()[0]
    gone += WecomContact.objects.filter(customer__in=ids).delete()[0]
    return gone + WecomTarget.objects.filter(send__person__in=ids).exclude(external="").update(external="")


def held(ids: Collection[int]) -> dict[str, list[dict[str, Any]]]:
    """Contacts, stays in groups, and the way to us."""
    contacts = WecomContact.objects.filter(customer__in=ids).order_by("id")
    stays = WecomGroupMember.objects.filter(customer__in=ids).select_related("group").order_by("id")
    moves = WecomHandoverLine.objects.filter(customer__in=ids).order_by("id")
    touches = WecomTouch.objects.filter(customer__in=ids).order_by("at", "id")
    return {
        "wecom_contacts": [
            {
                "id": row.external,
                "through": row.state,
                "way": row.add_way,
                "since": row.added_at.isoformat(),
                "until": row.lost_at.isoformat() if row.lost_at else None,
            }
            for row in contacts
        ],
        "wecom_groups": [
            {
                "id": row.external,
                "group": row.group.name,
                "through": row.state,
                "scene": row.scene,
                "since": row.joined_at.isoformat(),
                "until": row.left_at.isoformat() if row.left_at else None,
            }
            for row in stays
        ],
        "wecom_handovers": [
            {
                "id": row.external,
                "state": row.state,
                "asked_at": row.asked_at.isoformat() if row.asked_at else None,
                "takes_at": row.takes_at.isoformat() if row.takes_at else None,
                "done_at": row.done_at.isoformat() if row.done_at else None,
            }
            for row in moves
        ],
        "wecom_steps": [
            {
                "id": row.external,
                "kind": row.kind,
                "source": row.source,
                "store": row.store_id,
                "place": row.place,
                "at": row.at.isoformat(),
            }
            for row in touches
        ],
    }
