"""What a store's till has to do: fees to collect, fees to hand back, with the name and the event or community they belong to."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Coalesce

from tongxin.commerce import queries as commerce
from tongxin.commerce.queries import PromiseCard
from tongxin.events.models import Registration
from tongxin.foundation.access import Viewer
from tongxin.foundation.pages import Page
from tongxin.people.models import Customer

ROOM = "events"


@dataclass(frozen=True)
class TillLine:
    """One promise with whose it is."""

    promise: PromiseCard
    name: str
    title: str
    starts_at: datetime | None
    event: UUID | None


def to_collect(viewer: Viewer, store: int, *, limit: int = 50, cursor: str | None = None) -> Page[TillLine]:
    """Fees that the store has still to collect, oldest first. Two statements."""
    found = commerce.promises_to_collect(viewer, store, limit=limit, cursor=cursor)
    return Page(_told(found.items), found.cursor)


def to_hand_back(viewer: Viewer, store: int, *, limit: int = 20) -> tuple[TillLine, ...]:
    """Fees that are to be handed back there, the most urgent first. Two statements."""
    return _told(commerce.refunds_due(viewer, store=store, limit=limit).items)


def one(viewer: Viewer, promise_id: UUID) -> TillLine:
    """One promise in reach. Refuses `absent`."""
    return _told([commerce.promise_card(viewer, promise_id)])[0]


def _told(cards: Iterable[PromiseCard]) -> tuple[TillLine, ...]:
    shown = list(cards)
    keys = [card.subject[1] for card in shown if card.subject[0] == ROOM]
    rows = (
        Registration.objects.filter(public_id__in=keys)
        .select_related("occurrence")
        .annotate(nickname=Coalesce(F("person__survivor__nickname"), F("person__nickname")))
        if keys
        else ()
    )
    known = {str(row.public_id): row for row in rows}
    others = {card.person for card in shown if card.subject[0] != ROOM}
    names = dict(Customer.objects.filter(pk__in=others).values_list("pk", "nickname")) if others else {}
    return tuple(_line(card, known.get(card.subject[1]), names) for card in shown)


def _line(card: PromiseCard, row: Registration | None, names: dict[int, str]) -> TillLine:
    if row is None:
        return TillLine(card, names.get(card.person, ""), str(card.terms.get("title", "")), None, None)
    event = row.occurrence
    name = str(getattr(row, "nickname", "") or "")
    return TillLine(card, name, event.title, event.starts_at, event.public_id)
