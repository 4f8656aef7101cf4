"""The way into the inner ring: proposed by the rule, confirmed by a named person with a reason, offered, accepted by the member.

Nobody is inner without both words. When the member says yes, the gates are looked at once more and a seat of the store is taken;
where either fails, her yes is kept and `confirm` finishes it later.
"""

from datetime import timedelta
from uuid import UUID

from tongxin.foundation import clock
from tongxin.foundation.access import SYSTEM, Verb, Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.foundation.locks import advisory
from tongxin.people.ledger import record
from tongxin.people.models import Customer
from tongxin.people.queries import access_customer
from tongxin.rings import rules
from tongxin.rings.actions.periods import begin, close, from_now_on, open_periods
from tongxin.rings.actions.policy import LOCK, ensure_policy
from tongxin.rings.models import Invitation, Override, Placement, Policy, Standing
from tongxin.rings.queries import access_invitation, body_of, traces_of
from tongxin.rings.queries.book import personalised
from tongxin.rings.queries.person import standing_of
from tongxin.rings.rules import words
from tongxin.rings.rules.gates import missing
from tongxin.rings.terms import LIVE_INVITATIONS, InvitationState, Ring
from tongxin.stores.terms import Role

# Why a yes may have to wait for a second look.
LATER = frozenset({"rings.full", "rings.not_a_candidate", "rings.not_placed", "rings.own_confirmation"})
SHORTEST_REASON, LONGEST_REASON = 2, 200
INVITERS = frozenset(
    {SYSTEM, Role.ADMIN, Role.HQ_EDITOR, Role.REGION_MANAGER, Role.STORE_MANAGER, Role.CHAMPION}
)


def invite(*, viewer: Viewer, customer: UUID | str, reason: str, seat: bool = False) -> Invitation:
    """A named person's word for a candidate, with a reason that she reads; `seat` offers a seat among the advisers with it.

    Refuses `absent`, `forbidden`, `rings.person_needed`, `rings.own_confirmation`, `rings.reason_needed`, `rings.switched_off`,
    `rings.not_placed`, `rings.not_a_candidate`, `rings.already_invited`, `rings.full`.
    """
    why = reason.strip()[:LONGEST_REASON]
    with advisory(LOCK):
        person = access_customer(viewer, customer, verb=Verb.CHANGE)
        _by(viewer, person)
        _not_oneself(viewer, person)
        if viewer.account is None:
            raise Refused("rings.person_needed")
        if len(why) < SHORTEST_REASON:
            raise Refused("rings.reason_needed")
        if not personalised(person, clock.now()):
            raise Refused("rings.switched_off")
        policy = ensure_policy(viewer=viewer)
        (verdict, _before), shut = _judged(person, policy, confirmed=False)
        if shut:
            raise Refused("rings.not_a_candidate", missing=shut)
        _expire(person)
        if Invitation.objects.filter(customer=person, state__in=LIVE_INVITATIONS).exists():
            raise Refused("rings.already_invited")
        free_seat(person, body_of(policy))
        now = clock.now()
        invitation = Invitation.objects.create(
            customer=person,
            store=person.home_store,
            state=InvitationState.INVITED,
            policy=policy,
            invited_by=viewer.name,
            invited_at=now,
            expires_at=now + timedelta(days=body_of(policy).capacity.invitation_days),
            by_id=viewer.account,
            reason=why,
            evidence=words.digest_lines(verdict.gates),
            seat=seat,
        )
        _tell(viewer, invitation, "rings.invited", "")
        if seat:
            _tell(viewer, invitation, "rings.seat_offered", "")
    return invitation


def accept(*, viewer: Viewer, invitation: UUID | str, seat: bool = False) -> Invitation:
    """The member says yes (and to the adviser's seat, where one is offered): she is inner now, if gates and seats still allow.

    Else her yes is kept, and the invitation waits as accepted. Refuses `absent`, `rings.invitation_state`,
    `rings.invitation_expired`.
    """
    with advisory(LOCK):
        found = _answer(viewer, invitation, InvitationState.ACCEPTED, "rings.invitation_accepted", seat=seat)
        try:
            _let_in(viewer, found, by=found.invited_by, account=found.by_id)
        except Refused as refused:
            if refused.code not in LATER:
                raise
    return found


