"""Photos of events for those who may see them. Whoever asks is answered by the rule as of now, never by a state that was true once."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.db.models import Q

from tongxin.events.models import (
    Attendance,
    Occurrence,
    Participant,
    Photo,
    PhotoAnswer,
    PhotoPlace,
    PhotoSeen,
    Registration,
)
from tongxin.events.queries.access import ORGANISERS, access_event, event_to_join
from tongxin.events.queries.doors import masked
from tongxin.events.queries.photo_sights import sights
from tongxin.events.rules.photos import allowed, standing
from tongxin.events.terms import Seat
from tongxin.events.terms_after import USES, PhotoMoment, PhotoState, Unfit
from tongxin.foundation.access import Verb, Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.media import queries as media
from tongxin.people.models import Companion
from tongxin.people.queries import cluster

FEW = 60


def access_photo(viewer: Viewer, photo_id: UUID, verb: Verb = Verb.READ) -> Photo:  # noqa: ARG001 - whoever may see the private ones may do all
    """A photo of an event that the viewer organises. Refuses `absent` for the unknown, the removed and the foreign alike."""
    found = Photo.objects.select_related("occurrence__store").filter(public_id=photo_id, gone_at=None).first()
    if found is None or not viewer.reaches(found.occurrence.store_id, ORGANISERS):
        raise Refused("absent")
    return found


def photo_of_mine(viewer: Viewer, photo_id: UUID, companion: UUID | None = None) -> Photo:
    """A photo in which the asking member is seen, or with `companion` that child of theirs. Refuses `absent`."""
    if viewer.person is None:
        raise Refused("absent")
    seen = (
        PhotoSeen.objects.select_related("photo__occurrence__store")
        .filter(photo__public_id=photo_id, photo__gone_at=None, person__in=cluster(viewer.person))
        .filter(companion=companion)
        .first()
    )
    if seen is None:
        raise Refused("absent")
    return seen.photo


@dataclass(frozen=True)
class SeenLine:
    """Somebody seen, as the champion may read it: `林*`, or a child of theirs without name or age."""

    registration: UUID | None
    companion: UUID | None
    name: str
    uses: tuple[PhotoState, ...]


@dataclass(frozen=True)
class PhotoLine:
    """A photo as its event's organisers see it. `furthest` is how far it may go now, `why` what is in the way."""

    public_id: UUID
    moment: PhotoMoment
    caption: str
    state: PhotoState
    furthest: PhotoState
    why: Unfit | None
    missing: int
    said: bool
    child_visible: bool
    strangers: bool
    later: str
    later_at: datetime | None
    version: int
    added_at: datetime
    seen: tuple[SeenLine, ...] = ()


def photos_of(viewer: Viewer, event_id: UUID) -> list[PhotoLine]:
    """All photos of an event for those who organise it, oldest first. Refuses `absent`."""
    event = access_event(viewer, event_id, Verb.CHANGE)
    return lines(list(Photo.objects.filter(occurrence=event, gone_at=None).order_by("id")))


def photo_line(viewer: Viewer, photo_id: UUID) -> PhotoLine:
    """One of them. Refuses `absent`."""
    return lines([access_photo(viewer, photo_id)])[0]


def lines(rows: Sequence[Photo]) -> list[PhotoLine]:
    """Rows that the caller has accessed. A fixed number of statements."""
    known, seen = sights([row.pk for row in rows]), _seen_lines(rows)
    found = []
    for row in rows:
        stands = standing(known[row.pk])
        state = PhotoState(row.state)
        found.append(
            PhotoLine(
                row.public_id,
                PhotoMoment(row.moment),
                row.caption,
                min(state, stands.furthest, key=lambda one: one.reach),
                stands.furthest,
                stands.why,
                stands.missing,
                row.seen_at is not None,
                row.child_visible,
                row.strangers,
                row.later,
                row.later_at,
                row.version,
                row.added_at,
                tuple(seen[row.pk]),
            )
        )
    return found


