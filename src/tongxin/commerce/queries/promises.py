"""Reading promises: of a registration, of an event, of a store's till."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from tongxin.commerce.models import Promise, Voucher
from tongxin.commerce.terms import TILL_ROLES, PromiseState, VoucherState
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.pages import Page, page

READERS = TILL_ROLES | {"hq_editor", "auditor"}


@dataclass(frozen=True)
class PromiseCard:
    """One promise, with what became of its voucher. `person` is the id of the surviving entry; no name."""

    id: int
    public_id: UUID
    person: int
    store: int
    store_code: str
    store_name: str
    subject: tuple[str, str]
    under: tuple[str, str]
    fee_fen: int
    voucher_fen: int
    terms: dict[str, Any]
    valid_days: int
    state: PromiseState
    version: int
    made_at: datetime
    due_at: datetime | None
    paid_at: datetime | None
    receipt: str
    attended_at: datetime | None
    refund_due_at: datetime | None
    voucher: UUID | None
    voucher_state: VoucherState | None


def promise_for(subject: tuple[str, str]) -> PromiseCard | None:
    """The promise of a registration, None when it has none. For the room whose subject it is: looks at nobody's reach."""
    return promises_for([subject]).get(subject)


def promises_for(subjects: Iterable[tuple[str, str]]) -> dict[tuple[str, str], PromiseCard]:
    """The same for many registrations: one query."""
    rooms: dict[str, set[str]] = {}
    for room, key in subjects:
        rooms.setdefault(room, set()).add(key)
    wanted = Q(pk=None)
    for room, keys in rooms.items():
        wanted |= Q(subject_room=room, subject_key__in=keys)
    return {card.subject: card for card in map(_card, _told(Promise.objects.filter(wanted)))}


def promises_under(
    viewer: Viewer, under: tuple[str, str], *, states: Collection[PromiseState] | None = None
) -> list[PromiseCard]:
    """The promises under one event, in the stores in reach, oldest first."""
    found = _reached(viewer, READERS).filter(under_room=under[0], under_key=under[1])
    if states is not None:
        found = found.filter(state__in=states)
    return [_card(row) for row in _told(found).order_by("id")]


def promises_to_collect(
    viewer: Viewer,
    store: int,
    *,
    until: datetime | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[PromiseCard]:
    """What a store's till has still to collect, for events before `until` (those without a date too), oldest first."""
    found = _reached(viewer, TILL_ROLES).filter(store=store, state=PromiseState.OPEN)
    if until is not None:
        found = found.filter(Q(due_at=None) | Q(due_at__lt=until))
    rows = page(_told(found), by=("id",), limit=limit, cursor=cursor)
    return Page(tuple(_card(row) for row in rows.items), rows.cursor)


def refunds_due(
    viewer: Viewer, *, store: int | None = None, limit: int = 50, cursor: str | None = None
) -> Page[PromiseCard]:
    """Fees to be handed back in the stores in reach, the most urgent first."""
    found = _reached(viewer, READERS).filter(state=PromiseState.REFUND_DUE)
    if store is not None:
        found = found.filter(store=store)
    rows = page(_told(found), by=("refund_due_at", "id"), limit=limit, cursor=cursor)
    return Page(tuple(_card(row) for row in rows.items), rows.cursor)


def my_promises(viewer: Viewer) -> list[PromiseCard]:
    """What the asking member has been promised, newest first."""
    own = own_rows(Promise.objects.all(), viewer)
    return [_card(row) for row in _told(own).order_by("-made_at", "-id")]


def access_promise(
    viewer: Viewer, public_id: UUID | str, roles: Collection[str] = READERS, *, own: bool = False
) -> Promise:
    """A promise of a store in reach, or (with `own`) of the asking member. Refuses `absent`."""
    try:
        wanted = public_id if isinstance(public_id, UUID) else UUID(public_id)
    except ValueError:
        raise Refused("absent") from None
    found = _reached(viewer, roles).filter(public_id=wanted).first()
    if found is None and own:
        found = own_rows(Promise.objects.filter(public_id=wanted), viewer).first()
    if found is None:
        raise Refused("absent")
    return found


def promise_card(viewer: Viewer, public_id: UUID | str) -> PromiseCard:
    """The card of a promise in reach, or of one's own. Refuses `absent`."""
    found = access_promise(viewer, public_id, own=True)
    return _card(_told(Promise.objects.filter(pk=found.pk)).get())


def own_rows(rows: QuerySet[Any], viewer: Viewer) -> QuerySet[Any]:
    """What of these rows is the asking member's, entries behind theirs included; nothing for who is no member."""
    if viewer.person is None:
        return rows.none()
    return rows.filter(Q(person=viewer.person) | Q(person__survivor=viewer.person))


def _reached(viewer: Viewer, roles: Collection[str]) -> QuerySet[Promise]:
    places = viewer.places(roles)
    return Promise.objects.all() if places is None else Promise.objects.filter(store__in=places)


def _told(rows: QuerySet[Promise]) -> QuerySet[Any]:
    standing = Voucher.objects.filter(promise=OuterRef("pk")).exclude(state=VoucherState.VOID)
    return rows.select_related("store").annotate(
        survivor=Coalesce(F("person__survivor_id"), F("person_id")),
        voucher_id=Subquery(standing.values("public_id")[:1]),
        voucher_state=Subquery(standing.values("state")[:1]),
    )


def _card(row: Any) -> PromiseCard:
    return PromiseCard(
        id=row.pk,
        public_id=row.public_id,
        person=row.survivor,
        store=row.store_id,
        store_code=row.store.code,
        store_name=row.store.name,
        subject=(row.subject_room, row.subject_key),
        under=(row.under_room, row.under_key),
        fee_fen=row.fee_fen,
        voucher_fen=row.voucher_fen,
        terms=row.terms,
        valid_days=row.valid_days,
        state=PromiseState(row.state),
        version=row.version,
        made_at=row.made_at,
        due_at=row.due_at,
        paid_at=row.paid_at,
        receipt=row.receipt,
        attended_at=row.attended_at,
        refund_due_at=row.refund_due_at,
        voucher=row.voucher_id,
        voucher_state=VoucherState(row.voucher_state) if row.voucher_state else None,
    )
