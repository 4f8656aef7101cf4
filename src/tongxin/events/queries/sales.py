"""Sales 拼团 and 秒杀: what is sold at which price, until when, how many are left; and how a champion's sale goes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from tongxin.events.formats import FORMATS
from tongxin.events.models import BuyGroup, BuyPlace, Occurrence, Registration
from tongxin.events.queries.access import READERS, event_to_join
from tongxin.events.queries.series import places_of
from tongxin.events.queries.ways_in import price_of
from tongxin.events.terms import Seat, State
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.pages import Page, page
from tongxin.people import queries as people
from tongxin.stores.models import Store

STOCK = tuple(code for code, one in FORMATS.items() if one.stock)


@dataclass(frozen=True)
class SaleCard:
    """One sale as members may see it. `price_fen` is None while the format hides it; `starts_at` to `ends_at` it is collected."""

    public_id: UUID
    title: str
    format: str
    form: tuple[str, str]
    said: tuple[str, str]
    unit: tuple[str, str]
    item: str
    price_fen: int | None
    usual_fen: int
    by_link: bool
    group_size: int
    group_hours: int
    share_text: str
    state: State
    store_name: str
    opens_at: datetime | None
    closes_at: datetime
    starts_at: datetime
    ends_at: datetime
    published: bool
    size: int
    taken: int

    @property
    def left(self) -> int:
        """Pieces that nobody has."""
        return max(0, self.size - self.taken)

    @property
    def together(self) -> bool:
        """Is it bought in groups?"""
        return self.group_size > 0


@dataclass(frozen=True)
class Piece:
    """A member's own piece: what it costs, where it is paid, whether its group is complete."""

    sale: SaleCard
    pay_url: str
    group: UUID | None
    complete: bool


@dataclass(frozen=True)
class GroupsRan:
    """The groups of a sale in numbers."""

    open: int
    complete: int
    released: int


def sale_card(viewer: Viewer, event_id: UUID) -> SaleCard:
    """One sale, for whoever looks. Refuses `absent`, also for an event that is no sale."""
    found = event_to_join(viewer, event_id)
    if found.format not in STOCK:
        raise Refused("absent")
    return _card(found, places_of([found.pk]).get(found.pk, (0, 0, 0)))


def sales_for(
    viewer: Viewer,
    *,
    store: Store | None = None,
    past: bool = False,
    limit: int = 30,
    cursor: str | None = None,
) -> Page[SaleCard]:
    """The sales of the stores in reach, those that go on soonest first. Two statements."""
    rows = _in_reach(viewer).filter(format__in=STOCK)
    rows = rows if store is None else rows.filter(store=store)
    over = Q(ends_at__lte=clock.now()) | Q(state__in=[State.CANCELLED, State.ENDED])
    rows = rows.filter(over) if past else rows.exclude(over)
    by = ("-starts_at", "-id") if past else ("starts_at", "id")
    found = page(rows.select_related("store"), by=by, limit=limit, cursor=cursor)
    places = places_of([row.pk for row in found.items])
    return Page(tuple(_card(row, places.get(row.pk, (0, 0, 0))) for row in found.items), found.cursor)


def groups_ran(viewer: Viewer, event_id: UUID) -> GroupsRan:
    """How the groups of a sale went. Refuses `absent`."""
    event = event_to_join(viewer, event_id)
    done, gone = Q(completed_at__isnull=False), Q(released_at__isnull=False)
    counted = BuyGroup.objects.filter(occurrence=event).aggregate(
        open=Count("pk", filter=~done & ~gone & Q(deadline__gt=clock.now())),
        complete=Count("pk", filter=done),
        released=Count("pk", filter=gone),
    )
    return GroupsRan(**counted)


def my_piece(viewer: Viewer, registration_id: UUID) -> Piece | None:
    """What a registration of one's own is of a sale; None for one of an event. Refuses `absent`."""
    if viewer.person is None:
        raise Refused("absent")
    row = (
        Registration.objects.filter(public_id=registration_id, person__in=people.cluster(viewer.person))
        .select_related("occurrence__store")
        .first()
    )
    if row is None:
        raise Refused("absent")
    event = row.occurrence
    if event.format not in STOCK:
        return None
    place = BuyPlace.objects.filter(registration=row).select_related("group").first()
    complete = place is None or place.group.completed_at is not None
    link = FORMATS[event.format].pay_link(event.details, registration=str(row.public_id))
    return Piece(
        sale=_card(event, places_of([event.pk]).get(event.pk, (0, 0, 0))),
        pay_url=link if complete and row.state == Seat.CONFIRMED else "",
        group=None if place is None else place.group.public_id,
        complete=complete,
    )


def _in_reach(viewer: Viewer) -> QuerySet[Occurrence]:
    places = viewer.places(READERS)
    return Occurrence.objects.all() if places is None else Occurrence.objects.filter(store__in=places)


def _card(event: Occurrence, places: tuple[int, int, int]) -> SaleCard:
    known: Any = FORMATS[event.format]
    said = event.details
    return SaleCard(
        public_id=event.public_id,
        title=event.title,
        format=event.format,
        form=(known.zh, known.en),
        said=(known.card_zh, known.card_en),
        unit=(known.unit_zh, known.unit_en),
        item=str(said.get("item", "")),
        price_fen=price_of(event),
        usual_fen=int(said.get("usual_fen") or 0),
        by_link=said.get("pay") == "link",
        group_size=int(said.get("group_size") or 0),
        group_hours=int(said.get("group_hours") or 0),
        share_text=str(said.get("share_text", "")),
        state=State(event.state),
        store_name=event.store.name,
        opens_at=event.opens_at,
        closes_at=event.closes_at or event.starts_at,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        published=event.state == State.PUBLISHED,
        size=places[0],
        taken=places[1] + places[2],
    )
