"""Other people's communities: put one on the list, say who of ours is inside, write a week's counts down, keep talents who agreed."""

from dataclasses import asdict
from datetime import date, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction

from tongxin.amplify.actions import trails
from tongxin.amplify.actions.words import text
from tongxin.amplify.models import OutsideCommunity, OutsideObservation, OutsidePresence, OutsideTalent
from tongxin.amplify.queries.outside import access_outside
from tongxin.amplify.rules import outside as rules
from tongxin.amplify.terms import EDITORS
from tongxin.amplify.terms_outside import (
    ABOUT_MOST,
    COUNT_MOST,
    NAME_MOST,
    WHAT_MOST,
    Inside,
    Nearness,
    Platform,
)
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.people.queries import access_customer, cluster
from tongxin.stores.models import Staff, Store


def list_outside(
    *,
    viewer: Viewer,
    name: str,
    platform: Platform,
    about: str,
    claimed: int,
    host: str = "",
    store: Store | None = None,
    simulated: bool = False,
) -> OutsideCommunity:
    """Put somebody else's community on the list, to be watched. Refuses `absent`, `amplify.words`, `amplify.outside_counts`,
    `amplify.outside_known`.
    """
    may(viewer)
    if not 0 < claimed <= COUNT_MOST:
        raise Refused("amplify.outside_counts")
    with transaction.atomic():
        try:
            with transaction.atomic():
                row = OutsideCommunity.objects.create(
                    store=store,
                    name=text(name, NAME_MOST),
                    platform=platform,
                    about=text(about, ABOUT_MOST),
                    claimed=claimed,
                    host=host.strip()[:80],
                    simulated=simulated,
                    by=viewer.name,
                    at=clock.now(),
                )
        except IntegrityError:
            raise Refused("amplify.outside_known") from None
        trails.note(viewer, "amplify.outside_listed", "outside", row.public_id)
    return row


def enter(
    *, viewer: Viewer, community_id: UUID, staff: Staff, role: Inside, told_on: date, told_how: str
) -> OutsidePresence:
    """A colleague is inside, and the host knows it: on which day and how they were told. Whoever only watches is named, too.

    Refuses `absent`, `amplify.words` without how they were told, `amplify.outside_undisclosed` for a day to come, `amplify.outside_over`.
    """
    may(viewer)
    today = clock.business_day(clock.now())
    if told_on > today:
        raise Refused("amplify.outside_undisclosed")
    said = text(told_how, WHAT_MOST)
    with transaction.atomic():
        community = locked(viewer, community_id)
        before = OutsidePresence.objects.filter(community=community, staff=staff, until=None).first()
        if before is not None:
            return before
        row = OutsidePresence.objects.create(
            community=community,
            staff=staff,
            role=role,
            told_on=told_on,
            told_how=said,
            since=today,
            by=viewer.name,
        )
        trails.note(
            viewer,
            "amplify.outside_entered",
            "outside",
            community.public_id,
            after={"role": str(role), "staff": staff.pk},
        )
    return row


def come_out(*, viewer: Viewer, community_id: UUID) -> int:
    """Nobody of ours is inside any more; answers how many left. Refuses `absent`."""
    may(viewer)
    with transaction.atomic():
        community = locked(viewer, community_id, over=True)
        today = clock.business_day(clock.now())
        gone: int = OutsidePresence.objects.filter(community=community, until=None).update(until=today)
        if gone:
            trails.note(viewer, "amplify.outside_left", "outside", community.public_id, after={"staff": gone})
    return gone


