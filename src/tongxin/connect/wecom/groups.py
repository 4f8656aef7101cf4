"""The corp's groups as a source for plans: colleagues post into them by hand, or confirm a task in WeCom."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from tongxin.foundation.access import Viewer
from tongxin.outreach.audiences import EVERY_STORE, StoreMembers
from tongxin.outreach.models import WecomGroup, WecomGroupDay, WecomGroupMember
from tongxin.outreach.ports import GroupLine
from tongxin.outreach.terms_plans import GroupMood

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
