"""Sent by hand: the text is copied, the poster saved, WeChat opened, and “我已发送” tapped. The reference implementation."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from tongxin.outreach.channels import MANUAL
from tongxin.outreach.models import Send, Task
from tongxin.outreach.ports import Check, Delivery, Limit, Receipt, TaskPlan
from tongxin.outreach.terms import Cap, SendState

DAY = timedelta(days=1)


class Manual:
    """One open task per store and plan; colleagues of that store do it."""

    id = MANUAL
    caps = frozenset({Cap.DIRECT, Cap.GROUP, Cap.MOMENT, Cap.STAFF_CONFIRM, Cap.MEDIA})

    def limits(self) -> Sequence[Limit]:
        """What the platform that colleagues send with allows them."""
        return (Limit("person", DAY, 1, "企业微信文档 92135（2025-11-17）"),)

    def ready(self) -> bool:
        """Always: it needs a colleague with a phone."""
        return True

    def reaches(self, persons: Collection[int]) -> frozenset[int]:
        """Everybody, as far as we can know."""
        return frozenset(persons)

    def prepare(self, homes: Mapping[int, int | None], *, store: int | None) -> list[TaskPlan]:
        """A part per store: the plan's own store, or each one's home store."""
        counts = Counter(store or home for home in homes.values())
        return [TaskPlan(place, n) for place, n in sorted(counts.items(), key=lambda pair: pair[0] or 0)]

    def dispatch(self, deliveries: Sequence[Delivery]) -> list[Receipt]:
        """Put each into the open task of its store, which is opened when there is none."""
        if not deliveries:
            return []
        wanted = {(one.message, one.store): (one.at, one.expires_at) for one in deliveries if one.message}
        found = open_tasks(wanted, channel=self.id)
        return [Receipt(SendState.AWAITING_STAFF, found[one.message or 0, one.store]) for one in deliveries]

    def poll(self, keys: Collection[str]) -> dict[str, SendState]:
        """What colleagues have said; used where nobody pushes it (the test double)."""
        rows = Send.objects.filter(key__in=list(keys)).exclude(state=SendState.AWAITING_STAFF)
        return {key: SendState(state) for key, state in rows.values_list("key", "state")}

    def health(self) -> list[Check]:
        """Nothing to configure."""
        return [Check("manual", ok=True)]


def open_tasks(
    wanted: Mapping[tuple[int, int | None], tuple[datetime, datetime | None]], *, channel: str = MANUAL
) -> dict[tuple[int, int | None], int]:
    """(plan, store) → its open task, made where there is none and locked; two statements however many."""
    Task.objects.bulk_create(
        [
            Task(
                message_id=message,
                store_id=store,
                channel=channel,
                created_at=at,
                expires_at=until or at + DAY,
            )
            for (message, store), (at, until) in wanted.items()
        ],
        ignore_conflicts=True,
    )
    rows = (
        Task.objects.select_for_update()
        .filter(
            message__in={message for message, _ in wanted},
            state=SendState.AWAITING_STAFF,
            channel=channel,
            group_key="",
        )
        .order_by("id")
    )
    return {(row.message_id, row.store_id): row.pk for row in rows}
