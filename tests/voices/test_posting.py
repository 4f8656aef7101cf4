"""Saying something: who may, what it writes, what is told, and that a refusal writes nothing."""

from datetime import timedelta

import pytest

from communities.factories import comes_in
from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS
from tongxin.communities import actions as communities
from tongxin.communities import queries as community_queries
from tongxin.foundation import clock
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.outreach.models import Send
from tongxin.people.models import Deed
from tongxin.rings.terms import Ring
from tongxin.voices import actions, queries
from tongxin.voices.actions import states
from tongxin.voices.actions.editing import locked
from tongxin.voices.models import Post, PostLicence, PostVersion, Reaction
from tongxin.voices.terms import PostKind, PostState, ReactionKind, Visibility
from voices.factories import asks, by_the_community, old_community, replies, says, settled, text

pytestmark = pytest.mark.django_db


def refused(code, act, **given):
    before = counts()
    with pytest.raises(Refused) as caught:
        act(**given)
    assert (caught.value.code, counts()) == (code, before)
    return caught.value


def counts():
    """Everything that a post writes."""
    return tuple(
        model.objects.count() for model in (Post, PostVersion, PostLicence, Reaction, Deed, Entry, Send)
    )


def deeds(*kinds):
    return list(
        Deed.objects.filter(kind__in=kinds)
        .order_by("id")
        .values_list("kind", "person", "counterpart", "weight", "community")
    )


@pytest.fixture
def group(noon):
    return old_community()


def test_a_post_is_seen_booked_and_in_the_trail(group, noon):
    lin = settled(group)
    post = says(lin, group, "豆豆今天把南瓜泥吃完了")
    assert (post.kind, post.state, post.shown_at, post.person_id, post.peer) == (
        PostKind.POST, PostState.PUBLISHED, noon, lin.person, True,
    )  # fmt: skip
    assert deeds("posted") == [("posted", lin.person, None, 2, group.pk)]
    entry = Entry.objects.filter(act="voices.posted").get()
    assert "南瓜" not in entry.after + entry.before
    page = queries.feed(lin, group.public_id)
    assert [(one.id, one.body, one.mine, one.name) for one in page.items] == [
        (post.public_id, "豆豆今天把南瓜泥吃完了", True, page.items[0].name)
    ]
    assert Send.objects.filter(kind__startswith="voices.").count() == 0


def test_who_is_new_waits_for_a_look_and_is_told_when_it_is_out(group):
    new = comes_in(group)
    viewer = member_viewer(new.person)
    post = says(viewer, group)
    assert (post.state, post.shown_at, post.reasons) == (PostState.WAITING, None, ["newcomer"])
    other = settled(group)
    assert queries.feed(other, group.public_id).items == ()
    refused("absent", queries.thread, viewer=other, post_id=post.public_id)
    assert queries.thread(viewer, post.public_id).post.reasons == ("newcomer",)
    assert deeds("posted") == []
    states.move(viewer=TESTS, post=locked(post), state=PostState.PUBLISHED)
    assert [one.id for one in queries.feed(other, group.public_id).items] == [post.public_id]
    assert deeds("posted") == [("posted", new.person_id, None, 2, group.pk)]
    assert list(Send.objects.filter(kind="voices.shown").values_list("person", flat=True)) == [new.person_id]


def test_outsiders_and_who_has_not_accepted_the_rules_write_and_read_nothing(group):
    post = says(settled(group), group)
    outside = member_viewer(CustomerFactory())
    body = {"community_id": group.public_id, "body": text()}
    refused("communities.not_member", actions.write_post, viewer=outside, **body)
    refused("communities.not_member", queries.feed, viewer=outside, community_id=group.public_id)
    for act in (queries.thread, actions.withdraw_post):
        refused("absent", act, viewer=outside, post_id=post.public_id)
    refused("absent", actions.reply, viewer=outside, post_id=post.public_id, body="你好")
    inside = settled(group)
    communities.publish_rules(viewer=TESTS, community_id=group.public_id, lines=["新的一版"], mandatory=True)
    with clock.held(clock.now() + timedelta(days=30)):
        refused("communities.rules_unaccepted", actions.write_post, viewer=inside, **body)
        refused("communities.rules_unaccepted", queries.feed, viewer=inside, community_id=group.public_id)
        refused("absent", actions.react, viewer=inside, post_id=post.public_id, kind=ReactionKind.LIKED)