def decline(*, viewer: Viewer, invitation: UUID | str) -> Invitation:
    """The member says no; the book keeps it, at no cost to them. Refuses as `accept`."""
    return _answer(viewer, invitation, InvitationState.DECLINED, "rings.invitation_declined")


def _answer(
    viewer: Viewer, public_id: UUID | str, state: InvitationState, act: str, *, seat: bool = False
) -> Invitation:
    with advisory(LOCK):
        invitation = _locked(viewer, public_id)
        if viewer.person != invitation.customer_id:
            raise Refused("absent")
        _expect(invitation, InvitationState.INVITED)
        was, now = invitation.state, clock.now()
        invitation.state, invitation.answered_at = state, now
        if invitation.seat:
            invitation.seat_taken = seat
        if state is InvitationState.DECLINED:
            invitation.closed_at, invitation.closed_by = now, viewer.name
            record(
                viewer=viewer,
                person=invitation.customer_id,
                kind="refused",
                occurred_at=now,
                source=("rings", f"invitation:{invitation.public_id}"),
                store=invitation.store_id,
            )
        invitation.save()
        _tell(viewer, invitation, act, was)
    return invitation


def withdraw(*, viewer: Viewer, invitation: UUID | str, reason: str = "") -> Invitation:
    """Take an open invitation back. Refuses `absent`, `forbidden`, `rings.invitation_state`."""
    with advisory(LOCK):
        found = _locked(viewer, invitation)
        _by(viewer, found.customer)
        _expect(found, *LIVE_INVITATIONS, fresh=False)
        was = found.state
        found.state, found.closed_at, found.closed_by = InvitationState.WITHDRAWN, clock.now(), viewer.name
        found.save()
        _tell(viewer, found, "rings.invitation_withdrawn", was, reason)
    return found


def confirm(*, viewer: Viewer, invitation: UUID | str) -> Placement:
    """Finish an accepted invitation that could not be finished at once: a named person looks again.

    Refuses `absent`, `forbidden`, `rings.person_needed`, `rings.own_confirmation`, `rings.invitation_state`,
    `rings.invitation_expired`, `rings.not_placed`, `rings.not_a_candidate`, `rings.full`.
    """
    with advisory(LOCK):
        found = _locked(viewer, invitation)
        _not_oneself(viewer, found.customer)
        _by(viewer, found.customer)
        if viewer.account is None:
            raise Refused("rings.person_needed")
        _expect(found, InvitationState.ACCEPTED)
        return _let_in(viewer, found, by=viewer.name, account=viewer.account)


def _not_oneself(viewer: Viewer, person: Customer) -> None:
    if person.pk == viewer.person or (person.account_id is not None and person.account_id == viewer.account):
        raise Refused("rings.own_confirmation")


def _let_in(viewer: Viewer, found: Invitation, *, by: str, account: int | None) -> Placement:
    """Both words are there: look once more at gates and seats, and move. `by` is the person who gave theirs."""
    person = found.customer
    if account is not None and account == person.account_id:
        raise Refused("rings.own_confirmation")
    policy = ensure_policy(viewer=viewer)
    (verdict, before), shut = _judged(person, policy, confirmed=True)
    if verdict.auto is not Ring.INNER:
        raise Refused("rings.not_a_candidate", missing=max(shut, 1))
    free_seat(person, body_of(policy))
    placement = _move_in(viewer, person, policy, verdict, before, by=by, account=account)
    found.state, found.closed_at, found.closed_by = InvitationState.CONFIRMED, clock.now(), by
    found.save()
    _tell(viewer, found, "rings.confirmed", InvitationState.ACCEPTED)
    return placement


