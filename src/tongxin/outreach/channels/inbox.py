"""The member's web inbox: a channel of the room itself. What stands there has been sent."""

from collections.abc import Collection, Mapping, Sequence

from tongxin.outreach.channels import INBOX
from tongxin.outreach.models import InboxItem
from tongxin.outreach.ports import Check, Delivery, Limit, Receipt, TaskPlan
from tongxin.outreach.terms import Cap, SendState


class Inbox:
    """Every member has one."""

    id = INBOX
    caps = frozenset({Cap.DIRECT, Cap.DELIVERY_RESULT, Cap.RECALL})

    def limits(self) -> Sequence[Limit]:
        """None of its own: the gate counts."""
        return ()

    def ready(self) -> bool:
        """Always."""
        return True

    def reaches(self, persons: Collection[int]) -> frozenset[int]:
        """Everybody."""
        return frozenset(persons)

    def prepare(self, homes: Mapping[int, int | None], *, store: int | None) -> list[TaskPlan]:
        """Nobody has to do anything."""
        return [TaskPlan(store, len(homes))]

    def dispatch(self, deliveries: Sequence[Delivery]) -> list[Receipt]:
        """One row each; a second time changes nothing."""
        InboxItem.objects.bulk_create(
            [
                InboxItem(send_id=one.send, person_id=one.person, text=one.text, path=one.path, at=one.at)
                for one in deliveries
            ],
            ignore_conflicts=True,
        )
        return [Receipt(SendState.SENT) for _ in deliveries]

    def poll(self, keys: Collection[str]) -> dict[str, SendState]:  # noqa: ARG002 (the port's shape)
        """Nothing is ever open."""
        return {}

    def health(self) -> list[Check]:
        """Nothing can be wrong with it."""
        return [Check("inbox", ok=True)]
