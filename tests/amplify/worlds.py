"""People and purchases for the tests of this room."""

from datetime import timedelta

import pytest

from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS
from tongxin.amplify import actions
from tongxin.commerce.models import PurchaseDay
from tongxin.foundation import clock
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.people import actions as people
from tongxin.people.models import Customer
from tongxin.people.terms import MergeReason

__all__ = ["TESTS", "buys", "margin", "member", "merged", "one", "refused", "someone"]


def someone(**more):
    """A member, signed in."""
    return member_viewer(CustomerFactory(**more))


def member(viewer):
    return Customer.objects.get(pk=viewer.person)


def one(viewer):
    """Their public id."""
    return member(viewer).public_id


def margin(permille=300):
    """From today on so much of every sale is margin."""
    today = clock.business_day(clock.now())
    actions.set_margin(viewer=TESTS, since=today, high_permille=permille, other_permille=permille)


def merged(viewer, into):
    """Two entries turn out to be one person."""
    people.merge(viewer=TESTS, source=member(viewer), target=member(into), reason=MergeReason.MEMBER_ASKED)


def buys(viewer, fen, days=0, high=0):
    """Net of a trading day so many days from now; below zero it is given back."""
    who = member(viewer)
    PurchaseDay.objects.create(
        customer=who,
        store=who.home_store,
        business_date=clock.business_day(clock.now() + timedelta(days=days)),
        source="test",
        orders=1,
        net_fen=fen,
        high_margin_fen=high,
    )


def refused(code, act, /, **given):
    """The refusal, and that nothing was written down for it."""
    before = Entry.objects.count()
    with pytest.raises(Refused) as caught:
        act(**given)
    assert (caught.value.code, Entry.objects.count()) == (code, before)
