"""An evening that is over, for tests of what comes after it: who came, children who came along, a photo that is in the media store."""

import uuid
from datetime import timedelta

from events.factories import published
from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS, AccountFactory, StoreFactory
from tongxin.events import actions
from tongxin.events.actions.bringing import NewChild, register_family
from tongxin.events.models import Attendance, Participant, Photo
from tongxin.foundation import clock
from tongxin.stores import actions as stores
from tongxin.stores.queries import viewer_for
from tongxin.stores.terms import Role


def staff(store, role=Role.CHAMPION, **more):
    """Somebody who works at the store; headquarters' roles hold everywhere."""
    account = AccountFactory()
    everywhere = role in {Role.ADMIN, Role.HQ_EDITOR, Role.HQ_ANALYST}
    place = {"brand": store.brand} if everywhere else {"store": store}
    stores.grant(viewer=TESTS, account=account, role=role, **place)
    return viewer_for(account, second_factor=True, **more)


class After:
    """An event of one store that ended an hour ago: `guests` came, the first `families` of them with a child."""

    def __init__(self, guests=3, families=0, **more):
        self.store = more.pop("store", None) or StoreFactory()
        self.event = published(self.store, places=200, party_most=4, **more)
        self.members = [CustomerFactory(home_store=self.store) for _ in range(guests)]
        self.viewers = [member_viewer(one) for one in self.members]
        self.seats = [self._seat(n, child=n < families) for n in range(guests)]
        self.children = [
            Participant.objects.get(registration=seat).companion for seat in self.seats[:families]
        ]
        for seat in self.seats:
            self.came(seat)
        self.champion = staff(self.store)
        self.over = self.event.ends_at + timedelta(hours=1)

    def _seat(self, n, *, child):
        return register_family(
            viewer=self.viewers[n],
            event_id=self.event.public_id,
            fresh=[NewChild("小豆", 6)] if child else [],
            agreed=child,
            notice_version="child/1" if child else "",
        )

    def came(self, seat):
        """Counted at the door."""
        Attendance.objects.create(
            registration=seat,
            occurrence=self.event,
            person=seat.person,
            counted=uuid.uuid4(),
            at=self.event.starts_at,
        )

    def photo(self, **more):
        """A photo row as `add_photo` writes it, without painting one: for tests that never look at the picture."""
        return Photo.objects.create(
            **{
                "occurrence": self.event,
                "picture": None,
                "name": "",
                "added_at": clock.now(),
                "added_by": "tests",
            }
            | more
        )

    def seen(self, photo, people=(), children=(), **more):
        """The champion says who is seen, by the number of the guest."""
        return actions.say_seen(
            viewer=self.champion,
            photo_id=photo.public_id,
            registrations=[self.seats[n].public_id for n in people],
            children=[(self.seats[n].public_id, self.children[n]) for n in children],
            **{"child_visible": bool(children)} | more,
        )

    def yes(self, photo, n, use, *, child=False, granted=True):
        """Guest `n` answers, for themselves or for their child."""
        return actions.answer_photo(
            viewer=self.viewers[n],
            photo_id=photo.public_id,
            use=use,
            granted=granted,
            companion=self.children[n] if child else None,
        )
