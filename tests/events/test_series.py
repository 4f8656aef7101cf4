"""A series: its dates are rows from the start, published at once, carried on, ended."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from events.series_makers import opened, rows, series_in
from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS, StoreFactory
from tongxin.events import actions, tasks
from tongxin.events.actions import series
from tongxin.events.models import Booking, Occurrence, Pool, Registration, Series
from tongxin.events.queries import series as reading
from tongxin.events.rules.recurrence import Clock, Holidays
from tongxin.events.rules.rota import Host
from tongxin.events.terms import Seat, State
from tongxin.foundation import clock
from tongxin.foundation.access import ANONYMOUS
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.outreach.models import Send
from tongxin.stores.models import Staff, StoreResource

pytestmark = pytest.mark.django_db


def starts(made):
    return [row.starts_at.astimezone(UTC).strftime("%m%d %H%M") for row in rows(made)]


def staff(store, code):
    return Staff.objects.create(brand=store.brand, store=store, code=code, name="主理人").pk


def test_dates_are_rows_from_the_start(noon):
    made = opened(themes=("面包", "茶", "花"), place="二楼", opens_hours=48, fee_fen=1900, voucher_fen=1900)

    # 4 April lies in the Qingming break
    assert starts(made) == [
        "0307 0200",
        "0314 0200",
        "0321 0200",
        "0328 0200",
        "0411 0200",
        "0418 0200",
        "0425 0200",
    ]
    assert [(t.ruled, t.why) for t in made.left_out] == [(date(2026, 4, 4), "清明节")]
    found = rows(made)
    assert [row.theme for row in found] == ["面包", "茶", "花", "面包", "花", "面包", "茶"]
    assert {(row.state, row.title, row.place, row.fee_fen, row.kind) for row in found} == {
        (State.DRAFT, "周六早茶", "二楼", 1900, "ritual")
    }
    assert found[0].opens_at == datetime(2026, 3, 5, 2, tzinfo=UTC)
    assert list(Pool.objects.values_list("size", "opened")) == [(12, False)] * 7
    assert Entry.objects.filter(act="events.series_opened").count() == 1


def test_allotments_are_kept_until_hours_before(noon):
    made = opened(
        rule="FREQ=WEEKLY;BYDAY=SA;COUNT=1",
        allotments=[{"audience": "ring:inner", "size": 4, "release_hours": 24}],
    )

    pools = Pool.objects.filter(occurrence=rows(made)[0]).order_by("id")
    assert [(p.audience, p.size, p.release_at) for p in pools] == [
        ("", 8, None),
        ("ring:inner", 4, datetime(2026, 3, 6, 2, tzinfo=UTC)),
    ]


def test_an_endless_series_stands_half_a_year_ahead(noon):
    made = opened(rule="FREQ=WEEKLY;BYDAY=SA", holidays=Holidays.KEEP)

    assert len(rows(made)) == 27
    assert made.series.planned_to == date(2026, 9, 7)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"rule": "FREQ=YEARLY"}, "events.rule"),
        ({"minutes": 0}, "events.times"),
        ({"places": 0}, "events.no_places"),
        ({"places": 3, "allotments": [{"audience": "ring:inner", "size": 4}]}, "events.no_places"),
        ({"format": "opera"}, "input.bad"),
        ({"colour": "red"}, "input.bad"),
        ({"fee_fen": "19"}, "input.bad"),
        ({"fee_fen": -1}, "input.bad"),
        ({"online_url": "https://example.org/x"}, "events.format"),
        ({"hosts": (Host(staff=999_999),)}, "absent"),
        ({"hosts": (Host(staff=1, member=1),)}, "input.bad"),
        ({"resources": ["1b1b6d8a-0000-4000-8000-000000000000"]}, "absent"),
    ],
)
def test_what_makes_no_series_is_refused_and_writes_nothing(noon, more, code):
    with pytest.raises(Refused) as refused:
        opened(**more)

    assert refused.value.code == code
    assert not Series.objects.exists()
    assert not Occurrence.objects.exists()


def test_out_of_reach_is_absent(noon):
    made = opened()

    for act in (
        lambda: series.open_series(viewer=ANONYMOUS, store=made.series.store, series=series_in()),
        lambda: series.publish_series(viewer=ANONYMOUS, series_id=made.series.public_id),
        lambda: series.end_series(viewer=ANONYMOUS, series_id=made.series.public_id, reason=""),
        lambda: reading.dates_of(ANONYMOUS, made.series.public_id),
        lambda: reading.series_for(ANONYMOUS, made.series.store),
        lambda: reading.preview(ANONYMOUS, made.series.store, rule="FREQ=DAILY", starts_on=date(2026, 3, 7), hours=Clock("UTC", 0, time(1), 1)),
    ):  # fmt: skip
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.code == "absent"


def test_published_at_once_and_open_for_seats(noon):
    made = opened(publish=True)

    found = rows(made)
    assert {row.state for row in found} == {State.PUBLISHED}
    assert len({row.subject_id for row in found} - {None}) == 7
    seat = actions.register(viewer=member_viewer(CustomerFactory()), event_id=found[2].public_id)
    assert seat.state == Seat.CONFIRMED
    assert seat.occurrence.series_id == made.series.pk
    assert series.publish_series(viewer=TESTS, series_id=made.series.public_id) == 0


def test_the_store_tells_the_time(noon):
    made = opened(
        StoreFactory(zone="America/New_York"), rule="FREQ=DAILY;COUNT=3", starts_on=date(2026, 3, 7)
    )

    assert starts(made) == ["0307 1500", "0308 1400", "0309 1400"]


def test_hosts_go_round_and_their_time_is_booked(noon):
    store = StoreFactory()
    one, two = staff(store, "h1"), staff(store, "h2")
    member = CustomerFactory(home_store=store)
    made = opened(store, hosts=(Host(staff=one), Host(staff=two), Host(member=member.pk)))

    assert [(r.host_id, r.member_host_id) for r in rows(made)][:4] == [
        (one, None),
        (two, None),
        (None, member.pk),
        (one, None),
    ]
    assert Booking.objects.filter(staff=one).count() == 3  # turns 0, 3 and 6
    assert Booking.objects.filter(staff=two).count() == 2  # 1 and 7; turn 4 lies in a holiday


def test_a_room_that_is_taken_refuses_the_series_or_stands_as_a_clash(noon):
    store = StoreFactory()
    room = StoreResource.objects.create(store=store, kind="room", name="二楼教室")
    opened(store, title="周六课", rule="FREQ=WEEKLY;BYDAY=SA;COUNT=2", resources=[str(room.public_id)])
    wanted = series_in(start_time=time(11), resources=[str(room.public_id)])

    with pytest.raises(Refused) as refused:
        series.open_series(viewer=TESTS, store=store, series=wanted)
    assert (refused.value.code, refused.value.data["what"], refused.value.data["with_what"], refused.value.data["count"]) == (
        "events.clash", "二楼教室", "周六课", 2,
    )  # fmt: skip
    assert Series.objects.count() == 1

    made = series.open_series(viewer=TESTS, store=store, series=wanted, firm_only=False)
    assert len(made.clashes) == 2
    assert Booking.objects.filter(firm=False).count() == 2
    assert Booking.objects.filter(firm=True, occurrence__series=made.series).count() == 5


def test_the_nightly_job_carries_on_and_publishes_what_is_public(noon):
    made = opened(
        rule="FREQ=WEEKLY;BYDAY=SA", holidays=Holidays.KEEP, themes=("a", "b", "c", "d"), publish=True
    )
    before = rows(made)

    assert series.extend_all(viewer=TESTS) == 0
    with clock.held(noon + timedelta(weeks=3)):
        assert series.extend_all(viewer=TESTS) == 3
        assert series.extend_all(viewer=TESTS) == 0

    after = rows(made)
    assert after[: len(before)] == before
    assert [row.theme for row in after] == [("a", "b", "c", "d")[n % 4] for n in range(30)]
    assert {row.state for row in after} == {State.PUBLISHED}


def test_the_night_does_all_of_it(noon):
    made = opened(rule="FREQ=WEEKLY;BYDAY=SA", holidays=Holidays.KEEP)

    with clock.held(noon + timedelta(weeks=1)):
        assert tasks.carry_series_on(0) == 1
        assert tasks.carry_series_on(0) == 0
        assert tasks.release_groups(0) == 0
    assert len(rows(made)) == 28


def test_a_date_left_out_by_hand_stays_out_and_moves_nobody(noon):
    made = opened(rule="FREQ=WEEKLY;BYDAY=SA", holidays=Holidays.KEEP, themes=("a", "b"), publish=True)
    third = rows(made)[2]

    series.skip(viewer=TESTS, event_id=third.public_id, reason="装修")
    with clock.held(noon + timedelta(weeks=2)):
        series.extend_all(viewer=TESTS)

    after = rows(made)
    assert [row.theme for row in after][:5] == ["a", "b", "a", "b", "a"]
    assert [row.state for row in after][:4] == [
        State.PUBLISHED,
        State.PUBLISHED,
        State.CANCELLED,
        State.PUBLISHED,
    ]
    assert len(after) == 29


def test_a_host_who_left_is_not_replaced_in_silence(noon):
    store = StoreFactory()
    one, two = staff(store, "h1"), staff(store, "h2")
    made = opened(
        store, rule="FREQ=WEEKLY;BYDAY=SA", holidays=Holidays.KEEP, hosts=(Host(staff=one), Host(staff=two))
    )
    Staff.objects.filter(pk=two).update(active=False)

    with clock.held(noon + timedelta(weeks=2)):
        series.extend_all(viewer=TESTS)

    assert [row.host_id for row in rows(made)][-3:] == [one, None, one]


def test_ended_with_everybody_told(noon):
    made = opened(publish=True)
    member = CustomerFactory()
    seat = actions.register(viewer=member_viewer(member), event_id=rows(made)[1].public_id)

    gone = series.end_series(viewer=TESTS, series_id=made.series.public_id, reason="门店搬家")

    assert gone == 7
    assert {row.state for row in rows(made)} == {State.CANCELLED}
    assert Registration.objects.get(pk=seat.pk).state == Seat.REMOVED
    assert Send.objects.filter(person=member, kind="events.cancelled").count() == 1
    assert not Pool.objects.filter(opened=True).exists()
    assert series.end_series(viewer=TESTS, series_id=made.series.public_id, reason="") == 0
    with clock.held(noon + timedelta(weeks=5)):
        assert series.extend_all(viewer=TESTS) == 0


def test_ended_without_calling_off_what_is_planned(noon):
    made = opened(publish=True)

    assert series.end_series(viewer=TESTS, series_id=made.series.public_id, reason="", cancel=False) == 0
    assert {row.state for row in rows(made)} == {State.PUBLISHED}


def test_the_same_statements_for_one_date_and_for_many(noon):
    store = StoreFactory()
    room = StoreResource.objects.create(store=store, kind="room", name="教室")

    def cost(count, start):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            opened(store, rule=f"FREQ=DAILY;COUNT={count}", start_time=start, minutes=30, resources=[str(room.public_id)],
                   holidays=Holidays.KEEP, publish=True)  # fmt: skip
        return len(asked)

    cost(1, time(7))
    assert cost(1, time(8)) == cost(100, time(9))


def test_a_look_before_anything_is_made(noon):
    store = StoreFactory()

    seen = reading.preview(
        TESTS,
        store,
        rule="FREQ=WEEKLY;BYDAY=SA;COUNT=5",
        starts_on=date(2026, 3, 21),
        hours=Clock(store.zone, 0, time(10), 60),
        holidays=Holidays.SHIFT,
    )

    assert seen.days == (
        date(2026, 3, 21),
        date(2026, 3, 28),
        date(2026, 4, 12),
        date(2026, 4, 11),
        date(2026, 4, 18),
    )
    assert [(t.ruled, t.day, t.why) for t in seen.moved] == [(date(2026, 4, 4), date(2026, 4, 12), "清明节")]
    assert seen.left_out == ()
    assert not Series.objects.exists()


def test_lists_say_what_is_ahead_in_a_fixed_number_of_statements(noon):
    store = StoreFactory()
    made = opened(store, publish=True)
    actions.register(viewer=member_viewer(CustomerFactory()), event_id=rows(made)[0].public_id)

    with CaptureQueriesContext(connection) as one:
        (line,) = reading.series_for(TESTS, store)
    assert (line.ahead, line.detached, line.next_at, line.rule_zh) == (
        7,
        0,
        rows(made)[0].starts_at,
        "每周六，共 8 次",
    )
    opened(store, title="b", start_time=time(8))
    opened(store, title="c", start_time=time(15))
    with CaptureQueriesContext(connection) as three:
        assert [x.series.title for x in reading.series_for(TESTS, store)] == ["c", "b", "周六早茶"]
    assert len(one) == len(three) == 2

    first = reading.dates_of(TESTS, made.series.public_id, limit=3)
    second = reading.dates_of(TESTS, made.series.public_id, limit=10, cursor=first.cursor)
    assert [x.occurrence.pk for x in (*first.items, *second.items)] == [r.pk for r in rows(made)]
    assert (first.items[0].left, first.items[1].left) == (11, 12)
