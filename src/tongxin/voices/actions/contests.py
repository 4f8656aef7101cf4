"""Prize topics: frozen on opening, a draw for ties committed when the last entry is in, votes that nobody counts before the end."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Max

from tongxin.foundation import clock, prepared
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.draw import actions as draws
from tongxin.foundation.errors import Refused
from tongxin.outreach import actions as outreach
from tongxin.outreach.terms import MessageClass, SendIn
from tongxin.voices.actions.challenges import kept
from tongxin.voices.models import Contest, Entry, Post, Topic, Vote
from tongxin.voices.queries.challenges import access_contest, due_contests, rules_of, slip
from tongxin.voices.queries.standing import writer
from tongxin.voices.queries.votes import cast_in
from tongxin.voices.rules.contests import ballots_hash, count, rules_hash
from tongxin.voices.rules.votes import doubtful
from tongxin.voices.terms import PostState
from tongxin.voices.terms_challenges import ContestState

ROOM = "voices"
# Shared among voters; closing waits for all of them.
_VOTING = "SELECT 1 FROM voices_contest WHERE id = %s AND state = 'voting' AND votes_until > %s FOR KEY SHARE"


def make_contest(
    *,
    viewer: Viewer,
    community_id: UUID,
    title: str,
    prize: str,
    entries_until: datetime,
    votes_until: datetime,
    winners: int = 1,
    about: str = "",
    topic: UUID | None = None,
) -> Contest:
    """Prepare a contest. Refuses `absent`, `voices.closed`, `voices.contest_prize`, `voices.contest_times`."""
    if not title.strip() or not prize.strip() or not 1 <= winners <= 20:
        raise Refused("voices.contest_prize")
    now = clock.now()
    if not now < entries_until < votes_until:
        raise Refused("voices.contest_times")
    with transaction.atomic():
        inside = kept(viewer, community_id)
        under = (
            None
            if topic is None
            else Topic.objects.filter(public_id=topic, community=inside.community).first()
        )
        if topic is not None and under is None:
            raise Refused("absent")
        made = Contest.objects.create(
            community_id=inside.community,
            topic=under,
            title=title.strip()[:40],
            prize=prize.strip()[:80],
            about=about.strip()[:200],
            winners=winners,
            entries_until=entries_until,
            votes_until=votes_until,
            made_by=viewer.name,
            made_at=now,
        )
        _trail(viewer, made, "voices.contest_made")
    return made


def open_contest(*, viewer: Viewer, contest_id: UUID) -> Contest:
    """Open it: from here on nothing of its rules changes, and their hash is public.

    Refuses `absent`, `voices.closed`, `voices.contest_state`, `voices.contest_times` when its days have passed.
    """
    with transaction.atomic():
        row = _locked(contest_id)
        kept(viewer, row.community.public_id)
        if row.state != ContestState.DRAFT:
            raise Refused("voices.contest_state")
        if row.entries_until <= clock.now():
            raise Refused("voices.contest_times")
        row.state, row.opened_at, row.rules_hash = ContestState.OPEN, clock.now(), rules_hash(rules_of(row))
        row.save(update_fields=["state", "opened_at", "rules_hash"])
        _trail(viewer, row, "voices.contest_opened", {"rules_hash": row.rules_hash})
    return row


def enter_contest(*, viewer: Viewer, contest_id: UUID, post_id: UUID) -> Entry:
    """Enter an own post; one a person. Refuses `absent`, `voices.contest_state`, `voices.contest_entry`, `voices.contest_entered`."""
    with transaction.atomic():
        row = _locked(contest_id)
        access_contest(viewer, contest_id)
        inside = writer(viewer, row.community.public_id)
        assert viewer.person is not None  # a writer with a membership
        if row.state != ContestState.OPEN or row.entries_until <= clock.now():
            raise Refused("voices.contest_state")
        post = Post.objects.filter(
            public_id=post_id,
            community=row.community_id,
            person__in=inside.own,
            state=PostState.PUBLISHED,
            root=None,
        ).first()
        if post is None or (row.topic_id is not None and post.topic_id != row.topic_id):
            raise Refused("voices.contest_entry")
        if Entry.objects.filter(contest=row, person__in=inside.own).exists():
            raise Refused("voices.contest_entered")
        last = Entry.objects.filter(contest=row).aggregate(last=Max("number"))["last"] or 0
        made = Entry.objects.create(
            contest=row, post=post, person_id=viewer.person, number=last + 1, at=clock.now()
        )
        _trail(viewer, row, "voices.contest_entered", {"number": made.number})
    return made


def vote(*, viewer: Viewer, contest_id: UUID, entry_id: UUID) -> Vote:
    """Give one's vote, or move it to another entry. Refuses `absent`, `voices.contest_state`, `voices.contest_own`."""
    with transaction.atomic():
        row, _ = access_contest(viewer, contest_id)
        inside = writer(viewer, row.community.public_id)
        assert viewer.person is not None  # a writer with a membership
        if prepared.one(_VOTING, [row.pk, clock.now()]) is None:
            raise Refused("voices.contest_state")
        entry = Entry.objects.filter(contest=row, public_id=entry_id, post__state=PostState.PUBLISHED).first()
        if entry is None:
            raise Refused("absent")
        if entry.person_id in inside.own:
            raise Refused("voices.contest_own")
        mine = Vote.objects.filter(contest=row, person__in=inside.own).first()
        if mine is None:
            try:
                with transaction.atomic():
                    mine = Vote.objects.create(
                        contest=row, person_id=viewer.person, entry=entry, at=clock.now()
                    )
            except IntegrityError:
                raise Refused("busy") from None
        else:
            Vote.objects.filter(pk=mine.pk).update(entry=entry, at=clock.now())
        _trail(viewer, row, "voices.contest_voted")
    return mine


