"""The champion's desk: everything of one store's day in a fixed number of statements, and its results beside like stores."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from statistics import median
from uuid import UUID

from django.db.models import Count, Q

from tongxin.champions.models import CheckAnswer, Invite
from tongxin.champions.queries.board import fresh_on
from tongxin.champions.queries.checks import CheckDay, days_of, today_in
from tongxin.champions.queries.invites import InviteLine, invites_of
from tongxin.champions.queries.leaving import HandoverLine, to_receive
from tongxin.champions.queries.steps import steps_today
from tongxin.champions.rules.steps import Step
from tongxin.champions.terms import CHECKERS, LIKE_LEAST
from tongxin.commerce.queries import envelopes
from tongxin.commerce.queries.envelopes import EnvelopeCard
from tongxin.events.models import Attendance, Occurrence
from tongxin.events.queries import listing
from tongxin.events.queries.listing import EventLine
from tongxin.events.terms import State
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.outreach import queries as outreach
from tongxin.outreach.queries.desk import TaskLine
from tongxin.people.queries.customers import reached
from tongxin.people.rules import pseudonym
from tongxin.rings import queries as rings
from tongxin.stores.models import Store

BESIDE_DAYS = 28
TASKS_READ = 100
NOTICED = 3


@dataclass(frozen=True)
class Beside:
    """One figure of the last four weeks: the store's own, and the median of so many like stores (None: too few of them)."""

    what: str
    own: int
    like: float | None
    stores: int


class NoticeKind(StrEnum):
    """What rings ask a champion to look at."""

    ASKED = "asked"
    NEAR = "near"
    LEAVING = "leaving"


@dataclass(frozen=True)
class Notice:
    """Somebody worth a word today because of where they stand: invited nearer, ready for it, or on the way out."""

    kind: NoticeKind
    person: UUID
    name: str
    state: str = ""


@dataclass(frozen=True)
class Desk:
    """A store's day: the check with the days before, the next letter, today's events, budget, people to invite,
    the steps of its kits, what a colleague handed over, since when the notice board hangs.

    `picked` says that people were chosen today, even if none of them may be addressed any more.
    """

    store: Store
    day: date
    check: CheckDay
    days: tuple[CheckDay, ...]
    letters: tuple[TaskLine, ...]
    events: tuple[EventLine, ...]
    budget: tuple[EnvelopeCard, ...]
    invites: tuple[InviteLine, ...]
    picked: bool
    beside: tuple[Beside, ...]
    notices: tuple[Notice, ...]
    steps: tuple[Step, ...]
    handover: HandoverLine | None
    fresh_on: date | None

    @property
    def left_fen(self) -> int:
        """What is left of all open budgets of the store."""
        return sum(card.left_fen for card in self.budget)

    @property
    def invited(self) -> int:
        """How many of today's people are marked."""
        return sum(line.outcome != "" for line in self.invites)


def desk(viewer: Viewer, store: Store) -> Desk:
    """The desk of a store in the champion's reach. Refuses `absent`."""
    if not viewer.reaches(store.pk, CHECKERS):
        raise Refused("absent")
    day = today_in(store)
    days = tuple(days_of(viewer, store))
    begin = clock.day_start(day, store.zone, store.cutoff_hour)
    end = clock.day_end(day, store.zone, store.cutoff_hour)
    letters = outreach.tasks_for(viewer, store=store.pk, limit=TASKS_READ).items
    shown = listing.between(viewer, begin, end, store=store)
    return Desk(
        store=store,
        day=day,
        check=days[-1],
        days=days,
        letters=tuple(sorted(letters, key=lambda line: line.expires_at)),
        events=tuple(line for line in shown if line.state in {State.PUBLISHED, State.ENDED}),
        budget=envelopes.envelopes_for(viewer, store=store.pk, on=day).items,
        invites=tuple(invites_of(viewer, store, day)),
        picked=Invite.objects.filter(store=store, day=day).exists(),
        beside=tuple(beside_like_stores(viewer, store, day)),
        notices=_notices(viewer, store),
        steps=tuple(steps_today(viewer, store, clock.now())),
        handover=to_receive(viewer, store),
        fresh_on=fresh_on(store),
    )


def _notices(viewer: Viewer, store: Store) -> tuple[Notice, ...]:
    """A few of each kind, of this store, with their names: a statement a kind and one for the names."""
    listed = {
        NoticeKind.ASKED: rings.invitations(viewer),
        NoticeKind.NEAR: rings.candidates(viewer),
        NoticeKind.LEAVING: rings.leaving_soon(viewer),
    }
    few = [
        (kind, one)
        for kind, found in listed.items()
        for one in [one for one in found if one.store == store.name][:NOTICED]
    ]
    names = {
        one.public_id: one.nickname or pseudonym(str(one.public_id), viewer.language)
        for one in reached(viewer).filter(public_id__in=[one.customer for _, one in few])
    }
    return tuple(
        Notice(kind, one.customer, names[one.customer], one.state)
        for kind, one in few
        if one.customer in names
    )


def beside_like_stores(viewer: Viewer, store: Store, day: date) -> list[Beside]:
    """Events held, people who came, days with a check in the four weeks before `day`, beside the median of like stores.

    Like is the same format in the same region. Never a ranking, and no median of fewer than three other stores, through which
    one of them could be seen. Refuses `absent`.
    """
    if not viewer.reaches(store.pk, CHECKERS):
        raise Refused("absent")
    like = list(
        Store.objects.filter(
            brand=store.brand_id, region=store.region_id, format=store.format, unsorted=False, closed_on=None
        )
        .exclude(pk=store.pk)
        .values_list("pk", flat=True)
    )
    keys = [store.pk, *like]
    since = clock.day_start(day - timedelta(days=BESIDE_DAYS), store.zone, store.cutoff_hour)
    until = clock.day_start(day, store.zone, store.cutoff_hour)
    held = Q(starts_at__gte=since, ends_at__lt=until, state__in=[State.PUBLISHED, State.ENDED])
    counted = {
        "held": Occurrence.objects.filter(held, store__in=keys).values_list("store").annotate(n=Count("id")),
        "came": Attendance.objects.filter(occurrence__store__in=keys, at__gte=since, at__lt=until)
        .values_list("occurrence__store")
        .annotate(n=Count("person", distinct=True)),
        "checked": CheckAnswer.objects.filter(
            store__in=keys, day__gte=day - timedelta(days=BESIDE_DAYS), day__lt=day
        )
        .values_list("store")
        .annotate(n=Count("day", distinct=True)),
    }
    return [_beside(what, dict(rows.order_by()), store.pk, like) for what, rows in counted.items()]


def _beside(what: str, counts: dict[int, int], own: int, like: list[int]) -> Beside:
    others = [counts.get(key, 0) for key in like]
    enough = len(others) >= LIKE_LEAST
    return Beside(what, counts.get(own, 0), float(median(others)) if enough else None, len(others))
