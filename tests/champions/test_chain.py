"""All stores at once: each with its verdict from what happened there, days and weeks of the chain; as many statements for one as for three."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from events.factories import published
from kits.kitchen import released, taken, used
from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS, RegionFactory, StoreFactory
from stores.factories import viewer as staff_viewer
from tongxin.champions.models import CheckAnswer
from tongxin.champions.queries.chain import chain
from tongxin.champions.terms import CheckWord
from tongxin.events.actions import register
from tongxin.events.models import Attendance, Registration
from tongxin.foundation import clock
from tongxin.kits import actions as kits
from tongxin.stores.terms import Role

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def checked(store, *days_ago, no=0):
    """Answers of some days; the first `no` of them a no with a sentence."""
    today = clock.business_day(clock.now())
    for n, ago in enumerate(days_ago):
        CheckAnswer.objects.create(
            store=store,
            day=today - ago * DAY,
            list=0,
            item="board",
            answer=CheckWord.NO if n < no else CheckWord.YES,
            sentence="烤箱坏了" if n < no else "",
            by="tests",
            at=clock.now(),
        )


def happened(store, registered, came):
    """An event a week ago with so many places taken and so many who came."""

    event = published(store, places=40, starts_at=clock.now() + DAY, ends_at=clock.now() + DAY + HOUR)
    for _ in range(registered):
        register(viewer=member_viewer(CustomerFactory()), event_id=event.public_id)
    seats = Registration.objects.filter(occurrence=event)
    Attendance.objects.bulk_create(
        [
            Attendance(
                registration=seat,
                occurrence=event,
                person=seat.person,
                counted=seat.public_id,
                at=clock.now(),
            )
            for seat in seats[:came]
        ]
    )


def by_name(found):
    return {line.name: line for line in found.stores}


def test_each_store_with_its_reasons():
    well, gone, asking, silent = (StoreFactory(name=name) for name in ("好店", "缺人店", "求助店", "新店"))
    checked(well, *range(1, 15))
    checked(gone, 5, 6, 7)
    checked(asking, 1, 2, 3, no=2)
    version = released()
    instance = taken(version, asking)
    used(instance, clock.now() + DAY, clock.now() + DAY + HOUR)
    kits.recall(viewer=TESTS, version_id=version.public_id, reason="温度写错")
    found = chain(TESTS)
    lines = by_name(found)
    assert {name: line.health.level for name, line in lines.items()} == {
        "好店": "well",
        "缺人店": "red",
        "求助店": "red",
        "新店": "silent",
    }
    assert [(why.code, why.n) for why in lines["缺人店"].health.reasons] == [("no_check", 4)]
    assert [(why.code, why.n) for why in lines["求助店"].health.reasons] == [("recalled", 1), ("concerns", 2)]
    assert found.counted() == {"well": 1, "watch": 0, "red": 2, "silent": 1}
    assert (found.days[-1].answered, found.days[-1].due) == (2, 4)
    assert silent.name in lines


def test_a_champion_of_one_region_sees_that_region_alone():
    east, west = RegionFactory(), RegionFactory()
    mine, other = StoreFactory(region=east), StoreFactory(region=west)
    checked(mine, 1)
    checked(other, 1)
    found = chain(staff_viewer(Role.REGION_MANAGER, region=east))
    assert [line.id for line in found.stores] == [mine.pk]
    assert (found.days[-1].answered, found.days[-1].due) == (1, 1)


def test_who_came_in_the_weeks_that_are_over():
    store = StoreFactory()
    with clock.held(clock.now() - 8 * DAY):
        happened(store, 4, 3)
    found = chain(TESTS)
    assert [(week.registered, week.came) for week in found.weeks] == [(4, 3)]
    part, low, high = found.weeks[0].span
    assert low < part == 0.75 < high


@pytest.mark.parametrize("count", [1, 3])
def test_as_many_statements_for_one_as_for_three(count):
    for _ in range(count):
        checked(StoreFactory(), 1, 2, no=1)
    with CaptureQueriesContext(connection) as seen:
        assert len(chain(TESTS).stores) == count
    assert len(seen) == 5
