"""The pages of communities through Django's client: prepared, opened, applied for, answered, accepted anew, left."""

import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse
from PIL import Image

from access.actors import HERE, JOB, browser, standing_world
from tongxin.commerce.models import Promise
from tongxin.communities import actions, queries
from tongxin.communities.models import Application, Community, Container, Membership, PartTerm, RuleSet

pytestmark = pytest.mark.django_db
# What members never read (visual.md §6).
OURS = re.compile("外环|中环|内环|拉新|转化|萌芽|守望|沉睡")


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


def text(client, route, *args, **more):
    return client.get(reverse(route, args=args), more).content.decode()


def shown_at(page):
    return re.search(r'name="shown_at" value="([^"]+)"', page)[1]


def prepared(world):
    """(editor's browser, the community), written and opened at the desk."""
    editor = browser(world.actors["hq_editor"])
    home = world.store(HERE)["id"]
    half = {"name": "新手妈妈辅食群", "store": home, "who": "0–2 岁宝宝的家庭"}
    editor.post(reverse("hq.communities"), half)
    draft = Community.objects.get()
    address = reverse("hq.community", args=[draft.public_id])
    assert editor.post(address, {"step": "open"}).status_code == 422  # the job to be done is half said
    Community.objects.all().delete()
    more = {"when": "添加辅食时", "wants": "解决辅食喂养难题", "so_that": "宝宝吃得好", "proof": "每周一问"}
    assert editor.post(reverse("hq.communities"), half | more).status_code == 302
    row = Community.objects.get()
    address = reverse("hq.community", args=[row.public_id])
    assert editor.post(address, {"step": "open"}).status_code == 409  # no rules yet
    editor.post(address, {"step": "rules", "lines": "只聊喂养\n说自己的经验\n", "mandatory": "yes"})
    assert RuleSet.objects.get().lines == ["只聊喂养", "说自己的经验"]
    assert editor.post(address, {"step": "open"}).status_code == 302
    return editor, Community.objects.get()


def test_from_the_desk_to_a_member_and_back(world):
    editor, row = prepared(world)
    assert "萌芽" in text(editor, "hq.communities")  # its stage, which members never see
    asks = {"questions": [{"name": "why", "zh": "为什么想来", "kind": "text"}]}
    actions.set_gates(viewer=JOB, community_id=row.public_id, gates=[("application", asks)])

    mother = browser(world.actors["member_outer"])
    assert "新手妈妈辅食群" in text(mother, "member.communities")
    page = text(mother, "member.community", row.public_id)
    assert "为什么想来" in page
    assert not OURS.search(page)
    join = reverse("member.community.join", args=[row.public_id])
    form = {"a.application.why": "想学做辅食", "accept": "1", "shown_at": shown_at(page)}
    assert mother.post(join, form | {"accept": "9"}).status_code == 409
    assert not Application.objects.exists()
    assert mother.post(join, form).status_code == 302
    assert "等社群答复" in text(mother, "member.community", row.public_id)

    champion = browser(
        next(actor for actor in world.actors.values() if actor.role == "champion" and actor.home == HERE)
    )
    waiting = text(champion, "champion.communities")
    assert "想学做辅食" in waiting
    asked = Application.objects.get()
    answer = reverse("champion.application", args=[asked.public_id])
    champion.post(answer, {"gate": "application", "answer": "no"})  # without a reason
    assert Application.objects.get().state == "underway"
    champion.post(answer, {"gate": "application", "answer": "yes"})
    member = Membership.objects.get()

    page = text(mother, "member.community", row.public_id)
    assert "第一周，慢慢来" in page
    act = reverse("member.community.act", args=[row.public_id])
    mother.post(act, {"step": "say", "hello": "豆豆妈，来学习"})
    mother.post(act, {"step": "gather"})
    assert "豆豆妈，来学习" in text(champion, "champion.community", row.public_id)
    address = reverse("hq.community", args=[row.public_id])
    editor.post(address, {"step": "rules", "lines": "只聊喂养\n不发广告", "mandatory": "yes"})
    page = text(mother, "member.community", row.public_id)
    assert "群规有了新版" in page
    assert mother.post(act, {"step": "say", "hello": "在吗"}).status_code == 409
    mother.post(act, {"step": "accept", "accept": "2", "shown_at": shown_at(page)})
    assert mother.post(act, {"step": "say", "hello": "我回来了"}).status_code == 302
    assert "1 / 1" in text(editor, "hq.community", row.public_id)

    mother.post(act, {"step": "leave"})
    member.refresh_from_db()
    assert member.ended == "left"
    assert "怎么加入" in text(mother, "member.community", row.public_id)
    assert not PartTerm.objects.exists()


