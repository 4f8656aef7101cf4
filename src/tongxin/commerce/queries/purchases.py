"""What pages and upper rooms read of commerce. PostgreSQL only: the lake is for jobs and the command line."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from tongxin.commerce.models import ImportRun, Membership, PurchaseDay
from tongxin.foundation.access import SYSTEM, Viewer
from tongxin.foundation.errors import Refused
from tongxin.people.models import Customer
from tongxin.people.queries.customers import access_customer

#: who sees what the chain imports
IMPORT_READERS = frozenset({SYSTEM, "admin", "hq_editor", "auditor"})


@dataclass(frozen=True)
class Purchase:
    """A trading day of one customer in one store, for a timeline. Money is net of refunds."""

    business_date: date
    store_code: str
    store_name: str
    orders: int
    net_fen: int
    high_margin_fen: int
    source: str


@dataclass(frozen=True)
class Period:
    """A paid period of a customer."""

    program: str
    status: str
    started_at: datetime
    ended_at: datetime | None
    fee_fen: int | None
    auto_renew: bool | None


@dataclass(frozen=True)
class DayRow:
    """One row of the daily summary, with the survivor of merges as the person."""

    person: int
    store: int
    business_date: date
    orders: int
    net_fen: int
    high_margin_fen: int


def purchases_of(viewer: Viewer, customer: Customer, limit: int = 50) -> list[Purchase]:
    """What somebody bought, newest first, merged entries included; staff see it in the stores they reach.

    Refuses `absent` for somebody out of reach.
    """
    person = access_customer(viewer, customer.public_id)
    found = PurchaseDay.objects.filter(_entries("customer", person))
    if viewer.person != person.pk and (places := viewer.places()) is not None:
        found = found.filter(store__in=places)
    return [
        Purchase(
            row.business_date,
            row.store.code,
            row.store.name,
            row.orders,
            row.net_fen,
            row.high_margin_fen,
            row.source,
        )
        for row in found.select_related("store").order_by("-business_date", "store__code", "source")[:limit]
    ]


def purchase_days(
    viewer: Viewer, *, since: date, until: date | None = None, customers: Collection[int] | None = None
) -> list[DayRow]:
    """The daily summary from `since` to before `until` of the stores in reach, oldest first."""
    found = PurchaseDay.objects.filter(business_date__gte=since)
    if until is not None:
        found = found.filter(business_date__lt=until)
    if customers is not None:
        found = found.filter(Q(customer__in=customers) | Q(customer__survivor__in=customers))
    if (places := viewer.places()) is not None:
        found = found.filter(store__in=places)
    columns = (
        "customer",
        "customer__survivor",
        "store",
        "business_date",
        "orders",
        "net_fen",
        "high_margin_fen",
    )
    return [
        DayRow(survivor or customer, *rest)
        for customer, survivor, *rest in found.order_by("business_date", "id")
        .values_list(*columns)
        .iterator()
    ]


def memberships_of(viewer: Viewer, customer: Customer) -> list[Period]:
    """The paid periods of somebody, newest first. Refuses `absent` for somebody out of reach."""
    person = access_customer(viewer, customer.public_id)
    found = Membership.objects.filter(_entries("customer", person)).order_by("-started_at", "program")
    return [Period(m.program, m.status, m.started_at, m.ended_at, m.fee_fen, m.auto_renew) for m in found]


def import_runs(viewer: Viewer, limit: int = 50) -> list[ImportRun]:
    """The latest imports, for who looks after the chain's data. Refuses `absent`."""
    return list(_runs(viewer).order_by("-started_at", "-id")[:limit])


def access_run(viewer: Viewer, public_id: UUID | str) -> ImportRun:
    """One import. Refuses `absent`."""
    try:
        found = _runs(viewer).filter(public_id=UUID(str(public_id))).first()
    except ValueError:
        found = None
    if found is None:
        raise Refused("absent")
    return found


def _runs(viewer: Viewer) -> QuerySet[ImportRun]:
    if not viewer.roles & IMPORT_READERS:
        raise Refused("absent")
    return ImportRun.objects.all()


def _entries(field: str, customer: Customer) -> Q:
    """A customer and the entries that merges have put behind it."""
    return Q(**{field: customer}) | Q(**{f"{field}__survivor": customer})
