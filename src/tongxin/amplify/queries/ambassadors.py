"""One's own time as an ambassador; the list of who runs the programme; which rate holds for somebody."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Q

from tongxin.amplify.models import Agreement, Ambassador, AmbassadorTask
from tongxin.amplify.rules.ambassadors import missing
from tongxin.amplify.terms import READERS
from tongxin.amplify.terms_ambassadors import AmbassadorState, Tier
from tongxin.events.queries.doors import masked
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.pages import Page, page
from tongxin.people.queries import cluster


@dataclass(frozen=True)
class AgreementText:
    """A version of the agreement."""

    number: int
    body: str
    perks: tuple[str, ...]
    at: datetime


@dataclass(frozen=True)
class TaskLine:
    """Something to do."""

    id: UUID
    words: str
    due_on: date | None
    done_at: datetime | None


@dataclass(frozen=True)
class AmbassadorLine:
    """One time as an ambassador. `name` is masked for others; `missing` is what is still to be read."""

    id: UUID
    member: UUID
    name: str
    store: str
    state: AmbassadorState
    tier: Tier
    why: str
    agreement: int | None
    missing: tuple[str, ...]
    until: datetime | None
    asked_at: datetime
    reason: str
    tasks: tuple[TaskLine, ...]


def agreement_now() -> AgreementText | None:
    """The newest version, which is public."""
    row = Agreement.objects.order_by("-number").first()
    return None if row is None else AgreementText(row.number, row.body, tuple(row.perks), row.at)


def my_ambassador(viewer: Viewer) -> AmbassadorLine | None:
    """The newest application, invitation or term of the member who asks."""
    if viewer.person is None:
        return None
    row = (
        Ambassador.objects.filter(person__in=cluster(viewer.person))
        .select_related("person__survivor", "store", "agreement")
        .order_by("-id")
        .first()
    )
    return None if row is None else _line(row, _tasks([row.pk])[row.pk])


def ambassadors(viewer: Viewer, *, limit: int = 50, cursor: str | None = None) -> Page[AmbassadorLine]:
    """All of the places in reach, newest first."""
    places = viewer.places(READERS)
    rows = Ambassador.objects.filter(Q() if places is None else Q(store__in=places))
    found = page(
        rows.select_related("person__survivor", "store", "agreement"),
        by=("-asked_at", "-id"),
        limit=limit,
        cursor=cursor,
    )
    tasks = _tasks([one.pk for one in found.items])
    return Page(tuple(_line(one, tasks[one.pk]) for one in found.items), found.cursor)


def ambassador_line(viewer: Viewer, ambassador_id: UUID) -> AmbassadorLine:
    """One of them. Refuses `absent`."""
    row = (
        Ambassador.objects.select_related("person__survivor", "store", "agreement")
        .filter(public_id=ambassador_id)
        .first()
    )
    if row is None or not viewer.reaches(row.store_id, READERS):
        raise Refused("absent")
    return _line(row, _tasks([row.pk])[row.pk])


def _tasks(ids: Collection[int]) -> dict[int, tuple[TaskLine, ...]]:
    found: dict[int, tuple[TaskLine, ...]] = defaultdict(tuple)
    for row in AmbassadorTask.objects.filter(ambassador__in=ids).order_by("id"):
        line = TaskLine(row.public_id, row.words, row.due_on, row.done_at)
        found[row.ambassador_id] = (*found[row.ambassador_id], line)
    return found


def _line(row: Ambassador, tasks: tuple[TaskLine, ...]) -> AmbassadorLine:
    person = row.person.survivor or row.person
    return AmbassadorLine(
        row.public_id,
        person.public_id,
        masked(person.nickname),
        "" if row.store is None else row.store.name,
        AmbassadorState(row.state),
        Tier(row.tier),
        row.why,
        None if row.agreement is None else row.agreement.number,
        missing(row.learned),
        row.until,
        row.asked_at,
        row.reason,
        tasks,
    )


def tier_of(persons: Collection[int], now: datetime) -> Tier | None:
    """The tier of somebody whose term holds now, None for everybody else."""
    row = Ambassador.objects.filter(
        person__in=persons, state=AmbassadorState.ACTIVE, began_at__lte=now, until__gt=now
    ).first()
    return None if row is None else Tier(row.tier)
