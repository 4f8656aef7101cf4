"""Reading partners and sponsored local events: cost beside what came of it."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from tongxin.commerce.models import Outcome, Partner, Sponsored
from tongxin.commerce.rules.partners import Observed, observed
from tongxin.commerce.terms import BUDGET_READERS, SPENDERS, Measure, PartnerKind, PartnerState, SponsorState
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.pages import Page, page


@dataclass(frozen=True)
class PartnerCard:
    """A partner near a store. `contact` only for who works with partners there."""

    public_id: UUID
    store_code: str
    store_name: str
    kind: PartnerKind
    name: str
    brings: str
    contact: str
    state: PartnerState
    version: int
    since: date
    ended_on: date | None


@dataclass(frozen=True)
class OutcomeCard:
    """One observation and the thing of the book that it cites."""

    id: int
    measure: Measure
    value: int
    subject: tuple[str, str]
    subject_title: str
    by: str
    at: datetime


@dataclass(frozen=True)
class SponsoredCard:
    """A sponsored event: what it was to cost, what it cost, what was hoped and what was observed."""

    public_id: UUID
    store_code: str
    store_name: str
    partner: UUID | None
    partner_name: str
    title: str
    we_give: str
    starts_on: date
    ends_on: date
    state: SponsorState
    version: int
    committed_fen: int
    spent_fen: int
    results: tuple[Observed, ...]
    outcomes: tuple[OutcomeCard, ...]


def partners_for(
    viewer: Viewer,
    *,
    store: int | None = None,
    state: PartnerState | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[PartnerCard]:
    """The partners of the stores in reach, by name."""
    found = _partners(viewer, BUDGET_READERS).select_related("store")
    if store is not None:
        found = found.filter(store=store)
    if state is not None:
        found = found.filter(state=state)
    rows = page(found, by=("name", "id"), limit=limit, cursor=cursor)
    return Page(tuple(_partner(viewer, row) for row in rows.items), rows.cursor)


def access_partner(viewer: Viewer, public_id: UUID | str, roles: Collection[str] = BUDGET_READERS) -> Partner:
    """A partner of a store in reach. Refuses `absent`."""
    found = _partners(viewer, roles).select_related("store").filter(public_id=_uuid(public_id)).first()
    if found is None:
        raise Refused("absent")
    return found


def partner_card(viewer: Viewer, public_id: UUID | str) -> PartnerCard:
    """The card of a partner in reach. Refuses `absent`."""
    return _partner(viewer, access_partner(viewer, public_id))


def sponsored_for(
    viewer: Viewer, *, store: int | None = None, limit: int = 50, cursor: str | None = None
) -> Page[SponsoredCard]:
    """The sponsored events of the stores in reach, newest first, each with cost and outcome."""
    found = _sponsored(viewer, BUDGET_READERS)
    if store is not None:
        found = found.filter(store=store)
    rows = page(_told(found), by=("-starts_on", "-id"), limit=limit, cursor=cursor)
    return Page(tuple(_cards(rows.items)), rows.cursor)


def access_sponsored(
    viewer: Viewer, public_id: UUID | str, roles: Collection[str] = BUDGET_READERS
) -> Sponsored:
    """A sponsored event of a store in reach. Refuses `absent`."""
    found = _told(_sponsored(viewer, roles)).filter(public_id=_uuid(public_id)).first()
    if found is None:
        raise Refused("absent")
    return found


def sponsored_card(viewer: Viewer, public_id: UUID | str) -> SponsoredCard:
    """The card of a sponsored event in reach. Refuses `absent`."""
    return next(iter(_cards([access_sponsored(viewer, public_id)])))


def _uuid(public_id: UUID | str) -> UUID:
    try:
        return public_id if isinstance(public_id, UUID) else UUID(public_id)
    except ValueError:
        raise Refused("absent") from None


def _partners(viewer: Viewer, roles: Collection[str]) -> QuerySet[Partner]:
    places = viewer.places(roles)
    return Partner.objects.all() if places is None else Partner.objects.filter(store__in=places)


def _sponsored(viewer: Viewer, roles: Collection[str]) -> QuerySet[Sponsored]:
    places = viewer.places(roles)
    return Sponsored.objects.all() if places is None else Sponsored.objects.filter(store__in=places)


def _told(rows: QuerySet[Sponsored]) -> QuerySet[Sponsored]:
    return rows.select_related("store", "partner", "commitment")


def _partner(viewer: Viewer, row: Partner) -> PartnerCard:
    return PartnerCard(
        public_id=row.public_id,
        store_code=row.store.code,
        store_name=row.store.name,
        kind=PartnerKind(row.kind),
        name=row.name,
        brings=row.brings,
        contact=row.contact if viewer.reaches(row.store_id, SPENDERS) else "",
        state=PartnerState(row.state),
        version=row.version,
        since=row.since,
        ended_on=row.ended_on,
    )


def _cards(rows: Collection[Sponsored]) -> list[SponsoredCard]:
    corrected = Outcome.objects.filter(corrects=OuterRef("pk"))
    outcomes: defaultdict[int, list[Outcome]] = defaultdict(list)
    for outcome in (
        Outcome.objects.filter(~Exists(corrected), sponsored__in=[row.pk for row in rows])
        .select_related("subject")
        .order_by("id")
    ):
        outcomes[outcome.sponsored_id].append(outcome)
    return [_card(row, outcomes[row.pk]) for row in rows]


def _card(row: Sponsored, outcomes: list[Outcome]) -> SponsoredCard:
    part = row.commitment
    spent = part.spent_fen if part else 0
    return SponsoredCard(
        public_id=row.public_id,
        store_code=row.store.code,
        store_name=row.store.name,
        partner=row.partner.public_id if row.partner else None,
        partner_name=row.partner.name if row.partner else "",
        title=row.title,
        we_give=row.we_give,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        state=SponsorState(row.state),
        version=row.version,
        committed_fen=part.amount_fen if part else 0,
        spent_fen=spent,
        results=observed(
            row.we_hope, [(Measure(one.measure), one.value) for one in outcomes], cost_fen=spent
        ),
        outcomes=tuple(
            OutcomeCard(
                one.pk,
                Measure(one.measure),
                one.value,
                (one.subject.room, one.subject.key),
                one.subject.title,
                one.by,
                one.at,
            )
            for one in outcomes
        ),
    )