def _seen_lines(rows: Sequence[Photo]) -> dict[int, list[SeenLine]]:
    found: dict[int, list[SeenLine]] = defaultdict(list)
    pks = [row.pk for row in rows]
    seen = list(PhotoSeen.objects.filter(photo__in=pks).select_related("person__survivor").order_by("id"))
    if not seen:
        return found
    people = {one.person_id for one in seen} | {one.person.survivor_id for one in seen} - {None}
    events = {row.pk: row.occurrence_id for row in rows}
    places = {
        (event, entry): key
        for event, person, survivor, key in Registration.objects.filter(occurrence__in=set(events.values()))
        .filter(Q(person__in=people) | Q(person__survivor__in=people))
        .order_by("id")
        .values_list("occurrence", "person", "person__survivor", "public_id")
        for entry in (person, survivor)
        if entry is not None
    }
    answers = newest_answers(pks)
    for one in seen:
        who = one.person.survivor or one.person
        said = answers.get((one.photo_id, who.pk, one.companion), {})
        found[one.photo_id].append(
            SeenLine(
                places.get((events[one.photo_id], one.person_id)),
                one.companion,
                masked(who.nickname),
                tuple(use for use in USES if said.get(use)),
            )
        )
    return found


def newest_answers(photos: Collection[int]) -> dict[tuple[int, int, UUID | None], dict[PhotoState, bool]]:
    """(photo, surviving person, companion) → what each use was last answered."""
    found: dict[tuple[int, int, UUID | None], dict[PhotoState, bool]] = defaultdict(dict)
    rows = PhotoAnswer.objects.filter(photo__in=photos).order_by("id")
    for photo, person, survivor, companion, use, granted in rows.values_list(
        "photo", "person", "person__survivor", "companion", "use", "granted"
    ):
        found[photo, survivor or person, companion][PhotoState(use)] = granted
    return found


@dataclass(frozen=True)
class MyPhoto:
    """A photo in which the asking member (or their child, by the name they gave) is seen, and what they agreed to."""

    public_id: UUID
    event: UUID
    title: str
    at: datetime
    companion: UUID | None
    child: str
    state: PhotoState
    uses: tuple[PhotoState, ...]
    lasting: bool

    @property
    def switches(self) -> tuple[tuple[PhotoState, bool], ...]:
        """Each use, and whether it was agreed to."""
        return tuple((use, use in self.uses) for use in USES)


def my_photos(viewer: Viewer) -> list[MyPhoto]:
    """The member's own photos and those of their children, newest first. Refuses `absent` without a member."""
    if viewer.person is None:
        raise Refused("absent")
    own = cluster(viewer.person)
    seen = list(
        PhotoSeen.objects.filter(person__in=own, photo__gone_at=None)
        .select_related("photo__occurrence")
        .order_by("-photo", "id")[:200]
    )
    photos = {one.photo_id for one in seen}
    known, answers = sights(photos), newest_answers(photos)
    named = {
        row.public_id: row.nickname
        for row in Companion.objects.filter(public_id__in=[one.companion for one in seen if one.companion])
    }
    return [
        MyPhoto(
            one.photo.public_id,
            one.photo.occurrence.public_id,
            one.photo.occurrence.title,
            one.photo.occurrence.starts_at,
            one.companion,
            named.get(one.companion, "") if one.companion else "",
            min(
                PhotoState(one.photo.state),
                standing(known[one.photo_id]).furthest,
                key=lambda state: state.reach,
            ),
            tuple(
                use for use in USES if answers.get((one.photo_id, viewer.person, one.companion), {}).get(use)
            ),
            one.companion is None or one.companion in named,
        )
        for one in seen
    ]


@dataclass(frozen=True)
class PhotoFile:
    """A picture that may be shown now. `public`: to anybody, so a cache may keep it for a minute."""

    path: Path
    content_type: str
    public: bool


def photo_file(viewer: Viewer, photo_id: UUID) -> PhotoFile:
    """The picture, if it may be shown to this viewer now: to all when public, to those who were there when for the group, to those seen
    in it, and to the event's organisers. Refuses `absent` otherwise.
    """
    found = Photo.objects.select_related("occurrence").filter(public_id=photo_id, gone_at=None).first()
    if found is None:
        raise Refused("absent")
    public = found in visible([found], PhotoState.PUBLIC)
    if not public and not _close(viewer, found):
        raise Refused("absent")
    served = media.picture(found.name)
    return PhotoFile(served.path, served.content_type, public)


