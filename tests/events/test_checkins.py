"""Checking in with the server at hand: once, in few statements, and back again."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from events.doors_setup import HOUR, Evening, worker
from people.factories import CustomerFactory, member_viewer
from stores.factories import StoreFactory
from tongxin.commerce import actions as commerce
from tongxin.commerce.models import Promise, Voucher
from tongxin.commerce.terms import PromiseState, VoucherState
from tongxin.events import actions, queries
from tongxin.events.actions import WalkIn
from tongxin.events.models import Attendance, DoorConflict, Pool, Registration, Scan, WaitLine
from tongxin.events.queries.tickets import installation_key
from tongxin.events.rules import tickets
from tongxin.events.terms import Did, Seat, Via, WaitNote, Why
from tongxin.foundation import clock
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.outreach.models import Send
from tongxin.outreach.terms import SendState
from tongxin.people import actions as people
from tongxin.people.actions.members import add
from tongxin.people.models import Deed
from tongxin.people.terms import CustomerKind, IdentityKind

pytestmark = pytest.mark.django_db


@pytest.fixture
def evening(noon):
    made = Evening(guests=2)
    with clock.held(made.at):
        yield made


def refused(act, *args, **given):
    with pytest.raises(Refused) as refusal:
        act(*args, **given)
    return refusal.value.code


def written():
    return Scan.objects.count(), Attendance.objects.exclude(counted=None).count(), standing_deeds()


def standing_deeds():
    taken_back = Deed.objects.exclude(reverses=None).values("reverses")
    return Deed.objects.filter(kind="checked_in", reverses=None).exclude(pk__in=taken_back).count()


def statements(asked):
    return [q["sql"] for q in asked if not q["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))]


def test_a_guest_comes_in(evening):
    answer = evening.check_in(nonce=(nonce := uuid.uuid4()))

    seat = evening.seats[0]
    assert (answer.did, answer.why, answer.registration, answer.party) == (
        Did.ADMITTED,
        Why.OK,
        seat.public_id,
        1,
    )
    assert answer.name == evening.members[0].nickname[0] + "*"
    scan, there = Scan.objects.get(), Attendance.objects.get()
    assert (scan.nonce, scan.did, scan.server, scan.via, scan.offline) == (
        nonce,
        "admitted",
        "admitted",
        "ticket",
        False,
    )
    assert (there.registration_id, there.counted, there.at, there.rewarded) == (
        seat.pk,
        nonce,
        evening.at,
        True,
    )
    deed = Deed.objects.get(kind="checked_in")
    assert (deed.person_id, deed.occurred_at, deed.source_id) == (
        seat.person_id,
        evening.at,
        f"checked_in:{seat.public_id}",
    )
    assert (deed.subject_id, deed.store_id) == (evening.event.subject_id, evening.store.pk)
    assert Entry.objects.filter(act="events.checked_in", subject_id=str(seat.public_id)).count() == 1


def test_a_free_check_in_costs_four_statements(evening):
    """Looking, counting and writing down, the book, the trail. Sign-in adds its own (bar R1: seven in all)."""
    with CaptureQueriesContext(connection) as asked:
        evening.check_in()
    assert len(statements(asked)) == 4, statements(asked)


def test_at_a_door_of_ones_own_it_costs_the_same(evening):
    door, _ = actions.open_door(viewer=evening.door, event_id=evening.event.public_id)
    with CaptureQueriesContext(connection) as asked:
        evening.check_in(door_id=door.public_id)
    assert len(statements(asked)) == 4
    assert Scan.objects.get().door == door


def test_the_second_time_is_told_so(evening):
    first = evening.check_in()
    with clock.held(evening.at + timedelta(minutes=5)):
        second = evening.check_in()

    assert (second.did, second.why, second.came_at) == (Did.ALREADY, Why.ALREADY, evening.at)
    assert first.came_at == evening.at
    assert written() == (2, 1, 1)


def test_the_same_act_sent_twice_is_one(evening):
    nonce = uuid.uuid4()
    first, second = (evening.check_in(nonce=nonce) for _ in range(2))

    assert (first.did, second.did) == (Did.ADMITTED, Did.ADMITTED)
    assert written() == (1, 1, 1)


def test_one_number_for_two_people_is_refused(evening):
    nonce = uuid.uuid4()
    evening.check_in(0, nonce=nonce)

    assert refused(evening.check_in, 1, nonce=nonce) == "idempotency.other_body"
    assert written() == (1, 1, 1)


def test_let_in_again_knowingly_is_written_as_such(evening):
    evening.check_in()
    again = evening.check_in(forced=True)

    assert (again.did, again.why) == (Did.ADMITTED, Why.ALREADY)
    scan = Scan.objects.latest("id")
    assert (scan.did, scan.server, scan.forced) == ("admitted", "already", True)
    assert written() == (2, 1, 1)
    assert not DoorConflict.objects.exists()


def test_found_on_the_list(evening):
    evening.check_in(registration=evening.seats[1].public_id)

    assert Scan.objects.get().via == Via.SEARCH
    assert refused(evening.check_in, registration=uuid.uuid4()) == "absent"


# ---- one refusal for whatever is wrong with a code


def test_every_bad_code_is_refused_alike_and_nothing_is_written(evening):
    other = Evening()
    good, key = evening.code(), installation_key()
    seat = evening.seats[0]
    bad = {
        "forged": tickets.code(
            tickets.key_from("somebody"), seat.ticket, evening.event.public_id, evening.at
        ),
        "altered": good[:-1] + ("A" if good[-1] != "A" else "B"),
        "expired": evening.code(at=evening.at - timedelta(seconds=91)),
        "from the future": evening.code(at=evening.at + timedelta(seconds=91)),
        "another event's": other.code(at=evening.at),
        "static alone": good.rsplit(".", 1)[0],
        "of nobody": tickets.code(key, uuid.uuid4(), evening.event.public_id, evening.at),
        "no code": "https://example.org/",
        "empty parts": "TX1..",
    }
    told = set()
    for what, code in bad.items():
        with pytest.raises(Refused) as refusal:
            evening.check_in(ticket=code)
        told.add((refusal.value.code, tuple(refusal.value.data.items())))
        assert refusal.value.code == "events.ticket", what
    assert told == {("events.ticket", ())}
    assert written() == (0, 0, 0)


def test_control_the_code_itself_is_good(evening):
    assert evening.check_in(ticket=evening.code()).did is Did.ADMITTED


def test_a_new_ticket_makes_the_old_code_worthless(evening):
    old = evening.code()
    Registration.objects.filter(pk=evening.seats[0].pk).update(ticket=uuid.uuid4())

    assert refused(evening.check_in, ticket=old) == "events.ticket"


def test_a_cancelled_place_is_refused_with_its_reason_and_written_down(evening):
    actions.cancel_registration(
        viewer=member_viewer(evening.members[0]), registration_id=evening.seats[0].public_id
    )
    answer = evening.check_in()

    assert (answer.did, answer.why) == (Did.REFUSED, Why.CANCELLED)
    assert written() == (1, 0, 0)


def test_who_waits_has_no_place_yet(noon):
    evening = Evening(guests=2, places=1)
    with clock.held(evening.at):
        answer = evening.check_in(1)
    assert (answer.did, answer.why) == (Did.REFUSED, Why.NOT_CONFIRMED)


@pytest.mark.parametrize("hours", [-2.01, 4.01])
def test_outside_the_hours_of_the_door(evening, hours):
    with clock.held(evening.event.starts_at + timedelta(hours=hours)):
        assert refused(evening.check_in) == "events.door_closed"


def test_foreign_staff_and_members_find_nothing(evening):
    for viewer in (worker(StoreFactory()), member_viewer(evening.members[0])):
        assert refused(evening.check_in, viewer=viewer) == "absent"
    assert refused(evening.check_in, event_id=uuid.uuid4()) == "absent"
    assert refused(evening.check_in, door_id=uuid.uuid4()) == "absent"


# ---- taking back


def undone(evening, scan, **more):
    given = {"viewer": evening.door, "event_id": evening.event.public_id, "nonce": uuid.uuid4(), "scan": scan}
    return actions.annul(**(given | more))


def at_door(evening):
    return actions.open_door(viewer=evening.door, event_id=evening.event.public_id)[0].public_id


def test_the_same_door_takes_back_within_ten_minutes(evening):
    door = at_door(evening)
    scan = evening.check_in(door_id=door).nonce
    with clock.held(evening.at + timedelta(minutes=10)):
        nonce = uuid.uuid4()
        for _ in range(2):
            answer = undone(evening, scan, door_id=door, nonce=nonce)

    assert answer.did is Did.ANNULLED
    assert written() == (2, 0, 0)
    assert Deed.objects.filter(kind="checked_in").count() == 2  # the deed and its reversal
    assert Attendance.objects.get().counted is None


def test_in_again_after_it_was_taken_back(evening):
    door = at_door(evening)
    undone(evening, evening.check_in(door_id=door).nonce, door_id=door)
    with clock.held(evening.at + timedelta(minutes=1)):
        assert evening.check_in(door_id=door).did is Did.ADMITTED
    assert written() == (3, 1, 1)


def test_too_late_for_the_door_but_not_for_the_champion(evening):
    door = at_door(evening)
    scan = evening.check_in(door_id=door).nonce
    with clock.held(evening.at + timedelta(minutes=11)):
        assert refused(undone, evening, scan, door_id=door) == "events.annul_late"
        assert written() == (1, 1, 1)
        undone(evening, scan, viewer=evening.champion)
    assert written() == (2, 0, 0)
    assert not DoorConflict.objects.exists()


def test_another_door_takes_nothing_back(evening):
    scan = evening.check_in(door_id=at_door(evening)).nonce
    other = worker(evening.store)
    elsewhere, _ = actions.open_door(viewer=other, event_id=evening.event.public_id)

    assert refused(undone, evening, scan, viewer=other, door_id=elsewhere.public_id) == "events.annul_late"
    assert refused(undone, evening, scan, viewer=other) == "events.annul_late"
    assert refused(undone, evening, scan, viewer=worker(StoreFactory())) == "absent"
    assert refused(undone, evening, uuid.uuid4()) == "absent"


# ---- fee and voucher


@pytest.fixture
def paid(noon):
    made = Evening(guests=1, fee_fen=3900, voucher_fen=3900)
    promise = Promise.objects.get()
    commerce.mark_paid(viewer=made.champion, promise_id=promise.public_id, receipt="A-1", store=made.store)
    with clock.held(made.at):
        yield made


def test_who_paid_and_came_gets_the_voucher_once(paid):
    paid.check_in()
    paid.check_in()

    assert Promise.objects.get().state == PromiseState.GRANTED
    assert Voucher.objects.count() == 1


def test_taken_back_the_voucher_goes_too_and_comes_again(paid):
    scan = paid.check_in().nonce
    undone(paid, scan, viewer=paid.champion)
    assert not Voucher.objects.exclude(state=VoucherState.VOID).exists()
    paid.check_in()
    assert Voucher.objects.exclude(state=VoucherState.VOID).count() == 1


# ---- walking in


def walked_in(evening, **more):
    given = {
        "viewer": evening.door,
        "event_id": evening.event.public_id,
        "nonce": uuid.uuid4(),
        "who": WalkIn(),
    }
    return actions.walk_in(**(given | more))


def seats(evening):
    pool = Pool.objects.get(occurrence=evening.event)
    return pool.taken, pool.held


def test_a_stranger_gets_a_free_seat_and_is_in(evening):
    nonce = uuid.uuid4()
    first = walked_in(evening, nonce=nonce, who=WalkIn(nickname="小桃"))
    again = walked_in(evening, nonce=nonce, who=WalkIn(nickname="小桃"))

    place = Registration.objects.get(public_id=first.registration)
    assert (place.walk_in, place.state, place.channel) == (True, Seat.CONFIRMED, "door")
    assert place.person.kind == CustomerKind.PROSPECT
    assert first.name == "小*"
    assert (first.did, again.did, again.registration) == (Did.ADMITTED, Did.ADMITTED, first.registration)
    assert seats(evening) == (3, 0)
    assert Scan.objects.get().via == Via.WALK_IN


def test_a_phone_that_we_know_is_that_member(evening):
    member = CustomerFactory(phone="13812345678", home_store=StoreFactory())
    answer = walked_in(evening, who=WalkIn(phone="138 1234 5678"))

    assert Registration.objects.get(public_id=answer.registration).person_id == member.pk
    assert standing_deeds() == 1


def test_who_has_a_place_walks_in_on_it(evening):
    member = CustomerFactory(phone="13812345678")
    with clock.held(evening.event.starts_at - 3 * HOUR):
        seat = actions.register(viewer=member_viewer(member), event_id=evening.event.public_id)
    answer = walked_in(evening, who=WalkIn(phone="13812345678"))

    assert answer.registration == seat.public_id
    assert seats(evening) == (3, 0)


def test_nobody_walks_in_over_the_capacity(noon):
    evening = Evening(guests=2, places=2)
    with clock.held(evening.at):
        assert refused(walked_in, evening) == "events.full"
        assert refused(walked_in, evening, who=WalkIn(party=2)) == "events.party"
    assert Registration.objects.count() == 2
    assert seats(evening) == (2, 0)


def test_who_was_offered_a_seat_walks_in_on_it(noon):
    evening = Evening(guests=2, places=1)
    waiting = evening.members[1]
    actions.cancel_registration(
        viewer=member_viewer(evening.members[0]), registration_id=evening.seats[0].public_id
    )
    assert seats(evening) == (0, 1)
    phone = "13800001111"
    add(waiting, IdentityKind.PHONE, "+8613800001111")
    with clock.held(evening.at):
        answer = walked_in(evening, who=WalkIn(phone=phone))
    assert answer.did is Did.ADMITTED
    assert seats(evening) == (1, 0)


def test_who_walks_in_from_the_line_is_told_so_and_what_they_free_goes_on(noon):
    """An offer for a party; one of them comes. The rest goes to the next in line, and both read why."""
    evening = Evening(guests=2, places=2, party_most=2)
    guardian = CustomerFactory(phone="13800001111")
    child = people.add_companion(
        viewer=member_viewer(guardian), nickname="娃", age_years=6, agreed=True, notice_version="1"
    )
    two = actions.register(
        viewer=member_viewer(guardian),
        event_id=evening.event.public_id,
        companions=[actions.CompanionIn(child.public_id)],
    )
    for member, seat in zip(evening.members, evening.seats, strict=True):
        actions.cancel_registration(viewer=member_viewer(member), registration_id=seat.public_id)
    one = actions.register(viewer=member_viewer(CustomerFactory()), event_id=evening.event.public_id)
    two.refresh_from_db()
    assert (two.state, one.state, seats(evening)) == (Seat.OFFERED, Seat.WAITING, (0, 2))

    with clock.held(evening.event.starts_at - 1.5 * HOUR):  # the door is open, and offers still go out
        answer = walked_in(evening, who=WalkIn(phone="13800001111"))
    two.refresh_from_db()
    one.refresh_from_db()
    assert answer.did is Did.ADMITTED
    assert (two.state, two.reason, two.offered_until) == (Seat.CANCELLED, "walked_in", None)
    assert list(WaitLine.objects.filter(registration=two).order_by("id").values_list("note", flat=True))[
        -1
    ] == (WaitNote.CAME)
    assert (one.state, seats(evening)) == (Seat.OFFERED, (1, 1))
    assert not Send.objects.filter(person=guardian, kind="events.offer", state=SendState.QUEUED).exists()
    assert queries.counters_wrong() == []


# ---- what is shown


def test_scans_and_counter(evening):
    evening.check_in(0)
    evening.check_in(0)
    rows = queries.scans_of(evening.door, evening.event.public_id)
    assert [(r.did, r.server) for r in rows] == [("already", "already"), ("admitted", "admitted")]
    assert refused(queries.scans_of, worker(StoreFactory()), evening.event.public_id) == "absent"
    assert queries.doors_today(evening.door)[0].came == 1


def test_the_holders_ticket(evening):
    seat = evening.seats[0]
    ticket = queries.ticket_of(member_viewer(evening.members[0]), seat.public_id)

    assert evening.check_in(ticket=ticket.code).did is Did.ADMITTED
    assert ticket.keep_until == evening.event.ends_at + 12 * HOUR
    for viewer in (member_viewer(evening.members[1]), evening.champion, evening.door):
        assert refused(queries.ticket_of, viewer, seat.public_id) == "absent"
