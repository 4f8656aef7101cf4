"""Steps of a kit on the desk, and execution: what was done of what was due, by region and version, in two statements."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kits.kitchen import cooked, released
from stores.factories import RegionFactory, StoreFactory, viewer
from tongxin.champions import actions, queries
from tongxin.champions.actions import AnswerIn
from tongxin.champions.models import StepDone
from tongxin.champions.terms import CheckWord
from tongxin.events import actions as events
from tongxin.foundation import clock
from tongxin.foundation.access import Grant, Viewer
from tongxin.foundation.errors import Refused
from tongxin.kits.models import Use
from tongxin.stores.terms import Role

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
LIST = [
    {"key": "flour", "day": -3, "title": "订面粉"},
    {"key": "oven", "day": 0, "title": "预热烤箱"},
    {"key": "thanks", "day": 1, "title": "发照片"},
]


def of(store):
    return Viewer(account=None, name="champion", grants=(Grant(Role.CHAMPION, places=frozenset({store.pk})),))


HQ = Viewer(account=None, name="hq", grants=(Grant(Role.HQ_EDITOR, everywhere=True),))


@pytest.fixture
def version():
    return released(cooked(checklist=LIST))


def used(version, store, days):
    """An event with the kit so many days from now, as its use."""
    made = events.draft_from_kit(
        viewer=HQ, store=store, version_id=version.public_id, starts_at=clock.now() + 40 * DAY - 2 * HOUR
    )
    use = Use.objects.get(key=str(made.occurrence.public_id))
    starts = clock.now() + days * DAY - 2 * HOUR
    Use.objects.filter(pk=use.pk).update(starts_at=starts, ends_at=starts + HOUR)
    return use


def tick(store, use, *steps):
    for step in steps:
        actions.tick_step(viewer=of(store), use_id=use.public_id, step=step)


def shown(store):
    return [(one.key, one.done) for one in queries.steps_today(of(store), store, clock.now())]


@pytest.mark.parametrize(
    ("days", "on_desk"),
    [
        (4, []),
        (3, [("flour", False)]),
        (1, [("flour", False)]),
        (0, [("flour", False), ("oven", False)]),
        (-1, [("flour", False), ("oven", False), ("thanks", False)]),
        (-11, []),
    ],
)
def test_a_step_stands_on_the_desk_from_its_day_on(version, days, on_desk):
    store = StoreFactory()
    used(version, store, days)
    assert shown(store) == on_desk


def test_what_was_ticked_today_stays_till_the_evening_and_a_slip_goes_back(version):
    store = StoreFactory()
    use = used(version, store, 0)
    tick(store, use, "flour", "oven", "oven")
    assert shown(store) == [("oven", True)]
    assert StepDone.objects.count() == 2
    assert actions.tick_step(viewer=of(store), use_id=use.public_id, step="oven", done=False) is True
    assert actions.tick_step(viewer=of(store), use_id=use.public_id, step="oven", done=False) is False
    assert shown(store) == [("oven", False)]


@pytest.mark.parametrize(
    ("step", "code"), [("thanks", r"champions\.step_early"), ("nothing", "absent")], ids=["early", "unknown"]
)
def test_a_step_before_its_day_and_one_that_is_not_there(version, step, code):
    store = StoreFactory()
    use = used(version, store, 0)
    with pytest.raises(Refused, match=code):
        tick(store, use, step)
    assert not StepDone.objects.exists()


def test_foreign_steps_are_absent(version):
    store, far = StoreFactory(), of(StoreFactory())
    use = used(version, store, 0)
    for act in (
        lambda: actions.tick_step(viewer=far, use_id=use.public_id, step="oven"),
        lambda: queries.steps_today(far, store, clock.now()),
        lambda: actions.tick_step(viewer=of(store), use_id="x", step="oven"),
    ):
        with pytest.raises(Refused, match="absent"):
            act()
    assert not StepDone.objects.exists()


def checked(store, *agos):
    for ago in agos:
        with clock.held(clock.now() - ago * DAY):
            actions.answer_check(viewer=of(store), store=store, answers={"board": AnswerIn(CheckWord.YES)})


def test_execution_is_what_was_done_of_what_was_due(version):
    region = RegionFactory()
    one, two = StoreFactory.create_batch(2, region=region)
    young = StoreFactory(opened_on=queries.today_in(one) - 3 * DAY)
    checked(one, 0, 1, 2, 28, 29)  # today and the 29th day before are outside
    checked(young, 1)
    first, second = used(version, one, -5), used(version, two, 0)
    tick(one, first, "flour", "thanks")
    tick(two, second, "flour", "oven")
    found = queries.rates(HQ)
    assert [
        (r.code, r.stores, r.check_days, r.check_due, r.steps, r.steps_due, r.permille) for r in found.regions
    ] == [
        ("", 1, 1, 3, 0, 0, 333),
        (region.code, 2, 3, 56, 4, 5, 114),
    ]
    assert [(v.title, v.version, v.code, v.events, v.steps, v.steps_due) for v in found.versions] == [
        ("小小烘焙师", 1, region.code, 2, 4, 5)
    ]
    assert (found.whole.stores, found.whole.check_due, found.whole.steps_due) == (3, 59, 5)


def test_a_cancelled_use_and_one_to_come_are_not_due(version):
    store = StoreFactory()
    Use.objects.filter(pk=used(version, store, -5).pk).update(standing="cancelled")
    used(version, store, 2)
    assert queries.rates(HQ).versions == ()


def test_nothing_due_is_no_rate_and_no_zero():
    store = StoreFactory(opened_on=queries.today_in(StoreFactory()))
    found = next(one for one in queries.rates(of(store)).regions)
    assert (found.check_due, found.permille) == (0, None)


def test_a_region_manager_sees_their_own_and_one_kit_can_be_asked_for(version):
    region = RegionFactory()
    mine, other = StoreFactory(region=region), StoreFactory(region=RegionFactory())
    for store in (mine, other):
        used(version, store, -5)
    boss = viewer(Role.REGION_MANAGER, region=region)
    assert [one.code for one in queries.rates(boss).regions] == [region.code]
    assert [one.code for one in queries.rates(boss).versions] == [region.code]
    another = released(cooked("tea", title="早茶会"))
    assert queries.rates(HQ, kit_id=another.kit.public_id).versions == ()
    assert len(queries.rates(HQ, kit_id=version.kit.public_id).versions) == 2
    with pytest.raises(Refused, match="absent"):
        queries.rates(HQ, kit_id="00000000-0000-4000-8000-000000000000")


def test_two_statements_however_many(version):
    counts = []
    for n in (1, 2):
        for _ in range(n):
            store = StoreFactory(region=RegionFactory())
            tick(store, used(version, store, -5), "flour")
        with CaptureQueriesContext(connection) as said:
            queries.rates(HQ)
        counts.append(len(said))
    assert counts == [2, 2]


def test_the_steps_take_two_statements_however_many_events(version):
    store = StoreFactory()
    assert store.brand
    counts = []
    for n in (1, 2):
        for _ in range(n):
            used(version, store, 0)
        with CaptureQueriesContext(connection) as said:
            queries.steps_today(of(store), store, clock.now())
        counts.append(len(said))
    assert counts == [2, 2]
