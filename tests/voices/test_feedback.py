"""The inbox of voices: sure guesses are sorted, others wait for a person, complaints have an owner and a day, authors hear back."""

from datetime import timedelta

import pytest

from stores.factories import TESTS, AccountFactory, GrantFactory, StaffFactory, StoreFactory
from tongxin.communities import actions as communities
from tongxin.communities.terms import Part
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.outreach.models import Send
from tongxin.stores.queries import viewer_for
from tongxin.stores.terms import Role
from tongxin.voices.actions import feedback, states
from tongxin.voices.models import Item, Post
from tongxin.voices.queries import feedback as inbox
from tongxin.voices.terms import PostState
from tongxin.voices.terms_feedback import ItemState, Label
from voices.factories import old_community, says, settled

pytestmark = pytest.mark.django_db

GRIPE = "周六排队结账等了四十分钟，只开一个口，太差了"
PRAISE = "老师讲得特别耐心，宝宝爱吃，谢谢"
UNSURE = "三号门的灯"


def refused(code, act, **given):
    before = (list(Item.objects.values_list("id", "state", "label", "outcome")), Send.objects.count())
    with pytest.raises(Refused) as caught:
        act(**given)
    assert caught.value.code == code
    assert (list(Item.objects.values_list("id", "state", "label", "outcome")), Send.objects.count()) == before


@pytest.fixture
def place(noon):
    store = StoreFactory()
    community = old_community(store)
    account = AccountFactory()
    host = StaffFactory(store=store, account=account, name="李敏")
    GrantFactory(account=account, role=Role.CHAMPION, store=store)
    communities.give_part(
        viewer=TESTS,
        community_id=community.public_id,
        part=Part.HOST,
        staff=host.public_id,
        until=clock.now() + timedelta(days=365),
    )
    return community, settled(community), host, viewer_for(account)


def item(post):
    return Item.objects.get(post=post)


def test_sure_guesses_are_sorted_and_the_others_asked(place):
    community, author, host, keeper = place
    gripe, praise, unsure = (says(author, community, text) for text in (GRIPE, PRAISE, UNSURE))
    assert feedback.annotate(viewer=TESTS) == 3
    assert feedback.annotate(viewer=TESTS) == 0
    row = item(gripe)
    assert (row.label, row.state, row.owner_id) == (Label.GRIPE, ItemState.TAKEN, host.pk)
    assert row.due_at == clock.now() + timedelta(days=7)
    assert row.positive < 0.35
    assert (item(praise).label, item(praise).state) == (Label.PRAISE, ItemState.SORTED)
    assert (item(unsure).label, item(unsure).state) == ("", ItemState.UNSURE)
    counts = inbox.inbox_counts(keeper)
    assert counts.states == {"taken": 1, "sorted": 1, "unsure": 1}
    assert [card.body for card in inbox.inbox(keeper, state=ItemState.UNSURE)] == [UNSURE]
    with clock.held(clock.now() + timedelta(days=7)):
        assert inbox.inbox_counts(keeper).late == 1
        assert [card.late for card in inbox.inbox(keeper, label=Label.GRIPE)] == [True]


def test_what_staff_and_the_community_say_is_no_voice(place):
    community, _, _, keeper = place
    says(keeper, community, GRIPE)
    assert feedback.annotate(viewer=TESTS) == 0


def test_an_answer_by_a_person_is_an_example_of_the_next_fit(place):
    community, author, _, keeper = place
    post = says(author, community, UNSURE)
    feedback.annotate(viewer=TESTS)
    before = feedback.fitted()
    feedback.sort_item(viewer=keeper, item_id=item(post).public_id, label=Label.GRIPE)
    assert (item(post).label, item(post).state, item(post).labelled_by) == ("gripe", "taken", keeper.name)
    after = feedback.fitted()
    assert (after.examples, before.examples) == (before.examples + 1, after.examples - 1)
    assert after.version != before.version
    assert after.guess(["四号门的灯"])[0].best == "gripe"


def test_taken_answered_and_told_once(place):
    community, author, host, keeper = place
    post = says(author, community, "要是辅食课周末下午也开一场就好了")
    feedback.annotate(viewer=TESTS)
    row = item(post)
    given = {"viewer": keeper, "item_id": row.public_id}
    due = clock.now() + timedelta(days=3)
    elsewhere = StaffFactory(store=StoreFactory())
    refused("voices.item_owner", feedback.take_item, owner=elsewhere.public_id, due_at=due, **given)
    refused("voices.item_due", feedback.take_item, owner=host.public_id, due_at=clock.now(), **given)
    refused("voices.item_outcome", feedback.answer_item, outcome=" ", **given)
    feedback.take_item(owner=host.public_id, due_at=due, **given)
    feedback.answer_item(outcome="周日下午加开一场", **given)
    assert (item(post).state, item(post).outcome) == (ItemState.ANSWERED, "周日下午加开一场")
    told = Send.objects.get(kind="voices.you_said")
    assert told.person_id == author.person
    assert "周日下午加开一场" in told.body
    refused("voices.item_state", feedback.answer_item, outcome="又说一遍", **given)
    refused("voices.item_state", feedback.sort_item, label=Label.PAIN, **given)


def test_an_unsorted_one_is_neither_taken_nor_answered(place):
    community, author, host, keeper = place
    post = says(author, community, UNSURE)
    feedback.annotate(viewer=TESTS)
    given = {"viewer": keeper, "item_id": item(post).public_id}
    due = clock.now() + timedelta(days=3)
    refused("voices.item_label", feedback.take_item, owner=host.public_id, due_at=due, **given)
    refused("voices.item_label", feedback.answer_item, outcome="好", **given)


def test_foreign_voices_are_absent_and_removed_words_gone(place):
    community, author, _, keeper = place
    post = says(author, community, GRIPE)
    feedback.annotate(viewer=TESTS)
    account = AccountFactory()
    GrantFactory(account=account, role=Role.CHAMPION, store=StoreFactory())
    for foreign in (viewer_for(account), author):
        assert inbox.inbox(foreign) == []
        refused("absent", feedback.sort_item, viewer=foreign, item_id=item(post).public_id, label=Label.PAIN)
    assert len(inbox.inbox(keeper)) == 1
    states.move(
        viewer=TESTS, post=Post.objects.select_related("community").get(pk=post.pk), state=PostState.REMOVED
    )
    assert inbox.inbox(keeper) == []


def test_one_and_three_voices_cost_the_same(place, django_assert_num_queries):
    community, author, _, keeper = place
    says(author, community, GRIPE)
    feedback.annotate(viewer=TESTS)
    with django_assert_num_queries(1):
        assert len(inbox.inbox(keeper)) == 1
    says(author, community, PRAISE)
    says(author, community, UNSURE)
    feedback.annotate(viewer=TESTS)
    with django_assert_num_queries(1):
        assert len(inbox.inbox(keeper)) == 3
