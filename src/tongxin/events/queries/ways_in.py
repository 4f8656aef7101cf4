"""The way into an online event, and what a piece costs: shown to whom and when the format says."""

from uuid import UUID

from tongxin.events.formats import FORMATS
from tongxin.events.models import Occurrence, Registration
from tongxin.events.queries.access import access_registration
from tongxin.events.terms import Seat, State
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer


def way_in(viewer: Viewer, registration_id: UUID) -> str:
    """The link of an online event for one's own confirmed place, from half an hour before until the end; "" otherwise.

    Refuses `absent` for a registration of somebody else.
    """
    return link_of(access_registration(viewer, registration_id))


def link_of(row: Registration) -> str:
    """The same for a registration that the caller has fetched for its owner."""
    event = row.occurrence
    shown = event.state == State.PUBLISHED and FORMATS[event.format].link_shown(
        seat=Seat(row.state), starts_at=event.starts_at, ends_at=event.ends_at, now=clock.now()
    )
    return event.online_url if shown else ""


def price_of(event: Occurrence) -> int | None:
    """What a piece costs in fen; None while the format hides it, and for an event without a price of its own."""
    known, price = FORMATS[event.format], event.details.get("price_fen")
    shown = known.price_shown(opens_at=event.opens_at, now=clock.now())
    return price if shown and isinstance(price, int) else None
