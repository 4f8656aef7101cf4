"""What the faces show of a person: a line in a list, a card, oneself."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.pages import Page, page
from tongxin.foundation.sealing import blind, mask_phone
from tongxin.people.models import Companion, Customer, Identity, Tag
from tongxin.people.queries.consents import State, states
from tongxin.people.queries.customers import access_customer, cluster, phone_lookups, reached, sight_of
from tongxin.people.rules import Sight, pseudonym, sight
from tongxin.people.terms import CustomerKind, IdentityKind, Purpose
from tongxin.stores.models import Store

TAIL = 4
FULL_PHONE = 7  # more digits than a tail and fewer than a phone find nothing: no guessing digit by digit


@dataclass(frozen=True)
class PersonLine:
    """One row of a list of people."""

    id: int
    public_id: UUID
    name: str
    phone_hint: str
    member_code: str
    kind: CustomerKind
    home_store_code: str
    home_store_name: str
    registered_at: datetime | None
    is_staff: bool
    simulated: bool


@dataclass(frozen=True)
class IdentityLine:
    """How an issuer knows the person. A phone is masked, a hash is not shown."""

    kind: IdentityKind
    source: str
    shown: str
    verified: bool
    first_seen: datetime


@dataclass(frozen=True)
class TagLine:
    """A word kept about the person."""

    public_id: UUID
    label: str
    by: str
    at: datetime


@dataclass(frozen=True)
class CompanionCard:
    """A child of the asking guardian."""

    public_id: UUID
    nickname: str
    age_years: int
    age_given_on: date
    delete_on: date


@dataclass(frozen=True)
class ConsentLine:
    """What holds for one purpose."""

    purpose: Purpose
    state: State


@dataclass(frozen=True)
class PersonCard:
    """One person. Analysts get a pseudonym and none of `identities`, `tags`, `birth_year`; companions only guardians."""

    id: int
    public_id: UUID
    name: str
    sight: Sight
    kind: CustomerKind
    home_store: Store | None
    gender: str
    birth_year: int | None
    registered_at: datetime | None
    tier: str
    is_paid: bool
    is_staff: bool
    personalise: bool
    language: str
    simulated: bool
    entries: int
    identities: tuple[IdentityLine, ...] = ()
    tags: tuple[TagLine, ...] = ()
    consents: tuple[ConsentLine, ...] = ()
    companions: tuple[CompanionCard, ...] = field(default=(), repr=False)


def person_card(viewer: Viewer, public_id: UUID | str) -> PersonCard:
    """The card of a person in reach, as much of it as the viewer may see. Refuses `absent`."""
    return _card(viewer, access_customer(viewer, public_id))


def me(viewer: Viewer) -> PersonCard:
    """The asking member's own card, with companions. Refuses `absent` when the account is no member's."""
    found = Customer.objects.select_related("home_store").filter(pk=viewer.person or 0, state="live").first()
    if found is None:
        raise Refused("absent")
    return _card(viewer, found)


def _card(viewer: Viewer, customer: Customer) -> PersonCard:
    seen = sight_of(viewer, customer)
    full = seen is Sight.FULL
    own = viewer.person == customer.pk
    entries = cluster(customer)
    return PersonCard(
        id=customer.pk,
        public_id=customer.public_id,
        name=_name(customer, seen, viewer.language),
        sight=seen,
        kind=CustomerKind(customer.kind),
        home_store=customer.home_store,
        gender=customer.gender,
        birth_year=customer.birth_year if full else None,
        registered_at=customer.registered_at,
        tier=customer.tier,
        is_paid=customer.is_paid,
        is_staff=customer.is_staff,
        personalise=customer.personalise,
        language=customer.language if full else "",
        simulated=customer.simulated,
        entries=len(entries),
        identities=tuple(_identities(entries)) if full else (),
        tags=tuple(
            TagLine(tag.public_id, tag.label, tag.by, tag.at)
            for tag in Tag.objects.filter(customer__in=entries if full else []).order_by("at", "id")
        ),
        consents=tuple(ConsentLine(purpose, state) for purpose, state in states(customer).items()),
        companions=tuple(_companions(entries)) if own else (),
    )


def _name(customer: Customer, seen: Sight, language: str) -> str:
    if seen is Sight.FULL and customer.nickname:
        return customer.nickname
    return pseudonym(str(customer.public_id), language)


def _identities(entries: list[int]) -> Iterable[IdentityLine]:
    for row in Identity.objects.filter(customer__in=entries).order_by("kind", "-last_seen", "-id"):
        yield IdentityLine(
            IdentityKind(row.kind), row.source, _shown(row), verified=row.verified, first_seen=row.first_seen
        )


def _shown(row: Identity) -> str:
    if row.kind == IdentityKind.PHONE:
        return mask_phone(row.value.removeprefix("+86"))
    return row.lookup if row.kind == IdentityKind.MEMBER_CODE else ""


def companions_of(viewer: Viewer) -> tuple[CompanionCard, ...]:
    """The asking member's own children, by one statement; of nobody none."""
    if viewer.person is None:
        return ()
    mine = Customer.objects.filter(Q(pk=viewer.person) | Q(survivor=viewer.person)).values("pk")
    return tuple(_companions(mine))


