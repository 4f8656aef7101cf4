"""新手妈妈辅食群 through the API alone: from the offer after a class to a product with a mother's name, and the evidence at headquarters."""

import base64
import io
from datetime import timedelta

import pytest
from django.db import transaction
from PIL import Image

from access.actors import HERE, NOON, api, browser
from tongxin.amplify import actions as amplify
from tongxin.foundation import clock
from tongxin.foundation.access import system
from tongxin.foundation.accounts.queries import account_by_handle
from tongxin.people.models import Customer
from tongxin.rings import actions as rings
from tongxin.stores import actions as stores
from tongxin.stores.models import Staff

pytestmark = pytest.mark.django_db

JOB = system("tests")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
JOB_TO_BE_DONE = {
    "who": "0–2 岁宝宝的家庭",
    "when": "开始添加辅食的时候",
    "wants": "轻松、科学地解决辅食喂养难题",
    "so_that": "宝宝吃得好，大人不焦虑",
    "proof": "每周一问：这周的辅食难题解决了吗",
}
AGE = {
    "questions": [
        {"name": "months", "zh": "宝宝多大了", "kind": "choice", "choices": ["0–6 个月", "7–12 个月"]}
    ]
}


class Story:
    """Who asks what, at the story's hour. `role` is the name of an actor of the sandbox."""

    def __init__(self, world):
        self.world, self.at = world, NOON + HOUR
        self.store = world.store(HERE)
        self.mother, self.peer = (self.store["members"][n]["id"] for n in (0, 1))

    def later(self, step):
        self.at += step

    def ask(self, role, method, path, body=None, *, expect=200, version=None):
        more = {} if version is None else {"If-Match": f'"{version}"'}
        with clock.held(self.at):
            reply = api(self.world.actors[role], method, f"/api/v1{path}", body, **more)
        assert reply.status_code == expect, (path, reply.content.decode()[:400])
        return reply.json() if reply["Content-Type"].startswith("application/json") else reply.content

    def night(self):
        """The nightly job places everybody anew."""
        self.later(6 * HOUR)
        with clock.held(self.at):
            rings.recompute(viewer=JOB)


@pytest.fixture
def story(world):
    with transaction.atomic():
        told = Story(world)
        account = world.actors["champion"].handle
        staff = Staff.objects.get(code=account)
        with clock.held(told.at):
            if staff.account_id is None:
                stores.link_account(viewer=JOB, staff=staff, account=account_by_handle(JOB, account))
        told.staff = str(staff.public_id)
        yield told
        transaction.set_rollback(True)


def jpeg():
    """A photo as a phone gives it, with a place in its metadata."""
    out, exif = io.BytesIO(), Image.Exif()
    exif[0x010E] = "GPS-SECRET"
    Image.new("RGB", (64, 48), (214, 150, 92)).save(out, "JPEG", exif=exif)
    return base64.b64encode(out.getvalue()).decode()


def opened(story):
    """The community, founded and opened by headquarters, with its nutritionist, a neighbour in it for six weeks, a challenge."""
    row = story.ask(
        "hq_editor", "POST", "/communities", expect=201,
        body={"name": "新手妈妈辅食群", "store": story.store["id"], "purpose": JOB_TO_BE_DONE, "interests": ["辅食", "睡眠"], "after_formats": ["class"]},
    )  # fmt: skip
    path = f"/communities/{row['id']}"
    story.ask("hq_editor", "PUT", f"{path}/gates", {"gates": [{"gate": "application", "settings": AGE}]})
    story.ask("hq_editor", "POST", f"{path}/rules", {"lines": ["只聊喂养，不发广告。"]}, expect=201)
    story.ask("hq_editor", "POST", f"{path}/open")
    until = (story.at + 200 * DAY).isoformat()
    expert = {
        "part": "expert",
        "staff": story.staff,
        "shown_as": "周医师",
        "specialty": "儿童营养",
        "until": until,
    }
    story.ask("hq_editor", "POST", f"{path}/parts", expert, expect=201)
    comes_in(story, "member_middle", path)
    story.later(42 * DAY)
    days = {"starts_on": f"{story.at:%Y-%m-%d}", "ends_on": f"{story.at + 27 * DAY:%Y-%m-%d}"}
    challenge = story.ask(
        "champion", "POST", f"{path}/challenges", {"title": "七天七口", "weekly_target": 4} | days, expect=201
    )
    return path, challenge["id"]


