"""Challenges and contests as they are read: one's own week, what can be made up for, entries without a count until the end."""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Q

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.draw import queries as draws
from tongxin.foundation.errors import Refused
from tongxin.foundation.sealing import blind
from tongxin.voices.models import Challenge, ChallengeStay, CheckIn, Contest, Entry, MakeUp, Post, Vote
from tongxin.voices.queries.standing import Inside, reader, standing_in_mine
from tongxin.voices.rules.challenges import Course, Week, open_days, running, week, weeks_in_a_row
from tongxin.voices.rules.contests import SCHEMA
from tongxin.voices.rules.votes import RULE
from tongxin.voices.terms import PostState
from tongxin.voices.terms_challenges import FREE_MAKE_UPS, MAKE_UP_REACH, ChallengeState, ContestState


def course(row: Challenge) -> Course:
    """When it runs and what it aims for."""
    return Course(row.starts_on, row.ends_on, row.weekly_target)


def today(row: Challenge) -> date:
    """The day it is for this challenge: the store's business day."""
    return clock.business_day(clock.now(), row.zone, row.cutoff_hour)


def seen(viewer: Viewer, community_id: UUID) -> Inside:
    """The community of a challenge or contest. Who may not read there learns nothing, not even that there is something."""
    try:
        return reader(viewer, community_id)
    except Refused:
        raise Refused("absent") from None


def access_challenge(viewer: Viewer, challenge_id: UUID) -> tuple[Challenge, Inside]:
    """A challenge of a community that the viewer reads. Refuses `absent`."""
    found = Challenge.objects.select_related("community").filter(public_id=challenge_id).first()
    if found is None:
        raise Refused("absent")
    return found, seen(viewer, found.community.public_id)


@dataclass(frozen=True)
class ChallengeCard:
    """A challenge as its reader sees it: how the own week stands, how many weeks in a row, what can be made up for."""

    id: UUID
    community: str
    community_id: UUID
    title: str
    about: str
    weekly_target: int
    starts_on: date
    ends_on: date
    open: bool
    running: bool
    over: bool
    people: int
    days: int
    joined: bool
    week: Week
    streak: int
    done_today: bool
    ticked: tuple[date, ...]
    make_up_days: tuple[date, ...]
    make_ups_left: int
    keeper: bool


def challenges(viewer: Viewer, community_id: UUID) -> list[ChallengeCard]:
    """The challenges of a community, open ones first. Refuses `absent`."""
    inside = seen(viewer, community_id)
    rows = Challenge.objects.filter(community=inside.community).order_by("-state", "-starts_on", "-id")[:20]
    return _cards(list(rows), {inside.community: inside})


def my_challenges(viewer: Viewer) -> list[ChallengeCard]:
    """What is open in all communities that one is in."""
    mine = {one.community: one for one in standing_in_mine(viewer) if one.active}
    rows = Challenge.objects.filter(community__in=mine, state=ChallengeState.OPEN).order_by(
        "starts_on", "id"
    )[:20]
    return _cards([row for row in rows if today(row) <= row.ends_on], mine)


def challenge(viewer: Viewer, challenge_id: UUID) -> ChallengeCard:
    """One challenge. Refuses `absent`."""
    row, inside = access_challenge(viewer, challenge_id)
    return _cards([row], {inside.community: inside})[0]


def _cards(rows: list[Challenge], inside: dict[int, Inside]) -> list[ChallengeCard]:
    stays = ChallengeStay.objects.filter(challenge__in=rows)
    people = dict(
        stays.filter(left_at=None).values_list("challenge").annotate(Count("id")).order_by("challenge")
    )
    own = {person for one in inside.values() for person in one.own}
    mine = {stay.challenge_id: stay for stay in stays.filter(person__in=own).order_by("-id")} if own else {}
    ticked: dict[int, set[date]] = defaultdict(set)
    for stay, day in CheckIn.objects.filter(stay__in=mine.values()).values_list("stay", "day"):
        ticked[stay].add(day)
    total = dict(
        CheckIn.objects.filter(stay__challenge__in=rows)
        .values_list("stay__challenge")
        .annotate(Count("id"))
        .order_by("stay__challenge")
    )
    used = dict(
        MakeUp.objects.filter(stay__in=mine.values(), month__in={today(r).replace(day=1) for r in rows})
        .values_list("stay")
        .annotate(Count("id"))
        .order_by("stay")
    )
    found = [_card(row, inside[row.community_id], mine.get(row.pk), ticked=ticked, used=used) for row in rows]
    return [
        replace(card, people=people.get(row.pk, 0), days=total.get(row.pk, 0))
        for card, row in zip(found, rows, strict=True)
    ]


def _card(
    row: Challenge,
    inside: Inside,
    stay: ChallengeStay | None,
    *,
    ticked: dict[int, set[date]],
    used: dict[int, int],
) -> ChallengeCard:
    day, runs = today(row), course(row)
    joined = stay is not None and stay.left_at is None
    days = ticked[stay.pk] if stay is not None else set()
    left = FREE_MAKE_UPS - (used.get(stay.pk, 0) if stay is not None else 0)
    open_ = row.state == ChallengeState.OPEN
    return ChallengeCard(
        row.public_id,
        inside.name,
        inside.community_id,
        row.title,
        row.about,
        row.weekly_target,
        row.starts_on,
        row.ends_on,
        open_,
        open_ and running(runs, day),
        not open_ or day > row.ends_on,
        0,
        0,
        joined,
        week(runs, days, min(max(day, row.starts_on), row.ends_on)),
        weeks_in_a_row(runs, days, day),
        day in days,
        tuple(sorted(days)),
        open_days(runs, days, day, MAKE_UP_REACH) if joined and open_ and left else (),
        left,
        inside.keeper,
    )


