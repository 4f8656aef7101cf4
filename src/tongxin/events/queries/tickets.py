"""The holder's own ticket, and the installation's key behind it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings

from tongxin.events.models import Occurrence, Registration
from tongxin.events.queries.access import access_registration
from tongxin.events.rules import tickets as rules
from tongxin.events.rules.tickets import TicketKey
from tongxin.events.terms import LIST_KEPT, Seat
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused


@dataclass(frozen=True)
class Ticket:
    """What the holder's page needs, also without network: the static part, the secret of the moving one, and how long to keep it."""

    registration: Registration
    event: Occurrence
    static: str
    secret: str
    code: str
    short: str
    now: datetime
    keep_until: datetime


def installation_key() -> TicketKey:
    """The key of this installation, from `settings.TONGXIN_TICKET_KEY`."""
    return rules.key_from(settings.TONGXIN_TICKET_KEY)


def ticket_of(viewer: Viewer, registration_id: UUID) -> Ticket:
    """The ticket of one's own confirmed place. Refuses `absent` for anybody else's and for a place that is none."""
    found = access_registration(viewer, registration_id)
    own = viewer.person is not None and viewer.person == (found.person.survivor_id or found.person_id)
    if not own or found.state != Seat.CONFIRMED:
        raise Refused("absent")
    key, event, now = installation_key(), found.occurrence, clock.now()
    return Ticket(
        registration=found,
        event=event,
        static=rules.static_part(key, found.ticket, event.public_id),
        secret=rules.moving_secret(key, found.ticket).hex(),
        code=rules.code(key, found.ticket, event.public_id, now),
        short=rules.short_code(found.ticket),
        now=now,
        keep_until=event.ends_at + LIST_KEPT,
    )
