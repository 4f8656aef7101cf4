"""Lists of occurrences, and of who registered: for the pages that show them. A fixed number of statements, however many rows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum

from tongxin.events.formats import FORMATS
from tongxin.events.models import Occurrence, Pool, Registration
from tongxin.events.queries.access import READERS
from tongxin.events.terms import Admission, Kind, Seat, State
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.pages import Page, page
from tongxin.people.models import Customer
from tongxin.stores.models import Region, Store

MONTH_MOST = 600  # lines of a month that one page can still show


class Tab(StrEnum):
    """The lists of an organiser's page."""

    COMING = "coming"
    DRAFT = "draft"
    PAST = "past"
    CANCELLED = "cancelled"


TAB_LABELS: dict[Tab, tuple[str, str]] = {
    Tab.COMING: ("将来", "coming"),
    Tab.DRAFT: ("草稿", "drafts"),
    Tab.PAST: ("过去", "past"),
    Tab.CANCELLED: ("已取消", "cancelled"),
}


@dataclass(frozen=True)
class EventLine:
    """One occurrence in a list, with the counters of its pools."""

    id: int
    public_id: UUID
    title: str
    theme: str
    kind: Kind
    format: str
    state: State
    admission: Admission
    starts_at: datetime
    ends_at: datetime
    place: str
    online: bool
    store_id: int
    store_name: str
    store_public_id: UUID
    region_name: str
    fee_fen: int
    voucher_fen: int
    series: bool
    simulated: bool
    size: int = 0
    taken: int = 0
    held: int = 0
    waiting: int = 0
    asking: int = 0

    @property
    def left(self) -> int:
        """Seats that nobody has or is offered."""
        return max(0, self.size - self.taken - self.held)

    @property
    def form(self) -> tuple[str, str]:
        """What it is called as a format, in both languages."""
        known = FORMATS.get(self.format)
        return (known.zh, known.en) if known else (self.format, self.format)

    def over(self, now: datetime) -> bool:
        """Has it ended?"""
        return self.ends_at <= now


@dataclass(frozen=True)
class Shop:
    """A store as everybody may know it."""

    public_id: UUID
    name: str
    city: str
    district: str
    address: str


def shop(viewer: Viewer, store_id: UUID) -> Shop:
    """A store that is open, for whoever looks. Refuses `absent` for one that is unknown, closed or not described yet."""
    del viewer  # where a store is, is for all
    found = Store.objects.filter(public_id=store_id, unsorted=False, closed_on=None).first()
    if found is None:
        raise Refused("absent")
    return Shop(found.public_id, found.name, found.city, found.district, found.address)


def upcoming(viewer: Viewer, store_id: UUID, *, limit: int = 20) -> list[EventLine]:
    """What members can come to in a store, soonest first. Open to everybody: published ones only."""
    del viewer  # what is published is for all
    rows = _rows().filter(store__public_id=store_id, state=State.PUBLISHED, ends_at__gt=clock.now())
    return lines(rows.order_by("starts_at", "id")[:limit])


def soonest(viewer: Viewer, *, limit: int = 5) -> list[EventLine]:
    """What a member can come to next: in their own store, soonest first."""
    if viewer.person is None:
        return []
    rows = _rows().filter(
        store__in=Store.objects.filter(id__in=_homes(viewer.person)),
        state=State.PUBLISHED,
        starts_at__gt=clock.now(),
    )
    return lines(rows.order_by("starts_at", "id")[:limit])


def _homes(person: int) -> QuerySet[Any]:
    return Customer.objects.filter(pk=person, home_store__isnull=False).values("home_store")


def organised(
    viewer: Viewer,
    tab: Tab = Tab.COMING,
    *,
    store: Store | None = None,
    region: Region | None = None,
    limit: int = 30,
    cursor: str | None = None,
) -> Page[EventLine]:
    """The occurrences in reach of staff, one tab of them, page by page: what comes soonest first, what was newest first."""
    rows = _reached(viewer, store, region).filter(_of_tab(tab, clock.now()))
    by = ("starts_at", "id") if tab in {Tab.COMING, Tab.DRAFT} else ("-starts_at", "-id")
    found = page(rows.select_related("store__region"), by=by, limit=limit, cursor=cursor)
    return Page(tuple(lines(found.items)), found.cursor)


