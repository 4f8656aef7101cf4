"""The waiting list: offers go down the line, every skip has a reason that both sides read, nobody new overtakes."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from events.factories import published
from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS, viewer
from tongxin.commerce.queries import promise_for
from tongxin.events import actions, queries
from tongxin.events.actions import claims
from tongxin.events.models import Pool, Registration, WaitLine
from tongxin.events.terms import WAIT_LABELS, Seat, WaitNote
from tongxin.foundation import clock
from tongxin.foundation.access import ANONYMOUS
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.outreach.models import Send
from tongxin.people import actions as people
from tongxin.people.models import Deed
from tongxin.stores.terms import Role

pytestmark = pytest.mark.django_db


def guest(**more):
    return member_viewer(CustomerFactory(**more))


def family(children):
    """A member with so many children."""
    me = guest()
    made = [
        people.add_companion(viewer=me, nickname=f"娃{n}", age_years=6, agreed=True, notice_version="1")
        for n in range(children)
    ]
    return me, [actions.CompanionIn(child.public_id) for child in made]


def register(event, who=None, party=1):
    if party > 1:
        me, children = family(party - 1)
        return actions.register(viewer=me, event_id=event.public_id, companions=children)
    return actions.register(viewer=who or guest(), event_id=event.public_id)


def gives_up(registration):
    return actions.cancel_registration(viewer=TESTS, registration_id=registration.public_id)


def full(places=1, **more):
    event = published(places=places, **more)
    return event, [register(event) for _ in range(places)]


def fresh(row):
    row.refresh_from_db()
    return row


def counters(event):
    pool = Pool.objects.get(occurrence=event, audience="")
    return pool.size, pool.taken, pool.held, pool.waited


def notes(row):
    return list(WaitLine.objects.filter(registration=row).order_by("id").values_list("note", "seats"))


@pytest.fixture(autouse=True)
def _counters_right():
    yield
    assert queries.counters_wrong() == []


def test_a_seat_goes_down_the_line_until_somebody_takes_it(noon):
    event, [seat] = full()
    first, second, third = (register(event) for _ in range(3))
    assert [row.number for row in (first, second, third)] == [1, 2, 3]

    gives_up(seat)
    assert fresh(first).state == Seat.OFFERED
    actions.leave(viewer=TESTS, registration_id=first.public_id)
    assert (fresh(first).state, first.reason) == (Seat.CANCELLED, "offer_declined")
    assert fresh(second).state == Seat.OFFERED
    with clock.held(second.offered_until):
        assert actions.lapse(viewer=TESTS) == 1
        assert actions.lapse(viewer=TESTS) == 0
    assert (fresh(second).state, second.reason) == (Seat.CANCELLED, "offer_lapsed")
    actions.accept(viewer=TESTS, registration_id=fresh(third).public_id)

    assert fresh(third).state == Seat.CONFIRMED
    assert counters(event) == (1, 1, 0, 3)
    assert notes(first) == [("offered", 1), ("declined", 1)]
    assert notes(second) == [("offered", 1), ("lapsed", 1)]
    assert notes(third) == [("offered", 1), ("accepted", 1)]
    told = Send.objects.filter(person=second.person_id).order_by("id").values_list("kind", "state")
    assert list(told) == [
        ("events.waiting", "cancelled"),
        ("events.offer", "cancelled"),
        ("events.offer_lapsed", "queued"),
    ]


def test_cancelling_an_offered_place_by_the_common_button_passes_it_on_too(noon):
    event, [seat] = full()
    first, second = register(event), register(event)
    gives_up(seat)
    gives_up(fresh(first))
    assert notes(first) == [("offered", 1), ("declined", 1)]
    assert fresh(second).state == Seat.OFFERED


def test_the_seat_of_a_winner_who_gives_up_is_offered_on_at_once(noon):
    """pretix#1163: the voucher of a cancelled winner kept the seat."""
    event, [seat] = full()
    first, second = register(event), register(event)
    gives_up(seat)
    actions.accept(viewer=TESTS, registration_id=first.public_id)
    gives_up(fresh(first))
    assert fresh(second).state == Seat.OFFERED
    assert counters(event) == (1, 0, 1, 2)


