"""Rings for lists of people: one query for a page, and the people of one ring page by page."""

from collections.abc import Collection

from django.db.models import Q

from tongxin.foundation.access import Viewer
from tongxin.foundation.pages import Page, page
from tongxin.people.models import Customer
from tongxin.people.queries import PersonLine
from tongxin.people.queries.customers import reached
from tongxin.people.rules import Sight, pseudonym, sight
from tongxin.people.terms import CustomerKind
from tongxin.rings.models import Placement
from tongxin.rings.terms import Ring


def rings_of(viewer: Viewer, persons: Collection[int]) -> dict[int, Ring]:
    """The ring of each of these people in reach; who switched personalisation off stands outside, as a blank profile does."""
    rows = Placement.objects.filter(
        customer__in=reached(viewer).filter(id__in=persons), period__upper_inf=True
    ).values_list("customer", "ring", "customer__personalise")
    return {person: Ring(ring) if personalise else Ring.OUTER for person, ring, personalise in rows}


def rings_held(persons: Collection[int]) -> dict[int, Ring]:
    """The ring of each of these people, for rules that give out places; nobody's page. A blank profile stands outside."""
    rows = Placement.objects.filter(customer__in=persons, period__upper_inf=True).values_list(
        "customer", "ring", "customer__personalise"
    )
    return {person: Ring(ring) if personalise else Ring.OUTER for person, ring, personalise in rows}


def people_in(viewer: Viewer, ring: Ring, *, limit: int = 50, cursor: str | None = None) -> Page[PersonLine]:
    """The people in reach who stand in a ring, newest first. Phones and codes stay with the search by name."""
    here = Q(ring=ring, customer__personalise=True)
    if ring is Ring.OUTER:  # with those who switched off since the last run: they are nowhere else
        here = Q(ring=ring) | Q(customer__personalise=False)
    standing = Placement.objects.filter(here, period__upper_inf=True)
    found = reached(viewer).filter(id__in=standing.values("customer")).select_related("home_store")
    rows = page(found, by=("-id",), limit=limit, cursor=cursor)
    full = sight(viewer.roles) is Sight.FULL
    return Page(tuple(_line(one, viewer, full=full) for one in rows.items), rows.cursor)


def people_lines(viewer: Viewer, persons: Collection[int]) -> list[PersonLine]:
    """Lines for these people as far as they are in reach, in the order given."""
    found = {one.pk: one for one in reached(viewer).filter(id__in=persons).select_related("home_store")}
    full = sight(viewer.roles) is Sight.FULL
    return [_line(found[person], viewer, full=full) for person in persons if person in found]


def _line(one: Customer, viewer: Viewer, *, full: bool) -> PersonLine:
    home = one.home_store
    return PersonLine(
        id=one.pk,
        public_id=one.public_id,
        name=one.nickname if full and one.nickname else pseudonym(str(one.public_id), viewer.language),
        phone_hint="",
        member_code="",
        kind=CustomerKind(one.kind),
        home_store_code=home.code if home else "",
        home_store_name=home.name if home else "",
        registered_at=one.registered_at,
        is_staff=one.is_staff,
        simulated=one.simulated,
    )
