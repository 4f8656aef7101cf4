"""Panels as members and who runs them read them: seats, open trials, results, ideas with answers, what is late."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Q

from tongxin.amplify.models import Item, Panel, PanelSeat, Trial, TrialAnswer
from tongxin.amplify.rules.panels import Scored, late, tally
from tongxin.amplify.terms import READERS
from tongxin.amplify.terms_panels import ItemKind, SeatState, Stage
from tongxin.events.queries.doors import masked
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.pages import Page, page
from tongxin.people.queries import cluster
from tongxin.rings.models import Invitation


@dataclass(frozen=True)
class OwnTrial:
    """A trial that a member may answer, or has."""

    id: UUID
    product: str
    about: str
    questions: tuple[str, ...]
    until: datetime
    answered: bool


@dataclass(frozen=True)
class MySeat:
    """One's own seat, with what is to be tried now."""

    id: UUID
    panel: str
    about: str
    confidential: str
    state: SeatState
    why: str
    until: datetime
    trials: tuple[OwnTrial, ...]


@dataclass(frozen=True)
class ItemLine:
    """An idea or feedback with its newest answer. `name` is masked for others, "" for one's own."""

    id: UUID
    kind: ItemKind
    stage: Stage
    name: str
    product_tried: str
    words: str
    answer: str
    answered_at: datetime | None
    product: str
    credit: str
    given_at: datetime
    due_at: datetime
    late: bool


def my_seats(viewer: Viewer) -> list[MySeat]:
    """The live seats of the member who asks, with trials that are open; four statements."""
    if viewer.person is None:
        return []
    now = clock.now()
    rows = list(
        PanelSeat.objects.filter(
            person__in=cluster(viewer.person),
            state__in=[SeatState.INVITED, SeatState.TAKEN],
            panel__closed_at=None,
            until__gt=now,
        )
        .select_related("panel")
        .order_by("id")
    )
    taken = [one for one in rows if one.state == SeatState.TAKEN]
    trials: dict[int, list[Trial]] = defaultdict(list)
    for trial in Trial.objects.filter(panel__in={one.panel_id for one in taken}, until__gt=now).order_by(
        "id"
    ):
        trials[trial.panel_id].append(trial)
    done = set(TrialAnswer.objects.filter(seat__in=taken).values_list("trial", "seat"))
    return [
        MySeat(
            one.public_id,
            one.panel.name,
            one.panel.about,
            one.panel.confidential,
            SeatState(one.state),
            one.why,
            one.until,
            tuple(
                OwnTrial(
                    trial.public_id,
                    trial.product,
                    trial.about,
                    tuple(trial.questions),
                    trial.until,
                    (trial.pk, one.pk) in done,
                )
                for trial in (trials[one.panel_id] if one.state == SeatState.TAKEN else ())
            ),
        )
        for one in rows
    ]


def my_items(viewer: Viewer, *, limit: int = 30) -> list[ItemLine]:
    """One's own ideas and feedback with their answers, newest first."""
    if viewer.person is None:
        return []
    rows = Item.objects.filter(person__in=cluster(viewer.person)).exclude(words="")
    return [_item(one, named=False) for one in rows.select_related("trial").order_by("-id")[:limit]]


def _item(row: Item, *, named: bool = True) -> ItemLine:
    person = None if row.person is None or not named else row.person.survivor or row.person
    return ItemLine(
        row.public_id,
        ItemKind(row.kind),
        Stage(row.stage),
        "" if person is None else masked(person.nickname),
        "" if row.trial is None else row.trial.product,
        row.words,
        row.answer,
        row.answered_at,
        row.product,
        row.credit,
        row.given_at,
        row.due_at,
        late(Stage(row.stage), row.due_at, clock.now()),
    )


def made_together(*, limit: int = 10) -> list[ItemLine]:
    """Ideas that became products and whose authors agreed to be named, newest first. Public."""
    rows = Item.objects.filter(stage=Stage.PRODUCT).exclude(credit="").select_related("trial")
    return [_item(one, named=False) for one in rows.order_by("-answered_at", "-id")[:limit]]


def _reach(viewer: Viewer) -> Q:
    places = viewer.places(READERS)
    return Q() if places is None else Q(store__in=places) | Q(store=None)


def items(
    viewer: Viewer, *, waiting: bool = False, limit: int = 50, cursor: str | None = None
) -> Page[ItemLine]:
    """Ideas and feedback of the places in reach: those that wait by deadline, or all, newest first. Refuses `absent`."""
    if not viewer.roles & READERS:
        raise Refused("absent")
    rows = Item.objects.filter(_items_in_reach(viewer)).exclude(words="")
    rows = rows.filter(stage=Stage.NEW) if waiting else rows
    by = ("due_at", "id") if waiting else ("-given_at", "-id")
    found = page(rows.select_related("person__survivor", "trial"), by=by, limit=limit, cursor=cursor)
    return Page(tuple(_item(one) for one in found.items), found.cursor)