def test_accepting_twice_changes_nothing_and_after_the_end_it_is_refused(noon):
    event, [seat] = full()
    first = register(event)
    gives_up(seat)
    actions.accept(viewer=TESTS, registration_id=first.public_id)
    actions.accept(viewer=TESTS, registration_id=first.public_id)
    assert notes(first) == [("offered", 1), ("accepted", 1)]
    assert counters(event) == (1, 1, 0, 1)
    assert Deed.objects.filter(person=first.person_id, source_id__startswith="accepted:").count() == 1

    late = register(event)
    gives_up(fresh(first))
    with clock.held(fresh(late).offered_until), pytest.raises(Refused) as refused:
        actions.accept(viewer=TESTS, registration_id=late.public_id)
    assert refused.value.code == "events.offer_over"
    assert fresh(late).state == Seat.OFFERED


def test_an_accepted_place_promises_the_fee(noon):
    event, [seat] = full(fee_fen=3000, voucher_fen=3000)
    first = register(event)
    assert promise_for(("events", str(first.public_id))) is None
    gives_up(seat)
    actions.accept(viewer=TESTS, registration_id=first.public_id)
    assert promise_for(("events", str(first.public_id))).fee_fen == 3000


def test_who_is_passed_over_reads_why_once_for_each_number_of_free_seats(noon):
    event, seats = full(places=3, party_most=4)
    big, small = register(event, party=3), register(event)
    gives_up(seats[0])  # one free: too few for three
    assert notes(big) == [("party_too_big", 1)]
    assert fresh(small).state == Seat.OFFERED

    single = register(event)
    actions.leave(viewer=TESTS, registration_id=small.public_id)  # the same one seat again
    assert notes(big) == [("party_too_big", 1)]
    assert fresh(single).state == Seat.OFFERED

    gives_up(seats[1])  # nobody else waits, one seat beside the offered one
    assert notes(big) == [("party_too_big", 1)]
    actions.leave(viewer=TESTS, registration_id=single.public_id)
    assert notes(big) == [("party_too_big", 1), ("party_too_big", 2)]
    gives_up(seats[2])
    assert fresh(big).state == Seat.OFFERED
    assert counters(event) == (3, 0, 3, 3)


def test_nobody_new_overtakes_somebody_who_fits(noon):
    """A ring was opened to those who wait after they stood in the line: the seat is theirs before any newcomer's."""
    event = published(places=2, allotments=(actions.Allotment("tag:老友", 1),))
    old = CustomerFactory()
    register(event)
    waits = register(event, member_viewer(old))
    assert waits.state == Seat.WAITING
    _tag(old)
    new = CustomerFactory()
    _tag(new)

    late = register(event, member_viewer(new))

    assert fresh(waits).state == Seat.OFFERED
    assert late.state == Seat.WAITING


def test_control_without_asking_the_line_first_the_newcomer_overtakes(noon, monkeypatch):
    monkeypatch.setattr(actions.registering, "line_first", lambda *a, **k: False)
    event = published(places=2, allotments=(actions.Allotment("tag:老友", 1),))
    old, new = CustomerFactory(), CustomerFactory()
    register(event)
    waits = register(event, member_viewer(old))
    _tag(old)
    _tag(new)
    assert register(event, member_viewer(new)).state == Seat.CONFIRMED
    assert fresh(waits).state == Seat.WAITING


def test_who_is_smaller_than_what_the_line_can_use_takes_the_seat(noon):
    event, [seat, _] = full(places=2, party_most=3)
    big = register(event, party=2)
    gives_up(seat)
    assert register(event).state == Seat.CONFIRMED
    assert fresh(big).state == Seat.WAITING


def _tag(customer):
    people.tag(viewer=TESTS, customer=customer, label="老友")


def test_the_champion_picks_out_of_turn_and_both_sides_read_it(noon):
    event, [seat] = full()
    first, second = register(event), register(event)
    champion = viewer(Role.CHAMPION, store=event.store)
    with pytest.raises(Refused) as refused:
        actions.pick(viewer=champion, registration_id=second.public_id, reason=" ")
    assert refused.value.code == "events.reason_missing"
    actions.pick(viewer=champion, registration_id=second.public_id, reason="上次临时取消的补偿")
    assert queries.my_line(TESTS, first.public_id).ahead == 1

    gives_up(seat)

    assert (fresh(first).state, fresh(second).state) == (Seat.WAITING, Seat.OFFERED)
    assert notes(second) == [("out_of_turn", 1), ("offered", 1)]
    entry = Entry.objects.get(act="events.picked_out_of_turn")
    assert (entry.actor, entry.reason) == (champion.name, "上次临时取消的补偿")
    with pytest.raises(Refused) as refused:
        actions.pick(viewer=champion, registration_id=second.public_id, reason="x")
    assert refused.value.code == "events.seat_state"