def comes_in(story, who, path):
    """Answers, accepts, is let in by the champion; what she reads on the way."""
    way = story.ask(
        who, "POST", f"{path}/join", {"answers": {"application": {"months": "0–6 个月"}}, "scene": "event"}
    )
    story.ask(who, "POST", f"{path}/accept", {"number": way["must_accept"], "shown_at": story.at.isoformat()})
    answer = {"gate": "application", "yes": True}
    story.ask("champion", "POST", f"/applications/{way['application']}/decide", answer)
    return way


def looked_at(story):
    """The champion releases the one post that waits."""
    (case,) = story.ask("champion", "GET", "/cases")["items"]
    story.ask("champion", "POST", f"/cases/{case['id']}/decision", {"decision": "release"})


def comes_and_is_offered(story):
    """A class with the baby, which is a companion of its guardian; afterwards the event offers the community."""
    people = Customer.objects.count()
    given = {
        "store": story.store["id"], "title": "亲子辅食课", "format": "class", "places": 12, "party_most": 2,
        "starts_at": (story.at + 2 * HOUR).isoformat(), "ends_at": (story.at + 4 * HOUR).isoformat(),
    }  # fmt: skip
    event = story.ask("champion", "POST", "/events", given, expect=201)["id"]
    story.ask("champion", "POST", f"/events/{event}/publish")
    baby = story.ask(
        "member_outer", "POST", "/me/companions", expect=201,
        body={"nickname": "豆豆", "age_years": 0, "agreed": True, "notice_version": "2026-01"},
    )  # fmt: skip
    seat = story.ask(
        "member_outer",
        "POST",
        f"/events/{event}/registrations",
        {"companions": [{"id": baby["id"]}]},
        expect=201,
    )
    assert Customer.objects.count() == people  # a baby is nobody's record
    story.later(2 * HOUR)
    door = story.ask(
        "champion", "POST", "/checkins", {"event": event, "registration": seat["id"]}, expect=201
    )
    assert door["did"] == "admitted"
    story.later(3 * HOUR)
    (offer,) = story.ask("member_outer", "GET", f"/communities?event={event}")["items"]
    assert (offer["name"], story.path) == ("新手妈妈辅食群", f"/communities/{offer['id']}")


def asks_and_is_answered(story):
    """The way in, the first week, a question, two answers."""
    way = comes_in(story, "member_outer", story.path)
    assert [(step["gate"], step["standing"]) for step in way["steps"]] == [
        ("application", "ours"),
        ("rules", "yours"),
    ]
    (line, *_) = story.ask("champion", "GET", f"{story.path}/members")["items"]
    assert (line["person"], line["scene"], line["tenure"]) == (story.mother, "event", "newcomer")
    story.ask(
        "member_outer",
        "POST",
        f"{story.path}/hello",
        {"hello": "豆豆妈，刚开始加辅食。", "interests": ["辅食"]},
    )
    question = story.ask(
        "member_outer",
        "POST",
        f"{story.path}/posts",
        {"body": "第一口选米粉还是肉泥？", "kind": "question"},
        expect=201,
    )
    assert question["state"] == "waiting"  # a newcomer's first words are looked at
    looked_at(story)
    replies = f"/posts/{question['id']}/replies"
    peer = story.ask("member_middle", "POST", replies, {"body": "我家先米粉，三天后加肉泥。"}, expect=201)
    expert = story.ask("champion", "POST", replies, {"body": "两样都行，先一样，连吃三天。"}, expect=201)
    assert (peer["peer"], expert["name"], expert["part_zh"]) == (True, "周医师", "专家")
    thread = story.ask("member_outer", "PUT", f"/posts/{peer['id']}/accepted", {"accepted": True})
    assert thread["post"]["answer"]["id"] == peer["id"]


