"""An answer to the letter: every column of the row, every word of the trail, what a failure leaves, who is held meanwhile."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS, StoreFactory, viewer
from tongxin.foundation import clock
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.people import actions
from tongxin.people.actions import consents
from tongxin.people.models import Consent, Customer
from tongxin.people.terms import MergeReason, Purpose
from tongxin.stores.terms import Role

pytestmark = pytest.mark.django_db


def say(who, customer, *, granted=True, purpose=Purpose.PHOTO, companion=None):
    return actions.set_consent(
        viewer=who, customer=customer, purpose=purpose, granted=granted, notice_version="2026-03", channel="paper",
        companion=companion,
    )  # fmt: skip


def told():
    return Entry.objects.filter(act__startswith="people.consent_").order_by("id").last()


@pytest.mark.parametrize("granted", [True, False])
def test_every_column_of_an_answer_and_its_trail(noon, granted):
    customer = CustomerFactory()
    me = member_viewer(customer)
    row = say(me, customer, granted=granted)
    kept = Consent.objects.get(pk=row.pk)
    assert (kept.customer_id, kept.companion, kept.purpose, kept.granted) == (
        customer.pk,
        None,
        "photo",
        granted,
    )
    assert (kept.notice_version, kept.channel, kept.by, kept.at, kept.recorded_at) == (
        "2026-03",
        "paper",
        me.name,
        noon,
        noon,
    )
    entry = told()
    assert entry.act == ("people.consent_granted" if granted else "people.consent_withdrawn")
    assert (entry.actor, entry.subject_room, entry.subject_kind, entry.subject_id) == (
        me.name, "people", "customer", str(customer.public_id)
    )  # fmt: skip
    assert json.loads(entry.after) == {
        "purpose": "photo",
        "notice": "2026-03",
        "channel": "paper",
        "companion": None,
    }


def child_of(who):
    return actions.add_companion(
        viewer=who, nickname="豆豆", age_years=6, agreed=True, notice_version="child/1"
    )


def test_an_answer_for_a_child_is_the_childs(noon):
    customer = CustomerFactory()
    me = member_viewer(customer)
    child = child_of(me)
    row = say(me, customer, companion=child)
    assert Consent.objects.get(pk=row.pk).companion == child.public_id
    assert json.loads(told().after)["companion"] == str(child.public_id)


def test_a_refusal_about_a_child_names_the_purpose(noon):
    customer = CustomerFactory()
    me = member_viewer(customer)
    with pytest.raises(Refused) as no:
        say(me, customer, purpose=Purpose.MEASUREMENT, companion=child_of(me))
    assert no.value.data == {"purpose": Purpose.MEASUREMENT.zh}


def test_a_guardian_speaks_for_a_child_that_another_entry_of_theirs_brought(noon):
    old, kept, other = CustomerFactory(), CustomerFactory(), CustomerFactory()
    child = child_of(member_viewer(old))
    actions.merge(viewer=TESTS, source=old, target=kept, reason=MergeReason.SAME_PHONE)
    assert say(member_viewer(kept), kept, companion=child).companion == child.public_id
    with pytest.raises(Refused) as no:
        say(member_viewer(other), other, companion=child)
    assert no.value.code == "absent"


def test_only_personalisation_turns_the_switch_and_notes_when(noon):
    customer = CustomerFactory()
    me = member_viewer(customer)
    say(me, customer, granted=False)
    assert (
        Customer.objects.get(pk=customer.pk).personalise,
        Customer.objects.get(pk=customer.pk).personalise_at,
    ) == (True, None)
    with clock.held(noon + timedelta(hours=1)):
        say(me, customer, granted=False, purpose=Purpose.PERSONALISATION)
    found = Customer.objects.get(pk=customer.pk)
    assert (found.personalise, found.personalise_at) == (False, noon + timedelta(hours=1))


def test_turning_the_switch_leaves_the_rest_of_the_member_alone(noon):
    customer = CustomerFactory(nickname="老王")
    real = consents.queries.access_customer

    def meanwhile(*arguments):
        found = real(*arguments)
        found.nickname = "改过"  # what this process read may be old by now
        return found

    consents.queries.access_customer, before = meanwhile, consents.queries.access_customer
    try:
        actions.switch_personalisation(viewer=member_viewer(customer), customer=customer, on=False)
    finally:
        consents.queries.access_customer = before
    assert Customer.objects.get(pk=customer.pk).nickname == "老王"


def test_only_two_columns_are_written_by_the_switch(noon):
    customer = CustomerFactory()
    with CaptureQueriesContext(connection) as asked:
        actions.switch_personalisation(viewer=member_viewer(customer), customer=customer, on=False)
    (update,) = [
        q["sql"]
        for q in asked
        if q["sql"].startswith('UPDATE "people_customer"') and "personalise" in q["sql"]
    ]
    assert update.count('" = ') == 3  # two columns and the key
    assert "personalise_at" in update


def test_the_switch_says_where_and_under_which_notice(noon):
    customer = CustomerFactory()
    me = member_viewer(customer)
    row = actions.switch_personalisation(viewer=me, customer=customer, on=False)
    assert (row.purpose, row.granted, row.notice_version, row.channel) == (
        "personalisation", False, "personalisation/1", "member_page"
    )  # fmt: skip
    assert (
        actions.switch_personalisation(viewer=me, customer=customer, on=True, channel="desk").channel
        == "desk"
    )
    assert consents.SWITCH_NOTICE == "personalisation/1"


def test_an_answer_and_its_trail_stand_or_fall_together(noon, monkeypatch):
    customer = CustomerFactory()

    def broken(**_):
        raise RuntimeError("the trail is full")

    monkeypatch.setattr(consents, "trail", broken)
    with pytest.raises(RuntimeError):
        say(member_viewer(customer), customer, granted=False, purpose=Purpose.PERSONALISATION)
    assert Consent.objects.count() == 0
    assert Customer.objects.get(pk=customer.pk).personalise is True


def test_a_member_is_held_while_an_answer_is_weighed(noon):
    customer = CustomerFactory()
    with CaptureQueriesContext(connection) as asked:
        say(member_viewer(customer), customer)
    # two answers at once would both look at a history without the other
    assert any("FOR UPDATE" in q["sql"] and '"people_customer"' in q["sql"] for q in asked)


def test_the_ninety_days_count_from_the_newest_no_of_this_purpose_and_this_person(noon):
    store = StoreFactory()
    customer, other = CustomerFactory(home_store=store), CustomerFactory(home_store=store)
    me, champion = member_viewer(customer), viewer(Role.CHAMPION, store=store)
    say(me, customer, granted=False)
    with clock.held(noon + timedelta(days=40)):
        say(me, customer, granted=True)
        say(me, customer, granted=False)
    with clock.held(noon + timedelta(days=100)):  # the first no is long ago, the second is not
        with pytest.raises(Refused) as no:
            say(champion, customer)
        assert (no.value.code, no.value.data) == (
            "people.asked_lately", {"said_no_on": "2026-04-14", "again_on": "2026-07-13"}
        )  # fmt: skip
        say(champion, other)  # somebody else has said nothing
        say(champion, customer, purpose=Purpose.GROUP_MESSAGE)


def test_answers_are_read_in_the_order_of_their_time_not_of_their_rows(noon):
    store = StoreFactory()
    customer = CustomerFactory(home_store=store)
    me, champion = member_viewer(customer), viewer(Role.CHAMPION, store=store)
    with clock.held(noon + timedelta(days=10)):
        say(me, customer, granted=False)
    say(me, customer, granted=True)  # an older answer, written down later
    with clock.held(noon + timedelta(days=20)), pytest.raises(Refused) as no:
        say(champion, customer)
    assert no.value.data["said_no_on"] == "2026-03-15"


def test_a_no_for_a_child_is_not_the_guardians(noon):
    store = StoreFactory()
    customer = CustomerFactory(home_store=store)
    me, champion = member_viewer(customer), viewer(Role.CHAMPION, store=store)
    say(me, customer, granted=False, companion=child_of(me))
    assert say(champion, customer).granted


def test_a_yes_may_be_written_down_again_by_staff(noon):
    store = StoreFactory()
    customer = CustomerFactory(home_store=store)
    say(member_viewer(customer), customer, granted=True)
    assert say(viewer(Role.CHAMPION, store=store), customer).granted
    assert Consent.objects.count() == 2
