"""What each viewer sees of stores, staff and grants; foreign is absent; constant numbers of queries."""

import uuid

import pytest

from stores.factories import (
    TESTS,
    AccountFactory,
    BrandFactory,
    GrantFactory,
    RegionFactory,
    StaffFactory,
    StoreFactory,
    viewer,
)
from tongxin.foundation.access import ANONYMOUS
from tongxin.foundation.accounts.actions import switch_account
from tongxin.foundation.accounts.models import Account
from tongxin.foundation.errors import Refused
from tongxin.stores import queries
from tongxin.stores.models import Grant
from tongxin.stores.terms import Role

pytestmark = pytest.mark.django_db


def absent(ask):
    with pytest.raises(Refused) as no:
        ask()
    assert (no.value.code, no.value.data) == ("absent", {})


@pytest.fixture
def world():
    east, west = RegionFactory(), RegionFactory()
    return {
        "east": east,
        "west": west,
        "a": StoreFactory(region=east),
        "b": StoreFactory(region=east),
        "c": StoreFactory(region=west),
        "d": StoreFactory(),
    }


@pytest.mark.parametrize(
    ("role", "seen"),
    [
        (Role.ADMIN, "abcd"), (Role.HQ_EDITOR, "abcd"), (Role.HQ_ANALYST, "abcd"), (Role.AUDITOR, "abcd"),
        (Role.REGION_MANAGER, "ab"), (Role.STORE_MANAGER, "a"), (Role.CHAMPION, "a"), (Role.DOOR, "a"), (Role.DEVICE, "a"),
    ],
)  # fmt: skip
def test_a_role_sees_its_stores_and_foreign_ones_are_as_absent(world, role, seen):
    who = (
        viewer(role, region=world["east"]) if role is Role.REGION_MANAGER else viewer(role, store=world["a"])
    )
    assert [s.code for s in queries.stores_for(who)] == [world[n].code for n in seen]
    assert [s.code for s in queries.stores_page(who, limit=50).items] == [world[n].code for n in seen]
    for name in "abcd":
        if name in seen:
            assert queries.access_store(who, str(world[name].public_id)) == world[name]
        else:
            absent(lambda: queries.access_store(who, world[name].public_id))  # noqa: B023
    absent(lambda: queries.access_store(who, uuid.uuid4()))
    absent(lambda: queries.access_store(who, "not an id"))


def test_regions_are_whole_or_not_ones_own(world):
    assert {r.code for r in queries.regions_for(TESTS)} == {world["east"].code, world["west"].code}
    champion = viewer(Role.CHAMPION, store=world["a"])
    assert queries.regions_for(champion) == [world["east"]]
    absent(lambda: queries.access_region(champion, world["east"].public_id))
    manager = viewer(Role.REGION_MANAGER, region=world["east"])
    assert queries.access_region(manager, world["east"].public_id) == world["east"]
    absent(lambda: queries.access_region(manager, world["west"].public_id))
    absent(lambda: queries.access_region(TESTS, "x"))
    assert queries.access_region(TESTS, RegionFactory().public_id)


def test_pages_go_on_where_they_stopped(world):
    first = queries.stores_page(TESTS, limit=3)
    rest = queries.stores_page(TESTS, limit=3, cursor=first.cursor)
    assert [s.code for s in (*first.items, *rest.items)] == [world[n].code for n in "abcd"]
    assert rest.cursor is None


def test_staff_are_seen_by_those_who_manage_them(world):
    one = StaffFactory(store=world["a"], phone="13812341234")
    nowhere = StaffFactory(store=None)
    StaffFactory(store=world["c"])
    manager = viewer(Role.STORE_MANAGER, store=world["a"])
    (card,) = queries.staff_for(manager).items
    assert (card.code, card.phone_hint, card.store_code) == (one.code, "138****1234", world["a"].code)
    assert len(queries.staff_for(TESTS).items) == 3
    assert queries.access_staff(manager, one.public_id) == one
    absent(lambda: queries.access_staff(manager, nowhere.public_id))
    champion = viewer(Role.CHAMPION, store=world["a"])
    assert queries.staff_for(champion).items == ()
    absent(lambda: queries.access_staff(champion, one.public_id))
    from tongxin.stores.actions import link_account

    link_account(viewer=TESTS, staff=one, account=Account.objects.get(pk=champion.account))
    assert queries.access_staff(champion, one.public_id) == one  # oneself
    own = queries.my_card(champion)
    assert own is not None
    assert (own.public_id, own.name) == (one.public_id, one.name)
    assert queries.my_card(manager) is queries.my_card(ANONYMOUS) is queries.my_card(TESTS) is None
    with pytest.raises(Refused):
        link_account(viewer=manager, staff=nowhere, account=AccountFactory())


