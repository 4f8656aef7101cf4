"""Super teachers: a member is asked and says yes under a name of their own; a colleague's page is set up by who decides."""

from collections.abc import Collection
from uuid import UUID

from django.db import IntegrityError, transaction

from tongxin.amplify.actions import trails
from tongxin.amplify.actions.words import fit, text
from tongxin.amplify.models import Teacher
from tongxin.amplify.queries.teachers import own_teacher, teacher_in_reach
from tongxin.amplify.rules.licences import may_ask
from tongxin.amplify.terms import DECIDERS
from tongxin.amplify.terms_teachers import (
    ABOUT_MOST,
    ASK_AGAIN,
    LIVE_TEACHERS,
    NAME_MOST,
    WHY_MOST,
    Specialty,
    TeacherState,
)
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.people.models import Customer
from tongxin.people.queries import access_customer, cluster
from tongxin.stores.models import Staff
from tongxin.stores.queries import access_staff


def invite_teacher(
    *, viewer: Viewer, customer: UUID, specialties: Collection[Specialty], why: str
) -> Teacher:
    """Ask a member to teach what they are good at. Refuses `absent`, `amplify.words`, `amplify.staff`, `amplify.teacher_already`,
    `amplify.asked_lately`, `amplify.teacher_who` without a specialty.
    """
    said = text(why, WHY_MOST)
    with transaction.atomic():
        found = access_customer(viewer, customer)
        if not viewer.reaches(found.home_store_id, DECIDERS):
            raise Refused("absent")
        person = Customer.objects.select_for_update(no_key=True, of=("self",)).get(pk=found.pk)
        if person.is_staff:
            raise Refused("amplify.staff")
        mine = Teacher.objects.filter(person__in=cluster(person))
        if mine.filter(state__in=LIVE_TEACHERS).exists():
            raise Refused("amplify.teacher_already")
        no = mine.filter(state=TeacherState.DECLINED).order_by("-answered_at").first()
        if (
            no is not None
            and no.answered_at is not None
            and not may_ask(no.answered_at, clock.now(), ASK_AGAIN)
        ):
            day = clock.business_day(no.answered_at + ASK_AGAIN)
            raise Refused("amplify.asked_lately", again_on=day.isoformat())
        row = Teacher.objects.create(
            person=person,
            store=person.home_store,
            state=TeacherState.INVITED,
            specialties=_listed(specialties),
            why=said,
            invited_by=viewer.name,
            invited_at=clock.now(),
        )
        trails.note(viewer, "amplify.teacher_invited", "teacher", row.public_id)
        trails.tell(
            viewer=viewer,
            person=person.pk,
            kind="amplify.teacher_invited",
            subject=row.public_id,
            body={"why": said, "path": "/m/teachers/"},
            store=person.home_store_id,
        )
    return row


def _listed(specialties: Collection[Specialty]) -> list[str]:
    chosen = [str(one) for one in Specialty if one in set(specialties)]
    if not chosen:
        raise Refused("amplify.teacher_who")
    return chosen


def show_colleague(
    *, viewer: Viewer, staff: UUID | str, specialties: Collection[Specialty], shown_as: str, words: str
) -> Teacher:
    """A page for a colleague, by who decides where they work. Refuses `absent`, `amplify.words`, `amplify.teacher_already`,
    `amplify.teacher_who`.
    """
    name, said = text(shown_as, NAME_MOST), text(words, ABOUT_MOST)
    with transaction.atomic():
        who = Staff.objects.select_for_update(no_key=True, of=("self",)).get(
            pk=access_staff(viewer, staff).pk
        )
        if not who.active or not viewer.reaches(who.store_id, DECIDERS):
            raise Refused("absent")
        try:
            with transaction.atomic():
                row = Teacher.objects.create(
                    staff=who,
                    store=who.store,
                    state=TeacherState.SHOWN,
                    specialties=_listed(specialties),
                    shown_as=name,
                    words=said,
                    invited_by=viewer.name,
                    invited_at=clock.now(),
                    answered_at=clock.now(),
                )
        except IntegrityError:
            raise Refused("amplify.teacher_already") from None
        trails.note(viewer, "amplify.teacher_shown", "teacher", row.public_id)
    return row


def accept_teaching(*, viewer: Viewer, shown_as: str, words: str) -> Teacher:
    """The member says yes, under the name and with the words they want; said again it changes the page. Refuses `absent`, `amplify.words`,
    `amplify.words_unfit`.
    """
    name, said = fit(shown_as, NAME_MOST), fit(words, ABOUT_MOST)
    with transaction.atomic():
        row = own_teacher(viewer, lock=True)
        row.shown_as, row.words = name, said
        row.answered_at = row.answered_at or clock.now()
        _move(viewer, row, TeacherState.SHOWN, "amplify.teacher_shown")
    return row


def leave_teaching(*, viewer: Viewer) -> Teacher:
    """The member says no, or enough: the page is gone with the next reading. Refuses `absent`."""
    with transaction.atomic():
        row = own_teacher(viewer, lock=True)
        now = clock.now()
        if row.state == TeacherState.INVITED:
            row.answered_at = now
            _move(viewer, row, TeacherState.DECLINED, "amplify.teacher_declined")
        else:
            row.ended_at = now
            _move(viewer, row, TeacherState.ENDED, "amplify.teacher_ended")
    return row


def end_teacher(*, viewer: Viewer, teacher_id: UUID) -> Teacher:
    """Who decides takes the page away. Refuses `absent`, `amplify.teacher_state`."""
    with transaction.atomic():
        row = teacher_in_reach(viewer, teacher_id, DECIDERS, lock=True)
        if row.state not in LIVE_TEACHERS:
            raise Refused("amplify.teacher_state")
        row.ended_at = clock.now()
        _move(viewer, row, TeacherState.ENDED, "amplify.teacher_ended")
    return row


def _move(viewer: Viewer, row: Teacher, state: TeacherState, act: str) -> None:
    before, row.state = row.state, state
    row.save(update_fields=["state", "shown_as", "words", "answered_at", "ended_at"])
    trails.note(
        viewer, act, "teacher", row.public_id, before={"state": str(before)}, after={"state": str(state)}
    )


def forget_teacher(ids: list[int]) -> int:
    """The page ends and its words go; the proof stays without the person. For an erasure."""
    mine = Teacher.objects.filter(person__in=ids)
    touched = mine.filter(state=TeacherState.SHOWN).update(state=TeacherState.ENDED, ended_at=clock.now())
    touched += mine.filter(state=TeacherState.INVITED).update(state=TeacherState.ENDED, ended_at=clock.now())
    return touched + mine.exclude(shown_as="", words="", why="").update(shown_as="", words="", why="")
