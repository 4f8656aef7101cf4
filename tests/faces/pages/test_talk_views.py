"""The pages round the fire through Django's client: said, asked, answered, accepted, taken back; and no text becomes a page's own."""

import io
import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse
from PIL import Image

from access.actors import JOB, browser, standing_world
from access.things import community, my_community
from tongxin.communities.models import Community, Membership
from tongxin.faces.talk import linked
from tongxin.foundation import clock
from tongxin.voices import actions
from tongxin.voices.actions import states
from tongxin.voices.actions.editing import locked
from tongxin.voices.models import Post, PostPhoto, Topic
from tongxin.voices.terms import PostKind, PostState, Visibility
from voices.payloads import PAYLOADS

pytestmark = pytest.mark.django_db
OURS = re.compile("外环|中环|内环|拉新|转化|命中|词库")  # what members never read


@pytest.fixture
def _django_db_helper():
    """The world of the module stands in one transaction; each test takes back what it did."""


@pytest.fixture(scope="module")
def standing(django_db_setup, django_db_blocker):
    with standing_world(django_db_blocker) as built:
        my_community(built, built.actors["member_inner"])
        yield built


@pytest.fixture
def world(standing):
    with transaction.atomic():
        yield standing
        transaction.set_rollback(True)


@pytest.fixture
def home(world):
    return Community.objects.get(public_id=my_community(world, world.actors["member_inner"]).own)


def seen(post):
    if post.state == PostState.WAITING:
        states.move(viewer=JOB, post=locked(post), state=PostState.PUBLISHED)
    return post


def text(client, route, *args, **more):
    return client.get(reverse(route, args=args), more).content.decode()


def jpeg():
    out = io.BytesIO()
    Image.new("RGB", (32, 24), (214, 150, 92)).save(out, "JPEG")
    return SimpleUploadedFile("a.jpg", out.getvalue(), content_type="image/jpeg")


def test_a_question_from_the_form_to_the_answer_that_helped(world, home):
    me = browser(world.actors["member_inner"])
    talk = reverse("member.talk", args=[home.public_id])
    assert me.post(talk, {"body": "  "}).status_code == 422
    sent = me.post(
        talk, {"body": "宝宝不肯吃肉泥，怎么办？", "kind": "question", "photo": jpeg(), "show": "yes"}
    )
    post = Post.objects.get(kind=PostKind.QUESTION)
    assert (sent.status_code, sent.url) == (302, reverse("member.post", args=[post.public_id]))
    page = text(me, "member.post", post.public_id)
    assert "版主看一眼就发出来" in page
    assert reverse("member.post_photo", args=[PostPhoto.objects.get().public_id]) in page
    assert not OURS.search(page)
    seen(post)
    answer = actions.reply(viewer=JOB, post_id=post.public_id, body="先混一勺南瓜泥")
    here = reverse("member.post", args=[post.public_id])
    assert "采纳" in text(me, "member.post", post.public_id)
    assert me.post(here, {"do": "accept", "answer": str(answer.public_id)}).status_code == 302
    assert "提问人采纳" in text(me, "member.talk", home.public_id, kind="question")
    assert "提问人采纳" in text(me, "member.home")
    assert me.post(here, {"do": "react", "kind": "useful", "post": str(answer.public_id)}).status_code == 302
    assert Post.objects.get(pk=answer.pk).useful == 1
    assert me.post(here, {"do": "react", "kind": "liked"}).status_code == 422  # not to oneself
    assert me.post(here, {"do": "edit", "body": "改成鱼泥了", "version": "9"}).status_code == 412
    assert me.post(here, {"do": "public"}).status_code == 302
    assert Post.objects.get(pk=post.pk).visibility == Visibility.PUBLIC
    photo = PostPhoto.objects.get()
    shown = {"do": "photo.show", "photo": str(photo.public_id), "state": "public"}
    assert me.post(here, shown).status_code == 302
    anybody = Client().get(reverse("member.post_photo", args=[photo.public_id]))
    assert (anybody.status_code, anybody["Cache-Control"]) == (200, "public, max-age=60, must-revalidate")
    assert "宝宝不肯吃肉泥" in text(Client(), "member.community", home.public_id)
    assert me.post(here, {"do": "inside"}).status_code == 302
    assert Client().get(reverse("member.post_photo", args=[photo.public_id])).status_code == 404
    assert "宝宝不肯吃肉泥" not in text(Client(), "member.community", home.public_id)
    assert me.post(here, {"do": "photo.remove", "photo": str(photo.public_id)}).status_code == 302
    assert me.post(here, {"do": "nonsense"}).status_code == 404
    assert me.post(here, {"do": "withdraw"}).status_code == 302
    assert me.get(here).status_code == 404


