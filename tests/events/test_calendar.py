"""The calendar: what is on, with places, clashes and tired weeks; for a store, a region, the brand; in a fixed number of statements."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from events.factories import drafted, published
from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS, RegionFactory, StoreFactory
from stores.factories import viewer as staff_viewer
from tongxin.events import actions
from tongxin.events.actions import bookings
from tongxin.events.queries.calendar import calendar, month_span, overview, week_span
from tongxin.events.rules.fatigue import Load, tired
from tongxin.foundation.access import ANONYMOUS
from tongxin.foundation.errors import Refused
from tongxin.stores.models import StoreResource
from tongxin.stores.terms import Role

pytestmark = pytest.mark.django_db

MARCH = month_span(date(2026, 3, 5))
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def titles(found):
    return [line.title for line in found.lines]


def test_spans_are_those_of_the_wall_clock():
    assert [x.isoformat() for x in month_span(date(2026, 3, 31))] == [
        "2026-02-28T16:00:00+00:00",
        "2026-03-31T16:00:00+00:00",
    ]
    assert [x.isoformat() for x in week_span(date(2026, 3, 8))] == [
        "2026-03-01T16:00:00+00:00",
        "2026-03-08T16:00:00+00:00",
    ]


def test_what_is_on_with_its_places(noon):
    store = StoreFactory()
    event = published(store, title="茶会", places=2, party_most=1)
    drafted(store, title="草稿", starts_at=noon + DAY)
    gone = published(store, title="取消的", starts_at=noon + 2 * DAY)
    published(store, title="四月的", starts_at=noon + 40 * DAY)
    for _ in range(3):
        actions.register(viewer=member_viewer(CustomerFactory()), event_id=event.public_id)
    actions.cancel(viewer=TESTS, event_id=gone.public_id, reason="雨")

    found = calendar(TESTS, *MARCH)

    assert titles(found) == ["草稿", "茶会"]
    line = found.lines[1]
    assert (line.size, line.taken, line.held, line.left, line.waiting, line.state) == (
        2,
        2,
        0,
        0,
        1,
        "published",
    )
    assert (found.clashes, found.tired, found.cursor) == ((), (), None)


def test_everybody_sees_their_own_stores(noon):
    region = RegionFactory()
    here, near, far = StoreFactory(region=region), StoreFactory(region=region), StoreFactory()
    for store, title in ((here, "这里"), (near, "附近"), (far, "远处")):
        published(store, title=title)

    assert titles(calendar(staff_viewer(Role.CHAMPION, store=here), *MARCH)) == ["这里"]
    assert titles(calendar(staff_viewer(Role.REGION_MANAGER, region=region), *MARCH)) == ["这里", "附近"]
    assert titles(calendar(TESTS, *MARCH)) == ["这里", "附近", "远处"]
    assert titles(calendar(TESTS, *MARCH, region=region)) == ["这里", "附近"]
    assert titles(calendar(TESTS, *MARCH, store=far)) == ["远处"]
    assert titles(calendar(ANONYMOUS, *MARCH)) == []
    for who, more in (
        (staff_viewer(Role.CHAMPION, store=here), {"store": far}),
        (staff_viewer(Role.CHAMPION, store=far), {"region": region}),
    ):
        with pytest.raises(Refused) as refused:
            calendar(who, *MARCH, **more)
        assert refused.value.code == "absent"
    assert [(c.place_name, c.events, c.size) for c in overview(TESTS, *MARCH, region=region)] == sorted(
        (s.name, 1, 12) for s in (here, near)
    )
    assert [(c.place, c.events) for c in overview(TESTS, *MARCH, by_region=True) if c.place] == [
        (region.pk, 2)
    ]


def test_a_long_month_is_turned_like_pages(noon):
    store = StoreFactory()
    for n in range(7):
        drafted(store, title=str(n), starts_at=noon + DAY if n < 3 else noon + n * DAY)

    pages, cursor = [], None
    for _ in range(4):
        found = calendar(TESTS, *MARCH, limit=2, cursor=cursor)
        pages.append(titles(found))
        cursor = found.cursor
    assert pages == [["0", "1"], ["2", "3"], ["4", "5"], ["6"]]
    assert cursor is None


@pytest.mark.parametrize(
    "more", [{"limit": 0}, {"limit": 501}, {"cursor": "rubbish"}, {"cursor": "WyJ4IiwieSJd"}]
)
def test_bad_input_is_refused(noon, more):
    with pytest.raises(Refused) as refused:
        calendar(TESTS, *MARCH, **more)
    assert refused.value.code == "input.bad"
    with pytest.raises(Refused):
        calendar(TESTS, MARCH[0], MARCH[0] + 63 * DAY)
    with pytest.raises(Refused):
        overview(TESTS, MARCH[1], MARCH[0])


def test_clashes_say_what_is_wanted_twice(noon):
    store = StoreFactory()
    room = StoreResource.objects.create(store=store, kind="room", name="教室")
    published(store, title="先到", resources=(room.public_id,))
    late = drafted(store, title="后到")
    bookings.put_many(wishes=bookings.wished(late, [room.pk], []), firm_only=False)

    (clash,) = calendar(TESTS, *MARCH).clashes

    assert (clash.event, clash.what, clash.with_title, clash.starts_at) == (
        late.pk,
        "教室",
        "先到",
        late.starts_at,
    )
    assert calendar(staff_viewer(Role.CHAMPION), *MARCH).clashes == ()


def test_a_week_with_too_much_for_the_same_people_is_marked(noon):
    store = StoreFactory()
    for n in range(4):
        published(store, starts_at=noon + n * HOUR + DAY, allotments=(actions.Allotment("ring:inner", 3),))

    found = calendar(TESTS, *MARCH)

    assert [(m.load.audience, m.load.week, m.load.events, m.most) for m in found.tired] == [
        ("ring:inner", date(2026, 3, 2), 4, 3)
    ]


@pytest.mark.parametrize(
    ("audience", "events", "marked"),
    [("", 7, False), ("", 8, True), ("ring:inner", 3, False), ("tag:妈妈", 4, True)],
)
def test_how_much_is_too_much(audience, events, marked):
    assert (tired(Load(1, date(2026, 3, 2), audience, events)) is not None) is marked


def test_the_same_statements_for_one_and_for_many(noon):
    store = StoreFactory()
    event = published(store)
    actions.register(viewer=member_viewer(CustomerFactory()), event_id=event.public_id)
    with CaptureQueriesContext(connection) as one:
        calendar(TESTS, *MARCH)
        overview(TESTS, *MARCH)
    for n in range(20):
        published(store, starts_at=noon + DAY + n * HOUR)
    with CaptureQueriesContext(connection) as many:
        assert len(calendar(TESTS, *MARCH).lines) == 21
        overview(TESTS, *MARCH)

    assert len(one) == len(many) == 4
