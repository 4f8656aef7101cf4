"""The pages of the planner: forecast before approval, reminders, the calendar, sequences, channels; the champion's four buttons; what a member hears by which way."""

import re
from datetime import timedelta

import pytest
from django.db import transaction

from access.actors import HERE, JOB, MEMBER_ACTORS, browser, standing_world
from access.things import WEANING
from stores.factories import StaffFactory
from tongxin.communities import actions as communities
from tongxin.communities.actions import CommunityIn
from tongxin.events.models import Registration
from tongxin.foundation import clock
from tongxin.outreach import actions, queries
from tongxin.outreach.models import Message, OptOut, Robot, Sequence, Task, WecomGroup
from tongxin.outreach.queries import wecom
from tongxin.outreach.terms import MessageClass
from tongxin.people import queries as people
from tongxin.people.actions import set_consent
from tongxin.people.terms import Purpose
from tongxin.stores import queries as stores

pytestmark = pytest.mark.django_db


@pytest.fixture
def _django_db_helper():
    """The world of the module stands in one transaction; each test takes back what it did."""


@pytest.fixture(scope="module")
def standing(django_db_setup, django_db_blocker):
    with standing_world(django_db_blocker) as built:
        yield built


@pytest.fixture
def world(standing):
    with transaction.atomic():
        yield standing
        transaction.set_rollback(True)


def shop(world):
    return stores.access_store(JOB, world.store(HERE)["id"])


def willing(world):
    """The members of the store agree to messages."""
    for one in world.store(HERE)["members"]:
        set_consent(
            viewer=JOB,
            customer=people.access_customer(JOB, one["id"]),
            purpose=Purpose.GROUP_MESSAGE,
            granted=True,
            notice_version="v1",
            channel="member_page",
        )


def written(world, **more):
    """A plan written on the page; answers its address."""
    form = {
        "audience": f"persons|store|{shop(world).public_id}",
        "message_class": "community",
        "channel": "manual",
        "text": "周末有市集",
        "title": "市集",
    }
    reply = browser(world.actors["hq_editor"]).post("/hq/messages/", form | more)
    assert reply.status_code == 302, reply.content.decode()[:400]
    return reply["Location"]


def test_a_plan_is_foreseen_approved_sent_by_hand_and_reminded_of(world):
    willing(world)
    editor = browser(world.actors["hq_editor"])
    address = written(world, path="/m/", code="pyq", voucher="面包券")
    page = editor.get(address).content.decode()
    many = len(world.store(HERE)["members"])
    assert f"{many} 位里" in page
    assert "/m/?c=pyq" in page
    assert "券：面包券" in page
    assert "额度还剩多少" in page
    editor.post(address + "approve/")
    message = Message.objects.get(title="市集")
    actions.expand(viewer=JOB, public_id=message.public_id)
    page = editor.get(address).content.decode()
    assert "今天还能催 3 次" in page
    assert editor.post(address + "remind/").status_code == 302
    assert queries.reminders_left(JOB, message.public_id) == 2
    task = Task.objects.get(message=message)
    champion = browser(world.actors["champion"])
    page = champion.get(f"/champion/tasks/{task.public_id}/").content.decode()
    for word in ("复制", "名单", "今天不发", "已发送", "总部催了 1 次", "c=pyq"):
        assert word in page
    assert champion.post(f"/champion/tasks/{task.public_id}/put-off/").status_code == 302
    assert Task.objects.get(pk=task.pk).state == "cancelled"
    assert champion.post(f"/champion/tasks/{task.public_id}/put-off/").status_code == 409


@pytest.mark.parametrize(
    "wrong",
    [
        {"audience": "moon"},
        {"audience": "persons|moon|x"},
        {"due": "soon"},
        {"path": "https://elsewhere.example/"},
        {"path": "//elsewhere.example/"},
        {"topic": "moon"},
        {"text": ""},
    ],
)
def test_what_the_form_does_not_take(world, wrong):
    form = {
        "audience": f"persons|store|{shop(world).public_id}",
        "message_class": "community",
        "channel": "manual",
        "text": "周末有市集",
    }
    assert browser(world.actors["hq_editor"]).post("/hq/messages/", form | wrong).status_code == 422
    assert not Message.objects.filter(text="周末有市集").exists()


def test_two_close_together_are_marked_in_the_calendar(world):
    tomorrow = f"{clock.now() + timedelta(days=1):%Y-%m-%d}"
    written(world, due=f"{tomorrow}T10:00", title="甲", topic="tips")
    written(world, due=f"{tomorrow}T15:00", title="乙")
    page = browser(world.actors["hq_editor"]).get("/hq/messages/").content.decode()
    assert "小技巧" in page
    assert page.count("太密了") == 1


