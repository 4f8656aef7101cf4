"""The brand's own words: watched for or fine to say, from a day to a day, by who edits for the whole brand; the automaton takes them up at once."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from stores.factories import BrandFactory, StoreFactory, viewer
from tongxin.foundation import clock
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.stores.terms import Role
from tongxin.voices import actions, queries
from tongxin.voices.models import BrandWord, Post
from tongxin.voices.queries.wording import in_force, lexicon
from tongxin.voices.terms import PostState
from tongxin.voices.terms_moderation import Category, Level, WordUse
from voices.factories import old_community, says, settled

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 5)


@pytest.fixture
def editor(noon):
    BrandFactory()
    return viewer(Role.ADMIN)


def watch(editor, text="隔壁小铺", **more):
    return actions.add_word(
        viewer=editor, text=text, **({"category": Category.ADVERT, "level": Level.HOLD} | more)
    )


def found(text, at=None):
    return [hit.word for hit in lexicon(in_force(at or clock.now())).find(text)]


def test_a_word_holds_from_its_day_to_its_day_in_every_spelling(editor, noon):
    watch(editor, since=TODAY + timedelta(days=1), until=TODAY + timedelta(days=3))
    assert [found("去隔壁小铺买", noon + timedelta(days=n)) for n in range(5)] == [
        [],
        *[["隔壁小铺"]] * 3,
        [],
    ]
    later = noon + timedelta(days=1)
    assert found("隔 壁 小 铺", later) == found("隔壁小鋪", later) == ["隔壁小铺"]


def test_a_phrase_that_is_fine_to_say_frees_the_word_inside_it(editor):
    watch(editor, "大促")
    assert found("周末大促销") == ["大促"]
    actions.add_word(viewer=editor, text="大促织坊", use=WordUse.LAWFUL)
    assert found("大促织坊的毛线真软") == []
    assert found("周末大促销") == ["大促"]


def test_what_is_written_is_held_back_for_it_and_what_stood_before_stays(editor):
    group = old_community()
    author = settled(group)
    before = says(author, group, "隔壁小铺的酸奶也不错，我们换着吃。")
    with CaptureQueriesContext(connection) as without:
        says(author, group, "今天的南瓜泥蒸了十二分钟。")
    watch(editor)
    held = actions.write_post(
        viewer=author, community_id=group.public_id, body="明天一起去隔壁小铺集合，比这里便宜。"
    )
    assert (held.state, held.reasons) == (PostState.WAITING, ["advert"])
    assert Post.objects.get(pk=before.pk).state == PostState.PUBLISHED
    with CaptureQueriesContext(connection) as beside:
        says(author, group, "今天的红薯泥蒸了二十分钟，很甜。")
    assert len(beside) == len(without)  # the list is read in a statement that is asked anyway
    actions.end_word(viewer=editor, word_id=BrandWord.objects.get().public_id)
    free = actions.write_post(viewer=author, community_id=group.public_id, body="隔壁小铺今天换了新招牌呀。")
    assert free.state == PostState.PUBLISHED


@pytest.mark.parametrize(
    ("code", "given"),
    [
        ("voices.word_length", {"text": "店"}),
        ("voices.word_length", {"text": "——"}),
        ("voices.word_length", {"text": "店" * 25}),
        ("input.bad", {"level": None}),
        ("voices.word_days", {"until": TODAY - timedelta(days=1)}),
        ("voices.word_there", {"text": "隔壁小鋪"}),
    ],
)
def test_what_the_list_does_not_take(editor, code, given):
    watch(editor)
    entries = Entry.objects.count()
    with pytest.raises(Refused) as no:
        watch(editor, **given)
    assert (no.value.code, BrandWord.objects.count(), Entry.objects.count()) == (code, 1, entries)


def test_the_list_has_an_end(editor, monkeypatch):
    monkeypatch.setattr("tongxin.voices.actions.wording.WORDS_MOST", 1)
    watch(editor)
    with pytest.raises(Refused, match=r"voices\.words_full"):
        watch(editor, "对面的店")


def test_only_who_edits_for_the_whole_brand(editor):
    row = watch(editor)
    store = StoreFactory()
    for who in (viewer(Role.STORE_MANAGER, store=store), viewer(Role.AUDITOR), viewer(Role.HQ_ANALYST)):
        for act in (
            lambda: queries.brand_words(who),  # noqa: B023 - called here
            lambda: watch(who, "对面的店"),  # noqa: B023 - as above
            lambda: actions.end_word(viewer=who, word_id=row.public_id),  # noqa: B023 - as above
        ):
            with pytest.raises(Refused, match="absent"):
                act()
    assert [(one.text, one.holds) for one in queries.brand_words(editor)] == [("隔壁小铺", True)]


def test_an_ended_word_stays_in_the_list_and_ends_once(editor, noon):
    row = watch(editor, since=TODAY - timedelta(days=9))
    actions.end_word(viewer=editor, word_id=row.public_id)
    (line,) = queries.brand_words(editor)
    assert (line.holds, line.until) == (False, TODAY - timedelta(days=1))
    with pytest.raises(Refused, match="absent"):
        actions.end_word(viewer=editor, word_id=row.public_id)
    assert Entry.objects.filter(act="voices.word_ended").count() == 1
    watch(editor)  # and may be taken up again


def test_the_database_refuses_the_same_word_twice(editor):
    row = watch(editor)
    row.pk, row.public_id = None, "00000000-0000-4000-8000-000000000001"
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)
