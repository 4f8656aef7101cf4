"""The pages round the fire in a real browser: axe, night and widths; and of two hundred payloads no script runs, even without the policy."""

import pytest
from django.db import transaction

from browser.reading import chinese, faults
from tongxin.communities import actions as communities
from tongxin.communities import queries as community_queries
from tongxin.communities.actions import CommunityIn
from tongxin.foundation import clock
from tongxin.foundation.access import Grant, Viewer, system
from tongxin.people import queries as people
from tongxin.voices import actions
from tongxin.voices.actions import states
from tongxin.voices.actions.editing import locked
from tongxin.voices.models import Post
from tongxin.voices.terms import PostKind, PostState, ReactionKind, Visibility
from voices.payloads import PAYLOADS

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
JOB = system("tests")
PURPOSE = {
    "who": "Families",
    "when": "Weaning",
    "wants": "Feed the baby",
    "so_that": "It eats",
    "proof": "Weekly",
}


def opened(name):
    row = communities.found(viewer=JOB, community=CommunityIn(name=name, purpose=PURPOSE))
    communities.publish_rules(viewer=JOB, community_id=row.public_id, lines=["Be kind."])
    return communities.open_up(viewer=JOB, community_id=row.public_id)


def comes_in(row, person):
    who = Viewer(account=None, name=f"m-{person}", person=person, grants=(Grant("member"),))
    communities.accept_rules(viewer=who, community_id=row.public_id, number=1, shown_at=clock.now())
    communities.apply(viewer=who, community_id=row.public_id)
    return who


def seen(post):
    if post.state == PostState.WAITING:
        states.move(viewer=JOB, post=locked(post), state=PostState.PUBLISHED)
    return post


@pytest.fixture(scope="module")
def fire(world, django_db_blocker):
    """A community with a question answered, and one into which two hundred payloads were written."""
    with django_db_blocker.unblock(), transaction.atomic():
        first, me = (people.access_customer(JOB, world.store["members"][n]["id"]).pk for n in (0, 1))
        calm, wild = opened("Weaning circle"), opened("<b>Wild circle</b>")
        (mine, other), _ = (comes_in(calm, me), comes_in(calm, first)), comes_in(wild, me)
        topic = actions.open_topic(
            viewer=JOB, community_id=calm.public_id, name="First bites", about="How to begin", pinned=True
        )
        given = {"community_id": calm.public_id, "topic": topic.public_id}
        question = seen(
            actions.write_post(viewer=mine, body="No meat at all, what now?", kind=PostKind.QUESTION, **given)
        )
        answer = seen(
            actions.reply(
                viewer=other, post_id=question.public_id, body="Try pumpkin first: https://example.com/a"
            )
        )
        seen(actions.reply(viewer=JOB, post_id=question.public_id, body="Three days each."))
        actions.accept_answer(viewer=mine, answer_id=answer.public_id)
        actions.react(viewer=other, post_id=question.public_id, kind=ReactionKind.SAME)
        seen(
            actions.write_post(
                viewer=other, body="Half of it on the wall, still happy.", public=True, **given
            )
        )
        mine_here = community_queries.open_membership(wild, me)
        now = clock.now()
        row = {
            "community": wild,
            "person_id": me,
            "membership": mine_here,
            "state": PostState.PUBLISHED,
            "written_at": now,
            "shown_at": now,
        }
        Post.objects.bulk_create(
            [Post(kind=PostKind.POST, body=one, visibility=Visibility.PUBLIC, **row) for one in PAYLOADS]
        )
        root = Post.objects.create(kind=PostKind.QUESTION, body=PAYLOADS[0], **row)
        Post.objects.bulk_create([Post(kind=PostKind.ANSWER, root=root, body=one, **row) for one in PAYLOADS])
        return {
            "calm": calm.public_id,
            "wild": wild.public_id,
            "topic": topic.public_id,
            "question": question.public_id,
            "root": root.public_id,
        }


def test_the_pages_round_the_fire_are_clean_by_day_and_night(fire, visit):
    with visit("member") as page:
        for path in (
            f"/m/communities/{fire['calm']}/talk/", f"/m/posts/{fire['question']}/", f"/m/topics/{fire['topic']}/", f"/m/communities/{fire['calm']}/",
        ):  # fmt: skip
            page.goto(path)
            assert faults(page, path) == []
    with visit("member", language="en") as page:
        for path in (
            f"/m/communities/{fire['calm']}/talk/",
            f"/m/posts/{fire['question']}/",
            f"/m/topics/{fire['topic']}/",
        ):
            assert chinese(page, path) == []


def test_no_script_runs_from_two_hundred_payloads(fire, visit):
    """The policy that forbids scripts is switched off here: the escaping alone must hold."""
    with visit("member", bypass_csp=True) as page:
        read = 0
        for path in (f"/m/communities/{fire['wild']}/talk/", f"/m/posts/{fire['root']}/", "/member/"):
            address = path
            for _ in range(14):
                page.goto(address)
                assert (
                    page.evaluate("new Promise(done => setTimeout(() => done(window.pwned), 20))") is None
                ), address
                read += 1
                more = page.locator("a[href*='cursor=']")
                if not more.count() or path == "/member/":
                    break
                address = path + more.first.get_attribute("href")
        assert read >= 17  # eleven pages of posts, six of answers at least
        # the control arm: the same payloads as a page's own text do run
        page.evaluate("html => { document.body.innerHTML = html }", PAYLOADS[10])
        page.wait_for_function("window.pwned === 1", timeout=5000)
