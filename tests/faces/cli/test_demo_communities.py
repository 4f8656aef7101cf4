"""The demo's two communities are made by the actions, with a past that adds up."""

from types import SimpleNamespace

import pytest
from django.db.models import F

from people.factories import CustomerFactory
from stores.factories import TESTS, StoreFactory
from tongxin.communities import queries
from tongxin.communities.models import Day
from tongxin.faces.cli import demo_communities

pytestmark = pytest.mark.django_db


def test_two_communities_with_people_rules_and_somebody_who_waits(noon, monkeypatch):
    monkeypatch.setattr(demo_communities, "FIRST", 6)
    store, other = StoreFactory(), StoreFactory()
    homes = [store, store, other, store, other, other, other]
    people = [CustomerFactory(home_store=home) for home in homes]
    neighbours = [SimpleNamespace(id=one.pk, store=one.home_store_id) for one in people]
    weaning, reading = demo_communities.build(noon, neighbours)
    card = queries.community_card(TESTS, weaning.public_id)
    assert (card.name, card.members, card.active) == ("新手妈妈辅食群", 5, 5)
    assert {str(one.part) for one in card.parts} == {"moderator", "soul"}
    assert len(card.rules[0].lines) == 4
    assert [one.name for one in queries.applications_for(TESTS).items] == [people[-1].nickname]
    assert queries.community_card(TESTS, reading.public_id).members == 3
    assert Day.objects.filter(community=weaning.pk, container=None).count() == 70
    assert not Day.objects.exclude(stock=F("before") + F("joins") - F("leaves")).exists()
    (offer,) = queries.offers_for(TESTS, room="events", after=[("format", "class")])
    assert offer.name == "新手妈妈辅食群"
