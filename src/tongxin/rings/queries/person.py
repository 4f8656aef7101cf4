"""One person's ring: where, since when, why, what is nearest; for operators, and in other words for the person."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from tongxin.foundation import clock
from tongxin.foundation.access import Verb, Viewer
from tongxin.foundation.errors import Refused
from tongxin.people.models import Customer
from tongxin.people.queries import access_customer
from tongxin.rings import rules
from tongxin.rings.models import Invitation, Override, Placement, Standing
from tongxin.rings.queries.book import personalised, traces_of
from tongxin.rings.queries.policy import body_of, current_policy
from tongxin.rings.rules import words
from tongxin.rings.rules.friendly import NEUTRAL_STEP
from tongxin.rings.terms import CAUSES, LIVE_INVITATIONS, Cause, Ring


@dataclass(frozen=True)
class RingView:
    """Where somebody stands. `version` is the policy that placed them, `by` the person who did (empty: the rule)."""

    customer: UUID
    ring: Ring
    since: datetime
    cause: Cause
    version: int
    by: str = ""


@dataclass(frozen=True)
class Period:
    """One period of a person's history, newest first in lists. `until` None is now."""

    ring: Ring
    since: datetime
    until: datetime | None
    cause: Cause
    cause_said: str
    by: str
    version: int
    reasons: dict[str, Any]


