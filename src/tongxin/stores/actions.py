"""Opening a chain, taking its stores and staff in, granting and revoking."""

import zoneinfo
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from django.db import IntegrityError, models, transaction

from tongxin.foundation import clock
from tongxin.foundation.access import SYSTEM, Viewer
from tongxin.foundation.accounts.models import Account
from tongxin.foundation.accounts.terms import AccountKind
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.foundation.locks import advisory
from tongxin.stores import queries
from tongxin.stores.models import Brand, Grant, Region, Staff, Store, StoreResource
from tongxin.stores.rules import Counts, StaffRow, StoreRow, Wish, e164, may_grant, may_second, needs_second
from tongxin.stores.terms import ResourceKind, Role

BATCH = 2000
GRANTS = (
    "stores.grants"  # one grant or revocation at a time: the last admin cannot be taken away twice at once
)
STORES = "stores.stores"
KEPT_AFTER_LEAVING = timedelta(days=90)

Row = TypeVar("Row", bound=models.Model)


def _zone(name: str) -> str:
    if name not in zoneinfo.available_timezones():
        raise Refused("stores.bad_zone", zone=name[:64])
    return name


def open_brand(
    *, viewer: Viewer, code: str, name: str, currency: str = "CNY", zone: str = clock.SHANGHAI
) -> Brand:
    """Found the chain; one per installation. Refuses `stores.brand_exists`, `stores.bad_zone`."""
    _zone(zone)
    with advisory(STORES):
        if Brand.objects.exists():
            raise Refused("stores.brand_exists")
        brand = Brand.objects.create(code=code, name=name, currency=currency, zone=zone)
        trail(
            viewer=viewer,
            act="stores.brand_opened",
            subject=("stores", "brand", str(brand.public_id)),
            after={"code": code, "currency": currency, "zone": zone},
        )
    return brand


def open_region(*, viewer: Viewer, code: str, name: str) -> Region:
    """A new region. Refuses `stores.code_taken`, `stores.no_brand`."""
    brand = queries.the_brand()
    try:
        with transaction.atomic():
            region = Region.objects.create(brand=brand, code=code, name=name)
            trail(
                viewer=viewer,
                act="stores.region_opened",
                subject=("stores", "region", str(region.public_id)),
                after={"code": code},
            )
    except IntegrityError:
        raise Refused("stores.code_taken", what=code) from None
    return region


def add_resource(*, viewer: Viewer, store: Store, kind: ResourceKind, name: str, seats: int) -> StoreResource:
    """A room, an oven, a table of a store. Refuses `absent` out of reach, `stores.code_taken` for a second one of that name."""
    if not viewer.reaches(store.pk):
        raise Refused("absent")
    try:
        with transaction.atomic():
            resource = StoreResource.objects.create(store=store, kind=kind, name=name, seats=seats)
            trail(
                viewer=viewer,
                act="stores.resource_added",
                subject=("stores", "resource", str(resource.public_id)),
                after={"store": store.code, "kind": str(kind), "seats": seats},
            )
    except IntegrityError:
        raise Refused("stores.code_taken", what=name) from None
    return resource


# ---- tables that come in


def unsorted_store(*, viewer: Viewer, code: str) -> Store:
    """The store of that code; one nobody described yet is made as 待归类 rather than refused."""
    return unsorted_stores(viewer=viewer, codes=[code])[code]


def unsorted_stores(*, viewer: Viewer, codes: Iterable[str]) -> dict[str, Store]:
    """The same for many codes: all their stores by code."""
    wanted = {code for code in codes if code}
    brand = queries.the_brand()
    found = queries.stores_by_code(brand, wanted)
    missing = sorted(wanted - found.keys())
    if not missing:
        return found
    with advisory(STORES):
        found = queries.stores_by_code(brand, wanted)
        made = [
            Store(brand=brand, code=code, name=code, zone=brand.zone, unsorted=True)
            for code in missing
            if code not in found
        ]
        Store.objects.bulk_create(made)
        if made:
            trail(
                viewer=viewer,
                act="stores.unsorted_found",
                subject=("stores", "brand", str(brand.public_id)),
                after={"codes": [store.code for store in made[:50]], "count": len(made)},
            )
    return found | {store.code: store for store in made}


