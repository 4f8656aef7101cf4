"""How this room forgets a person and says what it holds: plugged into `people` by `project/wiring.py`."""

from typing import Any

from tongxin.commerce import actions
from tongxin.commerce.models import Membership, PurchaseDay
from tongxin.commerce.tasks import forget_in_lake
from tongxin.people.ports import Person


class CommerceEraser:
    """`ERASERS = (CommerceEraser(),)`."""

    room = "commerce"

    def erase(self, person: Person) -> int:
        """Summary rows go at once; the lake is rewritten by a job that the same transaction queues."""
        return actions.erase_customer(
            person=person, forget=lambda digests: forget_in_lake.defer(digests=digests)
        )

    def export(self, person: Person) -> dict[str, list[dict[str, Any]]]:
        """Purchases by day and store, and paid periods."""
        days = PurchaseDay.objects.filter(customer__in=person.ids).select_related("store")
        periods = Membership.objects.filter(customer__in=person.ids)
        return {
            "purchases": [
                {
                    "business_date": day.business_date.isoformat(),
                    "store": day.store.name,
                    "source": day.source,
                    "orders": day.orders,
                    "net_fen": day.net_fen,
                    "high_margin_fen": day.high_margin_fen,
                }
                for day in days.order_by("business_date", "id")
            ],
            "memberships": [
                {
                    "program": period.program,
                    "status": period.status,
                    "started_at": period.started_at.isoformat(),
                    "ended_at": period.ended_at.isoformat() if period.ended_at else None,
                    "fee_fen": period.fee_fen,
                    "auto_renew": period.auto_renew,
                    "source": period.source,
                }
                for period in periods.order_by("started_at", "id")
            ],
        }
