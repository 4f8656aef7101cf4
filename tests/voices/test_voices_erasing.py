"""Erasure and export: nothing of what somebody said, showed or tapped is left, and every key to a customer is thought of."""

import pytest
from django.apps import apps
from django.db import connection

from people.factories import CustomerFactory
from stores.factories import TESTS
from tongxin.foundation.media.models import Picture
from tongxin.foundation.plugs import wiring
from tongxin.people import actions as people
from tongxin.people.models import Customer
from tongxin.people.ports import Person
from tongxin.voices import actions, queries
from tongxin.voices.actions import states
from tongxin.voices.actions.editing import locked
from tongxin.voices.erasing import VoicesEraser
from tongxin.voices.models import Post, Reaction
from tongxin.voices.terms import PostState, ReactionKind
from voices.factories import asks, old_community, replies, says, settled
from voices.test_post_photos import jpeg

pytestmark = pytest.mark.django_db
MARK = "MK-豆豆妈"


@pytest.fixture
def life(noon):
    """Somebody who wrote, was removed, edited, showed a photo, answered and tapped; and the neighbour whom she answered."""
    group = old_community()
    mother = CustomerFactory()
    viewer, other = settled(group, mother), settled(group)
    post = says(viewer, group, f"{MARK} 今天吃南瓜", public=True)
    actions.edit_post(viewer=viewer, post_id=post.public_id, body=f"{MARK} 今天吃红薯，两勺半")
    actions.add_photo(viewer=viewer, post_id=post.public_id, data=jpeg(), show=True)
    bad = says(viewer, group, f"{MARK} 这条违规了")
    states.move(viewer=TESTS, post=locked(bad), state=PostState.REMOVED)
    question = asks(other, group)
    replies(viewer, question, f"{MARK} 先蒸后打")
    actions.react(viewer=viewer, post_id=question.public_id, kind=ReactionKind.SAME)
    return mother, question, other, group


def person(mother):
    return Person((mother.pk,), (mother.public_id,), ())


def everything():
    """Every text of this room as the database has it."""
    found = []
    with connection.cursor() as cursor:
        for model in apps.get_app_config("voices").get_models():
            cursor.execute(f'SELECT t::text FROM "{model._meta.db_table}" t')
            found += [row[0] for row in cursor.fetchall()]
    return "\n".join(found)


def test_it_is_plugged_in():
    assert any(isinstance(one, VoicesEraser) for one in wiring().ERASERS)


def test_the_export_says_everything(life):
    told = VoicesEraser().export(person(life[0]))
    assert [MARK in one["body"] for one in told["posts"]] == [True, True, True]
    assert [MARK in one["body"] for one in told["versions"]] == [True]
    assert [len(told[key]) for key in ("licences", "photos", "photo_answers", "reactions")] == [1, 1, 3, 1]


def test_erasure_leaves_nothing(life):
    mother, question, other, group = life
    assert MARK in everything()  # control: it is there before
    people.erase(viewer=TESTS, customer=mother, reason="asked")
    assert MARK not in everything()
    assert (Picture.objects.count(), Reaction.objects.count()) == (0, 0)
    asked = Post.objects.get(pk=question.pk)
    assert (asked.replies, asked.same, asked.answered_at) == (0, 0, None)
    assert [one.id for one in queries.feed(other, group.public_id).items] == [question.public_id]
    assert queries.public_feed(other, group.public_id).items == ()
    assert VoicesEraser().erase(person(mother)) == 0


def test_every_key_to_a_customer_is_thought_of():
    told = {
        (model.__name__, field.name)
        for model in apps.get_app_config("voices").get_models()
        for field in model._meta.concrete_fields
        if field.related_model is Customer
    }
    mine = {
        ("Post", "person"),
        ("PostPhotoSeen", "person"),
        ("PostPhotoAnswer", "person"),
        ("Reaction", "person"),
    }
    assert mine <= told