def punches_in_and_posts_a_photo(story):
    """A week of punching in, by the store's days; then a photo without what the phone wrote into it."""
    story.ask("member_outer", "POST", f"/challenges/{story.challenge}/join")
    for _day in range(7):
        done = story.ask("member_outer", "POST", f"/challenges/{story.challenge}/check-in")
        story.later(DAY)
    assert done["done_today"] is True
    story.night()
    post = story.ask(
        "member_outer", "POST", f"{story.path}/posts", {"body": "第七口：南瓜泥，吃光了。"}, expect=201
    )
    story.photo = photo = story.ask(
        "member_outer", "POST", f"/posts/{post['id']}/photos", {"data": jpeg(), "show": True}, expect=201
    )
    seen = story.ask("member_middle", "GET", f"/post-photos/{photo['id']}/file")
    assert b"GPS-SECRET" not in seen
    assert Image.open(io.BytesIO(seen)).getexif() == {}
    story.ask("member_middle", "PUT", f"/posts/{post['id']}/reactions", {"kind": "liked"})


def becomes_a_star(story):
    """A Star, with a licence for one work."""
    star = story.ask(
        "hq_editor",
        "POST",
        "/star-list",
        {"member": story.mother, "why": "问得细，也告诉大家结果"},
        expect=201,
    )
    story.ask("member_outer", "PUT", "/me/star", {"do": "accept", "shown_as": "豆豆妈"})
    mine = story.ask("member_outer", "POST", "/me/star/works", {"photo": story.photo["id"]}, expect=201)
    work = mine["star"]["works"][0]["id"]
    licence = {"scope": "community", "until": (story.at + 90 * DAY).isoformat()}
    story.ask("member_outer", "PUT", f"/star-works/{work}/licence", licence)
    story.ask("hq_editor", "PUT", f"/stars/{star['id']}", {"do": "show"})
    (shown,) = story.ask("member_middle", "GET", "/stars")["items"]
    assert (shown["name"], [one["id"] for one in shown["works"]]) == ("豆豆妈", [work])


def has_an_idea_that_is_made(story):
    """Worth talking to, seated; she tries, and an idea of hers is made."""
    story.later(22 * DAY)
    asked = story.ask(
        "member_middle",
        "POST",
        f"{story.path}/posts",
        {"body": "南瓜和山药能同一天加吗？", "kind": "question"},
        expect=201,
    )
    looked_at(story)
    told = story.ask(
        "member_outer", "POST", f"/posts/{asked['id']}/replies", {"body": "我家隔了三天再加。"}, expect=201
    )
    story.ask("member_middle", "PUT", f"/posts/{told['id']}/accepted", {"accepted": True})
    story.night()
    story.ask("hq_editor", "POST", "/shortlists", {"size": 20, "per_store": 5}, expect=201)
    with clock.held(story.at):
        amplify.draw_up_lists(viewer=JOB)
    (listed,) = story.ask("hq_editor", "GET", "/shortlists")["items"]
    assert story.mother in {place["member"] for place in listed["places"]}
    panel = story.ask(
        "hq_editor", "POST", "/panels", expect=201,
        body={"name": "儿童食品共创会", "about": "先试新品", "confidential": "上市前不外传", "seats": 12},
    )  # fmt: skip
    story.ask(
        "hq_editor",
        "POST",
        f"/panels/{panel['id']}/seats",
        {"member": story.mother, "why": "说得清楚"},
        expect=201,
    )
    (mine,) = story.ask("member_outer", "GET", "/me/seats")["items"]
    story.ask("member_outer", "PUT", f"/me/seats/{mine['id']}", {"yes": True, "keeps": True})
    trial = {
        "product": "南瓜小米泥",
        "questions": ["宝宝爱不爱吃"],
        "until": (story.at + 14 * DAY).isoformat(),
    }
    story.ask("hq_editor", "POST", f"/panels/{panel['id']}/trials", trial, expect=201)
    ((open_trial,),) = [one["trials"] for one in story.ask("member_outer", "GET", "/me/seats")["items"]]
    story.ask("member_outer", "POST", f"/trials/{open_trial['id']}/answers", {"scores": {"0": 9}})
    idea = story.ask("member_outer", "POST", "/me/ideas", {"words": "想要按月龄分好的小包装。"}, expect=201)
    made = {"stage": "product", "answer": "下一批就按月龄分格。", "product": "月龄分格南瓜泥"}
    story.ask("hq_editor", "PUT", f"/ideas/{idea['id']}", made)
    (adopted,) = story.ask("member_outer", "GET", "/me/ideas")["items"]
    assert (adopted["stage"], adopted["answer"], adopted["product"]) == (
        "product",
        made["answer"],
        made["product"],
    )


