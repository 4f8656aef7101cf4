"""Feeds: paged by what was seen, the same few statements for one and for many, by an index; and what peers answer."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.people.models import Customer
from tongxin.voices import actions, queries
from tongxin.voices.models import Post
from tongxin.voices.queries import feeds
from tongxin.voices.queries.paging import NEWEST
from tongxin.voices.terms import ContentType, PostKind, PostState, ReactionKind
from voices.factories import TESTS, asks, by_the_community, old_community, replies, says, settled
from voices.test_post_photos import jpeg

pytestmark = pytest.mark.django_db


@pytest.fixture
def group(noon):
    return old_community()


def statements(act, *given, **more):
    with CaptureQueriesContext(connection) as asked:
        act(*given, **more)
    return len(asked)


def full(group, lin, he, n):
    """Questions with everything that a card can carry."""
    for k in range(n):
        with clock.held(clock.now() + timedelta(hours=3 * k)):
            question = asks(lin, group)
            answer = replies(he, question)
            actions.accept_answer(viewer=lin, answer_id=answer.public_id)
            actions.react(viewer=he, post_id=question.public_id, kind=ReactionKind.SAME)
            actions.add_photo(viewer=lin, post_id=question.public_id, data=jpeg(), show=True)
    return question


def test_pages_follow_each_other_while_new_things_come(group, noon):
    lin = settled(group)
    said = []
    for n in range(7):
        with clock.held(noon + timedelta(minutes=n)):
            said.append(by_the_community(group).public_id)
    first = queries.feed(lin, group.public_id, limit=3)
    with clock.held(noon + timedelta(hours=1)):
        new = by_the_community(group).public_id
    second = queries.feed(lin, group.public_id, limit=3, cursor=first.cursor)
    third = queries.feed(lin, group.public_id, limit=3, cursor=second.cursor)
    read = [one.id for page in (first, second, third) for one in page.items]
    assert (read, third.cursor) == (said[::-1], None)
    assert queries.feed(lin, group.public_id, limit=1).items[0].id == new
    for cursor in ("?", "W10", first.cursor + "x"):
        with pytest.raises(Refused, match=r"input.bad"):
            queries.feed(lin, group.public_id, cursor=cursor)
    with pytest.raises(Refused, match=r"input.bad"):
        queries.feed(lin, group.public_id, limit=0)


def test_all_ones_communities_together_newest_first(group, noon):
    other, foreign = old_community(), old_community()
    lin = settled(group)
    settled(other, Customer.objects.get(pk=lin.person), ring=None)
    made = []
    for n, where in enumerate((group, other, foreign, group)):
        with clock.held(noon + timedelta(minutes=n)):
            made.append(by_the_community(where).public_id)
    assert [one.id for one in queries.my_feed(lin).items] == [made[3], made[1], made[0]]
    assert queries.my_feed(TESTS).items == ()


def test_one_card_costs_what_three_cost_and_at_most_eight(group):
    lin, he, reader = settled(group), settled(group), settled(group)
    topic = actions.open_topic(viewer=TESTS, community_id=group.public_id, name="一")
    full(group, lin, he, 1)
    Post.objects.filter(root=None).update(topic=topic)
    asked = {
        "feed": lambda: statements(queries.feed, reader, group.public_id),
        "mine": lambda: statements(queries.my_feed, reader),
        "topic": lambda: statements(queries.topic_page, reader, topic.public_id),
        "thread": lambda: statements(
            queries.thread, reader, Post.objects.filter(root=None).latest("id").public_id
        ),
        "public": lambda: statements(queries.public_feed, reader, group.public_id),
    }
    one = {name: ask() for name, ask in asked.items()}
    full(group, lin, he, 3)
    Post.objects.filter(root=None).update(topic=topic)
    for _ in range(2):
        replies(he, Post.objects.filter(root=None).latest("id"))
    assert {name: ask() for name, ask in asked.items()} == one
    assert max(one.values()) <= 8, one


def test_the_plans_read_an_index_and_never_the_table(group):
    """The control arm: without the indexes the same feed scans."""
    lin = settled(group)
    given = {
        "community": group.pk,
        "communities": [group.pk],
        "at": NEWEST[0],
        "key": NEWEST[1],
        "topic": 1,
    }
    member = Post(community=group, person_id=lin.person, kind=PostKind.QUESTION, state=PostState.PUBLISHED)
    now = clock.now()
    Post.objects.bulk_create(
        [
            Post(
                community=group,
                person_id=member.person_id,
                kind=PostKind.QUESTION,
                state=PostState.PUBLISHED,
                body=str(n),
                written_at=now,
                shown_at=now - timedelta(seconds=n),
            )
            for n in range(3000)
        ]
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE voices_post")

        def plan(sql):
            cursor.execute(f"EXPLAIN {sql}", given)
            return "\n".join(row[0] for row in cursor.fetchall())

        whole = feeds.statement("feed", "", 21)
        asked = feeds.statement("feed", "question", 21), feeds.statement("topic", "", 21)
        assert "post_feed" in plan(whole)
        assert "Seq Scan on voices_post f" not in plan(whole) + "".join(map(plan, asked))
        assert "post_feed" in plan(feeds.statement("mine", "", 21))
        for _ in range(9):
            queries.feed(lin, group.public_id)
        cursor.execute(
            "SELECT generic_plans FROM pg_prepared_statements WHERE statement LIKE %s",
            ["%WHERE f.community_id = $1 AND%LIMIT 21%"],
        )
        assert cursor.fetchone()[0] > 0  # planned once, then only handed the values
        cursor.execute("DROP INDEX post_feed, post_questions, post_public")
        assert "Seq Scan on voices_post f" in plan(whole)


def test_how_well_peers_answer(group, noon):
    lin, he = settled(group), settled(group)
    for n in range(6):
        with clock.held(noon + timedelta(hours=2 * n)):
            question = asks(lin, group)
        with clock.held(noon + timedelta(hours=2 * n, minutes=10 * (n + 1))):
            if n < 3:
                replies(he, question)
            elif n < 5:
                replies(TESTS, question)
    found = queries.peer_answers(TESTS, group.public_id)
    assert (found.questions, found.answered, found.by_peers, found.peer_rate) == (6, 5, 3, 0.5)
    assert (found.median_minutes, found.minutes_saved, found.minutes_each) == (30, 18, 6)


def test_the_calendar_is_brought_once_and_counts_for_the_mix(group, noon):
    day = clock.business_day(noon)
    item = actions.add_item(viewer=TESTS, content=ContentType.TIP, title="三种稠度", body="先稀后稠")
    given = {"viewer": TESTS, "community_id": group.public_id, "on": day}
    entry = actions.plan_entry(title="", item_id=item.public_id, **given)
    dropped = actions.plan_entry(title="不发了", content=ContentType.NEWS, **given)
    actions.drop_entry(viewer=TESTS, entry_id=dropped.public_id)
    with pytest.raises(Refused, match=r"edit.stale"):
        actions.change_entry(viewer=TESTS, entry_id=entry.public_id, on=day, title="x", version=5)
    actions.change_entry(
        viewer=TESTS, entry_id=entry.public_id, on=day, title="稠度", draft="先稀后稠", version=1
    )
    done = actions.publish_entry(viewer=TESTS, entry_id=entry.public_id)
    for act in (actions.publish_entry, actions.drop_entry):
        with pytest.raises(Refused, match=r"voices.entry_done"):
            act(viewer=TESTS, entry_id=entry.public_id)
    assert (done.post.body, done.post.content, Post.objects.count()) == ("先稀后稠", "tip", 1)
    assert [(one.title, one.used) for one in queries.library(TESTS).items] == [("三种稠度", 1)]
    seen = queries.calendar(TESTS, group.public_id, since=day, until=day)
    assert [(one.title, str(one.state), one.post) for one in seen] == [
        ("稠度", "published", done.post.public_id)
    ]
    with pytest.raises(Refused, match=r"voices.mix"):
        actions.set_mix(viewer=TESTS, community_id=group.public_id, targets={ContentType.TIP: 99})
    actions.set_mix(
        viewer=TESTS, community_id=group.public_id, targets={ContentType.TIP: 60, ContentType.STORY: 40}
    )
    found = queries.content_mix(TESTS, group.public_id)
    shares = {one.content: (one.target, one.count, one.real) for one in found.shares}
    assert (shares[ContentType.TIP], shares[ContentType.STORY]) == ((60, 1, 100), (40, 0, 0))
    assert found.next == ContentType.STORY
    actions.retire_item(viewer=TESTS, item_id=item.public_id)
    assert queries.library(TESTS).items == ()


def test_a_member_plans_nothing(group):
    lin = settled(group)
    post = says(lin, group)
    for act, given in (
        (
            actions.plan_entry,
            {"on": clock.business_day(clock.now()), "title": "x", "content": ContentType.TIP},
        ),
        (actions.set_mix, {"targets": {}}),
        (actions.open_topic, {"name": "x"}),
    ):
        with pytest.raises(Refused, match=r"absent"):
            act(viewer=lin, community_id=group.public_id, **given)
    with pytest.raises(Refused, match=r"absent"):
        actions.write_post(viewer=lin, community_id=group.public_id, body="x y z", content=ContentType.TIP)
    assert post.content == ""
