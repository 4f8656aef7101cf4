"""A small chain in the database, built through the actions: two stores, some members, what they did."""

from datetime import timedelta
from itertools import count

from tongxin.foundation import clock
from tongxin.foundation.access import Grant, Viewer, system
from tongxin.foundation.accounts.models import Account
from tongxin.people import ledger
from tongxin.people.actions import register_member
from tongxin.people.rules import DeedIn
from tongxin.stores.actions import open_brand, upsert_stores
from tongxin.stores.queries import stores_by_code, the_brand
from tongxin.stores.rules import StoreRow
from tongxin.stores.terms import Role

SYSTEM = system("test")
NUMBERS = count(1)


def open_chain():
    """The brand and two stores; answers the stores."""
    open_brand(viewer=SYSTEM, code="tx", name="同心")
    upsert_stores(viewer=SYSTEM, rows=[StoreRow("S1", "古墩路店"), StoreRow("S2", "文三路店")])
    found = stores_by_code(the_brand())
    return found["S1"], found["S2"]


def join(store, **more):
    """A member of a store."""
    return register_member(viewer=SYSTEM, home_store=store, **more)


def act(person, kind, *ages, **more):
    """Deeds of one kind, so many days ago (known then)."""
    now = clock.now()
    ledger.record_many(
        [
            DeedIn(
                person=person.pk,
                kind=kind,
                occurred_at=now - timedelta(days=age),
                known_at=now - timedelta(days=age),
                source_system="test",
                source_id=f"{next(NUMBERS)}",
                **more,
            )
            for age in ages
        ]
    )


def staff(role, *stores, name="xiaoman"):
    """A signed-in colleague with a role over stores, or everywhere."""
    account = Account.objects.create(handle=f"{name}-{next(NUMBERS)}", kind="staff")
    grant = Grant(role, everywhere=not stores, places=frozenset(s.pk for s in stores))
    return Viewer(account=account.pk, name=account.handle, grants=(grant,), second_factor=True)


def self_of(customer):
    """The member, signed in."""
    return Viewer(account=None, name="member", grants=(Grant(Role.MEMBER),), person=customer.pk)


def devote(person, neighbours):
    """All that the inner ring asks for, with the neighbours' recognition."""
    act(person, "checked_in", *range(2, 82, 4))
    act(person, "co_hosted", 10, 40)
    act(person, "answer_accepted", 20)
    for place, neighbour in enumerate(neighbours):
        act(neighbour, "reacted", place, place + 7, counterpart=person.pk)
