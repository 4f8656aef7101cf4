"""Setting up: the wizard says what is wrong and how to mend it; the scenario; the fake on a port; our own door for callbacks."""

import json
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from django.test import Client as Browser

from connect.wecom import corp
from stores.factories import BrandFactory, StaffFactory
from tongxin.connect.wecom import scenario
from tongxin.connect.wecom.calling import Caller
from tongxin.connect.wecom.checking import Wizard
from tongxin.connect.wecom.errors import CURES, Fault
from tongxin.connect.wecom.pacing import NoPace
from tongxin.connect.wecom.sandbox import acts, phones, server
from tongxin.connect.wecom.sandbox.faults import Switch
from tongxin.connect.wecom.sandbox.platform import Fake
from tongxin.foundation import clock
from tongxin.foundation.http import Client, NotSent
from tongxin.foundation.limits import Breaker
from tongxin.outreach.models import WecomEvent

pytestmark = pytest.mark.django_db


@contextmanager
def standing(platform):
    """The fake on a port."""
    made = server.Server(platform)
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield made.url
    finally:
        made.shutdown()
        made.server_close()
        thread.join(5)


def found(platform, config=corp.CONFIG, **more):
    return {step.name: step for step in Wizard(config, corp=corp.caller(platform, config), **more).steps()}


def test_a_corp_that_is_set_up(noon):
    platform = corp.fake()
    steps = found(platform, to="lin")
    assert {name: step.ok for name, step in steps.items()} == {
        "settings": True, "token": True, "address": True, "domain": None, "visible": True, "customers": True,
        "callback": False, "message": True,
    }  # fmt: skip
    assert "反向代理" in steps["callback"].cure[0]  # nobody listens on the address of the tests
    assert [row["to"] for row in platform.world.all("notices")] == [["lin"]]


BREAKS = {
    "address": ({"trusted": ["10.0.0.1"]}, {}, CURES[Fault.ADDRESS].zh),
    "token": ({}, {"secret": "wrong"}, CURES[Fault.CREDENTIALS].zh),
    "settings": ({}, {"agent": 0}, "TONGXIN_WECOM_AGENT"),
    "visible": ({"visible": []}, {}, "可见范围"),
    "callback": ({}, {"callback_key": "short"}, "43 个字符"),
}


@pytest.mark.parametrize("name", sorted(BREAKS))
def test_what_is_wrong_is_said_with_how_to_mend_it(noon, name):
    settings, config, cure = BREAKS[name]
    steps = found(corp.fake(**settings), replace(corp.CONFIG, **config))
    assert steps[name].ok is False
    assert cure in steps[name].cure[0]
    assert steps[name].cure[1].isascii()
    if name in {"settings", "token", "address"}:
        assert steps["message"].ok is None


def test_a_colleague_out_of_sight_is_named(noon):
    BrandFactory()
    StaffFactory(wecom_userid="lin"), StaffFactory(wecom_userid="chen")
    assert "chen" in found(corp.fake())["visible"].cure[0]


def test_the_scenario_passes_at_the_fake_and_leaves_nothing_behind(noon):
    platform = corp.fake()
    corp.customers(platform, 2)
    acts.open_group(platform, "lin", "烘焙邻里")
    lines = scenario.run(corp.caller(platform), to="lin")
    assert {line.name: (line.ok, line.said) for line in lines} == {
        name: (True, "") for name, _ in scenario.STEPS
    }
    assert platform.world.all("ways") == []
    assert all(row["cancelled"] for row in platform.world.all("messages"))


def test_the_scenario_notices_a_platform_that_behaves_otherwise(noon):
    platform = corp.fake()
    corp.customers(platform, 1)
    platform.faults.set(Switch("limit", "mark_tag", left=None))
    assert [line.name for line in scenario.run(corp.caller(platform)) if line.ok is False] == ["tags"]


def test_the_fake_on_a_port_is_the_same_through_the_guarded_client(tmp_path):
    platform = Fake(tmp_path / "w.jsonl")
    phones.settle(platform)
    with standing(platform) as url:
        config = replace(corp.CONFIG, base=url)
        lines = scenario.run(Caller(config, pace=NoPace()), to="lin")
        assert [line for line in lines if line.ok is not True] == []
    platform.world.close()
    again = Fake(tmp_path / "w.jsonl")  # killed and started again
    assert again.world.tables == platform.world.tables
    again.world.close()


SERVE = "import sys, pathlib; from tongxin.connect.wecom.sandbox import server; server.serve(int(sys.argv[1]), pathlib.Path(sys.argv[2]))"


@contextmanager
def process(port, journal):
    """The command's own loop in a process of its own, killed at the end."""
    child = subprocess.Popen([sys.executable, "-c", SERVE, str(port), str(journal)])
    try:
        yield
    finally:
        child.kill()
        child.wait(10)


