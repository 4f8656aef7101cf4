"""Posts into groups and moments as tasks that colleagues confirm in WeCom: through the gate, once, and back."""

import json
from datetime import timedelta

import pytest

from connect.wecom import corp
from stores.factories import TESTS, StaffFactory, StoreFactory
from tongxin.connect.wecom.carrying import Carrier
from tongxin.connect.wecom.mirroring import Mirror
from tongxin.connect.wecom.sandbox import acts, messages, moments
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.outreach import actions, queries
from tongxin.outreach.actions import wecom_picture
from tongxin.outreach.models import (
    DecisionRow,
    Message,
    Task,
    WecomCode,
    WecomGroup,
    WecomGroupMember,
    WecomTask,
)
from tongxin.outreach.terms import MessageClass
from tongxin.outreach.terms_plans import Target, ended

pytestmark = pytest.mark.django_db


@pytest.fixture
def corp_settings(settings):
    settings.TONGXIN_WECOM_CORP, settings.TONGXIN_WECOM_SECRET = corp.CONFIG.corp, corp.CONFIG.secret
    settings.TONGXIN_WECOM_BASE = corp.CONFIG.base


class Lane:
    """A store whose colleague 林 keeps two groups with customers."""

    def __init__(self, noon):
        self.time = corp.Time(noon)
        self.store = StoreFactory()
        StaffFactory(store=self.store, wecom_userid="lin", name="林小满")
        with self.time.now():
            self.platform = corp.fake()
            names = corp.customers(self.platform, 3)
            self.chats = [acts.open_group(self.platform, "lin", f"烘焙邻里 {i} 群") for i in (1, 2)]
            for chat in self.chats:
                acts.join(self.platform, chat, names[0])
            Mirror(corp.caller(self.platform)).compare()

    def planned(self, audience="wecom", **more):
        with self.time.now():
            message = actions.plan_message(
                viewer=TESTS,
                message_class=MessageClass.COMMUNITY,
                channel="manual",
                audience=audience,
                audience_key=str(self.store.public_id),
                store=self.store,
                target=Target.GROUPS,
                text="周六下午两点，烘焙课见",
                expires_at=self.time.at + timedelta(days=2),
                **more,
            )
            actions.approve_message(viewer=TESTS, public_id=message.public_id)
            actions.expand(viewer=TESTS, public_id=message.public_id)
            actions.drain_groups()
        return message

    def carry(self, seconds=0):
        self.time.go(seconds)
        with self.time.now():
            return Carrier(corp.caller(self.platform)).round()

    def tasks(self):
        rows = Task.objects.order_by("id")
        return [(row.channel, row.state, row.reason) for row in rows]


@pytest.fixture
def lane(noon, corp_settings):
    return Lane(noon)


def test_groups_of_one_owner_are_one_task_and_are_sent_by_one_tap(lane):
    message = lane.planned()
    assert lane.tasks() == [("wecom", "awaiting_staff", "")] * 2
    assert lane.carry(21).handed == 1
    (made,) = lane.platform.world.all("messages")
    assert (made["kind"], sorted(chat for _, chat in made["targets"])) == ("group", sorted(lane.chats))
    with lane.time.now():
        assert messages.tap(lane.platform.world, made["msgid"], "lin")
    assert lane.carry(121).ended == 1
    assert lane.tasks() == [("wecom", "sent", "")] * 2
    with lane.time.now():
        actions.settle_plans()
    assert Message.objects.get(pk=message.pk).state == "sent"
    (told,) = Entry.objects.filter(act="outreach.wecom_send_done")
    assert (told.subject_id, json.loads(told.after)) == (
        str(WecomTask.objects.get().public_id),
        {"state": "sent", "targets": {"sent": 2}, "message": str(message.public_id)},
    )
    assert queries.message_progress(TESTS, message.public_id).states == {"sent": 2}


def test_who_comes_and_goes_is_one_line_a_group_and_names_nobody_we_do_not_know(lane):
    lines = Entry.objects.filter(act__startswith="outreach.wecom_group_").order_by("id")
    assert [(row.act, json.loads(row.after)) for row in lines.all()] == [
        ("outreach.wecom_group_joined", {"people": 1, "customers": []})
    ] * 2
    group = WecomGroup.objects.get(chat_id=lane.chats[0])
    (one,) = WecomGroupMember.objects.filter(group=group, kind="customer")
    with lane.time.now():
        for _ in range(2):
            wecom_picture.left(group.chat_id, [one.external], lane.time.at)
    last = lines.last()
    assert (lines.count(), last.act, last.subject_id) == (
        3,
        "outreach.wecom_group_left",
        str(group.public_id),
    )
    assert one.external not in last.after


