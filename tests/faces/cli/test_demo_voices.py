"""What is said in the demo's communities is made by the actions: seen, answered, accepted, and one plan ahead."""

from types import SimpleNamespace

import pytest

from people.factories import CustomerFactory
from stores.factories import TESTS, StoreFactory
from tongxin.faces.cli import demo_communities, demo_voices
from tongxin.faces.cli.demo_life import own_viewer
from tongxin.foundation.accounts import actions as accounts
from tongxin.foundation.accounts.terms import AccountKind
from tongxin.stores import actions as stores
from tongxin.stores import queries as places
from tongxin.stores.rules import StaffRow
from tongxin.stores.terms import Role
from tongxin.voices import queries
from tongxin.voices.queries import moderation

pytestmark = pytest.mark.django_db


def champion(store):
    account = accounts.create_account(viewer=TESTS, handle=demo_voices.CHAMPION, kind=AccountKind.STAFF)
    stores.grant(viewer=TESTS, account=account, role=Role.CHAMPION, store=store, brand=None)
    stores.upsert_staff(
        viewer=TESTS, rows=[StaffRow(staff_code=demo_voices.CHAMPION, name="小满", store_code=store.code)]
    )
    card = next(one for one in places.staff_for(TESTS).items if one.code == demo_voices.CHAMPION)
    stores.link_account(viewer=TESTS, staff=places.access_staff(TESTS, card.public_id), account=account)
    return places.viewer_for(account)


def test_the_fire_is_talked_round(noon, monkeypatch):
    monkeypatch.setattr(demo_communities, "FIRST", 11)
    store = StoreFactory()
    homes = [StoreFactory(), *[store] * 11]
    people = [CustomerFactory(home_store=home) for home in reversed(homes)]
    habits = ["偶尔", "常来", *["偶尔"] * 10]
    neighbours = [
        SimpleNamespace(id=one.pk, store=one.home_store_id, habit=SimpleNamespace(name=habit))
        for one, habit in zip(people, habits, strict=True)
    ]
    groups = demo_communities.build(noon, neighbours)
    demo_voices.build(noon, groups, neighbours, champion(store))
    own = own_viewer(neighbours[1])
    seen = queries.feed(own, groups[0].public_id)
    assert len(seen.items) == len(demo_voices.WEANING) + len(demo_voices.BROUGHT)
    assert {one.answer.name for one in seen.items if one.answer} >= {"周医师"}
    assert sum(bool(one.photos) for one in seen.items) == 2
    assert moderation.desk(TESTS) == []
    help_ = queries.peer_answers(TESTS, groups[0].public_id)
    assert (help_.questions, help_.by_peers) == (5, 3)
    found = queries.content_mix(TESTS, groups[0].public_id)
    assert sum(one.count for one in found.shares) == len(demo_voices.BROUGHT)
    assert [one.on > noon.date() for one in _planned(groups[0], noon)] == [True, True, True]


def _planned(group, noon):
    ahead = queries.calendar(TESTS, group.public_id, since=noon.date(), until=noon.date().replace(day=28))
    return [one for one in ahead if one.state == "planned"]
