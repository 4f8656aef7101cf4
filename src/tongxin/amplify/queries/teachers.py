"""Teachers as members find them, by what they teach, each with their next classes; one's own page; the list of who decides."""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from tongxin.amplify.models import Referral, Teacher
from tongxin.amplify.terms import READERS
from tongxin.amplify.terms_referrals import ReferralState
from tongxin.amplify.terms_teachers import CLASSES_SHOWN, LIVE_TEACHERS, Specialty, TeacherState
from tongxin.events.models import Occurrence
from tongxin.events.queries.doors import masked
from tongxin.events.terms import State
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.people.queries import cluster

SHOWN = 60


@dataclass(frozen=True)
class ClassLine:
    """A class to come."""

    id: UUID
    title: str
    store: str
    starts_at: datetime


@dataclass(frozen=True)
class TeacherCard:
    """A teacher as members see them. `brought` counts friends who came for them and stayed."""

    id: UUID
    name: str
    words: str
    specialties: tuple[Specialty, ...]
    store: str
    colleague: bool
    classes: tuple[ClassLine, ...]
    brought: int


@dataclass(frozen=True)
class TeacherLine:
    """A teacher in the list of who decides; the member's name is masked until they chose one."""

    id: UUID
    name: str
    specialties: tuple[Specialty, ...]
    store: str
    colleague: bool
    state: TeacherState
    why: str
    invited_at: datetime
    named: int
    brought: int


@dataclass(frozen=True)
class MyTeaching:
    """One's own invitation or page."""

    id: UUID
    state: TeacherState
    why: str
    shown_as: str
    words: str
    specialties: tuple[Specialty, ...]


def _known(row: Teacher) -> tuple[Specialty, ...]:
    return tuple(Specialty(one) for one in row.specialties if one in set(Specialty))


def teachers(viewer: Viewer, *, specialty: Specialty | None = None) -> list[TeacherCard]:
    """Everybody who is shown, who has the next class first; a fixed number of statements. Refuses `absent`."""
    if viewer.anonymous:
        raise Refused("absent")
    rows = _shown().select_related("store")
    found = [one for one in rows.order_by("-id")[:SHOWN] if specialty is None or specialty in one.specialties]
    cards = _cards(found)
    return sorted(
        cards, key=lambda one: (not one.classes, one.classes[0].starts_at.timestamp() if one.classes else 0)
    )


def teacher_card(viewer: Viewer, teacher_id: UUID) -> TeacherCard:
    """One of them. Refuses `absent`."""
    row = _shown().filter(public_id=teacher_id).select_related("store").first()
    if row is None or viewer.anonymous:
        raise Refused("absent")
    return _cards([row])[0]


def _shown() -> QuerySet[Teacher]:
    """Pages that stand: those of colleagues as long as they work here."""
    return Teacher.objects.filter(Q(staff=None) | Q(staff__active=True), state=TeacherState.SHOWN)


def _cards(rows: Collection[Teacher]) -> list[TeacherCard]:
    classes, brought = _classes(rows), _friends(rows)
    return [
        TeacherCard(
            row.public_id,
            row.shown_as,
            row.words,
            _known(row),
            "" if row.store is None else row.store.name,
            row.staff_id is not None,
            tuple(classes[row.pk]),
            brought[row.pk, ReferralState.CONFIRMED],
        )
        for row in rows
    ]


def _classes(rows: Collection[Teacher]) -> dict[int, list[ClassLine]]:
    """What each of them teaches next, five at most."""
    staff = {row.staff_id: row.pk for row in rows if row.staff_id is not None}
    people = {row.person_id: row.pk for row in rows if row.person_id is not None}
    found: dict[int, list[ClassLine]] = defaultdict(list)
    coming = Occurrence.objects.filter(
        Q(host__in=staff) | Q(member_host__in=people), state=State.PUBLISHED, starts_at__gt=clock.now()
    )
    for one in coming.select_related("store").order_by("starts_at", "id")[: SHOWN * CLASSES_SHOWN]:
        hosts = {staff.get(one.host_id or 0), people.get(one.member_host_id or 0)} - {None}
        for key in hosts:
            if key is not None and len(found[key]) < CLASSES_SHOWN:
                found[key].append(ClassLine(one.public_id, one.title, one.store.name, one.starts_at))
    return found


