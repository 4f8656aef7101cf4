"""Taking a seat: confirmed while there are seats, then the line; given back, the seat goes to the next."""

import pytest

from events.factories import published
from people.factories import CustomerFactory, member_viewer
from tongxin.events import actions
from tongxin.events.models import Pool, Registration
from tongxin.events.terms import Seat
from tongxin.foundation.errors import Refused
from tongxin.outreach.models import Send
from tongxin.people.models import Deed

pytestmark = pytest.mark.django_db


def counters(event):
    pool = Pool.objects.get(occurrence=event)
    return pool.size, pool.taken, pool.held, pool.waited


def test_a_member_takes_a_seat(noon):
    event, member = published(), CustomerFactory()

    made = actions.register(viewer=member_viewer(member), event_id=event.public_id)

    assert made.state == Seat.CONFIRMED
    assert counters(event) == (12, 1, 0, 0)
    deed = Deed.objects.get(person=member, kind="registered")
    assert deed.subject_id == event.subject_id
    assert set(Send.objects.filter(person=member).values_list("kind", flat=True)) == {
        "events.confirmed",
        "events.reminder",
    }


def test_twice_is_refused_and_writes_nothing(noon):
    event, member = published(), CustomerFactory()
    viewer = member_viewer(member)
    actions.register(viewer=viewer, event_id=event.public_id)

    with pytest.raises(Refused) as refused:
        actions.register(viewer=viewer, event_id=event.public_id)

    assert refused.value.code == "events.registered"
    assert counters(event) == (12, 1, 0, 0)
    assert Registration.objects.count() == 1


def test_who_comes_too_late_stands_in_the_line_and_moves_up(noon):
    event = published(places=1)
    first, second = (member_viewer(CustomerFactory()) for _ in range(2))
    seat = actions.register(viewer=first, event_id=event.public_id)
    line = actions.register(viewer=second, event_id=event.public_id)
    assert (line.state, line.number) == (Seat.WAITING, 1)

    actions.cancel_registration(viewer=first, registration_id=seat.public_id)

    line.refresh_from_db()
    assert line.state == Seat.OFFERED
    assert counters(event) == (1, 0, 1, 1)
    actions.accept(viewer=second, registration_id=line.public_id)
    assert counters(event) == (1, 1, 0, 1)
