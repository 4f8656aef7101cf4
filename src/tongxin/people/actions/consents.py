"""Yes and no, purpose by purpose. A row is added, never changed; a no holds from the moment it is written."""

from django.db import transaction

from tongxin.foundation import clock
from tongxin.foundation.access import Verb, Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.people import queries
from tongxin.people.models import Companion, Consent, Customer
from tongxin.people.rules import Said, may_ask
from tongxin.people.terms import CHILD_PURPOSES, Purpose

SWITCH_NOTICE = "personalisation/1"


def set_consent(
    *,
    viewer: Viewer,
    customer: Customer,
    purpose: Purpose,
    granted: bool,
    notice_version: str,
    channel: str,
    companion: Companion | None = None,
) -> Consent:
    """Write an answer down. It holds at once; the yes or no to personalisation also turns the switch.

    Members answer for themselves and their companions. Staff may write down what a member told them, but not a yes within
    90 days of a no: that would be asking again. Refuses `absent`, `people.asked_lately`, `people.guardian_only`,
    `people.not_for_children`.
    """
    with transaction.atomic():
        found = queries.access_customer(viewer, customer.public_id, Verb.CHANGE)
        found = Customer.objects.select_for_update().get(pk=found.pk)
        own = viewer.person == found.pk
        _check_companion(found, companion, purpose, own=own)
        if granted and not own:
            _not_asked_lately(found, purpose)
        row = write(
            viewer=viewer,
            customer=found,
            purpose=purpose,
            granted=granted,
            notice_version=notice_version,
            channel=channel,
            companion=companion,
        )
        if purpose is Purpose.PERSONALISATION:
            found.personalise, found.personalise_at = granted, clock.now()
            found.save(update_fields=["personalise", "personalise_at"])
    return row


def switch_personalisation(
    *, viewer: Viewer, customer: Customer, on: bool, channel: str = "member_page"
) -> Consent:
    """The member's switch “不使用个性化”. Off works at once and everywhere. Refuses as `set_consent` does."""
    return set_consent(
        viewer=viewer,
        customer=customer,
        purpose=Purpose.PERSONALISATION,
        granted=on,
        notice_version=SWITCH_NOTICE,
        channel=channel,
    )


def write(
    *,
    viewer: Viewer,
    customer: Customer,
    purpose: Purpose,
    granted: bool,
    notice_version: str,
    channel: str,
    companion: Companion | None = None,
) -> Consent:
    """The row and its trail, for actions of this room that have looked and decided. Belongs into their transaction."""
    now = clock.now()
    row = Consent.objects.create(
        customer=customer,
        companion=companion.public_id if companion else None,
        purpose=purpose,
        granted=granted,
        notice_version=notice_version,
        channel=channel,
        by=viewer.name,
        at=now,
        recorded_at=now,
    )
    trail(
        viewer=viewer,
        act="people.consent_granted" if granted else "people.consent_withdrawn",
        subject=("people", "customer", str(customer.public_id)),
        after={
            "purpose": str(purpose),
            "notice": notice_version,
            "channel": channel,
            "companion": str(companion.public_id) if companion else None,
        },
    )
    return row


def _check_companion(guardian: Customer, companion: Companion | None, purpose: Purpose, *, own: bool) -> None:
    if companion is None:
        return
    if not own:
        raise Refused("people.guardian_only")
    if companion.guardian_id not in queries.cluster(guardian):
        raise Refused("absent")
    if purpose not in CHILD_PURPOSES:
        raise Refused("people.not_for_children", purpose=purpose.zh)


def _not_asked_lately(customer: Customer, purpose: Purpose) -> None:
    # For a child only the guardian answers, and they may at any time.
    history = [
        Said(granted, at)
        for granted, at in Consent.objects.filter(
            customer__in=queries.cluster(customer), companion=None, purpose=purpose
        )
        .order_by("at", "id")
        .values_list("granted", "at")
    ]
    asking = may_ask(history, clock.now())
    if not asking.allowed and asking.again_at is not None:
        raise Refused(
            "people.asked_lately",
            said_no_on=clock.business_day(history[-1].at).isoformat(),
            again_on=clock.business_day(asking.again_at).isoformat(),
        )