def upsert_stores(*, viewer: Viewer, rows: Iterable[StoreRow]) -> Counts:
    """Take the table `stores` in, by code; the last row of a code wins. Regions are made as they are named.

    A column that was not given keeps what is known. Refuses `stores.no_brand`, `stores.bad_zone`; then nothing is written.
    """
    wanted = {row.store_code: row for row in rows}
    for zone in {row.timezone for row in wanted.values() if row.timezone}:
        _zone(zone)
    brand = queries.the_brand()
    with advisory(STORES):
        regions = _regions(brand, {row.region for row in wanted.values() if row.region})
        known = queries.stores_by_code(brand, wanted)
        new, changed = [], []
        for code, row in wanted.items():
            values = _store_values(row, regions)
            if code not in known:
                new.append(Store(brand=brand, code=code, **({"zone": brand.zone} | values)))
            elif _differs(known[code], values):
                changed.append(known[code])
        _write(Store, new, changed, _STORE_FIELDS)
        counts = Counts(new=len(new), changed=len(changed), same=len(wanted) - len(new) - len(changed))
        _imported(viewer, "stores", brand, counts)
    return counts


_STORE_FIELDS = [
    "region", "name", "city", "district", "address", "lat", "lng", "zone", "cutoff_hour", "opened_on", "closed_on",
    "format", "wecom_department_id", "unsorted",
]  # fmt: skip


def _store_values(row: StoreRow, regions: dict[str, Region]) -> dict[str, Any]:
    given = {
        "region_id": regions[row.region].pk if row.region else None,
        "city": row.city,
        "district": row.district,
        "address": row.address,
        "lat": row.lat,
        "lng": row.lng,
        "zone": row.timezone or None,
        "cutoff_hour": row.cutoff_hour,
        "opened_on": row.opened_on,
        "closed_on": row.closed_on,
        "format": row.format,
        "wecom_department_id": row.wecom_department_id,
    }
    kept = {name: value for name, value in given.items() if value is not None}
    return kept | {"name": row.name, "unsorted": False}


def _regions(brand: Brand, names: set[str]) -> dict[str, Region]:
    """Regions by the word a file uses: its code or its name; unknown ones are made."""
    found: dict[str, Region] = {}
    for region in Region.objects.filter(brand=brand):
        found.setdefault(region.name, region)
        found[region.code] = region
    made = [Region(brand=brand, code=name[:64], name=name) for name in sorted(names - found.keys())]
    Region.objects.bulk_create(made)
    return found | {region.name: region for region in made}


def upsert_staff(*, viewer: Viewer, rows: Iterable[StaffRow]) -> Counts:
    """Take the table `staff` in, by code. Whoever leaves the chain (`active` False) reaches nothing from the next request on.

    An unknown store is made as 待归类. A phone that is no number is left out. Refuses `stores.no_brand`.
    """
    wanted = {row.staff_code: row for row in rows}
    brand = queries.the_brand()
    places = unsorted_stores(
        viewer=viewer, codes={row.store_code for row in wanted.values() if row.store_code}
    )
    with advisory(STORES):
        known = {
            member.code: member
            for member in Staff.objects.filter(brand=brand, code__in=wanted).select_for_update()
        }
        new, changed = [], []
        for code, row in wanted.items():
            values = _staff_values(row, places) | {"left_at": _left(known.get(code), row)}
            if code not in known:
                new.append(Staff(brand=brand, code=code, **values))
            elif _differs(known[code], values):
                changed.append(known[code])
        _write(Staff, new, changed, _STAFF_FIELDS)
        counts = Counts(new=len(new), changed=len(changed), same=len(wanted) - len(new) - len(changed))
        _imported(viewer, "staff", brand, counts)
    return counts


def forget_former_staff(*, viewer: Viewer) -> int:
    """Blank name, phone and address of who left ninety days ago or more; answers how many. The code stays: old acts name it."""
    personal = {"name": "", "phone": "", "phone_lookup": "", "wecom_userid": ""}
    with transaction.atomic():
        gone = Staff.objects.filter(active=False, left_at__lte=clock.now() - KEPT_AFTER_LEAVING)
        named = gone.exclude(name="", phone_lookup="", wecom_userid="")
        forgotten = list(named.select_for_update().values_list("pk", flat=True))
        Staff.objects.filter(pk__in=forgotten).update(**personal)
        if forgotten:
            trail(
                viewer=viewer,
                act="stores.former_staff_forgotten",
                subject=("stores", "brand", str(queries.the_brand().public_id)),
                after={"staff": len(forgotten)},
            )
    return len(forgotten)