def eventually(ask, seconds=20):
    until = time.monotonic() + seconds
    while True:
        try:
            return ask()
        except NotSent:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def test_killed_and_started_again_it_knows_what_it_knew(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    client = Client(allow=(), local=[f"127.0.0.1:{port}"], insecure=True, breaker=Breaker(failures=10**6))
    state = f"http://127.0.0.1:{port}/_sandbox/state"
    seen = []
    for _ in range(2):
        with process(port, tmp_path / "w.jsonl"):
            found = json.loads(eventually(lambda: client.get(state)).body)
            seen.append({row["chat_id"]: sorted(row["members"]) for row in found["groups"]})
            code = next(iter(seen[-1]))
            scan = json.dumps({"chat_id": code}).encode()
            client.post(f"http://127.0.0.1:{port}/_sandbox/customer/wm-anna/leave", body=scan, headers={})
    assert [list(one.values()) for one in seen] == [[["lin", "wm-anna"]], [["lin"]]]


def test_a_journal_cut_off_in_the_middle_of_a_line_is_read_as_far_as_it_goes(tmp_path):
    journal = tmp_path / "w.jsonl"
    platform = Fake(journal)
    acts.hire(platform, "lin", "林小满")
    platform.world.close()
    with journal.open("ab") as stream:
        stream.write(b'["users","x",{"us')
    again = Fake(journal)
    assert again.world.tables == platform.world.tables
    acts.hire(again, "chen", "陈晓")
    again.world.close()
    assert list(Fake(journal).world.tables["users"]) == ["lin", "chen"]


def test_the_two_phones(tmp_path):
    platform = Fake(tmp_path / "w.jsonl")
    phones.settle(platform)
    client = Client(allow=(), local=[], insecure=True)
    with standing(platform) as url:
        host = url.removeprefix("http://")
        client = Client(allow=(), local=[host], insecure=True)
        one = Caller(replace(corp.CONFIG, base=url), pace=NoPace())
        one.post(
            "externalcontact/add_msg_template",
            {"sender": "lin", "external_userid": ["wm-anna"], "text": {"content": "周六<见>"}},
        )
        page = client.get(f"{url}/?staff=lin&who=wm-anna").body.decode()
        assert "周六&lt;见&gt;" in page
        assert "发送给 1 位" in page
        msgid = platform.world.all("messages")[0]["msgid"]
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        tapped = client.post(
            f"{url}/_sandbox/staff/lin/confirm",
            body=urlencode({"msgid": msgid, "back": ""}).encode(),
            headers=form,
        )
        assert tapped.status == 200
        assert "已发送 1/1" in client.get(f"{url}/?staff=lin&who=wm-anna").body.decode()
        code = platform.world.all("ways")[0]["config_id"]
        client.post(
            f"{url}/_sandbox/customer/wm-bo/scan", body=json.dumps({"config_id": code}).encode(), headers={}
        )
        assert "wm-bo" in platform.world.all("groups")[0]["members"]
        foreign = client.post(f"{url}/_sandbox/set", body=b"{}", headers={"Origin": "https://evil.example"})
        assert foreign.status == 403
        rebound = client.ask("GET", f"{url}/", headers={"Host": "evil.example"})
        assert rebound.status == 403
        assert client.post(f"{url}/_sandbox/set", body=b'{"no_such_switch": 1}', headers={}).status == 422
    platform.world.close()


@pytest.fixture
def hears(settings):
    settings.TONGXIN_WECOM_CORP, settings.TONGXIN_WECOM_SECRET = corp.CONFIG.corp, corp.CONFIG.secret
    settings.TONGXIN_WECOM_TOKEN, settings.TONGXIN_WECOM_KEY = corp.CONFIG.callback_token, corp.KEY


def sealed(text, name="echostr"):
    crypt, stamp = corp.CONFIG.crypt(), str(int(clock.now().timestamp()))
    encrypted = crypt.seal(text)
    query = {"msg_signature": crypt.sign(stamp, "n", encrypted), "timestamp": stamp, "nonce": "n"}
    return (
        (query | {name: encrypted}, b"")
        if name
        else (query, f"<xml><Encrypt>{encrypted}</Encrypt></xml>".encode())
    )


def test_our_door_answers_the_platforms_check_with_the_bare_text(noon, hears):
    query, _ = sealed("1616140317555161061")
    answer = Browser().get("/wecom/callback/", query)
    assert (answer.status_code, answer.content) == (200, b"1616140317555161061")
    assert Browser().get("/wecom/callback/", query | {"msg_signature": "0" * 40}).status_code == 404
    assert Browser().get("/wecom/callback/").status_code == 404


def test_our_door_keeps_a_callback_once_and_nothing_unproved(noon, hears):
    query, body = sealed("<xml><Event>change_external_chat</Event><ChatId>wr1</ChatId></xml>", "")
    for _ in range(2):
        answer = Browser(enforce_csrf_checks=True).post(
            f"/wecom/callback/?{urlencode(query)}", body, content_type="text/xml"
        )
        assert (answer.status_code, answer.content) == (200, b"")
    assert WecomEvent.objects.count() == 1
    bad = Browser().post(
        f"/wecom/callback/?{urlencode(query | {'nonce': 'x'})}", body, content_type="text/xml"
    )
    assert (bad.status_code, WecomEvent.objects.count()) == (404, 1)


def test_without_a_corp_there_is_no_door(noon):
    query, _ = sealed("hi")
    assert Browser().get("/wecom/callback/", query).status_code == 404


def test_the_domain_file_is_there_for_its_name_only(noon, settings):
    assert Browser().get("/WW_verify_abc123.txt").status_code == 404
    settings.TONGXIN_WECOM_VERIFY = "abc123"
    assert Browser().get("/WW_verify_abc123.txt").content == b"abc123"
    assert Browser().get("/WW_verify_abc124.txt").status_code == 404
