"""小小烘焙师, from the kit to the day-90 report: the first source text's own story, through the API and a real browser.

“家长只需支付少量材料费（并可获得等额门店代金券），就能带孩子在专业烘焙师的指导下，体验制作饼干的乐趣。”
"""

import base64
import json
import logging
import sys
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connections
from django.test import override_settings
from playwright.sync_api import sync_playwright
from pytest_django.live_server_helper import LiveServer

from browser.conftest import ARGUMENTS, CHROMIUM
from journeys.village import JOB, family, headquarters_and_shops, line, picture, till
from project import emptied
from tongxin.connect.files.actions import Wish, import_files
from tongxin.events.actions import end_due
from tongxin.foundation import clock
from tongxin.foundation.draw.rules import verify
from tongxin.measure import actions as measure
from tongxin.measure.actions import worker
from tongxin.measure.models import Study

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
KIT = json.loads(resources.files("tongxin.kits.starters").joinpath("little-baker.json").read_text("utf-8"))
FEE = KIT["fee_fen"]


@pytest.fixture
def _django_db_helper():
    """The story is committed: a browser looks at it."""


@pytest.fixture
def told(django_db_setup, django_db_blocker, tmp_path, monkeypatch):
    """A live server, and one Chromium with a page for whoever has a cookie."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    monkeypatch.delitem(sys.modules, worker.WEB, raising=False)
    logging.getLogger("django.server").setLevel(logging.ERROR)
    with django_db_blocker.unblock(), override_settings(TONGXIN_LAKE=tmp_path / "lake"):
        server = LiveServer("127.0.0.1")
        try:
            with sync_playwright() as playwright:
                chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
                yield _pages(chromium, server.url)
                chromium.close()
                connections.close_all()
        finally:
            server.stop()
            emptied.empty()


def _pages(chromium, url):
    @contextmanager
    def page_of(person, width=390):
        context = chromium.new_context(viewport={"width": width, "height": 900}, base_url=url)
        context.add_cookies(
            [
                {"name": name, "value": value, "url": url}
                for name, value in (("tongxin_language", "zh-hans"), ("sessionid", person.cookie()))
            ]
        )
        page = context.new_page()
        page.set_default_timeout(10_000)
        try:
            yield page
        finally:
            context.close()

    return page_of


@dataclass
class Story:
    """Who is in it, and what has happened so far."""

    zhou: Any
    shops: list[Any]
    saturday: datetime
    page_of: Any
    folder: Path
    kit: str = ""
    held: list[str] = field(default_factory=list)
    families: list[list[Any]] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)
    winners: list[Any] = field(default_factory=list)


def test_little_baker(told, tmp_path: Path, undrawn):
    zhou, shops = headquarters_and_shops()
    story = Story(zhou, shops, next_saturday(), told, tmp_path)
    headquarters_releases_the_kit(story)
    three_stores_adopt_it(story)
    publishing_registers_the_report(story)
    families_register(story)
    the_third_store_draws(story)
    fees_are_paid(story)
    saturday_comes(story)
    a_voucher_of_one_store_is_taken_in_another(story)
    photos_stand_as_far_out_as_people_agree(story)
    some_are_asked_at_random(story)
    the_report_of_day_ninety_says_what_is_missing(story)


def next_saturday() -> datetime:
    """Ten o'clock on a Saturday, eight days ahead or more."""
    day = clock.business_day(clock.now()) + 8 * DAY
    while day.weekday() != 5:
        day += DAY
    return clock.day_start(day).astimezone(ZoneInfo("Asia/Shanghai")) + 10 * HOUR


def headquarters_releases_the_kit(story):
    """总部把配方做成工具包，发布第一版，发给所有门店。"""
    made = story.zhou.ask("POST", "/kits", {"code": "little-baker", "content": KIT})
    story.kit = made["id"]
    version = story.zhou.ask("POST", f"/kits/{story.kit}/versions", {"note": "第一炉"}, if_match='"1"')
    assert version["number"] == 1
    story.zhou.ask("POST", f"/kits/{story.kit}/offer", {"everywhere": True})


