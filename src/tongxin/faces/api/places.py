"""`/stores`, `/staff`, `/grants`, `/devices`: places, who works there, who may do what, and the devices at the door."""

import uuid
from datetime import date, datetime
from typing import Any

from ninja import Router
from pydantic import Field

from tongxin.faces import devices as taking_in
from tongxin.faces.api.shapes import Cursor, In, Limit, Moment, Out, Short, Yes
from tongxin.faces.api.writing import write
from tongxin.faces.asking import Asked
from tongxin.foundation.accounts import actions as accounts
from tongxin.foundation.accounts import queries as entries
from tongxin.stores import actions, queries
from tongxin.stores.terms import Role

router = Router()


# ---- stores and staff


class Store(Out):
    """A shop. `unsorted` is 待归类: named by a file, not described yet."""

    id: uuid.UUID
    code: str
    name: str
    region: str | None
    city: str
    district: str
    zone: str
    cutoff_hour: int
    opened_on: date | None
    closed_on: date | None
    format: str
    unsorted: bool


class Stores(Out):
    items: list[Store]
    cursor: str | None


def _store(store: Any) -> Store:
    return Store(
        id=store.public_id,
        code=store.code,
        name=store.name,
        region=store.region.code if store.region else None,
        city=store.city,
        district=store.district,
        zone=store.zone,
        cutoff_hour=store.cutoff_hour,
        opened_on=store.opened_on,
        closed_on=store.closed_on,
        format=store.format,
        unsorted=store.unsorted,
    )


@router.get("/stores", url_name="stores", operation_id="stores.list", response=Stores, tags=["stores"])
def list_stores(request: Asked, limit: Limit = 50, cursor: Cursor | None = None) -> Stores:
    """The stores in reach, by code."""
    page = queries.stores_page(request.viewer, limit=limit, cursor=cursor)
    return Stores(items=[_store(s) for s in page.items], cursor=page.cursor)


@router.get(
    "/stores/{uuid:store_id}", url_name="store", operation_id="stores.read", response=Store, tags=["stores"]
)
def read_store(request: Asked, store_id: uuid.UUID) -> Store:
    """One store in reach."""
    return _store(queries.access_store(request.viewer, store_id))


class Colleague(Out):
    """A member of staff as colleagues see them; the phone is masked."""

    id: uuid.UUID
    code: str
    name: str
    phone_hint: str
    store: str
    role_word: str
    active: bool


class Staff(Out):
    items: list[Colleague]
    cursor: str | None


@router.get("/staff", url_name="staff", operation_id="staff.list", response=Staff, tags=["stores"])
def list_staff(request: Asked, limit: Limit = 50, cursor: Cursor | None = None) -> Staff:
    """The staff of the stores one manages, by code."""
    page = queries.staff_for(request.viewer, limit=limit, cursor=cursor)
    cards = [
        Colleague(
            id=c.public_id,
            code=c.code,
            name=c.name,
            phone_hint=c.phone_hint,
            store=c.store_code,
            role_word=c.role_word,
            active=c.active,
        )
        for c in page.items
    ]
    return Staff(items=cards, cursor=page.cursor)


# ---- grants


class Grant(Out):
    """A role of an account over exactly one place: everywhere, a region or a store."""

    id: uuid.UUID
    account: uuid.UUID
    handle: str
    role: Role
    everywhere: bool
    region: str | None
    store: str | None
    until: datetime | None
    granted_by: str
    granted_at: datetime
    waits: bool
    seconded_by: str
    revoked_at: datetime | None


class Grants(Out):
    items: list[Grant]
    cursor: str | None


class NewGrant(In):
    """Name exactly one place: `everywhere`, a region or a store."""

    account: uuid.UUID
    role: Role
    everywhere: Yes = False
    region: uuid.UUID | None = None
    store: uuid.UUID | None = None
    until: Moment | None = None


def _grant(grant: Any) -> Grant:
    return Grant(
        id=grant.public_id,
        account=grant.account.public_id,
        handle=grant.account.handle,
        role=Role(grant.role),
        everywhere=grant.brand_id is not None,
        region=grant.region.code if grant.region else None,
        store=grant.store.code if grant.store else None,
        until=grant.until,
        granted_by=grant.granted_by,
        granted_at=grant.granted_at,
        waits=grant.waits,
        seconded_by=grant.seconded_by,
        revoked_at=grant.revoked_at,
    )


@router.get("/grants", url_name="grants", operation_id="grants.list", response=Grants, tags=["grants"])
def list_grants(request: Asked, limit: Limit = 50, cursor: Cursor | None = None) -> Grants:
    """The live grants within one's reach, and one's own, newest first."""
    page = queries.grants_for(request.viewer, limit=limit, cursor=cursor)
    return Grants(items=[_grant(g) for g in page.items], cursor=page.cursor)