ASKED = {
    "accept": lambda who, event, row: actions.accept(viewer=who, registration_id=row.public_id),
    "leave": lambda who, event, row: actions.leave(viewer=who, registration_id=row.public_id),
    "pick": lambda who, event, row: actions.pick(viewer=who, registration_id=row.public_id, reason="x"),
    "my_line": lambda who, event, row: queries.my_line(who, row.public_id),
    "line": lambda who, event, row: queries.line(who, event.public_id),
}


@pytest.mark.parametrize("act", ASKED)
def test_strangers_find_nothing(noon, act):
    event, [seat] = full()
    waits = register(event)
    gives_up(seat)
    before = notes(waits)
    for stranger in (guest(), viewer(Role.CHAMPION), ANONYMOUS):
        with pytest.raises(Refused) as refused:
            ASKED[act](stranger, event, waits)
        assert refused.value.code == "absent"
    assert notes(waits) == before


@pytest.mark.parametrize("role", [Role.DOOR, Role.HQ_ANALYST, Role.AUDITOR])
def test_the_line_with_its_names_is_not_for_the_door_nor_for_who_only_counts(noon, role):
    event, _ = full()
    store = {"store": event.store} if role is Role.DOOR else {}
    with pytest.raises(Refused) as refused:
        queries.line(viewer(role, **store), event.public_id)
    assert refused.value.code == "absent"


def test_a_member_may_not_pick_themself(noon):
    event, _ = full()
    me = guest()
    waits = register(event, me)
    with pytest.raises(Refused) as refused:
        actions.pick(viewer=me, registration_id=waits.public_id, reason="x")
    assert refused.value.code == "absent"


def test_in_the_last_hour_who_waits_takes_what_is_free_and_nobody_is_offered_anything(noon):
    event, [seat] = full()
    first, second = register(event), register(event)
    with clock.held(event.starts_at - timedelta(minutes=50)):
        gives_up(seat)
        assert fresh(first).state == Seat.WAITING
        assert queries.my_line(TESTS, second.public_id).takeable
        actions.accept(viewer=TESTS, registration_id=second.public_id)
        with pytest.raises(Refused) as refused:
            actions.accept(viewer=TESTS, registration_id=first.public_id)
    assert refused.value.code == "events.full"
    assert fresh(second).state == Seat.CONFIRMED
    assert counters(event) == (1, 1, 0, 2)


def test_before_the_last_hour_who_waits_cannot_take_a_seat_by_themself(noon):
    event, _ = full()
    waits = register(event)
    with pytest.raises(Refused) as refused:
        actions.accept(viewer=TESTS, registration_id=waits.public_id)
    assert refused.value.code == "events.offer_over"


def test_offers_end_an_hour_before_the_start_also_after_a_move(noon):
    event, [seat] = full()
    waits = register(event)
    gives_up(seat)
    soon = clock.now() + timedelta(minutes=80)
    actions.move(
        viewer=TESTS,
        event_id=event.public_id,
        version=event.version,
        starts_at=soon,
        ends_at=soon + timedelta(hours=1),
    )
    assert actions.lapse(viewer=TESTS) == 0
    with clock.held(soon - timedelta(hours=1)):
        with pytest.raises(Refused) as refused:
            actions.accept(viewer=TESTS, registration_id=waits.public_id)
        assert refused.value.code == "events.offer_over"
        assert actions.lapse(viewer=TESTS) == 1
    assert fresh(waits).state == Seat.CANCELLED


@pytest.mark.parametrize(("over", "code"), [("cancelled", "events.cancelled"), ("begun", "events.past")])
def test_nothing_is_accepted_when_the_event_is_off_or_has_begun(noon, over, code):
    event, [seat] = full()
    waits = register(event)
    gives_up(seat)
    if over == "cancelled":
        actions.cancel(viewer=TESTS, event_id=event.public_id, reason="rain")
    with clock.held(event.starts_at if over == "begun" else clock.now()), pytest.raises(Refused) as refused:
        actions.accept(viewer=TESTS, registration_id=waits.public_id)
    assert refused.value.code == code
    with clock.held(event.starts_at), pytest.raises(Refused):
        actions.leave(viewer=TESTS, registration_id=waits.public_id)


