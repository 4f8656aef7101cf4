"""Score, board, training, hand-over and headquarters' pages over them: through the pages, with the app that is no need."""

import re
from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse

from access.actors import JOB, browser, standing_world
from kits.kitchen import content
from tongxin.champions import actions, queries
from tongxin.champions.actions import AnswerIn
from tongxin.champions.models import Handover, StepDone
from tongxin.champions.terms import CheckWord
from tongxin.events import actions as events
from tongxin.faces import pwa
from tongxin.faces.hq import checks
from tongxin.foundation import clock
from tongxin.kits import actions as kits
from tongxin.stores import queries as stores

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


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


def here(world):
    return stores.access_store(JOB, world.document["regions"][0]["stores"][0]["id"])


def page(world, path, name="champion"):
    return browser(world.actors[name]).get(path).content.decode()


def test_without_an_index_no_score_is_said_and_no_rank(world):
    html = page(world, "/champion/score/")
    assert "还说不出分数" in html
    assert "总部还没有算过体验指数" in html
    assert "名次" not in html


def test_a_step_of_a_kit_is_ticked_from_the_desk(world):
    store = here(world)
    kit = kits.make_kit(
        viewer=JOB, code="care", content=content(checklist=[{"key": "oven", "day": -2, "title": "查烤箱"}])
    )
    kits.offer(viewer=JOB, kit_id=kit.public_id, everywhere=True)
    version = kits.release(viewer=JOB, kit_id=kit.public_id, revision=1)
    events.draft_from_kit(
        viewer=JOB,
        store=store,
        version_id=version.public_id,
        starts_at=clock.now() + 2 * DAY - timedelta(hours=2),
    )
    html = page(world, "/champion/")
    assert "查烤箱" in html
    action = re.search(r'action="(/champion/steps/[^"]+)"', html)[1]
    client = browser(world.actors["champion"])
    assert client.post(action, {"done": "yes"})["Location"].endswith("#steps")
    assert StepDone.objects.get().step == "oven"
    client.post(action, {"done": "no"})
    assert not StepDone.objects.exists()


def test_the_desk_says_how_old_the_board_is(world):
    assert "该换了" in page(world, "/champion/")
    actions.answer_check(viewer=JOB, store=here(world), answers={"board": AnswerIn(CheckWord.YES)})
    assert "今天是新的" in page(world, "/champion/")


def test_training_is_read_by_the_champion_and_signed_by_the_region(world):
    client = browser(world.actors["champion"])
    items = re.findall(r'name="item" value="([a-z]+)"', page(world, "/champion/training/"))
    for item in items:
        client.post("/champion/training/", {"item": item})
    assert "请带教签字" in page(world, "/champion/training/")
    html = page(world, "/hq/champions/?state=read", "region_manager")
    action = re.search(r'action="(/hq/champions/[^"]+/sign/)"', html)[1]
    browser(world.actors["region_manager"]).post(action)
    assert "签过字了" in page(world, "/champion/training/")


def test_a_champion_is_handed_over_by_a_form_and_the_list_is_received(world):
    document = world.document["regions"][0]["stores"][0]
    actions.answer_check(
        viewer=JOB, store=here(world), answers={"board": AnswerIn(CheckWord.NO, "告示板要换")}
    )
    boss = browser(world.actors["region_manager"])
    path = reverse("hq.champion.leave", args=[document["champions"][1]["grant"]])
    assert "件事要有人接" in boss.get(path).content.decode()
    assert boss.post(path, {"successor": "", "last_day": "2026-03-05"}).status_code == 409
    assert not Handover.objects.exists()
    reply = boss.post(path, {"successor": document["champions"][0]["account"], "last_day": "2026-03-05"})
    assert reply["Location"] == reverse("hq.handover", args=[Handover.objects.get().public_id])
    assert "告示板要换" in boss.get(reply["Location"]).content.decode()
    html = page(world, "/champion/")
    link = re.search(r'href="(/champion/handovers/[^"]+)"', html)[1]
    browser(world.actors["champion"]).post(link)
    assert "都收到了" not in page(world, link)
    assert Handover.objects.get().received_at is not None


def test_a_bad_day_is_said_beside_the_form(world):
    path = reverse(
        "hq.champion.leave", args=[world.document["regions"][0]["stores"][0]["champions"][1]["grant"]]
    )
    reply = browser(world.actors["region_manager"]).post(path, {"last_day": "morgen"})
    assert (reply.status_code, "请选一天" in reply.content.decode()) == (422, True)


def test_the_list_of_checks_filters_and_turns_its_pages(world, monkeypatch):
    with clock.held(clock.now() - DAY):
        actions.answer_check(viewer=JOB, store=here(world), answers={"board": AnswerIn(CheckWord.YES)})
    html = page(world, "/hq/checks/?gaps=some", "admin")
    rows = html[html.index('id="h-ex"') :]
    assert rows.count("<tr><td><b") == 1 + len(queries.rates(JOB).regions)
    monkeypatch.setattr(checks, "ROWS", 4)
    first = page(world, "/hq/checks/?gaps=none", "admin")
    following = re.search(r'href="(\?gaps=none[^"]*from=4)#h-ex"', first)[1].replace("&amp;", "&")
    assert "回到最前" in page(world, f"/hq/checks/{following}", "admin")


def test_the_app_is_described_and_its_keeper_keeps_nothing_personal(world):
    client = browser(world.actors["champion"])
    manifest = client.get("/app/champion.webmanifest")
    assert manifest["Content-Type"] == "application/manifest+json"
    described = manifest.json()
    assert (described["start_url"], described["scope"], described["lang"]) == (
        "/champion/",
        "/champion/",
        "zh-CN",
    )
    for icon in described["icons"]:
        assert client.get(icon["src"]).content.startswith(b"\x89PNG")
    script = client.get("/champion/app.js").content.decode()
    kept = re.search(r"self\.KEEP = (.*);", script)[1]
    assert "/app/away/" in kept
    assert "/champion/" not in kept
    assert world.actors["champion"].handle not in client.get("/app/away/").content.decode()
    assert client.get("/app/nobody.webmanifest").status_code == 404
    assert client.get("/app/icon-7.png").status_code == 404
    assert pwa.SIDES == (180, 192, 512)


@pytest.mark.parametrize("path", ["/champion/", "/member/"])
def test_a_phone_page_names_its_app(world, path):
    name = "champion" if path == "/champion/" else "member_middle"
    html = page(world, path, name)
    face = "champion" if path == "/champion/" else "member"
    assert f'href="/app/{face}.webmanifest"' in html
