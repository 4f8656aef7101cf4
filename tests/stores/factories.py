"""Stores, staff and grants for tests, made through the actions. Any room's tests may use them."""

from typing import Any

import factory
from factory.django import DjangoModelFactory

from tongxin.foundation.access import Viewer, system
from tongxin.foundation.accounts.actions import create_account
from tongxin.foundation.accounts.models import Account
from tongxin.foundation.accounts.terms import AccountKind
from tongxin.stores import actions, queries
from tongxin.stores.models import Brand, Grant, Region, Staff, Store
from tongxin.stores.rules import StaffRow, StoreRow
from tongxin.stores.terms import BREADTHS, Role

TESTS = system("tests")


class BrandFactory(DjangoModelFactory):
    """The brand; the one that is there, if it is."""

    class Meta:
        model = Brand

    code = "tx"
    name = "同心超市"
    currency = "CNY"
    zone = "Asia/Shanghai"

    @classmethod
    def _create(cls, model_class: type[Brand], *args: Any, **kwargs: Any) -> Brand:
        return Brand.objects.first() or actions.open_brand(viewer=TESTS, **kwargs)


class RegionFactory(DjangoModelFactory):
    """A region."""

    class Meta:
        model = Region

    code = factory.Sequence(lambda n: f"r{n:03}")
    name = factory.LazyAttribute(lambda o: f"区域{o.code}")

    @classmethod
    def _create(cls, model_class: type[Region], *args: Any, **kwargs: Any) -> Region:
        BrandFactory()
        return actions.open_region(viewer=TESTS, **kwargs)


class StoreFactory(DjangoModelFactory):
    """A store; `region` a Region or None."""

    class Meta:
        model = Store

    code = factory.Sequence(lambda n: f"s{n:04}")
    name = factory.LazyAttribute(lambda o: f"门店{o.code}")
    region = None

    @classmethod
    def _create(cls, model_class: type[Store], *args: Any, **kwargs: Any) -> Store:
        brand = BrandFactory()
        region = kwargs.pop("region")
        code, name, zone = kwargs.pop("code"), kwargs.pop("name"), kwargs.pop("zone", None)
        row = StoreRow(
            store_code=code, name=name, region=region.code if region else None, timezone=zone, **kwargs
        )
        actions.upsert_stores(viewer=TESTS, rows=[row])
        return Store.objects.get(brand=brand, code=code)


class AccountFactory(DjangoModelFactory):
    """A staff account without a password; `password="…"` gives one."""

    class Meta:
        model = Account

    handle = factory.Sequence(lambda n: f"staff-{n:04}")
    kind = AccountKind.STAFF

    @classmethod
    def _create(cls, model_class: type[Account], *args: Any, **kwargs: Any) -> Account:
        return create_account(viewer=TESTS, **kwargs)


class StaffFactory(DjangoModelFactory):
    """A member of staff; `account` links one."""

    class Meta:
        model = Staff

    code = factory.Sequence(lambda n: f"e{n:05}")
    name = factory.LazyAttribute(lambda o: f"员工{o.code}")
    store = factory.SubFactory(StoreFactory)
    account = None

    @classmethod
    def _create(cls, model_class: type[Staff], *args: Any, **kwargs: Any) -> Staff:
        store, account = kwargs.pop("store"), kwargs.pop("account")
        row = StaffRow(
            staff_code=kwargs.pop("code"),
            name=kwargs.pop("name"),
            store_code=store.code if store else None,
            **kwargs,
        )
        BrandFactory()
        actions.upsert_staff(viewer=TESTS, rows=[row])
        staff = Staff.objects.get(code=row.staff_code)
        return actions.link_account(viewer=TESTS, staff=staff, account=account) if account else staff


class GrantFactory(DjangoModelFactory):
    """A grant; the place is `store`, `region` or `brand`, and the brand when none is given."""

    class Meta:
        model = Grant

    account = factory.SubFactory(AccountFactory)
    role = Role.ADMIN

    @classmethod
    def _create(cls, model_class: type[Grant], *args: Any, **kwargs: Any) -> Grant:
        if not {"store", "region", "brand"} & {name for name, place in kwargs.items() if place is not None}:
            kwargs["brand"] = BrandFactory()
        return actions.grant(viewer=TESTS, **kwargs)


def viewer(
    role: Role | str,
    *,
    store: Store | None = None,
    region: Region | None = None,
    account: Account | None = None,
    second_factor: bool = True,
    **more: Any,
) -> Viewer:
    """Somebody with one role, granted over the place it needs: a store (made if not given), a region, the brand."""
    role = Role(role)
    breadth = BREADTHS[role]
    place: dict[str, Any] = {}
    if "store" in breadth and region is None:
        place = {"store": store or StoreFactory()}
    elif "region" in breadth:
        place = {"region": region or RegionFactory()}
    made = GrantFactory(role=role, **place, **({"account": account} if account else {}))
    return queries.viewer_for(made.account, second_factor=second_factor, **more)