def test_staff_answer_on_the_same_pages(world):
    manager = world.actors["store_manager"]
    key = community(world, manager).own
    desk = browser(manager)
    assert desk.post(reverse("member.talk", args=[key]), {"body": "本周三晚上答疑"}).status_code == 302
    post = Post.objects.latest("id")
    page = text(desk, "member.post", post.public_id)
    assert "这是你写的" in page
    assert (
        desk.post(
            reverse("member.post", args=[post.public_id]), {"do": "reply", "body": "带上问题来"}
        ).status_code
        == 302
    )
    assert Post.objects.get(pk=post.pk).replies == 1


class Tags(HTMLParser):
    """Everything of a page that could act: scripts, handlers, addresses."""

    def __init__(self):
        super().__init__()
        self.bad = []
        self.made = []

    def handle_starttag(self, tag, attrs):
        given = {name: value or "" for name, value in attrs}
        self.bad += [(tag, name) for name in given if name.startswith("on") or name == "srcdoc"]
        for name in ("href", "src", "action", "formaction", "data"):
            scheme = urlsplit(given.get(name, "").strip()).scheme
            if scheme not in {"", "https", "http"} and not given[name].startswith("data:image/"):
                self.bad.append((tag, given[name]))
        if tag in {"iframe", "object", "embed", "marquee", "video", "math", "base", "style"}:
            self.bad.append((tag, ""))
        if tag == "script" and not given.get("src", "").startswith("/"):
            self.bad.append((tag, "inline"))
        if tag == "img" and not given.get("src", "").startswith(("/", "data:image/")):
            self.bad.append((tag, given.get("src", "")))


def acting(page):
    found = Tags()
    found.feed(page)
    return found.bad


def test_the_reader_of_this_test_sees_what_it_looks_for():
    """The control arm: without escaping nearly every payload is found."""
    assert sum(bool(acting(one)) for one in PAYLOADS) > 120


def test_two_hundred_payloads_stay_text_on_every_page(world, home):
    me = browser(world.actors["member_inner"])
    member = Membership.objects.get(community=home)
    now = clock.now()
    given = {
        "community": home, "person_id": member.person_id, "membership": member, "state": PostState.PUBLISHED, "written_at": now, "shown_at": now,
    }  # fmt: skip
    topic = Topic.objects.create(
        community=home, name=PAYLOADS[0][:24], about=PAYLOADS[1], last_at=now, made_at=now, made_by="test"
    )
    posts = Post.objects.bulk_create(
        [
            Post(kind=PostKind.POST, topic=topic, body=one, visibility=Visibility.PUBLIC, **given)
            for one in PAYLOADS
        ]
    )
    root = Post.objects.create(kind=PostKind.QUESTION, body=PAYLOADS[3], **given)
    Post.objects.bulk_create([Post(kind=PostKind.ANSWER, root=root, body=one, **given) for one in PAYLOADS])
    Post.objects.filter(pk__in=[one.pk for one in posts]).update(person=None, membership=None)
    read, said = 0, set()
    for route, key in (
        ("member.talk", home.public_id),
        ("member.topic", topic.public_id),
        ("member.post", root.public_id),
        ("member.home", None),
    ):
        address = reverse(route, args=[] if key is None else [key])
        while address:
            page = me.get(address).content.decode()
            assert acting(page) == [], route
            read += 1
            said |= {n for n, one in enumerate(PAYLOADS) if str(linked(one)) in page}
            more = re.search(r'href="\?(?:[^"]*&amp;)?(cursor=[^"#]+)', page)
            address = f"{address.split('?')[0]}?{more[1]}" if more and read < 45 else ""
    assert acting(text(Client(), "member.community", home.public_id)) == []
    assert said == set(range(len(PAYLOADS)))  # every one of them was there to be read


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("看 https://a.example/b?c=1&d=2。", 'href="https://a.example/b?c=1&amp;d=2"'),
        ("https://a.example, 好", ">https://a.example</a>, 好"),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ("<b>粗</b>", "&lt;b&gt;粗&lt;/b&gt;"),
    ],
)
def test_only_addresses_of_the_web_become_links(said, shown):
    assert shown in linked(said)
