"""Stars, panels, friends and ambassadors through Django's client: what a member reads and does, what headquarters answers."""

import re
from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse

from access.actors import HERE, JOB, browser, standing_world
from access.things import FACTORIES, margin_set, outside_seen, shares_owed, star_work
from tongxin.amplify import actions
from tongxin.amplify.models import (
    Ambassador,
    Item,
    OutsideCommunity,
    OutsideDeal,
    PanelSeat,
    Payout,
    Poll,
    Referral,
    Star,
    Teacher,
    TrialAnswer,
    Work,
)
from tongxin.amplify.terms_demand import PollKind
from tongxin.commerce import actions as commerce
from tongxin.foundation import clock
from tongxin.stores.models import Grant

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
    home = text(he, "member.home")  # the Star of the moment
    assert "一口一口来" in home
    assert str(things.foreign) not in home


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
    margin_set()
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


def test_a_teacher_from_the_desk_to_a_class_and_who_came_for_them(world):
    desk, lin = browser(world.actors["hq_editor"]), browser(world.actors["member_inner"])
    he = browser(world.actors["member_outer"])
    margin_set()
    who = world.store(HERE)["members"][2]["id"]
    does(desk, "hq.friends", "teacher", member=who, why="烤得好，还会讲", skill=["baking", "tea"])
    assert "烤得好，还会讲" in text(lin, "member.teachers")
    does(lin, "member.teachers", "accept", shown_as="小林老师", words="从一炉饼干开始")
    assert "小林老师" in text(he, "member.teachers")
    row = Teacher.objects.get()
    assert "从一炉饼干开始" in text(he, "member.teacher", row.public_id)
    found = he.post(reverse("member.teacher", args=[row.public_id]), {"do": "name"})
    assert (found.status_code, Referral.objects.get().teacher_id) == (302, row.pk)
    assert Referral.objects.get().device
    assert "小林老师" in text(desk, "hq.friends")
    does(lin, "member.teachers", "leave")
    assert he.get(reverse("member.teacher", args=[row.public_id])).status_code == 404


def test_the_margin_a_pool_and_a_payout(world):
    desk, lin = browser(world.actors["hq_editor"]), browser(world.actors["member_inner"])
    given = {"title": "这一季一起分享", "since": "2026-03-05", "until": "2026-06-01", "p.answered": "3"}
    does(desk, "hq.sharing", "margin", since="2026-03-05", high="42", other="24.5")
    assert "24.5" in text(desk, "hq.sharing")
    assert desk.post(reverse("hq.sharing"), {"do": "pool", "sum": "x"} | given).status_code == 422
    does(desk, "hq.sharing", "pool", sum="3000", **given)
    assert "这一季一起分享" in text(lin, "member.cocreate")
    shares_owed(world)
    does(desk, "hq.sharing", "draw")
    row = Payout.objects.get()
    file = desk.get(reverse("hq.payout.file", args=[row.public_id]))
    assert file["Cache-Control"] == "private, no-store"
    lines = file.content.decode("utf-8-sig").splitlines()
    assert (len(lines), lines[1].split(",")[-2:]) == (2, ["5000", "50.00"])
    does(desk, "hq.sharing", "approve", payout=row.public_id)
    does(desk, "hq.sharing", "paid", payout=row.public_id, reference="BANK-7")
    assert "BANK-7" in text(desk, "hq.sharing")


def test_a_role_of_headquarters_is_agreed_to_by_a_second_administrator(world):
    admin = browser(world.actors["admin"])
    waiting = FACTORIES["waiting_grant"](world, world.actors["admin"]).own
    assert waiting in text(admin, "hq.grants")
    does(admin, "hq.grants", "second", grant=waiting)
    assert Grant.objects.get(public_id=waiting).waits is False


# ---- other people's communities

WEEK_SEEN = {
    "week": "2026-03-02", "active": "240", "posts": "400", "on_topic": "260", "questions": "60", "answered": "48",
    "sampled": "250", "in_target": "180", "ours": "50", "first": "180", "second": "170", "both": "120",
}  # fmt: skip


def outside_of(world):
    """A fresh one: what a test before made was taken back."""
    world.made.pop("outside", None)
    return outside_seen(world, world.actors["hq_editor"]).own


def outside_does(client, do, **more):
    found = client.post(reverse("hq.outside"), {"do": do} | more)
    assert found.status_code == 302, found.content.decode()[:2000]
    return found["Location"]


def outside_page(client, one):
    return client.get(reverse("hq.outside"), {"one": one}).content.decode()


def test_from_a_week_to_a_deal(world):
    key = outside_of(world)
    editor, admin = browser(world.actors["hq_editor"]), browser(world.actors["admin"])
    assert "还没有观察" in outside_page(editor, key)
    outside_does(editor, "observe", community=key, **WEEK_SEEN)
    page = outside_page(editor, key)
    assert "人群契合" in page
    assert re.search(r"\d+ 分，区间 \d+–\d+", page)
    today = clock.business_day(clock.now())
    purse = commerce.open_envelope(
        viewer=JOB, title="外部社群", amount_fen=900_000, opens_on=today, closes_on=today, ring="outer"
    )
    offer = {
        "community": key, "kind": "naming", "value": "200", "value_from": "会员价值", "base": "20", "per_join": "5",
        "most_joins": "3", "weeks": "8", "starts_on": "2026-03-05", "code": "mums-1", "envelope": str(purse.public_id),
    }  # fmt: skip
    dear = editor.post(reverse("hq.outside"), {"do": "price"} | offer | {"base": "90000"})
    assert (dear.status_code, "超过价格上限" in dear.content.decode()) == (409, True)
    outside_does(editor, "price", **offer)
    deal = OutsideDeal.objects.get()
    own = editor.post(reverse("hq.outside"), {"do": "agree", "deal": str(deal.public_id), "community": key})
    assert (own.status_code, "定价的人不能自己同意" in own.content.decode()) == (403, True)
    outside_does(admin, "agree", deal=str(deal.public_id), community=key)
    outside_does(
        admin,
        "place",
        deal=str(deal.public_id),
        community=key,
        what="群公告",
        shown_on="2026-03-05",
        proof="截图",
    )
    page = outside_page(admin, key)
    assert "进行中" in page
    assert "群公告" in page
    outside_does(admin, "stop", deal=str(deal.public_id), community=key, reason="群主换人了")
    assert "群主换人了" in outside_page(admin, key)


def test_analysts_read_figures_and_no_names(world):
    key = outside_of(world)
    OutsideCommunity.objects.filter(public_id=key).update(host="周姐 139 0000 0000")
    who = world.store(HERE)["members"][2]["id"]
    editor, analyst = browser(world.actors["hq_editor"]), browser(world.actors["hq_analyst"])
    outside_does(editor, "talent", community=key, member=who, what="会做辅食", agreed="yes")
    assert "周姐" in outside_page(editor, key)
    assert "小陈" in outside_page(editor, key)
    page = outside_page(analyst, key)
    assert not re.search("周姐|小陈", page)
    assert "一位会员" in page
    assert "定一个价" not in page


def test_without_a_yes_nobody_is_written_down(world):
    key = outside_of(world)
    editor = browser(world.actors["hq_editor"])
    given = {"do": "talent", "community": key, "member": world.store(HERE)["members"][2]["id"], "what": "x"}
    assert editor.post(reverse("hq.outside"), given).status_code == 409
