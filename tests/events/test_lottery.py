"""Seats by lot (promise P31): rules frozen before, entrants and commitment published before, winners recomputed by anyone."""

import copy
import json
from datetime import timedelta

import pytest
from django.db import connection

from events.factories import drafted, published
from people.factories import CustomerFactory, account_of, member_viewer
from stores.factories import TESTS, StaffFactory, StoreFactory, viewer
from tongxin.commerce.queries import promise_for
from tongxin.events import actions, queries
from tongxin.events.models import Lottery, Pool, Registration
from tongxin.events.rules.lottery import entrant
from tongxin.events.terms import Admission, Seat
from tongxin.foundation import clock
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.draw.models import Draw
from tongxin.foundation.draw.queries import waiting_list
from tongxin.foundation.draw.rules import verify
from tongxin.foundation.draw.terms import Fault
from tongxin.foundation.errors import Refused
from tongxin.outreach.models import Send
from tongxin.people import actions as people
from tongxin.people.models import Customer, Deed
from tongxin.people.terms import MergeReason
from tongxin.stores.terms import Role

pytestmark = pytest.mark.django_db
DETAILS = {"draw": {"contact": "021-5555 0101"}}


def lottery(places=2, draw=None, **more):
    closes = clock.now() + timedelta(days=1)
    details = {"draw": {"contact": "021-5555 0101"} | (draw or {})}
    return published(
        places=places, admission=Admission.LOTTERY, closes_at=closes, party_most=3, details=details, **more
    )


def enter(event, who=None, children=0):
    me = who or member_viewer(CustomerFactory())
    made = [
        people.add_companion(viewer=me, nickname=f"娃{n}", age_years=6, agreed=True, notice_version="1")
        for n in range(children)
    ]
    return actions.register(
        viewer=me, event_id=event.public_id, companions=[actions.CompanionIn(c.public_id) for c in made]
    )


def committed(event):
    with clock.held(event.closes_at):
        return actions.commit_draw(viewer=TESTS, event_id=event.public_id)


def drawn(event, **more):
    committed(event)
    with clock.held(event.closes_at + timedelta(hours=1)):
        return actions.draw_seats(viewer=TESTS, event_id=event.public_id, **more)


def refused(act, **asked):
    with pytest.raises(Refused) as found:
        act(**asked)
    return found.value.code


def states(rows):
    return sorted(Registration.objects.filter(pk__in=[r.pk for r in rows]).values_list("state", flat=True))


@pytest.fixture(autouse=True)
def _counters_right():
    yield
    assert queries.counters_wrong() == []


def test_rules_are_frozen_when_the_event_is_published(noon):
    event = lottery()
    frozen = Lottery.objects.get(occurrence=event)
    shown = queries.published_draw(member_viewer(CustomerFactory()), event.public_id)
    assert (shown.rules, shown.rules_hash, shown.document) == (frozen.rules, frozen.rules_hash, None)
    assert len(shown.points) == 15
    for change in ({"closes_at": noon}, {"party_most": 1}, {"opens_at": noon}):
        asked = {"viewer": TESTS, "event_id": event.public_id, "version": event.version, **change}
        assert refused(actions.change, **asked) == "events.draw_frozen"
    actions.change(viewer=TESTS, event_id=event.public_id, version=event.version, summary="带上围裙")
    event.refresh_from_db()
    asked = {"viewer": TESTS, "event_id": event.public_id, "version": event.version, "audience": ""}
    assert refused(actions.resize, size=1, **asked) == "events.draw_frozen"
    actions.resize(size=3, **asked)  # more is in everybody's favour
    assert Lottery.objects.get(occurrence=event).rules_hash == frozen.rules_hash


def test_a_draw_without_all_points_is_not_published(noon):
    event = drafted(admission=Admission.LOTTERY, closes_at=noon + timedelta(days=1))
    assert refused(actions.publish, viewer=TESTS, event_id=event.public_id) == "events.draw_rules"
    event.refresh_from_db()
    assert event.state == "draft"
    assert not Pool.objects.get(occurrence=event).opened


