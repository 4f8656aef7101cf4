"""A person's decision above the rule: with a reason, an expiry, a name; the rule goes on in its shadow."""

from datetime import datetime, timedelta
from uuid import UUID

from tongxin.foundation import clock
from tongxin.foundation.access import Verb, Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.foundation.locks import advisory
from tongxin.people.models import Customer
from tongxin.people.queries import access_customer
from tongxin.rings.actions.inner import free_seat
from tongxin.rings.actions.periods import begin, close, from_now_on, open_periods
from tongxin.rings.actions.policy import LOCK, ensure_policy
from tongxin.rings.models import Override, Placement, Policy, Standing
from tongxin.rings.queries import body_of
from tongxin.rings.queries.book import personalised
from tongxin.rings.terms import Cause, OverrideReason, Reason, Ring


def override(
    *,
    viewer: Viewer,
    customer: UUID | str,
    ring: Ring,
    reason: OverrideReason,
    until: datetime,
    note: str = "",
) -> Override:
    """Set somebody's ring by hand until a day; an earlier override ends.

    Refuses `absent`, `rings.person_needed`, `rings.staff`, `rings.switched_off`, `rings.not_placed`, `rings.override_past`,
    `rings.override_too_long`, `rings.full`.
    """
    with advisory(LOCK):
        person, kept, policy = _asked(viewer, customer)
        body, now = body_of(policy), clock.now()
        if clock.as_utc(until) <= now:
            raise Refused("rings.override_past")
        if until - now > timedelta(days=body.capacity.override_days):
            raise Refused("rings.override_too_long", days=body.capacity.override_days)
        if ring is Ring.INNER:
            free_seat(person, body)
        _end(viewer, person, now)
        made = Override.objects.create(
            customer=person,
            ring=ring,
            auto_ring=kept.ring,
            reason=reason,
            note=note.strip()[:400],
            role=",".join(sorted(viewer.roles))[:24],
            by_id=viewer.account,
            by_name=viewer.name,
            at=now,
            expires_at=until,
        )
        _place(
            viewer, person, ring, policy, cause=Cause.OVERRIDE, codes=[Reason.OVERRIDDEN.value, reason.value]
        )
        trail(
            viewer=viewer,
            act="rings.overridden",
            subject=("people", "customer", str(person.public_id)),
            before={"auto_ring": kept.ring},
            after={"ring": ring.value, "reason": reason.value, "until": until.isoformat()},
        )
    return made


def end_override(*, viewer: Viewer, customer: UUID | str) -> None:
    """End the override in force: the rule's own ring holds again. Refuses as `override`, and `rings.override_none`."""
    with advisory(LOCK):
        person, kept, policy = _asked(viewer, customer)
        if not _end(viewer, person, clock.now()):
            raise Refused("rings.override_none")
        _place(
            viewer, person, Ring(kept.ring), policy, cause=Cause.HUMAN, codes=[Reason.OVERRIDE_ENDED.value]
        )
        trail(
            viewer=viewer,
            act="rings.override_ended",
            subject=("people", "customer", str(person.public_id)),
            after={"ring": kept.ring},
        )


def _asked(viewer: Viewer, customer: UUID | str) -> tuple[Customer, Standing, Policy]:
    person = access_customer(viewer, customer, verb=Verb.DECIDE)
    if viewer.account is None:
        raise Refused("rings.person_needed")
    if person.is_staff:
        raise Refused("rings.staff")
    if not personalised(person, clock.now()):
        raise Refused("rings.switched_off")
    kept = Standing.objects.select_for_update().filter(customer=person).first()
    if kept is None:
        raise Refused("rings.not_placed")
    return person, kept, ensure_policy(viewer=viewer)


def _end(viewer: Viewer, person: Customer, now: datetime) -> int:
    return Override.objects.filter(customer=person, ended_at=None).update(ended_at=now, ended_by=viewer.name)


def _place(
    viewer: Viewer, person: Customer, ring: Ring, policy: Policy, *, cause: Cause, codes: list[str]
) -> None:
    now, place = clock.now(), open_periods([person.pk])[person.pk]
    if place.ring == ring:
        return
    close([place], now)
    begin(
        [
            Placement(
                customer=person,
                ring=ring,
                period=from_now_on(now),
                cause=cause,
                reasons={"codes": codes},
                policy=policy,
                moved_from=place.ring,
                by_id=viewer.account,
                by_name=viewer.name,
            )
        ]
    )