# ---- contests


def access_contest(viewer: Viewer, contest_id: UUID) -> tuple[Contest, Inside]:
    """A contest of a community that the viewer reads; a draft only for who keeps it. Refuses `absent`."""
    found = Contest.objects.select_related("community", "topic").filter(public_id=contest_id).first()
    if found is None:
        raise Refused("absent")
    inside = seen(viewer, found.community.public_id)
    if found.state == ContestState.DRAFT and not inside.keeper:
        raise Refused("absent")
    return found, inside


@dataclass(frozen=True)
class EntryCard:
    """An entry as it is shown. Before the end there is no count of it anywhere."""

    id: UUID
    number: int
    post_id: UUID
    body: str
    name: str
    mine: bool
    chosen: bool
    votes: int | None
    won: bool


@dataclass(frozen=True)
class ContestCard:
    """A contest: its rules with their hash, its entries, where the reader's vote is, and after the end the document to recount."""

    id: UUID
    community: str
    community_id: UUID
    title: str
    prize: str
    about: str
    winners: int
    topic: str
    state: str
    entries_until: datetime
    votes_until: datetime
    rules_hash: str
    draw_id: UUID | None
    entries: tuple[EntryCard, ...]
    slip: str
    voted: bool
    entered: bool
    keeper: bool


def contests(viewer: Viewer, community_id: UUID) -> list[ContestCard]:
    """The contests of a community, the newest first, without their entries. Refuses `absent`."""
    inside = seen(viewer, community_id)
    rows = Contest.objects.filter(community=inside.community).select_related("topic")
    if not inside.keeper:
        rows = rows.exclude(state=ContestState.DRAFT)
    return [_contest(row, inside, ()) for row in rows.order_by("-made_at", "-id")[:20]]


def contest(viewer: Viewer, contest_id: UUID) -> ContestCard:
    """One contest with its entries. Refuses `absent`."""
    row, inside = access_contest(viewer, contest_id)
    entries = list(
        Entry.objects.filter(contest=row).select_related("post", "person__survivor").order_by("number")
    )
    chosen = set(Vote.objects.filter(contest=row, person__in=inside.own).values_list("entry", flat=True))
    placed = {place[0]: place for place in row.result.get("places", [])}
    cards = [
        EntryCard(
            one.public_id,
            one.number,
            one.post.public_id,
            one.post.body,
            (one.person.survivor or one.person).nickname,
            one.person_id in inside.own,
            one.pk in chosen,
            placed[str(one.public_id)][1] if str(one.public_id) in placed else None,
            bool(placed.get(str(one.public_id), ["", 0, False])[2]),
        )
        for one in entries
        if one.post.state == PostState.PUBLISHED
    ]
    if placed:
        order = {key: place for place, key in enumerate(placed)}
        cards.sort(key=lambda card: order.get(str(card.id), len(order)))
    return _contest(row, inside, tuple(cards))


def _contest(row: Contest, inside: Inside, entries: tuple[EntryCard, ...]) -> ContestCard:
    return ContestCard(
        row.public_id,
        inside.name,
        inside.community_id,
        row.title,
        row.prize,
        row.about,
        row.winners,
        "" if row.topic is None else row.topic.name,
        row.state,
        row.entries_until,
        row.votes_until,
        row.rules_hash,
        row.draw_id,
        entries,
        "" if inside.person is None else slip(row, inside.person),
        any(one.chosen for one in entries),
        any(one.mine for one in entries),
        inside.keeper,
    )


def slip(row: Contest, person: int) -> str:
    """What stands for a voter in the published ballots: only they can find themselves."""
    return blind(f"contest:{row.public_id}", str(person))[:24]


def rules_of(row: Contest) -> dict[str, Any]:
    """The rules as they are frozen."""
    return {
        "title": row.title,
        "prize": row.prize,
        "about": row.about,
        "winners": row.winners,
        "topic": None if row.topic is None else str(row.topic.public_id),
        "entries_until": row.entries_until.isoformat(),
        "votes_until": row.votes_until.isoformat(),
        "who": "active members of the community",
        "one_entry": True,
        "one_vote": True,
        "own_entry": False,
        "ties": "tongxin.draw/1",
        "uncounted": RULE,
    }


def document(viewer: Viewer, contest_id: UUID) -> dict[str, Any]:
    """What `rules.contests.faults` recounts; rules and hash from the opening, the rest after the end. Refuses `absent`."""
    row, _ = access_contest(viewer, contest_id)
    if row.state == ContestState.DRAFT:
        raise Refused("absent")
    return {
        "schema": SCHEMA,
        "id": str(row.public_id),
        "rules": rules_of(row),
        "rules_hash": row.rules_hash,
        "draw": None if row.draw_id is None else draws.document(row.draw_id),
        "result": row.result,
    }


def due_contests(now: datetime) -> list[UUID]:
    """Contests whose entries or votes are over."""
    over = Q(state=ContestState.OPEN, entries_until__lte=now) | Q(
        state=ContestState.VOTING, votes_until__lte=now
    )
    return list(Contest.objects.filter(over).order_by("id").values_list("public_id", flat=True))


def posts_to_enter(viewer: Viewer, contest_id: UUID) -> list[tuple[UUID, str]]:
    """One's own posts that may take part, the newest first; none once one has entered."""
    row, inside = access_contest(viewer, contest_id)
    if not inside.active or Entry.objects.filter(contest=row, person__in=inside.own).exists():
        return []
    found = Post.objects.filter(
        community=row.community_id, person__in=inside.own, state=PostState.PUBLISHED, root=None
    )
    if row.topic_id is not None:
        found = found.filter(topic=row.topic_id)
    return list(found.order_by("-shown_at", "-id").values_list("public_id", "body")[:10])