@dataclass(frozen=True)
class Explanation:
    """The whole answer to "why here?": every line with its bar and its evidence, the nearest missing step, the history.

    `pending` is where the next run would move them if nothing changed (None: it would not). `said` speaks to operators.
    """

    customer: UUID
    on: date
    placed: RingView
    held: tuple[rules.Line, ...]
    gates: tuple[rules.Line, ...]
    nearest: rules.Step | None
    pending: Ring | None
    auto: Ring | None
    candidate: bool
    low_runs: int
    commitment: int
    said_ring: str
    said: str
    said_step: str
    history: tuple[Period, ...]
    override: Override | None
    invitation: Invitation | None
    digest: str

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values, for the API and `rings explain --json`."""
        step = self.nearest
        return {
            "customer": str(self.customer),
            "on": self.on.isoformat(),
            "ring": self.placed.ring.value,
            "ring_said": self.said_ring,
            "since": self.placed.since.isoformat(),
            "cause": self.placed.cause.value,
            "by": self.placed.by,
            "policy_version": self.placed.version,
            "held": words.digest_lines(self.held),
            "gates": words.digest_lines(self.gates),
            "nearest": None
            if step is None
            else {
                "ring": step.ring.value,
                "gate": step.gate.value,
                "deed": step.kind,
                "count": step.count,
                "opens": step.opens,
                "remaining": step.remaining,
                "said": self.said_step,
            },
            "pending": None if self.pending is None else self.pending.value,
            "candidate": self.candidate,
            "low_runs": self.low_runs,
            "commitment": self.commitment,
            "said": self.said,
            "override": None
            if self.override is None
            else {
                "ring": self.override.ring,
                "auto_ring": self.override.auto_ring,
                "reason": self.override.reason,
                "by": self.override.by_name,
                "expires_at": self.override.expires_at.isoformat(),
            },
            "invitation": None if self.invitation is None else self.invitation.state,
            "history": [
                {
                    "ring": period.ring.value,
                    "since": period.since.isoformat(),
                    "until": None if period.until is None else period.until.isoformat(),
                    "cause": period.cause.value,
                    "by": period.by,
                    "policy_version": period.version,
                    "reasons": period.reasons.get("codes", []),
                }
                for period in self.history
            ],
            "digest": self.digest,
        }


def _customer(viewer: Viewer, customer: Customer | UUID | str) -> Customer:
    """The customer, looked up through people every time: whoever hands in a row still has to be allowed to read it."""
    return access_customer(
        viewer, customer.public_id if isinstance(customer, Customer) else customer, verb=Verb.READ
    )


def ring_of(
    viewer: Viewer, customer: Customer | UUID | str, as_of: datetime | None = None
) -> RingView | None:
    """Where somebody stands now, or stood at an instant; None when they are not placed. Refuses `absent`."""
    found = _customer(viewer, customer)
    row = placement_of(found, as_of)
    if row is None:
        return None
    return _view(found, row) if personalised(found, clock.now()) else _blank_view(found, row)


def placement_of(customer: Customer, as_of: datetime | None = None) -> Placement | None:
    """The period that is open now or was at an instant."""
    rows = Placement.objects.filter(customer=customer).select_related("policy")
    return (
        rows.filter(period__upper_inf=True) if as_of is None else rows.filter(period__contains=as_of)
    ).first()


def _view(customer: Customer, row: Placement) -> RingView:
    return RingView(
        customer.public_id,
        Ring(row.ring),
        row.period.lower,
        Cause(row.cause),
        row.policy.version,
        row.by_name,
    )


def _blank_view(customer: Customer, row: Placement) -> RingView:
    """Switched off: the ring of a blank profile, at once, though the next run has not closed the period yet."""
    return RingView(
        customer.public_id,
        Ring.OUTER,
        customer.personalise_at or row.period.lower,
        Cause.AUTO,
        row.policy.version,
    )


def history(viewer: Viewer, customer: Customer | UUID | str) -> tuple[Period, ...]:
    """All periods of a person, newest first; none of somebody who switched personalisation off. Refuses `absent`."""
    found = _customer(viewer, customer)
    return _history(found, viewer.language) if personalised(found, clock.now()) else ()


def _history(customer: Customer, language: str) -> tuple[Period, ...]:
    rows = Placement.objects.filter(customer=customer).select_related("policy").order_by("-period", "-id")
    return tuple(
        Period(
            ring=Ring(row.ring),
            since=row.period.lower,
            until=row.period.upper,
            cause=Cause(row.cause),
            cause_said=CAUSES[Cause(row.cause)][language == "en"],
            by=row.by_name,
            version=row.policy.version,
            reasons=row.reasons or {},
        )
        for row in rows
    )


def standing_of(
    row: Standing | None, override: Override | None = None, *, confirmed: bool = False
) -> rules.Standing:
    """What the rule has to know about somebody, from our rows."""
    if row is None:
        return rules.FRESH
    return rules.Standing(
        ring=Ring(row.ring),
        since=row.since,
        low_runs=row.low_runs,
        low_week=row.low_week,
        reviewed_at=row.reviewed_at,
        announced_at=row.announced_at,
        confirmed=confirmed,
        override=None if override is None else Ring(override.ring),
        override_until=None if override is None else override.expires_at,
    )


def explain(viewer: Viewer, customer: Customer | UUID | str) -> Explanation:
    """Why somebody stands where they stand, and what is nearest. Refuses `absent`, `rings.not_placed`, `rings.no_policy`."""
    found = _customer(viewer, customer)
    row, version = placement_of(found), current_policy(found.brand)
    kept = Standing.objects.filter(customer=found).first()
    now, policy = clock.now(), body_of(version)
    evidence = evidence_of(found, now, policy)
    if evidence.staff:
        raise Refused("rings.not_placed")
    if row is None:  # came after the last run: at the edge, until the next one looks
        since = DateTimeTZRange(found.created_at, None)
        row = Placement(ring=Ring.OUTER, period=since, cause=Cause.AUTO, policy=version)
    override = (
        Override.objects.filter(customer=found, ended_at=None).first() if evidence.personalise else None
    )
    verdict = rules.decide(evidence, policy, now, standing_of(kept, override))
    placed = _view(found, row) if evidence.personalise else _blank_view(found, row)
    told = rules.account(evidence, policy, placed.ring)
    language = "en" if viewer.language == "en" else "zh"
    return Explanation(
        customer=found.public_id,
        on=evidence.on,
        placed=placed,
        held=told.held,
        gates=told.gates,
        nearest=told.nearest,
        pending=verdict.ring if verdict.ring is not placed.ring else None,
        auto=verdict.auto,
        candidate=verdict.candidate,
        low_runs=verdict.standing.low_runs,
        commitment=evidence.commitment,
        said_ring=placed.ring.en if language == "en" else placed.ring.zh,
        said=words.say_reasons(verdict, language),
        said_step=words.say_step(told.nearest, language),
        history=_history(found, language) if evidence.personalise else (),
        override=override,
        invitation=Invitation.objects.filter(customer=found, state__in=LIVE_INVITATIONS).first(),
        digest=words.digest(verdict),
    )


def evidence_of(customer: Customer, at: datetime, policy: rules.PolicyBody) -> rules.Evidence:
    """What the book knows of one person at an instant, weighed; a blank profile for who is not there."""
    on = clock.business_day(at, customer.brand.zone)
    traces = traces_of(customer.brand, at, policy, [customer.pk]).get(customer.pk)
    return rules.blank(on) if traces is None else rules.weigh(traces, on, policy)


def member_step(viewer: Viewer) -> str:
    """What we would say to the member who asks: an invitation, no ring, no ladder. Nothing personal when personalisation is off.

    Refuses `absent` for anybody else.
    """
    customer = Customer.objects.filter(pk=viewer.person or 0).select_related("brand").first()
    if customer is None:
        raise Refused("absent")
    if not personalised(customer, clock.now()):
        return NEUTRAL_STEP[viewer.language == "en"]
    policy = body_of(current_policy(customer.brand))
    row, evidence = placement_of(customer), evidence_of(customer, clock.now(), policy)
    ring = Ring.OUTER if row is None or not evidence.personalise else Ring(row.ring)
    step = rules.account(evidence, policy, ring).nearest
    return words.say_to_member(step, "en" if viewer.language == "en" else "zh")


def my_invitation(viewer: Viewer) -> Invitation | None:
    """The open invitation of the member who asks; none while personalisation is off: it came from what she did."""
    found = (
        Invitation.objects.filter(
            customer=viewer.person or 0, state__in=LIVE_INVITATIONS, expires_at__gt=clock.now()
        )
        .select_related("customer")
        .first()
    )
    return found if found is not None and personalised(found.customer, clock.now()) else None


def access_invitation(viewer: Viewer, public_id: UUID | str) -> Invitation:
    """An invitation: the member's own, or one of a customer in reach. Refuses `absent`."""
    try:
        wanted = public_id if isinstance(public_id, UUID) else UUID(public_id)
    except ValueError:
        raise Refused("absent") from None
    found = Invitation.objects.filter(public_id=wanted).select_related("customer__brand", "store").first()
    if found is None:
        raise Refused("absent")
    if viewer.person is None or found.customer_id != viewer.person:
        access_customer(viewer, found.customer.public_id, verb=Verb.READ)
    return found


def still_in(person: int, ring: Ring) -> bool:
    """Does this customer stand in `ring` at this moment? For message plans that aimed at a ring (AudienceSource)."""
    rows = Placement.objects.filter(customer=person, ring=ring, period__upper_inf=True)
    return (rows if ring is Ring.OUTER else rows.filter(customer__personalise=True)).exists()


def replays(placement: Placement) -> bool:
    """Does the kept placement follow from the book as it was known then and from its version of the policy, bit for bit?

    Only what a run decided can be replayed; a person's word is its own reason and answers True.
    """
    kept = placement.reasons or {}
    if placement.cause != Cause.AUTO or "digest" not in kept:
        return True
    policy = body_of(placement.policy)
    at = datetime.fromisoformat(kept["as_of"])
    before = words.standing_from_json(kept["standing"])
    verdict = rules.decide(evidence_of(placement.customer, at, policy), policy, at, before)
    if kept.get("bare"):
        verdict = replace(verdict, held=(), gates=())
    return words.digest(verdict) == kept["digest"]