def _items_in_reach(viewer: Viewer) -> Q:
    places = viewer.places(READERS)
    return Q() if places is None else Q(store__in=places)


def item_line(viewer: Viewer, item_id: UUID) -> ItemLine:
    """One of them; its author reads it too. Refuses `absent`."""
    row = Item.objects.select_related("person__survivor", "trial").filter(public_id=item_id).first()
    if row is None:
        raise Refused("absent")
    own = viewer.person is not None and row.person_id in cluster(viewer.person)
    if not own and not viewer.reaches(row.store_id, READERS):
        raise Refused("absent")
    return _item(row, named=not own)


def late_items(viewer: Viewer) -> int:
    """How many wait for an answer past their deadline, of the places in reach."""
    rows = Item.objects.filter(_items_in_reach(viewer), stage=Stage.NEW, due_at__lte=clock.now())
    return rows.exclude(words="").count()


@dataclass(frozen=True)
class SeatLine:
    """A seat in the list of who runs the panel."""

    id: UUID
    name: str
    state: SeatState
    until: datetime


@dataclass(frozen=True)
class TrialLine:
    """A trial with what was scored, question by question, and how many of those seated answered."""

    id: UUID
    product: str
    until: datetime
    answers: int
    scored: tuple[tuple[str, Scored], ...]


@dataclass(frozen=True)
class PanelCard:
    """A panel as who runs it reads it."""

    id: UUID
    name: str
    about: str
    confidential: str
    store: str
    seats: int
    taken: int
    open: bool
    opened_at: datetime
    seated: tuple[SeatLine, ...]
    trials: tuple[TrialLine, ...]


def panels(viewer: Viewer) -> list[PanelCard]:
    """All panels of the places in reach and of the whole brand, newest first; five statements. Refuses `absent`."""
    if not viewer.roles & READERS:
        raise Refused("absent")
    return _cards(list(Panel.objects.filter(_reach(viewer)).select_related("store").order_by("-id")[:50]))


def panel_card(viewer: Viewer, panel_id: UUID) -> PanelCard:
    """One of them. Refuses `absent`."""
    row = Panel.objects.select_related("store").filter(_reach(viewer), public_id=panel_id).first()
    if row is None or not viewer.roles & READERS:
        raise Refused("absent")
    return _cards([row])[0]


def _cards(rows: list[Panel]) -> list[PanelCard]:
    keys = [one.pk for one in rows]
    seats: dict[int, list[PanelSeat]] = defaultdict(list)
    for seat in (
        PanelSeat.objects.filter(panel__in=keys).select_related("person__survivor").order_by("state", "id")
    ):
        seats[seat.panel_id].append(seat)
    trials: dict[int, list[TrialLine]] = defaultdict(list)
    for panel, line in _trials(keys):
        trials[panel].append(line)
    return [
        PanelCard(
            row.public_id,
            row.name,
            row.about,
            row.confidential,
            "" if row.store is None else row.store.name,
            row.seats,
            sum(one.state == SeatState.TAKEN for one in seats[row.pk]),
            row.closed_at is None,
            row.opened_at,
            tuple(
                SeatLine(
                    one.public_id,
                    masked((one.person.survivor or one.person).nickname),
                    SeatState(one.state),
                    one.until,
                )
                for one in seats[row.pk]
            ),
            tuple(trials[row.pk]),
        )
        for row in rows
    ]


def _trials(panels_: Collection[int]) -> list[tuple[int, TrialLine]]:
    rows = list(Trial.objects.filter(panel__in=panels_).order_by("-id"))
    given: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for trial, scores in TrialAnswer.objects.filter(trial__in=rows).values_list("trial", "scores"):
        given[trial].append(scores)
    return [
        (
            row.panel_id,
            TrialLine(
                row.public_id,
                row.product,
                row.until,
                len(given[row.pk]),
                tuple(
                    (question, tally([int(one[str(n)]) for one in given[row.pk]]))
                    for n, question in enumerate(row.questions)
                ),
            ),
        )
        for row in rows
    ]


@dataclass(frozen=True)
class Adviser:
    """A member of the inner ring who took the seat among the advisers."""

    member: UUID
    name: str
    panels: int


def advisers(viewer: Viewer, *, limit: int = 50) -> list[Adviser]:
    """Who took the adviser's seat that was offered with the way inwards, of the places in reach: whom to ask first."""
    places = viewer.places(READERS)
    if places is not None and not places:
        return []
    rows = (
        Invitation.objects.filter(
            Q() if places is None else Q(store__in=places), seat_taken=True, customer__state="live"
        )
        .select_related("customer")
        .order_by("-id")[:limit]
    )
    sits = dict(
        PanelSeat.objects.filter(person__in=[row.customer_id for row in rows], state=SeatState.TAKEN)
        .values_list("person")
        .annotate(n=Count("id"))
    )
    return [
        Adviser(row.customer.public_id, masked(row.customer.nickname), sits.get(row.customer_id, 0))
        for row in rows
    ]