def test_everybody_enters_and_nobody_has_a_seat_before_the_draw(noon):
    event = lottery()
    rows = [enter(event) for _ in range(4)]
    assert states(rows) == ["entered"] * 4
    assert Pool.objects.get(occurrence=event).taken == 0
    assert refused(actions.commit_draw, viewer=TESTS, event_id=event.public_id) == "events.draw_open"
    with clock.held(event.closes_at):
        assert (
            refused(actions.register, viewer=member_viewer(CustomerFactory()), event_id=event.public_id)
            == "events.closed"
        )


def test_entrants_and_commitment_are_published_before_anything_is_revealed(noon):
    event = lottery()
    rows = [enter(event), enter(event, children=2)]

    document = committed(event)

    assert document["entrants"] == sorted(entrant(event.public_id, r.public_id, r.party) for r in rows)
    assert (document["seed"], document["winners"], document["revealed_at"]) == ("", [], None)
    assert document["rules_hash"] == Lottery.objects.get(occurrence=event).rules_hash
    assert verify(document).faults == (Fault.NOT_REVEALED,)
    assert states(rows) == ["entered", "entered"]
    letters = Send.objects.filter(kind="events.draw_published")
    assert sorted(letters.values_list("person", flat=True)) == sorted(r.person_id for r in rows)
    assert committed(event) == document  # once
    assert Entry.objects.filter(act="events.draw_committed").count() == 1
    names = Customer.objects.values_list("nickname", flat=True)
    assert not [name for name in names if name and name in json.dumps(document)]


def test_the_order_cannot_be_bypassed(noon):
    event = lottery()
    rows = [enter(event) for _ in range(3)]
    asked = {"viewer": TESTS, "event_id": event.public_id}
    with clock.held(event.closes_at + timedelta(hours=2)):
        assert refused(actions.draw_seats, **asked) == "events.draw_not_committed"
        actions.commit_draw(**asked)
        assert refused(actions.draw_seats, **asked) == "events.draw_early"  # published a moment ago
    with clock.held(event.closes_at + timedelta(hours=2, minutes=29)):
        assert refused(actions.draw_seats, **asked) == "events.draw_early"
    assert states(rows) == ["entered"] * 3
    assert Draw.objects.get().revealed_at is None
    with clock.held(event.closes_at + timedelta(hours=2, minutes=30)):
        actions.draw_seats(**asked)
    assert Draw.objects.get().revealed_at is not None


def test_winners_have_seats_losers_wait_in_the_order_of_the_draw_and_anyone_recomputes_it(noon):
    event = lottery(places=3, fee_fen=2000, voucher_fen=2000)
    rows = [enter(event) for _ in range(6)]

    document = drawn(event)

    assert verify(document).ok
    by_lot = {entrant(event.public_id, r.public_id, r.party): r for r in rows}
    won = [by_lot[one] for one in document["winners"]]
    lost = [r for r in rows if r not in won]
    assert (states(won), states(lost)) == (["confirmed"] * 3, ["waiting"] * 3)
    pool = Pool.objects.get(occurrence=event)
    assert (pool.taken, pool.held, pool.waited) == (3, 0, 3)
    assert all(promise_for(("events", str(r.public_id))).fee_fen == 2000 for r in won)
    deeds = Deed.objects.filter(kind="lost_draw").values_list("person", "value", "subject")
    assert sorted(deeds) == sorted((r.person_id, 1, event.subject_id) for r in lost)
    told = Send.objects.filter(person=won[0].person_id, state="queued")
    assert {"events.confirmed", "events.reminder"} <= set(told.values_list("kind", flat=True))

    gone = Registration.objects.get(pk=won[0].pk)
    actions.cancel_registration(viewer=TESTS, registration_id=gone.public_id)
    first = Registration.objects.get(occurrence=event, number=1)
    assert first.state == Seat.OFFERED
    ranked = [r.pk for r in Registration.objects.filter(occurrence=event, number__gt=0).order_by("number")]
    event.refresh_from_db()
    assert ranked == [by_lot[one].pk for one in waiting_list(event.draw)]


