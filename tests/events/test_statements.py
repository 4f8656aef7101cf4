"""How many questions the hot doors ask the database: sign-in, rules, audit, book and messages included, whoever was there before.

BEGIN and COMMIT are not counted; savepoints are.
"""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from access.actors import Actor, api
from events.factories import published
from people.factories import CustomerFactory, account_of
from stores.factories import TESTS, StoreFactory
from tongxin.events import actions
from tongxin.faces.api.scopes import ALL
from tongxin.foundation.accounts import actions as accounts

pytestmark = pytest.mark.django_db


def actor_of(customer):
    _, token = accounts.issue_token(viewer=TESTS, account=account_of(customer), scopes=ALL, name="test")
    return Actor("member", "member", token=token)


@pytest.fixture
def asking(noon):
    store = StoreFactory()
    return store, [actor_of(CustomerFactory(home_store=store)) for _ in range(2)]


def statements(actor, method, path, body=None, *, status=201):
    with CaptureQueriesContext(connection) as seen:
        reply = api(actor, method, path, body)
    assert reply.status_code == status, reply.content
    asked = [q["sql"] for q in seen.captured_queries]
    # In a test's own transaction the BEGIN and COMMIT of a request are the outermost savepoint.
    outermost = next((sql.split()[1] for sql in asked if sql.startswith("SAVEPOINT")), "")
    return [sql for sql in asked if not outermost or outermost not in sql]


@pytest.mark.parametrize("before", [0, 3])
def test_a_registration_takes_nine_and_the_seat_last(asking, before):
    store, (actor, _) = asking
    event = published(store)
    for _ in range(before):
        actions.register(viewer=TESTS, event_id=event.public_id, person=CustomerFactory(home_store=store).pk)

    asked = statements(actor, "POST", f"/api/v1/events/{event.public_id}/registrations", {})

    assert len(asked) == 9, "\n".join(asked)  # the bar is fifteen
    # Everybody queues for the row of the pool: nothing but the commit comes after it.
    assert [n for n, sql in enumerate(asked) if "events_pool" in sql and "UPDATE" in sql] == [8]


@pytest.mark.parametrize("before", [0, 3])
def test_waiting_takes_nine_and_the_number_before_what_is_told(asking, before):
    store, (actor, _) = asking
    event = published(store, places=1)
    for _ in range(1 + before):
        actions.register(viewer=TESTS, event_id=event.public_id, person=CustomerFactory(home_store=store).pk)

    asked = statements(actor, "POST", f"/api/v1/events/{event.public_id}/registrations", {})

    assert len(asked) == 9, "\n".join(asked)
    assert [n for n, sql in enumerate(asked) if "events_pool" in sql and "UPDATE" in sql] == [6]