def observe(*, viewer: Viewer, community_id: UUID, week: date, seen: rules.Seen) -> OutsideObservation:
    """The counts of a week that is over or running; written again, they replace the first ones. Counts only: nobody is listed.

    Refuses `absent`, `amplify.outside_undisclosed` while the host does not know that we look, `amplify.outside_counts`,
    `amplify.outside_over`.
    """
    may(viewer)
    monday = week - timedelta(days=week.weekday())
    with transaction.atomic():
        community = locked(viewer, community_id)
        if not OutsidePresence.objects.filter(community=community, until=None).exists():
            raise Refused("amplify.outside_undisclosed")
        future = monday > clock.business_day(clock.now())
        if future or not rules.fits(seen, community.claimed) or max(asdict(seen).values()) > COUNT_MOST:
            raise Refused("amplify.outside_counts")
        before = OutsideObservation.objects.filter(community=community, week=monday).first()
        row, _ = OutsideObservation.objects.update_or_create(
            community=community,
            week=monday,
            defaults=asdict(seen) | {"by": viewer.name, "at": clock.now()},
        )
        trails.note(
            viewer,
            "amplify.outside_observed",
            "outside",
            community.public_id,
            before=None if before is None else {"active": before.active, "posts": before.posts},
            after={"week": monday.isoformat(), "active": seen.active, "posts": seen.posts},
        )
    return row


def move_outside(
    *, viewer: Viewer, community_id: UUID, state: Nearness, reason: str = ""
) -> OutsideCommunity:
    """Talks begin, or it is over: then everybody of ours comes out. A deal makes a partner, nothing else does.

    Refuses `absent`, `amplify.deal_state`.
    """
    may(viewer)
    with transaction.atomic():
        row = locked(viewer, community_id, over=True)
        before = row.state
        if Nearness.PARTNER in {state, row.state}:
            raise Refused("amplify.deal_state")
        row.state = state
        row.save(update_fields=["state"])
        trails.note(
            viewer, "amplify.outside_moved", "outside", row.public_id, before={"state": before},
            after={"state": str(state)}, reason=reason.strip()[:200],
        )  # fmt: skip
        if state == Nearness.OVER:
            come_out(viewer=viewer, community_id=community_id)
    return row


def note_talent(
    *, viewer: Viewer, community_id: UUID, customer: UUID, what: str, agreed: bool
) -> OutsideTalent:
    """Somebody found there who is a member of ours and would like to do something with us. Refuses `absent`, `amplify.words`,
    `amplify.talent_consent` before the person was asked.
    """
    may(viewer)
    if not agreed:
        raise Refused("amplify.talent_consent")
    with transaction.atomic():
        community = locked(viewer, community_id, over=True)
        person = access_customer(viewer, customer)
        before = OutsideTalent.objects.filter(community=community, person__in=cluster(person)).first()
        if before is not None:
            return before
        row = OutsideTalent.objects.create(
            community=community,
            person=person,
            what=text(what, WHAT_MOST),
            agreed_at=clock.now(),
            by=viewer.name,
        )
        trails.note(viewer, "amplify.talent_found", "outside", community.public_id)
    return row


def drop_talent(*, viewer: Viewer, community_id: UUID, customer: UUID) -> int:
    """The person took it back; nothing of it stays. Refuses `absent`."""
    may(viewer)
    with transaction.atomic():
        community = locked(viewer, community_id, over=True)
        person = access_customer(viewer, customer)
        gone: int = OutsideTalent.objects.filter(community=community, person__in=cluster(person)).delete()[0]
        if gone:
            trails.note(viewer, "amplify.talent_gone", "outside", community.public_id)
    return gone


def forget_outside(ids: list[int]) -> int:
    """Talents go with the person. For an erasure."""
    touched: int = OutsideTalent.objects.filter(person__in=ids).delete()[0]
    return touched


def may(viewer: Viewer) -> None:
    """Headquarters decides here. Refuses `absent`."""
    if not viewer.reaches(None, EDITORS):
        raise Refused("absent")


def locked(viewer: Viewer, community_id: UUID, *, over: bool = False) -> OutsideCommunity:
    """A community under its lock; one that is over only where `over` says so. Refuses `absent`, `amplify.outside_over`."""
    found = access_outside(viewer, community_id)
    row = OutsideCommunity.objects.select_for_update(no_key=True, of=("self",)).get(pk=found.pk)
    if row.state == Nearness.OVER and not over:
        raise Refused("amplify.outside_over")
    return row
