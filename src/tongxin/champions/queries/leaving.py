"""A champion leaves: what is open, who may take it, and the lists of what was handed over."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from tongxin.champions.models import ConcernAnswer, Handover
from tongxin.champions.queries.checks import day_of, live_answers
from tongxin.champions.rules.leaving import Thing
from tongxin.champions.terms import CHECKERS, HANDERS, READERS, CheckWord, DayState, Handed
from tongxin.events.models import Door, Occurrence, RitualProposal, Series
from tongxin.events.terms import State
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer, system
from tongxin.foundation.accounts.models import Account
from tongxin.foundation.errors import Refused
from tongxin.foundation.pages import Page, page
from tongxin.outreach.models import Task
from tongxin.outreach.terms import SendState
from tongxin.stores import queries as stores
from tongxin.stores.models import Grant, Staff, Store
from tongxin.stores.terms import Role

SHOWN = 40  # of a name: what a list can carry


@dataclass(frozen=True)
class HandoverLine:
    """A hand-over in a list; `mine` says that the reader is the one to receive it."""

    id: UUID
    store: UUID
    store_name: str
    leaver: str
    successor: str
    last_day: date
    at: datetime
    received_at: datetime | None
    things: tuple[Thing, ...]
    mine: bool


def access_leaving(viewer: Viewer, grant_id: UUID | str) -> Grant:
    """The live grant of a champion that the viewer may end. Refuses `absent`."""
    found = stores.access_grant(viewer, grant_id)
    if found.role != Role.CHAMPION or found.store is None or not viewer.reaches(found.store_id, HANDERS):
        raise Refused("absent")
    return found


def staff_of(account: int) -> Staff | None:
    """The card of a colleague who works here."""
    return Staff.objects.filter(account=account, active=True).first()


def name_of(account: Account) -> str:
    """How colleagues call the holder of an account."""
    card = Staff.objects.filter(account=account).first()
    return card.name if card and card.name else account.handle


def successors_for(viewer: Viewer, grant: Grant) -> list[tuple[Account, str]]:
    """Who may take over: who runs this store already, then active colleagues with an account here, then those of the region."""
    store = grant.store
    if store is None:
        raise Refused("absent")
    near = Q(store=store) | Q(store__region=store.region_id, store__region__isnull=False)
    cards = Staff.objects.filter(near, active=True, account__isnull=False, account__is_active=True)
    runs = Grant.objects.filter(
        Q(until=None) | Q(until__gt=clock.now()),
        store=store,
        role__in=CHECKERS,
        revoked_at=None,
        account__is_active=True,
    )
    places = viewer.places(HANDERS)
    if places is not None:
        cards = cards.filter(store__in=places)
    found = {one.account_id: (one.account, one.account.handle) for one in runs.select_related("account")}
    rows = sorted(
        cards.select_related("account", "store").order_by("code"), key=lambda one: one.store_id != store.pk
    )
    for row in rows:
        if row.account is not None and row.store is not None:
            found[row.account.pk] = (row.account, f"{row.name} · {row.store.name}")
    found.pop(grant.account_id, None)
    return list(found.values())


def successor(viewer: Viewer, grant: Grant, account_id: UUID | str) -> Account:
    """One of them. Refuses `champions.bad_successor`."""
    found = next(
        (one for one, _ in successors_for(viewer, grant) if str(one.public_id) == str(account_id)), None
    )
    if found is None:
        raise Refused("champions.bad_successor")
    return found


def open_things(store: Store, account: int, since: datetime) -> list[Thing]:
    """What lies open in a store when one of its champions leaves: hers by name, and what waits on the store's desk."""
    card = staff_of(account)
    hosted = Occurrence.objects.filter(
        store=store,
        starts_at__gt=since,
        state__in=[State.DRAFT, State.PUBLISHED],
        host=card.pk if card else 0,
    ).order_by("starts_at", "id")
    rotas = Series.objects.filter(store=store, ended_at=None).order_by("id")
    letters = Task.objects.filter(store=store, state=SendState.AWAITING_STAFF, expires_at__gt=clock.now())
    proposals = RitualProposal.objects.filter(store=store, answered_at=None).order_by("id")
    answered = ConcernAnswer.objects.filter(concern=OuterRef("pk"))
    concerns = live_answers().filter(~Exists(answered), store=store, answer=CheckWord.NO).exclude(sentence="")
    doors = Door.objects.filter(store=store, account=account, revoked_at=None, expires_at__gt=clock.now())
    check = day_of(system("champions.leaving"), store)
    return [
        *(
            Thing(
                Handed.EVENT, str(one.public_id), one.title[:SHOWN], clock.as_utc(one.starts_at).isoformat()
            )
            for one in hosted
        ),
        *(
            Thing(Handed.SERIES, str(one.public_id), one.title[:SHOWN])
            for one in rotas
            if card and any(host.get("staff") == card.pk for host in one.hosts)
        ),
        *(Thing(Handed.PROPOSAL, str(one.public_id)) for one in proposals),
        *(
            Thing(
                Handed.LETTER,
                str(one.public_id),
                one.message.title[:SHOWN],
                clock.as_utc(one.expires_at).isoformat(),
            )
            for one in letters.select_related("message").order_by("expires_at", "id")
        ),
        *(
            Thing(Handed.CONCERN, str(one.public_id), one.sentence[:SHOWN], one.day.isoformat())
            for one in concerns.order_by("id")
        ),
        *(
            [Thing(Handed.CHECK, check.day.isoformat(), "", check.day.isoformat())]
            if check.state is not DayState.DONE
            else []
        ),
        *(Thing(Handed.DOOR, str(one.public_id)) for one in doors.order_by("id")),
    ]


