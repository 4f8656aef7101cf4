"""Reading thanks: one's own, what may be seen in public, what they cost, and what a programme changed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, Q, QuerySet, Sum

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.people.models import Customer
from tongxin.people.queries import cluster
from tongxin.people.terms import CustomerState
from tongxin.rings.models import Placement, Programme, Thanks
from tongxin.rings.queries.book import switched_off
from tongxin.rings.queries.chain import NAMED_READERS, READERS
from tongxin.rings.rules.thanks import Arm, Effect, effect
from tongxin.rings.terms import Ring, ThanksKind, ThanksState


@dataclass(frozen=True)
class ThanksCard:
    """One word of thanks as the member reads it."""

    public_id: UUID
    kind: ThanksKind
    state: ThanksState
    words: str
    about: tuple[str, str]
    at: datetime


@dataclass(frozen=True)
class Praise:
    """Praise that others may read: the member said yes and has not taken it back."""

    name: str
    words: str
    at: datetime


@dataclass(frozen=True)
class ProgrammeCard:
    """A programme of thanks: who was thanked, who was held out, what it cost, what came of it (None until its window is over)."""

    public_id: UUID
    title: str
    kind: ThanksKind
    ring: Ring
    store_name: str
    cost_fen: int
    share_permille: int
    opened_at: datetime
    run_at: datetime | None
    ends_at: datetime | None
    given: int
    held: int
    spent_fen: int
    effect: Effect | None


def my_thanks(viewer: Viewer, *, limit: int = 20) -> list[ThanksCard]:
    """One's own, newest first; what was held out of is nobody's to see. Refuses `absent` for who is no member."""
    person = _me(viewer)
    rows = (
        Thanks.objects.filter(customer__in=cluster(person))
        .exclude(state=ThanksState.HELD)
        .order_by("-at", "-id")[:limit]
    )
    return [_card(row) for row in rows]


def access_thanks(viewer: Viewer, public_id: UUID | str) -> Thanks:
    """One's own. Refuses `absent`."""
    wanted = _uuid(public_id)
    found = (
        Thanks.objects.filter(public_id=wanted, customer__in=cluster(_me(viewer)))
        .exclude(state=ThanksState.HELD)
        .first()
    )
    if found is None:
        raise Refused("absent")
    return found


def praised(viewer: Viewer, store: int | None = None, *, limit: int = 12) -> list[Praise]:
    """Praise in public, of a store or of all: only with the consent that holds now, and of nobody who is gone."""
    del viewer  # what is public is public; who asks makes no difference
    rows = Thanks.objects.filter(
        state=ThanksState.PUBLIC, kind=ThanksKind.PRAISE, customer__state=CustomerState.LIVE
    ).select_related("customer")
    if store is not None:
        rows = rows.filter(store=store)
    return [Praise(row.customer.nickname, row.words, row.at) for row in rows.order_by("-at", "-id")[:limit]]


def programmes(viewer: Viewer, *, limit: int = 12) -> list[ProgrammeCard]:
    """The programmes in reach, newest first, with cost and effect; the same number of statements for one and for many."""
    rows = list(_reached(viewer).select_related("store").order_by("-opened_at", "-id")[:limit])
    told: dict[int, dict[str, Any]] = {
        row["programme"]: dict(row)
        for row in Thanks.objects.filter(programme__in=[row.pk for row in rows])
        .order_by()
        .values("programme")
        .annotate(
            given=Count("id", filter=Q(state=ThanksState.GIVEN)),
            held=Count("id", filter=Q(state=ThanksState.HELD)),
            spent=Sum("cost_fen"),
        )
    }
    back = _back([row for row in rows if _over(row)])
    return [_programme(row, told.get(row.pk), back) for row in rows]


def access_programme(viewer: Viewer, public_id: UUID | str) -> Programme:
    """A programme in reach. Refuses `absent`."""
    found = _reached(viewer).filter(public_id=_uuid(public_id)).first()
    if found is None:
        raise Refused("absent")
    return found


