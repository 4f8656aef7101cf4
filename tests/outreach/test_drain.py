"""The gate is asked when something is about to go, never once and for all; and the cap counts the person, not the entry."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError
from django.test.utils import CaptureQueriesContext

from outreach.town import (
    DAY,
    HOUR,
    TEXT,
    agree,
    decisions,
    inbox,
    letter,
    neighbour,
    plan,
    say,
    send_out,
    state,
    tell,
    willing,
)
from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS, StoreFactory
from tongxin.foundation import clock
from tongxin.outreach import actions, rules
from tongxin.outreach.actions import draining
from tongxin.outreach.channels.inbox import Inbox
from tongxin.outreach.evidence import look, people_behind
from tongxin.outreach.models import DecisionRow, Message, Send
from tongxin.outreach.ports import Receipt
from tongxin.outreach.terms import Decision, MessageClass, MessageKind, SendState
from tongxin.people.actions import erase, merge
from tongxin.people.terms import MergeReason, Purpose
from tongxin.project import wiring

pytestmark = pytest.mark.django_db
SERVICE, COMMUNITY, PROMOTION = MessageClass.SERVICE, MessageClass.COMMUNITY, MessageClass.PROMOTION
NIGHT = datetime(2026, 3, 5, 14, 0, tzinfo=UTC)  # ten in the evening
MORNING = datetime(2026, 3, 6, 0, 30, tzinfo=UTC)


def withdraw(member):
    agree(member, Purpose.GROUP_MESSAGE, granted=False)


def stop(member):
    actions.opt_out(viewer=member_viewer(member), customer=member, message_class=COMMUNITY)


def forget(member):
    erase(viewer=member_viewer(member), customer=member, reason="asked")


def leave(member):
    CustomerFactory._meta.model.objects.filter(pk=member.pk).update(home_store=StoreFactory())


WAYS_OUT = [
    (withdraw, "withdrawn"),
    (stop, "opted_out"),
    (forget, "erased"),
]


@pytest.mark.parametrize(("change", "why"), WAYS_OUT)
def test_what_changes_between_queue_and_send_counts(noon, change, why):
    member = willing()
    send = tell(member, COMMUNITY)
    change(member)
    actions.drain()
    assert state(send) == (SendState.CANCELLED, why)
    assert inbox(member) == []
    assert decisions(send) == ([] if why == "erased" else [("dropped", why)])


@pytest.mark.parametrize("change", [withdraw, stop])
def test_control_a_gate_asked_only_when_queueing_tells_them_anyway(noon, change):
    member = willing()
    send = tell(member, COMMUNITY)
    people = people_behind({member.pk})
    evidence = look([send], clock.now(), channels=draining.wired(), people=people)
    early = rules.may_message(evidence.facts(send), evidence.policy, clock.now())
    change(member)
    if early.outcome is Decision.SENT:  # as a planner that remembers its answer would
        Inbox().dispatch([draining.delivered(send, evidence)])
    assert inbox(member) == [TEXT]


def test_leaving_the_audience_counts_too(noon):
    store = StoreFactory()
    stays, leaves = willing(home_store=store), willing(home_store=store)
    message = plan(store, channel="inbox")
    actions.expand(viewer=TESTS, public_id=message.public_id)
    leave(leaves)
    actions.drain()
    assert (inbox(stays), inbox(leaves)) == ([TEXT], [])
    assert Send.objects.get(person=leaves).reason == "left_audience"


@pytest.mark.parametrize(("message_class", "told"), [(SERVICE, True), (COMMUNITY, False), (PROMOTION, False)])
def test_silence_is_enough_for_service_only(noon, message_class, told):
    send = tell(neighbour(), message_class)
    actions.drain()
    assert decisions(send) == ([("sent", "allowed")] if told else [("dropped", "no_consent")])


# ---- night, cap, expiry


def test_night_holds_until_the_morning_and_says_so_once(noon):
    member = neighbour()
    send = tell(member, due_at=NIGHT)
    with clock.held(NIGHT):
        assert actions.drain() == actions.Drained(held=1)
        assert actions.drain() == actions.Drained()
    with clock.held(MORNING - timedelta(seconds=1)):
        assert actions.drain() == actions.Drained()
    with clock.held(MORNING):
        assert actions.drain() == actions.Drained(sent=1)
    assert decisions(send) == [("held", "quiet_hours"), ("sent", "allowed")]
    assert inbox(member) == [TEXT]


def test_the_stores_zone_says_when_it_is_night(noon):
    away = StoreFactory(zone="America/New_York")
    here = tell(neighbour(), due_at=noon)
    there = tell(neighbour(), due_at=noon, store=away.pk)
    home = tell(neighbour(home_store=away), due_at=noon)
    assert actions.drain() == actions.Drained(sent=1, held=2)
    assert [state(send)[0] for send in (here, there, home)] == [
        SendState.SENT,
        SendState.QUEUED,
        SendState.QUEUED,
    ]


def test_urgent_kinds_come_at_night(noon, monkeypatch):
    monkeypatch.setattr(
        wiring, "MESSAGE_KINDS", {"fire": MessageKind("今晚的课取消了", "Off", (), urgent=True)}
    )
    member = willing()
    urgent = tell(member, kind="fire", text=None, due_at=NIGHT)
    no_service = tell(member, COMMUNITY, kind="fire", text=None, due_at=NIGHT)
    with clock.held(NIGHT):
        assert actions.drain() == actions.Drained(sent=1, held=1)
    assert (state(urgent)[0], state(no_service)[0]) == (SendState.SENT, SendState.QUEUED)


def test_what_would_expire_while_it_waits_ends_at_once(noon):
    send = tell(neighbour(), due_at=NIGHT, expires_at=MORNING)
    late = tell(neighbour(), due_at=noon - HOUR, expires_at=noon)
    with clock.held(NIGHT):
        assert actions.drain() == actions.Drained(dropped=2)
    assert state(send) == (SendState.EXPIRED, "expires_first")
    assert state(late) == (SendState.EXPIRED, "expired")


def test_the_cap_counts_over_all_senders_and_frees_by_itself(noon):
    member = willing()
    first, second = tell(member, COMMUNITY), tell(member, PROMOTION)
    assert actions.drain() == actions.Drained(sent=1, held=1)
    assert (decisions(first), decisions(second)) == ([("sent", "allowed")], [("held", "cap")])
    second.refresh_from_db()
    assert second.next_at == noon + DAY
    with clock.held(noon + DAY):
        assert actions.drain() == actions.Drained(sent=1)
    assert inbox(member) == [TEXT, f"【广告】{TEXT}"]


def test_service_is_not_held_back_by_the_community(noon):
    member = willing()
    tell(member, COMMUNITY)
    for _ in range(3):
        tell(member)
    assert actions.drain() == actions.Drained(sent=4)


def test_a_merged_member_is_counted_and_told_once(noon):
    store = StoreFactory()
    old, new = willing(home_store=store), willing(home_store=store)
    tell(old, COMMUNITY)
    actions.drain()
    merge(viewer=TESTS, source=old, target=new, reason=MergeReason.SAME_PHONE)
    other = tell(new, COMMUNITY)
    assert actions.drain() == actions.Drained(held=1)
    assert decisions(other) == [("held", "cap")]
    with clock.held(noon + DAY):
        actions.drain()
    assert len(inbox(new)) == 1  # what the old entry had, stays with it


def test_two_entries_that_become_one_are_told_one_plan_once(noon):
    store = StoreFactory()
    old, new = willing(home_store=store), willing(home_store=store)
    message = plan(store, channel="inbox")
    actions.expand(viewer=TESTS, public_id=message.public_id)
    merge(viewer=TESTS, source=old, target=new, reason=MergeReason.SAME_PHONE)
    assert actions.drain() == actions.Drained(sent=1, dropped=1)
    assert len(inbox(new)) == 1
    assert sorted(Send.objects.values_list("reason", flat=True)) == ["", "twice"]


def test_what_failed_did_not_disturb(noon):
    member = willing()
    first = tell(member, COMMUNITY)
    actions.drain()
    Send.objects.filter(pk=first.pk).update(state=SendState.FAILED)
    tell(member, COMMUNITY)
    assert actions.drain() == actions.Drained(sent=1)


# ---- order, holdouts


def test_service_goes_before_community_before_promotion(noon):
    member = willing()
    letters = [letter(member, one, text=str(one)) for one in (PROMOTION, COMMUNITY, SERVICE)]
    say(*letters)
    actions.drain()
    assert inbox(member) == ["service", "community"]  # and the promotion waits for the cap
    second = neighbour()
    tell(second, text="later", due_at=noon - HOUR)
    tell(second, text="sooner", due_at=noon - 2 * HOUR)
    actions.drain()
    assert inbox(second) == ["sooner", "later"]


def test_a_holdout_leaves_alone_and_says_so(noon):
    store = StoreFactory()
    members = [willing(home_store=store) for _ in range(8)]
    message = plan(store, channel="inbox", approved=False)
    actions.open_holdout(
        viewer=TESTS, label="三月", share_permille=500, until=noon + DAY, message=message, seed="s"
    )
    actions.approve_message(viewer=TESTS, public_id=message.public_id)
    send_out(message)
    out = [one for one in members if rules.held_out("s", [str(one.public_id)], 500)]
    assert 0 < len(out) < 8
    assert [one for one in members if not inbox(one)] == out
    other = plan(store, channel="inbox", expires_at=noon + 4 * DAY)
    with clock.held(noon + 2 * DAY):
        send_out(other)
    assert all(inbox(one) for one in members)  # another plan, and over


# ---- what a drain is made of


def queued(many):
    store = StoreFactory()
    for n in range(many):
        member = willing(home_store=store)
        tell(member)
        tell(member, COMMUNITY, key=f"c{n}-{member.pk}")
    return plan(store, channel="inbox")


@pytest.mark.parametrize("many", [1, 3])
def test_as_many_statements_for_one_as_for_three(noon, many):
    message = queued(many)
    actions.expand(viewer=TESTS, public_id=message.public_id)
    with CaptureQueriesContext(connection) as asked:
        done = draining.drain_batch(draining.wired())
    assert done.asked == 3 * many
    assert len(asked) == 23


def test_a_channel_with_a_fault_fails_alone(noon, caplog):
    class Broken(Inbox):
        id = "email"

        def dispatch(self, deliveries):
            raise ZeroDivisionError(deliveries[0].text)

    member = neighbour()
    send = tell(member)
    actions.drain(channels={"inbox": Inbox(), "email": Broken()})
    assert state(send) == (SendState.PARTLY_SENT, "channel_failed")
    assert inbox(member) == [TEXT]
    assert TEXT not in caplog.text
    alone = tell(neighbour())
    actions.drain(channels={"inbox": type("Broken", (Broken,), {"id": "inbox"})()})
    assert state(alone) == (SendState.FAILED, "channel_failed")


def test_a_channel_may_answer_that_it_could_not(noon):
    class Full(Inbox):
        id = "email"

        def dispatch(self, deliveries):
            return [Receipt(SendState.FAILED) for _ in deliveries]

    send = tell(neighbour())
    actions.drain(channels={"inbox": Inbox(), "email": Full()})
    assert state(send) == (SendState.PARTLY_SENT, "channel_failed")


def test_no_channel_is_no_way(noon):
    send = tell(neighbour())
    actions.drain(channels={})
    assert state(send) == (SendState.CANCELLED, "no_way")


def test_batches_and_the_most_of_one_drain(noon):
    for _ in range(5):
        tell(neighbour())
    assert actions.drain(batch=2, most=3).sent == 4  # whole batches
    assert actions.drain(batch=2).sent == 1


@pytest.mark.parametrize(
    "sql", ["UPDATE outreach_decisionrow SET why = 'cap'", "DELETE FROM outreach_decisionrow"]
)
def test_decisions_cannot_be_rewritten(noon, sql):
    tell(neighbour())
    actions.drain()
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)
    assert DecisionRow.objects.count() == 1


def test_a_plan_cannot_go_unapproved_even_through_sql():
    message = plan(StoreFactory(), approved=False)
    with pytest.raises(IntegrityError, match="message_goes_approved"), transaction.atomic():
        Message.objects.filter(pk=message.pk).update(state=SendState.QUEUED)