def is_evidence(story):
    """At headquarters each step is evidence, and her ring has its reasons."""
    story.night()
    lines = story.ask("hq_editor", "GET", f"/members/{story.mother}/timeline?limit=100")["items"]
    kinds = {line["kind"] for line in lines}
    assert kinds >= {
        "registered", "checked_in", "joined", "posted", "punched_in", "answered", "answer_accepted", "featured",
        "panel_session", "idea_adopted",
    }  # fmt: skip
    placed = story.ask("hq_editor", "GET", f"/members/{story.mother}/ring")
    assert placed["ring"] == "middle"
    assert placed["said"]
    assert {gate["met"] for gate in placed["gates"]} == {True, False}
    assert "豆豆" not in str(placed) + str(lines)


def test_from_the_offer_after_a_class_to_a_product_with_her_name(story):
    story.path, story.challenge = opened(story)
    comes_and_is_offered(story)
    asks_and_is_answered(story)
    punches_in_and_posts_a_photo(story)
    becomes_a_star(story)
    has_an_idea_that_is_made(story)
    is_evidence(story)


def test_who_is_removed_gets_nothing_from_the_next_request_on(story):
    """Feed, thread, photo, challenge, form: by the API and by page; a moment before, all of it was there."""
    path, challenge = opened(story)
    comes_in(story, "member_outer", path)
    circle = path.removeprefix("/communities/")
    asked = story.ask("champion", "POST", f"{path}/posts", {"body": "周三晚八点答疑。"}, expect=201)
    data = {"data": jpeg(), "show": True}
    mine = story.ask(
        "member_middle", "POST", f"{path}/posts", {"body": "南瓜蒸透再压，不加水也很细。"}, expect=201
    )
    photo = story.ask("member_middle", "POST", f"/posts/{mine['id']}/photos", data, expect=201)
    doors = (
        ("GET", f"{path}/posts", None, 200, 409),
        ("GET", f"/posts/{asked['id']}", None, 200, 404),
        ("GET", f"/post-photos/{photo['id']}/file", None, 200, 404),
        ("GET", f"/challenges/{challenge}", None, 200, 404),
        ("POST", f"/challenges/{challenge}/join", None, 200, 404),
        ("POST", f"/posts/{asked['id']}/replies", {"body": "好的，准时来。"}, 201, 404),
    )
    pages = (
        (f"/m/communities/{circle}/talk/", 409),
        (f"/m/posts/{asked['id']}/", 404),
        (f"/m/post-photos/{photo['id']}/", 404),
        (f"/m/challenges/{challenge}/", 404),
    )
    with clock.held(story.at):
        page = browser(story.world.actors["member_outer"])
        assert [page.get(address).status_code for address, _ in pages] == [200] * len(pages)
    for method, address, body, before, _ in doors:
        story.ask("member_outer", method, address, body, expect=before)
    members = story.ask("champion", "GET", f"{path}/members")["items"]
    (hers,) = [one["id"] for one in members if one["person"] == story.mother]
    story.ask("champion", "POST", f"/community-members/{hers}/remove", {"reason": "连续三次发广告"})
    for method, address, body, _, after in doors:
        story.ask("member_outer", method, address, body, expect=after)
    with clock.held(story.at):
        assert [page.get(address).status_code for address, _ in pages] == [code for _, code in pages]
    assert story.ask("member_outer", "GET", "/me/feed")["items"] == []
