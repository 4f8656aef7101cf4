"""Rooms, ovens and people: one thing is for one event at a time, minutes around it included."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from events.factories import drafted, published
from stores.factories import TESTS, StaffFactory, StoreFactory
from tongxin.events import actions
from tongxin.events.actions import bookings
from tongxin.events.models import Booking, Occurrence
from tongxin.foundation.access import ANONYMOUS
from tongxin.foundation.errors import Refused
from tongxin.stores.models import StoreResource

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def store():
    """A store."""
    return StoreFactory()


@pytest.fixture
def room(store):
    """Its room."""
    return StoreResource.objects.create(store=store, kind="room", name="二楼教室", seats=20)


def at(noon, hours, length=1):
    return {"starts_at": noon + hours * HOUR, "ends_at": noon + (hours + length) * HOUR}


def test_one_room_one_event_at_a_time(noon, store, room):
    drafted(store, title="早课", resources=(room.public_id,), **at(noon, 24))

    with pytest.raises(Refused) as refused:
        drafted(store, title="晚课", resources=(room.public_id,), **at(noon, 24.5))
    assert (refused.value.code, refused.value.data["what"], refused.value.data["with_what"]) == (
        "events.clash",
        "二楼教室",
        "早课",
    )
    assert Occurrence.objects.count() == 1
    drafted(store, resources=(room.public_id,), **at(noon, 25))  # back to back is fine


def test_minutes_around_an_event_are_taken_too(noon, store, room):
    drafted(
        store, resources=(room.public_id,), details={"buffer_before": 30, "buffer_after": 30}, **at(noon, 24)
    )

    for hours in (25.25, 22.75):
        with pytest.raises(Refused) as refused:
            drafted(store, resources=(room.public_id,), **at(noon, hours))
        assert refused.value.code == "events.clash"
    drafted(store, resources=(room.public_id,), **at(noon, 25.5))
    drafted(store, resources=(room.public_id,), **at(noon, 22.5))


@pytest.mark.parametrize("minutes", [-1, 241, "30", True, 1.5])
def test_a_buffer_is_a_number_of_minutes(noon, store, room, minutes):
    with pytest.raises(Refused) as refused:
        drafted(store, resources=(room.public_id,), details={"buffer_before": minutes}, **at(noon, 24))
    assert refused.value.code == "input.bad"


def test_a_host_is_in_one_place(noon, store):
    host = StaffFactory(store=store)
    drafted(store, host=host.pk, **at(noon, 24))

    with pytest.raises(Refused) as refused:
        drafted(StoreFactory(), host=host.pk, **at(noon, 24))
    assert (refused.value.code, refused.value.data["what"]) == ("events.clash", host.code)


def test_things_of_another_store_and_people_who_left_are_absent(noon, store, room):
    other = StoreResource.objects.create(store=StoreFactory(), kind="room", name="别店")
    gone = StaffFactory(store=store)
    type(gone).objects.filter(pk=gone.pk).update(active=False)

    for more in ({"resources": (other.public_id,)}, {"host": gone.pk}):
        with pytest.raises(Refused) as refused:
            drafted(store, **more, **at(noon, 24))
        assert refused.value.code == "absent"


def test_booking_again_frees_what_was_booked(noon, store, room):
    oven = StoreResource.objects.create(store=store, kind="oven", name="烤箱")
    helper = StaffFactory(store=store)
    event = drafted(store, resources=(room.public_id,), **at(noon, 24))

    rows = bookings.reserve(
        viewer=TESTS,
        event_id=event.public_id,
        resources=[oven.public_id],
        instructors=[helper.pk],
        before=15,
        after=45,
    )

    assert [(r.resource_id, r.staff_id, r.starts_at, r.ends_at) for r in rows] == [
        (oven.pk, None, noon + 23.75 * HOUR, noon + 25.75 * HOUR),
        (None, helper.pk, noon + 23.75 * HOUR, noon + 25.75 * HOUR),
    ]
    drafted(store, resources=(room.public_id,), **at(noon, 24))
    with pytest.raises(Refused) as refused:
        bookings.reserve(viewer=TESTS, event_id=event.public_id, resources=[room.public_id])
    assert refused.value.code == "events.clash"
    assert Booking.objects.filter(occurrence=event).count() == 2  # a refusal leaves what was booked
    with pytest.raises(Refused) as refused:
        bookings.reserve(viewer=ANONYMOUS, event_id=event.public_id, resources=[])
    assert refused.value.code == "absent"


def test_bookings_go_along_and_are_free_when_called_off(noon, store, room):
    event = published(store, resources=(room.public_id,), details={"buffer_after": 30}, **at(noon, 24))

    actions.move(viewer=TESTS, event_id=event.public_id, version=1, **at(noon, 48))
    assert list(Booking.objects.values_list("starts_at", "ends_at")) == [
        (noon + 48 * HOUR, noon + 49.5 * HOUR)
    ]
    actions.cancel(viewer=TESTS, event_id=event.public_id, reason="雨")
    assert not Booking.objects.exists()


def test_the_database_itself_refuses_two_at_once(noon, store, room):
    one, two = drafted(store, **at(noon, 24)), drafted(store, **at(noon, 24))

    def row(event, firm):
        return Booking.objects.create(
            occurrence=event, resource=room, starts_at=event.starts_at, ends_at=event.ends_at, firm=firm
        )

    row(one, firm=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        row(two, firm=True)
    row(two, firm=False)  # the control arm: only what is firm is guarded


def test_a_clash_is_settled_when_the_other_goes(noon, store, room):
    one = published(store, resources=(room.public_id,), **at(noon, 24))
    two, three = drafted(store, **at(noon, 24)), drafted(store, **at(noon, 24.5))
    clashes = bookings.put_many(
        wishes=[w for e in (two, three) for w in bookings.wished(e, [room.pk], [])], firm_only=False
    )
    assert [c.what for c in clashes] == ["二楼教室", "二楼教室"]
    assert bookings.settle(viewer=TESTS) == 0

    actions.cancel(viewer=TESTS, event_id=one.public_id, reason="雨")

    assert bookings.settle(viewer=TESTS) == 1  # only one of the two that wait
    assert list(Booking.objects.order_by("id").values_list("occurrence", "firm")) == [
        (two.pk, True),
        (three.pk, False),
    ]
