"""What is published about a draw. Public by design, like the event: whoever sees the event can check its draw."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tongxin.events.models import Lottery
from tongxin.events.queries.access import access_registration, event_to_join
from tongxin.events.rules.lottery import POINTS, entrant, lot
from tongxin.foundation.access import Viewer
from tongxin.foundation.draw import queries as draws
from tongxin.foundation.errors import Refused


@dataclass(frozen=True)
class Published:
    """A draw as anybody reads it: the frozen rules and their hash, then the document that `tongxin draw verify` takes."""

    rules: dict[str, Any]
    rules_hash: str
    points: tuple[tuple[str, str, str], ...]
    frozen_at: datetime
    draws_at: datetime
    document: dict[str, Any] | None


@dataclass(frozen=True)
class MyLot:
    """One's own number in the draw, as it stands in the list, and what came of it once it is drawn."""

    lot: str
    entrant: str
    published: bool
    won: bool | None


def published_draw(viewer: Viewer, event_id: UUID) -> Published:
    """The rules and, once registration has closed, the document of an event's draw. Refuses `absent`, `events.not_lottery`."""
    event = event_to_join(viewer, event_id)
    frozen = Lottery.objects.filter(occurrence=event).first()
    if frozen is None:
        raise Refused("events.not_lottery")
    words = frozen.rules["points"]
    return Published(
        rules=frozen.rules,
        rules_hash=frozen.rules_hash,
        points=tuple((zh, en, words[name]) for name, (zh, en) in POINTS.items()),
        frozen_at=frozen.frozen_at,
        draws_at=frozen.draws_at,
        document=None if event.draw is None else draws.document(event.draw),
    )


def my_lot(viewer: Viewer, registration_id: UUID) -> MyLot:
    """The number under which a registration stands in the draw; one's own, or of an event in reach. Refuses `absent`."""
    found = access_registration(viewer, registration_id)
    event = found.occurrence
    mine = entrant(event.public_id, found.public_id, found.party)
    document = None if event.draw is None else draws.document(event.draw)
    listed = document is not None and mine in document["entrants"]
    drawn = document is not None and listed and document["revealed_at"] is not None
    return MyLot(
        lot=lot(event.public_id, found.public_id),
        entrant=mine,
        published=listed,
        won=mine in document["winners"] if document is not None and drawn else None,
    )
