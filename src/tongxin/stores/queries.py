"""Reading stores, staff and grants. What could leak begins with the viewer; foreign answers as absent."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from tongxin.foundation import clock, prepared
from tongxin.foundation.access import Grant as Reach
from tongxin.foundation.access import Viewer
from tongxin.foundation.accounts.models import Account
from tongxin.foundation.accounts.terms import AccountKind
from tongxin.foundation.errors import Refused
from tongxin.foundation.pages import Page, page
from tongxin.foundation.sealing import blind, mask_phone
from tongxin.stores.models import Brand, Grant, Region, Staff, Store, StoreResource
from tongxin.stores.rules import e164
from tongxin.stores.terms import Role

# ---- the brand and whole-installation look-ups


def the_brand() -> Brand:
    """The brand of this installation. Refuses `stores.no_brand`."""
    brand = Brand.objects.order_by("id").first()
    if brand is None:
        raise Refused("stores.no_brand")
    return brand


def store_by_code(brand: Brand, code: str) -> Store | None:
    """A store by the chain's own code, None when nobody described or named it yet."""
    return Store.objects.filter(brand=brand, code=code).first()


def stores_by_code(brand: Brand, codes: Iterable[str] | None = None) -> dict[str, Store]:
    """Stores by code, for importers: one query however many."""
    found = Store.objects.filter(brand=brand)
    if codes is not None:
        found = found.filter(code__in=set(codes))
    return {store.code: store for store in found}


def business_day_of(store: Store, at: datetime) -> date:
    """The trading day of `at` in a store, by its own zone and cut-off hour."""
    return clock.business_day(at, store.zone, store.cutoff_hour)


# ---- who asks


def viewer_for(
    account: Account,
    *,
    person: int | None = None,
    brand: int | None = None,
    scopes: Iterable[str] | None = None,
    second_factor: bool = False,
    device: int | None = None,
    language: str = "zh",
) -> Viewer:
    """The viewer behind an account: its live grants, opened out into stores.

    Looked up on every request, so a revoked or expired grant, a closed account or a deactivated member of staff reaches nothing
    from the next request on (promise P15). `person` adds the role of a member, who reaches only themselves; a member's account
    holds no grants (`stores.actions.grant` refuses them), so with `brand` given nothing has to be asked.
    """
    held: list[Reach] = []
    if account.kind != AccountKind.MEMBER or brand is None:
        brand, held = _reaches(account)
    if account.is_active and person is not None:
        held.append(Reach(Role.MEMBER))
    return Viewer(
        account=account.pk,
        name=account.handle,
        grants=tuple(held),
        person=person if account.is_active else None,
        scopes=None if scopes is None else frozenset(scopes),
        second_factor=second_factor,
        device=device,
        brand=brand,
        language=language,
    )


# Brand, live grants with the stores they open, and whether this person has left: one question, asked on every request.
_REACH = """
SELECT b.id, g.role, g.brand_id, g.store_id, g.until,
    ARRAY(SELECT s.id FROM stores_store s WHERE s.region_id = g.region_id AND g.region_id IS NOT NULL),
    EXISTS (SELECT 1 FROM stores_staff f WHERE f.account_id = %(account)s AND NOT f.active)
FROM (SELECT min(id) AS id FROM stores_brand) b
LEFT JOIN stores_grant g ON g.account_id = %(account)s AND g.revoked_at IS NULL AND NOT g.waits
    AND (g.until IS NULL OR g.until > %(now)s)
ORDER BY g.id
"""


def _reaches(account: Account) -> tuple[int | None, list[Reach]]:
    rows = prepared.rows(_REACH, {"account": account.pk, "now": clock.now()})
    held = [
        Reach(
            role=role,
            everywhere=brand is not None,
            places=frozenset([store] if store is not None else stores),
            until=until,
        )
        for _, role, brand, store, until, stores, left in rows
        if role is not None and account.is_active and not left
    ]
    return rows[0][0], held


def _live_grants() -> QuerySet[Grant]:
    """Neither revoked nor over; those that wait for a second person are among them, and say so."""
    return Grant.objects.filter(Q(until=None) | Q(until__gt=clock.now()), revoked_at=None)


# ---- stores


def _reached(viewer: Viewer, roles: Iterable[str] | None = None) -> QuerySet[Store]:
    places = viewer.places(roles)
    return Store.objects.all() if places is None else Store.objects.filter(id__in=places)


def stores_for(viewer: Viewer, *, unsorted: bool | None = None) -> list[Store]:
    """The stores in reach, by code, with their regions."""
    found = _reached(viewer).select_related("region")
    if unsorted is not None:
        found = found.filter(unsorted=unsorted)
    return list(found.order_by("code"))


def stores_page(viewer: Viewer, *, limit: int = 50, cursor: str | None = None) -> Page[Store]:
    """The stores in reach, page by page, by code."""
    return page(_reached(viewer).select_related("region"), by=("code", "id"), limit=limit, cursor=cursor)


def access_store(viewer: Viewer, public_id: UUID | str, *, roles: Iterable[str] | None = None) -> Store:
    """A store in reach (of one of `roles`, if given). Refuses `absent`."""
    found = _one(_reached(viewer, roles).select_related("region"), public_id)
    if not isinstance(found, Store):
        raise Refused("absent")
    return found


