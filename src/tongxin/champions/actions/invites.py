"""Three people to invite today: picked once a day and store, marked by the champion."""

from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, transaction

from tongxin.champions import queries
from tongxin.champions.evidence import reasons_of
from tongxin.champions.models import Invite
from tongxin.champions.rules.inviting import whom
from tongxin.champions.terms import CHECKERS, KEPT_DAYS, PHOTO, PHOTO_DAYS, Outcome
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.foundation.locks import advisory
from tongxin.foundation.media.actions import remove
from tongxin.foundation.media.models import Picture
from tongxin.stores.models import Store

ASKED_MOST = 60


def pick_invites(*, viewer: Viewer, store: Store) -> list[Invite]:
    """Choose today's people of a store, each with a reason, none of them named in four weeks; a second call answers the same.

    The gate of messages is asked for each, nothing is sent. Refuses `absent`.
    """
    if not viewer.reaches(store.pk, CHECKERS):
        raise Refused("absent")
    day, now = queries.today_in(store), clock.now()
    with advisory("champions.invites"):  # one at a time: a merged person may belong to two stores
        there = list(Invite.objects.filter(store=store, day=day).order_by("place"))
        if there:
            return there
        ordered = reasons_of(store, day, now)[:ASKED_MOST]
        chosen = whom(ordered, queries.addressable(store, [one.person for one in ordered], now))
        made = [
            Invite(
                store=store,
                day=day,
                place=place,
                person_id=one.person,
                why=one.why,
                facts=dict(one.facts),
                picked_at=now,
            )
            for place, one in enumerate(chosen, start=1)
        ]
        Invite.objects.bulk_create(made)
        if made:
            trail(
                viewer=viewer,
                act="champions.invites_picked",
                subject=("champions", "invites", f"{store.public_id}/{day}"),
                after={"people": len(made)},
            )
    return made


def pick_due(*, viewer: Viewer) -> int:
    """Every store's people of today, in the morning; a store that fails does not hold up the others. Answers how many stores."""
    done = 0
    for store in Store.objects.filter(unsorted=False, closed_on=None).select_related("brand").order_by("id"):
        try:
            pick_invites(viewer=viewer, store=store)
        except IntegrityError:
            continue  # somebody was merged into a person who is named elsewhere; the next morning knows it
        done += 1
    return done


def forget(*, viewer: Viewer) -> int:
    """Suggestions of more than a year ago and photos of checks of more than a quarter go; answers how many."""
    now = clock.now()
    gone = Invite.objects.filter(picked_at__lt=now - timedelta(days=KEPT_DAYS)).delete()[0]
    for picture in Picture.objects.filter(purpose=PHOTO, created_at__lt=now - timedelta(days=PHOTO_DAYS)):
        remove(viewer=viewer, public_id=picture.public_id, reason="retention")
        gone += 1
    return gone


def invited(*, viewer: Viewer, invite_id: UUID | str, outcome: Outcome = Outcome.INVITED) -> Invite:
    """“邀请了” or “先不打扰”; the same said again changes nothing. Refuses `absent`, `champions.invite_done`, `champions.day_over`."""
    with transaction.atomic():
        found = queries.access_invite(viewer, invite_id)
        if found.outcome == outcome:
            return found
        if found.day != queries.today_in(found.store):
            raise Refused("champions.day_over")
        changed = Invite.objects.filter(pk=found.pk, outcome=Outcome.OPEN).update(
            outcome=outcome, done_at=clock.now(), done_by=viewer.name
        )
        if not changed:
            raise Refused("champions.invite_done")
        trail(
            viewer=viewer,
            act="champions.invited",
            subject=("champions", "invite", str(found.public_id)),
            after={"outcome": str(outcome)},
        )
    return queries.access_invite(viewer, invite_id)
