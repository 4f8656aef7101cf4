"""Challenges: opened and closed by who keeps the community; members join, tick a day, make up for one, leave when they like."""

from datetime import date, datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from tongxin.communities.terms import State
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.people import ledger
from tongxin.people.rules import DeedIn
from tongxin.stores.models import Store
from tongxin.voices.models import Challenge, ChallengeStay, CheckIn, MakeUp
from tongxin.voices.queries.challenges import course, seen, today
from tongxin.voices.queries.standing import Inside, standing, writer
from tongxin.voices.rules.challenges import open_days, running, slot
from tongxin.voices.terms_challenges import (
    FREE_MAKE_UPS,
    MAKE_UP_REACH,
    USUAL_TARGET,
    ChallengeState,
)

ROOM = "voices"


def open_challenge(
    *,
    viewer: Viewer,
    community_id: UUID,
    title: str,
    starts_on: date,
    ends_on: date,
    about: str = "",
    weekly_target: int = USUAL_TARGET,
) -> Challenge:
    """Something to do together, so many times a week; the day turns when the store's does.

    Refuses `absent`, `voices.closed`, `voices.empty`, `voices.challenge_days`, `voices.challenge_target`.
    """
    if not title.strip():
        raise Refused("voices.empty")
    if not 1 <= weekly_target <= 7:
        raise Refused("voices.challenge_target")
    with transaction.atomic():
        inside = kept(viewer, community_id)
        store = None if inside.store is None else Store.objects.get(pk=inside.store)
        zone = clock.SHANGHAI if store is None else store.zone
        cutoff = 0 if store is None else store.cutoff_hour
        if ends_on < starts_on or ends_on < clock.business_day(clock.now(), zone, cutoff):
            raise Refused("voices.challenge_days")
        made = Challenge.objects.create(
            community_id=inside.community,
            title=title.strip()[:40],
            about=about.strip()[:200],
            weekly_target=weekly_target,
            starts_on=starts_on,
            ends_on=ends_on,
            zone=zone,
            cutoff_hour=cutoff,
            made_by=viewer.name,
            made_at=clock.now(),
        )
        after = {"starts_on": str(starts_on), "ends_on": str(ends_on), "weekly_target": weekly_target}
        _trail(viewer, made, "voices.challenge_opened", after)
    return made


def close_challenge(*, viewer: Viewer, challenge_id: UUID) -> Challenge:
    """No more days are ticked. Twice changes nothing. Refuses `absent`."""
    with transaction.atomic():
        row = _row(challenge_id, lock=True)
        kept(viewer, row.community.public_id)
        if row.state == ChallengeState.OPEN:
            row.state, row.closed_at = ChallengeState.CLOSED, clock.now()
            row.save(update_fields=["state", "closed_at"])
            _trail(viewer, row, "voices.challenge_closed")
    return row


def kept(viewer: Viewer, community_id: UUID) -> Inside:
    """The community as who keeps it. Refuses `absent`, `voices.closed`."""
    inside = standing(viewer, community_id)
    if not inside.keeper:
        raise Refused("absent")
    if inside.state != State.OPEN:
        raise Refused("voices.closed")
    return inside


def join_challenge(*, viewer: Viewer, challenge_id: UUID) -> ChallengeStay:
    """Take part; coming back goes on with the days of before. Refuses `absent`, `voices.challenge_closed`, what writing refuses."""
    with transaction.atomic():
        row = _row(challenge_id)
        seen(viewer, row.community.public_id)
        inside = writer(viewer, row.community.public_id)
        assert viewer.person is not None  # a writer with a membership
        if row.state != ChallengeState.OPEN or today(row) > row.ends_on:
            raise Refused("voices.challenge_closed")
        stay = _stay(row, inside)
        if stay is None:
            stay, new = ChallengeStay.objects.get_or_create(
                challenge=row, person_id=viewer.person, defaults={"joined_at": clock.now()}
            )
        else:
            new = stay.left_at is not None
            if new:
                stay.left_at = None
                stay.save(update_fields=["left_at"])
        if new:
            _trail(viewer, row, "voices.challenge_joined")
    return stay