def test_somebody_who_is_not_signed_in_sees_the_gates_and_the_way_in(world):
    _, row = prepared(world)
    page = text(browser(world.actors["anonymous"]), "member.community", row.public_id)
    assert "登录后加入" in page
    assert "同意群规" in page
    assert not OURS.search(page)


def test_the_desk_gives_it_a_face_groups_a_fee_and_events_that_offer_it(world):
    """Each form of the desk once: what is sent is kept, what cannot be is said on the page."""
    editor, row = prepared(world)
    address = reverse("hq.community", args=[row.public_id])
    assert editor.post(address, {"step": "emblem"}).status_code == 422  # no picture
    assert editor.post(address, {"step": "emblem", "emblem": picture()}).status_code == 302
    shown = Client().get(reverse("member.community.emblem", args=[row.public_id]))
    assert b"GPS-SECRET" not in b"".join(shown.streaming_content)
    row.refresh_from_db()
    share = {"step": "share", "interests": "辅食\n睡眠", "rituals": "妈妈早茶会｜周五上午｜带宝宝来坐坐"}
    assert editor.post(address, share).status_code == 412  # somebody else may have written in between
    assert editor.post(address, share | {"version": row.version}).status_code == 302
    group = {"step": "container", "kind": "wecom", "name": "辅食一群", "external_id": "wrOgAAA1"}
    assert editor.post(address, group).status_code == 302
    assert editor.post(address, group).status_code == 409  # the platform's id belongs to one community
    fee = {"step": "gates", "gate": ["paid"], "fee": "9.90", "fee_back": "9.90"}
    assert editor.post(address, fee | {"fee": "九块九"}).status_code == 422
    assert editor.post(address, fee).status_code == 302
    assert editor.post(address, {"step": "after", "format": ["class", "tea"]}).status_code == 302
    row.refresh_from_db()
    assert (row.shared["interests"], row.rituals[0]["when"]) == (["辅食", "睡眠"], "周五上午")
    page = text(editor, "hq.community", row.public_id)
    for words in ("wrOgAAA1", "到店付一次 ¥9.90，入群返 ¥9.90 券", 'value="9.90"'):
        assert words in page
    assert queries.after_of(JOB, row.public_id) == {
        ("events", "format", "class"),
        ("events", "format", "tea"),
    }
    gone = Container.objects.get()
    editor.post(address, {"step": "container", "gone": str(gone.public_id)})
    gone.refresh_from_db()
    assert gone.until is not None
    mother = browser(world.actors["member_outer"])
    join = reverse("member.community.join", args=[row.public_id])
    mother.post(join, {"accept": "1", "shown_at": shown_at(text(mother, "member.community", row.public_id))})
    assert "等付款" in text(mother, "member.community", row.public_id)
    till = next(one for one in world.actors.values() if one.role == "champion" and one.home == HERE)
    assert "等付款" in text(browser(till), "champion.community", row.public_id)
    assert "新手妈妈辅食群" in text(browser(till), "champion.till")
    paid = reverse("champion.promise.paid", args=[Promise.objects.get().public_id])
    browser(till).post(paid, {"receipt": "R-1", "store": world.store(HERE)["id"]})
    assert "第一周，慢慢来" in text(mother, "member.community", row.public_id)


def picture():
    """A picture as a phone gives it, with a place in its metadata."""
    out, exif = io.BytesIO(), Image.Exif()
    exif[0x010E] = "GPS-SECRET"
    Image.new("RGB", (64, 64), (214, 150, 92)).save(out, "JPEG", exif=exif)
    return SimpleUploadedFile("emblem.jpg", out.getvalue(), "image/jpeg")


def test_the_pages_speak_english(world):
    editor, row = prepared(world)
    mother = browser(world.actors["member_outer"])
    for client, route, args in (
        (mother, "member.communities", ()),
        (mother, "member.community", (row.public_id,)),
        (editor, "hq.community", (row.public_id,)),
    ):
        client.post(reverse("enter.language"), {"language": "en", "next": "/"})
        assert client.get(reverse(route, args=args)).status_code == 200
    assert "How to join" in text(mother, "member.community", row.public_id)