def _move_in(
    viewer: Viewer,
    person: Customer,
    policy: Policy,
    verdict: rules.Verdict,
    before: rules.Standing,
    *,
    by: str,
    account: int | None,
) -> Placement:
    now = clock.now()
    place = open_periods([person.pk])[person.pk]
    placement = Placement(
        customer=person,
        ring=Ring.INNER,
        period=from_now_on(now),
        cause=verdict.cause,
        reasons=words.reasons_json(verdict, before, now),
        policy=policy,
        moved_from=place.ring,
        by_id=account,
        by_name=by,
    )
    close([place], now)
    begin([placement])
    Standing.objects.filter(customer=person).update(
        ring=Ring.INNER,
        since=now,
        low_runs=0,
        low_week=0,
        reviewed_at=None,
        announced_at=None,
        candidate=False,
    )
    Override.objects.filter(customer=person, ended_at=None).update(ended_at=now, ended_by=viewer.name)
    trail(
        viewer=viewer,
        act="rings.moved",
        subject=("people", "customer", str(person.public_id)),
        before={"ring": place.ring},
        after={"ring": Ring.INNER.value, "codes": [reason.value for reason in verdict.reasons]},
    )
    return placement


def free_seat(person: Customer, body: rules.PolicyBody) -> None:
    """Is a seat of the inner ring free in the person's home store? Refuses `rings.full`. Call it under the lock of the rings."""
    neighbours = Placement.objects.filter(period__upper_inf=True, customer__home_store=person.home_store_id)
    if person.home_store_id is None:
        neighbours = Placement.objects.filter(period__upper_inf=True, customer__home_store=None)
    capacity = body.seats(neighbours.filter(ring=Ring.MIDDLE).count())
    if neighbours.filter(ring=Ring.INNER).exclude(customer=person).count() >= capacity:
        raise Refused("rings.full", capacity=capacity)


def _judged(
    person: Customer, policy: Policy, *, confirmed: bool
) -> tuple[tuple[rules.Verdict, rules.Standing], int]:
    """The verdict at this moment (with a person's word or without), and how many inner lines are missing."""
    kept = Standing.objects.select_for_update().filter(customer=person).first()
    if kept is None:
        raise Refused("rings.not_placed")
    body, now = body_of(policy), clock.now()
    traces = traces_of(person.brand, now, body, [person.pk]).get(person.pk)
    if traces is None:
        raise Refused("rings.not_placed")
    evidence = rules.weigh(traces, clock.business_day(now, person.brand.zone), body)
    before = standing_of(kept, confirmed=confirmed)
    verdict = rules.decide(evidence, body, now, before)
    shut = len(missing(rules.inner_lines(evidence, body)))
    return (verdict, before), shut or int(before.ring is not Ring.MIDDLE)


def _by(viewer: Viewer, person: Customer) -> None:
    if not viewer.reaches(person.home_store_id, INVITERS):
        raise Refused("forbidden")


def _locked(viewer: Viewer, public_id: UUID | str) -> Invitation:
    found = access_invitation(viewer, public_id)
    return (
        Invitation.objects.select_for_update(of=("self",)).select_related("customer__brand").get(pk=found.pk)
    )


def _expect(invitation: Invitation, *states: InvitationState, fresh: bool = True) -> None:
    if invitation.state not in states:
        raise Refused("rings.invitation_state", state=invitation.state)
    if fresh and invitation.expires_at <= clock.now():
        raise Refused("rings.invitation_expired")


def _expire(person: Customer) -> None:
    """An invitation that ran out makes room for the next; nothing else looks at it any more."""
    Invitation.objects.filter(
        customer=person, state__in=LIVE_INVITATIONS, expires_at__lte=clock.now()
    ).update(state=InvitationState.EXPIRED, closed_at=clock.now(), closed_by=f"{SYSTEM}:rings")


def _tell(viewer: Viewer, invitation: Invitation, act: str, was: str, reason: str = "") -> None:
    trail(
        viewer=viewer,
        act=act,
        subject=("rings", "invitation", str(invitation.public_id)),
        before={"state": str(was)} if was else None,
        after={"state": str(invitation.state), "customer": str(invitation.customer.public_id)},
        reason=reason,
    )
