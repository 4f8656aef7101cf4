"""`POST /checkins`: once by its key, which is the scan's nonce; few statements; eight at once are one."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from access.actors import Actor, api, rows_touched
from events.factories import published
from people.factories import CustomerFactory
from stores.factories import TESTS, StoreFactory, viewer
from tongxin.events import actions
from tongxin.events.models import Attendance, Scan
from tongxin.faces.api.scopes import ALL
from tongxin.foundation.accounts import actions as accounts
from tongxin.foundation.accounts.models import Account

pytestmark = pytest.mark.django_db


@pytest.fixture
def door(noon):
    """A champion with a token, and an event of theirs that begins in an hour."""
    store = StoreFactory()
    account = Account.objects.get(pk=viewer("champion", store=store).account)
    _, token = accounts.issue_token(viewer=TESTS, account=account, scopes=ALL, name="door")
    event = published(store, starts_at=noon + timedelta(hours=1))
    return Actor("champion", "champion", token=token), event


def guest(event):
    person = CustomerFactory(home_store=event.store)
    return actions.register(viewer=TESTS, event_id=event.public_id, person=person.pk)


def scan(actor, event, found, key):
    return api(
        actor,
        "POST",
        "/api/v1/checkins",
        {"event": str(event.public_id), "registration": str(found.public_id)},
        key=key,
    )


@pytest.mark.parametrize("key", ["2f1c8f0e-6c1f-4a8e-9a52-0d9b7b1f0001", "any other key"])
def test_the_same_key_is_the_same_scan(door, key):
    actor, event = door
    found = guest(event)
    first = scan(actor, event, found, key.replace(" ", "-"))
    assert (first.status_code, first.json()["did"]) == (201, "admitted")
    before = rows_touched()

    again = scan(actor, event, found, key.replace(" ", "-"))

    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert rows_touched() == before
    assert Scan.objects.count() == Attendance.objects.count() == 1


def test_the_same_key_for_somebody_else_is_refused_and_writes_nothing(door):
    actor, event = door
    one, other = guest(event), guest(event)
    scan(actor, event, one, "k-1")

    reply = scan(actor, event, other, "k-1")

    assert (reply.status_code, reply.json()["code"]) == (422, "idempotency.other_body")
    assert not Attendance.objects.filter(registration=other).exists()


def test_another_key_finds_them_in_already(door):
    actor, event = door
    found = guest(event)
    scan(actor, event, found, "k-1")

    assert scan(actor, event, found, "k-2").json()["did"] == "already"
    assert Attendance.objects.get().registration == found


@pytest.mark.parametrize("others", [0, 3])
def test_a_check_in_takes_six_statements(door, others):
    actor, event = door
    for _ in range(others):
        scan(actor, event, guest(event), uuid.uuid4().hex)
    found = guest(event)

    with CaptureQueriesContext(connection) as seen:
        assert scan(actor, event, found, uuid.uuid4().hex).status_code == 201

    asked = [q["sql"] for q in seen.captured_queries]
    outermost = next((sql.split()[1] for sql in asked if sql.startswith("SAVEPOINT")), "")
    counted = [sql for sql in asked if not outermost or outermost not in sql]
    assert len(counted) == 6, "\n".join(counted)  # the bar is seven
