"""Who agreed to what, as of when. The newest answer holds; consent is looked up where data are used."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.people.models import Consent, Customer
from tongxin.people.queries.customers import access_customer, cluster
from tongxin.people.rules import Asking, Said, may_ask
from tongxin.people.terms import Purpose

_NEWEST = """
SELECT person FROM (
    SELECT DISTINCT ON (person) coalesce(c.survivor_id, c.id) AS person, k.granted
    FROM people_consent k JOIN people_customer c ON c.id = k.customer_id
    WHERE k.purpose = %(purpose)s AND k.companion IS NULL AND k.at <= %(as_of)s AND k.recorded_at <= %(as_of)s
        AND c.state <> 'erased'
        AND (%(persons)s::bigint[] IS NULL OR coalesce(c.survivor_id, c.id) = ANY(%(persons)s::bigint[]))
    ORDER BY person, k.at DESC, k.id DESC
) newest WHERE granted
"""


def consented(
    purpose: Purpose, *, persons: Iterable[int] | None = None, as_of: datetime | None = None
) -> frozenset[int]:
    """The (surviving) people whose newest answer to a purpose is yes, now or as of an instant. Nobody has agreed by silence."""
    with connection.cursor() as cursor:
        cursor.execute(
            _NEWEST,
            {
                "purpose": str(purpose),
                "as_of": as_of or clock.now(),
                "persons": None if persons is None else list(persons),
            },
        )
        return frozenset(row[0] for row in cursor.fetchall())


@dataclass(frozen=True)
class State:
    """What holds for one purpose: None when never asked. `asking` says whether one may ask (again)."""

    granted: bool | None
    at: datetime | None
    notice_version: str
    channel: str
    asking: Asking


def _history(customer: Customer, companion: UUID | None = None) -> list[Consent]:
    return list(
        Consent.objects.filter(customer__in=cluster(customer), companion=companion).order_by("at", "id")
    )


def states(customer: Customer, companion: UUID | None = None) -> dict[Purpose, State]:
    """What holds for every purpose. The caller has accessed the customer."""
    said: dict[str, list[Consent]] = {}
    for row in _history(customer, companion):
        said.setdefault(row.purpose, []).append(row)
    now = clock.now()
    found = {}
    for purpose in Purpose:
        rows = said.get(purpose, [])
        last = rows[-1] if rows else None
        found[purpose] = State(
            granted=last.granted if last else None,
            at=last.at if last else None,
            notice_version=last.notice_version if last else "",
            channel=last.channel if last else "",
            asking=may_ask([Said(row.granted, row.at) for row in rows], now),
        )
    return found


def consents_of(viewer: Viewer, public_id: UUID | str) -> dict[Purpose, State]:
    """What a person in reach has agreed to, purpose by purpose. Refuses `absent`."""
    return states(access_customer(viewer, public_id))


def consent_history(viewer: Viewer, public_id: UUID | str) -> list[Consent]:
    """Every answer a person in reach ever gave, oldest first. Refuses `absent`."""
    return _history(access_customer(viewer, public_id))


def asking(viewer: Viewer, public_id: UUID | str, purpose: Purpose) -> Asking:
    """May a person in reach be asked for this purpose now? Not within 90 days of a no. Refuses `absent`."""
    return consents_of(viewer, public_id)[purpose].asking
