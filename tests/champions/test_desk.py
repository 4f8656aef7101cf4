"""The desk: today's events, letters and budget of one store, results beside like stores, in a fixed number of statements."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from events.factories import published
from people.factories import CustomerFactory
from stores.factories import TESTS, RegionFactory, StoreFactory
from tongxin.champions import actions, queries
from tongxin.champions.actions import AnswerIn
from tongxin.champions.terms import CheckWord
from tongxin.commerce import actions as commerce
from tongxin.events import actions as events
from tongxin.events.models import Occurrence
from tongxin.events.terms import State
from tongxin.foundation import clock
from tongxin.foundation.access import Grant, Viewer
from tongxin.foundation.errors import Refused
from tongxin.stores.terms import Role

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def of(store):
    return Viewer(account=None, name="champion", grants=(Grant(Role.CHAMPION, places=frozenset({store.pk})),))


def held(store, n):
    for _ in range(n):
        with clock.held(clock.now() - 5 * DAY):
            event = published(store, starts_at=clock.now() + DAY)
        Occurrence.objects.filter(pk=event.pk).update(state=State.ENDED)


def shown(store):
    return {one.what: (one.own, one.like, one.stores) for one in queries.desk(of(store), store).beside}


def test_todays_event_with_places_and_waiting_list_and_budget():
    store = StoreFactory()
    event = published(store, starts_at=clock.now() + 2 * HOUR, places=1)
    published(store, starts_at=clock.now() + 2 * DAY)
    published(StoreFactory(), starts_at=clock.now() + 2 * HOUR)
    for _ in range(2):
        events.register(viewer=TESTS, event_id=event.public_id, person=CustomerFactory(home_store=store).pk)
    commerce.open_envelope(
        viewer=TESTS,
        title="三月活动",
        amount_fen=42_000,
        opens_on=queries.today_in(store),
        closes_on=queries.today_in(store) + 30 * DAY,
        store=store,
    )
    found = queries.desk(of(store), store)
    assert [(one.public_id, one.taken, one.waiting) for one in found.events] == [(event.public_id, 1, 1)]
    assert found.left_fen == 42_000


def test_beside_like_stores_stands_the_median_and_no_ranking():
    region = RegionFactory()
    mine, *others = StoreFactory.create_batch(4, region=region, format="社区店")
    held(StoreFactory(region=region, format="大卖场"), 9)
    for store, n in zip([mine, *others], (2, 1, 3, 5), strict=True):
        held(store, n)
    assert shown(mine)["held"] == (2, 3.0, 3)


def test_through_two_stores_one_could_be_seen_so_there_is_no_median():
    region = RegionFactory()
    mine, *others = StoreFactory.create_batch(3, region=region, format="社区店")
    for store in (mine, *others):
        held(store, 1)
    assert shown(mine)["held"] == (1, None, 2)


def test_days_with_a_check_count_without_today():
    store = StoreFactory()
    for days in (0, 1, 2, 29):
        with clock.held(clock.now() - days * DAY):
            actions.answer_check(viewer=of(store), store=store, answers={"board": AnswerIn(CheckWord.YES)})
    assert shown(store)["checked"][0] == 2


def test_a_foreign_desk_is_absent():
    store = StoreFactory()
    for read in (
        queries.desk,
        lambda viewer, shop: queries.beside_like_stores(viewer, shop, queries.today_in(shop)),
    ):
        with pytest.raises(Refused, match="absent"):
            read(of(StoreFactory()), store)


def test_the_desk_takes_the_same_statements_for_one_and_three():
    store = StoreFactory(region=RegionFactory(), format="社区店")
    assert store.brand  # an instance remembers its brand once it has been asked
    counts = []
    for n in (1, 2):
        for _ in range(n):
            published(store, starts_at=clock.now() + 2 * HOUR)
            StoreFactory(region=store.region, format="社区店")
        with CaptureQueriesContext(connection) as said:
            queries.desk(of(store), store)
        counts.append(len(said))
    assert counts[0] == counts[1] <= 24
