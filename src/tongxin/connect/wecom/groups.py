"""The corp's groups as a source for plans: colleagues post into them by hand, or confirm a task in WeCom."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Count, Min

from tongxin.foundation.access import Viewer
from tongxin.outreach.audiences import EVERY_STORE, StoreMembers
from tongxin.outreach.models import WecomContact, WecomGroup, WecomGroupDay, WecomGroupMember
from tongxin.outreach.ports import GroupLine
from tongxin.outreach.terms_plans import GroupMood
from tongxin.stores.models import Staff

NEW_FOR = timedelta(days=14)
QUIET_AFTER = timedelta(days=7)


class WeComGroups:
    """`GROUPS["wecom"] = WeComGroups()`. Keys as the store's members: a store's public id, or `all`.

    Who writes in a group is not known without the paid archive; a group that nobody joined or left for a week counts as quiet.
    """

    id = "wecom"

    def access(self, viewer: Viewer, key: str) -> None:
        """Whoever plans messages for that store. Refuses `absent`."""
        StoreMembers().access(viewer, key)

    def groups(self, key: str, *, at: datetime) -> Iterable[GroupLine]:
        """The groups that stand, in the order in which they were opened."""
        rows = WecomGroup.objects.filter(dismissed_at=None, store__isnull=False, opened_at__lte=at)
        if key != EVERY_STORE:
            rows = rows.filter(store__public_id=key)
        found = list(rows.order_by("opened_at", "id"))
        counts: dict[int, int] = {}
        for group in WecomGroupMember.objects.filter(group__in=found, left_at=None).values_list(
            "group", flat=True
        ):
            counts[group] = counts.get(group, 0) + 1
        lively = set(
            WecomGroupDay.objects.filter(group__in=found, day__gte=(at - QUIET_AFTER).date())
            .exclude(joins=0, leaves=0)
            .values_list("group", flat=True)
        )
        return [
            GroupLine(
                f"wecom:{row.public_id}",
                row.name,
                row.store_id,
                counts.get(row.pk, 0),
                row.opened_at,
                _mood(row, at, lively),
            )
            for row in found
        ]


def _mood(row: WecomGroup, at: datetime, lively: set[int]) -> GroupMood:
    if at - row.opened_at < NEW_FOR:
        return GroupMood.NEW
    return GroupMood.LIVELY if row.pk in lively else GroupMood.QUIET


class WeComMoments:
    """`GROUPS["moments"] = WeComMoments()`: what colleagues of a store show in their Moments (朋友圈), each a wall of its own.

    A moment is made by the platform as a task of the colleague, who publishes it with one tap; its customers see it.
    """

    id = "moments"

    def access(self, viewer: Viewer, key: str) -> None:
        """Whoever plans messages for that store. Refuses `absent`."""
        StoreMembers().access(viewer, key)

    def groups(self, key: str, *, at: datetime) -> Iterable[GroupLine]:
        """Colleagues who have an account and customers, by code."""
        staff = Staff.objects.filter(active=True, store__isnull=False).exclude(wecom_userid="")
        if key != EVERY_STORE:
            staff = staff.filter(store__public_id=key)
        found = {one.wecom_userid: one for one in staff.order_by("code")}
        known = WecomContact.objects.filter(userid__in=found, lost_at=None).order_by()
        rows = {
            row["userid"]: row
            for row in known.values("userid").annotate(n=Count("id"), since=Min("added_at"))
        }
        return [
            GroupLine(
                f"moment:{userid}",
                f"{one.name}的朋友圈",
                one.store_id,
                rows[userid]["n"],
                rows[userid]["since"],
                GroupMood.NEW if at - rows[userid]["since"] < NEW_FOR else GroupMood.LIVELY,
            )
            for userid, one in found.items()
            if userid in rows
        ]