def move_on(*, viewer: Viewer, contest_id: UUID) -> Contest:
    """What the clock asks for: votes begin when entries are over, the count is made when votes are. Else nothing changes.

    Refuses `absent`.
    """
    with transaction.atomic():
        row = _locked(contest_id)
        now = clock.now()
        if row.state == ContestState.OPEN and row.entries_until <= now:
            _begin_voting(viewer, row)
        elif row.state == ContestState.VOTING and row.votes_until <= now:
            _close(viewer, row, now)
    return row


def move_contests_on(*, viewer: Viewer) -> int:
    """All contests whose hour has come."""
    found = due_contests(clock.now())
    for contest_id in found:
        move_on(viewer=viewer, contest_id=contest_id)
    return len(found)


def _begin_voting(viewer: Viewer, row: Contest) -> None:
    entries = [str(key) for key in Entry.objects.filter(contest=row).values_list("public_id", flat=True)]
    if entries:
        drawn = draws.commit(
            viewer=viewer,
            title=row.title,
            entrants=entries,
            rules={"winners": len(entries), "contest": str(row.public_id), "rules_hash": row.rules_hash},
        )
        row.draw_id = drawn.public_id
    row.state = ContestState.VOTING
    row.save(update_fields=["state", "draw_id"])
    _trail(viewer, row, "voices.contest_voting", {"entries": len(entries)})


def _close(viewer: Viewer, row: Contest, now: datetime) -> None:
    order = [] if row.draw_id is None else draws.reveal(viewer=viewer, public_id=row.draw_id).winners
    entries = {
        str(one.public_id): one for one in Entry.objects.filter(contest=row).select_related("post", "person")
    }
    out = sorted(key for key, one in entries.items() if one.post.state != PostState.PUBLISHED)
    votes = Vote.objects.filter(contest=row).select_related("entry", "person")
    # two entries of one person have one vote between them: the later one
    given = {
        slip(row, one.person.survivor_id or one.person_id): str(one.entry.public_id)
        for one in votes.order_by("at", "id")
    }
    ballots = sorted(given.items())
    aside = sorted(doubtful(cast_in(row, votes), row.opened_at or row.made_at))
    places = count(ballots, order, out=out, uncounted=aside, winners=row.winners)
    row.result = {
        "order": order,
        "out": out,
        "ballots": [list(one) for one in ballots],
        "ballots_hash": ballots_hash(ballots),
        "uncounted": aside,
        "places": [[one.entry, one.votes, one.won] for one in places],
    }
    row.state, row.closed_at = ContestState.CLOSED, now
    row.save(update_fields=["result", "state", "closed_at"])
    won = [entries[one.entry] for one in places if one.won]
    _trail(
        viewer,
        row,
        "voices.contest_closed",
        {"ballots": len(ballots), "uncounted": len(aside), "winners": len(won)},
    )
    outreach.notify(
        viewer=viewer,
        sends=[
            SendIn(
                person=one.person.survivor_id or one.person_id,
                kind="voices.contest_won",
                body={
                    "name": row.community.name,
                    "title": row.title,
                    "prize": row.prize,
                    "path": f"/m/contests/{row.public_id}/",
                },
                message_class=MessageClass.SERVICE,
                subject=(ROOM, str(row.public_id)),
                key=f"voices.contest_won:{row.public_id}:{one.pk}",
                store=one.post.store_id,
            )
            for one in won
        ],
    )


def _locked(contest_id: UUID) -> Contest:
    found = (
        Contest.objects.select_for_update(of=("self",))
        .select_related("community", "topic")
        .filter(public_id=contest_id)
        .first()
    )
    if found is None:
        raise Refused("absent")
    return found


def _trail(viewer: Viewer, row: Contest, act: str, after: dict[str, object] | None = None) -> None:
    trail(viewer=viewer, act=act, subject=(ROOM, "contest", str(row.public_id)), after=after)
