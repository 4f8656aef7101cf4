"""A champion leaves: the grant ends, a successor takes what is open, in one transaction."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from uuid import UUID

from django.db.models import Q

from tongxin.champions import queries
from tongxin.champions.models import Handover
from tongxin.champions.rules import leaving as rules
from tongxin.champions.rules.leaving import Thing
from tongxin.champions.terms import CHECKERS, Handed
from tongxin.events.actions import revoke_door
from tongxin.events.actions.hosting import pass_on
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer, system
from tongxin.foundation.accounts.models import Account
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.foundation.locks import advisory
from tongxin.outreach.actions import wecom_handovers
from tongxin.stores import actions as stores
from tongxin.stores import queries as places
from tongxin.stores.models import Grant, Store
from tongxin.stores.terms import Role

ENDED = (Role.CHAMPION, Role.DOOR)  # who leaves as champion does not stay at the door


def hand_over(
    *, viewer: Viewer, grant_id: UUID | str, successor_id: UUID | str | None, last_day: date | None = None
) -> Handover:
    """End a champion's grant on a store with a last day, and give what is open to a successor, who becomes champion if need be.

    With today as the last day she reaches nothing from the next request on, and her phones at the door are closed; with a later
    one her grant lasts until that day's end, and what she hosts afterwards goes over now. Refuses `absent`,
    `champions.last_day`, `champions.no_successor` where something waits and nobody takes it, `champions.bad_successor`,
    `champions.successor_card`, and what granting and revoking refuse (`stores.wider_than_own`).
    """
    with advisory("champions.leaving"):
        grant = queries.access_leaving(viewer, grant_id)
        store, leaver = _of(grant), grant.account
        today, now = queries.today_in(store), clock.now()
        day = last_day or today
        rules.check_last_day(day, today)
        ends = now if day == today else clock.day_end(day, store.zone, store.cutoff_hour)
        heir = None if not successor_id else queries.successor(viewer, grant, successor_id)
        things = queries.open_things(store, leaver.pk, ends)
        rules.check_succession(things, succeeds=heir is not None)
        if heir is not None:
            _succeed(viewer, grant, heir, ends, things)
        _end(viewer, store, leaver, ends=None if day == today else ends)
        if day == today:
            for thing in things:
                if thing.kind is Handed.DOOR:
                    revoke_door(viewer=viewer, door_id=UUID(thing.key))
        if heir is not None:
            _wecom(leaver.pk, heir.pk, ends)
        made = Handover.objects.create(
            store=store,
            grant=grant,
            leaver=leaver,
            successor=heir,
            last_day=day,
            ends_at=ends,
            handed=[asdict(thing) for thing in things],
            by=viewer.name,
            at=now,
        )
        trail(
            viewer=viewer,
            act="champions.handed_over",
            subject=("champions", "handover", str(made.public_id)),
            after={
                "leaver": str(leaver.public_id),
                "successor": str(heir.public_id) if heir else None,
                "last_day": day.isoformat(),
                "handed": {str(kind): n for kind, n in rules.counted(things).items()},
            },
        )
    return made


def _of(grant: Grant) -> Store:
    if grant.store is None:  # access_leaving has asked
        raise Refused("absent")
    return grant.store


def _succeed(viewer: Viewer, grant: Grant, heir: Account, ends: datetime, things: Sequence[Thing]) -> None:
    store = _of(grant)
    if not places.viewer_for(heir).reaches(store.pk, CHECKERS):
        stores.grant(viewer=viewer, account=heir, role=Role.CHAMPION, store=store)
    of, to = queries.staff_of(grant.account_id), queries.staff_of(heir.pk)
    hosts = any(thing.kind in {Handed.EVENT, Handed.SERIES} for thing in things)
    if hosts and to is None:
        raise Refused("champions.successor_card")
    if hosts and of is not None and to is not None:
        pass_on(viewer=viewer, store=store, of=of.pk, to=to.pk, since=ends)


def _wecom(leaver: int, heir: int, since: datetime) -> None:
    """Customers and groups in WeCom go over too, from the last day's end on, where both have an account."""
    of, to = queries.staff_of(leaver), queries.staff_of(heir)
    if of is not None and to is not None:
        wecom_handovers.start_if_any(
            viewer=system("champions.leaving"), old=of, new=to, left=not of.active, since=since
        )


def _end(viewer: Viewer, store: Store, leaver: Account, *, ends: datetime | None) -> None:
    """Every grant on this store goes; with a day to come the champion's comes back with that end."""
    live = Grant.objects.filter(
        Q(until=None) | Q(until__gt=clock.now()),
        account=leaver,
        store=store,
        role__in=ENDED,
        revoked_at=None,
    )
    for row in live.order_by("id"):
        stores.revoke(viewer=viewer, grant_id=row.public_id)
    if ends is not None:
        stores.grant(viewer=viewer, account=leaver, role=Role.CHAMPION, store=store, until=ends)


def receive_handover(*, viewer: Viewer, handover_id: UUID | str) -> Handover:
    """The successor says that everything on the list has arrived. Refuses `absent` to anybody else, `champions.received`."""
    with advisory("champions.leaving"):
        found = queries.access_handover(viewer, handover_id)
        if found.successor_id is None or found.successor_id != viewer.account:
            raise Refused("absent")
        if found.received_at is not None:
            raise Refused("champions.received")
        found.received_at = clock.now()
        found.save(update_fields=["received_at"])
        trail(
            viewer=viewer,
            act="champions.handover_received",
            subject=("champions", "handover", str(found.public_id)),
        )
    return found
