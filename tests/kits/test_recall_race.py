"""A recall while a store is adopting: whoever comes first, no event on a recalled version is left without its warning."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction

from kits.kitchen import released, taken, used
from stores.factories import TESTS, StoreFactory
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.kits import actions
from tongxin.kits.models import Instance, RecallWarning, Use

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE = 10.0  # seconds that a thread may take before the test gives up
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def aside(act):
    """Run something on a connection of its own; answers the thread and what it answered or refused."""
    told = []

    def run():
        try:
            told.append(act())
        except Refused as refused:
            told.append(refused.code)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread, told


def adopted(version, store, key):
    """Adoption and the event it is for, in one transaction as events do it."""
    with transaction.atomic():
        instance = taken(version, store, key=key)
        used(instance, clock.now() + DAY, clock.now() + DAY + HOUR)


def test_a_recall_waits_for_the_store_that_is_adopting_and_warns_it():
    version, store = released(), StoreFactory()
    with transaction.atomic():
        adopted(version, store, "e1")
        thread, told = aside(
            lambda: actions.recall(viewer=TESTS, version_id=version.public_id, reason="温度写错").reason
        )
        thread.join(0.3)
        assert thread.is_alive()  # it waits for us
    thread.join(PATIENCE)
    assert told == ["温度写错"]
    assert [warning.use.key for warning in RecallWarning.objects.select_related("use")] == ["e1"]


def test_a_store_waits_for_the_recall_and_is_refused():
    version, store = released(), StoreFactory()
    with transaction.atomic():
        actions.recall(viewer=TESTS, version_id=version.public_id, reason="温度写错")
        thread, told = aside(lambda: adopted(version, store, "e1"))
        thread.join(0.3)
        assert thread.is_alive()
    thread.join(PATIENCE)
    assert told == ["kits.recalled"]
    assert not Instance.objects.exists()


def test_in_any_order_of_many_every_event_on_the_version_is_warned():
    version = released()
    stores = [StoreFactory() for _ in range(6)]
    running = [aside(lambda n=n: adopted(version, stores[n], f"e{n}")) for n in range(3)]
    running.append(
        aside(lambda: actions.recall(viewer=TESTS, version_id=version.public_id, reason="温度写错").reason)
    )
    running += [aside(lambda n=n: adopted(version, stores[n], f"e{n}")) for n in range(3, 6)]
    for thread, _ in running:
        thread.join(PATIENCE)
    warned = set(RecallWarning.objects.values_list("use__key", flat=True))
    assert warned == set(Use.objects.values_list("key", flat=True))
    refused = [told for _, told in running if told == ["kits.recalled"]]
    assert len(refused) + len(warned) == 6
