"""What a calendar should be warned of: events that stand in each other's way, unusual days, people who are asked too often."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from tongxin.events.rules.recurrence import Days
from tongxin.events.terms import Kind


class MarkKind(StrEnum):
    """Why an event is marked."""

    ROOM = "room"
    HOST = "host"
    OVERLAP = "overlap"
    AGAINST_RITUAL = "against_ritual"
    TIRED = "tired"
    PROMOTED = "promoted"
    HOLIDAY = "holiday"
    WORKED = "worked"


MARK_LABELS: dict[MarkKind, tuple[str, str]] = {
    MarkKind.ROOM: ("场地已被占用", "the room is taken"),
    MarkKind.HOST: ("主持人排了两场", "the host is booked twice"),
    MarkKind.OVERLAP: ("同一家店时间重叠", "two at once in one store"),
    MarkKind.AGAINST_RITUAL: ("品牌活动撞上本店仪式", "a brand event on the day of the store's ritual"),
    MarkKind.TIRED: ("7 天里场次太多", "too many within seven days"),
    MarkKind.PROMOTED: ("7 天里品牌活动太多", "too many brand events within seven days"),
    MarkKind.HOLIDAY: ("法定假日", "a public holiday"),
    MarkKind.WORKED: ("调休上班日", "a swapped working day"),
}
# These are told, not warned of: a holiday may be what an event is for.
MILD = frozenset({MarkKind.HOLIDAY, MarkKind.WORKED})


@dataclass(frozen=True)
class Policy:
    """How much is too much within a window of days. Chosen by us: one event a day for a store's neighbours, two brand events a week
    (the outreach caps let one promotion a week through, a second one only by word of mouth), three places a week for one person."""

    days: int = 7
    events: int = 7
    brand_events: int = 2
    places: int = 3


@dataclass(frozen=True)
class Slot:
    """An event as the rule needs it; `day` is the store's own."""

    id: int
    store: int
    kind: str
    starts_at: datetime
    ends_at: datetime
    day: date
    online: bool = False


@dataclass(frozen=True)
class Wish:
    """An event wants a room or a host that another one has."""

    event: int
    with_event: int
    host: bool


@dataclass(frozen=True)
class Mark:
    """One warning at one event, and which other event it is about."""

    event: int
    kind: MarkKind
    other: int | None = None


def marks(
    slots: Iterable[Slot], *, days: Days, wishes: Iterable[Wish] = (), policy: Policy | None = None
) -> tuple[Mark, ...]:
    """Every warning, in the order of the events' beginnings."""
    held = policy or Policy()
    ordered = sorted(slots, key=lambda one: (one.starts_at, one.id))
    by_store: dict[int, list[Slot]] = defaultdict(list)
    for one in ordered:
        by_store[one.store].append(one)
    known = {one.id for one in ordered}
    found = [
        Mark(wish.event, MarkKind.HOST if wish.host else MarkKind.ROOM, wish.with_event)
        for wish in wishes
        if wish.event in known
    ]
    for mine in by_store.values():
        together = list(_overlaps(mine))
        found += together
        found += _against_rituals(mine, {(one.event, one.other) for one in together})
        found += _too_many(mine, held.events, held.days, MarkKind.TIRED)
        brand = [one for one in mine if one.kind == Kind.BRAND_EVENT]
        found += _too_many(brand, held.brand_events, held.days, MarkKind.PROMOTED)
    found += _unusual(ordered, days)
    place = {one.id: n for n, one in enumerate(ordered)}
    order = list(MarkKind)
    return tuple(sorted(found, key=lambda one: (place[one.event], order.index(one.kind), one.other or 0)))


def _overlaps(mine: Sequence[Slot]) -> Iterator[Mark]:
    """People and rooms of one store at two places at once; what is online needs no room."""
    running: list[Slot] = []
    for one in mine:
        if one.online:
            continue
        running = [other for other in running if other.ends_at > one.starts_at]
        for other in running:
            yield Mark(other.id, MarkKind.OVERLAP, one.id)
            yield Mark(one.id, MarkKind.OVERLAP, other.id)
        running.append(one)


def _against_rituals(mine: Sequence[Slot], told: set[tuple[int, int | None]]) -> Iterator[Mark]:
    """The chain's occasion on the day of the neighbours' habit; where the hours overlap that was said already."""
    rituals: dict[date, Slot] = {}
    for one in mine:
        if one.kind == Kind.RITUAL:
            rituals.setdefault(one.day, one)
    for one in mine:
        ritual = rituals.get(one.day)
        if one.kind == Kind.BRAND_EVENT and ritual is not None and (one.id, ritual.id) not in told:
            yield Mark(one.id, MarkKind.AGAINST_RITUAL, ritual.id)


def _too_many(mine: Sequence[Slot], most: int, days: int, kind: MarkKind) -> Iterator[Mark]:
    """Each event that is one too many for the days before it."""
    first = 0
    for n, one in enumerate(mine):
        while mine[first].day <= one.day - timedelta(days=days):
            first += 1
        if n - first + 1 > most:
            yield Mark(one.id, kind)


def _unusual(slots: Sequence[Slot], days: Days) -> Iterator[Mark]:
    for one in slots:
        if one.day in days.worked:
            yield Mark(one.id, MarkKind.WORKED)
        elif one.day in days.holidays:
            yield Mark(one.id, MarkKind.HOLIDAY)