def three_stores_adopt_it(story):
    """三家店各拿去办一场，都是最小的八个位子；锁住的东西店里改不了。翠苑店报名的会多，改成抽签。"""
    for shop in story.shops:
        own = {"store": shop.id, "starts_at": story.saturday.isoformat(), "overrides": {"places": 40}}
        refused = shop.champion.ask("POST", f"/kits/{story.kit}/instances", own, status=422)
        assert refused["code"] == "kits.out_of_range"
        own["overrides"] = {"places": 8}
        made = shop.champion.ask("POST", f"/kits/{story.kit}/instances", own)
        assert (made["kind"], made["number"]) == ("occurrence", 1)
        story.held.append(made["subject"])
    drawn = {
        "admission": "lottery",
        "closes_at": (story.saturday - 3 * DAY).isoformat(),
        "details": {"age_from": 3, "age_to": 10, "draw": {"contact": "翠苑店服务台"}},
    }
    third = story.shops[2].champion.ask("PATCH", f"/events/{story.held[2]}", drawn, if_match='"1"')
    assert (third["admission"], third["version"]) == ("lottery", 2)


def publishing_registers_the_report(story):
    """一发布，第九十天的报告就登记了：谁算参加、和谁比、看什么。这时谁也还没来。"""
    for shop, event in zip(story.shops, story.held, strict=True):
        assert shop.champion.ask("POST", f"/events/{event}/publish")["state"] == "published"
    asked = story.zhou.ask("GET", "/studies")["items"]
    assert [one["pre_registered"] for one in asked] == [True] * 3
    written = [story.zhou.ask("GET", f"/studies/{one['id']}") for one in asked]
    assert Counter(one["protocol"]["controls"] for one in written) == {
        "lost_draw": 1,
        "never_and_later_joiners": 2,
    }
    assert [goal["title"] for goal in written[0]["protocol"]["goals"]] == [
        goal["title"] for goal in KIT["kpis"]
    ]
    with story.page_of(story.zhou, 1440) as page:
        page.goto(f"/hq/studies/{asked[0]['id']}/")
        assert "之前谁也不看" in page.locator("main").inner_text()


def families_register(story):
    """带孩子的家庭来报名。第一家在手机上点，其余的用程序。"""
    n = 0
    for shop, many in zip(story.shops, (3, 2, 7), strict=True):
        story.families.append([family(shop, n + k) for k in range(1, many + 1)])
        n += many
    first = story.families[0][0]
    with story.page_of(first) as page:
        page.goto(f"/m/events/{story.held[0]}/")
        assert page.get_by_role("heading", level=1).inner_text() == KIT["title"]
        assert "39" in page.locator(".promise").inner_text(), "材料费和等额代金券说在前面"
        page.locator("label", has_text="豆豆1").click()
        page.get_by_role("button", name="报名，占一个位子").click()
        assert page.locator("#h-now").inner_text() == "报好了，位子给你留着。"
    for event, parents in zip(story.held, story.families, strict=True):
        for one in parents:
            if one is not first:
                wish = {"companions": [{"id": one.child, "allergy": ""}]}
                made = one.ask("POST", f"/events/{event}/registrations", wish)
                assert made["state"] == ("entered" if event == story.held[2] else "confirmed")
                story.places[one.member] = made["id"]
    guests = story.shops[0].champion.ask("GET", f"/events/{story.held[0]}/registrations")["items"]
    story.places[first.member] = next(one["id"] for one in guests if one["member"] == first.member)
    assert [one["party"] for one in guests] == [2] * 3, "一个大人，一个孩子"