def test_friends_by_a_code_are_one_line_a_code_and_told_once(lane):
    code = WecomCode.objects.create(
        state="1-abcdef01-k7m2xd", kind="store", source="douyin", store=lane.store, created_at=lane.time.at
    )
    come = [wecom_picture.Known("lin", f"wm-{n}", "", lane.time.at, code.state, 1) for n in range(3)]
    with lane.time.now():
        for _ in range(2):
            wecom_picture.put_contacts(["lin"], come, externals=[one.external for one in come])
    (told,) = Entry.objects.filter(act="outreach.wecom_friends_made")
    assert (told.subject_id, json.loads(told.after)) == (
        str(code.public_id),
        {"people": 3, "customers": []},
    )


def test_a_plan_that_waits_for_a_recalled_kit_and_one_that_ended_with_its_event_say_so(lane):
    message = lane.planned()
    Task.objects.update(state="queued", told_at=None)
    for task in Task.objects.all():
        DecisionRow.objects.create(
            task=task, outcome="held", why="kit_recalled", channel="wecom", at=lane.time.at
        )
    assert queries.message_progress(TESTS, message.public_id).held == {"kit_recalled": 2}
    line = queries.task_line(TESTS, task.public_id)
    assert (line.state, line.reason, line.why) == ("queued", "kit_recalled", "")
    Message.objects.filter(pk=message.pk).update(state="cancelled", reason="event_cancelled")
    Task.objects.update(state="cancelled")
    line = queries.task_line(TESTS, task.public_id)
    assert (line.reason, ended(line.why)[0]) == (None, "活动取消，消息也不发了")


def test_it_is_confirmed_there_and_not_here(lane):
    lane.planned()
    for work in (actions.open_task, actions.confirm_sent):
        with lane.time.now(), pytest.raises(Refused) as refusal:
            work(viewer=TESTS, public_id=Task.objects.first().public_id)
        assert refusal.value.code == "wecom.confirm_there"
    assert lane.tasks() == [("wecom", "awaiting_staff", "")] * 2


def test_without_a_corp_it_stays_by_hand(lane, settings):
    settings.TONGXIN_WECOM_CORP = ""
    lane.planned()
    assert lane.tasks() == [("manual", "awaiting_staff", "")] * 2
    assert not WecomTask.objects.exists()


def test_a_cancelled_plan_is_taken_back_and_nobody_can_tap(lane):
    message = lane.planned()
    lane.carry(21)
    with lane.time.now():
        actions.cancel_message(viewer=TESTS, public_id=message.public_id, reason="weather")
    lane.carry(5)
    (made,) = lane.platform.world.all("messages")
    assert made["cancelled"]
    assert not messages.tap(lane.platform.world, made["msgid"], "lin")
    assert {row[1] for row in lane.tasks()} == {"cancelled"}


def test_the_gate_is_asked_once_more_as_it_leaves(lane):
    """Night fell between the desk and the hand-over: nobody is asked, and the morning asks again."""
    lane.planned()
    lane.time.go(10 * 3600)  # 22:00 in Shanghai
    lane.carry()
    assert lane.platform.world.all("messages") == []
    assert {row[1] for row in lane.tasks()} == {"queued"}
    lane.time.go(11 * 3600)
    with lane.time.now():
        actions.drain_groups()
    assert lane.carry(21).handed == 1
    assert {row[1] for row in lane.tasks()} == {"awaiting_staff"}


def test_what_is_put_off_is_taken_back_and_comes_again_in_the_morning(lane):
    lane.planned()
    lane.carry(21)
    with lane.time.now():
        actions.put_off(viewer=TESTS, public_id=Task.objects.order_by("id").first().public_id)
    lane.carry(5)
    (first,) = lane.platform.world.all("messages")
    assert first["cancelled"]
    with lane.time.now():
        actions.drain_groups()
    lane.carry(21)
    second = lane.platform.world.all("messages")[1]
    assert [chat for _, chat in second["targets"]] == [lane.chats[1]]
    lane.time.go(21 * 3600)
    with lane.time.now():
        actions.drain_groups()
    lane.carry(21)
    third = lane.platform.world.all("messages")[2]
    assert [chat for _, chat in third["targets"]] == [lane.chats[0]]


def test_a_moment_is_a_task_of_a_colleague_with_the_picture_uploaded_for_it(lane):
    lane.planned("moments")
    assert lane.tasks() == [("wecom", "awaiting_staff", "")]
    lane.carry(21)
    lane.carry(6)
    (moment,) = lane.platform.world.all("moments")
    assert (moment["senders"], moment["text"]) == (["lin"], "周六下午两点，烘焙课见")
    with lane.time.now():
        assert moments.tap(lane.platform.world, moment["moment_id"], "lin")
    lane.carry(121)
    assert lane.tasks() == [("wecom", "sent", "")]
