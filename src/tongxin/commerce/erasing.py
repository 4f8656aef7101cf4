"""How this room forgets a person and says what it holds: plugged into `people` by `project/wiring.py`."""

from datetime import datetime
from typing import Any

from tongxin.commerce import actions
from tongxin.commerce.models import Membership, Promise, PurchaseDay, Voucher
from tongxin.commerce.rules.promises import grouped
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
        """Purchases by day and store, paid periods, what was promised for fees, and vouchers."""
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
            "promises": [_promise(row) for row in _of(Promise, person).select_related("store", "paid_store")],
            "vouchers": [
                _voucher(row) for row in _of(Voucher, person).select_related("store", "redeemed_store")
            ],
        }


def _of(model: type[Promise] | type[Voucher], person: Person) -> Any:
    return model._default_manager.filter(person__in=person.ids).order_by("id")  # noqa: SLF001 (Django's public name for it)


def _promise(row: Promise) -> dict[str, Any]:
    return {
        "id": str(row.public_id),
        "store": row.store.name,
        "fee_fen": row.fee_fen,
        "voucher_fen": row.voucher_fen,
        "terms": row.terms,
        "valid_days": row.valid_days,
        "state": row.state,
        "made_at": row.made_at.isoformat(),
        "due_at": _when(row.due_at),
        "paid_at": _when(row.paid_at),
        "paid_store": row.paid_store.name if row.paid_store else None,
        "receipt": row.receipt,
        "attended_at": _when(row.attended_at),
        "refund_due_at": _when(row.refund_due_at),
    }


def _voucher(row: Voucher) -> dict[str, Any]:
    return {
        "id": str(row.public_id),
        "store": row.store.name,
        "value_fen": row.value_fen,
        "code": grouped(row.code),
        "state": row.state,
        "granted_at": row.granted_at.isoformat(),
        "expires_at": row.expires_at.isoformat(),
        "redeemed_at": _when(row.redeemed_at),
        "redeemed_store": row.redeemed_store.name if row.redeemed_store else None,
        "receipt": row.receipt,
    }


def _when(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
