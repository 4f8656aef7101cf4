"""What somebody bought, in the form that a timeline takes: commerce stands above people, so a face hands it over. And a fee taken."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tongxin.commerce import actions as tills
from tongxin.commerce import queries as commerce
from tongxin.communities import actions as communities
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.people import queries as people

NOON = timedelta(hours=12)
NEWEST = 1000  # trading days; a timeline older than that is for an export, not for a page


@dataclass(frozen=True)
class TillRow:
    """One trading day in one store. The summary knows the day and not the hour, so it stands at noon."""

    at: datetime
    key: str
    store_name: str
    orders: int
    net_fen: int


def rows(viewer: Viewer, public_id: UUID | str) -> list[TillRow]:
    """The purchases of a person in reach, newest first. Refuses `absent`."""
    customer = people.access_customer(viewer, public_id)
    return [
        TillRow(
            at=clock.day_start(p.business_date) + NOON,
            key=f"{p.business_date.isoformat()}:{p.store_code}:{p.source}",
            store_name=p.store_name,
            orders=p.orders,
            net_fen=p.net_fen,
        )
        for p in commerce.purchases_of(viewer, customer, limit=NEWEST)
    ]


def take(viewer: Viewer, promise_id: UUID, *, receipt: str, store: Any) -> None:
    """A fee was taken; that of a community also moves who paid it further on the way in. Refuses as the two rooms do."""
    card = commerce.promise_card(viewer, promise_id)
    act = communities.take_fee if card.subject[0] == "communities" else tills.mark_paid
    act(viewer=viewer, promise_id=promise_id, receipt=receipt, store=store)
