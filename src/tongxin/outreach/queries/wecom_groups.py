"""Reading customer groups as headquarters and stores see them: members, their coming and going, and what a comparison had to correct."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.outreach.models import (
    WecomColleague,
    WecomCorrection,
    WecomGroup,
    WecomGroupDay,
    WecomGroupMember,
)
from tongxin.outreach.terms import PLANNERS
from tongxin.outreach.terms_wecom import Member
from tongxin.stores.models import Staff

WEEK = timedelta(days=7)
WHAT: dict[str, tuple[str, str]] = {"group": ("客户群", "group"), "contact": ("客户关系", "contact")}


@dataclass(frozen=True)
class GroupRow:
    """A group: whose it is, how many customers are in it, what the last seven days brought."""

    public_id: UUID
    name: str
    store: str
    owner_name: str
    members: int
    joins: int
    leaves: int
    corrected: int
    opened_at: datetime
    dismissed_at: datetime | None
    synced_at: datetime | None


@dataclass(frozen=True)
class GroupDay:
    """A day: stock = before + joins − leaves + corrected."""

    day: date
    before: int
    joins: int
    leaves: int
    corrected: int
    stock: int


@dataclass(frozen=True)
class Correction:
    """Something that no callback had told us: as we had it, as the platform has it."""

    at: datetime
    what: str
    zh: str
    en: str
    where: str
    ours: str
    theirs: str


def group_cards(viewer: Viewer) -> list[GroupRow]:
    """The groups of the stores in reach that stand, the largest first. Refuses `forbidden`."""
    rows = _groups(viewer).filter(dismissed_at=None)
    found = _rows(rows.select_related("store").order_by("id"))
    return sorted(found, key=lambda one: (-one.members, one.name))


def _groups(viewer: Viewer) -> QuerySet[WecomGroup]:
    places = viewer.places(PLANNERS)
    if places is not None and not places:
        raise Refused("forbidden")
    rows = WecomGroup.objects.all()
    return rows if places is None else rows.filter(store__in=places)


def _rows(groups: Iterable[WecomGroup]) -> list[GroupRow]:
    groups = list(groups)
    here = WecomGroupMember.objects.filter(group__in=groups, left_at=None, kind=Member.CUSTOMER)
    counts = dict(here.order_by().values_list("group").annotate(n=Count("id")))
    since = clock.business_day(clock.now()) - WEEK
    week = {
        row["group"]: row
        for row in WecomGroupDay.objects.filter(group__in=groups, day__gte=since)
        .order_by()
        .values("group")
        .annotate(joined=Sum("joins"), parted=Sum("leaves"), wrong=Sum("corrected"))
    }
    names = _names({one.owner for one in groups})
    found = []
    for one in groups:
        days = week.get(one.pk, {"joined": 0, "parted": 0, "wrong": 0})
        found.append(
            GroupRow(
                public_id=one.public_id,
                name=one.name,
                store=one.store.name if one.store else "",
                owner_name=names.get(one.owner, one.owner),
                members=counts.get(one.pk, 0),
                joins=days["joined"],
                leaves=days["parted"],
                corrected=days["wrong"],
                opened_at=one.opened_at,
                dismissed_at=one.dismissed_at,
                synced_at=one.synced_at,
            )
        )
    return found


def _names(userids: Iterable[str]) -> Mapping[str, str]:
    """Names by account: from the corp's list, and before it from ours."""
    wanted = {one for one in userids if one}
    names = dict(WecomColleague.objects.filter(userid__in=wanted).values_list("userid", "name"))
    ours = Staff.objects.filter(wecom_userid__in=wanted).exclude(name="")
    return {userid: name for userid, name in names.items() if name} | dict(
        ours.values_list("wecom_userid", "name")
    )


@dataclass(frozen=True)
class GroupPage:
    """A group with its days, newest first, and what was corrected about it."""

    row: GroupRow
    days: tuple[GroupDay, ...]
    corrections: tuple[Correction, ...]


def group_page(viewer: Viewer, public_id: UUID | str, *, days: int = 60) -> GroupPage:
    """A group in reach. Refuses `absent`, `forbidden`."""
    try:
        wanted = public_id if isinstance(public_id, UUID) else UUID(str(public_id))
    except ValueError:
        raise Refused("absent") from None
    group = _groups(viewer).select_related("store").filter(public_id=wanted).first()
    if group is None:
        raise Refused("absent")
    rows = WecomGroupDay.objects.filter(group=group).order_by("-day")[:days]
    notes = WecomCorrection.objects.filter(what="group", key=group.chat_id).order_by("-at", "-id")[:days]
    return GroupPage(
        row=_rows([group])[0],
        days=tuple(GroupDay(d.day, d.before, d.joins, d.leaves, d.corrected, d.stock) for d in rows),
        corrections=tuple(_corrections(notes)),
    )


def corrections_for(viewer: Viewer, *, most: int = 100) -> list[Correction]:
    """What comparisons corrected lately, newest first: of groups and of colleagues' customers of the stores in reach.

    Refuses `forbidden`.
    """
    mine = _groups(viewer)
    rows = WecomCorrection.objects.all()
    places = viewer.places(PLANNERS)
    if places is not None:
        accounts = Staff.objects.filter(store__in=places).exclude(wecom_userid="")
        theirs = Q(what="group", key__in=mine.values("chat_id"))
        for userid in accounts.values_list("wecom_userid", flat=True):
            theirs |= Q(what="contact", key__startswith=f"{userid}:")
        rows = rows.filter(theirs)
    return _corrections(rows.order_by("-at", "-id")[:most])


def corrected_by_night(viewer: Viewer, *, nights: int = 14) -> dict[date, int]:
    """How many corrections each of the last nights brought: many mean that callbacks do not arrive. Refuses `forbidden`."""
    since = clock.day_start(clock.business_day(clock.now()) - timedelta(days=nights))
    found: dict[date, int] = defaultdict(int)
    if viewer.places(PLANNERS) is not None:
        raise Refused("forbidden")
    for at in WecomCorrection.objects.filter(at__gte=since).values_list("at", flat=True):
        found[clock.business_day(at)] += 1
    return dict(found)


def _corrections(rows: Iterable[WecomCorrection]) -> list[Correction]:
    rows = list(rows)
    groups = dict(
        WecomGroup.objects.filter(chat_id__in={row.key for row in rows if row.what == "group"}).values_list(
            "chat_id", "name"
        )
    )
    people = _names({row.key.partition(":")[0] for row in rows if row.what == "contact"})
    found = []
    for row in rows:
        zh, en = WHAT.get(row.what, (row.what, row.what))
        userid = row.key.partition(":")[0]
        where = groups.get(row.key, "") if row.what == "group" else people.get(userid, userid)
        found.append(Correction(row.at, row.what, zh, en, where, row.ours, row.theirs))
    return found
