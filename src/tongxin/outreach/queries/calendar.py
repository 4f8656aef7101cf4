"""The editorial calendar: what is planned on which day, and where people would be addressed too often."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.outreach.models import Message
from tongxin.outreach.queries.caps import caps
from tongxin.outreach.rules import Line, Policy
from tongxin.outreach.terms import PLANNERS, MessageClass, SendState
from tongxin.outreach.terms_plans import Target, Topic

MOST = 500
DEAD = (SendState.CANCELLED, SendState.EXPIRED, SendState.FAILED)


@dataclass(frozen=True)
class Planned:
    """An entry of the calendar; `tired` says that the caps leave no room for it beside what stands around it."""

    public_id: UUID
    day: date
    title: str
    topic: Topic
    message_class: MessageClass
    target: Target
    state: SendState
    store_name: str
    recipients: int
    tired: bool


def planned_days(viewer: Viewer, since: datetime, until: datetime) -> list[Planned]:
    """The plans of the stores in reach that are due in a span of time, by day; steps of sequences and of an event's copy left out.

    An entry is marked when, with those before it for the same store (or for all), a line of the policy would be passed.
    """
    places = viewer.places(PLANNERS)
    policy = caps(clock.now())
    longest = timedelta(hours=max((line.hours for line in (*policy.lines, *policy.groups)), default=0))
    rows = Message.objects.filter(
        due_at__gte=since - longest, due_at__lt=until, sequence=None, about_room=""
    ).exclude(state__in=DEAD)
    rows = rows.select_related("store")
    if places is not None:
        rows = rows.filter(store__in=places)
    listed = list(rows.order_by("due_at", "id")[: 4 * MOST])
    tired = tired_among(
        [
            _Entry(row.pk, row.store_id, MessageClass(row.message_class), row.due_at, row.target)
            for row in listed
        ],
        policy,
    )
    return [_line(row, tired=row.pk in tired) for row in listed if row.due_at >= since][:MOST]


@dataclass(frozen=True)
class _Entry:
    id: int
    store: int | None
    message_class: MessageClass
    at: datetime
    target: str


def tired_among(entries: list[_Entry], policy: Policy) -> set[int]:
    """Entries that come on top of as many as a line allows, for the same store or the whole chain."""
    by_target: dict[str, list[_Entry]] = defaultdict(list)
    for one in entries:
        by_target[one.target].append(one)
    found = set()
    for target, mine in by_target.items():
        lines = policy.groups if target == Target.GROUPS else policy.lines
        found |= {one.id for one in mine if any(_full(one, mine, line) for line in lines)}
    return found


def _full(one: _Entry, others: list[_Entry], line: Line) -> bool:
    if not line.counts(one.message_class):
        return False
    since = one.at - timedelta(hours=line.hours)
    before = Counter(
        line.counts(other.message_class)
        for other in others
        if since < other.at
        and (other.at, other.id) < (one.at, one.id)
        and (None in {other.store, one.store} or other.store == one.store)
    )
    return before[True] >= line.most


def _line(row: Message, *, tired: bool) -> Planned:
    zone = row.store.zone if row.store else clock.SHANGHAI
    return Planned(
        public_id=row.public_id,
        day=row.due_at.astimezone(ZoneInfo(zone)).date(),
        title=row.title or row.text[:22],
        topic=Topic(row.topic),
        message_class=MessageClass(row.message_class),
        target=Target(row.target),
        state=SendState(row.state),
        store_name=row.store.name if row.store else "",
        recipients=row.recipients,
        tired=tired,
    )