def test_who_is_removed_has_nothing_from_the_next_request_on(group):
    lin = settled(group)
    post = says(settled(group), group)
    mine = says(lin, group)
    member = community_queries.open_membership(group, lin.person)
    assert len(queries.my_feed(lin).items) == 2
    communities.remove(viewer=TESTS, membership_id=member.public_id, reason="广告")
    assert queries.my_feed(lin).items == ()
    refused("communities.not_member", queries.feed, viewer=lin, community_id=group.public_id)
    refused("absent", queries.thread, viewer=lin, post_id=post.public_id)
    refused("absent", actions.reply, viewer=lin, post_id=post.public_id, body="你好")
    refused("communities.not_member", actions.edit_post, viewer=lin, post_id=mine.public_id, body="改")
    # what is theirs they can still take away
    assert actions.withdraw_post(viewer=lin, post_id=mine.public_id).state == PostState.WITHDRAWN


@pytest.mark.parametrize(
    ("code", "body"), [("voices.empty", " \n "), ("voices.empty", "\x00"), ("voices.too_long", "字" * 2001)]
)
def test_a_text_that_is_none(group, code, body):
    refused(code, actions.write_post, viewer=settled(group), community_id=group.public_id, body=body)


def test_too_fast_and_twice(group):
    lin = settled(group, ring=Ring.OUTER)
    says(lin, group, "南瓜泥怎么做才不稀，求一个比例")
    refused("voices.twice", says, viewer=lin, community=group, body="南瓜泥怎么做才不稀，求一个比例")
    says(lin, group)
    says(lin, group)
    refused("voices.too_fast", says, viewer=lin, community=group)
    with clock.held(clock.now() + timedelta(hours=2)):
        says(lin, group)


def test_a_question_its_answers_and_the_one_that_helped(group, noon):
    he, lin, zhou = settled(group), settled(group), settled(group)
    question = asks(he, group, "宝宝不肯吃肉泥，一喂就吐，怎么办？")
    replies(he, question, "补充：十个月")
    question.refresh_from_db()
    assert (question.replies, question.answered_at) == (1, None)
    with clock.held(noon + timedelta(minutes=10)):
        first = replies(lin, question, "先把肉打到酸奶那么细，混一勺南瓜泥。")
    second = replies(zhou, question)
    question.refresh_from_db()
    assert (question.replies, question.answered_at, question.answered_by_peer) == (
        3, noon + timedelta(minutes=10), True,
    )  # fmt: skip
    assert deeds("answered")[1:] == [
        ("answered", lin.person, he.person, 3, group.pk),
        ("answered", zhou.person, he.person, 3, group.pk),
    ]
    told = Send.objects.filter(kind="voices.answered")
    assert list(told.values_list("person", flat=True)) == [he.person, he.person]
    refused("voices.not_asker", actions.accept_answer, viewer=lin, answer_id=first.public_id)
    refused("voices.under", actions.accept_answer, viewer=he, answer_id=question.public_id)
    actions.accept_answer(viewer=he, answer_id=second.public_id)
    actions.accept_answer(viewer=he, answer_id=first.public_id)
    actions.accept_answer(viewer=he, answer_id=first.public_id)
    assert deeds("answer_accepted") == [
        ("answer_accepted", zhou.person, he.person, 5, group.pk),
        ("answer_accepted", zhou.person, he.person, -5, group.pk),
        ("answer_accepted", lin.person, he.person, 5, group.pk),
    ]
    seen = queries.thread(zhou, question.public_id)
    assert (seen.post.answer.id, seen.may_accept) == (first.public_id, False)
    assert [one.id for one in seen.replies if one.mine] == [second.public_id]
    # the accepted answer goes: the question is open again, and the next one was first
    actions.withdraw_post(viewer=lin, post_id=first.public_id)
    question.refresh_from_db()
    assert (question.accepted_id, question.replies, question.answered_at) == (None, 2, noon)


def test_staff_speak_as_who_they_are_here_and_that_is_no_peer(group):
    he = settled(group)
    question = asks(he, group)
    answer = replies(TESTS, question)
    question.refresh_from_db()
    assert (answer.peer, question.answered_by_peer) == (False, False)
    assert queries.thread(he, question.public_id).replies[0].name == group.name


def test_nobody_answers_an_answer(group):
    he = settled(group)
    answer = replies(settled(group), asks(he, group))
    refused("voices.under", actions.reply, viewer=he, post_id=answer.public_id, body="谢谢")
    refused(
        "voices.under",
        actions.write_post,
        viewer=he,
        community_id=group.public_id,
        body="x",
        kind=PostKind.ANSWER,
    )


def test_one_tap_counts_once_and_can_be_taken_back(group):
    he, lin = settled(group), settled(group)
    post = says(he, group)
    for _ in range(2):
        actions.react(viewer=lin, post_id=post.public_id, kind=ReactionKind.USEFUL)
    card = queries.feed(lin, group.public_id).items[0]
    assert (card.useful, card.reacted) == (1, {ReactionKind.USEFUL})
    assert deeds("reacted") == [("reacted", lin.person, he.person, 1, group.pk)]
    refused("voices.own", actions.react, viewer=he, post_id=post.public_id, kind=ReactionKind.USEFUL)
    for _ in range(2):
        actions.unreact(viewer=lin, post_id=post.public_id, kind=ReactionKind.USEFUL)
    actions.react(viewer=lin, post_id=post.public_id, kind=ReactionKind.USEFUL)
    assert [row[3] for row in deeds("reacted")] == [1, -1]  # on and off and on is worth nothing more
    assert Post.objects.get(pk=post.pk).useful == 1