def test_without_a_reserve_losers_are_told_and_free_for_other_things(noon):
    event = lottery(places=1, draw={"reserve": False})
    rows = [enter(event) for _ in range(3)]
    drawn(event)
    assert states(rows) == ["confirmed", "lost_draw", "lost_draw"]
    lost = Registration.objects.filter(state=Seat.LOST_DRAW)
    assert all(row.ended_at for row in lost)
    assert Send.objects.filter(kind="events.lost_draw").count() == 2


def test_drawing_again_changes_nothing(noon):
    event = lottery(places=1)
    rows = [enter(event) for _ in range(3)]
    document = drawn(event)
    before = (states(rows), Send.objects.count(), Deed.objects.count(), Entry.objects.count())
    with clock.held(event.closes_at + timedelta(hours=3)):
        assert actions.draw_seats(viewer=TESTS, event_id=event.public_id) == document
        assert actions.commit_draw(viewer=TESTS, event_id=event.public_id) == document
        asked = {"viewer": TESTS, "event_id": event.public_id, "beacon": "another"}
        assert refused(actions.draw_seats, **asked) == "draw.other_beacon"
    assert (states(rows), Send.objects.count(), Deed.objects.count(), Entry.objects.count()) == before


def test_parties_that_do_not_fit_are_passed_over_and_the_next_is_looked_at(noon):
    event = lottery(places=4)
    rows = [enter(event, children=n % 3) for n in range(9)]
    document = drawn(event)
    assert verify(document).ok
    won = [r for r in rows if entrant(event.public_id, r.public_id, r.party) in document["winners"]]
    assert sum(r.party for r in won) == 4  # singles among the others always fill it
    for row in rows:
        if row not in won:
            deed = Deed.objects.get(kind="lost_draw", person=row.person_id)
            assert deed.value == row.party


def test_who_gave_up_after_the_list_was_published_does_not_block_a_seat(noon):
    event = lottery(places=2)
    rows = [enter(event) for _ in range(4)]
    committed(event)
    for row in rows[:3]:
        actions.cancel_registration(viewer=TESTS, registration_id=row.public_id)
    with clock.held(event.closes_at + timedelta(hours=1)):
        document = actions.draw_seats(viewer=TESTS, event_id=event.public_id)
    assert verify(document).ok  # over the list that was published
    last = Registration.objects.get(pk=rows[3].pk)
    mine = entrant(event.public_id, last.public_id, 1)
    assert last.state == (Seat.CONFIRMED if mine in document["winners"] else Seat.OFFERED)


def test_a_public_value_named_before_is_needed(noon):
    event = lottery(draw={"beacon": "2026-03-06 沪指收盘"})
    enter(event)
    committed(event)
    with clock.held(event.closes_at + timedelta(hours=1)):
        asked = {"viewer": TESTS, "event_id": event.public_id}
        assert refused(actions.draw_seats, **asked) == "draw.beacon_needed"
        assert actions.draw_due(viewer=TESTS) == 0  # nobody can know it for us
        document = actions.draw_seats(beacon="3346.72", **asked)
    assert verify(document).beacon


def test_insiders_and_second_entries_are_taken_out(noon):
    store = StoreFactory()
    host = CustomerFactory()
    colleague = CustomerFactory(phone="13912345678")
    StaffFactory(store=store, phone="13912345678")
    Customer.objects.filter(pk=colleague.pk).update(is_staff=True)
    at_home = StaffFactory(store=store, account=account_of(CustomerFactory()))
    hosting = Customer.objects.get(account=at_home.account)
    event = lottery(store=store, member_host=host.pk, host=at_home.pk)
    out = [enter(event, member_viewer(who)) for who in (host, colleague, hosting)]
    one, other = CustomerFactory(), CustomerFactory()
    twice = [enter(event, member_viewer(one)), enter(event, member_viewer(other))]
    people.merge(viewer=TESTS, source=other, target=one, reason=MergeReason.SAME_PHONE)
    honest = enter(event)

    document = committed(event)

    assert states(out) == ["declined"] * 3
    assert states(twice) == ["cancelled", "entered"]
    assert len(document["entrants"]) == 2
    assert entrant(event.public_id, honest.public_id, 1) in document["entrants"]


