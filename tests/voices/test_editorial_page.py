"""编辑台: planned from the shelf, brought, dropped; the mix; words of the brand. Each step is a form of the one page."""

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from access.actors import carry
from stores.factories import BrandFactory, StoreFactory, viewer
from tongxin.foundation.accounts.actions import open_session
from tongxin.foundation.accounts.models import Account
from tongxin.stores.terms import Role
from tongxin.voices import actions, queries
from tongxin.voices.models import BrandWord, CalendarEntry, LibraryItem, MixTarget, Post
from tongxin.voices.terms import USUAL_MIX, ContentType, EntryState
from tongxin.voices.terms_moderation import WordUse
from voices.factories import TESTS, old_community

pytestmark = pytest.mark.django_db
PAGE = "hq.editorial"


def signed_in(who):
    client = Client(HTTP_ACCEPT_LANGUAGE="zh-CN")
    session = open_session(account=Account.objects.get(pk=who.account), second_factor=True)
    carry(client, str(session.public_id))
    return client


@pytest.fixture
def desk(noon):
    BrandFactory()
    group = old_community()
    return signed_in(viewer(Role.ADMIN)), group


def step(desk, name, **more):
    client, group = desk
    reply = client.post(reverse(PAGE), {"step": name, "community": group.public_id, **more})
    assert reply.status_code == 302
    return client.get(reply["Location"]).content.decode()


def test_from_the_shelf_to_a_post_of_the_community(desk):
    assert "已放进内容库" in step(desk, "shelve", content="tip", title="三种稠度", body="先稀后稠")
    item = LibraryItem.objects.get()
    assert "三种稠度" in step(desk, "plan", on="2026-03-09", item=item.public_id)
    entry = CalendarEntry.objects.get()
    assert (entry.content, entry.on) == ("tip", date(2026, 3, 9))
    step(desk, "bring", entry=entry.public_id)
    post = Post.objects.get()
    assert (post.body, post.content) == ("先稀后稠", "tip")
    step(desk, "plan", on="2026-03-10", title="幕后", content="behind")
    step(desk, "drop", entry=CalendarEntry.objects.last().public_id)
    assert [one.state for one in CalendarEntry.objects.order_by("id")] == [
        EntryState.PUBLISHED,
        EntryState.DROPPED,
    ]
    step(desk, "retire", item=item.public_id)
    assert queries.library(TESTS).items == ()


def test_the_mix_of_one_community_and_back_to_the_usual_one(desk):
    own = {f"share-{key}": "0" for key in ContentType} | {"share-tip": "60", "share-story": "40"}
    assert "比例已更新" in step(desk, "mix", **own)
    assert dict(MixTarget.objects.values_list("content", "share")) == {"tip": 60, "story": 40}
    assert "加起来要是 100%" in step(desk, "mix", **(own | {"share-tip": "61"}))
    step(desk, "mix", **{f"share-{key}": str(share) for key, share in USUAL_MIX.items()})
    assert not MixTarget.objects.exists()


def test_words_are_added_and_ended(desk):
    page = step(desk, "word", text="隔壁小铺", category="advert", level="hold")
    assert "隔壁小铺" in page
    step(desk, "unword", word=BrandWord.objects.get().public_id)
    assert not BrandWord.objects.exists()
    step(desk, "nonsense", text="隔壁小铺", category="advert", level="hold")
    assert not BrandWord.objects.exists()


def test_who_keeps_one_store_sees_its_communities_and_no_words(desk):
    store = StoreFactory()
    mine = old_community(store)
    actions.add_word(viewer=TESTS, text="隔壁小铺", use=WordUse.LAWFUL)
    client = signed_in(viewer(Role.STORE_MANAGER, store=store))
    page = client.get(reverse(PAGE)).content.decode()
    assert mine.name in page
    assert desk[1].name not in page
    assert "隔壁小铺" not in page
