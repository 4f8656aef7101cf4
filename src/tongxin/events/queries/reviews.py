"""Reviews of events, and the group that is offered after one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef

from tongxin.events.models import Attendance, FollowUp, Occurrence, Registration, Review
from tongxin.events.queries.access import ORGANISERS, access_event, event_to_join
from tongxin.events.queries.doors import masked
from tongxin.events.rules.reviews import QUESTIONS
from tongxin.events.terms import State
from tongxin.events.terms_after import REVIEW_WITHIN
from tongxin.foundation.access import SYSTEM, Verb, Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.pages import Page, page
from tongxin.kits.queries.contents import group_at
from tongxin.people.queries import cluster
from tongxin.people.terms import CustomerState
from tongxin.stores.models import Store
from tongxin.stores.terms import Role

# Who reads reviews and figures of more than one store.
REVIEW_READERS = ORGANISERS | {SYSTEM, Role.HQ_ANALYST, Role.AUDITOR}


@dataclass(frozen=True)
class ReviewDue:
    """An event that is over and has no review yet."""

    event: UUID
    title: str
    ended_at: datetime
    days: int


def reviews_due(viewer: Viewer, store: Store, now: datetime) -> list[ReviewDue]:
    """The store's events of the last fortnight without a review, newest first. Refuses `absent` for a foreign store."""
    if not viewer.reaches(store.pk, ORGANISERS):
        raise Refused("absent")
    rows = (
        Occurrence.objects.filter(store=store, ends_at__lte=now, ends_at__gt=now - REVIEW_WITHIN)
        .filter(state__in=[State.PUBLISHED, State.ENDED])
        .exclude(Exists(Review.objects.filter(occurrence=OuterRef("pk"))))
        .order_by("-ends_at", "-id")[:20]
    )
    return [ReviewDue(row.public_id, row.title, row.ends_at, (now - row.ends_at).days) for row in rows]


@dataclass(frozen=True)
class ReviewLine:
    """A review as it is read: (key, question, answer) each; the nominee masked."""

    event: UUID
    title: str
    store: str
    starts_at: datetime
    kit: str
    answers: tuple[tuple[str, tuple[str, str], str], ...]
    star: str
    star_why: str
    star_registration: UUID | None
    version: int
    submitted_at: datetime
    changed_at: datetime
    simulated: bool


def review_of(viewer: Viewer, event_id: UUID) -> ReviewLine | None:
    """The review of an event in reach; None when there is none yet. Refuses `absent`."""
    event = access_event(viewer, event_id, Verb.CHANGE)
    found = (
        Review.objects.select_related("occurrence__store", "star__survivor").filter(occurrence=event).first()
    )
    return None if found is None else _line(found, _places([found]))


def reviews(viewer: Viewer, *, limit: int = 50, cursor: str | None = None) -> Page[ReviewLine]:
    """The reviews of the stores in reach, newest first."""
    places = viewer.places(REVIEW_READERS)
    rows = Review.objects.select_related("occurrence__store", "star__survivor")
    if places is not None:
        rows = rows.filter(occurrence__store__in=places)
    found = page(rows, by=("-submitted_at", "-id"), limit=limit, cursor=cursor)
    where = _places(found.items)
    return Page(tuple(_line(row, where) for row in found.items), found.cursor)


def _places(rows: Any) -> dict[tuple[int, int], UUID]:
    wanted = {row.occurrence_id: row.star_id for row in rows if row.star_id is not None}
    if not wanted:
        return {}
    found = Registration.objects.filter(occurrence__in=wanted, person__in=set(wanted.values())).order_by("id")
    return {
        (event, person): key for event, person, key in found.values_list("occurrence", "person", "public_id")
    }


def _line(row: Review, places: dict[tuple[int, int], UUID]) -> ReviewLine:
    event, star = row.occurrence, row.star
    who = None if star is None else star.survivor or star
    asked = QUESTIONS[row.questions]
    return ReviewLine(
        event=event.public_id,
        title=event.title,
        store=event.store.name,
        starts_at=event.starts_at,
        kit=event.kit,
        answers=tuple((one.key, (one.zh, one.en), row.answers.get(one.key, "")) for one in asked),
        star="" if who is None else masked(who.nickname),
        star_why=row.star_why,
        star_registration=None if star is None else places.get((event.pk, star.pk)),
        version=row.version,
        submitted_at=row.submitted_at,
        changed_at=row.changed_at,
        simulated=event.simulated,
    )


@dataclass(frozen=True)
class Nominee:
    """Whom a champion nominated as a Star after an event, masked, and why."""

    name: str
    why: str
    event: UUID
    title: str


def nominees(viewer: Viewer, store: Store, since: datetime, *, limit: int = 5) -> list[Nominee]:
    """The nominees of a store's reviews, newest first. Refuses `absent` for a foreign store."""
    if not viewer.reaches(store.pk, REVIEW_READERS):
        raise Refused("absent")
    rows = (
        Review.objects.filter(occurrence__store=store, submitted_at__gte=since, star__isnull=False)
        .exclude(star__state=CustomerState.ERASED)
        .select_related("occurrence", "star__survivor")
        .order_by("-submitted_at", "-id")[:limit]
    )
    return [
        Nominee(
            masked((row.star.survivor or row.star).nickname),
            row.star_why,
            row.occurrence.public_id,
            row.occurrence.title,
        )
        for row in rows
        if row.star is not None
    ]


@dataclass(frozen=True)
class StarChoice:
    """Somebody who came and can be nominated."""

    registration: UUID
    name: str


def star_choices(viewer: Viewer, event_id: UUID) -> list[StarChoice]:
    """Those who came, masked. Refuses `absent`."""
    event = access_event(viewer, event_id, Verb.CHANGE)
    rows = (
        Attendance.objects.filter(occurrence=event, counted__isnull=False, person__is_staff=False)
        .exclude(person__state="erased")
        .select_related("registration", "person__survivor")
        .order_by("at", "id")[:200]
    )
    return [
        StarChoice(row.registration.public_id, masked((row.person.survivor or row.person).nickname))
        for row in rows
    ]


@dataclass(frozen=True)
class GroupAfter:
    """The group that those who came may join: what the champion said, else what the kit says. `version` 0 while nobody changed it."""

    text: str
    url: str
    version: int


def followup_of(viewer: Viewer, event_id: UUID) -> GroupAfter:
    """The group of an event as it stands, empty ones too, for who organises it. Refuses `absent`."""
    return _group(access_event(viewer, event_id, Verb.CHANGE))


def group_after(event: Occurrence) -> GroupAfter | None:
    """The group that is offered after an event, None without a link."""
    found = _group(event)
    return found if found.url else None


def _group(event: Occurrence) -> GroupAfter:
    row = FollowUp.objects.filter(occurrence=event).first()
    if row is not None:
        return GroupAfter(row.text, row.url, row.version)
    text, url = group_at("events", str(event.public_id)) if event.kit else ("", "")
    return GroupAfter(text, url, 0)


def my_followup(viewer: Viewer, event_id: UUID) -> GroupAfter | None:
    """The same for a member who came; None for everybody else, and where none is offered. Refuses `absent`."""
    event = event_to_join(viewer, event_id)
    if viewer.person is None:
        return None
    came = Attendance.objects.filter(
        occurrence=event, counted__isnull=False, person__in=cluster(viewer.person)
    ).exists()
    return group_after(event) if came else None
