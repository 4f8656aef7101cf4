"""Forty phones on one pool (promise P1): sold = capacity exactly, the line dense, nobody lost, no seat left while somebody waits.

The full counts are in `bench/seats.py`.
"""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from events.factories import published
from events.rush import count_then_insert, faults, register, restless, rush, sold, viewer_of
from foundation.racing import in_threads
from people.factories import CustomerFactory
from stores.factories import TESTS
from tongxin.events import actions, evidence, queries
from tongxin.events.actions import claims, letters, taking
from tongxin.events.models import Pool, Registration
from tongxin.events.terms import Admission, Seat
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.outreach.models import Send
from tongxin.people import actions as people
from tongxin.people.models import Deed
from tongxin.people.terms import MergeReason

pytestmark = pytest.mark.django_db(transaction=True)
CLIENTS = 40


def crowd(n=CLIENTS):
    return [CustomerFactory().pk for _ in range(n)]


def test_forty_phones_and_seats_for_some():
    phones = crowd()
    for places in (25, 1, 39):
        event = published(places=places)
        answers = rush(register(event), phones)
        assert sorted(answers) == sorted(phones)
        assert {a if isinstance(a, str) else a[0] for a in answers.values()} == {Seat.CONFIRMED, Seat.WAITING}
        assert sold(event) == places
        line = sorted(number for _, number in answers.values() if number is not None)
        assert line == list(range(1, CLIENTS - places + 1))
        assert faults(event, phones) == []
    # many changing their minds at once: seats go round, none is lost on the way
    event = published(places=7)
    answers = rush(restless(event), phones)
    assert set(answers.values()) == {"done"}
    assert faults(event, phones) == []
    # control: count, then insert
    event = published(places=25)
    rush(count_then_insert(event), phones)
    assert sold(event) > 25


def test_one_member_on_ten_phones_has_one_place():
    event, me = published(places=5), CustomerFactory()

    def work(_):
        return actions.register(viewer=viewer_of(me.pk), event_id=event.public_id).state

    answers = in_threads(work, 10)
    assert (
        sorted(a.code if isinstance(a, Refused) else str(a) for a in answers)
        == ["confirmed"] + ["events.registered"] * 9
    )
    assert faults(event, [me.pk]) == []
    assert Pool.objects.get(occurrence=event).taken == 1


def test_the_limit_of_one_holds_across_a_merge_in_both_directions():
    one, other = CustomerFactory(), CustomerFactory()
    first, second = published(), published()
    actions.register(viewer=viewer_of(one.pk), event_id=first.public_id)
    actions.register(viewer=viewer_of(other.pk), event_id=second.public_id)
    link = people.merge(viewer=TESTS, source=one, target=other, reason=MergeReason.SAME_PHONE)
    for event in (first, second):
        with pytest.raises(Refused) as refused:
            actions.register(viewer=viewer_of(other.pk), event_id=event.public_id)
        assert refused.value.code == "events.registered"
    people.unmerge(viewer=TESTS, merge_id=link.public_id)
    assert actions.register(viewer=viewer_of(other.pk), event_id=first.public_id).state == Seat.CONFIRMED


def test_two_places_of_one_person_become_one_and_the_seat_goes_on():
    one, other, third = CustomerFactory(), CustomerFactory(), CustomerFactory()
    event = published(places=2)
    for who in (one, other, third):
        actions.register(viewer=viewer_of(who.pk), event_id=event.public_id)
    people.merge(viewer=TESTS, source=one, target=other, reason=MergeReason.SAME_PHONE)

    assert actions.one_place_each(viewer=TESTS) == 1
    assert actions.one_place_each(viewer=TESTS) == 0

    states = dict(Registration.objects.values_list("person", "state"))
    assert states == {one.pk: Seat.CONFIRMED, other.pk: Seat.CANCELLED, third.pk: Seat.OFFERED}
    assert Registration.objects.get(person=other).reason == "merged"
    told = Send.objects.filter(person=one, state="queued").values_list("kind", flat=True)
    assert sorted(told) == ["events.confirmed", "events.reminder"]
    assert queries.counters_wrong() == []


# ---- a seat given back between "nothing free" and "then I wait"


def between(monkeypatch, hooked, act):
    """Somebody registers; when `hooked` says no seat is free, `act` happens on another connection before they go on."""
    owner, name = hooked
    original, stop, go = getattr(owner, name), threading.Event(), threading.Event()

    def pausing(*args, **asked):
        answer = original(*args, **asked)
        if threading.current_thread().name == "slow":
            stop.set()
            go.wait(10)
        return answer

    monkeypatch.setattr(owner, name, pausing)

    def slow(work, answers):
        try:
            answers.append(work())
        except Refused as refused:
            answers.append(refused.code)
        finally:
            connection.close()

    def run(work):
        answers = []
        thread = threading.Thread(target=slow, args=[work, answers], name="slow", daemon=True)
        thread.start()
        assert stop.wait(10)
        act()
        go.set()
        thread.join(20)
        return answers[0]

    return run


@pytest.mark.parametrize("quick", [True, False], ids=["quickly", "carefully"])
def test_a_seat_given_back_at_that_moment_is_taken(monkeypatch, quick):
    if not quick:
        carefully(monkeypatch)
    event, [first, late] = published(places=1), crowd(2)
    seat = actions.register(viewer=viewer_of(first), event_id=event.public_id)

    def gives_up():
        actions.cancel_registration(viewer=TESTS, registration_id=seat.public_id)

    run = between(monkeypatch, (evidence, "looked"), gives_up)
    assert run(lambda: register(event)(late)) == (Seat.CONFIRMED, None)
    assert faults(event, [first, late]) == []


def carefully(monkeypatch):
    """Registering without a guess: the seat first, everything else after it."""
    monkeypatch.setattr(taking, "guess", lambda _wish: None)


