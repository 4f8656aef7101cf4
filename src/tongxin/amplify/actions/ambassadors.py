"""The ambassador programme: apply or be invited, sign the agreement of that day, read what one should know, a term, things to do.

A no and an early end come from a named person with a reason that the member reads.
"""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from tongxin.amplify.actions import trails
from tongxin.amplify.actions.words import fit, text
from tongxin.amplify.models import Agreement, Ambassador, AmbassadorTask
from tongxin.amplify.rules.ambassadors import missing, term_holds
from tongxin.amplify.terms import DECIDERS, EDITORS
from tongxin.amplify.terms_ambassadors import (
    LIVE,
    TASK_MOST,
    TASKS_MOST,
    TRAINING,
    WORDS_MOST,
    AmbassadorState,
    Tier,
)
from tongxin.foundation import clock
from tongxin.foundation.access import SYSTEM, Viewer
from tongxin.foundation.errors import Refused
from tongxin.people.models import Customer
from tongxin.people.queries import access_customer, cluster

REASON_MOST, BODY_MOST, PERK_MOST = 200, 4000, 60


def publish_agreement(*, viewer: Viewer, body: str, perks: Sequence[str] = ()) -> Agreement:
    """A new version; whoever has signed an older one keeps it until their term is over. Refuses `absent`, `amplify.words`."""
    if not viewer.reaches(None, EDITORS):
        raise Refused("absent")
    said = text(body, BODY_MOST)
    given = [text(one, PERK_MOST) for one in perks if one.strip()]
    with transaction.atomic():
        newest = Agreement.objects.select_for_update(no_key=True).order_by("-number").first()
        row = Agreement.objects.create(
            number=1 if newest is None else newest.number + 1,
            body=said,
            perks=given,
            by=viewer.name,
            at=clock.now(),
        )
        trails.note(viewer, "amplify.agreement_published", "agreement", row.number)
    return row


def apply_ambassador(*, viewer: Viewer, why: str) -> Ambassador:
    """A member would like to. Refuses `absent`, `amplify.words`, `amplify.words_unfit`, `amplify.staff`, `amplify.ambassador_already`."""
    said = fit(why, WORDS_MOST)
    with transaction.atomic():
        me = Customer.objects.select_for_update(no_key=True).filter(pk=viewer.person or 0).first()
        if me is None:
            raise Refused("absent")
        return _begin(viewer, me, AmbassadorState.APPLIED, said, "amplify.ambassador_applied")


def invite_ambassador(
    *, viewer: Viewer, customer: UUID, why: str, until: datetime, tier: Tier = Tier.ONE
) -> Ambassador:
    """Ask a member, for a term. Refuses `absent`, `amplify.words`, `amplify.term`, `amplify.no_agreement`, `amplify.staff`,
    `amplify.ambassador_already`.
    """
    said = text(why, WORDS_MOST)
    with transaction.atomic():
        found = access_customer(viewer, customer)
        if not viewer.reaches(found.home_store_id, DECIDERS):
            raise Refused("absent")
        _term(until)
        person = Customer.objects.select_for_update(no_key=True, of=("self",)).get(pk=found.pk)
        row = _begin(
            viewer,
            person,
            AmbassadorState.INVITED,
            said,
            "amplify.ambassador_invited",
            tier=tier,
            until=until,
        )
        _tell(viewer, row, "amplify.ambassador_invited")
    return row


def _begin(
    viewer: Viewer,
    person: Customer,
    state: AmbassadorState,
    why: str,
    act: str,
    *,
    tier: Tier = Tier.ONE,
    until: datetime | None = None,
) -> Ambassador:
    if person.is_staff:
        raise Refused("amplify.staff")
    if Ambassador.objects.filter(person__in=cluster(person), state__in=LIVE).exists():
        raise Refused("amplify.ambassador_already")
    row = Ambassador.objects.create(
        person=person,
        store=person.home_store,
        state=state,
        tier=tier,
        why=why,
        until=until,
        asked_at=clock.now(),
    )
    trails.note(viewer, act, "ambassador", row.public_id, after={"tier": int(tier)})
    return row