def _friends(rows: Collection[Teacher]) -> Counter[tuple[int, str]]:
    """Friends who came for each of them, by state: named on the page, or by the code of a member who teaches."""
    by_person = {row.person_id: row.pk for row in rows if row.person_id is not None}
    found: Counter[tuple[int, str]] = Counter()
    brought = Referral.objects.filter(Q(teacher__in=[row.pk for row in rows]) | Q(referrer__in=by_person))
    own = {row.pk for row in rows}
    for teacher, referrer, state in brought.values_list("teacher", "referrer", "state"):
        key = teacher if teacher in own else by_person.get(referrer or 0)
        if key is not None:
            found[key, state] += 1
    return found


def my_teaching(viewer: Viewer) -> MyTeaching | None:
    """One's own live invitation or page."""
    if viewer.person is None:
        return None
    row = Teacher.objects.filter(person__in=cluster(viewer.person), state__in=LIVE_TEACHERS).first()
    if row is None:
        return None
    return MyTeaching(row.public_id, TeacherState(row.state), row.why, row.shown_as, row.words, _known(row))


def own_teacher(viewer: Viewer, *, lock: bool = False) -> Teacher:
    """The live page or invitation of the member who asks. Refuses `absent`."""
    rows = Teacher.objects.filter(
        person__in=[] if viewer.person is None else cluster(viewer.person), state__in=LIVE_TEACHERS
    )
    found = (rows.select_for_update(no_key=True, of=("self",)) if lock else rows).first()
    if found is None:
        raise Refused("absent")
    return found


def teacher_in_reach(
    viewer: Viewer, teacher_id: UUID, roles: Collection[str], *, lock: bool = False
) -> Teacher:
    """A teacher of a place the viewer reaches; pages without a place are the whole brand's. Refuses `absent`."""
    rows = Teacher.objects.filter(public_id=teacher_id)
    found = (rows.select_for_update(no_key=True, of=("self",)) if lock else rows).first()
    if found is None or not viewer.reaches(found.store_id, roles):
        raise Refused("absent")
    return found


def teacher_list(viewer: Viewer, *, limit: int = 30) -> list[TeacherLine]:
    """All of the places in reach, newest first. Refuses `absent`."""
    if not viewer.roles & READERS:
        raise Refused("absent")
    places = viewer.places(READERS)
    rows = Teacher.objects.filter(Q() if places is None else Q(store__in=places))
    return _lines(list(rows.select_related("store", "person__survivor").order_by("-id")[:limit]))


def teacher_line(viewer: Viewer, teacher_id: UUID) -> TeacherLine:
    """One of them. Refuses `absent`."""
    row = Teacher.objects.filter(pk=teacher_in_reach(viewer, teacher_id, READERS).pk)
    return _lines(list(row.select_related("store", "person__survivor")))[0]


def _lines(rows: list[Teacher]) -> list[TeacherLine]:
    friends = _friends(rows)
    named: Counter[int] = Counter()
    for (key, _), n in friends.items():
        named[key] += n
    return [
        TeacherLine(
            row.public_id,
            row.shown_as
            or ("" if row.person is None else masked((row.person.survivor or row.person).nickname)),
            _known(row),
            "" if row.store is None else row.store.name,
            row.staff_id is not None,
            TeacherState(row.state),
            row.why,
            row.invited_at,
            named[row.pk],
            friends[row.pk, ReferralState.CONFIRMED],
        )
        for row in rows
    ]
