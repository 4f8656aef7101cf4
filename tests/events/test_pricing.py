"""An event that promises many vouchers is let out by somebody else than who set its price (promise P43)."""

from datetime import time

import pytest

from events.factories import event_in
from events.series_makers import series_in
from stores.factories import TESTS, StoreFactory, viewer
from tongxin.commerce.terms import TWO_PERSONS_OVER
from tongxin.events import actions
from tongxin.events.models import Occurrence
from tongxin.events.terms import State
from tongxin.foundation.errors import Refused
from tongxin.stores.terms import Role

pytestmark = pytest.mark.django_db
LIMIT = TWO_PERSONS_OVER[-1][1]
FEN = LIMIT // 10  # so that eleven places are too many for one


@pytest.fixture
def store(noon):
    return StoreFactory()


@pytest.fixture
def one(store):
    return viewer(Role.CHAMPION, store=store)


@pytest.fixture
def other(store):
    return viewer(Role.STORE_MANAGER, store=store)


def code(act, **given):
    try:
        act(**given)
    except Refused as refused:
        return refused.code
    return "done"


def drafted(by, store, places, **more):
    event = event_in(format="class", places=places, fee_fen=FEN, voucher_fen=FEN, **more)
    return actions.draft(viewer=by, store=store, event=event)


def test_above_the_limit_somebody_else_publishes(store, one, other):
    event = drafted(one, store, 11)
    assert code(actions.publish, viewer=one, event_id=event.public_id) == "commerce.second_person_needed"
    assert Occurrence.objects.get().state == State.DRAFT
    assert code(actions.publish, viewer=other, event_id=event.public_id) == "done"


def test_at_the_limit_one_is_enough_and_growing_asks_again(store, one, other):
    event = drafted(one, store, 10)
    assert code(actions.publish, viewer=one, event_id=event.public_id) == "done"
    more = {"event_id": event.public_id, "version": 1, "audience": "", "size": 11}
    assert code(actions.resize, viewer=one, **more) == "commerce.second_person_needed"
    assert code(actions.resize, viewer=other, **more) == "done"
    assert code(actions.resize, viewer=one, **more | {"version": 2, "size": 9}) == "done"


def test_who_set_the_price_last_counts(store, one, other):
    event = drafted(one, store, 11)
    actions.change(viewer=other, event_id=event.public_id, version=1, voucher_fen=FEN + 1)
    assert code(actions.publish, viewer=other, event_id=event.public_id) == "commerce.second_person_needed"
    assert code(actions.publish, viewer=one, event_id=event.public_id) == "done"


def test_the_dates_of_a_series_count_together(store, one, other):
    plan = series_in(
        format="class",
        rule="FREQ=WEEKLY;COUNT=4",
        places=3,
        fee_fen=FEN,
        voucher_fen=FEN,
        start_time=time(10),
    )
    made = actions.open_series(viewer=one, store=store, series=plan)
    key = {"series_id": made.series.public_id}
    assert code(actions.publish_series, viewer=one, **key) == "commerce.second_person_needed"
    assert code(actions.publish_series, viewer=other, **key) == "done"
    edit = {**key, "places": 4}
    assert code(actions.change_series, viewer=one, version=2, **edit) == "commerce.second_person_needed"
    assert code(actions.change_series, viewer=other, version=2, **edit) == "done"


def test_a_job_of_ours_is_nobody_and_a_fee_without_voucher_promises_nothing(store, one):
    assert code(actions.publish, viewer=TESTS, event_id=drafted(TESTS, store, 50).public_id) == "done"
    free = actions.draft(viewer=one, store=store, event=event_in(places=500))
    assert code(actions.publish, viewer=one, event_id=free.public_id) == "done"