def _term(until: datetime) -> None:
    if not term_holds(until, clock.now()):
        raise Refused("amplify.term")
    if not Agreement.objects.exists():
        raise Refused("amplify.no_agreement")


def _tell(viewer: Viewer, row: Ambassador, kind: str, **more: str) -> None:
    trails.tell(
        viewer=viewer,
        person=row.person_id,
        kind=kind,
        subject=row.public_id,
        body={"path": "/m/ambassador/"} | more,
        store=row.store_id,
    )


def decide_ambassador(
    *,
    viewer: Viewer,
    ambassador_id: UUID,
    yes: bool,
    reason: str = "",
    until: datetime | None = None,
    tier: Tier = Tier.ONE,
) -> Ambassador:
    """Answer an application: yes with a term, or no with a reason that the member reads.

    Refuses `absent`, `amplify.ambassador_state`, `amplify.term`, `amplify.no_agreement`, `amplify.words`, `amplify.person_needed`.
    """
    with transaction.atomic():
        row = _held(viewer, ambassador_id)
        if row.state != AmbassadorState.APPLIED:
            raise Refused("amplify.ambassador_state")
        row.decided_by, row.decided_at = viewer.name, clock.now()
        if yes:
            if until is None:
                raise Refused("amplify.term")
            _term(until)
            row.until, row.tier = until, tier
            _move(viewer, row, AmbassadorState.INVITED, "amplify.ambassador_approved")
            _tell(viewer, row, "amplify.ambassador_invited")
        else:
            row.reason = _reason(viewer, reason)
            row.ended_at = clock.now()
            _move(viewer, row, AmbassadorState.DECLINED, "amplify.ambassador_declined")
            _tell(viewer, row, "amplify.ambassador_declined", why=row.reason)
    return row


def _reason(viewer: Viewer, reason: str) -> str:
    if viewer.account is None and SYSTEM not in viewer.roles:
        raise Refused("amplify.person_needed")
    return text(reason, REASON_MOST)


def _held(viewer: Viewer, ambassador_id: UUID) -> Ambassador:
    row = (
        Ambassador.objects.select_for_update(no_key=True, of=("self",))
        .filter(public_id=ambassador_id)
        .first()
    )
    if row is None or not viewer.reaches(row.store_id, DECIDERS):
        raise Refused("absent")
    return row


def _own(viewer: Viewer) -> Ambassador:
    people = [] if viewer.person is None else cluster(viewer.person)
    row = (
        Ambassador.objects.select_for_update(no_key=True, of=("self",))
        .filter(person__in=people, state__in=LIVE)
        .first()
    )
    if row is None:
        raise Refused("absent")
    return row


def agree(*, viewer: Viewer, number: int) -> Ambassador:
    """The member signs the version they were shown. Refuses `absent`, `amplify.ambassador_state`, `amplify.agreement`."""
    with transaction.atomic():
        row = _own(viewer)
        if row.state != AmbassadorState.INVITED:
            raise Refused("amplify.ambassador_state")
        newest = Agreement.objects.order_by("-number").first()
        if newest is None or newest.number != number:
            raise Refused("amplify.agreement")
        row.agreement, row.agreed_at = newest, clock.now()
        _move(viewer, row, AmbassadorState.LEARNING, "amplify.ambassador_agreed")
    return row


def learn(*, viewer: Viewer, item: str) -> Ambassador:
    """One thing has been read; with the last one the term begins. Refuses `absent`, `amplify.ambassador_state`."""
    with transaction.atomic():
        row = _own(viewer)
        if row.state != AmbassadorState.LEARNING:
            raise Refused("amplify.ambassador_state")
        if item not in {code for code, _, _ in TRAINING}:
            raise Refused("absent")
        if item not in row.learned:
            row.learned = [*row.learned, item]
            row.save(update_fields=["learned"])
            trails.note(
                viewer, "amplify.ambassador_learned", "ambassador", row.public_id, after={"item": item}
            )
        if not missing(row.learned):
            row.began_at = clock.now()
            _move(viewer, row, AmbassadorState.ACTIVE, "amplify.ambassador_begun")
    return row