def test_leaving_the_line_and_what_is_left_of_it(noon):
    event, _ = full()
    me = guest()
    first, second = register(event, me), register(event)
    assert queries.my_line(TESTS, second.public_id).zh == "你前面还有 1 组"
    assert queries.my_line(TESTS, second.public_id).en == "1 group is before you"
    actions.leave(viewer=me, registration_id=first.public_id)
    actions.leave(viewer=me, registration_id=first.public_id)
    assert notes(first) == [("left", 1)]
    assert queries.my_line(TESTS, second.public_id).zh == "下一个就是你"
    assert queries.my_line(me, first.public_id).zh == ""
    with pytest.raises(Refused) as refused:
        actions.leave(viewer=TESTS, registration_id=register(published()).public_id)
    assert refused.value.code == "events.offer_over"


def test_both_sides_read_the_same_story(noon):
    event, seats = full(places=2, party_most=4)
    big, small = register(event, party=3), register(event)
    gives_up(seats[0])
    mine = queries.my_line(TESTS, big.public_id)
    assert [note.zh for note in mine.history] == ["空出 1 个位，不够你们 3 位，先问了下一组"]
    assert mine.history[0].en == "1 free, not enough for your party of 3: the next group was asked"
    rows = queries.line(viewer(Role.CHAMPION, store=event.store), event.public_id).items
    assert [(row.registration, row.state, row.place) for row in rows] == [
        (small.public_id, Seat.OFFERED, 1),
        (big.public_id, Seat.WAITING, 2),
    ]
    assert rows[1].history == mine.history
    assert queries.my_line(TESTS, small.public_id).zh == "有空位了，等你确认"


def statements(work):
    with CaptureQueriesContext(connection) as seen:
        work()
    return len(seen)


def test_the_line_goes_on_where_a_page_ended(noon):
    event, [seat] = full()
    waits = [register(event) for _ in range(5)]
    actions.pick(viewer=TESTS, registration_id=waits[3].public_id, reason="带了讲稿")
    gives_up(seat)
    whole = [(row.registration, row.place) for row in queries.line(TESTS, event.public_id).items]
    assert whole == [(waits[n].public_id, place) for place, n in enumerate((3, 0, 1, 2, 4), 1)]
    paged, cursor = [], None
    while True:
        found = queries.line(TESTS, event.public_id, limit=2, cursor=cursor)
        paged += [(row.registration, row.place) for row in found.items]
        if (cursor := found.cursor) is None:
            break
    assert paged == whole


def test_the_line_is_three_statements_and_passing_on_does_not_grow_with_the_line(noon):
    counted = []
    for length in (1, 3):
        event, [seat] = full()
        for _ in range(length):
            register(event)
        counted.append(
            (
                statements(lambda e=event: queries.line(TESTS, e.public_id)),
                statements(lambda s=seat: gives_up(s)),
            )
        )
    assert counted[0] == counted[1]
    assert counted[0][0] == 3


def test_a_long_line_is_read_a_page_at_a_time(noon, monkeypatch):
    monkeypatch.setattr(actions.waiting, "PAGE", 2)
    event, seats = full(places=2, party_most=3)
    bigs = [register(event, party=3) for _ in range(4)]
    small = register(event)
    gives_up(seats[0])
    assert fresh(small).state == Seat.OFFERED
    assert [notes(big) for big in bigs] == [[("party_too_big", 1)]] * 4


def test_more_seats_go_to_the_line_first(noon):
    event, _ = full()
    rows = [register(event) for _ in range(3)]
    actions.resize(viewer=TESTS, event_id=event.public_id, version=event.version, audience="", size=3)
    assert [fresh(row).state for row in rows] == [Seat.OFFERED, Seat.OFFERED, Seat.WAITING]
    assert counters(event) == (3, 1, 2, 3)


def test_a_locked_pool_whose_counters_moved_is_a_fault_of_ours(noon):
    event, _ = full()
    with pytest.raises(RuntimeError):
        claims.hold_locked(Pool.objects.get(occurrence=event).pk, 1)


def test_a_wrong_counter_is_found(noon):
    event, _ = full(places=2)
    register(event)
    pool = Pool.objects.filter(occurrence=event)
    pool.update(taken=1, waited=4)
    found = {(w.counter, w.says, w.counted) for w in queries.counters_wrong(event.public_id)}
    assert found == {("taken", 1, 2), ("waited", 4, 1), ("last_number", 4, 1)}
    pool.update(taken=2, waited=1)


def test_words_of_every_note():
    assert set(WAIT_LABELS) == set(WaitNote)


def test_registration_numbers_stay_dense(noon):
    event, _ = full()
    for _ in range(3):
        gives_up(register(event))
    last = register(event)
    assert last.number == 4
    numbers = Registration.objects.filter(occurrence=event, number__isnull=False).values_list(
        "number", flat=True
    )
    assert sorted(numbers) == [1, 2, 3, 4]