_STAFF_FIELDS = ["store", "name", "phone", "phone_lookup", "role_word", "wecom_userid", "active", "left_at"]


def _staff_values(row: StaffRow, places: dict[str, Store]) -> dict[str, Any]:
    values: dict[str, Any] = {"name": row.name, "active": row.active}
    if row.store_code:
        values["store_id"] = places[row.store_code].pk
    if row.phone:
        number = e164(row.phone) or ""
        values |= {"phone": number, "phone_lookup": queries.phone_lookup(number) if number else ""}
    if row.role is not None:
        values["role_word"] = row.role
    if row.wecom_userid is not None:
        values["wecom_userid"] = row.wecom_userid
    return values


def _left(kept: Staff | None, row: StaffRow) -> datetime | None:
    """When somebody stopped working here, as far as we were told: the day we heard it, kept while they stay away."""
    if row.active:
        return None
    return kept.left_at if kept is not None and kept.left_at is not None else clock.now()


def _differs(kept: models.Model, values: dict[str, Any]) -> bool:
    """Set what is new on a kept row; was there anything?"""
    moved = {name: value for name, value in values.items() if getattr(kept, name) != value}
    for name, value in moved.items():
        setattr(kept, name, value)
    return bool(moved)


def _write(model: type[Row], new: Sequence[Row], changed: Sequence[Row], fields: Sequence[str]) -> None:
    rows = model._default_manager  # noqa: SLF001 (Django's public name for it)
    rows.bulk_create(new, batch_size=BATCH)
    # An upsert by id: bulk_update's CASE over thousands of rows takes a hundred times longer.
    rows.bulk_create(
        changed, batch_size=BATCH, update_conflicts=True, unique_fields=["id"], update_fields=fields
    )


def _imported(viewer: Viewer, table: str, brand: Brand, counts: Counts) -> None:
    if counts.new or counts.changed:
        trail(
            viewer=viewer,
            act=f"stores.{table}_imported",
            subject=("stores", "brand", str(brand.public_id)),
            after={"new": counts.new, "changed": counts.changed, "same": counts.same},
        )


def link_account(*, viewer: Viewer, staff: Staff, account: Account) -> Staff:
    """Say which account a member of staff signs in with. Refuses `absent` out of reach, `stores.code_taken` when it is used."""
    if not viewer.reaches(staff.store_id):
        raise Refused("absent")
    try:
        with transaction.atomic():
            found = Staff.objects.select_for_update().get(pk=staff.pk)
            found.account = account
            found.save(update_fields=["account"])
            trail(
                viewer=viewer,
                act="stores.staff_linked",
                subject=("stores", "staff", str(found.public_id)),
                after={"account": str(account.public_id)},
            )
    except IntegrityError:
        raise Refused("stores.code_taken", what=account.handle) from None
    return found


# ---- grants

_FAULTS = {"breadth": "stores.wrong_breadth", "expiry": "stores.past_expiry"}


def grant(
    *,
    viewer: Viewer,
    account: Account,
    role: Role,
    store: Store | None = None,
    region: Region | None = None,
    brand: Brand | None = None,
    until: datetime | None = None,
) -> Grant:
    """Give an account a role over one place, until a date or for good.

    A role of headquarters given by a person opens nothing until `second_grant` (promise P43).
    Refuses `stores.one_place`, `stores.wrong_breadth`, `stores.past_expiry`, `stores.not_for_staff`, and
    `stores.wider_than_own` with `what` = role, place or until: nobody gives what they do not hold.
    """
    given = [
        name for name, place in (("brand", brand), ("region", region), ("store", store)) if place is not None
    ]
    if len(given) != 1:
        raise Refused("stores.one_place")
    if account.kind == AccountKind.MEMBER:
        raise Refused("stores.not_for_staff")
    with advisory(GRANTS):
        wish = Wish(role=role, breadth=given[0], places=_covered(store, region), until=until)
        fault = may_grant(_held(viewer), wish, clock.now())
        if fault is not None:
            if fault in _FAULTS:
                raise Refused(_FAULTS[fault], role=role.zh)
            raise Refused("stores.wider_than_own", what=fault)
        made = Grant.objects.create(
            account=account,
            role=role,
            brand=brand,
            region=region,
            store=store,
            until=until,
            granted_by=viewer.name,
            granted_at=clock.now(),
            waits=needs_second(role, by_person=viewer.account is not None),
        )
        trail(
            viewer=viewer,
            act="stores.granted",
            subject=("stores", "grant", str(made.public_id)),
            after={
                "account": str(account.public_id),
                "role": str(role),
                "over": given[0],
                "until": until.isoformat() if until else None,
                "waits": made.waits,
            },
        )
    return made


