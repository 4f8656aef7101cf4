"""Reading our picture of the corp: colleagues, groups, codes, everybody's way to us, and the funnel by channel."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q

from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.outreach.models import WecomCode, WecomContact, WecomGroup, WecomGroupMember, WecomTouch
from tongxin.outreach.queries.life import touched_by
from tongxin.outreach.rules_wecom import Room, apart
from tongxin.outreach.terms import PLANNERS
from tongxin.outreach.terms_wecom import CodeKind, CodeState, Member, Source, TouchKind
from tongxin.people import queries as people
from tongxin.people.models import Customer, Deed
from tongxin.stores.models import Staff, Store


def staff_accounts() -> set[str]:
    """WeCom accounts of colleagues who are with us."""
    return set(
        Staff.objects.filter(active=True).exclude(wecom_userid="").values_list("wecom_userid", flat=True)
    )


def accounts_of(store: Store) -> list[str]:
    """WeCom accounts of a store's colleagues."""
    mine = Staff.objects.filter(active=True, store=store).exclude(wecom_userid="")
    return sorted(set(mine.values_list("wecom_userid", flat=True)))


def colleagues() -> set[str]:
    """Whose customers we believe to know."""
    return set(WecomContact.objects.filter(lost_at=None).values_list("userid", flat=True).distinct())


def open_groups() -> set[str]:
    """Groups that we believe to stand."""
    return set(WecomGroup.objects.filter(dismissed_at=None).values_list("chat_id", flat=True))


def owners() -> set[str]:
    """Who keeps them."""
    rows = WecomGroup.objects.filter(dismissed_at=None).exclude(owner="")
    return set(rows.values_list("owner", flat=True).distinct())


def chats_of(store: Store) -> set[str]:
    """A store's groups."""
    return set(WecomGroup.objects.filter(dismissed_at=None, store=store).values_list("chat_id", flat=True))


def rooms(store: Store, *, name: str = "") -> list[Room]:
    """A store's groups with their members; with `name`, those that begin so, or all where none does."""
    rows = list(
        WecomGroup.objects.filter(dismissed_at=None, store=store)
        .order_by("id")
        .values_list("pk", "chat_id", "name", "opened_at")
    )
    if name and any(row[2].startswith(name) for row in rows):
        rows = [row for row in rows if row[2].startswith(name)]
    here = WecomGroupMember.objects.filter(group__in=[row[0] for row in rows], left_at=None)
    counts = dict(here.order_by().values_list("group").annotate(n=Count("id")))
    return [Room(chat, counts.get(pk, 0), opened.timestamp()) for pk, chat, _, opened in rows]


@dataclass(frozen=True)
class CodeWork:
    """What the platform is to be told about a code."""

    pk: int
    into_groups: bool
    closed: bool
    config_id: str
    state: str
    label: str
    room_name: str
    users: list[str]
    chats: list[str]


def codes_to_make(most: int = 50) -> list[CodeWork]:
    """Codes that are ordered or changed, and closed ones that the platform still knows."""
    todo = Q(condition=CodeState.MAKING) | (Q(condition=CodeState.CLOSED) & ~Q(config_id="") & ~Q(picture=""))
    return [
        CodeWork(
            row.pk,
            bool(row.chats),
            row.condition == CodeState.CLOSED,
            row.config_id,
            row.state,
            row.label,
            row.room_name,
            list(row.users),
            list(row.chats),
        )
        for row in WecomCode.objects.filter(todo).order_by("id")[:most]
    ]


def access_code(viewer: Viewer, public_id: UUID | str) -> WecomCode:
    """A code of a store in reach. Refuses `absent`."""
    try:
        wanted = UUID(str(public_id))
    except ValueError:
        raise Refused("absent") from None
    row = WecomCode.objects.filter(public_id=wanted).select_related("store").first()
    if row is None or not viewer.reaches(row.store_id, PLANNERS):
        raise Refused("absent")
    return row


def codes_for(viewer: Viewer) -> list[WecomCode]:
    """Codes of the stores in reach, newest first."""
    rows = WecomCode.objects.select_related("store").order_by("-id")
    places = viewer.places(PLANNERS)
    return list(rows if places is None else rows.filter(store__in=places))


def nearest_code(*, lat: float, lng: float, source: Source | None = None) -> WecomCode | None:
    """The live code of the store nearest to a place; where nobody is asked who they are, nothing about them is kept."""
    rows = WecomCode.objects.filter(
        kind=CodeKind.STORE, condition=CodeState.LIVE, store__lat__isnull=False, store__lng__isnull=False
    ).select_related("store")
    if source is not None and rows.filter(source=source).exists():
        rows = rows.filter(source=source)
    here = (lat, lng)
    found = sorted(rows, key=lambda row: (apart(here, (row.store.lat or 0.0, row.store.lng or 0.0)), row.pk))
    return found[0] if found else None


@dataclass(frozen=True)
class StoreCode:
    """A store and where its code leads, for anybody to see; its place is written on its door, too."""

    store: UUID
    name: str
    city: str
    district: str
    lat: float | None
    lng: float | None
    picture: str