def audience_of(programme: Programme) -> Iterable[tuple[int, UUID, int | None]]:
    """Who is in a programme now: those of its ring and place whom we may place by what they did. (id, public id, home store)."""
    rows = Placement.objects.filter(
        period__upper_inf=True,
        ring=programme.ring,
        customer__brand=programme.brand_id,
        customer__state=CustomerState.LIVE,
        customer__is_staff=False,
        customer__personalise=True,
    )
    if programme.store_id is not None:
        rows = rows.filter(customer__home_store=programme.store_id)
    found = list(
        rows.order_by("customer").values_list("customer", "customer__public_id", "customer__home_store")
    )
    off = switched_off([person for person, _, _ in found])
    return [row for row in found if row[0] not in off]


_BACK = """
SELECT t.programme_id, t.state, count(*) FILTER (WHERE EXISTS (
    SELECT 1 FROM people_deed d JOIN people_customer c ON c.id = d.person_id
    WHERE coalesce(c.survivor_id, c.id) = t.customer_id AND d.weight > 0 AND d.reverses_id IS NULL
        AND d.occurred_at > p.run_at AND d.occurred_at <= p.run_at + make_interval(days => p.window_days)
        AND NOT EXISTS (SELECT 1 FROM people_deed r WHERE r.reverses_id = d.id)))
FROM rings_thanks t JOIN rings_programme p ON p.id = t.programme_id
WHERE t.programme_id = ANY(%s) GROUP BY 1, 2
"""


def _back(rows: list[Programme]) -> dict[tuple[int, str], int]:
    """How many of each arm did anything within the window, by intention to treat."""
    if not rows:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_BACK, [[row.pk for row in rows]])
        return {(programme, state): n for programme, state, n in cursor.fetchall()}


def _over(row: Programme) -> bool:
    return row.run_at is not None and clock.now() >= row.run_at + timedelta(days=row.window_days)


def _programme(
    row: Programme, told: dict[str, Any] | None, back: dict[tuple[int, str], int]
) -> ProgrammeCard:
    given, held, spent = (told["given"], told["held"], told["spent"] or 0) if told else (0, 0, 0)
    found = None
    if _over(row):
        found = effect(
            Arm(given, back.get((row.pk, ThanksState.GIVEN.value), 0)),
            Arm(held, back.get((row.pk, ThanksState.HELD.value), 0)),
            spent,
        )
    return ProgrammeCard(
        public_id=row.public_id,
        title=row.title,
        kind=ThanksKind(row.kind),
        ring=Ring(row.ring),
        store_name="" if row.store is None else row.store.name,
        cost_fen=row.cost_fen,
        share_permille=row.share_permille,
        opened_at=row.opened_at,
        run_at=row.run_at,
        ends_at=None if row.run_at is None else row.run_at + timedelta(days=row.window_days),
        given=given,
        held=held,
        spent_fen=spent,
        effect=found,
    )


def thanks_of(viewer: Viewer, customer: int, *, limit: int = 12) -> list[ThanksCard]:
    """How a person in reach was thanked, for those who may see names; the caller has accessed the customer."""
    if not viewer.roles & NAMED_READERS:
        return []
    rows = Thanks.objects.filter(customer=customer).order_by("-at", "-id")[:limit]
    return [_card(row) for row in rows]


def _reached(viewer: Viewer) -> QuerySet[Programme]:
    places = viewer.places(READERS)
    return Programme.objects.all() if places is None else Programme.objects.filter(store__in=places)


def _me(viewer: Viewer) -> Customer:
    found = Customer.objects.filter(pk=viewer.person or 0).exclude(state=CustomerState.ERASED).first()
    if found is None:
        raise Refused("absent")
    return found


def _card(row: Thanks) -> ThanksCard:
    return ThanksCard(
        row.public_id,
        ThanksKind(row.kind),
        ThanksState(row.state),
        row.words,
        (row.about_room, row.about_key),
        row.at,
    )


def _uuid(public_id: UUID | str) -> UUID:
    try:
        return public_id if isinstance(public_id, UUID) else UUID(public_id)
    except ValueError:
        raise Refused("absent") from None