def _companions(entries: list[int] | QuerySet[Any, Any]) -> Iterable[CompanionCard]:
    today = clock.business_day(clock.now())
    for row in Companion.objects.filter(guardian__in=entries, delete_on__gt=today).order_by("id"):
        yield CompanionCard(row.public_id, row.nickname, int(row.age_years), row.age_given_on, row.delete_on)


def search_customers(
    viewer: Viewer,
    text: str = "",
    *,
    store: Store | None = None,
    kind: CustomerKind | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[PersonLine]:
    """The people in reach, newest first, that a text finds: a nickname, its pinyin or initials, the last four digits or the
    whole of a phone, a member code. An empty text finds all.

    Who sees pseudonyms only may search by member code alone. Always the surviving entries of merges.
    """
    found = reached(viewer).select_related("home_store")
    if store is not None:
        found = found.filter(home_store=store)
    if kind is not None:
        found = found.filter(kind=kind)
    text = text.strip()
    if text:
        found = found.filter(_matches(viewer, text))
    rows = page(found, by=("-id",), limit=limit, cursor=cursor)
    return Page(tuple(_lines(viewer, rows.items)), rows.cursor)


def _matches(viewer: Viewer, text: str) -> Q:
    by_code = Q(kind=IdentityKind.MEMBER_CODE, lookup=text)
    if sight(viewer.roles) is not Sight.FULL:
        return Q(id__in=_owners(by_code))
    wanted = by_code
    if text.isdigit() and len(text) == TAIL:
        places = viewer.places()
        homes = Store.objects.values_list("id", flat=True) if places is None else places
        wanted |= Q(tail__in=[tail_hash(home, text) for home in [None, *homes]])
    elif sum(c.isdigit() for c in text) >= FULL_PHONE:
        for kind, lookup in phone_lookups(text):
            wanted |= Q(kind=kind, lookup=lookup)
    spelled = text.lower().replace(" ", "")
    named = Customer.objects.filter(
        Q(nickname__contains=text)
        | Q(nickname_pinyin__startswith=spelled)
        | Q(nickname_initials__startswith=spelled)
    ).annotate(person=Coalesce(F("survivor_id"), F("id")))
    return Q(id__in=_owners(wanted)) | Q(id__in=named.values("person"))


def _owners(wanted: Q) -> QuerySet[Identity, int]:
    owners = Identity.objects.filter(wanted).annotate(
        person=Coalesce(F("customer__survivor_id"), F("customer_id"))
    )
    return owners.values("person")  # type: ignore[return-value]  # a subquery of ids


def tail_hash(home_store: int | None, digits: str) -> str:
    """The keyed hash of a phone's last digits in one store: of use at its counter, not as a register of the chain."""
    return blind(f"phone-tail:{home_store or 0}", digits[-TAIL:])


def _lines(viewer: Viewer, customers: Iterable[Customer]) -> Iterable[PersonLine]:
    shown = list(customers)
    full = sight(viewer.roles) is Sight.FULL
    codes, phones = _labels([customer.pk for customer in shown])
    for one in shown:
        home = one.home_store
        yield PersonLine(
            id=one.pk,
            public_id=one.public_id,
            name=_name(one, Sight.FULL if full else Sight.PSEUDONYM, viewer.language),
            phone_hint=phones.get(one.pk, "") if full else "",
            member_code=codes.get(one.pk, "") if full else "",
            kind=CustomerKind(one.kind),
            home_store_code=home.code if home else "",
            home_store_name=home.name if home else "",
            registered_at=one.registered_at,
            is_staff=one.is_staff,
            simulated=one.simulated,
        )


def _labels(persons: list[int]) -> tuple[dict[int, str], dict[int, str]]:
    """Per surviving person the member code and the masked phone seen last: one query for a whole page."""
    found: dict[str, dict[int, str]] = defaultdict(dict)
    rows = (
        Identity.objects.filter(Q(customer__in=persons) | Q(customer__survivor__in=persons))
        .filter(kind__in=[IdentityKind.MEMBER_CODE, IdentityKind.PHONE])
        .annotate(person=Coalesce(F("customer__survivor_id"), F("customer_id")))
        .order_by("last_seen", "id")
    )
    for row in rows:
        found[row.kind][row.person] = _shown(row)
    return found[IdentityKind.MEMBER_CODE], found[IdentityKind.PHONE]