def the_third_store_draws(story):
    """翠苑店七家十四人，八个位子：先公示名单和承诺，再揭示种子；谁都能重算。"""
    champion, event = story.shops[2].champion, story.held[2]
    with clock.held(story.saturday - 3 * DAY):
        champion.ask("POST", f"/events/{event}/lottery/commit")
    with clock.held(story.saturday - 3 * DAY + HOUR):
        drawn = champion.ask("POST", f"/events/{event}/lottery/draw", {})["document"]
    assert verify(drawn).ok
    story.winners = [
        one
        for one in story.families[2]
        if one.ask("GET", f"/registrations/{story.places[one.member]}")["state"] == "confirmed"
    ]
    assert len(drawn["winners"]) == len(story.winners) == 4


def fees_are_paid(story):
    """到店交材料费。"""
    with clock.held(story.saturday - HOUR):
        for shop in story.shops:
            for n, owed in enumerate(shop.champion.ask("GET", f"/stores/{shop.id}/promises")["items"]):
                paid = {"store": shop.id, "receipt": f"{shop.store.code}-{n}"}
                assert shop.champion.ask("POST", f"/promises/{owed['id']}/paid", paid)["fee_fen"] == 2 * FEE


def saturday_comes(story):
    """古墩路店的手机没有信号，先记下，晚些时候才上传；传两遍也只算一次。另外两家扫码。"""
    here, at = story.shops[0].champion, story.saturday
    with clock.held(at - 20 * MINUTE):
        door = here.ask("POST", f"/events/{story.held[0]}/doors")
        assert door["count"] == 3
    journal = {
        "lines": [
            line(story.places[one.member], at - (9 - n) * MINUTE) for n, one in enumerate(story.families[0])
        ]
    }
    with clock.held(at + 3 * HOUR):
        for _ in range(2):
            came = here.ask("POST", f"/devices/{door['id']}/sync", journal)["items"]
            assert [one["counted"] for one in came] == [True] * 3
    with clock.held(at - 5 * MINUTE):
        for n, guests in ((1, story.families[1]), (2, story.winners)):
            for one in guests:
                code = one.ask("GET", f"/registrations/{story.places[one.member]}/ticket")["code"]
                scan = {"event": story.held[n], "code": code}
                assert story.shops[n].champion.ask("POST", "/checkins", scan)["did"] == "admitted"


def a_voucher_of_one_store_is_taken_in_another(story):
    """等额的代金券到了手里；古墩路店的券，文三路店也收，只收一次。"""
    first, there = story.families[0][0], story.shops[1]
    with clock.held(story.saturday + DAY):
        (voucher,) = first.ask("GET", "/me/vouchers")["items"]
        assert (voucher["value_fen"], voucher["usable"]) == (2 * FEE, True)
        spent = {"code": voucher["code"], "store": there.id, "receipt": "S2-0007"}
        path = f"/vouchers/{voucher['id']}/redeem"
        assert there.champion.ask("POST", path, spent)["state"] == "redeemed"
        again = there.champion.ask("POST", path, spent | {"receipt": "S2-0008"}, status=409)
        assert again["code"].startswith("commerce.")


def photos_stand_as_far_out_as_people_agree(story):
    """作品照先只有自己看得到；孩子在画面里，监护人不点头就出不去，点了头也能收回。"""
    champion, parent = story.shops[0].champion, story.families[0][0]
    with clock.held(story.saturday + 2 * HOUR):
        given = {"data": base64.b64encode(picture()).decode(), "moment": "after", "caption": "第一炉"}
        photo = champion.ask("POST", f"/events/{story.held[0]}/photos", given)
        assert photo["state"] == "private"
        child = {"registration": story.places[parent.member], "companion": parent.child}
        seen = {"children": [child], "child_visible": True}
        photo = champion.ask("PUT", f"/photos/{photo['id']}/seen", seen, if_match=f'"{photo["version"]}"')
        move = f"/photos/{photo['id']}/state"
        for state in ("group", "public", "advert"):
            refused = champion.ask(
                "PUT", move, {"state": state}, if_match=f'"{photo["version"]}"', status=409
            )
            assert refused["code"] == "events.photo_consent"
    # 监护人在自己的手机上点头：孩子的照片可以公开
    with story.page_of(parent) as page:
        page.goto("/m/photos/")
        box = page.locator(f"form[action='/m/photos/{photo['id']}/']").filter(
            has=page.locator("input[name=use][value=public]")
        )
        box.get_by_role("button").first.click()
    with clock.held(story.saturday + 2 * HOUR):
        assert champion.ask("GET", f"/photos/{photo['id']}")["furthest"] == "public"
        photo = champion.ask("PUT", move, {"state": "public"}, if_match=f'"{photo["version"]}"')
        assert photo["state"] == "public"
        no = {"use": "public", "granted": False, "companion": parent.child}
        parent.ask("PUT", f"/me/photos/{photo['id']}", no)
        assert champion.ask("GET", f"/photos/{photo['id']}")["state"] == "group", (
            "收回的是「公开」，群里还留着"
        )


