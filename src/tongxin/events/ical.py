"""Calendars as RFC 5545 writes them: a store's, one's own, one event. One UID for an event's whole life, its SEQUENCE goes up.

Times are UTC instants, so no reader needs a zone table. Nothing personal is in a feed or its address; the way into an online
event never is.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING
from uuid import UUID

from tongxin.events import queries
from tongxin.events.models import CalendarFeed, Occurrence, Registration
from tongxin.events.terms import Seat, State
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.people import queries as people
from tongxin.stores.models import Store

if TYPE_CHECKING:
    from icalendar import Event

PRODUCT = "-//Tongxin//events//ZH"
BACK = timedelta(
    days=60
)  # how far back a feed still tells of what was; cancelled ones must stay for phones to see it
AHEAD = timedelta(days=400)
MOST = 1000
STANDS = {
    Seat.CONFIRMED: "CONFIRMED",
    Seat.OFFERED: "TENTATIVE",
    Seat.WAITING: "TENTATIVE",
    Seat.APPLIED: "TENTATIVE",
    Seat.ENTERED: "TENTATIVE",
}


@dataclass(frozen=True)
class Entry:
    """One line of a calendar."""

    uid: str
    sequence: int
    status: str
    starts_at: datetime
    ends_at: datetime
    title: str
    where: str
    words: str
    changed_at: datetime
    url: str = ""


def calendar_text(name: str, entries: Iterable[Entry], now: datetime) -> str:
    """The calendar as text: lines folded at 75 octets, signs escaped, CRLF."""
    from icalendar import Calendar  # noqa: PLC0415  # slow: eleven megabytes that few web workers need

    made = Calendar()
    made.add("prodid", PRODUCT)
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", name)
    made.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    for one in entries:
        made.add_component(_event(one, now))
    return made.to_ical().decode()


def _event(one: Entry, now: datetime) -> "Event":
    from icalendar import Event  # noqa: PLC0415  # slow: as above

    event = Event()
    event.add("uid", one.uid)
    event.add("sequence", one.sequence)
    event.add("status", one.status)
    event.add("dtstamp", now.astimezone(UTC).replace(microsecond=0))
    event.add("last-modified", one.changed_at.astimezone(UTC).replace(microsecond=0))
    event.add("dtstart", one.starts_at.astimezone(UTC))
    event.add("dtend", one.ends_at.astimezone(UTC))
    event.add("summary", one.title)
    if one.where:
        event.add("location", one.where)
    if one.words:
        event.add("description", one.words)
    if one.url:
        event.add("url", one.url)
    if one.status == "CANCELLED":
        event.add("transp", "TRANSPARENT")
    return event


def entry_of(row: Occurrence, *, base: str = "", seat: Seat | None = None, rounds: int = 0) -> Entry:
    """An occurrence as a line; with `seat` the line of somebody's own place, `rounds` its registration's version.

    `base` is the address of the web site, "" leaves the link out.
    """
    off = row.state == State.CANCELLED or (seat is not None and seat not in STANDS)
    zh = row.title if not row.theme else f"{row.title}·{row.theme}"
    return Entry(
        uid=f"{row.public_id}@tongxin",
        sequence=row.sequence + rounds,
        status="CANCELLED" if off else STANDS.get(seat, "CONFIRMED") if seat else "CONFIRMED",
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        title=zh,
        where="、".join(x for x in (row.store.name, row.place) if x) if not row.online_url else "",
        words=row.summary,
        changed_at=max(
            x for x in (row.made_at, row.published_at, row.changed_at, row.cancelled_at) if x is not None
        ),
        url=f"{base.rstrip('/')}/m/events/{row.public_id}/" if base else "",
    )


def event_calendar(viewer: Viewer, event_id: UUID, *, base: str = "") -> str:
    """One event, for whoever may see it. Refuses `absent`."""
    row = queries.event_to_join(viewer, event_id)
    return calendar_text(row.title, [entry_of(row, base=base)], clock.now())


def feed_for_store(viewer: Viewer, store_id: UUID, *, base: str = "") -> str:
    """What a store offers to everybody: published, over and cancelled events, never a draft. Refuses `absent` for no such store."""
    del viewer  # what is published is for all
    store = Store.objects.filter(public_id=store_id, unsorted=False).first()
    if store is None:
        raise Refused("absent")
    return _store_feed(store, base)


def _store_feed(store: Store, base: str) -> str:
    now = clock.now()
    rows = (
        Occurrence.objects.filter(store=store, starts_at__gte=now - BACK, starts_at__lt=now + AHEAD)
        .exclude(state=State.DRAFT)
        .exclude(published_at=None)
        .select_related("store")
        .order_by("starts_at", "id")[:MOST]
    )
    return calendar_text(store.name, [entry_of(row, base=base) for row in rows], now)


def my_calendar(viewer: Viewer, *, base: str = "") -> str:
    """The asking member's own events. Refuses `absent` for nobody."""
    if viewer.person is None:
        raise Refused("absent")
    return _person_feed(viewer.person, base)


def feed_by_token(token: str, *, base: str = "") -> str:
    """The feed behind an address: a store's or a member's own. Refuses `absent` for an unknown or revoked one."""
    digest = sha256(token.encode()).hexdigest()
    feed = (
        CalendarFeed.objects.select_related("store", "person").filter(digest=digest, revoked_at=None).first()
    )
    if feed is None:
        raise Refused("absent")
    if feed.store is not None:
        return _store_feed(feed.store, base)
    return _person_feed(feed.person.survivor_id or feed.person.pk if feed.person else 0, base)


def _person_feed(person: int, base: str) -> str:
    now = clock.now()
    rows = (
        Registration.objects.filter(
            person__in=people.cluster(person),
            occurrence__starts_at__gte=now - BACK,
            occurrence__starts_at__lt=now + AHEAD,
        )
        .select_related("occurrence__store")
        .order_by("occurrence__starts_at", "id")[:MOST]
    )
    # Who registered again after cancelling has two rows of one event: the live one, or else the newest, is what stands, and
    # every round so far counts into the sequence, so that a phone never keeps an older answer.
    latest: dict[int, Registration] = {}
    rounds: dict[int, int] = {}
    for row in rows:
        rounds[row.occurrence_id] = rounds.get(row.occurrence_id, 0) + row.version
        held = latest.get(row.occurrence_id)
        if held is None or Seat(row.state) in STANDS or Seat(held.state) not in STANDS:
            latest[row.occurrence_id] = row
    entries = [
        entry_of(row.occurrence, base=base, seat=Seat(row.state), rounds=rounds[key])
        for key, row in latest.items()
    ]
    return calendar_text("同心", entries, now)
