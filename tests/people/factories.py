"""Customers for tests, made through the actions. Any room's tests may use them."""

from typing import Any

import factory
from factory.django import DjangoModelFactory

from stores.factories import TESTS, BrandFactory, StoreFactory
from tongxin.foundation.access import Viewer
from tongxin.foundation.accounts.models import Account
from tongxin.people import actions, queries
from tongxin.people.models import Customer
from tongxin.stores.queries import viewer_for


class CustomerFactory(DjangoModelFactory):
    """A member with a phone of their own. Takes what `register_member` takes; `member_code` may be a bare code of source `pos`."""

    class Meta:
        model = Customer

    nickname = factory.Sequence(lambda n: f"邻居{n}")
    phone = factory.Sequence(lambda n: f"139{n:08}")
    home_store = factory.SubFactory(StoreFactory)

    @classmethod
    def _create(cls, model_class: type[Customer], *args: Any, **kwargs: Any) -> Customer:
        BrandFactory()
        code = kwargs.pop("member_code", None)
        if code is not None:
            kwargs["member_code"] = ("pos", code) if isinstance(code, str) else code
        return actions.register_member(viewer=TESTS, **kwargs)


def account_of(customer: Customer) -> Account:
    """The member's account, as after a first sign-in by phone."""
    return actions.members.open_account(viewer=TESTS, customer=Customer.objects.get(pk=customer.pk))


def member_viewer(customer: Customer, **more: Any) -> Viewer:
    """The member themself, signed in."""
    account = account_of(customer)
    return viewer_for(account, person=queries.person_of(account), **more)