def tab_counts(viewer: Viewer, *, store: Store | None = None, region: Region | None = None) -> dict[Tab, int]:
    """How many stand in each tab."""
    now = clock.now()
    counted = _reached(viewer, store, region).aggregate(
        **{tab.value: Count("id", filter=_of_tab(tab, now)) for tab in Tab}
    )
    return {tab: counted[tab.value] for tab in Tab}


def between(
    viewer: Viewer,
    begin: datetime,
    end: datetime,
    *,
    store: Store | None = None,
    region: Region | None = None,
) -> list[EventLine]:
    """What begins in a span of time in the stores in reach, drafts included, without what was cancelled."""
    rows = (
        _reached(viewer, store, region)
        .filter(starts_at__gte=begin, starts_at__lt=end)
        .exclude(state=State.CANCELLED)
    )
    return lines(rows.select_related("store__region").order_by("starts_at", "id")[:MONTH_MOST])


def one_line(viewer: Viewer, event_id: UUID) -> EventLine:
    """The line of one occurrence in reach of staff. Refuses `absent`."""
    row = _rows().filter(public_id=event_id).first()
    if row is None or not viewer.reaches(row.store_id, READERS):
        raise Refused("absent")
    return lines([row])[0]


def lines(rows: Iterable[Occurrence]) -> list[EventLine]:
    """Rows with their counters: two statements beside their own."""
    shown = list(rows)
    keys = [row.pk for row in shown]
    pools = {
        one["occurrence"]: one
        for one in Pool.objects.filter(occurrence__in=keys)
        .values("occurrence")
        .annotate(size=Sum("size"), taken=Sum("taken"), held=Sum("held"))
        .order_by("occurrence")
    }
    queued = {
        one["occurrence"]: one
        for one in Registration.objects.filter(
            occurrence__in=keys, state__in=(Seat.WAITING, Seat.APPLIED, Seat.ENTERED)
        )
        .values("occurrence")
        .annotate(
            waiting=Count("id", filter=Q(state=Seat.WAITING)),
            asking=Count("id", filter=~Q(state=Seat.WAITING)),
        )
        .order_by("occurrence")
    }
    return [_line(row, pools.get(row.pk, {}), queued.get(row.pk, {})) for row in shown]


def _line(row: Occurrence, seats: Mapping[str, Any], queue: Mapping[str, Any]) -> EventLine:
    store = row.store
    return EventLine(
        id=row.pk,
        public_id=row.public_id,
        title=row.title,
        theme=row.theme,
        kind=Kind(row.kind),
        format=row.format,
        state=State(row.state),
        admission=Admission(row.admission),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        place=row.place,
        online=bool(row.online_url),
        store_id=store.pk,
        store_name=store.name,
        store_public_id=store.public_id,
        region_name=store.region.name if store.region else "",
        fee_fen=row.fee_fen,
        voucher_fen=row.voucher_fen,
        series=row.series_id is not None,
        simulated=row.simulated,
        size=seats.get("size", 0),
        taken=seats.get("taken", 0),
        held=seats.get("held", 0),
        waiting=queue.get("waiting", 0),
        asking=queue.get("asking", 0),
    )


def _rows() -> QuerySet[Occurrence]:
    return Occurrence.objects.select_related("store__region")


def _reached(viewer: Viewer, store: Store | None, region: Region | None) -> QuerySet[Occurrence]:
    places = viewer.places(READERS)
    found = Occurrence.objects.all() if places is None else Occurrence.objects.filter(store__in=places)
    if store is not None:
        found = found.filter(store=store)
    if region is not None:
        found = found.filter(store__region=region)
    return found


def _of_tab(tab: Tab, now: datetime) -> Q:
    if tab is Tab.COMING:
        return Q(state=State.PUBLISHED, ends_at__gt=now)
    if tab is Tab.PAST:
        return Q(state=State.ENDED) | Q(state=State.PUBLISHED, ends_at__lte=now)
    return Q(state=State.DRAFT if tab is Tab.DRAFT else State.CANCELLED)