def leave_ambassadors(*, viewer: Viewer) -> Ambassador:
    """The member says no, or enough; at no cost. Refuses `absent`."""
    with transaction.atomic():
        row = _own(viewer)
        row.ended_at = clock.now()
        began = row.state == AmbassadorState.ACTIVE
        state = AmbassadorState.ENDED if began else AmbassadorState.DECLINED
        act = "amplify.ambassador_ended" if began else "amplify.ambassador_declined"
        _move(viewer, row, state, act)
    return row


def end_ambassador(*, viewer: Viewer, ambassador_id: UUID, reason: str) -> Ambassador:
    """A named person ends it early, with a reason that the member reads. Refuses `absent`, `amplify.ambassador_state`, `amplify.words`,
    `amplify.person_needed`.
    """
    with transaction.atomic():
        row = _held(viewer, ambassador_id)
        if row.state not in LIVE:
            raise Refused("amplify.ambassador_state")
        row.reason, row.ended_at = _reason(viewer, reason), clock.now()
        _move(viewer, row, AmbassadorState.ENDED, "amplify.ambassador_ended")
        _tell(viewer, row, "amplify.ambassador_ended", why=row.reason)
    return row


def end_terms(*, viewer: Viewer) -> int:
    """Terms that are over end; answers how many. A nightly job."""
    done = 0
    over = Ambassador.objects.filter(state__in=LIVE, until__lte=clock.now())
    for key in list(over.order_by("id").values_list("pk", flat=True)):
        with transaction.atomic():
            row = Ambassador.objects.select_for_update(no_key=True, of=("self",)).get(pk=key)
            if row.state in LIVE:
                row.ended_at = clock.now()
                _move(viewer, row, AmbassadorState.ENDED, "amplify.ambassador_ended")
                done += 1
    return done


def _move(viewer: Viewer, row: Ambassador, state: AmbassadorState, act: str) -> None:
    before, row.state = row.state, state
    row.save()
    trails.note(
        viewer,
        act,
        "ambassador",
        row.public_id,
        before={"state": str(before)},
        after={"state": str(state), "tier": row.tier},
    )


def give_task(
    *, viewer: Viewer, ambassador_id: UUID, words: str, due_on: date | None = None
) -> AmbassadorTask:
    """Ask an active ambassador to do something. Refuses `absent`, `amplify.ambassador_state`, `amplify.words`."""
    said = text(words, TASK_MOST)
    with transaction.atomic():
        row = _held(viewer, ambassador_id)
        open_ = AmbassadorTask.objects.filter(ambassador=row, done_at=None).count()
        if row.state != AmbassadorState.ACTIVE or open_ >= TASKS_MOST:
            raise Refused("amplify.ambassador_state")
        task = AmbassadorTask.objects.create(
            ambassador=row, words=said, due_on=due_on, given_by=viewer.name, given_at=clock.now()
        )
        trails.note(viewer, "amplify.task_given", "ambassador", row.public_id)
    return task


def do_task(*, viewer: Viewer, task_id: UUID) -> AmbassadorTask:
    """The ambassador has done it. Refuses `absent`."""
    with transaction.atomic():
        row = _own(viewer)
        task = AmbassadorTask.objects.filter(public_id=task_id, ambassador=row).first()
        if task is None:
            raise Refused("absent")
        if task.done_at is None:
            task.done_at = clock.now()
            task.save(update_fields=["done_at"])
            trails.note(viewer, "amplify.task_done", "ambassador", row.public_id)
    return task


def forget_ambassador(ids: list[int]) -> int:
    """Words go, a term ends; the signature stays as proof without the person. For an erasure."""
    mine = Ambassador.objects.filter(person__in=ids)
    touched = mine.filter(state__in=LIVE).update(state=AmbassadorState.ENDED, ended_at=clock.now())
    return touched + mine.exclude(why="", reason="").update(why="", reason="")
