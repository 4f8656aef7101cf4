"""What a calendar is warned of: tables for the rule, the month of a store with its marks, as many statements for one as for three."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from events.factories import drafted, published
from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS, StoreFactory
from stores.factories import viewer as staff_viewer
from tongxin.events import actions
from tongxin.events.queries.month import month
from tongxin.events.rules.marks import MARK_LABELS, MarkKind, Policy, Slot, Wish, marks
from tongxin.events.rules.recurrence import Days
from tongxin.events.terms import Kind
from tongxin.foundation.errors import Refused
from tongxin.stores.terms import Role

MONDAY = date(2026, 3, 2)
DAYS = Days(
    holidays={date(2026, 3, 4): "春节"}, worked=frozenset({date(2026, 3, 7)}), announced=frozenset({2026})
)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def slot(key, day=0, hour=10, *, store=1, brand=False, hours=1.5, online=False):
    starts = datetime(2026, 3, 2, tzinfo=UTC) + day * DAY + hour * HOUR
    kind = Kind.BRAND_EVENT if brand else Kind.RITUAL
    return Slot(key, store, kind, starts, starts + hours * HOUR, MONDAY + day * DAY, online)


@pytest.mark.parametrize(
    ("slots", "found"),
    [
        ([slot(1), slot(2, 1)], []),
        ([slot(1), slot(2, hour=11)], [(1, "overlap", 2), (2, "overlap", 1)]),
        ([slot(1), slot(2, hour=11.5)], []),  # one ends as the other begins
        ([slot(1), slot(2, hour=11, store=2)], []),  # in another store
        ([slot(1), slot(2, hour=11, online=True)], []),  # what is online needs no room
        ([slot(1), slot(2, hour=15, brand=True)], [(2, "against_ritual", 1)]),
        ([slot(1), slot(2, 1, hour=15, brand=True)], []),  # on another day
        ([slot(1), slot(2, hour=11, brand=True)], [(1, "overlap", 2), (2, "overlap", 1)]),  # said once
        ([slot(1, brand=True), slot(2, hour=15, brand=True)], []),
        ([slot(1, 2)], [(1, "holiday", None)]),
        ([slot(1, 5)], [(1, "worked", None)]),
        ([slot(n, n - 1, brand=True) for n in (1, 2)], []),
        ([slot(n, 7 * n, brand=True) for n in (1, 2, 3)], []),
        ([slot(1, brand=True), slot(2, 1, brand=True), slot(3, 6, brand=True)], [(3, "promoted", None)]),
        (
            [slot(1, brand=True), slot(2, 1, brand=True), slot(3, 7, brand=True)],
            [],
        ),  # the first has left the window
        ([slot(n, 7, hour=8 + 1.5 * n) for n in range(8)], [(7, "tired", None)]),
        ([slot(n, 7, hour=8 + 1.5 * n, store=n % 2) for n in range(8)], []),
    ],
)
def test_what_is_marked(slots, found):
    said = marks(reversed(slots), days=DAYS)
    assert [(mark.event, mark.kind, mark.other) for mark in said] == found


def test_a_wish_for_a_taken_room_or_host_and_nothing_outside_the_span():
    wishes = [Wish(1, 9, host=False), Wish(2, 1, host=True), Wish(7, 1, host=True)]
    said = marks([slot(1), slot(2, 1)], days=Days(), wishes=wishes)
    assert [(mark.event, mark.kind, mark.other) for mark in said] == [(1, "room", 9), (2, "host", 1)]


def test_another_policy_draws_another_line():
    two = [slot(1, brand=True), slot(2, 1, brand=True)]
    assert marks(two, days=Days()) == ()
    assert [mark.event for mark in marks(two, days=Days(), policy=Policy(brand_events=1))] == [2]
    assert set(MARK_LABELS) == set(MarkKind)


# ---- with a database


@pytest.mark.django_db
def test_the_month_of_a_store(noon):
    store, other = StoreFactory(), StoreFactory()
    tea = published(store, title="茶会", kind=Kind.RITUAL, starts_at=noon + DAY, ends_at=noon + DAY + HOUR)
    both = drafted(store, title="试吃", starts_at=noon + DAY, ends_at=noon + DAY + 2 * HOUR)
    published(other, title="别家的", starts_at=noon + DAY, ends_at=noon + DAY + HOUR)
    gone = published(store, title="取消的", starts_at=noon + DAY, ends_at=noon + DAY + HOUR)
    actions.cancel(viewer=TESTS, event_id=gone.public_id, reason="雨")
    found = month(TESTS, noon, noon + 7 * DAY, zone=store.zone, store=store)
    assert [line.title for line in found.lines] == ["茶会", "试吃"]
    assert [(mark.event, mark.kind) for mark in found.marks] == [(tea.pk, "overlap"), (both.pk, "overlap")]
    with pytest.raises(Refused) as refused:
        month(staff_viewer(Role.STORE_MANAGER, store=other), noon, noon + DAY, zone=store.zone, store=store)
    assert refused.value.code == "absent"


@pytest.mark.django_db
def test_who_has_too_many_places_in_a_week(noon):
    store, keen, calm = StoreFactory(), CustomerFactory(), CustomerFactory()
    for n in range(4):
        event = published(store, starts_at=noon + (n + 4) * DAY, ends_at=noon + (n + 4) * DAY + HOUR)
        actions.register(viewer=member_viewer(keen), event_id=event.public_id)
        if n:
            actions.register(viewer=member_viewer(calm), event_id=event.public_id)
    found = month(TESTS, noon, noon + 14 * DAY, zone=store.zone)
    assert [(one.store_name, one.week, one.people) for one in found.busy] == [
        (store.name, date(2026, 3, 9), 1)
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 3])
def test_as_many_statements_for_one_as_for_three(noon, count):
    for n in range(count):
        published(StoreFactory(), starts_at=noon + n * DAY + HOUR, ends_at=noon + n * DAY + 2 * HOUR)
    with CaptureQueriesContext(connection) as seen:
        assert len(month(TESTS, noon, noon + 7 * DAY, zone="Asia/Shanghai").lines) == count
    assert len(seen) == 3
