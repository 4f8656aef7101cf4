"""Children come along with their guardian: a nickname and an age, sealed, for as long as the event needs them.

A child is never a customer and never an account. Staff see children only on the roster of an event, and every look is in the trail.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.people.actions.consents import write
from tongxin.people.models import Companion, Customer
from tongxin.people.queries import behind, cluster
from tongxin.people.rules import companion_age, companion_goes, roster_open
from tongxin.people.terms import COMPANION_REST, CustomerState, Purpose
from tongxin.stores.models import Store
from tongxin.stores.terms import Role

ROSTER_ROLES = frozenset({Role.STORE_MANAGER, Role.CHAMPION, Role.DOOR})


def add_companion(
    *,
    viewer: Viewer,
    nickname: str,
    age_years: int,
    agreed: bool,
    notice_version: str,
    needed_until: date | None = None,
    channel: str = "member_page",
) -> Companion:
    """The asking member registers a child; their consent for the event is written down with it.

    The data go 30 days after `needed_until` (today if not given). Refuses `people.guardian_only`, `people.age`,
    `people.guardian_consent_needed`.
    """
    if not agreed:
        raise Refused("people.guardian_consent_needed")
    _check_age(age_years)
    today = clock.business_day(clock.now())
    with transaction.atomic():
        guardian = _guardian(viewer)
        companion = Companion.objects.create(
            guardian=guardian,
            nickname=nickname,
            age_years=str(age_years),
            age_given_on=today,
            delete_on=companion_goes(needed_until or today, COMPANION_REST),
            created_at=clock.now(),
        )
        write(
            viewer=viewer,
            customer=guardian,
            purpose=Purpose.RUN_EVENT,
            granted=True,
            notice_version=notice_version,
            channel=channel,
            companion=companion,
        )
        trail(viewer=viewer, act="people.companion_added", subject=_subject(companion))
    return companion


def change_companion(*, viewer: Viewer, companion_id: UUID, nickname: str, age_years: int) -> Companion:
    """The guardian corrects the nickname or gives the age anew. Refuses `people.guardian_only`, `absent`, `people.age`."""
    _check_age(age_years)
    with transaction.atomic():
        companion = _own(viewer, companion_id)
        companion.nickname, companion.age_years = nickname, str(age_years)
        companion.age_given_on = clock.business_day(clock.now())
        companion.save(update_fields=["nickname", "age_years", "age_given_on"])
        trail(viewer=viewer, act="people.companion_changed", subject=_subject(companion))
    return companion


def forget_companion(*, viewer: Viewer, companion_id: UUID) -> None:
    """The guardian takes the child's data out. Refuses `people.guardian_only`, `absent`."""
    with transaction.atomic():
        companion = _own(viewer, companion_id)
        trail(viewer=viewer, act="people.companion_forgotten", subject=_subject(companion))
        companion.delete()


def keep_companions(*, viewer: Viewer, companion_ids: Iterable[UUID], needed_until: date) -> int:
    """A registration needs these children until a later day; answers how many were not going to stay that long."""
    until = companion_goes(needed_until, COMPANION_REST)
    with transaction.atomic():
        wanted = Companion.objects.filter(public_id__in=list(companion_ids), delete_on__lt=until)
        moved = wanted.update(delete_on=until)
        if moved:
            trail(
                viewer=viewer,
                act="people.companions_kept",
                subject=("people", "companion", "many"),
                after={"count": moved, "until": until.isoformat()},
            )
    return moved


def tidy_companions(*, viewer: Viewer) -> int:
    """Delete every companion whose time is over. A nightly job; answers how many went."""
    today = clock.business_day(clock.now())
    with transaction.atomic():
        gone, _ = Companion.objects.filter(delete_on__lte=today).delete()
        if gone:
            trail(
                viewer=viewer,
                act="people.companions_tidied",
                subject=("people", "companion", "many"),
                after={"count": gone},
            )
    return gone


@dataclass(frozen=True)
class RosterLine:
    """A child as the people at the door see it."""

    guardian: int
    public_id: UUID
    nickname: str
    age_years: int


def open_roster(
    *,
    viewer: Viewer,
    store: Store,
    subject: tuple[str, str],
    starts_at: datetime,
    ends_at: datetime,
    guardians: Iterable[int],
) -> list[RosterLine]:
    """The children of an event for the store's own people, from 48 hours before until 24 hours after. Every look is written down.

    `subject` is the event as (room, key), `guardians` those who registered for it. Refuses `absent` for other roles and stores,
    `people.roster_closed`.
    """
    if not viewer.reaches(store.pk, ROSTER_ROLES):
        raise Refused("absent")
    if not roster_open(starts_at, ends_at, clock.now()):
        raise Refused("people.roster_closed")
    standing_for = behind(guardians)
    with transaction.atomic():
        rows = list(Companion.objects.filter(guardian__in=standing_for).order_by("guardian", "id"))
        trail(
            viewer=viewer,
            act="people.roster_opened",
            subject=(subject[0], "roster", subject[1]),
            after={"companions": [str(row.public_id) for row in rows], "store": store.code},
        )
    return [
        RosterLine(standing_for[row.guardian_id], row.public_id, row.nickname, int(row.age_years))
        for row in rows
    ]


def _check_age(age: int) -> None:
    if not companion_age(age):
        raise Refused("people.age")


def _guardian(viewer: Viewer) -> Customer:
    found = (
        Customer.objects.select_for_update().filter(pk=viewer.person or 0, state=CustomerState.LIVE).first()
    )
    if found is None:
        raise Refused("people.guardian_only")
    return found


def _own(viewer: Viewer, companion_id: UUID) -> Companion:
    guardian = _guardian(viewer)
    found = (
        Companion.objects.select_for_update()
        .filter(public_id=companion_id, guardian__in=cluster(guardian))
        .first()
    )
    if found is None:
        raise Refused("absent")
    return found


def _subject(companion: Companion) -> tuple[str, str, str | int]:
    return ("people", "companion", str(companion.public_id))