def some_are_asked_at_random(story):
    """活动结束：道谢，再随机抽人问一句愿不愿意推荐。主理人不能抽，也不能挑人。"""
    event, at = story.held[0], story.saturday
    with clock.held(at + 30 * HOUR):
        assert end_due(viewer=JOB) == 3
        story.shops[0].champion.ask("POST", f"/events/{event}/survey", status=403)
        story.zhou.ask("POST", f"/events/{event}/survey")
    with clock.held(at + 32 * HOUR):
        assert verify(story.zhou.ask("POST", f"/events/{event}/survey/reveal")["document"]).ok
        for parent, score in zip(story.families[0], (10, 9, 6), strict=True):
            (mine,) = parent.ask("GET", "/me/surveys")["items"]
            said = {"score": score, "words": "下回做面包"}
            assert parent.ask("POST", f"/me/surveys/{mine['id']}", said)["score"] == score
        nps = story.zhou.ask("GET", f"/events/{event}/nps")["figures"]
    assert [nps[name] for name in ("n", "asked", "entrants")] == [3, 3, 3]


def the_report_of_day_ninety_says_what_is_missing(story):
    """九十天后，登记过的报告自己算。人太少、店太少，它说不了，并说出缺什么。"""
    everybody = [one for parents in story.families for one in parents]
    orders = story.folder / "orders.csv"
    orders.write_text(till(everybody, story.saturday, weeks=(20, 13)), encoding="utf-8")
    with clock.held(story.saturday + 89 * DAY):
        assert measure.start_due() == 0, "谁也不提前看"
    with clock.held(story.saturday + 91 * DAY):
        (report,) = import_files(viewer=JOB, paths=[orders], wish=Wish(source="till"))
        assert (report.refused, report.new) == (0, 12 * 33)
        assert measure.start_due() == 3
        for study in Study.objects.order_by("id"):
            done = measure.run_study(study_id=study.pk)
            assert (done.state, done.faults) == ("done", [])
        listed = story.zhou.ask("GET", "/studies")["items"]
        answers = [story.zhou.ask("GET", f"/studies/{one['id']}") for one in listed]
    for one in answers:
        kpi = next(kpi for kpi in one["answer"]["kpis"] if kpi["primary"])
        assert (kpi["verdict"], kpi["effect"]) == ("cannot_be_said", None)
        reasons = {reason["code"]: reason for reason in kpi["reason_words"]}
        assert set(reasons) == {"R1", "R10"}
        assert "100 人" in reasons["R1"]["zh"]
        assert "抽签" in reasons["R1"]["cure"]["zh"]
        assert "1 家店" in reasons["R10"]["zh"]
        assert one["answer"]["protocol"]["digest"] == one["protocol_digest"]
        assert one["answer"]["design"]["pre_registered"] is True
    third = next(one for one in answers if one["protocol"]["controls"] == "lost_draw")
    assert third["answer"]["population"]["treated"] == 4
    with story.page_of(story.zhou, 1440) as page:
        page.goto(f"/hq/studies/{third['id']}/")
        said = page.locator("main").inner_text()
        assert [words in said for words in ("还不能下结论", "样本不足", "R10")] == [True] * 3