def test_a_list_with_nobody_in_it_is_not_drawn_and_does_not_stop_others(noon):
    empty, event = lottery(), lottery()
    enter(event)
    with clock.held(event.closes_at):
        assert actions.commit_due(viewer=TESTS) == 1
        assert actions.commit_due(viewer=TESTS) == 0
        assert actions.draw_due(viewer=TESTS) == 0
    with clock.held(event.closes_at + timedelta(hours=1)):
        assert actions.draw_due(viewer=TESTS) == 1
        assert actions.draw_due(viewer=TESTS) == 0
    empty.refresh_from_db()
    assert empty.draw is None


def test_other_refusals_write_nothing(noon):
    event = lottery()
    mine = enter(event)
    plain = published()
    for act in (actions.commit_draw, actions.draw_seats):
        assert refused(act, viewer=viewer(Role.CHAMPION), event_id=event.public_id) == "absent"
        assert refused(act, viewer=member_viewer(CustomerFactory()), event_id=event.public_id) == "absent"
        assert refused(act, viewer=TESTS, event_id=plain.public_id) == "events.not_lottery"
    assert refused(queries.published_draw, viewer=TESTS, event_id=plain.public_id) == "events.not_lottery"
    Pool.objects.filter(occurrence=event).update(size=1)
    assert refused(committed, event=event) == "events.full"
    Pool.objects.filter(occurrence=event).update(size=2)
    committed(event)
    actions.cancel(viewer=TESTS, event_id=event.public_id, reason="rain")
    with clock.held(event.closes_at + timedelta(hours=1)):
        assert refused(actions.draw_seats, viewer=TESTS, event_id=event.public_id) == "events.state"
    assert states([mine]) == ["removed"]
    off = lottery()
    actions.cancel(viewer=TESTS, event_id=off.public_id, reason="rain")
    assert refused(committed, event=off) == "events.state"


def test_one_sees_ones_own_lot_and_what_came_of_it(noon):
    event = lottery(places=1)
    me = member_viewer(CustomerFactory())
    mine, other = enter(event, me), enter(event)
    before = queries.my_lot(me, mine.public_id)
    assert (before.published, before.won) == (False, None)
    document = committed(event)
    assert queries.my_lot(me, mine.public_id).published
    assert queries.my_lot(me, mine.public_id).entrant in document["entrants"]
    with clock.held(event.closes_at + timedelta(hours=1)):
        actions.draw_seats(viewer=TESTS, event_id=event.public_id)
    assert queries.my_lot(me, mine.public_id).won is not queries.my_lot(TESTS, other.public_id).won
    assert refused(queries.my_lot, viewer=me, registration_id=other.public_id) == "absent"
    assert queries.published_draw(me, event.public_id).document["winners"]


CHEATS = [
    ("one more seat", lambda d: d["rules"].update(seats=9), {Fault.RULES, Fault.WINNERS}),
    (
        "a smaller party",
        lambda d: d["entrants"].__setitem__(0, d["entrants"][0][:-1] + "1"),
        {Fault.ENTRANTS},
    ),
    ("a winner passed over", lambda d: d["winners"].pop(0), {Fault.WINNERS}),
    ("seats that cannot be counted", lambda d: d["entrants"].__setitem__(0, "lot"), {Fault.SHAPE}),
    ("no seats", lambda d: d["rules"].update(seats=0), {Fault.SHAPE}),
]


@pytest.mark.parametrize(("cheat", "faults"), [c[1:] for c in CHEATS], ids=[c[0] for c in CHEATS])
def test_every_way_to_cheat_with_seats_shows(noon, cheat, faults):
    event = lottery(places=3)
    for _ in range(3):
        enter(event, children=1)
    document = copy.deepcopy(drawn(event))
    assert verify(document).ok
    cheat(document)
    assert faults <= set(verify(document).faults)


def test_the_document_lies_sealed_until_it_is_opened(noon):
    event = lottery()
    enter(event)
    committed(event)
    with connection.cursor() as cursor:
        cursor.execute("SELECT seed FROM draw_draw")
        raw = cursor.fetchone()[0]
    assert Draw.objects.get().seed not in raw