def test_a_sequence_is_written_started_and_ended(world):
    editor = browser(world.actors["hq_editor"])
    form = {
        "audience": f"persons|store|{shop(world).public_id}",
        "kind": "onboarding",
        "title": "新人七天",
        "message_class": "community",
        "channel": "inbox",
        "day1": "0",
        "at1": "10:00",
        "text1": "欢迎你来",
        "day2": "3",
        "at2": "10:00",
        "text2": "来过一次了吗",
        "held": "10",
    }
    for wrong in (
        {"kind": "group_sop"},
        {"day1": "x"},
        {"text1": "", "text2": ""},
        {"held": "99"},
        {"arm1": "C"},
    ):
        assert editor.post("/hq/sequences/", form | wrong).status_code == 422
    address = editor.post("/hq/sequences/", form)["Location"]
    assert "来过一次了吗" in editor.get(address).content.decode()
    for act, state in (("start", "running"), ("pause", "paused"), ("resume", "running"), ("end", "ended")):
        assert editor.post(address + "move/", {"act": act, "reason": f"因为{act}"}).status_code == 302
        assert Sequence.objects.get().state == state
        assert (f"因为{act}" in editor.get(address).content.decode()) is (state in {"paused", "ended"})
    Sequence.objects.update(reason="subject_dropped")
    assert "活动取消，系列也停了" in editor.get(address).content.decode()
    assert editor.post(address + "move/", {"act": "fly"}).status_code == 422
    assert "新人七天" in editor.get("/hq/sequences/").content.decode()


def test_the_dormant_of_a_community_are_woken_with_a_share_held_out_and_a_place_for_what_it_brought(world):
    founded = communities.found(
        viewer=JOB,
        store=shop(world),
        community=CommunityIn(name="辅食群", slogan="一起吃好", purpose=WEANING),
    )
    communities.publish_rules(viewer=JOB, community_id=founded.public_id, lines=["只聊喂养"])
    communities.open_up(viewer=JOB, community_id=founded.public_id)
    editor = browser(world.actors["hq_editor"])
    offered = re.findall(
        r'value="(persons\|community\|[^"]+:dormant)"', editor.get("/hq/sequences/").content.decode()
    )
    form = {
        "audience": offered[0],
        "kind": "reactivation",
        "title": "好久不见",
        "message_class": "community",
        "channel": "inbox",
        "day1": "0",
        "at1": "10:00",
        "text1": "想你了",
        "held": "20",
    }
    page = editor.get(editor.post("/hq/sequences/", form)["Location"]).content.decode()
    made = Sequence.objects.get()
    assert (made.audience_key, made.held_permille) == (f"{founded.public_id}:dormant", 200)
    assert "带回来多少" in page
    assert "每晚衡量一次" in page
    made.held_permille = 0
    made.save()
    assert "带回来多少" not in editor.get(f"/hq/sequences/{made.public_id}/").content.decode()


def test_the_channels_say_what_they_can_do(world):
    page = browser(world.actors["hq_editor"]).get("/hq/ways/").content.decode()
    assert "人工发送" in page
    assert "要店员确认发送" in page
    assert "92135" in page


def test_a_member_chooses_by_class_and_by_way(world):
    member = browser(world.actors[MEMBER_ACTORS[0]])
    page = member.get("/m/inbox/").content.decode()
    assert "按方式选" in page
    member.post("/m/hear/community/", {"on": "no", "channel": "email"})
    no = OptOut.objects.get(lifted_at=None)
    assert (no.message_class, no.channel) == (MessageClass.COMMUNITY, "email")
    member.post("/m/hear/community/", {"on": "yes", "channel": "email"})
    assert not OptOut.objects.filter(lifted_at=None).exists()
    member.post("/m/hear/promotion/", {"on": "no"})
    assert OptOut.objects.get(lifted_at=None).channel == ""
    assert re.search(r'action="/m/hear/promotion/"', member.get("/m/inbox/").content.decode())