def test_a_seat_that_went_at_that_moment_is_not_sold_twice(monkeypatch):
    event, [first, late] = published(places=1), crowd(2)
    run = between(monkeypatch, (evidence, "looked"), lambda: register(event)(first))
    assert run(lambda: register(event)(late)) == (Seat.WAITING, 1)
    assert faults(event, [first, late]) == []
    assert Send.objects.filter(person=late).values_list("kind", flat=True).get() == "events.waiting"
    assert Deed.objects.filter(person=late, kind__in=["registered", "waitlisted"]).get().kind == "waitlisted"


def test_control_in_two_statements_the_seat_and_the_waiting_miss_each_other(monkeypatch):
    event, [first, late] = published(places=1), crowd(2)
    seat = actions.register(viewer=viewer_of(first), event_id=event.public_id)

    def two_steps(pools, n, schedule):
        if claims.claim(pools[0], n, schedule):
            return claims.Placed(pools[0])
        return claims.Placed(pools[0], claims.numbers(pools[0], 1))

    carefully(monkeypatch)
    monkeypatch.setattr(claims, "place", two_steps)

    def gives_up():
        actions.cancel_registration(viewer=TESTS, registration_id=seat.public_id)

    run = between(monkeypatch, (claims, "claim"), gives_up)
    assert run(lambda: register(event)(late)) == (Seat.WAITING, 1)
    assert [fault[:5] for fault in faults(event, [first, late])] == ["under"]


# ---- moved or called off while somebody registers

ADMISSIONS = [Admission.FIRST_COME, Admission.APPROVAL]


def moves(event):
    event.refresh_from_db()
    actions.move(
        viewer=TESTS, event_id=event.public_id, version=event.version,
        starts_at=event.starts_at.replace(hour=9), ends_at=event.ends_at.replace(hour=11),
    )  # fmt: skip


def calls_off(event):
    actions.cancel(viewer=TESTS, event_id=event.public_id, reason="rain")


@pytest.mark.parametrize("admission", ADMISSIONS)
@pytest.mark.parametrize(("act", "code"), [(moves, "events.moved"), (calls_off, "events.cancelled")])
def test_an_event_changed_after_the_look_is_refused_by_code_and_nothing_is_written(
    monkeypatch, admission, act, code
):
    event, [person] = published(admission=admission), crowd(1)
    run = between(monkeypatch, (evidence, "looked"), lambda: act(event))
    assert run(lambda: register(event)(person)) == code
    assert Registration.objects.count() == 0
    assert Send.objects.count() == 0
    assert queries.counters_wrong() == []


@pytest.mark.parametrize("admission", ADMISSIONS)
@pytest.mark.parametrize(("act", "kind"), [(moves, "events.moved"), (calls_off, "events.cancelled")])
def test_who_was_a_moment_earlier_keeps_what_they_have_and_is_told(monkeypatch, admission, act, kind):
    """They hold the pool and need the key of the event; the mover holds the event and needs the pool: no deadlock either."""
    event, [person] = published(admission=admission), crowd(1)
    changer = threading.Thread(target=lambda: (act(event), connection.close()), daemon=True)

    def begins():
        changer.start()
        changer.join(0.5)
        assert changer.is_alive()  # waits for us

    last = (claims, "claim_and_write") if admission is Admission.FIRST_COME else (letters, "tell")
    run = between(monkeypatch, last, begins)
    state = run(lambda: register(event)(person))
    changer.join(10)
    assert state[0] in {Seat.CONFIRMED, Seat.APPLIED}
    assert Send.objects.filter(person=person, kind=kind, state="queued").count() == 1
    row = Registration.objects.get(person=person)
    assert row.state == (Seat.REMOVED if kind == "events.cancelled" else state[0])
    assert queries.counters_wrong() == []


# ---- the list of a draw is closed while somebody enters


def draw_soon():
    closes = clock.now() + timedelta(days=1)
    return published(
        admission=Admission.LOTTERY, closes_at=closes, details={"draw": {"contact": "021-5555 0101"}}
    )


def closes_list(event, answers):
    with clock.held(event.closes_at):
        answers.append(actions.commit_draw(viewer=TESTS, event_id=event.public_id))
    connection.close()


def test_who_looked_before_the_list_closed_and_enters_after_is_refused(monkeypatch):
    event, [first, late], documents = draw_soon(), crowd(2), []
    register(event)(first)
    run = between(monkeypatch, (evidence, "looked"), lambda: closes_list(event, documents))
    assert run(lambda: register(event)(late)) == "events.closed"
    assert len(documents[0]["entrants"]) == 1
    assert Registration.objects.filter(occurrence=event).count() == 1


def test_who_entered_a_moment_before_the_list_closed_is_in_it(monkeypatch):
    event, [first, late], documents = draw_soon(), crowd(2), []
    register(event)(first)
    closer = threading.Thread(target=closes_list, args=[event, documents], daemon=True)

    def begins():
        closer.start()
        closer.join(0.5)
        assert closer.is_alive()  # waits for us

    run = between(monkeypatch, (letters, "tell"), begins)
    assert run(lambda: register(event)(late))[0] == Seat.ENTERED
    closer.join(10)
    assert len(documents[0]["entrants"]) == 2


def test_control_without_asking_at_the_end_somebody_enters_a_closed_list(monkeypatch):
    event, [first, late], documents = draw_soon(), crowd(2), []
    register(event)(first)
    monkeypatch.setattr(claims, "still_open", lambda occurrence, schedule: True)
    run = between(monkeypatch, (evidence, "looked"), lambda: closes_list(event, documents))
    assert run(lambda: register(event)(late))[0] == Seat.ENTERED
    assert len(documents[0]["entrants"]) == 1
