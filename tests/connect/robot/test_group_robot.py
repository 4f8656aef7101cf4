"""Notices to colleagues: through the robot of their group or the app, as letters, at half the platform's rate."""

import threading

import pytest
from django.db import transaction

from connect.wecom import corp
from stores.factories import TESTS, StaffFactory, StoreFactory
from tongxin.connect.robot.carrying import GroupRobot, composed, judge
from tongxin.connect.wecom.sandbox import server
from tongxin.connect.wecom.sandbox.platform import Fake
from tongxin.connect.wecom.telling import AppMessage
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.outbox import relay
from tongxin.foundation.outbox.models import Letter
from tongxin.foundation.outbox.ports import Outcome, Parcel
from tongxin.outreach.actions.robots import add_robot, close_robot, tell_staff
from tongxin.outreach.models import Robot
from tongxin.outreach.queries.robots import robots_for
from tongxin.outreach.queries.ways import ways

ADDRESS = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=abc"


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, b'{"errcode":0,"errmsg":"ok"}', Outcome("sent", "0")),
        (200, b'{"errcode":45009}', Outcome("failed", "45009")),
        (200, b'{"errcode":93000}', Outcome("failed", "93000", final=True)),
        (200, b"<html>", Outcome("unknown", "200")),
        (502, b"", Outcome("unknown", "502")),
    ],
)
def test_what_an_answer_says(status, body, outcome):
    assert judge(status, body) == outcome


def test_a_text_is_cut_where_the_platform_would_refuse_it_and_never_in_its_address():
    said = composed({"text": "检" * 1000, "url": "https://tongxin.example/champion/"})["text"]["content"]
    assert len(said.encode()) <= 2048
    assert said.endswith("\nhttps://tongxin.example/champion/")


@pytest.mark.parametrize(
    "address",
    [
        "http://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=abc",
        "https://qyapi.weixin.qq.com.evil.example/cgi-bin/webhook/send?key=abc",
        "https://qyapi.weixin.qq.com/cgi-bin/webhook/send",
        "https://qyapi.weixin.qq.com/cgi-bin/other?key=abc",
        "https://user@qyapi.weixin.qq.com/cgi-bin/webhook/send?key=abc",
        "http://127.0.0.1/cgi-bin/webhook/send?key=abc",
        "",
    ],
)
@pytest.mark.django_db
def test_another_address_is_refused(address):
    with pytest.raises(Refused) as refusal:
        add_robot(viewer=TESTS, store=None, label="总部", url=address)
    assert refusal.value.code == "wecom.robot_address"
    assert not Robot.objects.exists()


@pytest.mark.django_db
def test_who_may_and_what_is_shown(noon):
    store = StoreFactory()
    nobody = Viewer(account=1, name="somebody")
    for work in (
        lambda: add_robot(viewer=nobody, store=store, label="", url=ADDRESS),
        lambda: close_robot(viewer=TESTS, public_id="00000000-0000-0000-0000-000000000000"),
    ):
        with pytest.raises(Refused) as refusal:
            work()
        assert refusal.value.code == "absent"
    made = add_robot(viewer=TESTS, store=store, label="", url=ADDRESS)
    (card,) = robots_for(TESTS)
    assert (card.label, card.store) == (store.name, store.name)
    assert ADDRESS not in repr(card)
    by_id = {way.id: way for way in ways(TESTS)}
    assert (by_id["robot"].staff, by_id["robot"].ready, by_id["robot"].limits[0].most) == (True, True, 20)
    close_robot(viewer=TESTS, public_id=made.public_id)
    close_robot(viewer=TESTS, public_id=made.public_id)
    assert (robots_for(TESTS), Robot.objects.get().url) == ([], "")


@pytest.fixture
def fake_on_a_port(noon, settings):
    time = corp.Time(noon)
    platform = Fake(ticking=lambda: time.at.timestamp())  # noqa: PLW0108 (the instant moves)
    web = server.Server(platform)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    settings.TONGXIN_WECOM_BASE = web.url
    yield time, platform, web.url
    web.shutdown()
    web.server_close()


@pytest.mark.django_db(transaction=True)
def test_thirty_notices_go_at_half_the_rate_and_each_once(fake_on_a_port):
    time, platform, base = fake_on_a_port
    with time.now():
        store = StoreFactory()
        add_robot(viewer=TESTS, store=store, label="", url=f"{base}/cgi-bin/webhook/send?key=abc")
        for i in range(30):
            for _ in range(2):  # said twice, one letter
                with transaction.atomic():
                    assert tell_staff(viewer=TESTS, store=store, text=f"第 {i} 条", key=f"n{i}") == 1
    assert Letter.objects.count() == 30
    robot = {"robot": GroupRobot()}
    for seconds in [30] * 60 + [3600] * 4:
        with time.now():
            relay.drain(carriers=robot)
        time.go(seconds)
    assert Letter.objects.filter(state="sent").count() == 30
    assert platform.seen.calls["webhook/send"] == 30
    assert platform.seen.peak["webhook/send"] <= 10


@pytest.mark.django_db
def test_without_a_robot_each_colleague_is_told_through_the_app_once(noon, settings):
    settings.TONGXIN_WECOM_CORP, settings.TONGXIN_WECOM_SECRET = corp.CONFIG.corp, corp.CONFIG.secret
    store = StoreFactory()
    StaffFactory(store=store, wecom_userid="lin"), StaffFactory(store=store, wecom_userid="")
    platform = corp.fake()
    with transaction.atomic():
        assert tell_staff(viewer=TESTS, store=store, text="检查还差两项", key="k", path="champion/") == 1
        assert tell_staff(viewer=TESTS, store=None, text="总部", key="k2") == 0
    (letter,) = Letter.objects.all()
    app = AppMessage(corp.caller(platform))
    parcel = Parcel(
        letter.public_id, letter.kind, letter.to, {"text": "检查还差两项", "url": "https://t.example/"}, 1
    )
    assert [app.carry(parcel).state for _ in range(2)] == ["sent", "sent"]
    (notice,) = platform.world.all("notices")  # the repeat was dropped there
    assert (notice["to"], notice["body"]["content"]) == (["lin"], "检查还差两项\nhttps://t.example/")