def test_a_live_code_is_made_for_an_event_and_closed_on_the_page(world):
    StaffFactory(store=shop(world), wecom_userid="lin")
    editor, event = browser(world.actors["hq_editor"]), world.store(HERE)["event"]["id"]
    wanted = {
        "place": f"store:{shop(world).public_id}",
        "kind": "store",
        "source": "xiaohongshu",
        "label": "立牌",
    }
    assert editor.post("/hq/wecom/codes/", wanted)["Location"] == "/hq/wecom/codes/"
    (code,) = wecom.codes_for(JOB)
    assert (code.kind, code.source, code.users, code.about_key) == ("store", "xiaohongshu", ["lin"], "")
    assert "立牌" in editor.get("/hq/wecom/codes/").content.decode()
    refused = editor.post("/hq/wecom/codes/", wanted | {"place": f"event:{event}", "kind": "poster"})
    assert refused.status_code == 422, "the store has no group to lead into"
    assert editor.post("/hq/wecom/codes/", wanted | {"kind": "staff"}).status_code == 422
    editor.post("/hq/wecom/codes/", {"close": str(code.public_id)})
    assert [row.condition for row in wecom.codes_for(JOB)] == ["closed"]


def test_a_robot_is_added_listed_without_its_address_and_closed_on_the_page(world):
    admin, page = browser(world.actors["admin"]), "/hq/wecom/setup/"
    wanted = {"act": "robot", "place": str(shop(world).public_id), "label": "店员小群"}
    assert admin.post(page, wanted | {"url": "https://elsewhere.example/"}).status_code == 422
    assert not Robot.objects.exists()
    address = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=secret-key"
    assert admin.post(page, wanted | {"url": address}).status_code == 302
    shown, made = admin.get(page).content.decode(), Robot.objects.get()
    assert "店员小群" in shown
    assert "secret-key" not in shown
    assert (made.store, made.url) == (shop(world), address)
    assert admin.post(page, {"act": "close", "robot": str(made.public_id)}).status_code == 302
    assert Robot.objects.get().closed_at is not None
    assert admin.post(page, {"act": "close", "robot": "x"}).status_code == 404


def test_a_plan_for_wecom_groups_is_written_by_store_and_confirmed_in_wecom_by_the_champion(world):
    there, now = shop(world), clock.now()
    group = WecomGroup.objects.create(
        chat_id="c1", name="烘焙邻里", owner="lin", store=there, opened_at=now - timedelta(days=30)
    )
    editor = browser(world.actors["hq_editor"])
    value = f"groups|wecom|{there.public_id}"
    page = editor.get("/hq/messages/").content.decode()
    assert value in page
    assert "groups|moments" not in page, "nobody there has customers in WeCom"
    address = written(world, audience=value, channel="wecom")
    message = Message.objects.get(title="市集")
    assert (message.target, message.audience, message.channel, message.store) == (
        "groups",
        "wecom",
        "manual",
        there,
    )
    task = Task.objects.create(
        message=message,
        store=there,
        channel="wecom",
        group_key=f"wecom:{group.public_id}",
        group_name="烘焙邻里",
        created_at=now,
        expires_at=now + timedelta(days=1),
    )
    champion, desk = browser(world.actors["champion"]), f"/champion/tasks/{task.public_id}/"
    page = champion.get(desk).content.decode()
    assert "去企业微信确认" in page
    assert "data-copy" not in page
    assert "task.sent" not in page
    assert f"{desk}sent/" not in page
    assert editor.post(f"{address}cancel/", {"reason": "event_cancelled"}).status_code == 302
    for shown in (champion.get(desk), editor.get(address)):
        assert "活动取消，消息也不发了" in shown.content.decode()


def test_who_comes_by_a_code_registers_with_it(world):
    member, event = browser(world.actors[MEMBER_ACTORS[0]]), world.store(HERE)["event"]["id"]
    page = member.get(f"/m/events/{event}/?c=1-abcdef01-k7m2xd").content.decode()
    assert '<input type="hidden" name="c" value="1-abcdef01-k7m2xd">' in page
    assert 'name="c"' not in member.get(f"/m/events/{event}/?c=<b>").content.decode()
    seen = re.search(r'name="seen" value="(\d+)"', page)
    reply = member.post(f"/m/events/{event}/register/", {"seen": seen[1], "c": "1-abcdef01-k7m2xd"})
    assert reply.status_code == 302, reply.content.decode()[:300]
    assert Registration.objects.get(occurrence__public_id=event).channel == "1-abcdef01-k7m2xd"


def test_only_the_page_of_stores_may_ask_where_somebody_stands(world):
    member = browser(world.actors[MEMBER_ACTORS[0]])
    assert "geolocation=(self)" in member.get("/m/near/")["Permissions-Policy"]
    assert "geolocation=()" in member.get("/m/inbox/")["Permissions-Policy"]
