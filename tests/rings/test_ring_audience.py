"""A message for a ring: the gate asks for each person whether they still stand there."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from outreach.town import agree, inbox
from rings.chain import SYSTEM, act, join, open_chain, self_of, staff
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.outreach import actions as outreach
from tongxin.outreach.models import Send
from tongxin.outreach.terms import MessageClass
from tongxin.people.actions import switch_personalisation
from tongxin.project.wiring import AUDIENCES
from tongxin.rings import actions
from tongxin.rings.terms import OverrideReason, Ring
from tongxin.stores.terms import Role

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
RINGS = AUDIENCES["ring"]
DAY = timedelta(days=1)


@pytest.fixture
def stores():
    return open_chain()


def middle(store):
    """Somebody who comes often: the middle ring, after the next run."""
    person = join(store)
    act(person, "checked_in", 1, 8, 15)
    agree(person)
    return person


def outwards(person):
    actions.override(
        viewer=staff(Role.ADMIN), customer=person.public_id, ring=Ring.OUTER, reason=next(iter(OverrideReason)),
        until=clock.now() + 10 * DAY, note="test",
    )  # fmt: skip


def test_who_stands_in_a_ring_of_a_store_as_of_an_instant(stores):
    here, there, quiet = middle(stores[0]), middle(stores[1]), join(stores[0])
    before = clock.now() - DAY
    actions.recompute(viewer=SYSTEM)
    now, key = clock.now(), f"{stores[0].public_id}:"
    assert set(RINGS.persons(f"{key}middle", at=now)) == {here.pk}
    assert set(RINGS.persons(f"{key}outer", at=now)) == {quiet.pk}
    assert set(RINGS.persons("all:middle", at=now)) == {here.pk, there.pk}
    assert set(RINGS.persons("all:middle", at=before)) == set()
    for bad in (f"{key}", f"{key}moon", "all", "?:middle", "", f"{here.public_id}:middle"):
        assert (set(RINGS.persons(bad, at=now)), RINGS.still_in(bad, [here.pk])) == (set(), frozenset())
    switch_personalisation(viewer=self_of(here), customer=here, on=False)
    assert set(RINGS.persons(f"{key}middle", at=now)) == set()
    assert RINGS.still_in(f"{key}outer", [here.pk, there.pk]) == {here.pk}


def test_only_who_plans_for_the_store_may_address_it(stores):
    champion = staff(Role.CHAMPION, stores[0])
    RINGS.access(champion, f"{stores[0].public_id}:middle")
    RINGS.access(SYSTEM, "all:middle")
    for key in (f"{stores[1].public_id}:middle", "all:middle", f"{stores[0].public_id}:moon", "x:middle", ""):
        with pytest.raises(Refused, match="absent"):
            RINGS.access(champion, key)


def test_a_plan_over_a_ring_asks_the_gate_for_each_person(stores):
    stays, leaves = middle(stores[0]), middle(stores[0])
    actions.recompute(viewer=SYSTEM)
    plan = outreach.plan_message(
        viewer=SYSTEM, message_class=MessageClass.COMMUNITY, channel="inbox", audience="ring",
        audience_key=f"{stores[0].public_id}:middle", store=stores[0], text="茶会", expires_at=clock.now() + DAY,
    )  # fmt: skip
    outreach.approve_message(viewer=SYSTEM, public_id=plan.public_id)
    assert outreach.expand(viewer=SYSTEM, public_id=plan.public_id) == 2
    with clock.held(clock.now() + timedelta(hours=1)):
        outwards(leaves)
    with clock.held(clock.now() + timedelta(hours=2)):
        outreach.drain()
    assert (inbox(stays), inbox(leaves)) == (["茶会"], [])
    assert Send.objects.get(person=leaves).reason == "left_audience"


@pytest.mark.parametrize("count", [1, 3])
def test_it_is_asked_in_as_many_statements_for_one_as_for_many(stores, count):
    people = [middle(stores[0]) for _ in range(count)]
    actions.recompute(viewer=SYSTEM)
    with CaptureQueriesContext(connection) as asked:
        assert RINGS.still_in(f"{stores[0].public_id}:middle", [p.pk for p in people]) == {
            p.pk for p in people
        }
    assert len(asked) == 2
