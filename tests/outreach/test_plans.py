"""Plans and tasks by hand: drafted, approved, done by colleagues who tap “我已发送”; and what of it staff see."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from outreach.town import DAY, HOUR, TEXT, agree, decisions, inbox, plan, send_out, state, tell, willing
from people.factories import CustomerFactory
from stores.factories import TESTS, StoreFactory, viewer
from tongxin.foundation import clock
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.outreach import actions, queries
from tongxin.outreach.actions import expanding, plans
from tongxin.outreach.models import Message, Send, Task
from tongxin.outreach.terms import MessageClass, Reason, SendState
from tongxin.people.terms import Purpose
from tongxin.project import wiring
from tongxin.stores.terms import Role

pytestmark = pytest.mark.django_db
S = SendState
NIGHT = datetime(2026, 3, 5, 13, 30, tzinfo=UTC)


def refused(code, act, **more):
    """It says no with this code, and writes nothing."""
    before = snapshot()
    with pytest.raises(Refused) as no:
        act(**more)
    assert no.value.code == code
    assert snapshot() == before


def snapshot():
    return [list(model.objects.order_by("id").values()) for model in (Message, Task, Send)] + [
        Entry.objects.count()
    ]


@pytest.fixture
def store(noon):
    return StoreFactory()


@pytest.fixture
def champion(store):
    return viewer(Role.CHAMPION, store=store)


def task_of(message):
    return Task.objects.get(message=message)


# ---- planning


def drafting(place, /, **more):
    return {
        "message_class": MessageClass.COMMUNITY,
        "channel": "manual",
        "audience": "store",
        "audience_key": str(place.public_id),
        "store": place,
        "text": TEXT,
        "expires_at": clock.now() + DAY,
    } | more


BAD = [
    ({"message_class": MessageClass.SERVICE}, "outreach.service_needed"),
    ({"text": "  "}, "outreach.empty"),
    ({"text": "好" * 1301}, "outreach.too_long"),
    ({"channel": "pigeon"}, "outreach.unknown_channel"),
    ({"channel": "email"}, "outreach.channel_off"),
    ({"audience": "moon"}, "outreach.no_audience"),
    ({"audience_key": "all"}, "absent"),
    ({"audience_key": "?"}, "absent"),
    ({"store": None}, "forbidden"),
]


@pytest.mark.parametrize(("more", "code"), BAD)
def test_what_a_plan_may_not_be(store, champion, more, code):
    refused(code, actions.plan_message, viewer=champion, **drafting(store, **more))


def test_a_plan_for_another_store_or_the_past_is_refused(store, champion, noon):
    other = StoreFactory()
    refused("forbidden", actions.plan_message, viewer=champion, **drafting(other))
    refused(
        "absent", actions.plan_message, viewer=champion, **drafting(store, audience_key=str(other.public_id))
    )
    refused("outreach.past_expiry", actions.plan_message, viewer=champion, **drafting(store, expires_at=noon))


def test_who_sees_a_plan(store, champion):
    message = plan(store, champion, approved=False)
    for other in (viewer(Role.CHAMPION), viewer(Role.HQ_ANALYST), viewer(Role.DOOR, store=store)):
        for ask in (queries.access_message, queries.message_progress, queries.tasks_of):
            with pytest.raises(Refused) as no:
                ask(other, message.public_id)
            assert no.value.code == "absent"
        assert queries.messages_for(other).items == ()
        refused("absent", actions.cancel_message, viewer=other, public_id=message.public_id, reason="x")
    for who in (champion, viewer(Role.HQ_EDITOR)):
        assert queries.messages_for(who).items == (message,)
    assert queries.messages_for(champion, state=S.SENT).items == ()
    for wrong in ("x", uuid4()):
        refused("absent", actions.approve_message, viewer=champion, public_id=wrong)


def test_a_draft_is_changed_and_approved_once(store, champion):
    willing(home_store=store)
    message = plan(store, champion, approved=False)
    actions.change_message(viewer=champion, public_id=message.public_id, text="周日见 ")
    refused("outreach.empty", actions.change_message, viewer=champion, public_id=message.public_id, text="")
    approved = actions.approve_message(viewer=champion, public_id=message.public_id)
    assert (approved.state, approved.recipients, approved.text) == (S.APPROVED, 1, "周日见")
    refused("outreach.wrong_state", actions.approve_message, viewer=champion, public_id=message.public_id)
    refused(
        "outreach.wrong_state", actions.change_message, viewer=champion, public_id=message.public_id, text="x"
    )
    acts = ["outreach.message_planned", "outreach.message_changed", "outreach.message_approved"]
    assert (
        list(Entry.objects.filter(act__startswith="outreach").order_by("id").values_list("act", flat=True))
        == acts
    )


def test_nobody_to_send_to_and_too_late(store, champion, noon):
    message = plan(store, champion, approved=False)
    refused("outreach.nobody", actions.approve_message, viewer=champion, public_id=message.public_id)
    with clock.held(noon + 2 * DAY):
        refused("outreach.past_expiry", actions.approve_message, viewer=champion, public_id=message.public_id)


def test_above_so_many_somebody_else_approves(store, champion, monkeypatch):
    for _ in range(3):
        willing(home_store=store)
    monkeypatch.setattr(plans, "SECOND_PERSON_OVER", 2)
    message = plan(store, champion, approved=False)
    with pytest.raises(Refused) as no:
        actions.approve_message(viewer=champion, public_id=message.public_id)
    assert (no.value.code, no.value.data) == ("outreach.second_person_needed", {"recipients": 3, "most": 2})
    boss = viewer(Role.STORE_MANAGER, store=store)
    assert actions.approve_message(viewer=boss, public_id=message.public_id).approved_by == boss.name
    monkeypatch.setattr(plans, "SECOND_PERSON_OVER", 3)
    own = plan(store, champion, approved=False)
    assert actions.approve_message(viewer=champion, public_id=own.public_id).state == S.APPROVED


# ---- sending


def test_expanding_is_for_the_people_there_are_and_may_be_repeated(store, champion, noon, monkeypatch):
    monkeypatch.setattr(expanding, "CHUNK", 2)
    members = [willing(home_store=store) for _ in range(5)]
    willing()
    message = plan(store, champion, channel="inbox", due_at=noon + HOUR)
    assert actions.expand_due(viewer=TESTS) == 0
    with clock.held(noon + HOUR):
        assert actions.expand_due(viewer=TESTS) == 5
        assert actions.expand(viewer=TESTS, public_id=message.public_id) == 0
        Message.objects.filter(pk=message.pk).update(
            state=S.APPROVED
        )  # as if it had died before its last word
        assert actions.expand(viewer=TESTS, public_id=message.public_id) == 0
        assert actions.drain().sent == 5
        assert actions.settle_plans() == 1
    assert set(Send.objects.values_list("person", flat=True)) == {member.pk for member in members}
    assert Message.objects.get().state == S.SENT


def test_a_plan_in_the_inbox_of_those_who_want_it(store, champion):
    wants, wants_not = willing(home_store=store), CustomerFactory(home_store=store)
    message = plan(store, champion, channel="inbox")
    send_out(message)
    actions.settle_plans()
    assert (inbox(wants), inbox(wants_not)) == ([TEXT], [])
    progress = queries.message_progress(champion, message.public_id)
    assert (progress.recipients, progress.total) == (2, 2)
    assert (progress.states, progress.dropped, progress.held) == ({S.SENT: 1, S.CANCELLED: 1}, {Reason.NO_CONSENT: 1}, {})  # fmt: skip


def test_progress_says_what_waits_and_why(store, champion):
    member = willing(home_store=store)
    tell(member, MessageClass.COMMUNITY)
    message = plan(store, champion, channel="inbox")
    send_out(message)
    assert actions.settle_plans() == 0
    assert queries.message_progress(champion, message.public_id).held == {Reason.CAP: 1}


def test_a_cancelled_plan_goes_no_further(store, champion):
    member = willing(home_store=store)
    message = plan(store, champion)
    send_out(message)
    assert actions.cancel_message(viewer=champion, public_id=message.public_id, reason="写错了") == 1
    assert state(Send.objects.get()) == (S.CANCELLED, "cancelled")
    assert task_of(message).state == S.CANCELLED
    assert queries.tasks_for(champion).items == ()
    refused(
        "outreach.wrong_state",
        actions.cancel_message,
        viewer=champion,
        public_id=message.public_id,
        reason="x",
    )
    refused(
        "outreach.wrong_state", actions.confirm_sent, viewer=champion, public_id=task_of(message).public_id
    )
    early = plan(store, champion, channel="inbox")
    actions.cancel_message(viewer=champion, public_id=early.public_id, reason="")
    assert actions.expand(viewer=TESTS, public_id=early.public_id) == 0
    assert inbox(member) == []


# ---- by hand


def test_i_have_sent_it(store, champion, noon):
    members = [willing(home_store=store, nickname=name) for name in ("小桃", "小禾")]
    message = plan(store, champion, title="周六面包课")
    send_out(message)
    assert Send.objects.filter(state=S.AWAITING_STAFF).count() == 2
    assert actions.settle_plans() == 1
    assert Message.objects.get(pk=message.pk).state == S.AWAITING_STAFF
    (line,) = queries.tasks_for(champion).items
    assert (line.text, line.title, line.people, line.state) == (TEXT, "周六面包课", 2, S.AWAITING_STAFF)
    assert queries.tasks_of(champion, message.public_id) == [line]
    assert actions.open_task(viewer=champion, public_id=line.public_id) == 2
    people = queries.task_people(champion, line.public_id)
    assert {one.name for one in people.items} == {"小桃", "小禾"}
    with clock.held(noon + HOUR):
        task = actions.confirm_sent(viewer=champion, public_id=line.public_id)
        assert actions.confirm_sent(viewer=champion, public_id=line.public_id).done_at == task.done_at
        assert actions.settle_plans() == 1
    assert (task.state, task.counted, task.done_by) == (S.SENT, 2, champion.name)
    assert [state(send) for send in Send.objects.all()] == [(S.SENT, "")] * 2
    assert set(Send.objects.values_list("handed_at", "done_at")) == {(noon, noon + HOUR)}
    assert Message.objects.get(pk=message.pk).state == S.SENT
    assert [inbox(member) for member in members] == [[], []]
    assert Entry.objects.filter(act="outreach.task_confirmed").count() == 1


def test_without_opening_it_is_opened_and_confirmed_at_once(store, champion):
    willing(home_store=store)
    message = plan(store, champion)
    send_out(message)
    assert actions.confirm_sent(viewer=champion, public_id=task_of(message).public_id).state == S.SENT


@pytest.mark.parametrize(
    ("counted", "task_state", "send_state"),
    [(3, S.SENT, S.SENT), (1, S.PARTLY_SENT, S.UNKNOWN), (0, S.FAILED, S.FAILED)],
)
def test_fewer_than_all(store, champion, counted, task_state, send_state):
    for _ in range(3):
        willing(home_store=store)
    message = plan(store, champion)
    send_out(message)
    key = task_of(message).public_id
    refused("outreach.count", actions.confirm_sent, viewer=champion, public_id=key, counted=4)
    refused("outreach.count", actions.confirm_sent, viewer=champion, public_id=key, counted=-1)
    task = actions.confirm_sent(viewer=champion, public_id=key, counted=counted, proof=uuid4())
    assert (task.state, task.counted) == (task_state, counted)
    assert set(Send.objects.values_list("state", flat=True)) == {send_state}


def test_the_gate_is_asked_when_the_task_is_opened(store, champion, noon):
    stays, leaves, full = (willing(home_store=store) for _ in range(3))
    message = plan(store, champion)
    send_out(message)
    agree(leaves, Purpose.GROUP_MESSAGE, granted=False)
    tell(full, MessageClass.SERVICE)
    key = task_of(message).public_id
    assert actions.open_task(viewer=champion, public_id=key) == 2
    by_person = {send.person_id: send for send in Send.objects.filter(message=message)}
    assert state(by_person[leaves.pk]) == (S.CANCELLED, "withdrawn")
    assert decisions(by_person[leaves.pk]) == [("sent", "allowed"), ("dropped", "withdrawn")]
    agree(stays, Purpose.GROUP_MESSAGE, granted=False)  # after opening: not counted as told
    assert actions.confirm_sent(viewer=champion, public_id=key).counted == 1
    assert state(by_person[stays.pk]) == (S.CANCELLED, "withdrawn")
    assert state(by_person[full.pk]) == (S.SENT, "")


def test_nothing_is_sent_by_hand_at_night(store, champion, noon):
    willing(home_store=store)
    message = plan(store, champion)
    send_out(message)
    key = task_of(message).public_id
    with clock.held(NIGHT):
        refused("outreach.quiet_now", actions.open_task, viewer=champion, public_id=key)
        refused("outreach.quiet_now", actions.confirm_sent, viewer=champion, public_id=key)
    with clock.held(NIGHT - timedelta(minutes=1)):
        actions.open_task(viewer=champion, public_id=key)
    with clock.held(NIGHT):  # said at night of what was sent before
        assert actions.confirm_sent(viewer=champion, public_id=key).state == S.SENT


def test_a_task_that_nobody_does_expires(store, champion, noon):
    willing(home_store=store)
    message = plan(store, champion)
    send_out(message)
    with clock.held(noon + 2 * DAY):
        assert actions.expire_tasks() == 1
        assert actions.expire_tasks() == 0
        actions.settle_plans()
        refused(
            "outreach.wrong_state", actions.open_task, viewer=champion, public_id=task_of(message).public_id
        )
    assert state(Send.objects.get()) == (S.EXPIRED, "not_done")
    assert (task_of(message).state, Message.objects.get().state) == (S.EXPIRED, S.EXPIRED)


def test_whoever_must_wait_comes_in_a_later_task(store, champion, noon):
    first, second = willing(home_store=store), willing(home_store=store)
    tell(second, MessageClass.COMMUNITY)
    actions.drain()
    message = plan(store, champion)
    send_out(message)
    actions.confirm_sent(viewer=champion, public_id=task_of(message).public_id)
    with clock.held(noon + DAY):
        assert actions.drain().sent == 1
        later = Task.objects.get(message=message, state=S.AWAITING_STAFF)
        assert [one.public_id for one in queries.task_people(champion, later.public_id).items] == [
            second.public_id
        ]
        actions.confirm_sent(viewer=champion, public_id=later.public_id)
        actions.settle_plans()
    assert Message.objects.get().state == S.SENT
    assert Send.objects.filter(message=message, person=first, state=S.SENT).exists()


def test_whoever_reached_the_cap_before_the_task_was_opened_waits(store, champion, noon):
    member = willing(home_store=store)
    message = plan(store, champion)
    send_out(message)
    boss = viewer(Role.HQ_EDITOR)
    actions.set_cap(viewer=boss, message_class=MessageClass.COMMUNITY, hours=24, most=1, clause="少打扰")
    Send.objects.filter(pk=tell(member, MessageClass.COMMUNITY).pk).update(
        state=S.SENT, handed_at=noon, told_at=noon
    )
    key = task_of(message).public_id
    assert actions.open_task(viewer=champion, public_id=key) == 0
    send = Send.objects.get(message=message)
    assert (send.state, send.task, send.handed_at, send.next_at) == (S.QUEUED, None, None, noon + DAY)
    assert decisions(send) == [("sent", "allowed"), ("held", "cap")]
    assert queries.task_line(champion, key).people == 0


def test_whoever_joins_an_open_task_comes_in_a_later_one(store, champion, noon):
    first, second = willing(home_store=store), willing(home_store=store)
    tell(second, MessageClass.COMMUNITY)
    actions.drain()
    message = plan(store, champion)
    send_out(message)
    task = task_of(message)
    actions.open_task(viewer=champion, public_id=task.public_id)
    with clock.held(noon + DAY):
        actions.drain()  # the second one joins the task that is open still
        assert Send.objects.filter(task=task).count() == 2
        assert actions.confirm_sent(viewer=champion, public_id=task.public_id).counted == 1
        assert actions.drain().sent == 1
        later = Task.objects.get(message=message, state=S.AWAITING_STAFF)
        assert actions.confirm_sent(viewer=champion, public_id=later.public_id).counted == 1
    assert set(Send.objects.filter(message=message).values_list("person", "state")) == {
        (first.pk, S.SENT),
        (second.pk, S.SENT),
    }


def test_a_chain_wide_plan_is_a_task_per_store(noon):
    one, other = StoreFactory(), StoreFactory()
    for store in (one, one, other):
        willing(home_store=store)
    boss = viewer(Role.HQ_EDITOR)
    message = actions.plan_message(viewer=boss, **drafting(one, audience_key="all", store=None))
    actions.approve_message(viewer=boss, public_id=message.public_id)
    send_out(message)
    assert [(line.store_name, line.people) for line in queries.tasks_of(boss, message.public_id)] == [(one.name, 2), (other.name, 1)]  # fmt: skip
    champion = viewer(Role.CHAMPION, store=other)
    assert [line.people for line in queries.tasks_for(champion).items] == [1]
    foreign = Task.objects.get(store=one).public_id
    for act in (actions.open_task, actions.confirm_sent):
        refused("absent", act, viewer=champion, public_id=foreign)
    for ask in (queries.task_line, queries.task_people):
        with pytest.raises(Refused):
            ask(champion, foreign)


@pytest.mark.parametrize("many", [1, 3])
def test_lists_take_as_many_statements_for_three_as_for_one(store, champion, many):
    messages = []
    for n in range(many):
        willing(home_store=store)
        messages.append(plan(store, champion, title=str(n)))
        send_out(messages[-1])
    for ask, most in (
        (lambda: queries.tasks_for(champion), 3),
        (lambda: queries.messages_for(champion), 1),
        (lambda: queries.message_progress(champion, messages[0].public_id), 4),
        (lambda: queries.task_people(champion, task_of(messages[0]).public_id), 4),
    ):
        with CaptureQueriesContext(connection) as asked:
            ask()
        assert len(asked) == most


def test_the_wiring_knows_the_channels(noon):
    assert [channel.id for channel in wiring.CHANNELS] == ["inbox", "manual", "email", "webhook_out", "wecom"]
    for channel in wiring.CHANNELS:
        assert channel.caps
        assert all(check.ok for check in channel.health())
        assert sum(part.people for part in channel.prepare({1: None, 2: 7, 3: 7}, store=None)) == 3
        channel.limits()
