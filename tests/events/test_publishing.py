"""From the draft to the end: what members see, what a move and a cancellation do, and who is refused."""

import json
from datetime import timedelta

import pytest

from events.factories import drafted, event_in, published
from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS, StoreFactory, viewer
from tongxin.commerce import queries as money
from tongxin.commerce.terms import PromiseState
from tongxin.events import actions, queries
from tongxin.events.messages import spoken
from tongxin.events.models import Booking, Occurrence, Pool, Registration
from tongxin.events.terms import Seat, State
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.outreach.models import Send
from tongxin.outreach.terms import SendState
from tongxin.stores import actions as stores
from tongxin.stores.terms import ResourceKind

pytestmark = pytest.mark.django_db


def refused(act, **given):
    with pytest.raises(Refused) as fault:
        act(**given)
    return fault.value.code


def test_a_draft_is_absent_to_members_and_holds_no_seats_for_them(noon):
    event = drafted()
    member = member_viewer(CustomerFactory())

    assert refused(queries.event_to_join, viewer=member, event_id=event.public_id) == "absent"
    assert refused(actions.register, viewer=member, event_id=event.public_id) == "absent"
    assert not Registration.objects.exists()


@pytest.mark.parametrize("role", ["hq_analyst", "auditor", "door"])
def test_who_only_looks_makes_no_events(noon, role):
    store = StoreFactory()
    asking = viewer(role, store=store) if role == "door" else viewer(role)

    assert refused(actions.draft, viewer=asking, store=store, event=event_in()) == "absent"
    assert not Occurrence.objects.exists()


def test_a_champion_elsewhere_finds_nothing_to_publish(noon):
    event = drafted()
    assert refused(actions.publish, viewer=viewer("champion"), event_id=event.public_id) == "absent"
    event.refresh_from_db()
    assert event.state == State.DRAFT


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"places": 0}, "events.no_places"),
        ({"places": 2, "allotments": (actions.Allotment("ring:inner", 3),)}, "events.no_places"),
        ({"ends_at": "before"}, "events.times"),
        ({"format": "circus"}, "input.bad"),
        ({"format": "online_talk"}, "events.format"),
        ({"format": "swap", "fee_fen": 100}, "events.format"),
    ],
)
def test_what_cannot_be_drafted(noon, more, code):
    if more.get("ends_at") == "before":
        more = {"ends_at": clock.now() + timedelta(days=1)}
    assert refused(actions.draft, viewer=TESTS, store=StoreFactory(), event=event_in(**more)) == code
    assert not Occurrence.objects.exists()
    assert not Pool.objects.exists()


def test_two_people_editing_the_second_is_told_which_version_stands(noon):
    event = published()
    actions.change(viewer=TESTS, event_id=event.public_id, version=event.version, theme="春天")

    with pytest.raises(Refused) as fault:
        actions.change(viewer=TESTS, event_id=event.public_id, version=event.version, theme="夏天")

    assert (fault.value.code, fault.value.data) == ("edit.stale", {"version": event.version + 1})
    event.refresh_from_db()
    assert event.theme == "春天"


def test_a_move_takes_the_letters_along_and_refuses_whoever_saw_the_old_time(noon):
    event = published()
    guest = member_viewer(CustomerFactory())
    actions.register(viewer=guest, event_id=event.public_id, seen=event.schedule)
    before = Send.objects.get(kind="events.reminder")

    moved = actions.move(
        viewer=TESTS,
        event_id=event.public_id,
        version=event.version,
        starts_at=event.starts_at + timedelta(days=2),
        ends_at=event.ends_at + timedelta(days=2),
    )

    assert Send.objects.get(kind="events.reminder").due_at == before.due_at + timedelta(days=2)
    assert Send.objects.filter(kind="events.moved", person=guest.person).count() == 1
    assert (moved.sequence, moved.schedule) == (event.sequence + 1, event.schedule + 1)
    late = member_viewer(CustomerFactory())
    assert (
        refused(actions.register, viewer=late, event_id=event.public_id, seen=event.schedule)
        == "events.moved"
    )
    assert (
        actions.register(viewer=late, event_id=event.public_id, seen=moved.schedule).state == Seat.CONFIRMED
    )


