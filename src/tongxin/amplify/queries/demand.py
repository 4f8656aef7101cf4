"""Shortlists with reasons, polls as members and who runs them read them, pools with their shares."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, Sum

from tongxin.amplify.models import Poll, PollVote, Pool, PoolShare, Shortlist, ShortlistPlace
from tongxin.amplify.terms import READERS
from tongxin.amplify.terms_demand import ListState, PollKind, Slot
from tongxin.events.queries.doors import masked
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.people.queries import cluster, home_store_of, live_deeds


@dataclass(frozen=True)
class PlaceLine:
    """Somebody on a list: how they came there and why, in words."""

    member: UUID
    name: str
    store: str
    slot: Slot
    score: float | None
    low: float | None
    high: float | None
    reasons: tuple[tuple[str, str], ...]
    flags: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ListCard:
    """A shortlist. `draw` is the public document of its lot."""

    id: UUID
    state: ListState
    size: int
    store: str
    eligible: int
    notes: tuple[tuple[str, str], ...]
    draw: UUID | None
    asked_at: datetime
    listed_at: datetime | None
    places: tuple[PlaceLine, ...]


def _both(rows: list[Any]) -> tuple[tuple[str, str], ...]:
    return tuple((one["zh"], one["en"]) for one in rows)


def _reach(viewer: Viewer) -> Q:
    places = viewer.places(READERS)
    return Q() if places is None else Q(store__in=places)


def shortlists(viewer: Viewer, *, limit: int = 10) -> list[ListCard]:
    """The newest lists in reach, with who stands on them; two statements."""
    rows = list(Shortlist.objects.filter(_reach(viewer)).select_related("store").order_by("-id")[:limit])
    places: dict[int, list[ShortlistPlace]] = defaultdict(list)
    for place in (
        ShortlistPlace.objects.filter(shortlist__in=rows)
        .select_related("person__survivor", "person__home_store")
        .order_by("shortlist", "rank")
    ):
        places[place.shortlist_id].append(place)
    return [_list(row, places[row.pk]) for row in rows]


def shortlist_card(viewer: Viewer, shortlist_id: UUID) -> ListCard:
    """One of them. Refuses `absent`."""
    row = Shortlist.objects.select_related("store").filter(_reach(viewer), public_id=shortlist_id).first()
    if row is None or not viewer.roles & READERS:
        raise Refused("absent")
    places = ShortlistPlace.objects.filter(shortlist=row).select_related(
        "person__survivor", "person__home_store"
    )
    return _list(row, list(places.order_by("rank")))


def _list(row: Shortlist, places: list[ShortlistPlace]) -> ListCard:
    return ListCard(
        row.public_id,
        ListState(row.state),
        row.size,
        "" if row.store is None else row.store.name,
        row.eligible,
        _both(row.notes),
        row.draw,
        row.asked_at,
        row.listed_at,
        tuple(
            PlaceLine(
                (one.person.survivor or one.person).public_id,
                masked((one.person.survivor or one.person).nickname),
                "" if one.person.home_store is None else one.person.home_store.name,
                Slot(one.slot),
                one.score,
                one.low,
                one.high,
                _both(one.reasons),
                _both(one.flags),
            )
            for one in places
        ),
    )


@dataclass(frozen=True)
class PollCard:
    """A poll. `tally` are votes (for a pre-order: pieces) by option, shown after one's own vote or the end; `mine` one's own choice."""

    id: UUID
    kind: PollKind
    title: str
    about: str
    options: tuple[str, ...]
    price_fen: int | None
    least: int | None
    closes_at: datetime
    answer_by: datetime
    open: bool
    late: bool
    answer: str
    made: bool | None
    answered_at: datetime | None
    mine: int | None
    count: int
    tally: tuple[int, ...]
    store: str


def my_polls(viewer: Viewer, *, limit: int = 10) -> list[PollCard]:
    """Polls for the member who asks: of the whole brand and of their store, newest first; open ones and those they voted in."""
    if viewer.person is None:
        return []
    own = cluster(viewer.person)
    voted = PollVote.objects.filter(person__in=own).values("poll")
    rows = Poll.objects.filter(
        Q(store=None) | Q(store=home_store_of(viewer.person)) | Q(pk__in=voted)
    ).filter(Q(closes_at__gt=clock.now()) | Q(pk__in=voted))
    return _polls(list(rows.select_related("store").order_by("-id")[:limit]), own, tell=False)


def polls(viewer: Viewer, *, limit: int = 30) -> list[PollCard]:
    """All polls of the places in reach and of the whole brand, those that wait for an answer first. Refuses `absent`."""
    if not viewer.roles & READERS:
        raise Refused("absent")
    rows = Poll.objects.filter(_reach(viewer) | Q(store=None)).select_related("store")
    return _polls(list(rows.order_by("answered_at", "-id")[:limit]), (), tell=True)


def poll_card(viewer: Viewer, poll_id: UUID) -> PollCard:
    """One of them: for who runs it, or for a member. Refuses `absent`."""
    row = Poll.objects.select_related("store").filter(public_id=poll_id).first()
    staff = row is not None and viewer.reaches(row.store_id, READERS)
    if row is None or not (staff or viewer.person is not None):
        raise Refused("absent")
    own = () if viewer.person is None else cluster(viewer.person)
    return _polls([row], own, tell=staff)[0]


def _polls(rows: list[Poll], own: Collection[int], *, tell: bool) -> list[PollCard]:
    votes: dict[int, dict[int, int]] = defaultdict(dict)
    for poll, option, sum_ in (
        PollVote.objects.filter(poll__in=rows).values_list("poll", "option").annotate(n=Sum("count"))
    ):
        votes[poll][option] = sum_
    mine = {
        poll: (option, count)
        for poll, option, count in PollVote.objects.filter(poll__in=rows, person__in=list(own)).values_list(
            "poll", "option", "count"
        )
    }
    now = clock.now()
    return [_poll(row, votes[row.pk], mine.get(row.pk), now, tell=tell) for row in rows]


def _poll(
    row: Poll, votes: dict[int, int], mine: tuple[int, int] | None, now: datetime, *, tell: bool
) -> PollCard:
    open_ = row.closes_at > now
    shown = tell or mine is not None or not open_
    return PollCard(
        row.public_id,
        PollKind(row.kind),
        row.title,
        row.about,
        tuple(row.options),
        row.price_fen,
        row.least,
        row.closes_at,
        row.answer_by,
        open_,
        row.answered_at is None and row.answer_by <= now,
        row.answer,
        row.made,
        row.answered_at,
        None if mine is None else mine[0],
        1 if mine is None else mine[1],
        tuple(votes.get(n, 0) for n in range(len(row.options))) if shown else (),
        "" if row.store is None else row.store.name,
    )


@dataclass(frozen=True)
class PoolCard:
    """A pool with its published points; `mine` are one's own points and fen once it is shared out, `so_far` one's points before."""

    id: UUID
    title: str
    pool_fen: int
    points: tuple[tuple[str, int], ...]
    since: datetime
    until: datetime
    settled_at: datetime | None
    people: int
    paid_fen: int
    mine: tuple[int, int] | None
    so_far: int
    over: bool


def _points_so_far(rows: list[Pool], own: Collection[int], now: datetime) -> dict[int, int]:
    """One's own points in pools that are not shared out yet; one statement."""
    open_ = [row for row in rows if row.settled_at is None and row.since <= now]
    if not open_ or not own:
        return {}
    deeds = live_deeds(now, min(row.since for row in open_), own)
    return {
        row.pk: sum(
            row.points.get(deed.kind, 0) for deed in deeds if row.since <= deed.occurred_at < row.until
        )
        for row in open_
    }


def pools(viewer: Viewer, *, limit: int = 10, only: UUID | None = None) -> list[PoolCard]:
    """The newest pools: the published rules are for everybody who is signed in, one's own share for oneself."""
    if viewer.anonymous:
        raise Refused("absent")
    found = Pool.objects.order_by("-id")
    rows = list((found if only is None else found.filter(public_id=only))[:limit])
    own = [] if viewer.person is None else cluster(viewer.person)
    mine = {
        share.pool_id: (share.points, share.fen)
        for share in PoolShare.objects.filter(pool__in=rows, person__in=own)
    }
    now = clock.now()
    points = _points_so_far(rows, own, now)
    sums: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for pool, fen in PoolShare.objects.filter(pool__in=rows).values_list("pool", "fen"):
        sums[pool][0] += 1
        sums[pool][1] += fen
    return [
        PoolCard(
            row.public_id,
            row.title,
            row.pool_fen,
            tuple(sorted(row.points.items(), key=lambda one: (-one[1], one[0]))),
            row.since,
            row.until,
            row.settled_at,
            sums[row.pk][0],
            sums[row.pk][1],
            mine.get(row.pk),
            points.get(row.pk, 0),
            row.until <= now,
        )
        for row in rows
    ]
