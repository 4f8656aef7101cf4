"""Reading hand-overs in WeCom: which there are, where each customer and group stands, and who has left with customers nobody has."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Max, QuerySet

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.outreach.models import WecomContact, WecomGroup, WecomHandover, WecomHandoverLine
from tongxin.outreach.terms_handover import KEEPERS, LIVE, OTHERWISE, WHY, Kind, State
from tongxin.people.rules import pseudonym
from tongxin.stores.models import Staff

LATELY = timedelta(days=31)


@dataclass(frozen=True)
class HandoverCard:
    """One hand-over: who to whom, and how many lines are in which state."""

    public_id: UUID
    old_name: str
    new_name: str
    left: bool
    store: str
    at: datetime
    by: str
    done_at: datetime | None
    counts: Mapping[State, int]

    @property
    def total(self) -> int:
        """How many customers and groups."""
        return sum(self.counts.values())

    @property
    def stays(self) -> int:
        """How many did not move: they are for somebody to see to."""
        return self.counts.get(State.REFUSED, 0) + self.counts.get(State.FAILED, 0)


@dataclass(frozen=True)
class HandoverRow:
    """One customer or group: where it stands and why."""

    kind: Kind
    name: str
    member: UUID | None
    state: State
    why_zh: str
    why_en: str
    takes_at: datetime | None
    done_at: datetime | None


@dataclass(frozen=True)
class Leaver:
    """Somebody who left while customers or groups are still in that name."""

    staff: UUID
    name: str
    store: str
    userid: str
    customers: int
    groups: int


def handovers_for(viewer: Viewer, *, most: int = 100) -> list[HandoverCard]:
    """Hand-overs of the stores in reach, open ones first, then the newest. Refuses `forbidden`."""
    rows = _in_reach(viewer).select_related("old", "new", "store")
    found = sorted(rows.order_by("-id")[:most], key=lambda row: (row.done_at is not None, -row.pk))
    return _cards(found)


def _in_reach(viewer: Viewer) -> QuerySet[WecomHandover]:
    places = viewer.places(KEEPERS)
    if places is not None and not places:
        raise Refused("forbidden")
    rows = WecomHandover.objects.all()
    return rows if places is None else rows.filter(store__in=places)


def _cards(rows: Sequence[WecomHandover]) -> list[HandoverCard]:
    counts: dict[int, dict[State, int]] = defaultdict(dict)
    lines = WecomHandoverLine.objects.filter(handover__in=rows).order_by()
    for pk, state, n in lines.values_list("handover", "state").annotate(n=Count("id")):
        counts[pk][State(state)] = n
    return [
        HandoverCard(
            public_id=row.public_id,
            old_name=row.old.name,
            new_name=row.new.name,
            left=row.left,
            store=row.store.name if row.store else "",
            at=row.at,
            by=row.by,
            done_at=row.done_at,
            counts=counts[row.pk],
        )
        for row in rows
    ]


def handover_page(viewer: Viewer, public_id: UUID | str) -> tuple[HandoverCard, list[HandoverRow]]:
    """A hand-over in reach with all its lines, those for somebody to see to first. Refuses `absent`, `forbidden`."""
    try:
        wanted = public_id if isinstance(public_id, UUID) else UUID(str(public_id))
    except ValueError:
        raise Refused("absent") from None
    row = _in_reach(viewer).select_related("old", "new", "store").filter(public_id=wanted).first()
    if row is None:
        raise Refused("absent")
    lines = WecomHandoverLine.objects.filter(handover=row).select_related("customer__survivor").order_by("id")
    return _cards([row])[0], sorted(map(_row, lines), key=lambda one: _ORDER.index(one.state))


_ORDER = (State.REFUSED, State.FAILED, State.OPEN, State.WAITING, State.HANDED)


def _row(line: WecomHandoverLine) -> HandoverRow:
    person = line.customer.survivor or line.customer if line.customer else None
    name = line.name or (person.nickname or pseudonym(str(person.public_id)) if person else "")
    zh, en = "", ""
    if line.number:
        zh, en = WHY.get(line.number) or (
            OTHERWISE[0].format(number=line.number),
            OTHERWISE[1].format(number=line.number),
        )
    return HandoverRow(
        kind=Kind(line.kind),
        name=name,
        member=person.public_id if person else None,
        state=State(line.state),
        why_zh=zh,
        why_en=en,
        takes_at=line.takes_at if line.state in LIVE else None,
        done_at=line.done_at,
    )


@dataclass(frozen=True)
class Keeper:
    """A colleague with an account in the corp."""

    public_id: UUID
    name: str
    active: bool


def keepers_for(viewer: Viewer, *, most: int = 500) -> list[Keeper]:
    """Colleagues of the stores in reach with an account in the corp, also who has left; by name."""
    rows = Staff.objects.exclude(wecom_userid="")
    if (places := viewer.places(KEEPERS)) is not None:
        rows = rows.filter(store__in=places)
    found = rows.order_by("-active", "name", "id")[:most]
    return [Keeper(row.public_id, row.name, row.active) for row in found]


def leavers_for(viewer: Viewer) -> list[Leaver]:
    """Colleagues of the stores in reach who have left, with customers or groups nobody has been given. Refuses `forbidden`."""
    places = viewer.places(KEEPERS)
    if places is not None and not places:
        raise Refused("forbidden")
    gone = Staff.objects.filter(active=False).exclude(wecom_userid="").select_related("store")
    if places is not None:
        gone = gone.filter(store__in=places)
    staff = {one.wecom_userid: one for one in gone.order_by("id")}
    last = dict(
        WecomHandover.objects.filter(old_userid__in=staff, left=True)
        .order_by()
        .values_list("old_userid")
        .annotate(at=Max("at"))
    )
    groups = dict(
        WecomGroup.objects.filter(owner__in=staff, dismissed_at=None)
        .order_by()
        .values_list("owner")
        .annotate(n=Count("id"))
    )
    customers: dict[str, int] = defaultdict(int)
    lately = clock.now() - LATELY
    rows = WecomContact.objects.filter(userid__in=staff).exclude(lost_at__lt=lately)
    for userid, lost_at in rows.values_list("userid", "lost_at"):
        left_at = staff[userid].left_at
        if lost_at is None or (left_at is not None and lost_at >= left_at):
            customers[userid] += 1
    return [
        Leaver(
            one.public_id,
            one.name,
            one.store.name if one.store else "",
            userid,
            customers[userid],
            groups.get(userid, 0),
        )
        for userid, one in staff.items()
        if userid not in last and (customers[userid] or groups.get(userid))
    ]
