"""A message for the guests of an event: those with a place, those who wait, those who came; asked again as it goes."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from events.doors_setup import Evening
from outreach.town import agree, inbox
from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS, StoreFactory, viewer
from tongxin.events import actions
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.outreach import actions as outreach
from tongxin.outreach.models import Send
from tongxin.outreach.terms import MessageClass
from tongxin.people import actions as people
from tongxin.people.terms import MergeReason
from tongxin.project.wiring import AUDIENCES
from tongxin.stores.terms import Role

pytestmark = pytest.mark.django_db
GUESTS = AUDIENCES["event"]
HOUR = timedelta(hours=1)


@pytest.fixture
def evening(noon):
    return Evening(guests=3, places=2)  # the third one waits


def key(evening, who):
    return f"{evening.event.public_id}:{who}"


def audience(evening, who):
    return set(GUESTS.persons(key(evening, who), at=clock.now()))


def test_who_has_a_place_who_waits_who_came(evening):
    one, two, three = (m.pk for m in evening.members)
    assert [audience(evening, who) for who in ("registered", "waiting", "attended")] == [
        {one, two},
        {three},
        set(),
    ]
    with clock.held(evening.at):
        evening.check_in(0)
        assert audience(evening, "attended") == {one}
        assert GUESTS.still_in(key(evening, "attended"), [one, two]) == {one}
    actions.cancel_registration(
        viewer=member_viewer(evening.members[1]), registration_id=evening.seats[1].public_id
    )
    assert audience(evening, "registered") == {one}
    assert audience(evening, "waiting") == {three}  # offered, not taken yet
    for bad in (
        "",
        "?:registered",
        f"{evening.event.public_id}",
        key(evening, "moon"),
        f"{evening.store.public_id}:registered",
    ):
        assert (set(GUESTS.persons(bad, at=clock.now())), GUESTS.still_in(bad, [one])) == (set(), frozenset())


def test_a_merged_guest_is_one_person(evening):
    twin = CustomerFactory()
    people.merge(viewer=TESTS, source=evening.members[0], target=twin, reason=MergeReason.MEMBER_ASKED)
    assert audience(evening, "registered") == {twin.pk, evening.members[1].pk}


def test_only_who_plans_for_the_store_may_address_its_guests(evening):
    GUESTS.access(evening.champion, key(evening, "registered"))
    for who, asked in (
        (viewer(Role.CHAMPION, store=StoreFactory()), key(evening, "registered")),
        (evening.door, key(evening, "registered")),
        (evening.champion, key(evening, "moon")),
        (evening.champion, "?:registered"),
    ):
        with pytest.raises(Refused, match="absent"):
            GUESTS.access(who, asked)


def test_a_plan_over_the_registered_asks_the_gate_for_each_person(evening):
    stays, leaves = evening.members[:2]
    for member in (stays, leaves):
        agree(member)
    plan = outreach.plan_message(
        viewer=evening.champion, message_class=MessageClass.COMMUNITY, channel="inbox", audience="event",
        audience_key=key(evening, "registered"), store=evening.store, text="带上围裙", expires_at=evening.event.starts_at,
    )  # fmt: skip
    outreach.approve_message(viewer=evening.champion, public_id=plan.public_id)
    assert outreach.expand(viewer=TESTS, public_id=plan.public_id) == 2
    actions.cancel_registration(viewer=member_viewer(leaves), registration_id=evening.seats[1].public_id)
    outreach.drain()
    assert ("带上围裙" in inbox(stays), "带上围裙" in inbox(leaves)) == (True, False)
    assert Send.objects.get(person=leaves, message=plan).reason == "left_audience"


def test_without_consent_a_place_is_no_reason_to_write(evening):
    """Community words to guests need the same consent as everywhere; only what they signed up for goes without."""
    plan = outreach.plan_message(
        viewer=evening.champion, message_class=MessageClass.COMMUNITY, channel="inbox", audience="event",
        audience_key=key(evening, "registered"), store=evening.store, text="新品", expires_at=evening.event.starts_at,
    )  # fmt: skip
    outreach.approve_message(viewer=evening.champion, public_id=plan.public_id)
    outreach.expand(viewer=TESTS, public_id=plan.public_id)
    outreach.drain()
    assert set(Send.objects.filter(message=plan).values_list("reason", flat=True)) == {"no_consent"}


@pytest.mark.parametrize("count", [1, 3])
def test_one_statement_for_one_guest_and_for_many(noon, count):
    evening = Evening(guests=count)
    with CaptureQueriesContext(connection) as asked:
        assert len(GUESTS.still_in(key(evening, "registered"), [m.pk for m in evening.members])) == count
    assert len(asked) == 2