def test_grants_are_seen_inside_ones_reach(world):
    manager = viewer(Role.STORE_MANAGER, store=world["a"])
    inside = GrantFactory(role=Role.CHAMPION, store=world["a"])
    outside = GrantFactory(role=Role.CHAMPION, store=world["c"])
    brandwide = GrantFactory(role=Role.HQ_EDITOR)
    region = viewer(Role.REGION_MANAGER, region=world["east"])
    own = Grant.objects.get(account=manager.account)
    assert {g.pk for g in queries.grants_for(manager).items} == {inside.pk, own.pk}
    absent(lambda: queries.access_grant(manager, outside.public_id))
    absent(lambda: queries.access_grant(manager, brandwide.public_id))
    assert {g.pk for g in queries.grants_for(region).items} == {
        inside.pk, own.pk, Grant.objects.get(account=region.account).pk
    }  # fmt: skip
    assert len(queries.grants_for(TESTS).items) == 5
    champion = viewer(Role.CHAMPION, store=world["a"])
    assert [g.account_id for g in queries.grants_for(champion).items] == [champion.account]


def test_a_viewer_carries_what_the_door_knows(world):
    account = AccountFactory()
    GrantFactory(account=account, role=Role.STORE_MANAGER, store=world["a"])
    who = queries.viewer_for(account, person=7, scopes=["read"], second_factor=True, device=3, language="en")
    assert (who.name, who.person, who.scopes, who.device, who.language) == (
        account.handle,
        7,
        {"read"},
        3,
        "en",
    )
    assert who.roles == {"store_manager", "member"}
    assert who.brand == BrandFactory().pk
    assert who.places({"member"}) == frozenset()  # being a member reaches no store
    switch_account(viewer=TESTS, account=account, active=False)
    account.refresh_from_db()
    closed = queries.viewer_for(account, person=7)
    assert (closed.grants, closed.person) == ((), None)


def test_before_there_is_a_brand_nobody_reaches_anything():
    who = queries.viewer_for(AccountFactory())
    assert (who.brand, who.grants) == (None, ())
    assert queries.stores_for(ANONYMOUS) == []


@pytest.mark.parametrize(
    "ask",
    [
        lambda who: [s.region and s.region.name for s in queries.stores_for(who)],
        lambda who: [s.region and s.region.name for s in queries.stores_page(who).items],
        queries.staff_for,
        lambda who: [(g.account.handle, g.store and g.store.name) for g in queries.grants_for(who).items],
        queries.regions_for,
    ],
)
def test_a_list_costs_one_query_with_one_row_and_with_three(django_assert_num_queries, ask):
    for more in (1, 2):
        for _ in range(more):
            store = StoreFactory(region=RegionFactory())
            StaffFactory(store=store)
            GrantFactory(role=Role.CHAMPION, store=store)
        with django_assert_num_queries(1):
            ask(TESTS)


def test_a_viewer_costs_the_same_queries_with_one_grant_and_with_three(world, django_assert_num_queries):
    account = AccountFactory()
    for region in (world["east"], world["west"]):
        GrantFactory(account=account, role=Role.REGION_MANAGER, region=region)
        with django_assert_num_queries(1):
            queries.viewer_for(account)


def test_importers_ask_once_for_all_codes(world, django_assert_num_queries):
    brand = BrandFactory()
    with django_assert_num_queries(1):
        assert queries.stores_by_code(brand, [world["a"].code, "?"]) == {world["a"].code: world["a"]}
    assert len(queries.stores_by_code(brand)) == 4
    assert queries.phone_lookup("?") == ""
