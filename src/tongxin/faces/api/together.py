"""Challenges and contests of communities."""

import uuid
from datetime import date, datetime
from typing import Annotated, Any

from ninja import Router
from pydantic import ConfigDict, Field, StringConstraints

from tongxin.faces.api.shapes import PLAIN, Done, In, Moment, Out, Short
from tongxin.faces.api.writing import write
from tongxin.faces.asking import Asked
from tongxin.voices.actions import challenges, contests
from tongxin.voices.queries import challenges as reading

router = Router(tags=["together"])

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40, pattern=PLAIN)]
About = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=PLAIN)]


class WeekOut(Out):
    """How this week stands; a week the challenge only touches asks for no more than the days it has."""

    monday: date
    done: int
    target: int
    met: bool


class ChallengeOut(Out):
    """A challenge with the reader's own part in it. `streak`: weeks done in a row, computed from the days."""

    id: uuid.UUID
    community_id: uuid.UUID
    title: str
    about: str
    weekly_target: int
    starts_on: date
    ends_on: date
    open: bool
    running: bool
    people: int
    days: int
    joined: bool
    week: WeekOut
    streak: int
    done_today: bool
    ticked: list[date]
    make_up_days: list[date]
    make_ups_left: int


class ChallengesOut(Out):
    items: list[ChallengeOut]


def _challenge(card: reading.ChallengeCard) -> ChallengeOut:
    same = {
        n: getattr(card, n) for n in ChallengeOut.model_fields if n not in {"week", "ticked", "make_up_days"}
    }
    week = WeekOut(monday=card.week.monday, done=card.week.done, target=card.week.target, met=card.week.met)
    return ChallengeOut(**same, week=week, ticked=list(card.ticked), make_up_days=list(card.make_up_days))


@router.get(
    "/communities/{uuid:community_id}/challenges",
    url_name="community.challenges",
    operation_id="challenges.list",
    response=ChallengesOut,
)
def read_challenges(request: Asked, community_id: uuid.UUID) -> ChallengesOut:
    """The challenges of a community, open ones first."""
    return ChallengesOut(items=[_challenge(one) for one in reading.challenges(request.viewer, community_id)])


class NewChallenge(In):
    title: Title
    about: About = ""
    weekly_target: Annotated[int, Field(ge=1, le=7)] = 3
    starts_on: date
    ends_on: date

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"title": "一周三次新食材", "starts_on": "2026-04-01", "ends_on": "2026-04-28"}
        }
    )


@router.post(
    "/communities/{uuid:community_id}/challenges",
    url_name="community.challenges",
    operation_id="challenges.open",
    response={201: ChallengeOut},
)
@write(201)
def open_challenge(request: Asked, community_id: uuid.UUID, body: NewChallenge) -> ChallengeOut:
    """Something to do together, so many times a week."""
    made = challenges.open_challenge(viewer=request.viewer, community_id=community_id, **body.model_dump())
    return _challenge(reading.challenge(request.viewer, made.public_id))


@router.get(
    "/challenges/{uuid:challenge_id}",
    url_name="challenge",
    operation_id="challenges.get",
    response=ChallengeOut,
)
def read_challenge(request: Asked, challenge_id: uuid.UUID) -> ChallengeOut:
    """One challenge, with the own week."""
    return _challenge(reading.challenge(request.viewer, challenge_id))


@router.post(
    "/challenges/{uuid:challenge_id}/close",
    url_name="challenge.close",
    operation_id="challenges.close",
    response=Done,
)
@write()
def close_challenge(request: Asked, challenge_id: uuid.UUID) -> Done:
    """No more days are ticked."""
    challenges.close_challenge(viewer=request.viewer, challenge_id=challenge_id)
    return Done()


@router.post(
    "/challenges/{uuid:challenge_id}/join",
    url_name="challenge.join",
    operation_id="challenges.join",
    response=ChallengeOut,
)
@write()
def join_challenge(request: Asked, challenge_id: uuid.UUID) -> ChallengeOut:
    """Take part."""
    challenges.join_challenge(viewer=request.viewer, challenge_id=challenge_id)
    return read_challenge(request, challenge_id)


@router.post(
    "/challenges/{uuid:challenge_id}/check-in",
    url_name="challenge.check_in",
    operation_id="challenges.check_in",
    response=ChallengeOut,
)
@write()
def check_in(request: Asked, challenge_id: uuid.UUID) -> ChallengeOut:
    """Tick today, by the store's clock; twice is once."""
    challenges.check_in(viewer=request.viewer, challenge_id=challenge_id)
    return read_challenge(request, challenge_id)


class NewMakeUp(In):
    day: date

    model_config = ConfigDict(json_schema_extra={"example": {"day": "2026-03-04"}})


@router.post(
    "/challenges/{uuid:challenge_id}/make-up",
    url_name="challenge.make_up",
    operation_id="challenges.make_up",
    response=ChallengeOut,
)
@write()
def make_up(request: Asked, challenge_id: uuid.UUID, body: NewMakeUp) -> ChallengeOut:
    """Make up for a day of the last week; two a month are free."""
    challenges.make_up(viewer=request.viewer, challenge_id=challenge_id, day=body.day)
    return read_challenge(request, challenge_id)