@router.post(
    "/grants", url_name="grants", operation_id="grants.create", response={201: Grant}, tags=["grants"]
)
@write(201)
def create_grant(request: Asked, body: NewGrant) -> Grant:
    """Give a role; never a wider one, over more places or for longer than one's own.

    A role of headquarters `waits` until a second administrator agrees.
    """
    viewer = request.viewer
    return _grant(
        actions.grant(
            viewer=viewer,
            account=entries.account_by_public_id(viewer, body.account),
            role=body.role,
            store=queries.access_store(viewer, body.store) if body.store else None,
            region=queries.access_region(viewer, body.region) if body.region else None,
            brand=queries.the_brand() if body.everywhere else None,
            until=body.until,
        )
    )


@router.delete(
    "/grants/{uuid:grant_id}", url_name="grant", operation_id="grants.revoke", response=Grant, tags=["grants"]
)
@write()
def revoke_grant(request: Asked, grant_id: uuid.UUID) -> Grant:
    """Take a grant back; its holder is refused on the next request."""
    return _grant(actions.revoke(viewer=request.viewer, grant_id=grant_id))


@router.post(
    "/grants/{uuid:grant_id}/second",
    url_name="grant.second",
    operation_id="grants.second",
    response=Grant,
    tags=["grants"],
)
@write()
def second_grant(request: Asked, grant_id: uuid.UUID) -> Grant:
    """Agree to a grant that waits; not one's own, and not one that one gave."""
    return _grant(actions.second_grant(viewer=request.viewer, grant_id=grant_id))


# ---- devices


class Device(Out):
    """A thing at a store that acts by itself. Its key is shown once, to the device that types the code."""

    id: uuid.UUID
    name: str
    store: str
    enrolled_at: datetime | None
    revoked_at: datetime | None
    created_by: str


class Devices(Out):
    items: list[Device]


class NewDevice(In):
    store: uuid.UUID
    name: Short


class Enrolled(Device):
    """With the code to type on the device within a day."""

    code: str


class Activation(In):
    code: str = Field(min_length=16, max_length=24, pattern=r"^[0-9A-Za-z-]+$")


class Activated(Device):
    """With the device's key, to be used as bearer."""

    key: str


def _devices(viewer: Any, found: list[Any]) -> list[dict[str, Any]]:
    codes = {s.pk: s.code for s in queries.stores_for(viewer)}
    return [_device(d, codes.get(d.place, "")) for d in found]


def _device(device: Any, store: str) -> dict[str, Any]:
    return {
        "id": device.public_id,
        "name": device.name,
        "store": store,
        "enrolled_at": device.enrolled_at,
        "revoked_at": device.revoked_at,
        "created_by": device.created_by,
    }


@router.get("/devices", url_name="devices", operation_id="devices.list", response=Devices, tags=["devices"])
def list_devices(request: Asked) -> Devices:
    """The devices of the stores in reach, newest first."""
    viewer = request.viewer
    return Devices(items=[Device(**d) for d in _devices(viewer, entries.devices(viewer))])


@router.post(
    "/devices", url_name="devices", operation_id="devices.enrol", response={201: Enrolled}, tags=["devices"]
)
@write(201)
def enrol_device(request: Asked, body: NewDevice) -> Enrolled:
    """Take a device in; answers the code to type on it."""
    device, code = taking_in.enrol(viewer=request.viewer, store=body.store, name=body.name)
    return Enrolled(**_devices(request.viewer, [device])[0], code=code)


@router.delete(
    "/devices/{uuid:device_id}",
    url_name="device",
    operation_id="devices.revoke",
    response=Device,
    tags=["devices"],
)
@write()
def revoke_device(request: Asked, device_id: uuid.UUID) -> Device:
    """Take a device's key back; its next request is refused."""
    viewer = request.viewer
    device = entries.access_device(viewer, device_id)
    accounts.revoke_device(viewer=viewer, device=device)
    return Device(**_devices(viewer, [entries.access_device(viewer, device_id)])[0])


@router.post(
    "/devices/activate",
    url_name="devices.activate",
    operation_id="devices.activate",
    response={201: Activated},
    tags=["devices"],
)
def activate_device(request: Asked, body: Activation) -> Activated:
    """The code becomes the device's key. The code counts once, so this write needs no key of its own."""
    device, key = accounts.activate_device(code=body.code, origin=request.origin)
    return Activated(**_device(device, ""), key=key)