def regions_for(viewer: Viewer) -> list[Region]:
    """The regions of which some store is in reach; the whole brand sees all."""
    places = viewer.places()
    found = Region.objects.all()
    if places is not None:
        found = found.filter(id__in=Store.objects.filter(id__in=places).values("region"))
    return list(found.order_by("code"))


def access_region(viewer: Viewer, public_id: UUID | str) -> Region:
    """A region of which every store is in reach. Refuses `absent`: half a region is nobody's to act on."""
    region = _one(Region.objects.all(), public_id)
    if not isinstance(region, Region) or (viewer.places() is not None and not _whole(viewer, region)):
        raise Refused("absent")
    return region


def _whole(viewer: Viewer, region: Region) -> bool:
    inside = frozenset(Store.objects.filter(region=region).values_list("id", flat=True))
    return bool(inside) and inside <= (viewer.places() or frozenset())


def resources_of(viewer: Viewer, public_id: UUID | str) -> list[StoreResource]:
    """What a store in reach has for events. Refuses `absent`."""
    return list(StoreResource.objects.filter(store=access_store(viewer, public_id)).order_by("name"))


# ---- staff


@dataclass(frozen=True)
class StaffCard:
    """A member of staff as colleagues see them: the phone is masked."""

    public_id: UUID
    code: str
    name: str
    phone_hint: str
    store_code: str
    store_name: str
    role_word: str
    active: bool


STAFF_READERS = frozenset(
    {"system", Role.ADMIN, Role.HQ_EDITOR, Role.AUDITOR, Role.REGION_MANAGER, Role.STORE_MANAGER}
)


def _staff(viewer: Viewer) -> QuerySet[Staff]:
    places = viewer.places(STAFF_READERS)
    found = Staff.objects.select_related("store")
    return found if places is None else found.filter(store__in=places)


def staff_for(viewer: Viewer, *, limit: int = 50, cursor: str | None = None) -> Page[StaffCard]:
    """The staff of the stores that the viewer manages, page by page, by code."""
    found = page(_staff(viewer), by=("code", "id"), limit=limit, cursor=cursor)
    return Page(tuple(_card(row) for row in found.items), found.cursor)


def my_card(viewer: Viewer) -> StaffCard | None:
    """The asking person's own card, None for who has none here (members, devices, jobs)."""
    row = Staff.objects.select_related("store").filter(account=viewer.account or 0).first()
    return None if row is None else _card(row)


def _card(row: Staff) -> StaffCard:
    return StaffCard(
        public_id=row.public_id,
        code=row.code,
        name=row.name,
        phone_hint=mask_phone(row.phone.removeprefix("+86")) if row.phone else "",
        store_code=row.store.code if row.store else "",
        store_name=row.store.name if row.store else "",
        role_word=row.role_word,
        active=row.active,
    )


def access_staff(viewer: Viewer, public_id: UUID | str) -> Staff:
    """A member of staff in reach, or oneself. Refuses `absent`."""
    found = _one(_staff(viewer), public_id) or _one(
        Staff.objects.select_related("store").filter(account=viewer.account or 0), public_id
    )
    if not isinstance(found, Staff):
        raise Refused("absent")
    return found


def staff_phone_lookups(lookups: Sequence[str]) -> frozenset[str]:
    """Which of these blind phone hashes belong to active staff; who works here is left out of member figures."""
    return frozenset(
        Staff.objects.filter(active=True, phone_lookup__in=[one for one in lookups if one]).values_list(
            "phone_lookup", flat=True
        )
    )


def phone_lookup(phone: str) -> str:
    """The keyed hash under which a phone is found, "" when it is no possible number. The same for staff and customers."""
    number = e164(phone)
    return blind("phone", number) if number else ""


# ---- grants


def grants_for(viewer: Viewer, *, limit: int = 50, cursor: str | None = None) -> Page[Grant]:
    """The live grants inside the viewer's reach, and the viewer's own, newest first."""
    return page(_grants(viewer), by=("-granted_at", "-id"), limit=limit, cursor=cursor)


def access_grant(viewer: Viewer, public_id: UUID | str) -> Grant:
    """A live grant in reach. Refuses `absent`."""
    found = _one(_grants(viewer), public_id)
    if not isinstance(found, Grant):
        raise Refused("absent")
    return found


def _grants(viewer: Viewer) -> QuerySet[Grant]:
    found = _live_grants().select_related("account", "brand", "region", "store")
    places = viewer.places(STAFF_READERS)
    if places is None:
        return found
    half = Store.objects.exclude(id__in=places).exclude(region=None).values("region")
    whole = Store.objects.filter(id__in=places).exclude(region__in=half).values("region")
    own = Q(account=viewer.account or 0)
    return found.filter(own | Q(store__in=places) | Q(region__in=whole))


def _one(
    rows: QuerySet[Store] | QuerySet[Staff] | QuerySet[Grant] | QuerySet[Region], public_id: UUID | str
) -> Store | Staff | Grant | Region | None:
    try:
        wanted = public_id if isinstance(public_id, UUID) else UUID(public_id)
    except ValueError:
        return None
    return rows.filter(public_id=wanted).first()