@router.post(
    "/challenges/{uuid:challenge_id}/leave",
    url_name="challenge.leave",
    operation_id="challenges.leave",
    response=Done,
)
@write()
def leave_challenge(request: Asked, challenge_id: uuid.UUID) -> Done:
    """Stop taking part."""
    challenges.leave_challenge(viewer=request.viewer, challenge_id=challenge_id)
    return Done()


class ContestEntryOut(Out):
    """An entry. `votes` is null until the end."""

    id: uuid.UUID
    number: int
    post_id: uuid.UUID
    body: str
    name: str
    mine: bool
    chosen: bool
    votes: int | None
    won: bool


class ContestOut(Out):
    """A prize topic. `rules_hash` is fixed when it opens; `slip` is how the reader finds their own vote in the published ballots."""

    id: uuid.UUID
    community_id: uuid.UUID
    title: str
    prize: str
    about: str
    winners: int
    topic: str
    state: str
    entries_until: datetime
    votes_until: datetime
    rules_hash: str
    draw_id: uuid.UUID | None
    entries: list[ContestEntryOut]
    slip: str
    voted: bool
    entered: bool


class ContestsOut(Out):
    items: list[ContestOut]


def _contest(card: reading.ContestCard) -> ContestOut:
    same = {name: getattr(card, name) for name in ContestOut.model_fields if name != "entries"}
    return ContestOut(**same, entries=[ContestEntryOut(**one.__dict__) for one in card.entries])


@router.get(
    "/communities/{uuid:community_id}/contests",
    url_name="community.contests",
    operation_id="contests.list",
    response=ContestsOut,
)
def read_contests(request: Asked, community_id: uuid.UUID) -> ContestsOut:
    """The contests of a community, the newest first, without their entries."""
    return ContestsOut(items=[_contest(one) for one in reading.contests(request.viewer, community_id)])


class NewContest(In):
    title: Title
    prize: Short
    about: About = ""
    winners: Annotated[int, Field(ge=1, le=20)] = 1
    entries_until: Moment
    votes_until: Moment
    topic: uuid.UUID | None = None

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "title": "最好看的辅食",
                "prize": "烘焙课一席",
                "entries_until": "2026-04-10T21:00:00+08:00",
                "votes_until": "2026-04-17T21:00:00+08:00",
            }
        }
    )


@router.post(
    "/communities/{uuid:community_id}/contests",
    url_name="community.contests",
    operation_id="contests.create",
    response={201: ContestOut},
)
@write(201)
def make_contest(request: Asked, community_id: uuid.UUID, body: NewContest) -> ContestOut:
    """Prepare a contest; until it is opened only who keeps the community sees it."""
    made = contests.make_contest(viewer=request.viewer, community_id=community_id, **body.model_dump())
    return _contest(reading.contest(request.viewer, made.public_id))


@router.get(
    "/contests/{uuid:contest_id}", url_name="contest", operation_id="contests.get", response=ContestOut
)
def read_contest(request: Asked, contest_id: uuid.UUID) -> ContestOut:
    """One contest with its entries."""
    return _contest(reading.contest(request.viewer, contest_id))


@router.post(
    "/contests/{uuid:contest_id}/open",
    url_name="contest.open",
    operation_id="contests.open",
    response=ContestOut,
)
@write()
def open_contest(request: Asked, contest_id: uuid.UUID) -> ContestOut:
    """From here on nothing of its rules changes."""
    contests.open_contest(viewer=request.viewer, contest_id=contest_id)
    return read_contest(request, contest_id)


class NewContestEntry(In):
    post: uuid.UUID

    model_config = ConfigDict(json_schema_extra={"example": {"post": "00000000-0000-4000-8000-000000000000"}})


@router.post(
    "/contests/{uuid:contest_id}/entries",
    url_name="contest.entries",
    operation_id="contests.enter",
    response={201: ContestOut},
)
@write(201)
def enter(request: Asked, contest_id: uuid.UUID, body: NewContestEntry) -> ContestOut:
    """Enter an own post; one a person."""
    contests.enter_contest(viewer=request.viewer, contest_id=contest_id, post_id=body.post)
    return read_contest(request, contest_id)


class NewContestVote(In):
    entry: uuid.UUID

    model_config = ConfigDict(
        json_schema_extra={"example": {"entry": "00000000-0000-4000-8000-000000000000"}}
    )


@router.put(
    "/contests/{uuid:contest_id}/vote",
    url_name="contest.vote",
    operation_id="contests.vote",
    response=ContestOut,
)
@write()
def vote(request: Asked, contest_id: uuid.UUID, body: NewContestVote) -> ContestOut:
    """Give one's vote, or move it, until the end."""
    contests.vote(viewer=request.viewer, contest_id=contest_id, entry_id=body.entry)
    return read_contest(request, contest_id)


class ContestDocument(Out):
    """Rules, their hash, and after the end ballots, order of the draw and places: what the count is repeated from."""

    document: dict[str, Any]


@router.get(
    "/contests/{uuid:contest_id}/document",
    url_name="contest.document",
    operation_id="contests.document",
    response=ContestDocument,
)
def document(request: Asked, contest_id: uuid.UUID) -> ContestDocument:
    """What the count is repeated from."""
    return ContestDocument(document=reading.document(request.viewer, contest_id))
