"""Stars, panels, friends and ambassadors through Django's client: what a member reads and does, what headquarters answers."""

import re
from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse

from access.actors import HERE, JOB, browser, standing_world
from access.things import star_work
from tongxin.amplify import actions
from tongxin.amplify.models import Ambassador, Item, PanelSeat, Poll, Referral, Star, TrialAnswer, Work
from tongxin.amplify.terms_demand import PollKind
from tongxin.foundation import clock

pytestmark = pytest.mark.django_db
# What members never read (visual.md §6).
OURS = re.compile("外环|中环|内环|拉新|转化|裂变")


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


def text(client, route, *args):
    found = client.get(reverse(route, args=args))
    assert found.status_code == 200
    page = found.content.decode()
    if route.startswith("member."):
        assert not OURS.search(page), OURS.search(page)
    return page


def does(client, route, do, **more):
    found = client.post(reverse(route), {"do": do} | more)
    assert found.status_code == 302, found.content.decode()[:2000]


def test_a_star_from_the_desk_to_the_wall_and_back(world):
    desk, lin = browser(world.actors["store_manager"]), browser(world.actors["member_inner"])
    he = browser(world.actors["member_outer"])
    who = world.store(HERE)["members"][2]["id"]
    does(desk, "hq.stars", "invite", member=who, why="回答了四十个问题")
    assert "回答了四十个问题" in text(lin, "member.stars")
    does(lin, "member.stars", "accept", shown_as="小林")
    does(lin, "member.stars", "words", words="一口一口来，不着急")
    assert "一口一口来" not in text(desk, "hq.stars")  # no licence, not even for who decides
    work = Work.objects.get()
    does(lin, "member.stars", "license", work=work.public_id, scope="community", months="6")
    assert "一口一口来" in text(desk, "hq.stars")
    assert "一口一口来" not in text(he, "member.stars")
    does(desk, "hq.stars", "show", star=Star.objects.get().public_id)
    assert "一口一口来" in text(he, "member.stars")
    does(lin, "member.stars", "withdraw", work=work.public_id)
    assert "一口一口来" not in text(he, "member.stars")
    assert "一口一口来" not in text(desk, "hq.stars")
    assert he.post(reverse("member.stars"), {"do": "withdraw", "work": work.public_id}).status_code == 404


def test_a_picture_is_served_while_the_licence_lives_and_kept_by_nobody(world):
    things = star_work(world, world.actors["member_outer"])
    he = browser(world.actors["member_outer"])
    found = he.get(reverse("member.star_work", args=[things.own]))
    assert (found.status_code, found["Cache-Control"]) == (200, "private, no-store")
    assert he.get(reverse("member.star_work", args=[things.foreign])).status_code == 404


def test_a_panel_from_a_seat_to_a_product(world):
    desk, lin = browser(world.actors["hq_editor"]), browser(world.actors["member_inner"])
    half = {"name": "儿童食品共创会", "about": "先试新品", "confidential": "上市前不外传"}
    does(desk, "hq.panels", "panel", seats="6", **half)
    page = text(desk, "hq.panels")
    panel = re.search(r'name="panel" value="([^"]+)"', page)[1]
    who = world.store(HERE)["members"][2]["id"]
    does(desk, "hq.panels", "seat", panel=panel, member=who, why="爱出主意")
    seat = PanelSeat.objects.get()
    assert "上市前不外传" in text(lin, "member.cocreate")
    does(lin, "member.cocreate", "sit", id=seat.public_id, keeps="yes")
    given = {"panel": panel, "product": "南瓜小馒头", "questions": "好嚼吗\n还会买吗", "until": "2026-04-01"}
    does(desk, "hq.panels", "trial", **given)
    assert "好嚼吗" in text(lin, "member.cocreate")
    trial = re.search(r'id="q-([0-9a-f-]+)-0"', text(lin, "member.cocreate"))[1]
    answer = {"id": trial, "q.0": "8", "q.1": "10", "words": "再小一号"}
    does(lin, "member.cocreate", "try", **answer)
    again = lin.post(reverse("member.cocreate"), {"do": "try"} | answer)
    assert (again.status_code, TrialAnswer.objects.count()) == (409, 1)
    item = Item.objects.get()
    assert "再小一号" in text(desk, "hq.panels")
    made = {"item": item.public_id, "stage": "product", "answer": "下周上架", "product": "一口馒头"}
    does(desk, "hq.panels", "item", **made)
    does(lin, "member.cocreate", "credit", id=item.public_id, name="小林")
    assert "小林的点子" in text(browser(world.actors["member_outer"]), "member.cocreate")


def test_friends_and_an_ambassador(world):
    desk, lin = browser(world.actors["hq_editor"]), browser(world.actors["member_inner"])
    he = browser(world.actors["member_outer"])
    does(lin, "member.ambassador", "code")
    code = re.search(r"<b>([A-Z0-9]{8})</b>", text(lin, "member.ambassador"))[1]
    does(he, "member.ambassador", "name", code=code)
    assert Referral.objects.get().device
    assert "0" in text(desk, "hq.friends")
    does(desk, "hq.friends", "agreement", body="说清楚身份", perks="新品先试")
    does(lin, "member.ambassador", "apply", why="想带邻居做辅食")
    row = Ambassador.objects.get()
    does(desk, "hq.friends", "decide", ambassador=row.public_id, yes="yes", weeks="13", tier="2")
    does(lin, "member.ambassador", "agree", number="1")
    for item in ("say_it", "own_words", "take_no", "children"):
        does(lin, "member.ambassador", "learn", item=item)
    assert "领路人" in text(lin, "member.ambassador")
    does(desk, "hq.friends", "task", ambassador=row.public_id, words="周五早茶会搭把手")
    assert "周五早茶会搭把手" in text(lin, "member.ambassador")
    assert "领路人" in text(desk, "hq.friends")


def test_a_poll_is_asked_voted_and_answered(world):
    desk, lin = browser(world.actors["hq_editor"]), browser(world.actors["member_inner"])
    given = {"kind": "preorder", "title": "小馒头先订", "options": "小包装\n大袋", "until": "2026-03-20"}
    assert desk.post(reverse("hq.panels"), {"do": "poll"} | given).status_code == 422
    does(desk, "hq.panels", "poll", price="29.9", least="50", **given)
    poll = Poll.objects.get()
    assert (poll.kind, poll.price_fen) == (PollKind.PREORDER, 2990)
    does(lin, "member.cocreate", "vote", id=poll.public_id, option="0", count="2")
    with clock.held(clock.now() + timedelta(days=20)):
        actions.answer_poll(viewer=JOB, poll_id=poll.public_id, made=True, answer="四月上架")
        assert "四月上架" in text(lin, "member.cocreate")
    does(desk, "hq.panels", "list", size="10", per_store="3")
    assert "正在列" in text(desk, "hq.panels")
