"""Reaching people in a real browser: the planner from the first word to the nudge, the champion's four taps, the two phones of the fake."""

import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import transaction

from browser.conftest import _cookie
from browser.reading import chinese, faults
from stores.factories import StaffFactory
from tongxin.connect.wecom.sandbox import phones, server
from tongxin.connect.wecom.sandbox.platform import Fake
from tongxin.faces.cli import sandbox
from tongxin.faces.hq import messages as planner
from tongxin.foundation import clock
from tongxin.foundation.access import system
from tongxin.outreach import actions as outreach
from tongxin.outreach.actions import plans
from tongxin.outreach.models import Message, Task, WecomCode, WecomGroup
from tongxin.people import actions as people_actions
from tongxin.people import queries as people
from tongxin.people.terms import Purpose
from tongxin.stores.models import Store

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
JOB = system("tests")


@pytest.fixture(scope="module")
def corp(world, django_db_blocker):
    """A group and a live code of the store, as the mirror would have written them."""
    with django_db_blocker.unblock(), transaction.atomic():
        store = Store.objects.get(public_id=world.store["id"])
        StaffFactory(store=store, name="小满", wecom_userid="xiaoman")
        now = clock.now()
        WecomGroup.objects.create(chat_id="wr1", name="Bakers 1", owner="xiaoman", store=store, opened_at=now)
        WecomCode.objects.create(
            kind="store", source="store", store=store, label="Till", users=["xiaoman"], state="1-0-abcdef", by="t",
            config_id="cfg1", picture="https://sandbox.invalid/c/1", condition="live", created_at=now, made_at=now,
        )  # fmt: skip
        for one in world.store["members"]:
            people_actions.set_consent(
                viewer=JOB, customer=people.access_customer(JOB, one["id"]), purpose=Purpose.GROUP_MESSAGE, granted=True,
                notice_version=sandbox.NOTICE, channel="test",
            )  # fmt: skip
    return store


@pytest.fixture
def many(monkeypatch):
    """From the second recipient on somebody else must say so too: as above five thousand."""
    for room in (plans, planner):
        monkeypatch.setattr(room, "SECOND_PERSON_OVER", 1)


@pytest.fixture
def morning(world, corp, many, monkeypatch, django_db_blocker):
    """It is ten, for every thread: by night nothing is sent. Who takes part has just signed in; the editor beside the admin."""
    ten = clock.day_start(clock.business_day(clock.now())) + timedelta(days=1, hours=10)
    monkeypatch.setattr(clock, "_ahead", ten - clock.now())
    hq = world.document["hq"]
    people_of = {"hq": hq["admin"], "editor": hq["hq_editor"], "champion": world.store["champions"][0]}
    with django_db_blocker.unblock():
        for role, one in people_of.items():
            monkeypatch.setitem(world.cookies, role, _cookie(one["handle"]))


def press(page, name):
    """Press the button, and be on the page that it leads to."""
    with page.expect_navigation():
        page.get_by_role("button", name=name).first.click()


def carried_out(django_db_blocker):
    """What the worker does once a plan is approved."""
    with django_db_blocker.unblock():
        plan = Message.objects.latest("id")
        outreach.expand(viewer=JOB, public_id=plan.public_id)
        outreach.drain()
        return Task.objects.filter(message=plan).get()


def test_a_plan_from_the_first_word_to_the_nudge_and_the_champions_four_taps(
    corp, morning, visit, django_db_blocker
):
    with visit("hq") as page:
        page.goto("/hq/messages/")
        page.select_option("#m-who", f"persons|store|{corp.public_id}")
        page.select_option("#m-ch", "manual")
        page.fill("#m-title", "Saturday")
        page.fill("#m-text", "Fresh bread at ten. Come and sit with us.")
        press(page, "存成草稿")
        address = page.url
        assert (
            page.locator(".device .bubble").first.inner_text() == "Fresh bread at ten. Come and sit with us."
        )
        assert "位会收到" in page.locator("#h-told").inner_text()
        assert page.get_by_role("button", name="批准").count() == 0, "the author alone may not"
        assert faults(page, "a draft") == []
    with visit("editor") as page:
        page.goto(address)
        press(page, "批准")
        task = carried_out(django_db_blocker)
        page.goto(address)
        assert "待发" in page.locator("[aria-labelledby=h-st]").inner_text()
        press(page, "催一下")
        assert faults(page, "progress by store") == []
    with visit("champion", width=390, has_touch=True) as page:
        page.goto("/champion/tasks/")
        assert faults(page, "to send today") == []
        page.get_by_role("link", name="Saturday").click()
        assert page.url.endswith(f"{task.public_id}/")
        taps = page.locator(".taps button, .taps a")
        assert [one.inner_text().strip() for one in taps.all()] == ["复制", "名单", "今天不发", "已发送"]
        boxes = [one.bounding_box() for one in taps.all()]
        assert all(box["height"] >= 44 and box["width"] >= 44 for box in boxes), boxes
        assert faults(page, "one to send") == []
        press(page, "已发送")
        assert "最近发过" in page.content()
    with visit("hq") as page:
        page.goto(address)
        assert "发完了" in page.locator("[aria-labelledby=h-st]").inner_text()


def test_the_pages_of_the_corp_are_clean_in_both_languages(corp, visit):
    with visit("hq") as page:
        for path in ("/hq/wecom/", "/hq/wecom/codes/", "/hq/wecom/setup/", "/hq/wecom/handovers/"):
            page.goto(path)
            assert faults(page, path) == []
    with visit("hq", language="en") as page:
        for path in ("/hq/wecom/", "/hq/wecom/codes/", "/hq/wecom/setup/", "/hq/wecom/handovers/"):
            assert chinese(page, path, data=("小满", "中文")) == []


def test_the_nearest_store_is_worked_out_on_the_phone(corp, visit):
    """Where somebody stands is asked on a tap only, and no request carries it."""
    with visit(
        "member", width=390, geolocation={"latitude": 30.3, "longitude": 120.1}, permissions=["geolocation"]
    ) as page:
        page.goto("/m/near/")
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.get_by_role("button", name="离我最近的是哪家").click()
        page.get_by_text("最近的排在最前面").wait_for()
        assert [one for one in asked if "/static/" not in one] == [], "the icon of the tab may come late"
        assert faults(page, "/m/near/") == []


@contextmanager
def standing():
    fake = Fake()
    phones.settle(fake)
    door = server.Server(fake)
    threading.Thread(target=door.serve_forever, daemon=True).start()
    try:
        yield fake, door.url
    finally:
        door.shutdown()
        door.server_close()


def test_the_two_phones_scan_and_confirm(visit):
    with standing() as (fake, url), visit() as page:
        page.goto(f"{url}/?staff=lin&who=wm-bo")
        assert faults(page, "the two phones") == []
        press(page, "扫一扫")
        page.get_by_text("烘焙邻里 1 群").wait_for()
        (chat,) = fake.world.all("groups")
        assert "wm-bo" in chat["members"]
        fake.world.put("messages", "m1", {
            "msgid": "m1", "kind": "single", "at": fake.world.now(), "text": "周六见", "attachments": [],
            "targets": [["lin", "wm-bo"]], "cancelled": False, "reminds": [], "results": {}, "tapped": {},
        })  # fmt: skip
        page.reload()
        press(page, "发送给 1 位客户")
        assert page.locator("[aria-labelledby=h-who] .bubble").first.inner_text() == "周六见"
        assert faults(page, "the two phones, afterwards") == []