def second_grant(*, viewer: Viewer, grant_id: UUID | str) -> Grant:
    """Another administrator agrees to a grant that waits: from the next request on it opens its doors.

    Refuses `absent`, `stores.not_waiting`, `stores.second_person`, `stores.wider_than_own`.
    """
    with advisory(GRANTS):
        found = queries.access_grant(viewer, grant_id)
        if not found.waits:
            raise Refused("stores.not_waiting")
        if not may_second(
            granter=found.granted_by, holder=found.account_id == viewer.account, asking=viewer.name
        ):
            raise Refused("stores.second_person")
        wish = Wish(role=Role(found.role), breadth="brand", places=None, until=found.until)
        fault = may_grant(_held(viewer), wish, clock.now())
        if fault is not None:
            raise Refused("stores.wider_than_own", what=fault)
        found.waits, found.seconded_by, found.seconded_at = False, viewer.name, clock.now()
        found.save(update_fields=["waits", "seconded_by", "seconded_at"])
        trail(
            viewer=viewer,
            act="stores.grant_seconded",
            subject=("stores", "grant", str(found.public_id)),
            after={"account": str(found.account.public_id), "role": found.role, "by": found.granted_by},
        )
    return found


def _held(viewer: Viewer) -> tuple[Any, ...]:
    """What the granter holds now, not what they held when the page was opened. Jobs carry theirs with them."""
    if viewer.account is None:
        return tuple(held for held in viewer.grants if held.role == SYSTEM)
    fresh = queries.viewer_for(Account.objects.get(pk=viewer.account))
    carried = viewer.roles
    return tuple(held for held in fresh.grants if held.role in carried)


def _covered(store: Store | None, region: Region | None) -> frozenset[int] | None:
    if store is not None:
        return frozenset({store.pk})
    if region is not None:
        return frozenset(Store.objects.filter(region=region).values_list("id", flat=True))
    return None


def revoke(*, viewer: Viewer, grant_id: UUID | str) -> Grant:
    """Take a grant back; its holder is refused on the next request.

    One may revoke what one could have given, and always one's own. Refuses `absent`, `stores.wider_than_own`,
    `stores.last_admin`.
    """
    with advisory(GRANTS):
        found = queries.access_grant(viewer, grant_id)
        if found.account_id != viewer.account:
            wish = Wish(
                role=Role(found.role),
                breadth="brand" if found.brand_id else "region" if found.region_id else "store",
                places=_covered(found.store, found.region),
                until=found.until,
            )
            fault = may_grant(_held(viewer), wish, clock.now())
            if fault == "until":  # taking back is not giving: a dated manager may end an undated champion
                fault = None
            if fault is not None:
                raise Refused("stores.wider_than_own", what=fault)
        if found.role == Role.ADMIN and not _another_admin(found):
            raise Refused("stores.last_admin")
        found.revoked_at, found.revoked_by = clock.now(), viewer.name
        found.save(update_fields=["revoked_at", "revoked_by"])
        trail(
            viewer=viewer,
            act="stores.revoked",
            subject=("stores", "grant", str(found.public_id)),
            before={"account": str(found.account.public_id), "role": found.role},
        )
    return found


def _another_admin(found: Grant) -> bool:
    return (
        Grant.objects.filter(
            role=Role.ADMIN, revoked_at=None, until=None, waits=False, account__is_active=True
        )
        .exclude(pk=found.pk)
        .exists()
    )
