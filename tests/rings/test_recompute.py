"""Runs over a real database: history as periods, repeatable, as of a day, weekly counts, leaving and coming back."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from rings.chain import SYSTEM, act, join, open_chain, self_of, staff
from tongxin.foundation import clock
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.people import ledger
from tongxin.people.actions import flag_staff, merge, note_prospect, switch_personalisation
from tongxin.people.models import Deed
from tongxin.people.terms import IdentityKind, MergeReason
from tongxin.rings import actions, queries, rules
from tongxin.rings.models import Placement, Run, Standing
from tongxin.rings.terms import Ring
from tongxin.stores.queries import the_brand
from tongxin.stores.terms import Role

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
DAY = timedelta(days=1)


@pytest.fixture
def stores():
    return open_chain()


def run(**more):
    return actions.recompute(viewer=SYSTEM, **more)


def place_of(person, as_of=None):
    found = queries.ring_of(SYSTEM, person, as_of)
    return None if found is None else found.ring


def test_everybody_is_placed_with_reasons(stores):
    quiet, busy = join(stores[0]), join(stores[0])
    act(busy, "checked_in", 1, 8, 15)
    guest = note_prospect(viewer=SYSTEM, store=stores[0], known_by=IdentityKind.VISIT, key="counter-7")
    summary = run()
    assert summary.rings == {"outer": 2, "middle": 1, "inner": 0}
    assert (summary.people, summary.arrived, summary.nearer, summary.version) == (3, 3, 0, 1)
    assert (place_of(quiet), place_of(busy), place_of(guest)) == (Ring.OUTER, Ring.MIDDLE, Ring.OUTER)
    kept = Placement.objects.get(customer=busy)
    assert kept.reasons["codes"] == ["gates_met"]
    lines = {line["gate"]: line for line in kept.reasons["held"]}
    cited = Deed.objects.filter(id__in=lines["checkins"]["evidence"])
    assert {deed.kind for deed in cited} == {"checked_in"}
    assert len(cited) == 3
    assert queries.placement_faults() == []


def test_repeating_a_run_changes_nothing(stores):
    busy = join(stores[0])
    act(busy, "checked_in", 1, 8, 15)
    first = run()
    before = list(Placement.objects.values()), list(Standing.objects.values())
    again = run()
    assert again == replace(first, arrived=0, already=True)
    assert (list(Placement.objects.values()), list(Standing.objects.values())) == before
    assert Run.objects.count() == 1


def test_a_run_in_the_past_answers_what_was_placed_then(stores):
    busy = join(stores[0])
    act(busy, "checked_in", 1, 8, 15)
    run()
    with clock.held(clock.now() + 3 * DAY):
        past = run(as_of=clock.now() - 3 * DAY)
        assert past.already
        assert past.rings["middle"] == 1
        with pytest.raises(Refused, match=r"rings.future"):
            run(as_of=clock.now() + DAY)


def test_steps_are_told_to_the_trail_and_close_the_period_they_end(stores):
    person = join(stores[0])
    run()
    with clock.held(clock.now() + 7 * DAY) as later:
        act(person, "checked_in", 1, 3, 5)
        summary = run()
        assert (summary.nearer, summary.arrived) == (1, 0)
        now, before = queries.history(SYSTEM, person)
        assert (before.ring, before.until, now.ring, now.since, now.until) == (
            Ring.OUTER,
            later,
            Ring.MIDDLE,
            later,
            None,
        )
        told = Entry.objects.get(act="rings.moved")
        assert json.loads(told.after)["ring"] == "middle"
        assert told.subject_id == str(person.public_id)
        assert place_of(person, later - DAY) is Ring.OUTER
        assert place_of(person, later) is Ring.MIDDLE
        assert place_of(person, later - 30 * DAY) is None


def test_leaving_takes_four_low_weeks_and_two_runs_of_a_week_count_once(stores):
    person = join(stores[0])
    act(person, "checked_in", 1, 8, 15)
    run()
    start, rings = clock.now(), []
    # The last check-in leaves the 91-day window after 90 days; contribution has faded below 8 long before.
    for week in range(12, 18):
        with clock.held(start + week * 7 * DAY):
            run()
            rings.append(place_of(person))
        with clock.held(start + week * 7 * DAY + timedelta(hours=3)):
            run()
    assert rings == [Ring.MIDDLE] * 4 + [Ring.OUTER] * 2
    codes = Placement.objects.get(customer=person, period__upper_inf=True).reasons["codes"]
    assert codes == ["low_for_weeks"]


def test_what_was_not_known_yet_does_not_count_as_of_that_day(stores):
    person = join(stores[0])
    now = clock.now()
    traces = {}
    act(person, "checked_in", 3)
    ledger.record(
        viewer=SYSTEM, person=person, kind="checked_in", occurred_at=now - 2 * DAY, source=("test", "late")
    )
    for days in (2, 1, 0):
        traces[days] = queries.traces_of(the_brand(), now - days * DAY, rules.DEFAULT)[person.pk]
    assert [len(traces[days].deeds) for days in (2, 1, 0)] == [1, 1, 2]


def test_reversed_deeds_do_not_count_once_the_reversal_is_known(stores):
    person = join(stores[0])
    act(person, "checked_in", 3, 9)
    deed = Deed.objects.filter(person=person, kind="checked_in").first()
    with clock.held(clock.now() + DAY) as then:
        ledger.reverse(viewer=SYSTEM, deed_id=deed.pk, reason="scanned twice")
        after = queries.traces_of(the_brand(), then, rules.DEFAULT)[person.pk]
    before = queries.traces_of(the_brand(), clock.now(), rules.DEFAULT)[person.pk]
    assert (len(before.deeds), len(after.deeds)) == (2, 1)


def test_the_business_day_is_the_stores(stores):
    late = stores[1]
    late.cutoff_hour = 4
    late.save()
    person = join(stores[0])
    for store, key in ((stores[0], "a"), (late, "b")):
        ledger.record(
            viewer=SYSTEM,
            person=person,
            kind="checked_in",
            occurred_at=clock.now() - timedelta(hours=10, minutes=30),  # 01:30 in Shanghai
            store=store,
            source=("test", key),
        )
    days = {deed.day for deed in queries.traces_of(the_brand(), clock.now(), rules.DEFAULT)[person.pk].deeds}
    today = clock.business_day(clock.now()).toordinal()
    assert days == {today, today - 1}


def test_recognition_leaves_out_staff_oneself_household_and_devices(stores):
    author, friend, colleague, twin = (join(stores[0]) for _ in range(4))
    flag_staff(viewer=SYSTEM, customer=colleague, is_staff=True)
    act(author, "posted", 1, device="phone-1")
    act(twin, "posted", 2, device="phone-1")  # another card in the same hands
    for who in (friend, colleague, twin, author):
        act(who, "reacted", 1, counterpart=author.pk)
    act(author, "answer_accepted", 2, counterpart=friend.pk)
    heard = queries.traces_of(the_brand(), clock.now(), rules.DEFAULT)[author.pk].recognitions
    assert {one.by for one in heard} == {friend.pk}
    assert len(heard) == 2
    # the same answer when only this one person is asked for
    assert (
        queries.traces_of(the_brand(), clock.now(), rules.DEFAULT, [author.pk])[author.pk].recognitions
        == heard
    )


def test_staff_are_taken_out_and_come_back(stores):
    person = join(stores[0])
    run()
    flag_staff(viewer=SYSTEM, customer=person, is_staff=True)
    with clock.held(clock.now() + DAY):
        summary = run()
        assert (summary.staff, summary.left, summary.people) == (1, 1, 0)
        assert place_of(person) is None
        assert queries.placement_faults() == []
        with pytest.raises(Refused, match=r"rings.not_placed"):
            queries.explain(SYSTEM, person)
    flag_staff(viewer=SYSTEM, customer=person, is_staff=False)
    with clock.held(clock.now() + 2 * DAY):
        assert run().arrived == 1


def test_merged_customers_are_one_person_with_both_their_deeds(stores):
    one, other = join(stores[0]), join(stores[0])
    act(one, "checked_in", 1, 8)
    act(other, "checked_in", 15)
    assert run().rings["middle"] == 0
    merge(viewer=staff(Role.ADMIN), source=other, target=one, reason=MergeReason.SAME_PHONE)
    with clock.held(clock.now() + DAY):
        summary = run()
        assert (summary.people, summary.nearer, summary.left) == (1, 1, 1)
        assert queries.placement_faults() == []


def test_switched_off_means_blank_at_once_and_in_the_next_run(stores):
    person, nobody = join(stores[0]), join(stores[0])
    act(person, "checked_in", 1, 8, 15)
    run()
    assert place_of(person) is Ring.MIDDLE
    assert queries.still_in(person.pk, Ring.MIDDLE)
    switch_personalisation(viewer=self_of(person), customer=person, on=False)
    # before any run
    assert place_of(person) is Ring.OUTER
    assert not queries.still_in(person.pk, Ring.MIDDLE)
    off, blank = queries.explain(SYSTEM, person), queries.explain(SYSTEM, nobody)
    assert off.history == ()
    assert [(line.gate, line.value) for line in off.held] == [(line.gate, line.value) for line in blank.held]
    assert {line.value for line in off.gates} == {0}
    assert off.commitment == 0
    assert queries.history(SYSTEM, person) == ()
    with clock.held(clock.now() + DAY):
        run()
        kept = Placement.objects.get(customer=person, period__upper_inf=True)
        assert (kept.ring, kept.reasons["codes"]) == ("outer", ["blank_profile", "gates_not_met"])
        since = Standing.objects.get(customer=person).since
    with clock.held(clock.now() + 8 * DAY):
        run()
        assert Standing.objects.get(customer=person).since == since, (
            "a blank profile is not written anew each week"
        )


def test_control_arm_somebody_who_left_the_switch_on_keeps_the_ring(stores):
    person = join(stores[0])
    act(person, "checked_in", 1, 8, 15)
    run()
    with clock.held(clock.now() + DAY):
        run()
        assert place_of(person) is Ring.MIDDLE
        assert queries.explain(SYSTEM, person).history != ()


def test_placements_can_be_decided_again_from_book_and_version(stores):
    people = [join(stores[0]) for _ in range(4)]
    for place, person in enumerate(people):
        act(person, "checked_in", *range(1, 1 + 3 * place, 3))
        act(person, "posted", *range(0, 20, 4))
    run()
    with clock.held(clock.now() + 40 * DAY):
        for person in people:
            act(person, "checked_in", 1, 8, 15)
        run()
        actions.set_policy(viewer=SYSTEM, body={"middle": {"contribution": 30}})
        placements = list(Placement.objects.select_related("customer__brand", "policy"))
        assert len(placements) >= 5
        assert all(queries.replays(row) for row in placements)
        # the control arm: another version of the policy, or another book, would not give the same bits
        moved = next(row for row in placements if row.ring == "middle")
        moved.policy = actions.set_policy(viewer=SYSTEM, body={"middle": {"contribution": 31}})
        assert not queries.replays(moved)


def test_one_of_some_may_be_placed_at_once(stores):
    person, other = join(stores[0]), join(stores[0])
    run()
    with clock.held(clock.now() + DAY):
        act(person, "checked_in", 0, 1, 2)
        act(other, "checked_in", 0, 1, 2)
        summary = run(persons=[person.pk])
        assert (summary.people, summary.nearer) == (1, 1)
        assert place_of(other) is Ring.OUTER
    with clock.held(clock.now() + 2 * DAY):
        assert run().nearer == 1


def test_the_database_itself_refuses_two_places_at_once(stores):
    person = join(stores[0])
    run()
    row = Placement.objects.get(customer=person)
    now = clock.now()

    def another(period):
        with transaction.atomic():
            Placement.objects.create(
                customer=person, ring="middle", period=period, cause="auto", policy=row.policy
            )

    with pytest.raises(IntegrityError, match=r"rings_one_open_placement|rings_no_overlap"):
        another(DateTimeTZRange(now + DAY, None, "[)"))
    with pytest.raises(IntegrityError, match=r"rings_no_overlap"):
        another(DateTimeTZRange(now + DAY, now + 2 * DAY, "[)"))
    with pytest.raises(IntegrityError, match=r"rings_period_not_empty"):
        another(DateTimeTZRange(now, now, "[)"))
    another(DateTimeTZRange(now - 2 * DAY, now, "[)"))  # the control arm: beside it there is room


def test_faults_are_named(stores):
    person = join(stores[0])
    run()
    Standing.objects.filter(customer=person).update(ring="middle")
    assert queries.placement_faults() == ["1 open periods that differ from the rule without an override"]
    Standing.objects.all().delete()
    assert queries.placement_faults() == ["1 open periods of customers without a standing"]


def test_a_run_reads_the_book_once_however_many_people(stores, django_assert_max_num_queries):
    for n in range(6):
        act(join(stores[0]), "checked_in", *range(1, 2 + n))
    run()
    with clock.held(clock.now() + 7 * DAY), django_assert_max_num_queries(24):
        run()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM rings_placement WHERE upper_inf(period)")
        assert cursor.fetchone() == (6,)
