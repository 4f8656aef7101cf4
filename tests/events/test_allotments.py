"""Seats kept for a ring or a tag: theirs until the release, then everybody's, first who waits."""

from datetime import timedelta

import pytest

from events.factories import drafted, published
from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS, viewer
from tongxin.events import actions, queries
from tongxin.events.actions import Allotment
from tongxin.events.models import Pool
from tongxin.events.terms import Admission, Seat
from tongxin.foundation import clock
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.people import actions as people
from tongxin.stores.terms import Role

pytestmark = pytest.mark.django_db


def friend():
    """Somebody with the tag 老友."""
    made = CustomerFactory()
    people.tag(viewer=TESTS, customer=made, label="老友")
    return member_viewer(made)


def guest():
    return member_viewer(CustomerFactory())


def register(event, who):
    return actions.register(viewer=who, event_id=event.public_id)


def pools(event):
    rows = Pool.objects.filter(occurrence=event).order_by("id")
    return [(p.audience, p.size, p.taken, p.held) for p in rows]


def fresh(row):
    row.refresh_from_db()
    return row


@pytest.fixture(autouse=True)
def _counters_right():
    yield
    assert queries.counters_wrong() == []


def kept(places=3, size=2, hours=24, **more):
    return published(
        places=places, allotments=(Allotment("tag:老友", size, clock.now() + timedelta(hours=hours)),), **more
    )


def test_kept_seats_are_kept_until_their_time_and_then_go_to_who_waits(noon):
    event = kept()
    register(event, guest())
    waits = register(event, guest())
    assert register(event, friend()).state == Seat.CONFIRMED
    assert pools(event) == [("", 1, 1, 0), ("tag:老友", 2, 1, 0)]
    assert actions.release_due(viewer=TESTS) == 0
    assert waits.state == Seat.WAITING

    with clock.held(noon + timedelta(hours=24)):
        assert actions.release_due(viewer=TESTS) == 1
        assert actions.release_due(viewer=TESTS) == 0

    assert fresh(waits).state == Seat.OFFERED
    assert pools(event) == [("", 2, 1, 1), ("tag:老友", 1, 1, 0)]
    assert Entry.objects.get(act="events.released").after == '{"audience":"tag:老友","seats":1}'


def test_a_seat_given_back_after_the_release_belongs_to_everybody(noon):
    event = kept()
    register(event, guest())
    mine = register(event, friend())
    with clock.held(noon + timedelta(hours=24)):
        actions.release_due(viewer=TESTS)
        register(event, guest())
        waits = register(event, guest())
        actions.cancel_registration(viewer=TESTS, registration_id=mine.public_id)
    assert fresh(waits).state == Seat.OFFERED
    assert pools(event) == [("", 3, 2, 1), ("tag:老友", 0, 0, 0)]


def test_control_a_seat_given_back_before_the_release_stays_kept(noon):
    event = kept()
    register(event, guest())
    mine = register(event, friend())
    waits = register(event, guest())
    actions.cancel_registration(viewer=TESTS, registration_id=mine.public_id)
    assert fresh(waits).state == Seat.WAITING
    assert queries.my_line(TESTS, waits.public_id).history[0].zh == "空位是给其他人群预留的"
    other = register(event, friend())
    actions.cancel_registration(viewer=TESTS, registration_id=other.public_id)
    assert len(queries.my_line(TESTS, waits.public_id).history) == 1  # said once


def test_friends_wait_for_both_and_get_their_own_first(noon):
    event = kept(places=2, size=1)
    register(event, guest())
    mine, waits = register(event, friend()), register(event, friend())
    assert waits.state == Seat.WAITING
    actions.cancel_registration(viewer=TESTS, registration_id=mine.public_id)
    assert fresh(waits).state == Seat.OFFERED
    assert pools(event) == [("", 1, 1, 0), ("tag:老友", 1, 0, 1)]
    actions.leave(viewer=TESTS, registration_id=waits.public_id)
    assert pools(event) == [("", 1, 1, 0), ("tag:老友", 1, 0, 0)]


def test_who_is_entitled_nowhere_waits_for_the_release(noon):
    event = kept(places=2, size=2)
    waits = register(event, guest())
    assert (waits.state, waits.number) == (Seat.WAITING, 1)
    with clock.held(noon + timedelta(hours=24)):
        actions.release_due(viewer=TESTS)
    assert fresh(waits).state == Seat.OFFERED


def test_a_moved_event_moves_the_release_along(noon):
    event = kept()
    actions.move(
        viewer=TESTS,
        event_id=event.public_id,
        version=event.version,
        starts_at=event.starts_at + timedelta(days=1),
        ends_at=event.ends_at + timedelta(days=1),
    )
    with clock.held(noon + timedelta(hours=47)):
        assert actions.release_due(viewer=TESTS) == 0
    with clock.held(noon + timedelta(hours=48)):
        assert actions.release_due(viewer=TESTS) == 2


@pytest.mark.parametrize("state", ["draft", "cancelled"])
def test_nothing_is_released_of_an_event_that_is_not_open(noon, state):
    at = clock.now() + timedelta(hours=1)
    event = drafted(places=3, allotments=(Allotment("tag:老友", 2, at),))
    if state == "cancelled":
        actions.publish(viewer=TESTS, event_id=event.public_id)
        actions.cancel(viewer=TESTS, event_id=event.public_id, reason="rain")
    with clock.held(at):
        assert actions.release_due(viewer=TESTS) == 0


def allot(event, size, audience="tag:老友", version=None, who=TESTS, **more):
    event.refresh_from_db()
    return actions.allot(
        viewer=who,
        event_id=event.public_id,
        version=version or event.version,
        audience=audience,
        size=size,
        **more,
    )


def test_keeping_seats_later_takes_them_from_what_is_free_and_gives_them_back(noon):
    event = published(places=3)
    register(event, guest())
    allot(event, 2)
    assert pools(event) == [("", 1, 1, 0), ("tag:老友", 2, 0, 0)]
    waits = register(event, guest())
    assert waits.state == Seat.WAITING
    allot(event, 1)  # the other one goes to who waits
    assert fresh(waits).state == Seat.OFFERED
    assert pools(event) == [("", 2, 1, 1), ("tag:老友", 1, 0, 0)]


def test_what_cannot_be_kept(noon):
    event = published(places=2)
    register(event, guest())
    assert allot(event, 1, release_at=noon + timedelta(hours=1)).size == 1
    register(event, friend())
    cases = [
        ({"size": 2}, "events.full"),
        ({"size": 0}, "events.size_below_taken"),
        ({"size": 1, "audience": "everybody"}, "input.bad"),
        ({"size": 1, "audience": "ring:"}, "input.bad"),
        ({"size": 1, "version": 99}, "edit.stale"),
        ({"size": 1, "who": viewer(Role.CHAMPION)}, "absent"),
    ]
    for asked, code in cases:
        with pytest.raises(Refused) as refused:
            allot(event, **asked)
        assert refused.value.code == code
    actions.cancel(viewer=TESTS, event_id=event.public_id, reason="rain")
    with pytest.raises(Refused) as refused:
        allot(event, 1)
    assert refused.value.code == "events.state"


def test_a_draw_keeps_no_seats(noon):
    event = drafted(admission=Admission.LOTTERY)
    with pytest.raises(Refused) as refused:
        allot(event, 1)
    assert refused.value.code == "events.draw_frozen"