def _reached(viewer: Viewer) -> QuerySet[Handover]:
    rows = Handover.objects.select_related("store", "leaver", "successor")
    places = viewer.places(READERS)
    return rows if places is None else rows.filter(store__in=places)


def handovers_for(viewer: Viewer, *, limit: int = 20, cursor: str | None = None) -> Page[HandoverLine]:
    """The hand-overs of the stores in reach, newest first."""
    found = page(_reached(viewer), by=("-id",), limit=limit, cursor=cursor)
    wanted = {key for row in found.items for key in (row.leaver_id, row.successor_id) if key}
    names = dict(Staff.objects.filter(account__in=wanted).values_list("account", "name"))
    return Page(tuple(_line(viewer, row, names) for row in found.items), found.cursor)


def to_receive(viewer: Viewer, store: Store) -> HandoverLine | None:
    """What a successor has not received yet in a store, for the desk."""
    row = (
        _reached(viewer)
        .filter(store=store, successor=viewer.account or 0, received_at=None)
        .order_by("-id")
        .first()
    )
    return None if row is None else handover_line(viewer, row)


def access_handover(viewer: Viewer, handover_id: UUID | str) -> Handover:
    """A hand-over of a store in reach. Refuses `absent`."""
    try:
        wanted = handover_id if isinstance(handover_id, UUID) else UUID(handover_id)
    except ValueError:
        raise Refused("absent") from None
    found = _reached(viewer).filter(public_id=wanted).first()
    if found is None:
        raise Refused("absent")
    return found


def handover_line(viewer: Viewer, row: Handover) -> HandoverLine:
    """One of them with the names of both."""
    names = dict(
        Staff.objects.filter(account__in=[row.leaver_id, row.successor_id or 0]).values_list(
            "account", "name"
        )
    )
    return _line(viewer, row, names)


def _line(viewer: Viewer, row: Handover, names: dict[int, str]) -> HandoverLine:
    heir = row.successor
    return HandoverLine(
        id=row.public_id,
        store=row.store.public_id,
        store_name=row.store.name,
        leaver=names.get(row.leaver_id) or row.leaver.handle,
        successor="" if heir is None else names.get(heir.pk) or heir.handle,
        last_day=row.last_day,
        at=row.at,
        received_at=row.received_at,
        things=tuple(Thing(Handed(one["kind"]), one["key"], one["said"], one["at"]) for one in row.handed),
        mine=heir is not None and heir.pk == viewer.account and viewer.reaches(row.store_id, CHECKERS),
    )