def store_codes() -> list[StoreCode]:
    """The newest live code of each open store, by city and name. Nothing in it is about a person."""
    rows = (
        WecomCode.objects.filter(kind=CodeKind.STORE, condition=CodeState.LIVE, about_room="")
        .exclude(picture="")
        .select_related("store")
        .order_by("store", "-id")
        .distinct("store")
    )
    found = [
        StoreCode(
            row.store.public_id,
            row.store.name,
            row.store.city,
            row.store.district,
            row.store.lat,
            row.store.lng,
            row.picture,
        )
        for row in rows
    ]
    return sorted(found, key=lambda one: (one.city, one.district, one.name))


def poster_code(room: str, key: str) -> str:
    """What the newest live poster's code about a thing carries; "" without one."""
    rows = WecomCode.objects.filter(
        kind=CodeKind.POSTER, condition=CodeState.LIVE, about_room=room, about_key=key
    )
    return rows.order_by("-id").values_list("state", flat=True).first() or ""


def code_carrying(state: str) -> WecomCode | None:
    """The code that carries this; None for none of ours."""
    return WecomCode.objects.filter(state=state).select_related("store").first() if state else None


def group_code_of(store: int) -> WecomCode | None:
    """The newest live code into a store's groups, with its picture."""
    rows = WecomCode.objects.filter(kind=CodeKind.GROUP, condition=CodeState.LIVE, store=store)
    return rows.exclude(picture="").order_by("-id").first()


@dataclass(frozen=True)
class StepTaken:
    """One step of somebody's way to us."""

    kind: TouchKind
    source: Source
    label: str
    at: datetime


def path_of(viewer: Viewer, customer: UUID | str) -> list[StepTaken]:
    """How a member found us, from the first step on. Refuses `absent`."""
    person = people.access_customer(viewer, customer)
    rows = (
        WecomTouch.objects.filter(touched_by(people.cluster(person)))
        .select_related("code")
        .order_by("at", "id")
    )
    return [
        StepTaken(TouchKind(row.kind), Source(row.source), row.code.label if row.code else "", row.at)
        for row in rows
    ]


@dataclass(frozen=True)
class Funnel:
    """Of those whose first step was in the window, by where it was taken: how far they came."""

    source: Source
    came: int
    added: int
    joined: int
    members: int
    attended: int


def funnel(viewer: Viewer, *, since: datetime, until: datetime) -> list[Funnel]:
    """From public to private, by the channel of the first touch; for stores in reach. Refuses `forbidden`."""
    places = viewer.places(PLANNERS)
    if places is not None and not places:
        raise Refused("forbidden")
    rows = WecomTouch.objects.filter(at__lt=until).order_by("at", "id")
    steps: dict[str, list[tuple[str, str, datetime, int | None, int | None]]] = defaultdict(list)
    for external, kind, source, at, store, customer in rows.values_list(
        "external", "kind", "source", "at", "store", "customer"
    ):
        steps[external].append((kind, source, at, store, customer))
    first = {
        external: taken
        for external, taken in steps.items()
        if taken[0][2] >= since and (places is None or taken[0][3] in places)
    }
    who = dict(
        WecomContact.objects.filter(external__in=list(first), customer__isnull=False).values_list(
            "external", "customer"
        )
    )
    who |= {external: one[4] for external, taken in first.items() for one in taken if one[4] is not None}
    came = _attended(set(who.values()))
    found = []
    for source in Source:
        mine = {external: taken for external, taken in first.items() if taken[0][1] == source}
        if mine:
            found.append(
                Funnel(
                    source,
                    came=len(mine),
                    added=sum(any(one[0] == TouchKind.ADDED for one in taken) for taken in mine.values()),
                    joined=sum(any(one[0] == TouchKind.JOINED for one in taken) for taken in mine.values()),
                    members=sum(external in who for external in mine),
                    attended=sum(who.get(external) in came for external in mine),
                )
            )
    return found


def _attended(customers: Collection[int]) -> set[int]:
    """Who of these has ever come to an event."""
    roots = dict(Customer.objects.filter(id__in=customers).values_list("id", "survivor"))
    entries = Customer.objects.filter(Q(id__in=customers) | Q(survivor__in=customers)).values("id")
    rows = (
        Deed.objects.filter(person__in=entries, kind="checked_in")
        .values_list("person", "person__survivor")
        .distinct()
    )
    there = {survivor or person for person, survivor in rows}
    return {entry for entry, survivor in roots.items() if (survivor or entry) in there}


@dataclass(frozen=True)
class GroupCard:
    """A group of a store."""

    public_id: UUID
    name: str
    store: int | None
    members: int
    opened_at: datetime


def groups_for(viewer: Viewer) -> list[GroupCard]:
    """Groups of the stores in reach with the customers in them, by name."""
    places = viewer.places(PLANNERS)
    rows = WecomGroup.objects.filter(dismissed_at=None)
    if places is not None:
        rows = rows.filter(store__in=places)
    found = list(rows.order_by("name", "id"))
    here = WecomGroupMember.objects.filter(group__in=found, left_at=None, kind=Member.CUSTOMER)
    counts = dict(here.order_by().values_list("group").annotate(n=Count("id")))
    return [
        GroupCard(row.public_id, row.name, row.store_id, counts.get(row.pk, 0), row.opened_at)
        for row in found
    ]