def _close(viewer: Viewer, photo: Photo) -> bool:
    if viewer.reaches(photo.occurrence.store_id, ORGANISERS):
        return True
    if viewer.person is None:
        return False
    own = cluster(viewer.person)
    if PhotoSeen.objects.filter(photo=photo, person__in=own).exists():
        return True
    return was_there(own, photo.occurrence) and bool(visible([photo], PhotoState.GROUP))


def was_there(own: Sequence[int], event: Occurrence) -> bool:
    """Was one of these entries of a person at the event? Once it is over, a place alone is not enough."""
    came = Attendance.objects.filter(occurrence=event, counted__isnull=False, person__in=own).exists()
    held = Registration.objects.filter(occurrence=event, state=Seat.CONFIRMED, person__in=own)
    return came or (not Attendance.objects.filter(occurrence=event).exists() and held.exists())


def visible(rows: Iterable[Photo], use: PhotoState) -> list[Photo]:
    """Those that stand at least so far out, in their kept state and by the rule as of now."""
    out = [row for row in rows if PhotoState(row.state).reach >= use.reach]
    known = sights([row.pk for row in out])
    return [row for row in out if allowed(known[row.pk], use)]


@dataclass(frozen=True)
class WallPhoto:
    """A photo on a wall."""

    public_id: UUID
    moment: PhotoMoment
    caption: str


def wall(viewer: Viewer, event_id: UUID) -> list[WallPhoto]:
    """What an event's page shows this viewer: public photos of it and those shown there, and for those who came the group's.

    Refuses `absent` as the page does.
    """
    event = event_to_join(viewer, event_id)
    own = cluster(viewer.person) if viewer.person is not None else []
    inner = viewer.reaches(event.store_id, ORGANISERS) or (bool(own) and was_there(own, event))
    out = Photo.objects.exclude(state=PhotoState.PRIVATE).filter(gone_at=None)
    rows = visible(
        out.filter(occurrence=event).order_by("id")[:FEW], PhotoState.GROUP if inner else PhotoState.PUBLIC
    )
    elsewhere = PhotoPlace.objects.filter(occurrence=event).values("photo")
    rows += visible(out.filter(pk__in=elsewhere).order_by("id")[:FEW], PhotoState.PUBLIC)
    return [WallPhoto(row.public_id, PhotoMoment(row.moment), row.caption) for row in dict.fromkeys(rows)]


def shelf(viewer: Viewer, kit: str) -> list[WallPhoto]:
    """Photos for adverts on the shelf of a kit, for whoever works with kits. Refuses `absent` to others."""
    if not viewer.roles & ORGANISERS:
        raise Refused("absent")
    out = Photo.objects.exclude(state=PhotoState.PRIVATE).filter(gone_at=None)
    there = PhotoPlace.objects.filter(kit=kit).values("photo")
    rows = visible(out.filter(pk__in=there).order_by("id")[:FEW], PhotoState.ADVERT)
    return [WallPhoto(row.public_id, PhotoMoment(row.moment), row.caption) for row in rows]


@dataclass(frozen=True)
class Guest:
    """A guest who may be seen in a photo, with how many children came along: masked, as at the door."""

    registration: UUID
    name: str
    children: tuple[UUID, ...]


def guests_in_photos(viewer: Viewer, event_id: UUID) -> list[Guest]:
    """Whom the champion can name as seen: those who came, or while nobody was counted those who had a place. Refuses `absent`."""
    event = access_event(viewer, event_id, Verb.CHANGE)
    came = Attendance.objects.filter(occurrence=event, counted__isnull=False).values("registration")
    rows = list(
        Registration.objects.filter(occurrence=event)
        .filter(Q(pk__in=came) | Q(state=Seat.CONFIRMED))
        .select_related("person__survivor")
        .order_by("registered_at", "id")[:200]
    )
    children: dict[int, list[UUID]] = defaultdict(list)
    for registration, companion in (
        Participant.objects.filter(registration__in=[row.pk for row in rows])
        .order_by("id")
        .values_list("registration", "companion")
    ):
        children[registration].append(companion)
    return [
        Guest(row.public_id, masked((row.person.survivor or row.person).nickname), tuple(children[row.pk]))
        for row in rows
    ]