def test_an_edit_keeps_what_was_said_and_is_judged_anew(group):
    lin = settled(group)
    post = says(lin, group, "第一版，南瓜两勺")
    refused("edit.stale", actions.edit_post, viewer=lin, post_id=post.public_id, body="第二版", version=7)
    actions.edit_post(viewer=lin, post_id=post.public_id, body="第二版，南瓜三勺", version=1)
    assert list(PostVersion.objects.values_list("number", "body")) == [(1, "第一版，南瓜两勺")]
    card = queries.thread(lin, post.public_id).post
    assert (card.body, card.edited, card.version) == ("第二版，南瓜三勺", True, 2)
    actions.edit_post(
        viewer=lin, post_id=post.public_id, body="日结兼职，加我微信 wx: zhuanqian888 扫码进群领佣金"
    )
    post.refresh_from_db()
    assert (post.state, queries.feed(settled(group), group.public_id).items) == (PostState.WAITING, ())
    with clock.held(clock.now() + timedelta(days=8)):
        refused("voices.late", actions.edit_post, viewer=lin, post_id=post.public_id, body="晚了")


def test_what_is_taken_back_is_seen_by_nobody_and_counts_for_nothing(group):
    lin, he = settled(group), settled(group)
    topic = actions.open_topic(viewer=TESTS, community_id=group.public_id, name="第一口肉泥")
    post = says(lin, group, topic=topic.public_id)
    assert queries.topics(he, group.public_id)[0].posts == 1
    comment = replies(he, post)
    actions.withdraw_post(viewer=lin, post_id=post.public_id)
    refused("absent", actions.withdraw_post, viewer=lin, post_id=post.public_id)
    for viewer in (lin, he, TESTS):
        refused("absent", queries.thread, viewer=viewer, post_id=post.public_id)
    assert queries.topics(he, group.public_id)[0].posts == 0
    assert [row[3] for row in deeds("posted")] == [2, -2]
    assert not Send.objects.filter(kind="voices.commented", state="queued").exists()
    refused("absent", queries.thread, viewer=lin, post_id=comment.public_id)


def test_a_removed_post_keeps_its_words_and_comes_back_as_a_deed_of_its_own(group):
    lin = settled(group)
    post = says(lin, group, "这句要留作证据")
    states.move(viewer=TESTS, post=locked(post), state=PostState.REMOVED)
    refused("voices.state", actions.withdraw_post, viewer=lin, post_id=post.public_id)
    assert Post.objects.get(pk=post.pk).body == "这句要留作证据"
    states.move(viewer=TESTS, post=locked(post), state=PostState.PUBLISHED)
    states.move(viewer=TESTS, post=locked(post), state=PostState.REMOVED)
    assert [row[3] for row in deeds("posted")] == [2, -2, 2, -2]


def test_outside_only_with_the_authors_word_at_the_moment(group):
    lin = settled(group)
    outside = member_viewer(CustomerFactory())
    post = says(lin, group, public=True)
    inner = says(lin, group)
    by_the_community(group, public=True)
    assert len(queries.public_feed(outside, group.public_id).items) == 2
    actions.set_public(viewer=lin, post_id=post.public_id, granted=False)
    assert [one.mine for one in queries.public_feed(lin, group.public_id).items] == [False]
    actions.set_public(viewer=lin, post_id=inner.public_id, granted=True)
    assert inner.public_id in {one.id for one in queries.public_feed(outside, group.public_id).items}
    # control: the column alone shows nothing
    PostLicence.objects.create(
        post=inner, granted=False, notice="post/1", channel="test", by="test", at=clock.now()
    )
    assert Post.objects.get(pk=inner.pk).visibility == Visibility.PUBLIC
    assert inner.public_id not in {one.id for one in queries.public_feed(outside, group.public_id).items}


def test_a_closed_topic_and_a_closed_community_take_nothing(group):
    lin = settled(group)
    topic = actions.open_topic(viewer=TESTS, community_id=group.public_id, name="旧话题")
    refused(
        "voices.topic_taken", actions.open_topic, viewer=TESTS, community_id=group.public_id, name="旧话题"
    )
    actions.close_topic(viewer=TESTS, topic_id=topic.public_id)
    refused("voices.closed", says, viewer=lin, community=group, topic=topic.public_id)
    other = old_community()
    mine = settled(other)
    communities.close(viewer=TESTS, community_id=other.public_id, reason="办完了")
    refused("absent", says, viewer=mine, community=other)