def leave_challenge(*, viewer: Viewer, challenge_id: UUID) -> None:
    """Stop taking part, without a word of reproach; a repeat changes nothing. Refuses `absent`, `voices.challenge_out`."""
    with transaction.atomic():
        row = _row(challenge_id)
        stay = _stay(row, standing(viewer, row.community.public_id), lock=True)
        if stay is None:
            seen(viewer, row.community.public_id)
            raise Refused("voices.challenge_out")
        if stay.left_at is None:
            stay.left_at = clock.now()
            stay.save(update_fields=["left_at"])
            _trail(viewer, row, "voices.challenge_left")


def check_in(*, viewer: Viewer, challenge_id: UUID) -> CheckIn:
    """Tick today; a second tap answers the first. Refuses `absent`, `voices.challenge_out`, `voices.challenge_closed`."""
    with transaction.atomic():
        row, stay, inside = _mine(viewer, challenge_id)
        day = today(row)
        if row.state != ChallengeState.OPEN or not running(course(row), day):
            raise Refused("voices.challenge_closed")
        made, new = CheckIn.objects.get_or_create(stay=stay, day=day, defaults={"at": clock.now()})
        if new:
            _book(row, stay, day, inside, clock.now())
            _trail(viewer, row, "voices.checked_in_day", {"day": str(day)})
    return made


def make_up(*, viewer: Viewer, challenge_id: UUID, day: date) -> CheckIn:
    """Make up for a day of the last week: two a month are free, and each is a row of the ledger.

    Refuses `absent`, `voices.challenge_out`, `voices.challenge_closed`, `voices.make_up_day`, `voices.make_ups_used`.
    """
    with transaction.atomic():
        row, stay, _ = _mine(viewer, challenge_id)
        now_day = today(row)
        if row.state != ChallengeState.OPEN:
            raise Refused("voices.challenge_closed")
        ticked = set(CheckIn.objects.filter(stay=stay).values_list("day", flat=True))
        if day not in open_days(course(row), ticked, now_day, MAKE_UP_REACH):
            raise Refused("voices.make_up_day", days=MAKE_UP_REACH)
        month = now_day.replace(day=1)
        used = MakeUp.objects.filter(stay=stay, month=month).values_list("slot", flat=True)
        free = slot(set(used), FREE_MAKE_UPS)
        if free is None:
            raise Refused("voices.make_ups_used", most=FREE_MAKE_UPS)
        at = clock.now()
        try:
            with transaction.atomic():
                MakeUp.objects.create(stay=stay, month=month, slot=free, day=day, at=at)
                made = CheckIn.objects.create(stay=stay, day=day, made_up=True, at=at)
        except IntegrityError:
            raise Refused("voices.make_ups_used", most=FREE_MAKE_UPS) from None
        _trail(viewer, row, "voices.day_made_up", {"day": str(day), "slot": free})
    return made


def _mine(viewer: Viewer, challenge_id: UUID) -> tuple[Challenge, ChallengeStay, Inside]:
    """The challenge and one's own place in it, held until the transaction ends."""
    row = _row(challenge_id)
    seen(viewer, row.community.public_id)
    inside = writer(viewer, row.community.public_id)
    stay = _stay(row, inside, lock=True)
    if stay is None or stay.left_at is not None:
        raise Refused("voices.challenge_out")
    return row, stay, inside


def _stay(row: Challenge, inside: Inside, *, lock: bool = False) -> ChallengeStay | None:
    found = ChallengeStay.objects.filter(challenge=row, person__in=inside.own).order_by("id")
    return (found.select_for_update(no_key=True) if lock else found).first()


def _row(challenge_id: UUID, *, lock: bool = False) -> Challenge:
    found = Challenge.objects.select_related("community").filter(public_id=challenge_id)
    row = (found.select_for_update(no_key=True, of=("self",)) if lock else found).first()
    if row is None:
        raise Refused("absent")
    return row


def _book(row: Challenge, stay: ChallengeStay, day: date, inside: Inside, at: datetime) -> None:
    ledger.write(
        [
            DeedIn(
                person=stay.person_id,
                kind="punched_in",
                occurred_at=at,
                source_system=ROOM,
                source_id=f"check_in:{row.public_id}:{stay.pk}:{day}",
                subject=inside.subject,
                store=inside.member_store,
                community=row.community_id,
            )
        ]
    )


def _trail(viewer: Viewer, row: Challenge, act: str, after: dict[str, object] | None = None) -> None:
    trail(viewer=viewer, act=act, subject=(ROOM, "challenge", str(row.public_id)), after=after)
