"""People and purchases for the tests of this room."""

from datetime import timedelta

import pytest

from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS
from tongxin.commerce.models import PurchaseDay
from tongxin.foundation import clock
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.people.models import Customer

__all__ = ["TESTS", "buys", "member", "one", "refused", "someone"]


def someone(**more):
    """A member, signed in."""
    return member_viewer(CustomerFactory(**more))


def member(viewer):
    return Customer.objects.get(pk=viewer.person)


def one(viewer):
    """Their public id."""
    return member(viewer).public_id


def buys(viewer, fen, days=0):
    """Net of a trading day so many days from now; below zero it is given back."""
    who = member(viewer)
    PurchaseDay.objects.create(
        customer=who,
        store=who.home_store,
        business_date=clock.business_day(clock.now() + timedelta(days=days)),
        source="test",
        orders=1,
        net_fen=fen,
        high_margin_fen=0,
    )


def refused(code, act, /, **given):
    """The refusal, and that nothing was written down for it."""
    before = Entry.objects.count()
    with pytest.raises(Refused) as caught:
        act(**given)
    assert (caught.value.code, Entry.objects.count()) == (code, before)
