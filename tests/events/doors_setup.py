"""Doors for tests: an event that begins in an hour, people with places, phones that check them in."""

import uuid
from datetime import timedelta

from events.factories import published
from events.rush import viewer_of
from people.factories import CustomerFactory
from stores.factories import TESTS, AccountFactory, StoreFactory
from tongxin.events import actions
from tongxin.events.queries.tickets import installation_key
from tongxin.events.rules import tickets
from tongxin.foundation import clock
from tongxin.stores import actions as stores
from tongxin.stores.queries import viewer_for
from tongxin.stores.terms import Role

HOUR = timedelta(hours=1)


def worker(store, role=Role.DOOR, **more):
    """Somebody who works at the store."""
    account = AccountFactory()
    stores.grant(viewer=TESTS, account=account, role=role, store=store)
    return viewer_for(account, **more)


class Evening:
    """An event of one store, its door staff and its guests, an hour before it begins."""

    def __init__(self, guests=1, **more):
        self.store = StoreFactory()
        self.event = published(self.store, **more)
        self.door = worker(self.store)
        self.champion = worker(self.store, Role.CHAMPION)
        self.members = [CustomerFactory(home_store=self.store) for _ in range(guests)]
        self.seats = [
            actions.register(viewer=viewer_of(m.pk), event_id=self.event.public_id) for m in self.members
        ]
        self.at = self.event.starts_at - HOUR

    def code(self, n=0, at=None):
        """The code that a guest's page shows."""
        seat = self.seats[n]
        return tickets.code(installation_key(), seat.ticket, self.event.public_id, at or clock.now())

    def check_in(self, n=0, **more):
        """By the door, with the guest's code unless something else is said."""
        given = {"viewer": self.door, "event_id": self.event.public_id, "nonce": uuid.uuid4()} | more
        if "registration" not in given and "ticket" not in given:
            given["ticket"] = self.code(n)
        return actions.check_in(**given)
