"""Who uses which version, coverage and execution by region, lists: exact figures, and as many statements for one as for three."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kits.kitchen import cooked, released, taken, used
from stores.factories import TESTS, RegionFactory, StoreFactory
from tongxin.foundation import clock
from tongxin.foundation.access import Grant, Viewer
from tongxin.kits import actions, queries
from tongxin.stores.terms import Role

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def held(instance, key, days, standing="held"):
    at = clock.now() + days * DAY
    used(instance, at, at + HOUR, key=key)
    if standing == "held":
        actions.held(room="events", keys=[key])
    if standing == "cancelled":
        actions.cancelled(room="events", keys=[key])


@pytest.fixture
def chain():
    """Two regions with two stores each; the east uses v2 (and one store nothing), the west v1."""
    east, west = RegionFactory(code="east", name="东区"), RegionFactory(code="west", name="西区")
    stores = [StoreFactory(region=region) for region in (east, east, west, west)]
    kit = cooked()
    first = released(kit)
    one, two = (taken(first, store, kind="series", key=f"w{n}") for n, store in enumerate(stores[2:]))
    second = released(kit, minutes=100)
    three = taken(second, stores[0], kind="series", key="e0")
    held(one, "a", -10)
    held(one, "b", -3, "cancelled")
    held(two, "c", -2, "planned")
    held(three, "d", -1)
    held(three, "e", 5, "planned")
    return kit, stores, (east, west)


def test_coverage_execution_and_users(chain):
    kit, _, _ = chain
    found = queries.rollout(TESTS, kit.public_id)
    assert [(c.region, c.offered, c.adopted, c.permille) for c in found.coverage] == [
        ("east", 2, 1, 500),
        ("west", 2, 2, 1000),
    ]
    assert [
        (e.version, e.region, e.due, e.held, e.cancelled, e.ahead, e.permille) for e in found.execution
    ] == [
        (2, "east", 1, 1, 0, 1, 1000),
        (1, "west", 3, 1, 1, 0, 333),
    ]
    assert found.users == ((2, 1), (1, 2))
    assert (found.offered, found.adopted) == (4, 3)


def test_a_manager_sees_their_own_stores(chain):
    kit, stores, _ = chain
    mine = Viewer(
        account=None, name="m", grants=(Grant(Role.STORE_MANAGER, places=frozenset({stores[2].pk})),)
    )
    found = queries.rollout(mine, kit.public_id)
    assert [(c.region, c.offered, c.adopted) for c in found.coverage] == [("west", 1, 1)]
    assert [(e.version, e.due, e.held) for e in found.execution] == [(1, 2, 1)]
    assert [line.instance.store_id for line in queries.instances_of(mine, kit.public_id).items] == [
        stores[2].pk
    ]


def test_a_store_that_was_offered_it_by_region_counts(chain):
    _, stores, _ = chain
    kit = released(cooked("swap", everywhere=False)).kit
    assert actions.offer(viewer=TESTS, kit_id=kit.public_id, region="east") == 2
    assert actions.offer(viewer=TESTS, kit_id=kit.public_id, stores=[stores[0].public_id]) == 0
    assert [(c.region, c.offered, c.adopted) for c in queries.rollout(TESTS, kit.public_id).coverage] == [
        ("east", 2, 0)
    ]


@pytest.mark.parametrize("count", [1, 3])
def test_as_many_statements_for_one_as_for_three(count):
    kits = [cooked(f"kit-{n}") for n in range(count)]
    for n, kit in enumerate(kits):
        version = released(kit)
        for m in range(count):
            instance = taken(version, key=f"k{n}{m}", places=9)
            held(instance, f"k{n}{m}", -1)
        actions.recall(viewer=TESTS, version_id=version.public_id, reason="x")
    kit = kits[0].public_id
    asked = {}
    for name, read in {
        "list": lambda: queries.kits_for(TESTS),
        "versions": lambda: queries.versions_of(TESTS, kit),
        "instances": lambda: queries.instances_of(TESTS, kit),
        "rollout": lambda: queries.rollout(TESTS, kit),
        "warnings": lambda: queries.warnings_for(TESTS),
        "reports": lambda: queries.reports_of(TESTS, kit),
        "recalled": lambda: queries.recalled([("events", f"k0{m}") for m in range(count)]),
    }.items():
        with CaptureQueriesContext(connection) as seen:
            read()
        asked[name] = len(seen)
    assert asked == {
        "list": 6,
        "versions": 5,
        "instances": 4,
        "rollout": 4,
        "warnings": 1,
        "reports": 2,
        "recalled": 1,
    }
