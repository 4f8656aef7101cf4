"""Editing a series: this, this and following, all coming ones. The past never moves, hand-made changes stay, nobody is lost."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from events.series_makers import opened, rows
from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS, StoreFactory
from tongxin.commerce import actions as commerce
from tongxin.commerce.models import Promise
from tongxin.commerce.queries import promise_for, verify_ledger
from tongxin.events import actions, queries
from tongxin.events.actions import series, series_edits
from tongxin.events.models import Booking, Occurrence, Pool, Registration, Series
from tongxin.events.rules.recurrence import Holidays
from tongxin.events.rules.rota import Host
from tongxin.events.terms import Seat, State
from tongxin.foundation import clock
from tongxin.foundation.access import ANONYMOUS
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.outreach.models import Send
from tongxin.people.models import Subject
from tongxin.stores.models import Staff, StoreResource

pytestmark = pytest.mark.django_db

WEEK = timedelta(weeks=1)


def local(row):
    return (row.starts_at + timedelta(hours=8)).strftime("%m%d %H%M")


def days(made):
    return [local(row) for row in rows(made)]


def keep(**more):
    return opened(
        publish=True, **({"rule": "FREQ=WEEKLY;BYDAY=SA;COUNT=6", "holidays": Holidays.KEEP} | more)
    )


def edit(made, **edits):
    current = Series.objects.get(pk=made.series.pk)
    return series_edits.change_series(
        viewer=TESTS, series_id=current.public_id, version=current.version, **edits
    )


def test_all_coming_dates_at_another_hour(noon):
    made = keep()
    member = CustomerFactory()
    seat = actions.register(viewer=member_viewer(member), event_id=rows(made)[3].public_id)
    with clock.held(noon + 1.5 * WEEK):  # two of the six are over
        done = edit(made, start_time=time(14), minutes=60)

    found = rows(made)
    assert days(made) == ["0307 1000", "0314 1000", "0321 1400", "0328 1400", "0404 1400", "0411 1400"]
    assert [(r.version, r.schedule, r.sequence) for r in found] == [(1, 1, 0)] * 2 + [(2, 2, 1)] * 4
    assert [r.ends_at - r.starts_at for r in found[1:3]] == [timedelta(minutes=90), timedelta(minutes=60)]
    assert done.series.pk == made.series.pk
    assert len(done.moved) == 4
    assert (done.cancelled, done.added, done.kept) == ((), (), ())
    assert Pool.objects.get(occurrence=found[2]).schedule == 2
    # whoever holds a place keeps it, is told, and is reminded a day before the new hour
    seat.refresh_from_db()
    assert (seat.state, seat.occurrence_id) == (Seat.CONFIRMED, found[3].pk)
    assert Send.objects.filter(person=member, kind="events.moved").count() == 1
    assert Send.objects.get(person=member, kind="events.reminder").due_at == found[3].starts_at - timedelta(
        days=1
    )
    assert Subject.objects.get(key=str(found[3].public_id)).opened_at == found[3].starts_at


def test_who_saw_the_old_hour_is_refused_while_registering(noon):
    made = keep()
    event = rows(made)[0]
    edit(made, start_time=time(14))

    with pytest.raises(Refused) as refused:
        actions.register(
            viewer=member_viewer(CustomerFactory()), event_id=event.public_id, seen=event.schedule
        )

    assert refused.value.code == "events.moved"
    assert not Registration.objects.exists()


def test_words_reach_every_coming_date_and_move_nothing(noon):
    made = keep(place="二楼")

    done = edit(made, title="周六晚茶", summary="换新茶")

    assert {(r.title, r.summary, r.schedule, r.version) for r in rows(made)} == {("周六晚茶", "换新茶", 1, 2)}
    assert done.moved == ()
    assert not Send.objects.filter(kind="events.moved").exists()
    assert Subject.objects.filter(title="周六晚茶").count() == 6


def test_another_place_is_a_move(noon):
    made = keep(place="二楼")
    member = CustomerFactory()
    actions.register(viewer=member_viewer(member), event_id=rows(made)[0].public_id)

    done = edit(made, place="三楼")

    assert len(done.moved) == 6
    assert Pool.objects.filter(schedule=2).count() == 6
    assert Send.objects.filter(person=member, kind="events.moved").count() == 1


def test_one_changed_by_hand_is_on_its_own_and_keeps_its_change(noon):
    made = keep()
    own, other = rows(made)[1], rows(made)[2]
    series_edits.change_one(viewer=TESTS, event_id=own.public_id, version=1, title="茶会特别场")
    moved_to = other.starts_at + timedelta(days=1)
    series_edits.change_one(viewer=TESTS, event_id=other.public_id, version=1, starts_at=moved_to, ends_at=moved_to + timedelta(hours=1))  # fmt: skip

    done = edit(made, title="周六晚茶", start_time=time(15))

    found = rows(made)
    assert [local(r) for r in found] == [
        "0307 1500",
        "0314 1000",
        "0322 1000",
        "0328 1500",
        "0404 1500",
        "0411 1500",
    ]
    assert [r.title for r in found] == ["周六晚茶", "茶会特别场", "周六早茶", *["周六晚茶"] * 3]
    assert done.kept == (own.public_id, other.public_id)
    assert [r.detached for r in found] == [False, True, True, False, False, False]
    with clock.held(noon + WEEK):  # and the nightly job does not make their dates again
        assert series.extend_all(viewer=TESTS) == 0
    assert len(rows(made)) == 6


def test_this_and_following_splits_the_series(noon):
    made = keep(themes=("a", "b", "c"))
    member = CustomerFactory()
    seat = actions.register(viewer=member_viewer(member), event_id=rows(made)[4].public_id)
    third = rows(made)[2]

    done = edit(made, from_event=third.public_id, start_time=time(15))

    old, new = Series.objects.get(pk=made.series.pk), done.series
    assert (new.split_from_id, new.starts_on, new.rule, new.rotation) == (
        old.pk,
        date(2026, 3, 21),
        "FREQ=WEEKLY;BYDAY=SA;COUNT=4",
        2,
    )
    assert (old.until, old.start_time) == (date(2026, 3, 20), time(10))
    assert days(old) == ["0307 1000", "0314 1000"]
    assert days(new) == ["0321 1500", "0328 1500", "0404 1500", "0411 1500"]
    assert [r.theme for r in rows(new)] == ["c", "a", "b", "c"]
    seat.refresh_from_db()
    assert (seat.state, seat.occurrence.series_id) == (Seat.CONFIRMED, new.pk)
    with clock.held(noon + 4 * WEEK):
        assert series.extend_all(viewer=TESTS) == 0
    assert len(rows(old)) == 2


def test_split_at_the_first_date_is_no_split(noon):
    made = keep()

    done = edit(made, from_event=rows(made)[0].public_id, start_time=time(15))

    assert done.series.pk == made.series.pk
    assert Series.objects.count() == 1


def test_a_date_the_new_rule_does_not_know_is_called_off_and_everybody_told(noon):
    made = keep()
    first, second = CustomerFactory(), CustomerFactory()
    kept_seat = actions.register(viewer=member_viewer(first), event_id=rows(made)[0].public_id)
    lost_seat = actions.register(viewer=member_viewer(second), event_id=rows(made)[1].public_id)

    done = edit(made, rule="FREQ=WEEKLY;INTERVAL=2;BYDAY=SA,SU;COUNT=6")

    assert [(local(r), r.state) for r in Occurrence.objects.order_by("starts_at")] == [
        ("0307 1000", "published"),
        ("0308 1000", "published"),
        ("0314 1000", "cancelled"),
        ("0321 1000", "published"),
        ("0322 1000", "published"),
        ("0328 1000", "cancelled"),
        ("0404 1000", "published"),
        ("0405 1000", "published"),
        ("0411 1000", "cancelled"),
    ]
    assert (len(done.cancelled), len(done.added), len(done.moved)) == (3, 3, 0)
    kept_seat.refresh_from_db()
    lost_seat.refresh_from_db()
    assert (kept_seat.state, lost_seat.state) == (Seat.CONFIRMED, Seat.REMOVED)
    assert list(Send.objects.filter(kind="events.cancelled").values_list("person", flat=True)) == [second.pk]
    seat = actions.register(
        viewer=member_viewer(second), event_id=done.added[0]
    )  # what was added is public like the rest
    assert seat.state == Seat.CONFIRMED


def test_another_plan_with_a_past_splits_at_the_next_date(noon):
    made = keep()
    with clock.held(noon + 1.5 * WEEK):
        done = edit(made, rule="FREQ=WEEKLY;BYDAY=SU;COUNT=2")

    assert done.series.pk != made.series.pk
    assert days(made.series) == ["0307 1000", "0314 1000"]
    assert {(local(r), r.state) for r in rows(done.series)} == {
        ("0321 1000", "cancelled"), ("0328 1000", "cancelled"), ("0404 1000", "cancelled"), ("0411 1000", "cancelled"),
        ("0322 1000", "published"), ("0329 1000", "published"),
    }  # fmt: skip


def test_what_has_begun_is_no_place_to_cut(noon):
    made = keep()
    first = rows(made)[0]
    with clock.held(first.starts_at + timedelta(minutes=1)), pytest.raises(Refused) as refused:
        edit(made, from_event=first.public_id, start_time=time(15))

    assert refused.value.code == "events.past"


@pytest.mark.parametrize(
    ("edits", "code"),
    [
        ({}, "input.bad"),
        ({"colour": "red"}, "input.bad"),
        ({"rule": "FREQ=YEARLY"}, "events.rule"),
        ({"minutes": 0}, "events.times"),
        ({"places": 0}, "events.no_places"),
        ({"places": 1}, "events.size_below_taken"),
        ({"online_url": "https://example.org"}, "events.format"),
        ({"hosts": (Host(staff=999_999),)}, "absent"),
        ({"from_event": "1b1b6d8a-0000-4000-8000-000000000000", "title": "x"}, "absent"),
    ],
)
def test_a_refused_edit_writes_nothing(noon, edits, code):
    made = keep()
    for _ in range(2):
        actions.register(viewer=member_viewer(CustomerFactory()), event_id=rows(made)[0].public_id)
    before = (
        list(Occurrence.objects.order_by("id").values()),
        list(Series.objects.values()),
        list(Pool.objects.order_by("id").values()),
    )

    with pytest.raises(Refused) as refused:
        edit(made, **edits)

    assert refused.value.code == code
    after = (
        list(Occurrence.objects.order_by("id").values()),
        list(Series.objects.values()),
        list(Pool.objects.order_by("id").values()),
    )
    assert after == before


def test_two_people_editing(noon):
    made = keep()
    edit(made, title="一")

    with pytest.raises(Refused) as refused:
        series_edits.change_series(
            viewer=TESTS, series_id=made.series.public_id, version=made.series.version, title="二"
        )

    assert refused.value.code == "edit.stale"
    with pytest.raises(Refused) as refused:
        series_edits.change_series(viewer=ANONYMOUS, series_id=made.series.public_id, version=1, title="二")
    assert refused.value.code == "absent"


def test_more_places_go_to_who_waits_first(noon):
    made = keep(places=1)
    event = rows(made)[0]
    for _ in range(2):
        actions.register(viewer=member_viewer(CustomerFactory()), event_id=event.public_id)
    assert sorted(Registration.objects.values_list("state", flat=True)) == [Seat.CONFIRMED, Seat.WAITING]

    edit(made, places=3)

    assert sorted(Registration.objects.values_list("state", flat=True)) == [Seat.CONFIRMED, Seat.OFFERED]
    assert set(Pool.objects.values_list("size", flat=True)) == {3}


def test_rooms_and_hosts_go_along(noon):
    store = StoreFactory()
    room = StoreResource.objects.create(store=store, kind="room", name="教室")
    one, two = (
        Staff.objects.create(brand=store.brand, store=store, code=c, name="x").pk for c in ("h1", "h2")
    )
    made = keep(
        store=store,
        resources=[str(room.public_id)],
        hosts=(Host(staff=one),),
        details={"buffer_before": 30, "buffer_after": 15},
    )

    edit(made, start_time=time(16), hosts=(Host(staff=two),))

    found = rows(made)
    bookings = Booking.objects.filter(occurrence=found[0]).order_by("resource")
    assert [(b.resource_id, b.staff_id, b.starts_at, b.ends_at) for b in bookings] == [
        (room.pk, None, found[0].starts_at - timedelta(minutes=30), found[0].ends_at + timedelta(minutes=15)),
        (None, two, found[0].starts_at - timedelta(minutes=30), found[0].ends_at + timedelta(minutes=15)),
    ]
    assert not Booking.objects.filter(staff=one).exists()


def test_the_whole_series_can_go_to_another_room(noon):
    store = StoreFactory()
    old, new = (
        StoreResource.objects.create(store=store, kind="room", name=name) for name in ("一楼", "二楼")
    )
    host = Staff.objects.create(brand=store.brand, store=store, code="h1", name="x").pk
    made = keep(store=store, resources=[str(old.public_id)], hosts=(Host(staff=host),))

    done = edit(made, resources=[str(new.public_id)])

    assert len(done.changed) == 6
    assert not Booking.objects.filter(resource=old).exists()
    assert Booking.objects.filter(resource=new).count() == Booking.objects.filter(staff=host).count() == 6
    with pytest.raises(Refused) as refused:
        edit(made, resources=[str(StoreFactory().public_id)])
    assert refused.value.code == "absent"


def test_a_clash_refuses_the_whole_edit(noon):
    store = StoreFactory()
    room = StoreResource.objects.create(store=store, kind="room", name="教室")
    keep(
        store=store,
        title="课",
        start_time=time(16),
        resources=[str(room.public_id)],
        rule="FREQ=WEEKLY;BYDAY=SA;COUNT=1",
    )
    made = keep(store=store, resources=[str(room.public_id)])

    with pytest.raises(Refused) as refused:
        edit(made, start_time=time(15))

    assert refused.value.code == "events.clash"
    assert days(made)[0] == "0307 1000"
    done = edit(made, start_time=time(15), firm_only=False)
    assert [c.with_what for c in done.clashes] == ["课"]


def test_rotating_themes_can_be_changed(noon):
    made = keep(themes=("a", "b"))

    edit(made, themes=("x", "y", "z"))

    assert [r.theme for r in rows(made)] == ["x", "y", "z", "x", "y", "z"]


def test_a_day_later_when_the_hour_is_after_midnight(noon):
    store = StoreFactory()
    type(store).objects.filter(pk=store.pk).update(cutoff_hour=4)
    store.refresh_from_db()
    made = keep(store=store, start_time=time(22))

    edit(made, start_time=time(0, 30))

    assert days(made)[:2] == ["0308 0030", "0315 0030"]  # still Saturday's business day


@pytest.mark.parametrize(
    "edits", [{"title": "新"}, {"start_time": time(15), "minutes": 45, "title": "新"}, {"rule": "FREQ=DAILY"}]
)
def test_an_edit_asks_the_same_statements_for_one_date_and_for_hundreds(noon, edits):
    def cost(count, hour):
        made = opened(
            rule=f"FREQ=DAILY;COUNT={count}",
            holidays=Holidays.KEEP,
            start_time=time(hour),
            minutes=30,
            publish=True,
        )
        with CaptureQueriesContext(connection) as asked:
            done = edit(made, **edits)
        assert len(done.changed) == (0 if "rule" in edits else count)
        return len(asked)

    assert cost(1, 8) == cost(170, 9)


def test_dates_that_vanish_with_people_on_them_cost_no_statement_each(noon):
    """Each date with a fee that was paid, somebody seated and somebody who waits."""

    def cost(dates):
        made = opened(
            format="class", rule=f"FREQ=DAILY;COUNT={dates}", holidays=Holidays.KEEP, places=1, fee_fen=3900,
            voucher_fen=3900, publish=True,
        )  # fmt: skip
        for row in rows(made):
            for _ in range(2):
                seat = actions.register(viewer=member_viewer(CustomerFactory()), event_id=row.public_id)
                promise = promise_for(("events", str(seat.public_id)))
                if promise is not None:
                    commerce.mark_paid(
                        viewer=TESTS,
                        promise_id=promise.public_id,
                        receipt=str(promise.public_id),
                        store=row.store,
                    )
        with CaptureQueriesContext(connection) as asked:
            gone = series.end_series(viewer=TESTS, series_id=made.series.public_id, reason="换店")
        assert gone == dates
        ended = Registration.objects.filter(occurrence__series=made.series)
        assert {(r.state, r.reason) for r in ended} == {("removed", "event_cancelled")}
        mine = [str(row.public_id) for row in rows(made)]
        assert Send.objects.filter(kind="events.cancelled", subject_key__in=mine).count() == 2 * dates
        assert Promise.objects.filter(under_key__in=mine, state="refund_due").count() == dates
        for act in ("events.cancelled", "commerce.refunds_owed"):
            assert Entry.objects.filter(act=act, subject_id__in=mine).count() == dates
        return len(asked)

    assert cost(1) == cost(4)
    assert queries.counters_wrong() == []
    assert verify_ledger().ok


def test_registered_people_cost_no_statement_each_when_dates_move(noon):
    def cost(people):
        made = keep()
        for n in range(people):
            actions.register(viewer=member_viewer(CustomerFactory()), event_id=rows(made)[n % 6].public_id)
        with CaptureQueriesContext(connection) as asked:
            edit(made, start_time=time(15))
        return len(asked)

    assert cost(1) == cost(5)
    assert Send.objects.filter(kind="events.moved").count() == 6
    assert datetime(2026, 3, 6, 7, tzinfo=UTC) in Send.objects.filter(kind="events.reminder").values_list(
        "due_at", flat=True
    )
    assert State.PUBLISHED in {r.state for r in Occurrence.objects.all()}
