"""The rules of the house: shown and accepted on joining and again when they change; nobody active without."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from communities.factories import RULES, accept, comes_in, founded, opened
from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS
from tongxin.communities import actions, queries
from tongxin.communities.models import Acceptance, Membership, RuleSet
from tongxin.communities.queries.active import active_members, heads, members
from tongxin.communities.terms import FirstStep
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.outreach.models import Send
from tongxin.people import actions as people
from tongxin.people.terms import MergeReason

pytestmark = pytest.mark.django_db


def active(community):
    return heads(active_members(community.pk))


def publish(community, **more):
    return actions.publish_rules(
        viewer=TESTS, community_id=community.public_id, lines=[*RULES, "两天内答复"], **more
    )


def test_a_new_mandatory_version_pauses_whoever_has_not_accepted_it(noon):
    community = opened()
    first, second = CustomerFactory(), CustomerFactory()
    comes_in(community, first)
    comes_in(community, second)
    assert active(community) == 2
    version = publish(community, takes_effect_at=noon + timedelta(days=14))
    assert (version.number, active(community)) == (2, 2)
    assert Send.objects.filter(kind="communities.rules_changed").count() == 2
    accept(member_viewer(first), community)  # before it counts
    with clock.held(noon + timedelta(days=14)):
        assert (active(community), heads(members(community.pk))) == (1, 2)
        page = queries.community_page(member_viewer(second), community.public_id)
        assert (page.mine.paused, page.mine.must_accept, page.hellos) == (True, 2, ())
        with pytest.raises(Refused) as caught:
            actions.say_hello(viewer=member_viewer(second), community_id=community.public_id, hello="在吗")
        assert caught.value.code == "communities.rules_unaccepted"
        with pytest.raises(Refused):
            actions.do_step(
                viewer=member_viewer(second), community_id=community.public_id, step=FirstStep.BUDDY
            )
        accept(member_viewer(second), community)
        assert active(community) == 2


def test_control_arm_asking_only_for_the_open_period_would_count_the_paused(noon):
    community = opened()
    comes_in(community)
    publish(community)
    assert (heads(members(community.pk)), active(community)) == (1, 0)


def test_a_change_of_words_only_pauses_nobody():
    community = opened()
    comes_in(community)
    publish(community, mandatory=False)
    assert active(community) == 1
    assert not Send.objects.filter(kind="communities.rules_changed").exists()


def test_who_joins_accepts_the_newest_version_and_has_seen_it_first(noon):
    community = opened()
    publish(community)
    viewer = member_viewer(CustomerFactory())
    given = {"viewer": viewer, "community_id": community.public_id}
    for code, more in (
        ("communities.rules_version", {"number": 1, "shown_at": noon}),
        ("communities.rules_unseen", {"number": 2, "shown_at": noon - timedelta(seconds=1)}),
        ("communities.rules_unseen", {"number": 2, "shown_at": noon + timedelta(seconds=1)}),
    ):
        with pytest.raises(Refused) as caught:
            actions.accept_rules(**given, **more)
        assert caught.value.code == code
    assert not Acceptance.objects.exists()
    made = actions.accept_rules(**given, number=2, shown_at=noon)
    assert actions.accept_rules(**given, number=2, shown_at=noon).pk == made.pk


def test_nobody_accepts_for_somebody_else():
    community = opened()
    with pytest.raises(Refused) as caught:
        actions.accept_rules(viewer=TESTS, community_id=community.public_id, number=1, shown_at=clock.now())
    assert caught.value.code == "absent"


def test_a_version_is_never_rewritten_and_a_yes_never_taken_out():
    community = opened()
    comes_in(community)
    for act in (
        lambda: RuleSet.objects.update(lines=["别的"]),
        lambda: RuleSet.objects.filter(community=community).delete(),
        lambda: Acceptance.objects.update(channel="x"),
        lambda: Acceptance.objects.all()._raw_delete("default"),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            act()


def test_the_database_itself_lets_nobody_in_without_the_rules(noon):
    community = opened()
    row = Membership(community=community, person=CustomerFactory(), scene="page", joined_at=noon)
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()
    # Control arm: without the guard the row goes in.
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE communities_membership DISABLE TRIGGER communities_membership_accepted")
    row.save()
    assert Membership.objects.count() == 1
    assert active(community) == 0


def test_a_yes_given_under_another_entry_of_the_same_person_counts():
    community = opened()
    old, new = CustomerFactory(), CustomerFactory()
    accept(member_viewer(old), community)
    people.merge(viewer=TESTS, source=old, target=new, reason=MergeReason.MEMBER_ASKED)
    actions.apply(viewer=member_viewer(new), community_id=community.public_id)
    assert active(community) == 1


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([], "communities.rules_empty"),
        (["  "], "communities.rules_empty"),
        (["x"] * 21, "communities.rules_empty"),
        (["x" * 201], "communities.too_long"),
    ],
)
def test_rules_say_something_and_not_too_much(lines, code):
    community = founded(rules=())
    with pytest.raises(Refused) as caught:
        actions.publish_rules(viewer=TESTS, community_id=community.public_id, lines=lines)
    assert caught.value.code == code
    with pytest.raises(Refused) as caught:
        actions.open_up(viewer=TESTS, community_id=community.public_id)
    assert caught.value.code == "communities.no_rules"
