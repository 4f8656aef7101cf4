"""Reading budgets: envelopes with what is left, what waits for approval."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import QuerySet

from tongxin.commerce.models import Commitment, Envelope, StaffHours
from tongxin.commerce.rules.envelopes import Purse, left
from tongxin.commerce.terms import BUDGET_READERS, CommitmentState
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.pages import Page, page


@dataclass(frozen=True)
class EnvelopeCard:
    """One envelope and its figures; left = amount + approved − committed − spent."""

    id: int
    public_id: UUID
    title: str
    store: int | None
    store_code: str
    store_name: str
    ring: str
    kit: str
    opens_on: date
    closes_on: date
    amount_fen: int
    approved_fen: int
    committed_fen: int
    spent_fen: int
    left_fen: int
    hour_fen: int


@dataclass(frozen=True)
class CommitmentCard:
    """A part of an envelope: for what, how much, how much of it is spent."""

    public_id: UUID
    envelope: UUID
    envelope_title: str
    store_code: str
    subject: tuple[str, str]
    note: str
    amount_fen: int
    spent_fen: int
    state: CommitmentState
    version: int
    asked_by: str
    asked_at: datetime
    decided_by: str
    decided_at: datetime | None


@dataclass(frozen=True)
class Spent:
    """What one thing cost so far: set aside, spent, and the hours and their price within the spent."""

    committed_fen: int
    spent_fen: int
    minutes: int
    hours_fen: int


def purse_of(row: Envelope) -> Purse:
    """The figures of an envelope for its rules."""
    return Purse(row.amount_fen, row.approved_fen, row.committed_fen, row.spent_fen)


def envelopes_for(
    viewer: Viewer,
    *,
    store: int | None = None,
    on: date | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[EnvelopeCard]:
    """The envelopes in reach, the newest first; `on` leaves out those that are shut on a day.

    Envelopes without a store (of a ring or a kit for the whole brand) are for who reaches the whole brand.
    """
    found = _reached(viewer, BUDGET_READERS).select_related("store")
    if store is not None:
        found = found.filter(store=store)
    if on is not None:
        found = found.filter(opens_on__lte=on, closes_on__gte=on)
    rows = page(found, by=("-opens_on", "-id"), limit=limit, cursor=cursor)
    return Page(tuple(_card(row) for row in rows.items), rows.cursor)


def access_envelope(
    viewer: Viewer, public_id: UUID | str, roles: Collection[str] = BUDGET_READERS
) -> Envelope:
    """An envelope in reach. Refuses `absent`."""
    try:
        wanted = public_id if isinstance(public_id, UUID) else UUID(public_id)
    except ValueError:
        raise Refused("absent") from None
    found = _reached(viewer, roles).select_related("store").filter(public_id=wanted).first()
    if found is None:
        raise Refused("absent")
    return found


def envelope_card(viewer: Viewer, public_id: UUID | str) -> EnvelopeCard:
    """The card of an envelope in reach. Refuses `absent`."""
    return _card(access_envelope(viewer, public_id))


def commitments_of(
    viewer: Viewer, public_id: UUID | str, *, limit: int = 50, cursor: str | None = None
) -> Page[CommitmentCard]:
    """The parts of an envelope in reach, newest first. Refuses `absent`."""
    found = _parts().filter(envelope=access_envelope(viewer, public_id))
    rows = page(found, by=("-id",), limit=limit, cursor=cursor)
    return Page(tuple(_part(row) for row in rows.items), rows.cursor)


def waiting_for_approval(
    viewer: Viewer, *, limit: int = 50, cursor: str | None = None
) -> Page[CommitmentCard]:
    """What was asked above an envelope and waits for somebody, in reach, oldest first."""
    found = _parts().filter(envelope__in=_reached(viewer, BUDGET_READERS), state=CommitmentState.ASKED)
    rows = page(found, by=("id",), limit=limit, cursor=cursor)
    return Page(tuple(_part(row) for row in rows.items), rows.cursor)


def access_commitment(
    viewer: Viewer, public_id: UUID | str, roles: Collection[str] = BUDGET_READERS
) -> Commitment:
    """A part of an envelope in reach. Refuses `absent`."""
    try:
        wanted = public_id if isinstance(public_id, UUID) else UUID(public_id)
    except ValueError:
        raise Refused("absent") from None
    found = _parts().filter(public_id=wanted, envelope__in=_reached(viewer, roles)).first()
    if found is None:
        raise Refused("absent")
    return found


def spent_on(viewer: Viewer, subject: tuple[str, str]) -> Spent:
    """What one thing (an event, a sponsorship) was given and cost, out of all envelopes in reach."""
    rows = list(
        Commitment.objects.filter(
            envelope__in=_reached(viewer, BUDGET_READERS), subject_room=subject[0], subject_key=subject[1]
        ).exclude(state__in=[CommitmentState.ASKED, CommitmentState.REFUSED])
    )
    hours = list(StaffHours.objects.filter(commitment__in=[row.pk for row in rows]))
    return Spent(
        committed_fen=sum(
            row.amount_fen - row.spent_fen for row in rows if row.state == CommitmentState.HELD
        ),
        spent_fen=sum(row.spent_fen for row in rows),
        minutes=sum(row.minutes for row in hours),
        hours_fen=sum(row.cost_fen for row in hours),
    )


def _reached(viewer: Viewer, roles: Collection[str]) -> QuerySet[Envelope]:
    places = viewer.places(roles)
    return Envelope.objects.all() if places is None else Envelope.objects.filter(store__in=places)


def _parts() -> QuerySet[Commitment]:
    return Commitment.objects.select_related("envelope__store")


def _card(row: Envelope) -> EnvelopeCard:
    return EnvelopeCard(
        id=row.pk,
        public_id=row.public_id,
        title=row.title,
        store=row.store_id,
        store_code=row.store.code if row.store else "",
        store_name=row.store.name if row.store else "",
        ring=row.ring,
        kit=row.kit,
        opens_on=row.opens_on,
        closes_on=row.closes_on,
        amount_fen=row.amount_fen,
        approved_fen=row.approved_fen,
        committed_fen=row.committed_fen,
        spent_fen=row.spent_fen,
        left_fen=left(purse_of(row)),
        hour_fen=row.hour_fen,
    )


def _part(row: Commitment) -> CommitmentCard:
    store = row.envelope.store
    return CommitmentCard(
        public_id=row.public_id,
        envelope=row.envelope.public_id,
        envelope_title=row.envelope.title,
        store_code=store.code if store else "",
        subject=(row.subject_room, row.subject_key),
        note=row.note,
        amount_fen=row.amount_fen,
        spent_fen=row.spent_fen,
        state=CommitmentState(row.state),
        version=row.version,
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
    )