def moves(event, days):
    return actions.move(
        viewer=TESTS,
        event_id=event.public_id,
        version=event.version,
        starts_at=event.starts_at + timedelta(days=days),
        ends_at=event.ends_at + timedelta(days=days),
    )


def told():
    rows = Send.objects.filter(kind="events.moved").order_by("id")
    return [(row.state, json.loads(row.body)["fields"]["when_zh"]) for row in rows]


def test_moved_twice_before_a_letter_has_left_one_letter_says_the_last_time(noon):
    event = published()
    actions.register(viewer=member_viewer(CustomerFactory()), event_id=event.public_id, seen=event.schedule)

    last = moves(moves(event, 2), 1)

    (first, second) = told()
    assert (first[0], second[0]) == (SendState.CANCELLED, SendState.QUEUED)
    assert second[1] == spoken(last.starts_at, last.store.zone)[0]
    assert Send.objects.get(kind="events.confirmed").state == SendState.QUEUED  # another kind: nothing newer


def test_control_arm_a_letter_that_has_left_stays_and_a_new_one_goes(noon):
    event = published()
    actions.register(viewer=member_viewer(CustomerFactory()), event_id=event.public_id, seen=event.schedule)
    moved = moves(event, 2)
    Send.objects.filter(kind="events.moved").update(state=SendState.SENT, begun_at=noon, done_at=noon)

    moves(moved, 1)

    assert [state for state, _ in told()] == [SendState.SENT, SendState.QUEUED]


def test_cancelling_gives_everything_back_and_tells_everybody_once(noon):
    event = published(fee_fen=3900, voucher_fen=3900, places=1)
    first, second = (member_viewer(CustomerFactory()) for _ in range(2))
    seat = actions.register(viewer=first, event_id=event.public_id)
    line = actions.register(viewer=second, event_id=event.public_id)

    for _ in range(2):
        actions.cancel(viewer=TESTS, event_id=event.public_id, reason="停电")

    assert set(Registration.objects.values_list("state", flat=True)) == {Seat.REMOVED}
    assert money.promise_for(("events", str(seat.public_id))).state == PromiseState.CANCELLED
    assert money.promise_for(("events", str(line.public_id))) is None
    told = Send.objects.filter(kind="events.cancelled")
    assert {one.person_id for one in told} == {first.person, second.person}
    assert not Send.objects.filter(kind="events.reminder", state=SendState.QUEUED).exists()
    pool = Pool.objects.get(occurrence=event)
    assert (pool.taken, pool.held, pool.opened) == (0, 0, False)
    assert refused(actions.register, viewer=first, event_id=event.public_id) == "events.cancelled"


def test_more_places_go_to_the_line_first_and_never_below_what_is_taken(noon):
    event = published(places=1)
    first, second = (member_viewer(CustomerFactory()) for _ in range(2))
    actions.register(viewer=first, event_id=event.public_id)
    line = actions.register(viewer=second, event_id=event.public_id)

    with pytest.raises(Refused) as fault:
        actions.resize(viewer=TESTS, event_id=event.public_id, version=event.version, audience="", size=0)
    assert (fault.value.code, fault.value.data) == ("events.size_below_taken", {"taken": 1})

    actions.resize(viewer=TESTS, event_id=event.public_id, version=event.version, audience="", size=2)
    line.refresh_from_db()
    assert line.state == Seat.OFFERED


def test_one_oven_is_in_one_event_at_a_time(noon):
    store = StoreFactory()
    oven = stores.add_resource(viewer=TESTS, store=store, kind=ResourceKind.OVEN, name="大烤箱", seats=0)
    first = drafted(store, title="烘焙课", resources=(oven.public_id,))

    with pytest.raises(Refused) as fault:
        drafted(store, starts_at=first.starts_at + timedelta(hours=1), resources=(oven.public_id,))

    assert fault.value.code == "events.clash"
    assert fault.value.data | {"what": "大烤箱", "with_what": "烘焙课"} == fault.value.data
    assert Occurrence.objects.count() == Booking.objects.count() == 1
    actions.cancel(viewer=TESTS, event_id=first.public_id, reason="改天")
    assert drafted(store, starts_at=first.starts_at, resources=(oven.public_id,)).pk
